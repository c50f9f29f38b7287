"""What a training leaves in its work folder: saved, read back, told apart from another's."""

import hashlib
import pickle
from pathlib import Path
from typing import Any

import torch
from torch import nn

from models.recipes.emotion.network import EmotionNetwork
from models.recipes.emotion.pictures import Rows
from soulsync_edge.domain.face import Face

CHECKPOINT = "emotion.pt"
_DIGEST_LETTERS = 12


def trained_network(work: Path) -> EmotionNetwork:
    """Return the averaged network of the checkpoint in `work`, ready to use."""
    average = load_checkpoint(work)["average"]
    prefix = "module."  # of torch's averaged model
    network = EmotionNetwork()
    try:
        network.load_state_dict(
            {key[len(prefix) :]: value for key, value in average.items() if key.startswith(prefix)}
        )
    except RuntimeError as error:
        raise SystemExit(
            f"{work / CHECKPOINT} is of another network than this recipe's: train anew with "
            "another --work"
        ) from error
    network.eval()
    return network


def load_checkpoint(work: Path) -> dict[str, Any]:
    """Return `Training.state` as it was saved in `work`.

    Raises:
        SystemExit: It is missing or damaged.
    """
    path = work / CHECKPOINT
    try:
        state: dict[str, Any] = torch.load(path, weights_only=True)
    except FileNotFoundError as error:
        raise SystemExit(f"{path} is missing: run models.recipes.emotion.train first") from error
    except (EOFError, OSError, RuntimeError, pickle.UnpicklingError) as error:
        raise SystemExit(f"{path} is damaged: remove it and train anew") from error
    return state


def save_checkpoint(state: dict[str, Any], work: Path) -> None:
    """Put `state` into `work`, in one step: broken off in between, the last one stays whole."""
    path = work / CHECKPOINT
    torch.save(state, path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)


def differences(before: dict[str, Any], now: dict[str, Any]) -> str:
    """Return in words what of `now` was otherwise before; empty where nothing was."""
    return ", ".join(
        f"{name} {before.get(name, 'unknown')} (now {value})"
        for name, value in now.items()
        if name not in before or before[name] != value
    )


def digest_of_rows(rows: Rows, faces: list[Face]) -> str:
    """Return what is the same only for the same pictures, labels and framing."""
    digest = hashlib.sha256()
    for picture in rows.pictures:
        digest.update(picture.tobytes())
    for array in (rows.shares, rows.searched):
        digest.update(array.tobytes())
    digest.update(repr([faces[row] for row in rows.index]).encode())
    return digest.hexdigest()[:_DIGEST_LETTERS]


def digest_of_weights(network: nn.Module) -> str:
    """Return what is the same only for the same weights."""
    digest = hashlib.sha256()
    for values in network.state_dict().values():
        digest.update(values.numpy().tobytes())
    return digest.hexdigest()[:_DIGEST_LETTERS]
