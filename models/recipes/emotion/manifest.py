"""Makes an entry of `models/manifest.toml`, leaving the others and their comments alone."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import tomlkit
from ai_edge_litert.interpreter import Interpreter

from models.recipes.emotion.pictures import FER2013_CLASSES

MODELS = Path(__file__).parents[2]


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


def write_entry(name: str, file: str, details: dict[str, Any], folder: Path = MODELS) -> None:
    """Put `[models.<name>]` into the manifest, with the size and hash of `folder / file`.

    Args:
        name: Name of the model.
        file: File name in `folder`.
        details: The other keys of the entry, in order; a nested table as a dict.
        folder: Where the manifest and the file lie.
    """
    content = (folder / file).read_bytes()
    entry = tomlkit.table()
    entry["file"] = file
    entry["sha256"] = hashlib.sha256(content).hexdigest()
    entry["bytes"] = len(content)
    for key, value in details.items():
        if isinstance(value, dict):
            for inner, inner_value in value.items():
                entry.append(tomlkit.key([key, inner]), inner_value)
        else:
            entry[key] = value
    path = folder / "manifest.toml"
    manifest = tomlkit.parse(path.read_text(encoding="utf-8"))
    models: Any = manifest["models"]
    if name not in models:
        entry.comment("written by its recipe")
        models.append(name, entry)
    else:
        models[name] = entry
    path.write_text(tomlkit.dumps(manifest).rstrip() + "\n", encoding="utf-8")
