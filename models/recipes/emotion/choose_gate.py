"""Print what the gate before the classifier and the threshold of *unsure* are chosen by.

    python -m models.recipes.emotion.choose_gate --data FOLDER [--models DIR] [--every 6]
        [--turned | --write]

On PublicTest, FER+ rows with a majority, through the device's own code. For each thing that is
measured of a look: how often looks of each level are read right, and which share of the
classifier's confidence comes true. Needs no `train` extra; takes some minutes. With --turned, only
the tables of faces that are turned on their side and upside down. With --write, what the threshold
keeps and what the gate lets come true are recorded in `emotion_gate.json` beside the model.
"""

import argparse
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter
from pathlib import Path

import numpy as np

from models.recipes.emotion.bad_looks import LADDERS, ROLLS_DEG, Look, Spoil, rolled
from models.recipes.emotion.figures import GATE, Gate
from models.recipes.emotion.framing import Framing
from models.recipes.emotion.pictures import FILE, Rows, load_pictures
from models.recipes.emotion.robustness import CHANGES
from models.recipes.emotion.survey import model_file
from soulsync_edge.adapters.crop_opencv import crop_face
from soulsync_edge.adapters.emotion_tflite import MODEL, TfliteEmotionReader
from soulsync_edge.adapters.faces_mediapipe import LEAST_SCORE
from soulsync_edge.adapters.faces_mediapipe import MODEL as FACE_MODEL
from soulsync_edge.adapters.model_manifest import checked_model
from soulsync_edge.domain import face_quality
from soulsync_edge.domain.emotion import EMOTIONS, LEAST_CONFIDENCE
from soulsync_edge.domain.events import Obstacle
from soulsync_edge.domain.face_quality import FaceQuality, Scale
from soulsync_edge.services.measuring import measured

WORTH_READING = 2 / 3
"""Share that must be read right: a wrong word costs as much as two right ones are worth."""

RIGHT_WHEN_SURE = 0.93
"""Share of faces that must be read right among those the appliance is not unsure about."""

EVEN = tuple(number / 12 for number in range(13))
"""Where bins begin and end, as shares of the looks from the best on."""

TAIL = (0, 0.5, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 1)
"""The same for poses, which are not made but as found: few are turned far."""

BINS_OF_CONFIDENCE = 15

SCALES: dict[str, Scale] = {
    "width_px": face_quality.WIDTH_PX,
    "sharpness": face_quality.SHARPNESS,
    "highlight": face_quality.HIGHLIGHT,
    "contrast": face_quality.CONTRAST,
    "burnt": face_quality.BURNT,
    "yaw": face_quality.YAW,
    "pitch": face_quality.PITCH,
    "tilt_deg": face_quality.TILT_DEG,
    "outside": face_quality.OUTSIDE,
}


@dataclass(frozen=True, slots=True)
class Read:
    """One look: what was measured of it, and how the classifier did."""

    quality: FaceQuality
    confidence: float
    is_right: bool


@dataclass(frozen=True, slots=True)
class Level:
    """Looks of about the same quality in one respect, from `best` to `worst`."""

    best: float
    worst: float
    n: int
    accuracy: float
    confidence: float


class Bench:
    """Reads looks as the device does."""

    def __init__(self, models: Path) -> None:
        self._reader = TfliteEmotionReader(models)
        self.measuring_s: list[float] = []

    def read(self, look: Look, label: int) -> Read:
        """Return how the look was read."""
        picture, face = look
        began_s = time.perf_counter()
        quality = measured(picture, face)
        self.measuring_s.append(time.perf_counter() - began_s)
        estimate = self._reader.read(crop_face(picture, face))
        return Read(quality, estimate.confidence, EMOTIONS.index(estimate.label) == label)


def levels(name: str, reads: Sequence[Read], ends: Sequence[float] = EVEN) -> list[Level]:
    """Return the reads by the measurement `name`, the best first, in bins that are not empty."""
    scale, value = SCALES[name], attrgetter(f"quality.{name}")
    is_more_better = scale.worst < scale.good
    ordered = sorted(reads, key=lambda read: abs(value(read)), reverse=is_more_better)
    cuts = [round(end * len(ordered)) for end in ends]
    parts = [range(first, last) for first, last in pairwise(cuts) if first < last]
    return [
        Level(
            best=abs(value(ordered[part[0]])),
            worst=abs(value(ordered[part[-1]])),
            n=len(part),
            accuracy=float(np.mean([ordered[at].is_right for at in part])),
            confidence=float(np.mean([ordered[at].confidence for at in part])),
        )
        for part in parts
    ]


def limit_of(made: Sequence[Level]) -> float | None:
    """Return where the first level begins of which fewer than `WORTH_READING` are read right."""
    return next((level.best for level in made if level.accuracy < WORTH_READING), None)


