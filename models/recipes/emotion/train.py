"""Train the emotion classifier.

    python -m models.recipes.emotion.train --data FOLDER --work FOLDER

Run `models.recipes.emotion.frame` first. A night on two cores without `--bfloat16`; `--quick` takes
minutes and only shows that everything works. Stopped and started again with the same options it
goes on after the last full epoch; with others it refuses. The weights kept are the running average
over the steps, at the last epoch.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from models.recipes.emotion.checkpoint import (
    CHECKPOINT,
    load_checkpoint,
    save_checkpoint,
    trained_network,
)
from models.recipes.emotion.faces import load_faces, plain_crops
from models.recipes.emotion.network import logits_of
from models.recipes.emotion.pictures import Pictures, load_pictures
from models.recipes.emotion.training import STUDENT, Recipe, Training
from soulsync_edge.domain.emotion import EMOTIONS
from soulsync_edge.domain.face import Face

QUICK_EPOCHS, QUICK_ROWS = 2, 2560


def check_trainable(pictures: Pictures, faces: list[Face], recipe: Recipe) -> None:
    """Refuse pictures that nothing could be learnt from or chosen by.

    Raises:
        SystemExit: They are too few, lack a class, or are not those the faces were found in.
    """
    train = pictures.train
    absent = [str(EMOTIONS[n]) for n in np.flatnonzero(~train.shares.any(axis=0))]
    if absent:
        raise SystemExit(
            f"no picture to train on shows {', '.join(absent)}: each of the eight classes needs "
            "some"
        )
    if (recipe.rows or len(train)) < recipe.batch:
        raise SystemExit(
            f"{len(train)} pictures to train on are less than one batch of {recipe.batch}"
        )
    if not len(pictures.choose):
        raise SystemExit("no picture of PublicTest has a majority: there is nothing to choose by")
    last = max(int(rows.index.max()) for rows in (train, pictures.searched_choose))
    if last >= len(faces):
        raise SystemExit(
            f"faces were found in {len(faces)} pictures and there are more now: run "
            "models.recipes.emotion.frame again"
        )


def resume(training: Training, work: Path) -> None:
    """Let `training` go on from the checkpoint in `work`, if one is there.

    Raises:
        SystemExit: It is damaged, or was begun with something else.
    """
    checkpoint = work / CHECKPOINT
    if not checkpoint.is_file():
        return
    try:
        training.load(load_checkpoint(work))
    except ValueError as error:
        raise SystemExit(
            f"{checkpoint} {error}. Go on with the same, or begin anew: name another --work, or "
            "remove this file."
        ) from error


def train(training: Training, pictures: Pictures, work: Path) -> None:
    """Train to the end, printing after every epoch how it does on the choosing part."""
    words = pictures.searched_choose
    crops = plain_crops(words, training.faces)
    has_majority = np.isin(words.index, pictures.choose.index)
    while training.epoch < training.recipe.epochs:
        began_s = time.monotonic()
        loss = training.run_epoch()
        save_checkpoint(training.state(), work)
        seen, searched = logits_of(training.average, crops)
        is_right = seen[has_majority].argmax(axis=1) == pictures.choose.majority
        is_word = searched.argmax(axis=1) == words.searched
        print(
            f"epoch {training.epoch}: loss {loss:.4f}, on PublicTest FER+ {is_right.mean():.4f}, "
            f"FER2013 {is_word.mean():.4f}, "
            f"{time.monotonic() - began_s:.0f} s",
            flush=True,
        )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with the pictures")
    parser.add_argument("--work", type=Path, required=True, help="folder with faces.npz")
    parser.add_argument(
        "--teacher",
        type=Path,
        action="append",
        default=[],
        help="work folder of an earlier run to learn from as well; may be given several times",
    )
    parser.add_argument(
        "--epochs", type=int, help=f"default {Recipe().epochs}, with a teacher {STUDENT.epochs}"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="minutes instead of a night")
    parser.add_argument("--bfloat16", action="store_true", help="twice as fast where the CPU can")
    return parser.parse_args()


def _recipe(arguments: argparse.Namespace) -> Recipe:
    recipe = replace(STUDENT if arguments.teacher else Recipe(), bfloat16=arguments.bfloat16)
    if arguments.quick:
        recipe = replace(recipe, epochs=QUICK_EPOCHS, rows=QUICK_ROWS)
    return recipe if arguments.epochs is None else replace(recipe, epochs=arguments.epochs)


def main() -> None:
    """Train, from where an earlier run with the same options stopped."""
    arguments = _arguments()
    recipe = _recipe(arguments)
    torch.use_deterministic_algorithms(mode=True)
    pictures, faces = load_pictures(arguments.data), load_faces(arguments.work)
    check_trainable(pictures, faces, recipe)
    teachers = [trained_network(folder) for folder in arguments.teacher]
    training = Training(recipe, arguments.seed, pictures.train, faces, teachers)
    resume(training, arguments.work)
    print(f"{len(pictures.train)} rows to train on, seed {arguments.seed}", flush=True)
    train(training, pictures, arguments.work)


if __name__ == "__main__":
    main()
