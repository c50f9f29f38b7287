"""Reads `models/manifest.toml` and hands out model files that are, byte for byte, what it names."""

import difflib
import hashlib
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from soulsync_edge.errors import ModelError

MANIFEST = "manifest.toml"
REMEDY = (
    "run `make setup`, or on the board scripts/provision.sh, to put the right file there. "
    "A model of your own: docs/models.md."
)
"""For a file that set-up fetches: its entry has a `source`."""

_REMEDY_FROM_GIT = (
    "restore it from git: `git checkout models/{file} models/manifest.toml`, and on the board run "
    "scripts/provision.sh from there again. A model of your own: docs/models.md."
)
MANIFEST_REMEDY = (
    "docs/models.md shows a whole manifest; the release's own comes back from git, or on the board "
    "by scripts/provision.sh."
)
_SCHEMA = 1
_TENSORS = ("input", "output", "searched")
_LONGEST = 120  # characters of a value that a message repeats

# TFLite counts in 32 bits; a whole file is a flatbuffer of less than 2 GiB.
_Int32 = Annotated[int, Field(ge=-(2**31), lt=2**31)]
_Size = Annotated[int, Field(gt=0, lt=2**31)]


class _Section(BaseModel):
    """A table of the manifest. Each key tells what it must be and how it is written."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class TensorEntry(_Section):
    """What the manifest says of one end of a model."""

    shape: list[_Size] = Field(
        description="a list of whole numbers above 0, the batch first",
        examples=[[1, 64, 64, 1]],
        min_length=1,
    )
    dtype: str = Field(description="NumPy's name of a type", examples=["int8"], min_length=1)
    scale: float | None = Field(
        default=None,
        description="a number above 0, exactly as in the file; left out when not quantised",
        examples=[0.0235294122248888],
        ge=0,  # LiteRT gives the scale 0 to what is not quantised
        allow_inf_nan=False,
    )
    zero_point: _Int32 | None = Field(
        default=None,
        description="a whole number, exactly as in the file, wherever there is a scale",
        examples=[0],
        validate_default=True,
    )

    @field_validator("zero_point")
    @classmethod
    def _goes_with_the_scale(cls, zero_point: int | None, info: ValidationInfo) -> int | None:
        if zero_point is None and info.data.get("scale"):
            raise ValueError("a scale needs its zero point")
        return zero_point


_TENSOR_RULE = "a table with at least shape and dtype"
_TENSOR_EXAMPLE = {"shape": [1, 64, 64, 1], "dtype": "int8"}
_LABELS_RULE = "a list of words, each of them once, in the order of the model's output"


class ModelEntry(_Section):
    """What the manifest says of one model."""

    file: str = Field(
        description="the name of a file beside the manifest, without a folder",
        examples=["mine.tflite"],
    )
    sha256: str = Field(
        description="the file's SHA-256, 64 of the digits 0-9 and a-f, as sha256sum prints it",
        examples=["9f86d081..."],
        pattern="^[0-9a-fA-F]{64}$",
    )
    size_bytes: _Size = Field(
        alias="bytes",
        description="the file's size in bytes, a whole number above 0",
        examples=[740672],
    )
    input: TensorEntry | None = Field(
        default=None, description=_TENSOR_RULE, examples=[_TENSOR_EXAMPLE]
    )
    output: TensorEntry | None = Field(
        default=None, description=_TENSOR_RULE, examples=[_TENSOR_EXAMPLE | {"shape": [1, 8]}]
    )
    searched: TensorEntry | None = Field(
        default=None, description=_TENSOR_RULE, examples=[_TENSOR_EXAMPLE | {"shape": [1, 7]}]
    )
    labels: list[str] = Field(
        default=[], description=_LABELS_RULE, examples=[["neutral", "happy", "surprise"]]
    )
    searched_labels: list[str] = Field(
        default=[], description=_LABELS_RULE, examples=[["angry", "disgust", "fear"]]
    )
    temperature: float | None = Field(
        default=None,
        description="a number above 0 and finite, 1.0 where none was fitted",
        examples=[1.0],
        gt=0,
        allow_inf_nan=False,
    )
    licence: str = Field(default="", description="text", examples=["CC-BY-4.0"])
    provenance: str = Field(default="", description="text", examples=["trained by me on ..."])
    source: dict[str, str] = Field(
        default={},
        description="a table of text, which set-up fetches the file by",
        examples=[{"wheel": "mediapipe"}],
    )

    @field_validator("file")
    @classmethod
    def _is_a_bare_name(cls, file: str) -> str:
        if file in {"", ".", ".."} or not set(file).isdisjoint("/\\\0"):
            raise ValueError("leaves the folder")
        return file

    @property
    def remedy(self) -> str:
        """What to do when the file is not the one that this entry names."""
        return REMEDY if self.source else _REMEDY_FROM_GIT.format(file=self.file)

    @field_validator("labels", "searched_labels")
    @classmethod
    def _are_words_told_once(cls, labels: list[str]) -> list[str]:
        if len(set(labels)) < len(labels) or not all(label.strip() for label in labels):
            raise ValueError("a label is empty or there twice")
        return labels


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
        searched_labels: Names of the second read-out's outputs, in order; empty when the manifest
            does not say.
        temperature: What its logits are divided by before the softmax, above 0; None when the
            manifest does not say.
        remedy: What to do when the file turns out not to fit after all.
    """

    name: str
    path: Path
    content: bytes
    input: Tensor | None
    output: Tensor | None
    searched: Tensor | None
    labels: tuple[str, ...]
    searched_labels: tuple[str, ...]
    temperature: float | None
    remedy: str