def held_at(made: Sequence[Level], limit: float) -> float:
    """Return which share of the confidence comes true in the level at `limit`, or nearest to it."""

    def distance(level: Level) -> float:
        low, high = sorted((level.best, level.worst))
        return max(low - limit, limit - high, 0.0)

    nearest = min(made, key=distance)
    return nearest.accuracy / nearest.confidence


def gate_of(plain: Sequence[Read], held_at_limit: Mapping[str, float], sha256: str) -> Gate:
    """Return what is recorded: what the threshold of *unsure* does to the pictures as they are."""
    kept = [read.is_right for read in plain if _believed(read) >= LEAST_CONFIDENCE]
    return Gate(
        sha256=sha256,
        least_confidence=LEAST_CONFIDENCE,
        n=len(plain),
        kept=round(len(kept) / len(plain), 5),
        right=round(float(np.mean(kept)), 5) if kept else 0.0,
        held_at_limit={name: round(held, 3) for name, held in held_at_limit.items()},
    )


def calibration_error(confidence: Sequence[float], is_right: Sequence[bool]) -> float:
    """Return how far confidence is from being right, 0 to 1, in bins of equal width."""
    sure, right = np.array(confidence), np.array(is_right, float)
    which = np.minimum((sure * BINS_OF_CONFIDENCE).astype(int), BINS_OF_CONFIDENCE - 1)
    gaps = [abs(float((sure - right)[which == each].sum())) for each in range(BINS_OF_CONFIDENCE)]
    return sum(gaps) / len(sure)


def least_confidence(reads: Sequence[Read], right: float = RIGHT_WHEN_SURE) -> float:
    """Return the lowest confidence such that a share of `right` of all the surer reads are right.

    1 when not even the surest are.
    """
    ordered = sorted(reads, key=_believed, reverse=True)
    share = np.cumsum([read.is_right for read in ordered]) / np.arange(1, len(ordered) + 1)
    good = np.flatnonzero(share >= right)
    return _believed(ordered[good[-1]]) if len(good) else 1.0


