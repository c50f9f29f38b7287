"""Measures the emotion model on one FER part from every side, into what `emotion.json` holds."""

import hashlib
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from models.recipes.emotion.evaluation import (
    DIGITS,
    Readings,
    read_pictures,
    report,
    restricted,
)
from models.recipes.emotion.examples import Picture
from models.recipes.emotion.framing import Framing
from models.recipes.emotion.measures import (
    Interval,
    Labels,
    Shares,
    accuracy,
    bootstrap,
    calibration_bins,
    calibration_error,
    kept_at,
    kept_of,
    mean_recall,
    risk_at,
    wilson,
)
from models.recipes.emotion.pictures import PICTURE_PX, Rows
from models.recipes.emotion.robustness import CHANGES, Change, from_fewer_pixels
from soulsync_edge.adapters.emotion_tflite import FER2013_WORDS, MODEL, TfliteEmotionReader
from soulsync_edge.adapters.model_manifest import CheckedModel, checked_model
from soulsync_edge.domain.emotion import EMOTIONS, LEAST_CONFIDENCE, Emotion

SCHEMA = 1

_FER2013 = tuple(Emotion(word) for word in FER2013_WORDS)

_COVERAGES = tuple(step / 20 for step in range(1, 21))
_SMALLER_PX = (40, 32, 24, 16)
_THIRDS = ("darkest third", "middle third", "brightest third")


class Survey:
    """What is measured with the model `emotion` in the folder `models`.

    Raises:
        ModelError: The model or the face detector is missing or damaged.
    """

    def __init__(self, models: Path) -> None:
        self._model = checked_model(models, MODEL)
        self._reader = TfliteEmotionReader(models)
        self._framing = Framing(models)

    def figures(self, ferplus: Rows, fer2013: Rows) -> dict[str, Any]:
        """Return the content of `emotion.json`, measured on one part.

        Args:
            ferplus: Its rows with a majority among FER+'s taggers.
            fer2013: All its rows; those of `ferplus` are among them.
        """
        _tell("all pictures of the part")
        everything = self._read(fer2013.pictures)
        clean = everything.of(np.searchsorted(fer2013.index, ferplus.index))
        searched, read_out = self._searched(fer2013, everything)
        labels = ferplus.majority
        robustness = self._robustness(ferplus, clean)
        by_brightness = _by_brightness(ferplus, clean)
        by_face_px = self._by_face_px(ferplus, clean)
        intervals = {
            **_intervals("ferplus_test", clean.shares, labels),
            **_intervals("fer2013_private", searched.shares, fer2013.searched),
            **_share_intervals("robustness", "change", robustness, len(ferplus)),
            **_share_intervals("by_brightness", "name", by_brightness),
            **_share_intervals("by_face_px", "face_px", by_face_px),
        }
        return {
            "schema": SCHEMA,
            "model": model_file(self._model),
            "machine": _machine(),
            "least_confidence": LEAST_CONFIDENCE,
            "ferplus_test": report(clean, labels, EMOTIONS),
            "fer2013_private": report(searched, fer2013.searched, _FER2013)
            | {"read_out": read_out},
            "robustness": robustness,
            "calibration": [
                {
                    "from": round(each.low, DIGITS),
                    "to": round(each.high, DIGITS),
                    "n": each.n,
                    "confidence": round(each.confidence, DIGITS),
                    "accuracy": round(each.accuracy, DIGITS),
                }
                for each in calibration_bins(clean.shares, labels)
            ],
            "risk_coverage": [
                {
                    "coverage": point.coverage,
                    "risk": round(point.risk, DIGITS),
                    "least_confidence": round(point.least_confidence, DIGITS),
                }
                for point in (risk_at(share, clean.shares, labels) for share in _COVERAGES)
            ],
            "by_brightness": by_brightness,
            "by_face_px": by_face_px,
            "intervals": intervals,
        }

    def close(self) -> None:
        """Let go of the face detector."""
        self._framing.close()

    def _read(self, pictures: Sequence[Picture]) -> Readings:
        return read_pictures(
            pictures, self._framing.face_in, lambda crop: self._reader.read(crop).probabilities
        )

    def _searched(self, rows: Rows, everything: Readings) -> tuple[Readings, str]:
        """Return what the second read-out says and its name, or the first where there is none."""
        if self._model.searched is None:
            _tell("FER2013: this model file has no second read-out; its first one stands in")
            return replace(everything, shares=restricted(everything.shares, _FER2013)), "output"
        _tell("FER2013: the second read-out")
        faces = iter(everything.faces)
        return read_pictures(
            rows.pictures, lambda _: next(faces), self._reader.searched
        ), "searched"

    def _changed(self, rows: Rows, change: Change) -> Readings:
        numbered = zip(rows.pictures, rows.index, strict=True)
        return self._read([change(picture, int(row)) for picture, row in numbered])

    def _robustness(self, rows: Rows, clean: Readings) -> list[dict[str, Any]]:
        lines = []
        for name, change in {"clean": None, **CHANGES}.items():
            if change is not None:
                _tell(f"FER+: {name}")
            readings = clean if change is None else self._changed(rows, change)
            share = accuracy(readings.shares, rows.majority)
            lines.append(
                {
                    "change": name,
                    "accuracy": round(share, DIGITS),
                    "mean_recall": round(mean_recall(readings.shares, rows.majority), DIGITS),
                    "of_clean": round(
                        kept_of(accuracy(clean.shares, rows.majority), share), DIGITS
                    ),
                    "faces_found": round(readings.faces_found, DIGITS),
                }
            )
        return lines

    def _by_face_px(self, rows: Rows, clean: Readings) -> list[dict[str, Any]]:
        """Return the accuracy on ever smaller faces; how wide they are in the median."""
        wide_px = float(np.median([face.width_px for face in clean.faces]))
        measured = {PICTURE_PX: clean}
        for side_px in _SMALLER_PX:
            _tell(f"FER+: faces {_face_px(wide_px, side_px)} pixels wide")
            measured[side_px] = self._changed(rows, partial(from_fewer_pixels, side_px=side_px))
        return [
            {
                "face_px": _face_px(wide_px, side_px),
                "n": len(rows),
                "accuracy": round(accuracy(readings.shares, rows.majority), DIGITS),
            }
            for side_px, readings in measured.items()
        ]


