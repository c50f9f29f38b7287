"""Reads from a LiteRT file what its entry of `models/manifest.toml` must tell."""

from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from models.recipes.emotion.pictures import FER2013_CLASSES


def described(path: Path) -> dict[str, dict[str, Any]]:
    """Return the entry's `input`, `output` and, if there is one, `searched`, read from the file.

    Of several outputs, the one with as many values as FER2013 has words is `searched`.

    Raises:
        ValueError: LiteRT cannot load the file.
    """
    try:
        interpreter = Interpreter(model_content=path.read_bytes(), num_threads=1)
        interpreter.allocate_tensors()
    except RuntimeError as error:
        raise ValueError(str(error)) from error
    # Sorting keeps the order of those that are alike, so a single output stays the first.
    outputs = sorted(
        interpreter.get_output_details(),
        key=lambda detail: list(detail["shape"])[-1:] == [FER2013_CLASSES],
    )
    ends = [*interpreter.get_input_details()[:1], *outputs[:2]]
    return dict(zip(("input", "output", "searched"), map(_tensor, ends), strict=False))


def _tensor(detail: dict[str, Any]) -> dict[str, Any]:
    tensor = {
        "shape": [int(size) for size in detail["shape"]],
        "dtype": np.dtype(detail["dtype"]).name,
    }
    scale, zero_point = detail["quantization"]
    return tensor | {"scale": float(scale), "zero_point": int(zero_point)} if scale else tensor
