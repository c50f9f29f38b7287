"""Print how good the shipped emotion model is on your pictures, through the device's own code.

    .venv/bin/python -m models.recipes.emotion.evaluate --data FILE.npz [--json] [--gate]

FILE.npz holds the pictures, of any size: `images` (N, H, W) grey or (N, H, W, 3) RGB, or `jpeg`
(all files one after another, uint8) with `offset` (N + 1: where each begins and the last ends);
`label` (N,), counting into `label_names`: words for any of neutral, happy, surprise, sad, angry,
disgust, fear, contempt. With fewer than eight names the answer is looked for among those only.

The face is looked for in each picture; where none is found, the picture is taken as cut to the
face. With --gate, faces that the device would not read (too dark, too far ...) are left out of the
figures and counted by reason. Shares are fractions; the calibration error is over 15 bins; `unsure`
is how many faces would leave the device unsure, were every look a good one: it believes a poor look
less, which is not counted here.
"""

import argparse
import json
import os
import sys
from pathlib import Path

import cv2

from models.recipes.emotion.evaluation import Gate, read_pictures, report
from models.recipes.emotion.examples import ExamplesError, Picture, read_examples
from models.recipes.emotion.framing import Framing, as_rgb
from models.recipes.emotion.manifest import MODELS
from models.recipes.emotion.tables import report_lines
from soulsync_edge.adapters.emotion_tflite import TfliteEmotionReader
from soulsync_edge.domain.face import Face
from soulsync_edge.errors import ModelError
from soulsync_edge.programs.native_chatter import hushed
from soulsync_edge.services.perception import obstacle_of
from soulsync_edge.settings import CameraSettings


def _gate(least_face_px: int) -> Gate:
    def reason(picture: Picture, face: Face) -> str | None:
        obstacle = obstacle_of(as_rgb(picture), face, least_face_px)
        return None if obstacle is None else str(obstacle)

    return reason


def main() -> None:
    """Read the pictures and print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="npz with pictures and labels")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    parser.add_argument(
        "--gate", action="store_true", help="leave out what the device would not read"
    )
    parser.add_argument("--models", type=Path, default=MODELS, help="folder of the models")
    arguments = parser.parse_args()

    cv2.setNumThreads(1)
    try:
        examples = read_examples(arguments.data)
        if examples.note:
            print(f"{arguments.data}: {examples.note}", file=sys.stderr)
        with hushed():
            framing = Framing(arguments.models)
            reader = TfliteEmotionReader(arguments.models)
    except (ExamplesError, ModelError) as error:
        raise SystemExit(str(error)) from error
    readings = read_pictures(
        examples.pictures,
        framing.face_in,
        lambda crop: reader.read(crop).probabilities,
        _gate(CameraSettings().least_face_px) if arguments.gate else None,
    )
    framing.close()
    figures = report(readings, examples.labels, examples.emotions)
    if arguments.gate:
        figures["abstained"] = readings.abstained
    if not figures["faces_found"]:
        print(
            f"{arguments.data}: no face was found in any picture, so each was taken as cut to the "
            "face. Are these pictures of faces, and the right way up?",
            file=sys.stderr,
        )
    _tell(json.dumps(figures) if arguments.json else "\n".join(report_lines(figures)))


def _tell(text: str) -> None:
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # Whoever read our lines has enough; without this Python complains when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
