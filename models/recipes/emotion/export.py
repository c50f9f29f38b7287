"""Turn the trained network into the int8 file the device runs, and write its manifest entry.

    python -m models.recipes.emotion.export --data FOLDER --work FOLDER

torch -> LiteRT float32 -> static int8 (weights and activations), calibrated on training crops; then
the softmax temperature is fitted on PublicTest through the device's own reader, and the int8 file
is compared with the float network there.
"""

import argparse
from pathlib import Path
from typing import Any

import litert_torch
import numpy as np
import numpy.typing as npt
import torch
from ai_edge_litert.interpreter import Interpreter
from ai_edge_quantizer import quantizer, recipe
from torch import nn

from models.recipes.emotion.augment import varied_crop
from models.recipes.emotion.evaluate import read_all
from models.recipes.emotion.faces import load_faces, plain_crops
from models.recipes.emotion.manifest import MODELS, write_entry
from models.recipes.emotion.pictures import Rows, load_pictures
from models.recipes.emotion.train import logits_of, trained_network
from soulsync_edge.adapters.crop_opencv import CROP_PX
from soulsync_edge.adapters.emotion_tflite import (
    MODEL,
    TfliteEmotionReader,
    standardised,
)
from soulsync_edge.domain.emotion import EMOTIONS
from soulsync_edge.domain.face import Face

FILE = "emotion.tflite"
_CALIBRATION_CROPS = 512
_COVERED_PCT = 99.5


class ChannelsLast(nn.Module):
    """Takes `(N, H, W, 1)`, as LiteRT has pictures, so that no transpose is left in the file."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.network(x.permute(0, 3, 1, 2))
        return logits


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

    The quantiser's own moving average cuts off the ends: with it, int8 shares were off by 0.017 in
    the mean; with these ranges by 0.001.
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
    chosen = random.choice(len(rows), _CALIBRATION_CROPS, replace=False)
    half = len(chosen) // 2
    plain = Rows(
        rows.index[chosen[:half]], rows.pictures[chosen[:half]], rows.shares[chosen[:half]]
    )
    varied = [varied_crop(rows.pictures[n], faces[rows.index[n]], random) for n in chosen[half:]]
    return np.concatenate([plain_crops(plain, faces), np.stack(varied)])


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
    interpreter = Interpreter(model_path=str(target))
    ends = {
        "input": interpreter.get_input_details()[0],
        "output": interpreter.get_output_details()[0],
    }
    tensors = {
        end: {
            "shape": [int(size) for size in detail["shape"]],
            "dtype": np.dtype(detail["dtype"]).name,
            "scale": float(detail["quantization"][0]),
            "zero_point": int(detail["quantization"][1]),
        }
        for end, detail in ends.items()
    }
    write_entry(
        MODEL,
        target.name,
        {
            **tensors,
            "labels": [str(emotion) for emotion in EMOTIONS],
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
    network = trained_network(arguments.work)
    target = arguments.models / FILE
    write_int8(network, calibration_crops(pictures.train, faces), arguments.work, target)

    _write_manifest(1.0, target)
    crops, labels = plain_crops(pictures.choose, faces), pictures.choose.majority
    int8 = read_all(TfliteEmotionReader(arguments.models), crops)
    temperature = fitted_temperature(int8, labels)
    _write_manifest(temperature, target)

    exact = torch.softmax(torch.from_numpy(logits_of(network, crops)), dim=1).numpy()
    print(f"{target}: {target.stat().st_size} bytes, temperature {temperature}")
    print(f"PublicTest accuracy: float {np.mean(exact.argmax(1) == labels):.4f}, ", end="")
    print(f"int8 {np.mean(int8.argmax(1) == labels):.4f}")
    difference, same = np.abs(exact - int8), exact.argmax(1) == int8.argmax(1)
    print(f"probability, int8 against float: mean difference {difference.mean():.4f}, ", end="")
    print(f"largest {difference.max():.3f}, same label {same.mean():.4f}")


if __name__ == "__main__":
    main()
