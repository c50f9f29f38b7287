"""Trains two epochs twice, the second time broken off in between; says whether the ends agree.

    .venv-train/bin/python -m tests.resumed_training DATA

A program of its own, because torch is not installed where the tests run.
"""

import io
import sys
from pathlib import Path

import torch

from models.recipes.emotion.faces import CANONICAL
from models.recipes.emotion.pictures import load_pictures
from models.recipes.emotion.training import Recipe, Training, recipe_of


def main() -> None:
    """Print the epochs that were trained, and whether every weight is the same."""
    torch.use_deterministic_algorithms(mode=True)
    torch.set_num_threads(1)  # on a busy machine two would only wait for each other
    rows = load_pictures(Path(sys.argv[1])).train
    faces = [CANONICAL] * (int(rows.index.max()) + 1)

    def begun() -> Training:
        return Training(Recipe(epochs=2, batch=8, rows=32), 1, rows, faces)

    unbroken, broken_off, resumed = begun(), begun(), begun()
    for training in (unbroken, unbroken, broken_off):
        training.run_epoch()
    saved = io.BytesIO()
    torch.save(broken_off.state(), saved)
    saved.seek(0)
    resumed.load(torch.load(saved, weights_only=True))
    resumed.run_epoch()

    ends = [training.average.state_dict() for training in (unbroken, resumed, broken_off)]
    same, early = (
        all(torch.equal(ends[0][name], end[name]) for name in ends[0]) for end in ends[1:]
    )
    epochs = f"{unbroken.epoch} {resumed.epoch}"
    recipe = recipe_of(resumed.state()["begun_with"]) == resumed.recipe
    sys.stdout.write(
        f"epochs {epochs}, same {same}, already after one {early}, recipe kept {recipe}\n"
    )


if __name__ == "__main__":
    main()
