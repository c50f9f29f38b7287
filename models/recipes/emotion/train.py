"""Train the emotion classifier.

    python -m models.recipes.emotion.train --data FOLDER --work FOLDER

Run `models.recipes.emotion.frame` first. A night on two cores without `--bfloat16`; `--quick` takes
minutes and only shows that everything works. Stopped and started again with the same options it
goes on after the last full epoch; with others it refuses. The weights kept are the running average
over the steps, at the last epoch.
"""

import argparse
import hashlib
import math
import pickle
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from models.recipes.emotion.augment import varied_crop
from models.recipes.emotion.faces import load_faces, plain_crops
from models.recipes.emotion.network import EmotionNetwork
from models.recipes.emotion.pictures import NO_LABEL, PICTURE_PX, Pictures, Rows, load_pictures
from soulsync_edge.adapters.emotion_tflite import standardised
from soulsync_edge.domain.emotion import EMOTIONS
from soulsync_edge.domain.face import Face

CHECKPOINT = "emotion.pt"
_DIGEST_LETTERS = 12


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a run is made of."""

    epochs: int = 45
    batch: int = 128
    rate: float = 0.1
    weight_decay: float = 5e-4
    warm_up_epochs: float = 1.0
    average_decay: float = 0.999
    rare_power: float = 0.35
    """Rare classes are drawn more often, by (class frequency) ** -rare_power."""
    more_weight: float = 0.3
    """How often a row of the other data set is drawn, beside 1 for FER's."""
    searched_weight: float = 0.5
    """Of the second read-out's loss, beside 1 for the first."""
    searched_smoothing: float = 0.1
    """The labels of the second read-out are one word each, and many are wrong."""
    teacher_weight: float = 0.6
    """How far teachers, where there are any, are believed rather than the labels, 0 to 1."""
    mixing: float = 0.0
    """Each batch is blended with itself in another order, by shares drawn from Beta(mixing, mixing)
    (Zhang et al., 2018, mixup); 0 for not at all."""
    rows: int | None = None
    """Rows per epoch; None for as many as there are."""
    bfloat16: bool = False
    """Whether to compute in bfloat16 rather than float32 where torch holds that to be enough."""


STUDENT = Recipe(epochs=60, searched_weight=1.0, mixing=0.2)
"""With a teacher: it says more of a picture than labels do, so there is more to learn, for longer.

Source: Beyer et al. (2022): teacher and student see the very same blended pictures.
"""

QUICK_EPOCHS, QUICK_ROWS = 2, 2560