def main() -> None:
    """Read good looks and bad ones, and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help=f"folder with {FILE}")
    parser.add_argument("--models", type=Path, default=Path("models"), help="folder of the models")
    parser.add_argument(
        "--every", type=int, default=6, help="spoil one of so many pictures; all are read as is"
    )
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--turned", action="store_true", help="only turned faces: a few minutes")
    only.add_argument("--write", action="store_true", help=f"record in {GATE} beside the model")
    arguments = parser.parse_args()

    rows, bench = load_pictures(arguments.data).choose, Bench(arguments.models)
    some = range(0, len(rows), max(arguments.every, 1))
    _print_models(arguments.models)
    framing = Framing(arguments.models)
    gate = None if arguments.turned else _print_all(bench, framing, rows, some, arguments.models)
    _print_turned(bench, framing, rows, some)
    framing.close()
    each_ms = 1e3 * float(np.median(bench.measuring_s))
    print(f"\nmeasuring a look takes {each_ms:.2f} ms (median of {len(bench.measuring_s)})")
    if gate is not None and arguments.write:
        path = arguments.models / GATE
        path.write_text(gate.model_dump_json(indent=1) + "\n", encoding="utf-8")
        print(f"Recorded in {path}.")


def _print_all(bench: Bench, framing: Framing, rows: Rows, some: range, models: Path) -> Gate:
    """Print the tables of looks that are not turned, and return what may be recorded of them."""
    looks = [(picture, framing.face_in(picture)) for picture in rows.pictures]
    plain = [bench.read(look, label) for look, label in zip(looks, rows.majority, strict=True)]
    _print_plain(plain)
    bad: list[Read] = []
    held: dict[str, float] = {}
    for name, ladder in LADDERS.items():
        made = list(_spoilt(bench, looks, rows, some, ladder))
        held[name] = _print_levels(name, [*(plain[row] for row in some), *made])
        bad += made
    found = [read for read, look in zip(plain, looks, strict=True) if look[1].score > 0]
    for name in ("yaw", "pitch"):
        held[name] = _print_levels(name, found, TAIL)
    ordinary = list(_ordinary(bench, framing, rows, some))
    _print_gate(plain, ordinary, bad)
    _print_risk(plain)
    return gate_of(plain, held, model_file(checked_model(models, MODEL))["sha256"])


def _print_turned(bench: Bench, framing: Framing, rows: Rows, some: range) -> None:
    turned = {
        angle_deg: list(_rolled(bench, framing, rows, some, angle_deg))
        for angle_deg in (0, *ROLLS_DEG)
    }
    _print_levels("tilt_deg", [read for reads in turned.values() for read in reads])
    _print_tilts(turned, len(some))


def _believed(read: Read) -> float:
    return read.confidence * read.quality.score


def _spoilt(
    bench: Bench, looks: Sequence[Look], rows: Rows, some: Iterable[int], ladder: Sequence[Spoil]
) -> Iterator[Read]:
    for row in some:
        random = np.random.default_rng(row)
        for spoil in ladder:
            yield bench.read(spoil(*looks[row], random), int(rows.majority[row]))


def _rolled(
    bench: Bench, framing: Framing, rows: Rows, some: Iterable[int], angle_deg: float
) -> Iterator[Read]:
    """Read turned pictures in which the device would still find a face."""
    for row in some:
        turned = rolled(rows.pictures[row], angle_deg)
        face = framing.face_in(turned)
        if face.score >= LEAST_SCORE:
            yield bench.read((turned, face), int(rows.majority[row]))


def _ordinary(bench: Bench, framing: Framing, rows: Rows, some: Iterable[int]) -> Iterator[Read]:
    """Read what has to get past the gate: the changes of the robustness table, found anew."""
    for row in some:
        for change in CHANGES.values():
            picture = change(rows.pictures[row], row)
            yield bench.read((picture, framing.face_in(picture)), int(rows.majority[row]))


def _print_models(models: Path) -> None:
    """Say which files the tables are of."""
    for name in (MODEL, FACE_MODEL):
        file = model_file(checked_model(models, name))
        print(f"{name}: {file['file']}, SHA-256 {file['sha256'][:12]}...")


def _print_plain(plain: Sequence[Read]) -> None:
    right = np.mean([read.is_right for read in plain])
    print(f"{len(plain)} rows of PublicTest as they are: {right:.1%} read right")


def _print_levels(name: str, reads: Sequence[Read], ends: Sequence[float] = EVEN) -> float:
    """Print the levels, and return which share of the confidence comes true at the limit."""
    made, scale = levels(name, reads, ends), SCALES[name]
    print(f"\n{name:>10}   from      to     n  right  confidence  comes true")
    for level in made:
        held = level.accuracy / level.confidence
        print(
            f"{'':10} {level.best:6.2f}  {level.worst:6.2f}  {level.n:4}  {level.accuracy:5.1%}"
            f"  {level.confidence:10.1%}  {held:10.2f}"
        )
    limit = limit_of(made)
    worth = "everywhere here" if limit is None else f"up to {limit:.2f}"
    print(f"{'':10} two of three are right {worth}; the limit is {scale.limit:g}")
    return held_at(made, scale.limit)


def _print_tilts(tilted: Mapping[int, Sequence[Read]], n: int) -> None:
    print(f"\n{n} pictures, turned")
    print("turned by  found  let by  right: found  let by  held back of those found")
    for angle_deg, reads in tilted.items():
        kept = [read.is_right for read in reads if read.quality.obstacle() is None]
        right = f"{np.mean([read.is_right for read in reads]):6.1%}" if reads else f"{'-':>6}"
        right_kept = f"{np.mean(kept):6.1%}" if kept else f"{'-':>6}"
        print(
            f"{angle_deg:5} deg  {len(reads) / n:5.1%}  {len(kept) / n:6.1%}  {right:>12}  "
            f"{right_kept}  {_reasons(reads)}"
        )


def _print_gate(plain: Sequence[Read], ordinary: Sequence[Read], bad: Sequence[Read]) -> None:
    print("\nthe gate       n  let by  right: let by  held back   calibration error: p  p x score")
    for name, reads in (("plain", plain), ("ordinary", ordinary), ("spoilt", bad)):
        kept = [read for read in reads if read.quality.obstacle() is None]
        lost = [read for read in reads if read.quality.obstacle() is not None]
        right = [read.is_right for read in kept]
        p = calibration_error([read.confidence for read in kept], right)
        believed = calibration_error([_believed(read) for read in kept], right)
        held_back = f"{np.mean([read.is_right for read in lost]):9.1%}" if lost else f"{'-':>9}"
        print(
            f"{name:9} {len(reads):6}  {len(kept) / len(reads):6.1%}  {np.mean(right):13.1%}"
            f"  {held_back}  {p:21.3f}  {believed:9.3f}"
        )
    print(f"held back of plain: {_reasons(plain)}")


def _reasons(reads: Sequence[Read]) -> str:
    reasons: Counter[Obstacle] = Counter(
        obstacle for read in reads if (obstacle := read.quality.obstacle()) is not None
    )
    return ", ".join(f"{why} {n}" for why, n in reasons.most_common()) or "none"


def _print_risk(plain: Sequence[Read]) -> None:
    print("\nconfidence at least  kept  read right")
    for least in np.arange(0.3, 0.96, 0.05):
        kept = [read.is_right for read in plain if _believed(read) >= least]
        if kept:
            print(f"{least:19.2f}  {len(kept) / len(plain):4.0%}  {np.mean(kept):10.1%}")
    least = least_confidence(plain)
    share = np.mean([_believed(read) >= least for read in plain])
    print(
        f"{RIGHT_WHEN_SURE:.0%} of those kept are right from {least:.3f} on, which keeps "
        f"{share:.1%}; LEAST_CONFIDENCE is {LEAST_CONFIDENCE:g}"
    )


if __name__ == "__main__":
    main()
