"""Tells the figures of a simulation as Markdown tables, and in words where ours wins and loses."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from scripts.simulate.experiment import (
    OURS,
    SCENARIOS,
    SIZES,
    USUAL_SIZE,
    USUAL_WINDOW,
    WAYS,
    window_words,
)
from scripts.simulate.figures import Compared, Figures, Measured, Way
from scripts.simulate.listener import Kind
from scripts.simulate.steersmen import LONGEST_STEP

RIVALS = ("random", "match", "jump")
"""What ours has to beat."""

MEASURES: dict[str, Callable[[Way], Measured]] = {
    "reaching the goal": lambda way: way.ahead,
    f"reaching it without a step over {LONGEST_STEP:g}": lambda way: way.ahead_gently,
}
"""By how much ours is ahead of a way, by what it is ahead on."""

Cells = Sequence[Compared]


def told(figures: Figures) -> str:
    """Return verdicts and tables, for a terminal."""
    lines = [
        f"Simulated: {figures.runs} evenings per way and circumstances, seed {figures.seed}.",
        "",
        *verdicts(figures),
        "",
        "With the listener as assumed, ours does not beat random, match or jump here:",
        "",
        *shortfalls(figures),
        *tables(figures),
    ]
    return "\n".join(lines)


def tables(figures: Figures) -> Iterator[str]:
    """Yield all tables as lines of Markdown, each under its heading."""
    for scenario in SCENARIOS:
        found = [one for one in figures.compared if one.scenario == scenario.name]
        windows = [one for one in found if _is_usual(one)]
        if windows:
            yield from _of_windows(scenario.name, windows)
        sizes = [one for one in found if _is_usual(one, any_size=True)]
        sizes = sorted((one for one in sizes if one.window == USUAL_WINDOW), key=_by_size)
        if len(sizes) > 1:
            yield from _of_sizes(scenario.name, sizes)
        kinds = [one for one in found if one.listener != Kind.USUAL.value]
        if kinds:
            usual = [one for one in windows if one.window == USUAL_WINDOW]
            yield from _of_listeners(scenario.name, [*usual, *kinds])


def verdicts(figures: Figures) -> Iterator[str]:
    """Yield in words where ours is ahead of each other way and where not: computed, not written.

    Ahead or behind is what the 95 % interval of the difference in pairs of evenings says.
    """
    for name in WAYS:
        if name == OURS:
            continue
        for what, ahead in MEASURES.items():
            yield f"- Ours against *{name}*, {what}: {_standing(figures.compared, name, ahead)}."


def shortfalls(figures: Figures) -> Iterator[str]:
    """Yield a sentence for each rival and measure in which ours does not beat it everywhere.

    Where the listener is as assumed; one sentence when there is no such place.
    """
    found = [one for one in figures.compared if one.listener == Kind.USUAL.value]
    told = [
        f"- Ours {words} *{rival}* on {what}: {_names(missed)}."
        for rival in RIVALS
        for what, ahead in MEASURES.items()
        for word, words in ((_BEHIND, "loses to"), (_OPEN, "is not shown to beat"))
        if (missed := [one for one in found if _word(ahead(one.way(rival))) == word])
    ]
    yield from told or ["- Nowhere."]


def _names(found: Cells) -> str:
    return "; ".join(one.name for one in found)


def _standing(found: Cells, name: str, ahead: Callable[[Way], Measured]) -> str:
    words = Counter(_word(ahead(one.way(name))) for one in found)
    return ", ".join(
        f"{word} in {words[word]} of {len(found)}"
        for word in (_AHEAD, _BEHIND, _OPEN)
        if words[word]
    )


_AHEAD, _BEHIND, _OPEN = "ahead", "behind", "no difference shown"


def _word(difference: Measured) -> str:
    """Return what the interval of a difference says."""
    if difference.low > 0:
        return _AHEAD
    return _BEHIND if difference.high < 0 else _OPEN


def _of_windows(scenario: str, found: Cells) -> Iterator[str]:
    yield from ("", f"### {scenario}", "")
    names = [window_words(one.window) for one in found]
    heads = [f"{what}, {name}" for what in ("reached", "minutes") for name in names]
    yield from _table(
        heads,
        lambda way: [
            *(_share(one.way(way).reached) for one in found),
            *(_minutes(one.way(way).minutes) for one in found),
        ],
    )
    # The middle one stands for all.
    usual = next((one for one in found if one.window == USUAL_WINDOW), found[0])
    yield from ("", f"How, {scenario}; from *deeper* on with {window_words(usual.window)}:", "")
    yield from _table(
        [
            *(f"without a leap, {name}" for name in names),
            "deeper than the start",
            "at worst",
            "mean step",
            "longest step",
            "β, ours",
            "rank, ours",
            "rank, true",
        ],
        lambda way: [
            *(_share(one.way(way).gentle) for one in found),
            *_manner(usual.way(way)),
        ],
    )


def _manner(way: Way) -> list[str]:
    return [
        _share(way.deeper),
        f"{way.deepest:.2f}",
        *map(
            _share,
            (way.mean_step, way.longest_step, way.own_beta, way.own_spearman, way.true_spearman),
        ),
    ]


def _of_sizes(scenario: str, found: Cells) -> Iterator[str]:
    yield from ("", f"Libraries, {scenario}, {window_words(USUAL_WINDOW)}:", "")
    names = [f"{one.tracks:,} tracks" for one in found]
    yield from _table(
        [f"{what}, {name}" for what in ("reached", "without a leap") for name in names],
        lambda way: [
            *(_share(one.way(way).reached) for one in found),
            *(_share(one.way(way).gentle) for one in found),
        ],
    )


def _of_listeners(scenario: str, found: Cells) -> Iterator[str]:
    figures: tuple[tuple[str, Callable[[Way], Measured]], ...] = (
        ("Reached", lambda way: way.reached),
        ("Deeper than the start", lambda way: way.deeper),
    )
    for what, figure in figures:
        yield from (
            "",
            f"{what} by listener, {scenario}, {window_words(USUAL_WINDOW)}:",
            "",
            f"| listener | {' | '.join(WAYS)} |",
            f"| --- |{' --- |' * len(WAYS)}",
        )
        for one in found:
            cells = " | ".join(_share(figure(one.way(way))) for way in WAYS)
            yield f"| {one.listener} | {cells} |"


def _table(heads: list[str], row: Callable[[str], list[str]]) -> Iterator[str]:
    yield f"| way | {' | '.join(heads)} |"
    yield f"| --- |{' --- |' * len(heads)}"
    for way in WAYS:
        name = f"**{way}**" if way == OURS else way
        yield f"| {name} | {' | '.join(row(way))} |"


def _is_usual(one: Compared, *, any_size: bool = False) -> bool:
    is_size = any_size or one.tracks == USUAL_SIZE
    return is_size and one.listener == Kind.USUAL.value


def _by_size(one: Compared) -> int:
    return SIZES.index(one.tracks)


def _share(one: Measured) -> str:
    return f"{one.value:.2f} ({one.low:.2f} to {one.high:.2f})"


def _minutes(one: Measured) -> str:
    return f"{one.value:.0f} ({one.low:.0f} to {one.high:.0f})"
