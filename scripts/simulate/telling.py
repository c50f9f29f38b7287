"""Tells the figures of a simulation as Markdown tables, and in words where ours wins and loses."""

from collections.abc import Callable, Iterable, Iterator, Sequence

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

Cells = Sequence[Compared]


def told(figures: Figures) -> str:
    """Return verdicts and tables, for a terminal."""
    lines = [
        f"Simulated: {figures.runs} evenings per way and circumstances, seed {figures.seed}.",
        "",
        *verdicts(figures),
        "",
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
        for what, ahead in (
            ("reaching the goal", lambda way: way.ahead),
            (
                f"reaching it without a step over {LONGEST_STEP:g}",
                lambda way: way.ahead_gently,
            ),
        ):
            yield f"- Ours against *{name}*, {what}: {_standing(figures.compared, name, ahead)}."


def shortfalls(figures: Figures) -> Iterator[str]:
    """Yield a sentence for each of the usual circumstances where ours does not beat a rival."""
    for one in figures.compared:
        if one.listener != Kind.USUAL.value:
            continue
        for rival in RIVALS:
            way = one.way(rival)
            if way.ahead is None or way.ahead.low > 0:
                continue
            ours = one.way(OURS)
            word = "loses to" if way.ahead.high < 0 else "is not shown to beat"
            yield (
                f"- {one.name}: ours {word} *{rival}* on reaching the goal "
                f"({_share(ours.reached)} against {_share(way.reached)}); without a step over "
                f"{LONGEST_STEP:g} it is {_share(ours.gentle)} against {_share(way.gentle)}."
            )


def _standing(found: Iterable[Compared], name: str, ahead: Callable[[Way], Measured | None]) -> str:
    places: dict[str, list[str]] = {"ahead": [], "behind": [], "no difference shown": []}
    for one in found:
        difference = ahead(one.way(name))
        if difference is None:
            continue
        if difference.low > 0:
            word = "ahead"
        elif difference.high < 0:
            word = "behind"
        else:
            word = "no difference shown"
        places[word].append(one.name)
    total = sum(map(len, places.values()))
    parts = []
    for word, where in places.items():
        if len(where) == total:
            return f"{word} in all {total}"
        if where:
            names = f" ({'; '.join(where)})" if word == "behind" else ""
            parts.append(f"{word} in {len(where)} of {total}{names}")
    return ", ".join(parts)


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
