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
from collections.abc import Iterable, Iterator
from dataclasses import replace
from hashlib import sha256
from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.recipes.emotion.augment import varied_crop
from models.recipes.emotion.faces import load_faces
from models.recipes.emotion.manifest import MODELS
from models.recipes.emotion.pictures import FILE, MORE_FILE, all_pictures, load_pictures
from models.recipes.emotion.resting_trials import (
    Change,
    Effect,
    Floats,
    Looks,
    Setting,
    Whole,
    carried,
    effect_of,
    leaning_of,
    logs_of,
    resting_logs,
)
from soulsync_edge.adapters.actor_stage import Faces, Mix, Stage
from soulsync_edge.adapters.actor_stage import load_faces as load_actor
from soulsync_edge.adapters.crop_opencv import crop_face
from soulsync_edge.adapters.emotion_tflite import MODEL, TfliteEmotionReader
from soulsync_edge.adapters.faces_mediapipe import MediapipeFaceFinder
from soulsync_edge.adapters.model_manifest import checked_model
from soulsync_edge.domain.emotion import EMOTIONS, Emotion
from soulsync_edge.domain.face import Face

RECORD = Path("models/resting_face.md")

LEANS_FROM = 0.25
"""Share of sad and angry from which a resting face leans."""

PLAIN_BELOW = 0.10
"""Share of sad and angry below which it plainly does not."""

MOST_LOSS = 0.03
"""Recall that sad and angry looks may lose each: three points."""

CARRIED = (0.0, 0.25, 0.5, 1.0)
"""How much of a resting face's offset its expressions are taken to have."""

STRENGTHS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1.0)
CAPS = (0.5, 1.0, 2.0)
SETTINGS = tuple(
    Setting(strength, most, only_lowers)
    for only_lowers, most, strength in product((False, True), CAPS, STRENGTHS)
)

_LEARNING_VIEWS = 24
_JUDGED_VIEWS = 24
_MOST_RESTING = 4
"""Neutral pictures of one person that are taken as resting face in turn."""

_MOST_JUDGED = 8
"""Pictures of one person and kind that are judged: a few people have hundreds."""

# The actor: 20 s at the usual four looks a second, then ten seconds neutral and two of each
# expression, 20 s apart so that pose and light are others.
_RATE_HZ = 4.0
_LEARNING_S, _JUDGED_S, _EXPRESSION_S, _BREAK_S = 20.0, 10.0, 2.0, 20.0
_ACTOR_SEEDS = (1, 2, 3)
_MORPHED = (0.15, 0.3, 0.45, 0.6, 0.75)
_WAYS = ((Emotion.NEUTRAL, 0.0), *product((Emotion.SAD, Emotion.ANGRY), _MORPHED))
"""Resting faces; past half of the way hardly one."""

_DEPTHS = (0.5, 0.75, 1.0)
_PLAYED = (Emotion.SAD, Emotion.ANGRY, Emotion.HAPPY, Emotion.SURPRISE, Emotion.FEAR)

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


def read_logs(reader: TfliteEmotionReader, crops: Iterable[npt.NDArray[np.uint8]]) -> Floats:
    """Return the log shares of every crop, `(N, 8)`."""
    return logs_of([reader.read(crop).probabilities for crop in crops])


def views(
    reader: TfliteEmotionReader,
    picture: npt.NDArray[np.uint8],
    face: Face,
    number: int,
    random: np.random.Generator,
) -> Floats:
    """Return the log shares of `number` varied views of a picture, `(number, 8)`."""
    return read_logs(reader, (varied_crop(picture, face, random) for _ in range(number)))


def usual_neutral(neutral: Floats) -> Floats:
    """Return what a neutral face usually reads like, from views `(P, V, 8)`: log shares `(8,)`."""
    return resting_logs(resting_logs(neutral))


