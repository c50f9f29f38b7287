"""Turn the trained network into the int8 file the device runs, and write its manifest entry.

    python -m models.recipes.emotion.export --data FOLDER --work FOLDER

Rare classes are made up for; torch -> LiteRT float32 -> static int8 (weights and activations), its
ranges taken from training crops; then the softmax temperature is fitted on PublicTest through the
device's own reader, and the int8 file is compared with the float network there.
"""

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import litert_torch
import numpy as np
import numpy.typing as npt
import torch
from ai_edge_quantizer import quantizer, recipe
from torch import nn

from models.recipes.emotion.augment import varied_crop
from models.recipes.emotion.checkpoint import load_checkpoint, trained_network
from models.recipes.emotion.evaluation import read_all
from models.recipes.emotion.faces import load_faces, plain_crops
from models.recipes.emotion.manifest import described
from models.recipes.emotion.network import logits_of
from models.recipes.emotion.pictures import Rows, load_pictures
from models.recipes.emotion.training import drawn_shares, recipe_of
from models.recipes.manifest import MODELS, write_entry
from soulsync_edge.adapters.crop_opencv import CROP_PX, crop_face
from soulsync_edge.adapters.emotion_tflite import (
    FER2013_WORDS,
    MODEL,
    TfliteEmotionReader,
    standardised,
)
from soulsync_edge.domain.emotion import EMOTIONS
from soulsync_edge.domain.face import Face

FILE = "emotion.tflite"
REPORT = "emotion_export.json"
_CALIBRATION_CROPS = 512
_COVERED_PCT = 99.5
_DEAREST = 0.002
"""What mean class recall may cost: one face in five hundred."""


class ChannelsLast(nn.Module):
    """Takes `(N, H, W, 1)`, as LiteRT has pictures, so that no transpose is left in the file."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        seen, searched = self.network(x.permute(0, 3, 1, 2))
        return seen, searched


def write_int8(network: nn.Module, crops: npt.NDArray[np.uint8], work: Path, target: Path) -> None:
    """Write `network` as int8 to `target`, its ranges taken from `crops`."""
    float_path = work / "emotion_float32.tflite"
    example = (torch.zeros(1, CROP_PX, CROP_PX, 1),)
    litert_torch.convert(ChannelsLast(network).eval(), example).export(str(float_path))
    quantiser = quantizer.Quantizer(str(float_path), recipe.static_wi8_ai8())
    each = [
        quantiser.calibrate({"serving_default": [{"args_0": standardised(crop)[None, ..., None]}]})
        for crop in crops
    ]
    quantiser.quantize(_widest(each)).export_model(str(target), overwrite=True)
    target.chmod(0o644)


def _widest(each: list[dict[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Return per tensor the range that all but a few of the crops stay within.

    The quantiser's own moving average cuts off the ends, and with them the certain answers. How far
    int8 is from float with these ranges, the program prints as `mean difference`.
    """
    merged = {}
    for tensor, first in each[0].items():
        merged[tensor] = dict(first)
        if "min" in first:
            low = [ranges[tensor]["min"] for ranges in each]
            high = [ranges[tensor]["max"] for ranges in each]
            merged[tensor]["min"] = np.percentile(low, 100 - _COVERED_PCT, axis=0).astype("float32")
            merged[tensor]["max"] = np.percentile(high, _COVERED_PCT, axis=0).astype("float32")
    return merged


def calibration_crops(rows: Rows, faces: list[Face]) -> npt.NDArray[np.uint8]:
    """Return training crops to take the ranges from: half plain, half varied."""
    random = np.random.default_rng(0)
    chosen = random.choice(len(rows), min(_CALIBRATION_CROPS, len(rows)), replace=False)
    half = len(chosen) // 2
    plain = [crop_face(rows.pictures[n], faces[rows.index[n]]) for n in chosen[:half]]
    varied = [varied_crop(rows.pictures[n], faces[rows.index[n]], random) for n in chosen[half:]]
    return np.stack([*plain, *varied])


