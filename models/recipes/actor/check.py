"""Print what the device's own eye makes of the demo actor: found, at what score, read as what.

    python -m models.recipes.actor.check [--pictures FOLDER] [--write]

Plays every emotion for eight seconds, moving and under changing light, four pictures a second.
With --write the table goes into `models/actor.md` too. Needs no `train` extra.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from models.recipes.manifest import MODELS
from soulsync_edge.adapters.camera_actor import ActorCamera, Scene
from soulsync_edge.adapters.crop_opencv import crop_face
from soulsync_edge.adapters.emotion_tflite import MODEL, TfliteEmotionReader
from soulsync_edge.adapters.faces_mediapipe import MediapipeFaceFinder
from soulsync_edge.adapters.model_manifest import manifest_entry
from soulsync_edge.domain.emotion import EMOTIONS, Emotion, EmotionEstimate

CARD = MODELS / "actor.md"
BEGIN = "<!-- begin, written by `python -m models.recipes.actor.check --write` -->"
END = "<!-- end -->"

_SECONDS, _PICTURES_HZ = 8, 4


@dataclass(frozen=True, slots=True)
class Played:
    """What the device made of one emotion, played for a while.

    Attributes:
        label: What was played.
        pictures: How many were looked at.
        scores: Of the faces found, one per picture at most, 0 to 1.
        estimates: What each of them was read as.
    """

    label: Emotion
    pictures: int
    scores: tuple[float, ...]
    estimates: tuple[EmotionEstimate, ...]

    @property
    def mean_shares(self) -> tuple[float, ...]:
        """The mean share of each class, in the order of `EMOTIONS`; 0 where no face was found."""
        if not self.estimates:
            return (0.0,) * len(EMOTIONS)
        return tuple(np.mean([one.probabilities for one in self.estimates], axis=0).tolist())

    @property
    def is_told(self) -> bool:
        """Whether a face was found in every picture and reads, in the mean, as what it plays."""
        shares = self.mean_shares
        is_found = len(self.scores) == self.pictures > 0
        return is_found and EMOTIONS[shares.index(max(shares))] is self.label

    def __str__(self) -> str:
        if not self.scores:
            return f"{self.label:9} 0 of {self.pictures}"
        is_right = [one.label is self.label for one in self.estimates]
        return (
            f"{self.label:9} {len(self.scores) / self.pictures:5.0%} {min(self.scores):.2f} "
            f"{np.mean(self.scores):.2f} {np.mean(is_right):6.0%}  "
            + " ".join(f"{100 * share:8.0f}" for share in self.mean_shares)
        )


def played(
    finder: MediapipeFaceFinder, reader: TfliteEmotionReader, pictures_hz: int = _PICTURES_HZ
) -> Iterator[Played]:
    """Yield what the device makes of each emotion."""
    pictures = _SECONDS * pictures_hz
    for label in EMOTIONS:
        actor = ActorCamera(MODELS, (Scene(0, label),), clock=lambda: 0.0)
        scores, estimates = [], []
        for step in range(pictures):
            pixels = actor.pixels_at(step / pictures_hz)
            for face in finder.find(pixels)[:1]:
                scores.append(face.score)
                estimates.append(reader.read(crop_face(pixels, face)))
        yield Played(label, pictures, tuple(scores), tuple(estimates))


def measured_with(models: Path) -> str:
    """Return in one line which classifier the table is of."""
    return f"Measured with {MODEL} model SHA-256 {manifest_entry(models, MODEL).sha256[:16]}."


def main() -> None:
    """Play, look, and print one line per emotion."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pictures", type=Path, help="folder to put one picture of each into")
    parser.add_argument("--write", action="store_true", help=f"write the table into {CARD.name}")
    arguments = parser.parse_args()

    lines = [
        measured_with(MODELS),
        "",
        f"{'':9} found    score  right  read as, mean share in %",
        f"{'':9}       least mean        " + " ".join(f"{label:>8}" for label in EMOTIONS),
    ]
    print("\n".join(lines))
    for one in played(MediapipeFaceFinder(MODELS), TfliteEmotionReader(MODELS)):
        print(one)
        lines.append(str(one))
        if arguments.pictures:
            _keep_picture(arguments.pictures, one.label)
    if arguments.write:
        _write(lines)


def _keep_picture(folder: Path, label: Emotion) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    pixels = ActorCamera(MODELS, (Scene(0, label),), clock=lambda: 0.0).pixels_at(1.0)
    cv2.imwrite(str(folder / f"{label}.png"), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))


def _write(lines: list[str]) -> None:
    """Put the table between the markers of the card: the first line as text, the rest as it is."""
    before, begin, rest = CARD.read_text("utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"{CARD} has lost its markers; put them back:\n{BEGIN}\n{END}")
    table = "\n".join(f"    {line}" for line in lines[2:])
    CARD.write_text(f"{before}{BEGIN}\n\n{lines[0]}\n\n{table}\n\n{END}{after}", "utf-8")


if __name__ == "__main__":
    main()
