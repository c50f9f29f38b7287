"""Reads the recorded figures of the emotion model: `models/emotion.json` and its companions."""

import shlex
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from models.recipes.emotion.measures import Interval

FIGURES = "emotion.json"
EXPORT = "emotion_export.json"
TWINS = "emotion_twins.json"
GATE = "emotion_gate.json"

GATE_COMMAND = ".venv/bin/python -m models.recipes.emotion.choose_gate --data folder --write"
"""What records the gate."""

_SHIPPED = Path(__file__).resolve().parents[2]

_Model = TypeVar("_Model", bound=BaseModel)


class _Recorded(BaseModel):
    model_config = ConfigDict(frozen=True)


class ModelFile(_Recorded):
    """The very file that was measured."""

    file: str
    sha256: str
    size_bytes: int = Field(alias="bytes", gt=0)


class Report(_Recorded):
    """What was found on one set of pictures; shares are fractions of 1.

    Attributes:
        n: Pictures.
        accuracy: Share that got the right class.
        mean_recall: Mean over the classes of the share of their pictures that got the right class.
        ece: Expected calibration error.
        accuracy_at_80: Accuracy on the 80 % of the pictures with most confidence.
        ms_per_face: One thread, with standardising.
        confusion: Counts, true class by row, predicted class by column, in the order of `labels`.
        labels: Names of the classes.
        faces_found: Share of the pictures in which the device's face finder found a face.
        unsure: Share whose confidence is under the threshold of *unsure*.
        read_out: Which of the network's two read-outs gave the answers: `searched`, or `output`,
            the one that the device uses.
    """

    n: int = Field(gt=0)
    accuracy: float
    mean_recall: float
    ece: float
    accuracy_at_80: float
    ms_per_face: float
    confusion: tuple[tuple[int, ...], ...]
    labels: tuple[str, ...]
    faces_found: float | None = None
    unsure: float | None = None
    read_out: Literal["searched", "output"] = "output"

    @model_validator(mode="after")
    def _is_square(self) -> Self:
        if {len(self.confusion), *map(len, self.confusion)} != {len(self.labels)}:
            raise ValueError(f"confusion needs {len(self.labels)} rows and columns, as labels has")
        return self

    @property
    def recalls(self) -> tuple[tuple[str, int, int], ...]:
        """Per class that occurs: its name, how many were right, and how many there are."""
        rows = zip(self.labels, self.confusion, strict=True)
        return tuple(
            (label, row[place], sum(row)) for place, (label, row) in enumerate(rows) if sum(row)
        )


class Change(_Recorded):
    """What was found when every picture was changed in one way."""

    change: str
    accuracy: float
    mean_recall: float
    of_clean: float
    faces_found: float | None = None


class Bin(_Recorded):
    """The pictures whose confidence lies in one range."""

    from_: float = Field(alias="from")
    to: float
    n: int = Field(gt=0)
    confidence: float
    accuracy: float


class Covered(_Recorded):
    """What is wrong when only the most confident share is answered."""

    coverage: float
    risk: float
    least_confidence: float


class Brightness(_Recorded):
    """One third of the pictures, by their mean grey level."""

    name: str
    n: int
    accuracy: float


class FaceSize(_Recorded):
    """All pictures, shrunk so that a face has this many pixels."""

    face_px: int
    n: int
    accuracy: float


class Figures(_Recorded):
    """Everything `make evaluate-emotion` measured.

    Attributes:
        least_confidence: The threshold of *unsure* that it was measured with.
    """

    schema_: Literal[1] = Field(alias="schema")
    model: ModelFile
    machine: dict[str, Any]
    least_confidence: float
    ferplus_test: Report
    fer2013_private: Report
    robustness: tuple[Change, ...]
    calibration: tuple[Bin, ...]
    risk_coverage: tuple[Covered, ...]
    by_brightness: tuple[Brightness, ...]
    by_face_px: tuple[FaceSize, ...]
    intervals: dict[str, Interval]

    @model_validator(mode="after")
    def _has_a_clean_row(self) -> Self:
        self.changed("clean")
        return self

    def changed(self, change: str) -> Change:
        """Return the row of `robustness` with this name."""
        for row in self.robustness:
            if row.change == change:
                return row
        raise ValueError(f"robustness has no row `{change}`")


