"""Reads `models/manifest.toml` and hands out model files that are, byte for byte, what it names."""

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from soulsync_edge.errors import ModelError

MANIFEST = "manifest.toml"
REMEDY = (
    "run `make setup`, or on the board scripts/provision.sh, to put the right file there. "
    "A model of your own: docs/models.md."
)
_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Tensor:
    """What goes into or comes out of a model.

    Attributes:
        shape: Batch first.
        dtype: NumPy's name of the type, as in `int8`.
        scale: What one step of a quantised value is worth; None when not quantised.
        zero_point: The quantised value that means 0; None when not quantised.
    """

    shape: tuple[int, ...]
    dtype: str
    scale: float | None = None
    zero_point: int | None = None

    def __str__(self) -> str:
        told = f"{self.shape} {self.dtype}"
        if self.scale is None:
            return told
        return f"{told}, scale {self.scale}, zero point {self.zero_point}"


@dataclass(frozen=True, slots=True)
class CheckedModel:
    """A model file whose size and hash are those of its manifest entry.

    Attributes:
        name: Its name in the manifest.
        path: Where the file lies.
        content: The very bytes that were checked; load these, not the file again.
        input: What it takes; None when the manifest does not say.
        output: What it gives; None when the manifest does not say.
        searched: What its second read-out gives; None when it has none.
        labels: Names of its outputs, in order; empty when they have none.
        temperature: What its logits are divided by before the softmax, above 0.
    """

    name: str
    path: Path
    content: bytes
    input: Tensor | None
    output: Tensor | None
    searched: Tensor | None
    labels: tuple[str, ...]
    temperature: float


def checked_model(folder: Path, name: str) -> CheckedModel:
    """Return the model `name` of the manifest in `folder`, read and checked.

    Raises:
        ModelError: The manifest or the file is missing, unreadable, or they disagree.
    """
    entry = _entry(folder / MANIFEST, name)
    try:
        path = folder / str(entry["file"])
        wanted_bytes, wanted_hash = int(entry["bytes"]), str(entry["sha256"]).lower()
        model = CheckedModel(
            name=name,
            path=path,
            content=_content(name, path),
            input=_tensor(entry, "input"),
            output=_tensor(entry, "output"),
            searched=_tensor(entry, "searched"),
            labels=tuple(str(label) for label in entry.get("labels", ())),
            temperature=float(entry.get("temperature", 1.0)),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"model `{name}`: its entry in {folder / MANIFEST} is not understood ({error!r}). "
            "Restore the manifest from the release."
        ) from error
    if len(model.content) != wanted_bytes:
        raise ModelError(
            f"model `{name}`: {path} has {len(model.content)} bytes, the manifest says "
            f"{wanted_bytes}. Refused; {REMEDY}"
        )
    if hashlib.sha256(model.content).hexdigest() != wanted_hash:
        raise ModelError(
            f"model `{name}`: {path} is damaged or not the file the manifest names "
            f"(SHA-256 differs). Refused; {REMEDY}"
        )
    return model


def _entry(manifest: Path, name: str) -> dict[str, Any]:
    try:
        written = tomllib.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ModelError(
            f"model `{name}`: {manifest} cannot be read ({error}). "
            "Restore the manifest from the release."
        ) from error
    if written.get("schema") != _SCHEMA:
        raise ModelError(
            f"model `{name}`: {manifest} has schema {written.get('schema')!r}, this release reads "
            f"{_SCHEMA}. Use the manifest of the same release."
        )
    entry = written.get("models", {}).get(name)
    if not isinstance(entry, dict):
        raise ModelError(
            f"model `{name}` is not listed in {manifest}. Restore the manifest from the release."
        )
    return entry


def _content(name: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"model `{name}`: {path} cannot be read ({error.strerror}); {REMEDY}"
        ) from error


def _tensor(entry: dict[str, Any], end: str) -> Tensor | None:
    written = entry.get(end)
    if written is None:
        return None
    shape, dtype = tuple(int(size) for size in written["shape"]), str(written["dtype"])
    if not written.get("scale"):  # LiteRT gives the scale 0 to what is not quantised
        return Tensor(shape, dtype)
    return Tensor(shape, dtype, float(written["scale"]), int(written["zero_point"]))