def balancing(
    logits: npt.NDArray[np.float32], labels: npt.NDArray[np.int64], shares: npt.NDArray[np.float32]
) -> tuple[float, npt.NDArray[np.float32]]:
    """Return how strongly to make up for rare classes, and what to add to their logits, `(8,)`.

    A class that was drawn rarely is held to be rare in the room as well, though nobody said so.
    Adding `-strength * log(share drawn)` takes that back. The strength is the one of 0 to 1 with
    the best mean recall among those that cost less than `_DEAREST` of the accuracy.

    Source: Menon et al. (2021), logit adjustment.
    """
    drawn = np.log(shares)
    mean_drawn = float(drawn @ shares)
    tried = []
    for strength in np.arange(0, 1.01, 0.05):
        added = np.asarray(strength * (mean_drawn - drawn), np.float32)
        is_right = (logits + added).argmax(axis=1) == labels
        recall = np.mean([is_right[labels == n].mean() for n in np.unique(labels)])
        tried.append((float(is_right.mean()), float(recall), float(strength), added))
    best = max(accuracy for accuracy, *_ in tried)
    affordable = [each for each in tried if each[0] >= best - _DEAREST]
    _, _, strength, added = max(affordable, key=lambda each: (each[1], -each[2]))
    return strength, added


def fitted_temperature(shares: npt.NDArray[np.float64], labels: npt.NDArray[np.int64]) -> float:
    """Return the temperature under which `shares` (softmax at 1) make `labels` likeliest."""
    logits = np.log(np.maximum(shares, 1e-12))

    def cost(temperature: float) -> float:
        scaled = logits / temperature
        norm = np.log(np.exp(scaled - scaled.max(axis=1, keepdims=True)).sum(axis=1))
        right = scaled[np.arange(len(labels)), labels] - scaled.max(axis=1)
        return float((norm - right).mean())

    return float(min(np.arange(0.4, 2.5, 0.01), key=cost).round(2))


def _write_manifest(temperature: float, target: Path) -> None:
    """Write the entry; shapes and quantisation are read back from the file itself."""
    write_entry(
        MODEL,
        target.name,
        {
            **described(target),
            "labels": [str(emotion) for emotion in EMOTIONS],
            "searched_labels": list(FER2013_WORDS),
            "temperature": temperature,
            "licence": "research data: see emotion.md",
            "provenance": "trained by recipes/emotion on FER2013 pictures with FER+ votes",
        },
        target.parent,
    )


def main() -> None:
    """Export, fit the temperature, and print how far int8 is from float."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with the pictures")
    parser.add_argument(
        "--work", type=Path, required=True, help="folder with faces.npz, emotion.pt"
    )
    parser.add_argument(
        "--models", type=Path, default=MODELS, help="folder that gets the file and its entry"
    )
    arguments = parser.parse_args()

    pictures, faces = load_pictures(arguments.data), load_faces(arguments.work)
    network, training = trained_network(arguments.work), load_checkpoint(arguments.work)
    begun_with = training.get("begun_with", {})
    crops, labels = plain_crops(pictures.choose, faces), pictures.choose.majority
    strength, added = balancing(
        logits_of(network, crops)[0], labels, drawn_shares(pictures.train, recipe_of(begun_with))
    )
    with torch.no_grad():
        network.seen.bias += torch.from_numpy(added)
    target = arguments.models / FILE
    write_int8(network, calibration_crops(pictures.train, faces), arguments.work, target)

    _write_manifest(1.0, target)
    temperature = fitted_temperature(read_all(TfliteEmotionReader(arguments.models), crops), labels)
    _write_manifest(temperature, target)

    int8 = read_all(TfliteEmotionReader(arguments.models), crops)
    logits = torch.from_numpy(logits_of(network, crops)[0])
    exact = torch.softmax(logits / temperature, dim=1).numpy()
    report = {
        "sha256": hashlib.sha256(target.read_bytes()).hexdigest(),
        "part": "PublicTest",
        "epochs_trained": training["epoch"],
        "begun_with": begun_with,
        "balance": strength,
        "temperature": temperature,
        "float_accuracy": float(np.mean(exact.argmax(1) == labels)),
        "int8_accuracy": float(np.mean(int8.argmax(1) == labels)),
        "same_label": float(np.mean(exact.argmax(1) == int8.argmax(1))),
        "mean_difference": float(np.abs(exact - int8).mean()),
        "largest_difference": float(np.abs(exact - int8).max()),
    }
    report = {
        key: round(value, 5) if isinstance(value, float) else value for key, value in report.items()
    }
    (arguments.models / REPORT).write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(f"{target}: {target.stat().st_size} bytes")
    for key, value in report.items():
        print(f"{key.replace('_', ' '):18} {value}")


if __name__ == "__main__":
    main()