class Export(_Recorded):
    """What the file was made of, and how far int8 is from float.

    Attributes:
        sha256: Of the very file that was compared.
        part: The part that settings are chosen by, on which it was compared.
        float_accuracy: Share that the float network got right.
        int8_accuracy: Share that the int8 file got right.
        mean_difference: Between their probabilities.
        temperature: What the logits are divided by before the softmax.
        epochs_trained: How many epochs the weights have seen; None where nobody recorded it.
        begun_with: What else the training was made of, by name; empty where nobody recorded it.
    """

    sha256: str
    float_accuracy: float
    int8_accuracy: float
    mean_difference: float
    temperature: float
    part: str
    epochs_trained: int | None = None
    begun_with: dict[str, Any] = {}


class Counted(_Recorded):
    """How many of some pictures have a near twin among those the model was trained on."""

    n: int = Field(gt=0)
    twins: int


class Twins(_Recorded):
    """How many pictures of each test have a near twin in training.

    Attributes:
        least_likeness: From which likeness on two pictures are near twins.
        trained_on: Pictures to train on.
        ferplus_test: Those of the FER+ test.
        fer2013_private: Those of FER2013's PrivateTest.
    """

    least_likeness: float
    trained_on: int
    ferplus_test: Counted
    fer2013_private: Counted


class Gate(_Recorded):
    """What the threshold of *unsure* and the gate before the classifier do, on PublicTest.

    Attributes:
        sha256: Of the classifier's file.
        least_confidence: The threshold of *unsure* that it was measured with.
        n: Pictures, as they are.
        kept: Share of them with that confidence or more.
        right: Share of those kept that were read right.
        held_at_limit: By measurement, which share of the confidence comes true about its limit.
    """

    sha256: str
    least_confidence: float
    n: int = Field(gt=0)
    kept: float
    right: float
    held_at_limit: dict[str, float]


def measuring_anew(folder: Path) -> str:
    """Return the command that measures the model in `folder` and records its figures there."""
    if folder.resolve() == _SHIPPED:
        return "make evaluate-emotion DATA=folder"
    record = ".venv/bin/python -m models.recipes.emotion.record"
    return f"{record} --data folder --models {shlex.quote(str(folder))}"


def read_figures(folder: Path) -> Figures:
    """Return the recorded figures of the model in `folder`.

    Raises:
        SystemExit: The file cannot be read or is not understood.
    """
    return _read(folder / FIGURES, Figures)


def read_export(folder: Path, sha256: str) -> Export | None:
    """Return the comparison with float of the file with this hash, or None where none is recorded.

    Raises:
        SystemExit: What is recorded is not understood.
    """
    path = folder / EXPORT
    export = _read(path, Export) if path.exists() else None
    return export if export is not None and export.sha256 == sha256 else None


def read_twins(folder: Path) -> Twins | None:
    """Return how many test pictures have near twins in training, or None where nobody counted.

    Raises:
        SystemExit: What is recorded is not understood.
    """
    path = folder / TWINS
    command = "python -m models.recipes.emotion.near_duplicates --data folder --write"
    return _read(path, Twins, command) if path.exists() else None


def read_gate(folder: Path) -> Gate:
    """Return what is recorded of the threshold of *unsure* and of the gate.

    Raises:
        SystemExit: The file cannot be read or is not understood.
    """
    return _read(folder / GATE, Gate, GATE_COMMAND)


def _read(path: Path, model: type[_Model], command: str = "") -> _Model:
    remedy = f"`{command or measuring_anew(path.parent)}` writes it."
    try:
        return model.model_validate_json(path.read_bytes())
    except OSError as error:
        raise SystemExit(f"{path} cannot be read ({error.strerror}). {remedy}") from error
    except ValidationError as error:
        told = "; ".join(
            f"{'.'.join(str(place) for place in one['loc']) or 'file'}: {one['msg']}"
            for one in error.errors()
        )
        raise SystemExit(f"{path} is not understood ({told}). {remedy}") from error