def made_up_people(
    neutral: Floats, expressions: Floats, truth: Whole, usual: Floats, kept: float
) -> Looks:
    """Return the looks at people made up from neutral pictures.

    Args:
        neutral: Views of one neutral picture per person, `(P, V, 8)` log shares.
        expressions: Other people's pictures, `(Q, 8)` log shares.
        truth: What those show, `(Q,)`; not neutral.
        usual: What a neutral face usually reads like, `(8,)` log shares.
        kept: How much of their offset people are taken to keep in an expression.
    """
    resting = resting_logs(neutral[:, :_LEARNING_VIEWS])
    offset, judged = resting - usual, neutral[:, _LEARNING_VIEWS:]
    people, shown = np.arange(len(neutral)), np.arange(len(expressions))
    looks = judged.shape[1]
    at_rest = Looks(
        judged.reshape(-1, len(EMOTIONS)),
        np.full(len(people) * looks, _NEUTRAL),
        np.repeat(people, looks),
        np.zeros(len(people) * looks, np.int64),
        offset,
        leaning_of(resting),
        people,
    )
    moved = expressions[None] + kept * offset[:, None]
    return at_rest + replace(
        at_rest,
        logs=moved.reshape(-1, len(EMOTIONS)),
        truth=np.tile(truth, len(people)),
        face=np.repeat(people, len(shown)),
        picture=np.tile(shown, len(people)),
    )


def actor_people(
    models: Path,
    usual: Floats,
    ways: Iterable[tuple[Emotion, float]] = _WAYS,
    seeds: Iterable[int] = _ACTOR_SEEDS,
    rate_hz: float = _RATE_HZ,
) -> Looks:
    """Return the looks at actors whose resting face is part of the way to sad or angry.

    There is one person per way (towards what, how far) and seed, in that order.
    """
    finder, reader = MediapipeFaceFinder(models), TfliteEmotionReader(models)
    actor = load_actor(models)
    logs: list[Floats] = []
    truth: list[int] = []
    face: list[int] = []
    resting: list[Floats] = []
    for (towards, morphed), seed in product(ways, seeds):
        stage = Stage(with_resting_face(actor, towards, morphed), seed)
        start_s = 0.0

        def looks(shown: Emotion, depth: float, length_s: float, stage: Stage = stage) -> Floats:
            """Return the log shares of an expression held for a while, then let time pass."""
            nonlocal start_s
            mix = Mix(Emotion.NEUTRAL, shown, depth)
            times = start_s + np.arange(0, length_s, 1 / rate_hz)
            start_s += length_s + _BREAK_S
            crops = (_found(finder, stage.picture(mix, 1.0, float(t_s))) for t_s in times)
            return read_logs(reader, (crop for crop in crops if crop is not None))

        number = len(resting)
        resting.append(resting_logs(looks(Emotion.NEUTRAL, 0.0, _LEARNING_S)))
        shown = [(Emotion.NEUTRAL, 0.0, _JUDGED_S)]
        shown += [(one, depth, _EXPRESSION_S) for one, depth in product(_PLAYED, _DEPTHS)]
        for one, depth, length_s in shown:
            seen = looks(one, depth, length_s)
            logs.append(seen)
            truth += [EMOTIONS.index(one)] * len(seen)
            face += [number] * len(seen)
    finder.close()
    rest = np.array(resting)
    return Looks(
        np.concatenate(logs),
        np.array(truth),
        np.array(face),
        np.zeros(len(truth), np.int64),
        rest - usual,
        leaning_of(rest),
        np.arange(len(rest)),
    )


def with_resting_face(actor: Faces, towards: Emotion, morphed: float) -> Faces:
    """Return the actor with a neutral face that is part of the way to another expression."""
    texture, field = actor.mixed(Mix(Emotion.NEUTRAL, towards, morphed))
    return Faces(
        actor.textures | {Emotion.NEUTRAL: texture},
        actor.fields | {Emotion.NEUTRAL: field},
        actor.oval,
    )


