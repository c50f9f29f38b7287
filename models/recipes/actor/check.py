"""Print what the device's own eye makes of the demo actor: found, at what score, read as what.

    python -m models.recipes.actor.check [--pictures FOLDER]

Plays every emotion for eight seconds, moving and under changing light, four pictures a second.
Needs no `train` extra.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np

from models.recipes.emotion.manifest import MODELS
from soulsync_edge.adapters.camera_actor import ActorCamera, Scene
from soulsync_edge.adapters.crop_opencv import crop_face
from soulsync_edge.adapters.emotion_tflite import TfliteEmotionReader
from soulsync_edge.adapters.faces_mediapipe import MediapipeFaceFinder
from soulsync_edge.domain.emotion import EMOTIONS

_SECONDS, _PICTURES_HZ = 8, 4


def main() -> None:
    """Play, look, and print one line per emotion."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pictures", type=Path, help="folder to put one picture of each into")
    arguments = parser.parse_args()

    finder, reader = MediapipeFaceFinder(MODELS), TfliteEmotionReader(MODELS)
    print(f"{'':9} found    score  right  read as, mean share in %")
    print(f"{'':9}       least mean        " + " ".join(f"{label:>8}" for label in EMOTIONS))
    for label in EMOTIONS:
        actor = ActorCamera(MODELS, (Scene(0, label),), clock=lambda: 0.0)
        scores, estimates = [], []
        for step in range(_SECONDS * _PICTURES_HZ):
            pixels = actor.pixels_at(step / _PICTURES_HZ)
            for face in finder.find(pixels)[:1]:
                scores.append(face.score)
                estimates.append(reader.read(crop_face(pixels, face)))
        if arguments.pictures:
            arguments.pictures.mkdir(parents=True, exist_ok=True)
            picture = cv2.cvtColor(actor.pixels_at(1.0), cv2.COLOR_RGB2BGR)
            cv2.imwrite(str(arguments.pictures / f"{label}.png"), picture)
        if not scores:
            print(f"{label:9} 0 of {_SECONDS * _PICTURES_HZ}")
            continue
        is_right = [estimate.label == label for estimate in estimates]
        shares = 100 * np.mean([estimate.probabilities for estimate in estimates], axis=0)
        print(
            f"{label:9} {len(scores) / (_SECONDS * _PICTURES_HZ):5.0%} {min(scores):.2f} "
            f"{np.mean(scores):.2f} {np.mean(is_right):6.0%}  "
            + " ".join(f"{share:8.0f}" for share in shares)
        )


if __name__ == "__main__":
    main()
