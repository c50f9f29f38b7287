"""Writes an entry of `models/manifest.toml`, leaving the others and their comments alone."""

import hashlib
from pathlib import Path
from typing import Any

import tomlkit

MODELS = Path(__file__).parents[1]


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
