"""The tables of what a resting-face baseline does, and the setting they are of."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import product

import numpy as np

from models.recipes.emotion.resting_people import ACTOR_SEEDS, WAYS
from models.recipes.emotion.resting_trials import (
    Change,
    Effect,
    Looks,
    Setting,
    carried,
    effect_of,
)
from soulsync_edge.domain.emotion import Emotion

LEANS_FROM = 0.25
"""Share of sad and angry from which a resting face leans."""

PLAIN_BELOW = 0.10
"""Share of sad and angry below which it plainly does not."""

MOST_LOSS = 0.03
"""Recall that sad and angry looks may lose each: three points."""

STRENGTHS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1.0)
CAPS = (0.5, 1.0, 2.0)
SETTINGS = tuple(
    Setting(strength, most, only_lowers)
    for only_lowers, most, strength in product((False, True), CAPS, STRENGTHS)
)


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
    for number, (towards, morphed) in enumerate(WAYS):
        which = np.arange(len(looks.leaning)) // len(ACTOR_SEEDS) == number
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
