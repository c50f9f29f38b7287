"""Print how good the shipped emotion model is on your pictures, through the device's own code.

    .venv/bin/python -m models.recipes.emotion.evaluate --data FILE.npz [--json] [--gate]

FILE.npz holds the pictures, of any size: `images` (N, H, W) grey or (N, H, W, 3) RGB, or `jpeg`
(all files one after another, uint8) with `offset` (N + 1: where each begins and the last ends);
`label` (N,), counting into `label_names`: words for any of neutral, happy, surprise, sad, angry,
disgust, fear, contempt. With fewer than eight names the answer is looked for among those only.

The face is looked for in each picture; where none is found, the picture is taken as cut to the
face. With --gate, faces that the device would not read (too dark, too far ...) are left out of the
figures and counted by reason, and a poor look is believed less, as on the device; without it, every
look is taken for a good one. Shares are fractions; the calibration error is over 15 bins; `unsure`
is how many of the faces that are read would leave the device unsure. The JSON always has the same
keys: null stands where nothing can be told, and for `abstained` without --gate.
"""

import argparse
import json
import os
import sys
from pathlib import Path

import cv2

from models.recipes.emotion.evaluation import (
    as_the_device,
    look_at_pictures,
    read_pictures,
    report,
)
from models.recipes.emotion.examples import ExamplesError, read_examples
from models.recipes.emotion.framing import Framing
from models.recipes.emotion.tables import report_lines
from models.recipes.manifest import MODELS
from soulsync_edge.adapters.emotion_tflite import TfliteEmotionReader
from soulsync_edge.errors import ModelError
from soulsync_edge.programs.native_chatter import hushed
from soulsync_edge.settings import CameraSettings


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
    if arguments.gate:
        look = as_the_device(reader, CameraSettings().least_face_px)
        readings = look_at_pictures(examples.pictures, framing.face_in, look)
    else:
        readings = read_pictures(
            examples.pictures, framing.face_in, lambda crop: reader.read(crop).probabilities
        )
    framing.close()
    figures = report(readings, examples.labels, examples.emotions)
    figures["abstained"] = readings.abstained if arguments.gate else None
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
