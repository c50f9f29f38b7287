"""Measure an emotion model on FER's test part and record it, or print what is recorded.

    make evaluate-emotion [DATA=folder] [PART=choose]
    .venv/bin/python -m models.recipes.emotion.record [--data FOLDER] [--part choose] [--models DIR]

With a data folder: reads every picture with the model through the device's own code, prints the
tables, and writes them to `emotion.json` beside that model. `--part choose` does so on the part
that settings are chosen by (PublicTest) and writes nothing; look at the test part once per release.
Without: prints the tables of `emotion.json`, if they are of the very model file that lies there.

The model is the one in the folder `--models`, by default the shipped one in `models`. Its figures
are written there and nowhere else.
"""

import argparse
import json
import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from models.recipes.emotion.figures import FIGURES, Figures, measuring_anew, read_figures
from models.recipes.emotion.pictures import FILE, Rows, load_pictures
from models.recipes.emotion.survey import Survey, model_file
from models.recipes.emotion.tables import figures_lines
from models.recipes.manifest import MODELS
from soulsync_edge.adapters.emotion_tflite import MODEL
from soulsync_edge.adapters.model_manifest import checked_model
from soulsync_edge.errors import ModelError

_QUICK_ROWS = 200


def measured(data: Path, models: Path, part: str, *, is_quick: bool) -> dict[str, Any]:
    """Return the figures of the model in `models` on one part of the pictures in `data`.

    Raises:
        ModelError: The model or the face detector is missing or damaged.
        SystemExit: The pictures are missing, or the part has none to judge by.
    """
    pictures = load_pictures(data)
    ferplus, fer2013 = (
        (pictures.test, pictures.searched_test)
        if part == "test"
        else (pictures.choose, pictures.searched_choose)
    )
    if not len(ferplus):
        raise SystemExit(f"{data / FILE}: the part `{part}` has no row with a majority.")
    if is_quick:
        ferplus = _first(ferplus, ferplus.index[:_QUICK_ROWS][-1])
        fer2013 = _first(fer2013, ferplus.index[-1])
    survey = Survey(models)
    try:
        return survey.figures(ferplus, fer2013)
    finally:
        survey.close()


def _first(rows: Rows, last: int) -> Rows:
    """Return `rows` up to the row numbered `last`."""
    kept = int(np.searchsorted(rows.index, last, side="right"))
    return Rows(rows.index[:kept], rows.pictures[:kept], rows.shares[:kept], rows.searched[:kept])


def recorded(models: Path) -> dict[str, Any]:
    """Return the recorded figures of the very model file in `models`.

    Raises:
        ModelError: The model is missing or damaged.
        SystemExit: There are none, or they are of another file.
    """
    figures = read_figures(models)
    present = model_file(checked_model(models, MODEL))
    if figures.model.sha256 != present["sha256"]:
        raise SystemExit(
            f"{models / FIGURES} records figures of another model file (SHA-256 "
            f"{figures.model.sha256[:12]}...) than the {present['file']} that lies beside it "
            f"({present['sha256'][:12]}...). Measure anew: {measuring_anew(models)}"
        )
    return figures.model_dump(by_alias=True)


def written(figures: dict[str, Any]) -> str:
    """Return `figures` as JSON, each list of numbers on one line."""
    text = json.dumps(figures, indent=1)
    numbers = re.compile(r"\[\s+([-\d.,\s]+?)\s+\]")
    return numbers.sub(lambda found: f"[{' '.join(found[1].split())}]", text) + "\n"


def main() -> None:
    """Measure and record, or print the record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder with the pictures; to measure anew")
    parser.add_argument("--part", choices=["choose", "test"], default="test")
    parser.add_argument(
        "--quick", action="store_true", help=f"{_QUICK_ROWS} pictures only; nothing is written"
    )
    parser.add_argument(
        "--models",
        type=Path,
        default=MODELS,
        help="folder with the model to measure and its figures (default: models)",
    )
    arguments = parser.parse_args()
    anew = measuring_anew(arguments.models)
    if arguments.data is None and (arguments.quick or arguments.part != "test"):
        parser.error(f"only the test part is recorded; name the pictures: {anew}")

    cv2.setNumThreads(1)
    try:
        if arguments.data is None:
            print("\n".join(figures_lines(recorded(arguments.models))))
            print(f"\nThese figures are recorded, of this very model file. Measure anew: {anew}")
            return
        figures = measured(
            arguments.data, arguments.models, arguments.part, is_quick=arguments.quick
        )
    except ModelError as error:
        raise SystemExit(str(error)) from error
    print("\n".join(figures_lines(figures)))
    if arguments.part == "choose" or arguments.quick:
        print("\nNot the test part in full: nothing was recorded.")
        return
    path = arguments.models / FIGURES
    Figures.model_validate(figures)
    path.write_text(written(figures), encoding="utf-8")
    print(f"\nRecorded in {path}.")


if __name__ == "__main__":
    main()