def same_people(data: Path, faces: list[Face], reader: TfliteEmotionReader, usual: Floats) -> Looks:
    """Return the looks at people of whom there are several pictures."""
    with np.load(data / MORE_FILE) as stored:
        names, label = stored["name"], stored["label"]
        words = stored["label_names"]
    with np.load(data / FILE) as stored:
        first = len(stored["label"])
    truth = np.array([EMOTIONS.index(Emotion(str(word))) for word in words])[label]
    # A file is named after who it shows, and a number; only that two are equal is looked at.
    _, who = np.unique([str(name).rsplit("_", 1)[0].lower() for name in names], return_inverse=True)
    pictures = all_pictures(data)[first:]
    random = np.random.default_rng(1)
    logs: list[Floats] = []
    rows: list[tuple[int, int]] = []
    resting: list[Floats] = []
    person: list[int] = []
    for one in np.unique(who[truth == _NEUTRAL]):
        mine = random.permutation(np.flatnonzero(who == one))
        calm = mine[truth[mine] == _NEUTRAL]
        if len(calm) < 2:  # noqa: PLR2004  # one to learn from, one to judge
            continue
        plain = read_logs(reader, (crop_face(pictures[n], faces[first + n]) for n in mine))
        for taken in random.permutation(calm)[:_MOST_RESTING]:
            learnt = views(reader, pictures[taken], faces[first + taken], _LEARNING_VIEWS, random)
            judged = np.flatnonzero(mine != taken)
            judged = judged[_first_few(truth[mine[judged]])]
            logs.append(plain[judged])
            rows += [(int(truth[n]), len(resting)) for n in mine[judged]]
            resting.append(resting_logs(learnt))
            person.append(int(one))
    table, rest = np.array(rows), np.array(resting)
    return Looks(
        np.concatenate(logs),
        table[:, 0],
        table[:, 1],
        np.zeros(len(table), np.int64),
        rest - usual,
        leaning_of(rest),
        np.array(person),
    )


def _first_few(truth: Whole) -> npt.NDArray[np.bool_]:
    """Return which of one person's looks are among the first few of their kind."""
    return np.array([(truth[:n] == one).sum() < _MOST_JUDGED for n, one in enumerate(truth)], bool)


def chosen_setting(looks: Looks) -> Setting:
    """Return the setting that halves the complaints of leaning people at the least loss.

    Where none halves them: the one that leaves fewest.
    """
    leaning = looks.of(looks.leaning >= LEANS_FROM)
    effects = [(effect_of(one, leaning, sure=False), one) for one in SETTINGS]
    halving = [(effect.loss, one.strength, one) for effect, one in effects if effect.is_halved]
    if halving:
        return min(halving, key=lambda each: each[:2])[2]
    return min(effects, key=lambda each: each[0].complaints.after)[1]


def report(parts: dict[str, Looks], chosen_on: str) -> Iterator[str]:
    """Yield the lines of the tables of effects, Markdown."""
    chosen = chosen_setting(parts[chosen_on])
    yield f"## {_words(chosen).capitalize()}: chosen on {chosen_on}"
    yield ""
    yield (
        f"Leaning: sad and angry have {100 * LEANS_FROM:.0f} % of the resting face or more; plain: "
        f"less than {100 * PLAIN_BELOW:.0f} %."
    )
    yield ""
    yield from _head("")
    for leans in (True, False):
        for name, looks in parts.items():
            yield _row(name, "", looks, chosen, leans=leans)
    yield ""
    yield "## Each part with the setting that suits it best"
    yield ""
    yield (
        f"Of {len(SETTINGS)} settings (strengths {STRENGTHS[0]:g} to {STRENGTHS[-1]:g}, caps "
        f"{', '.join(f'{most:g}' for most in CAPS)}, both forms) the one that halves at the least "
        "loss of sad and angry looks, chosen and judged on the same looks, which is in its favour. "
        "Leaning faces."
    )
    yield ""
    yield from _head("setting")
    for name, looks in parts.items():
        best = chosen_setting(looks)
        yield _row(name, _words(best), looks, best, leans=True)
    yield ""
    yield "## By strength"
    yield ""
    yield "Cap and form as chosen. Leaning faces."
    yield ""
    yield from _head("strength")
    for (name, looks), strength in product(parts.items(), _SHOWN_STRENGTHS):
        setting = replace(chosen, strength=strength)
        yield _row(name, f"{strength:g}", looks, setting, leans=True)


def carried_report(looks: Looks) -> Iterator[str]:
    """Yield what of an offset is in other pictures of the same people, as lines of a table."""
    yield _line(["offset towards", "in looks that are truly", "looks", "carried, %"])
    yield _line(["---"] * 4)
    for towards in (Emotion.SAD, Emotion.ANGRY):
        for truth in (Emotion.NEUTRAL, towards, Emotion.HAPPY):
            one = carried(looks, truth, towards)
            share, low, high = (100 * value for value in (one.share, one.low, one.high))
            yield _line([towards, truth, str(one.looks), f"{share:.0f} ({low:.0f} to {high:.0f})"])