class Training:
    """Network, optimiser and running average, saved and loaded together.

    Args:
        recipe: What the run is made of.
        seed: What every draw comes from.
        rows: To train on.
        faces: Where the face is in each picture, by the numbers in `rows.index`.
        teachers: Networks to learn from as well.
    """

    def __init__(
        self,
        recipe: Recipe,
        seed: int,
        rows: Rows,
        faces: list[Face],
        teachers: Sequence[EmotionNetwork] = (),
    ) -> None:
        torch.manual_seed(seed)
        self.recipe, self.seed, self.rows, self.faces = recipe, seed, rows, faces
        self.teachers = [teacher.to(memory_format=torch.channels_last) for teacher in teachers]
        self.network = EmotionNetwork().to(memory_format=torch.channels_last)
        self.average = torch.optim.swa_utils.AveragedModel(
            self.network,
            multi_avg_fn=self._move_average,
            use_buffers=True,
        )
        self.optimiser = torch.optim.SGD(
            _decayed_and_plain(self.network, recipe.weight_decay),
            lr=recipe.rate,
            momentum=0.9,
            nesterov=True,
        )
        self.epoch = 0
        self.begun_with: dict[str, Any] = {
            "seed": seed,
            **asdict(recipe),
            "pictures": _digest_of_rows(rows, faces),
            "teachers": [_digest_of_weights(teacher) for teacher in teachers],
        }

    def run_epoch(self) -> float:
        """Train one epoch and return the mean loss; the seed and the epoch fix every draw."""
        rows, faces = self.rows, self.faces
        random = np.random.default_rng((self.seed, self.epoch))
        torch.manual_seed(self.seed * 1000 + self.epoch)
        order = _draw(rows, self.recipe, random)
        steps = len(order) // self.recipe.batch
        losses = []
        self.network.train()
        for step in range(steps):
            chosen = order[step * self.recipe.batch : (step + 1) * self.recipe.batch]
            crops = np.stack(
                [varied_crop(rows.pictures[n], faces[rows.index[n]], random) for n in chosen]
            )
            for group in self.optimiser.param_groups:
                group["lr"] = self._rate(self.epoch + step / steps)
            with torch.autocast("cpu", torch.bfloat16, enabled=self.recipe.bfloat16):
                loss = self._batch_loss(as_tensor(crops), chosen, random)
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()
            self.average.update_parameters(self.network)
            losses.append(loss.item())
        self.epoch += 1
        return float(np.mean(losses))

    def state(self) -> dict[str, Any]:
        """Return everything needed to go on."""
        return {
            "begun_with": self.begun_with,
            "epoch": self.epoch,
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Go on from `state`.

        Raises:
            ValueError: It was begun with something else; the message names what.
        """
        if others := _differences(state.get("begun_with", {}), self.begun_with):
            raise ValueError(f"was begun with {others}")
        self.epoch = state["epoch"]
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])

    def _batch_loss(
        self, batch: torch.Tensor, chosen: npt.NDArray[np.int64], random: np.random.Generator
    ) -> torch.Tensor:
        """Return the loss on the crops of the rows `chosen`, blended if the recipe says so."""
        share, partner = 1.0, chosen
        if self.recipe.mixing:
            share = float(random.beta(self.recipe.mixing, self.recipe.mixing))
            order = random.permutation(len(chosen))
            batch, partner = share * batch + (1 - share) * batch[order], chosen[order]
        seen, searched = (logits.float() for logits in self.network(batch))
        loss = share * self._loss(seen, searched, chosen)
        if share < 1:
            loss = loss + (1 - share) * self._loss(seen, searched, partner)
        if self.teachers:
            weight = self.recipe.teacher_weight
            loss = (1 - weight) * loss + weight * self._disagreement(seen, searched, batch)
        return loss

    def _loss(
        self, seen: torch.Tensor, searched: torch.Tensor, chosen: npt.NDArray[np.int64]
    ) -> torch.Tensor:
        votes = nn.functional.cross_entropy(seen, torch.from_numpy(self.rows.shares[chosen]))
        words = nn.functional.cross_entropy(
            searched,
            torch.from_numpy(self.rows.searched[chosen]),
            ignore_index=NO_LABEL,
            label_smoothing=self.recipe.searched_smoothing,
        )
        return votes + self.recipe.searched_weight * words

    def _disagreement(
        self, seen: torch.Tensor, searched: torch.Tensor, batch: torch.Tensor
    ) -> torch.Tensor:
        """Return the loss against what the teachers, on average, say of the very same crops."""
        with torch.no_grad():
            said = [teacher(batch) for teacher in self.teachers]
        votes, words = (
            torch.stack([logits[end].float().softmax(dim=1) for logits in said]).mean(dim=0)
            for end in range(2)
        )
        return nn.functional.cross_entropy(
            seen, votes
        ) + self.recipe.searched_weight * nn.functional.cross_entropy(searched, words)

    @torch.no_grad()
    def _move_average(
        self, average: list[torch.Tensor], current: list[torch.Tensor], count: torch.Tensor
    ) -> None:
        """Move the average towards the current weights: fast at first, to forget the start."""
        keep = min(self.recipe.average_decay, float((1 + count) / (10 + count)))
        for kept, new in zip(average, current, strict=True):
            if kept.is_floating_point():
                kept.lerp_(new, 1 - keep)
            else:
                kept.copy_(new)

    def _rate(self, epoch: float) -> float:
        recipe = self.recipe
        if epoch < recipe.warm_up_epochs:
            return recipe.rate * max(epoch, 0.02) / recipe.warm_up_epochs
        done = (epoch - recipe.warm_up_epochs) / (recipe.epochs - recipe.warm_up_epochs)
        return recipe.rate * (1 + math.cos(math.pi * done)) / 2


def as_tensor(crops: npt.NDArray[np.uint8]) -> torch.Tensor:
    """Return `(N, 64, 64)` uint8 crops as the network's input."""
    return torch.from_numpy(standardised(crops)[:, None]).to(memory_format=torch.channels_last)


def logits_of(
    network: nn.Module, crops: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return the float network's logits of both read-outs, `(N, 8)` and `(N, 7)`.

    Each is the mean over the crop and its mirror image, as on the device.
    """
    network.eval()
    both: list[list[torch.Tensor]] = [[], []]
    with torch.no_grad():
        for part in np.array_split(crops, len(crops) // 256 + 1):
            plain, mirrored = network(as_tensor(part)), network(as_tensor(part[..., ::-1]))
            for logits, one, other in zip(both, plain, mirrored, strict=True):
                logits.append((one + other) / 2)
    seen, searched = (np.asarray(torch.cat(logits).numpy(), np.float32) for logits in both)
    return seen, searched


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


def _differences(before: dict[str, Any], now: dict[str, Any]) -> str:
    """Return in words what of `now` was otherwise before; empty where nothing was."""
    return ", ".join(
        f"{name} {before.get(name, 'unknown')} (now {value})"
        for name, value in now.items()
        if name not in before or before[name] != value
    )


def _digest_of_rows(rows: Rows, faces: list[Face]) -> str:
    """Return what is the same only for the same pictures, labels and framing."""
    digest = hashlib.sha256()
    for picture in rows.pictures:
        digest.update(picture.tobytes())
    for array in (rows.shares, rows.searched):
        digest.update(array.tobytes())
    digest.update(repr([faces[row] for row in rows.index]).encode())
    return digest.hexdigest()[:_DIGEST_LETTERS]


def _digest_of_weights(network: nn.Module) -> str:
    digest = hashlib.sha256()
    for values in network.state_dict().values():
        digest.update(values.numpy().tobytes())
    return digest.hexdigest()[:_DIGEST_LETTERS]


def _decayed_and_plain(network: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Return parameter groups: only weights decay, not biases and batch norms."""
    parameters = list(network.parameters())
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim == 1], "weight_decay": 0.0},
    ]


