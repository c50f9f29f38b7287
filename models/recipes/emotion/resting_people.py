"""People whose resting face is known: made up, acted, or pictured several times."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.recipes.emotion.augment import varied_crop
from models.recipes.emotion.pictures import FILE, MORE_FILE, all_pictures
from models.recipes.emotion.resting_trials import (
    Floats,
    Looks,
    Whole,
    leaning_of,
    logs_of,
    resting_logs,
)
from soulsync_edge.adapters.actor_stage import Faces, Mix, Stage, load_faces
from soulsync_edge.adapters.crop_opencv import crop_face
from soulsync_edge.adapters.emotion_tflite import TfliteEmotionReader
from soulsync_edge.adapters.faces_mediapipe import MediapipeFaceFinder
from soulsync_edge.domain.emotion import EMOTIONS, Emotion
from soulsync_edge.domain.face import Face

LEARNING_VIEWS = 24
JUDGED_VIEWS = 24
_MOST_RESTING = 4
"""Neutral pictures of one person that are taken as resting face in turn."""

_MOST_JUDGED = 8
"""Pictures of one person and kind that are judged: a few people have hundreds."""

# The actor: 20 s at the usual four looks a second, then ten seconds neutral and two of each
# expression, 20 s apart so that pose and light are others.
_RATE_HZ = 4.0
_LEARNING_S, _JUDGED_S, _EXPRESSION_S, _BREAK_S = 20.0, 10.0, 2.0, 20.0
ACTOR_SEEDS = (1, 2, 3)
_MORPHED = (0.15, 0.3, 0.45, 0.6, 0.75)
WAYS = ((Emotion.NEUTRAL, 0.0), *product((Emotion.SAD, Emotion.ANGRY), _MORPHED))
"""Resting faces; past half of the way hardly one."""

_DEPTHS = (0.5, 0.75, 1.0)
_PLAYED = (Emotion.SAD, Emotion.ANGRY, Emotion.HAPPY, Emotion.SURPRISE, Emotion.FEAR)

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
    resting = resting_logs(neutral[:, :LEARNING_VIEWS])
    offset, judged = resting - usual, neutral[:, LEARNING_VIEWS:]
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
    ways: Iterable[tuple[Emotion, float]] = WAYS,
    seeds: Iterable[int] = ACTOR_SEEDS,
    rate_hz: float = _RATE_HZ,
) -> Looks:
    """Return the looks at actors whose resting face is part of the way to sad or angry.

    There is one person per way (towards what, how far) and seed, in that order.
    """
    finder, reader = MediapipeFaceFinder(models), TfliteEmotionReader(models)
    actor = load_faces(models)
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
            learnt = views(reader, pictures[taken], faces[first + taken], LEARNING_VIEWS, random)
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


def _found(
    finder: MediapipeFaceFinder, pixels: npt.NDArray[np.uint8]
) -> npt.NDArray[np.uint8] | None:
    """Return the crop of the one face in a picture, or None."""
    faces = finder.find(pixels)
    return crop_face(pixels, faces[0]) if faces else None