def model_file(model: CheckedModel) -> dict[str, Any]:
    """Return which very file `model` is."""
    return {
        "file": model.path.name,
        "sha256": hashlib.sha256(model.content).hexdigest(),
        "bytes": len(model.content),
    }


def _face_px(wide_px: float, side_px: int) -> int:
    return round(wide_px * side_px / PICTURE_PX)


def _by_brightness(rows: Rows, clean: Readings) -> list[dict[str, Any]]:
    """Return the accuracy by the pictures' mean level."""
    order = np.argsort([picture.mean() for picture in rows.pictures], kind="stable")
    labels = rows.majority
    return [
        {
            "name": name,
            "n": len(third),
            "accuracy": round(accuracy(clean.shares[third], labels[third]), DIGITS),
        }
        for name, third in zip(_THIRDS, np.array_split(order, len(_THIRDS)), strict=True)
        if len(third)
    ]


def _intervals(part: str, shares: Shares, labels: Labels) -> dict[str, Interval]:
    """Return the 95 % interval of every figure of one report."""
    kept = risk_at(0.8, shares, labels)
    found = {
        "accuracy": wilson(accuracy(shares, labels), len(labels)),
        "mean_recall": bootstrap(mean_recall, shares, labels),
        "ece": bootstrap(calibration_error, shares, labels),
        "accuracy_at_80": wilson(1 - kept.risk, kept_at(kept.coverage, len(labels))),
    }
    return {f"{part}.{name}": _rounded(interval) for name, interval in found.items()}


def _share_intervals(
    part: str, key: str, lines: list[dict[str, Any]], n: int | None = None
) -> dict[str, Interval]:
    """Return the 95 % interval of every line's accuracy, `n` rows each if lines do not say."""
    return {
        f"{part}.{line[key]}.accuracy": _rounded(wilson(line["accuracy"], n or line["n"]))
        for line in lines
    }


def _rounded(interval: Interval) -> Interval:
    low, high = interval
    return round(low, DIGITS), round(high, DIGITS)


def _machine() -> dict[str, Any]:
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": _processor(),
        "python": platform.python_version(),
    }


def _processor() -> str:
    """Return what the processor is called; boards tell their own name instead."""
    for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines():
        name, _, value = line.partition(":")
        if name.strip() in {"model name", "Model"}:
            return value.strip()
    return platform.machine()


def _tell(what: str) -> None:
    print(f"reading {what}", file=sys.stderr, flush=True)
