"""Print what a resting-face baseline would do: would it lower "always sad", and at what price.

    python -m models.recipes.emotion.resting --data FOLDER --work FOLDER [--same-people] [--write]

Twenty seconds of somebody's neutral face would say how it reads against the usual neutral face,
and every later look would be shifted by `strength` times that offset the other way. Three parts
say what this does to people whose neutral face reads as sad or angry, and to those whose does not.

- **PublicTest.** It names nobody, so a person is made up: a picture whose majority is neutral is
  their resting face; half of its varied views are the twenty seconds, the other half the neutral
  looks to judge. Their expressions are other people's truly sad, angry, happy ... pictures, whose
  log shares are moved by `carried` times the person's offset. How much of an offset carries over
  from a resting face to an expression is not known from such pictures: this is an assumption.
- **The actor.** The resting face is the neutral one morphed part of the way to sad or angry, the
  expressions the rest of the way; through the finder, crop and reader of the device.
- **The same people in other pictures.** `muxspace_train.npz` has several pictures of one person.
  One neutral picture is the resting face; the person's other pictures are judged, so nothing is
  assumed. Only with `--same-people`: a model that was trained on these pictures, as `train.py` now
  does, must not be judged on them.

The setting is chosen on PublicTest under the assumption that favours a baseline most: all of the
offset carries over.
"""

import argparse
from hashlib import sha256
from pathlib import Path

import numpy as np

from models.recipes.emotion.faces import load_faces
from models.recipes.emotion.pictures import MORE_FILE, Rows, load_pictures
from models.recipes.emotion.resting_people import (
    JUDGED_VIEWS,
    LEARNING_VIEWS,
    actor_people,
    made_up_people,
    read_logs,
    same_people,
    usual_neutral,
    views,
)
from models.recipes.emotion.resting_report import (
    LEANS_FROM,
    PLAIN_BELOW,
    actor_report,
    carried_report,
    report,
)
from models.recipes.emotion.resting_trials import Floats, Looks, leaning_of, resting_logs
from models.recipes.manifest import MODELS
from soulsync_edge.adapters.crop_opencv import crop_face
from soulsync_edge.adapters.emotion_tflite import MODEL, TfliteEmotionReader
from soulsync_edge.adapters.model_manifest import checked_model
from soulsync_edge.domain.emotion import EMOTIONS, Emotion
from soulsync_edge.domain.face import Face

RECORD = Path("models/resting_face.md")

CARRIED = (0.0, 0.25, 0.5, 1.0)
"""How much of a resting face's offset its expressions are taken to have."""

_THE_ACTOR = "the actor"

_HEAD = """\
# What a resting-face baseline would do

Written by `python -m models.recipes.emotion.resting --data FOLDER --work FOLDER{flag} --write`,
whose docstring says how the people are made and what is assumed.
`docs/adr/0012-no-resting-face.md` says what follows. The model: SHA-256 {sha256}.

Shares of looks in %, without → with the baseline, and the change in points with its 95 % interval.
Cap: no share is changed by more than `exp(cap)` before they sum to 1. The bar: at most half of the
neutral looks at leaning people are still said to be sad or angry, and truly sad and truly angry
looks each lose three points of recall at most.
"""

_NEUTRAL = EMOTIONS.index(Emotion.NEUTRAL)


def of_public_test(
    reader: TfliteEmotionReader, rows: Rows, faces: list[Face]
) -> tuple[dict[str, Looks], Floats, str]:
    """Return looks at made-up people by what they carry over, the usual neutral face, a summary."""
    random = np.random.default_rng(1)
    seen = np.flatnonzero(rows.majority == _NEUTRAL)
    number = LEARNING_VIEWS + JUDGED_VIEWS
    neutral = np.array(
        [views(reader, rows.pictures[n], faces[rows.index[n]], number, random) for n in seen]
    )
    usual = usual_neutral(neutral)
    other = np.flatnonzero(rows.majority != _NEUTRAL)
    expressions = read_logs(
        reader, (crop_face(rows.pictures[n], faces[rows.index[n]]) for n in other)
    )
    # All others would only cost memory: as many plain people as leaning ones.
    leaning = leaning_of(resting_logs(neutral[:, :LEARNING_VIEWS]))
    leans, plain = np.flatnonzero(leaning >= LEANS_FROM), np.flatnonzero(leaning < PLAIN_BELOW)
    some = np.sort(np.concatenate([leans, random.permutation(plain)[: len(leans)]]))
    parts = {
        f"PublicTest, {100 * kept:.0f} % carried": made_up_people(
            neutral[some], expressions, rows.majority[other], usual, kept
        )
        for kept in CARRIED
    }
    return parts, usual, f"Of {len(neutral)} neutral pictures of PublicTest {len(leans)} lean."


def main() -> None:
    """Make the people, shift them, and print or write what it does."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with the pictures")
    parser.add_argument("--work", type=Path, required=True, help="folder with faces.npz")
    parser.add_argument("--models", type=Path, default=MODELS, help="folder of the models")
    parser.add_argument(
        "--same-people",
        action="store_true",
        help=f"judge on {MORE_FILE} too: only for a model that was not trained on it",
    )
    parser.add_argument("--write", action="store_true", help=f"write the tables to {RECORD}")
    arguments = parser.parse_args()

    reader = TfliteEmotionReader(arguments.models)
    faces = load_faces(arguments.work)
    parts, usual, summary = of_public_test(reader, load_pictures(arguments.data).choose, faces)
    chosen_on = list(parts)[-1]
    parts[_THE_ACTOR] = actor_people(arguments.models, usual)
    same = same_people(arguments.data, faces, reader, usual) if arguments.same_people else None
    if same is not None:
        parts["the same people"] = same

    reads = (f"{one} {100 * share:.2f}" for one, share in zip(EMOTIONS, np.exp(usual), strict=True))
    lines = [
        _HEAD.format(
            flag=" --same-people" if arguments.same_people else "",
            sha256=sha256(checked_model(arguments.models, MODEL).content).hexdigest(),
        ),
        summary,
        f"The usual one reads: {', '.join(reads)} %.",
        "",
        *report(parts, chosen_on),
        "",
        "## How the actor's resting faces read",
        "",
        *actor_report(parts[_THE_ACTOR]),
    ]
    if same is not None:
        lines += ["", "## What carries over to other pictures of the same people", ""]
        lines += [*carried_report(same)]
    text = "\n".join(lines) + "\n"
    print(text, end="")
    if arguments.write:
        RECORD.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