def drawn_shares(rows: Rows, recipe: Recipe) -> npt.NDArray[np.float32]:
    """Return which share of what is drawn each class has: `(8,)`, sum 1."""
    expected = _expected_draws(rows, recipe)
    return np.asarray(expected @ rows.shares / expected.sum(), np.float32)


def _draw(rows: Rows, recipe: Recipe, random: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return this epoch's row numbers: each about as often as expected."""
    expected = _expected_draws(rows, recipe)
    whole = np.floor(expected).astype(np.int64)
    times = whole + (random.random(len(rows)) < expected - whole)
    return random.permutation(np.repeat(np.arange(len(rows)), times))


def _expected_draws(rows: Rows, recipe: Recipe) -> npt.NDArray[np.float64]:
    """Return how often an epoch draws each row in the mean: rare classes more often."""
    frequency = rows.shares.mean(axis=0)
    weight = rows.shares @ frequency**-recipe.rare_power
    is_more = np.array([len(picture) != PICTURE_PX for picture in rows.pictures])
    usual = np.where(is_more, recipe.more_weight, 1.0)
    count = recipe.rows or usual.sum()
    return np.asarray(count * usual * weight / (usual * weight).sum())


def check_trainable(pictures: Pictures, faces: list[Face], recipe: Recipe) -> None:
    """Refuse pictures that nothing could be learnt from or chosen by.

    Raises:
        SystemExit: They are too few, lack a class, or are not those the faces were found in.
    """
    train = pictures.train
    absent = [str(EMOTIONS[n]) for n in np.flatnonzero(~train.shares.any(axis=0))]
    if absent:
        raise SystemExit(
            f"no picture to train on shows {', '.join(absent)}: each of the eight classes needs "
            "some"
        )
    if (recipe.rows or len(train)) < recipe.batch:
        raise SystemExit(
            f"{len(train)} pictures to train on are less than one batch of {recipe.batch}"
        )
    if not len(pictures.choose):
        raise SystemExit("no picture of PublicTest has a majority: there is nothing to choose by")
    last = max(int(rows.index.max()) for rows in (train, pictures.searched_choose))
    if last >= len(faces):
        raise SystemExit(
            f"faces were found in {len(faces)} pictures and there are more now: run "
            "models.recipes.emotion.frame again"
        )


def main() -> None:
    """Train, printing the accuracy on the choosing part after every epoch."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with the pictures")
    parser.add_argument("--work", type=Path, required=True, help="folder with faces.npz")
    parser.add_argument(
        "--teacher",
        type=Path,
        action="append",
        default=[],
        help="work folder of an earlier run to learn from as well; may be given several times",
    )
    parser.add_argument(
        "--epochs", type=int, help=f"default {Recipe().epochs}, with a teacher {STUDENT.epochs}"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="minutes instead of a night")
    parser.add_argument("--bfloat16", action="store_true", help="twice as fast where the CPU can")
    arguments = parser.parse_args()

    torch.use_deterministic_algorithms(mode=True)
    recipe = STUDENT if arguments.teacher else Recipe()
    if arguments.quick:
        recipe = replace(recipe, epochs=QUICK_EPOCHS, rows=QUICK_ROWS)
    recipe = replace(recipe, bfloat16=arguments.bfloat16)
    if arguments.epochs is not None:
        recipe = replace(recipe, epochs=arguments.epochs)
    pictures, faces = load_pictures(arguments.data), load_faces(arguments.work)
    check_trainable(pictures, faces, recipe)
    teachers = [trained_network(folder) for folder in arguments.teacher]
    training = Training(recipe, arguments.seed, pictures.train, faces, teachers)
    checkpoint = arguments.work / CHECKPOINT
    if checkpoint.is_file():
        try:
            training.load(load_checkpoint(arguments.work))
        except ValueError as error:
            raise SystemExit(
                f"{checkpoint} {error}. Go on with the same, or begin anew: name another --work, "
                "or remove this file."
            ) from error
    chosen_by = pictures.searched_choose
    crops = plain_crops(chosen_by, faces)
    is_judged = np.isin(chosen_by.index, pictures.choose.index)
    print(f"{len(pictures.train)} rows to train on, seed {arguments.seed}", flush=True)
    while training.epoch < training.recipe.epochs:
        began_s = time.monotonic()
        loss = training.run_epoch()
        torch.save(training.state(), checkpoint.with_suffix(".new"))
        checkpoint.with_suffix(".new").replace(checkpoint)
        seen, searched = logits_of(training.average, crops)
        is_right = seen[is_judged].argmax(axis=1) == pictures.choose.majority
        is_word = searched.argmax(axis=1) == chosen_by.searched
        print(
            f"epoch {training.epoch}: loss {loss:.4f}, on PublicTest FER+ {is_right.mean():.4f}, "
            f"FER2013 {is_word.mean():.4f}, "
            f"{time.monotonic() - began_s:.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