def actor_report(looks: Looks) -> Iterator[str]:
    """Yield how the actor's resting faces read, as lines of a table."""
    yield _line(["resting face", "share of sad and angry, %", "looks said sad or angry, %"])
    yield _line(["---"] * 3)
    for number, (towards, morphed) in enumerate(_WAYS):
        which = np.arange(len(looks.leaning)) // len(_ACTOR_SEEDS) == number
        effect = effect_of(Setting(0.0, 0.0, only_lowers=False), looks.of(which), sure=False)
        face = f"{100 * morphed:.0f} % of the way to {towards}" if morphed else "neutral"
        leaning = looks.leaning[which].mean()
        yield _line([face, f"{100 * leaning:.1f}", f"{100 * effect.complaints.before:.1f}"])


_COLUMNS = ("said sad or angry", "neutral", "sad", "angry", "happy", "others", "bar")
_SHOWN_STRENGTHS = (0.1, 0.2, 0.3, 0.5, 1.0)


def _head(note: str) -> Iterator[str]:
    columns = [one for one in ("looks", note, "resting faces", *_COLUMNS) if one]
    yield _line(columns)
    yield _line(["---"] * len(columns))


def _row(name: str, note: str, looks: Looks, setting: Setting, *, leans: bool) -> str:
    chosen = looks.leaning >= LEANS_FROM if leans else looks.leaning < PLAIN_BELOW
    first = [f"{name}, {'leaning' if leans else 'plain'}", *([note] if note else [])]
    if not chosen.any():
        return _line([*first, "0", *["-"] * len(_COLUMNS)])
    effect = effect_of(setting, looks.of(chosen))
    changes = (
        *(effect.complaints, effect.neutral, effect.sad),
        *(effect.angry, effect.happy, effect.others),
    )
    people = len(np.unique(looks.person[chosen]))
    faces = f"{chosen.sum()}" if people == chosen.sum() else f"{chosen.sum()} of {people} people"
    return _line([*first, faces, *map(_cell, changes), _verdict(effect) if leans else ""])


def _cell(change: Change) -> str:
    low, high = 100 * change.low, 100 * change.high
    return (
        f"{100 * change.before:.1f} → {100 * change.after:.1f}, "
        f"{100 * change.difference:+.1f} ({low:+.1f} to {high:+.1f})"
    )


def _verdict(effect: Effect) -> str:
    """Return whether the bar is met: half of the complaints, at most three points of recall."""
    if not effect.is_halved:
        return "not halved"
    return "met" if effect.loss <= MOST_LOSS else "hides true looks"


def _words(setting: Setting) -> str:
    form = "lowers only" if setting.only_lowers else "raises and lowers"
    return f"strength {setting.strength:g}, capped at {setting.most:g}, {form}"


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _found(
    finder: MediapipeFaceFinder, pixels: npt.NDArray[np.uint8]
) -> npt.NDArray[np.uint8] | None:
    """Return the crop of the one face in a picture, or None."""
    faces = finder.find(pixels)
    return crop_face(pixels, faces[0]) if faces else None


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
    rows = load_pictures(arguments.data).choose
    random = np.random.default_rng(1)
    seen = np.flatnonzero(rows.majority == _NEUTRAL)
    number = _LEARNING_VIEWS + _JUDGED_VIEWS
    neutral = np.array(
        [views(reader, rows.pictures[n], faces[rows.index[n]], number, random) for n in seen]
    )
    usual = usual_neutral(neutral)
    other = np.flatnonzero(rows.majority != _NEUTRAL)
    expressions = read_logs(
        reader, (crop_face(rows.pictures[n], faces[rows.index[n]]) for n in other)
    )
    # All others would only cost memory: as many plain people as leaning ones.
    leaning = leaning_of(resting_logs(neutral[:, :_LEARNING_VIEWS]))
    leans, plain = np.flatnonzero(leaning >= LEANS_FROM), np.flatnonzero(leaning < PLAIN_BELOW)
    some = np.sort(np.concatenate([leans, random.permutation(plain)[: len(leans)]]))
    parts = {
        f"PublicTest, {100 * kept:.0f} % carried": made_up_people(
            neutral[some], expressions, rows.majority[other], usual, kept
        )
        for kept in CARRIED
    }
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
        f"Of {len(neutral)} neutral pictures of PublicTest {len(leans)} lean.",
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