def checked_model(folder: Path, name: str) -> CheckedModel:
    """Return the model `name` of the manifest in `folder`, read and checked.

    Raises:
        ModelError: The manifest or the file is missing, unreadable, or they disagree.
    """
    entry = manifest_entry(folder, name)
    path = folder / entry.file
    content = _content(name, path, entry.remedy)
    if len(content) != entry.size_bytes:
        raise ModelError(
            f"model `{name}`: {path} has {len(content)} bytes, the manifest says "
            f"{entry.size_bytes}. Refused; {entry.remedy}"
        )
    if hashlib.sha256(content).hexdigest() != entry.sha256.lower():
        raise ModelError(
            f"model `{name}`: {path} is damaged or not the file the manifest names "
            f"(SHA-256 differs). Refused; {entry.remedy}"
        )
    return CheckedModel(
        name=name,
        path=path,
        content=content,
        input=_tensor(entry.input),
        output=_tensor(entry.output),
        searched=_tensor(entry.searched),
        labels=tuple(entry.labels),
        searched_labels=tuple(entry.searched_labels),
        temperature=entry.temperature,
        remedy=entry.remedy,
    )


def manifest_entry(folder: Path, name: str) -> ModelEntry:
    """Return what the manifest in `folder` says of the model `name`.

    Raises:
        ModelError: The manifest is missing or unreadable, or what it says makes no sense; the
            message names every key that is wrong, and how it is written.
    """
    manifest = folder / MANIFEST
    written = _written(manifest, name)
    schema = written.get("schema")
    if type(schema) is not int or schema != _SCHEMA:
        told = "no schema" if schema is None else f"schema = {_as_toml(schema)}"
        raise ModelError(
            f"model `{name}`: {manifest} has {told}, this release reads {_SCHEMA}. Use the "
            f"manifest of the same release; one of your own begins with `schema = {_SCHEMA}`: "
            f"{MANIFEST_REMEDY}"
        )
    models = written.get("models", {})
    if not isinstance(models, dict) or name not in models:
        raise ModelError(
            f"model `{name}` is not listed in {manifest}. Write it below `[models.{name}]`: "
            f"{MANIFEST_REMEDY}"
        )
    entry = models[name]
    if not isinstance(entry, dict):
        raise ModelError(
            f"model `{name}`: {manifest} says `{name} = {_as_toml(entry)}`; that must be a table. "
            f"Write its keys below `[models.{name}]`: {MANIFEST_REMEDY}"
        )
    try:
        return ModelEntry.model_validate(entry)
    except ValidationError as error:
        problems = dict.fromkeys(_problem(detail, entry) for detail in error.errors())
        raise ModelError(
            f"model `{name}`: its entry in {manifest} is not understood. {' '.join(problems)} "
            f"Refused; {MANIFEST_REMEDY}"
        ) from error


def _written(manifest: Path, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(manifest.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(
            f"model `{name}`: {manifest} cannot be read ({error.strerror}). Name the folder with "
            f"the models, or restore the manifest: {MANIFEST_REMEDY}"
        ) from error
    except (RecursionError, ValueError) as error:  # not UTF-8, not TOML, or nested without end
        raise ModelError(
            f"model `{name}`: {manifest} cannot be read as TOML ({error}). Mend that line, or "
            f"restore the manifest: {MANIFEST_REMEDY}"
        ) from error


def _problem(detail: ErrorDetails, entry: dict[str, Any]) -> str:
    """Return in one sentence which key of `entry` is wrong, what it must be, and an example."""
    first, *inner = map(str, detail["loc"])
    steps, fields = [first], _fields(ModelEntry)
    if first in _TENSORS and inner:
        steps, fields = [first, inner[0]], _fields(TensorEntry)
    key, field = ".".join(steps), fields.get(steps[-1])
    if field is None:
        near = difflib.get_close_matches(steps[-1], fields, n=1)
        advice = f"did you mean {near[0]}?" if near else "leave it out."
        return f"It has {key!r:.80}, which this release does not know: {advice}"
    value = _at(entry, steps)
    told = f"has no {key}" if value is None else f"says {key} = {_as_toml(value)}"
    example = _as_toml((field.examples or [value])[0])
    return f"It {told}; it must be {field.description}: write `{key} = {example}`."


def _fields(section: type[_Section]) -> dict[str, FieldInfo]:
    """Return the keys of `section` as they are written in the manifest."""
    return {field.alias or name: field for name, field in section.model_fields.items()}


def _at(entry: dict[str, Any], steps: list[str]) -> Any:
    """Return the value that lies at `steps`; None, which TOML cannot say, where there is none."""
    value: Any = entry
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _as_toml(value: Any, depth: int = 3) -> str:
    """Return `value` as a person would have written it in TOML, cut where it is long or deep."""
    if isinstance(value, dict | list) and value and not depth:
        text = "..."
    elif isinstance(value, dict):
        inside = ", ".join(f"{key} = {_as_toml(one, depth - 1)}" for key, one in value.items())
        text = f"{{{inside}}}"
    elif isinstance(value, list):
        text = f"[{', '.join(_as_toml(one, depth - 1) for one in value)}]"
    elif isinstance(value, int) and abs(value) >= 2**64:
        text = hex(value)  # Python refuses to print very long numbers with base 10
    elif isinstance(value, str | int):
        text = json.dumps(value, ensure_ascii=False)
    else:
        text = str(value)  # a number, `nan`, a date or a time
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _content(name: str, path: Path, remedy: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"model `{name}`: {path} cannot be read ({error.strerror}); {remedy}"
        ) from error


def _tensor(entry: TensorEntry | None) -> Tensor | None:
    if entry is None:
        return None
    shape = tuple(entry.shape)
    if not entry.scale:
        return Tensor(shape, entry.dtype)
    return Tensor(shape, entry.dtype, entry.scale, entry.zero_point)
