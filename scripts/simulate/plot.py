"""Draws the share of evenings that reach the goal, per way, scenario and window, as an SVG."""

from collections.abc import Callable, Iterator
from html import escape

from scripts.simulate.experiment import OURS, SCENARIOS, USUAL_SIZE, WAYS, WINDOWS, window_words
from scripts.simulate.figures import Compared, Figures, Measured
from scripts.simulate.listener import Kind
from scripts.simulate.steersmen import LONGEST_STEP

_SVG = "http://www.w3.org/2000/svg"
_LEFT_PX, _TOP_PX, _SIDE_PX, _GAP_PX = 150, 96, 200, 32
_ROW_PX, _HEAD_PX = 20, 46
_PANEL_PX = _ROW_PX * len(WAYS)
_WIDTH_PX = _LEFT_PX + (_SIDE_PX + _GAP_PX) * len(WINDOWS)
_ANCHORS = {0.0: "start", 0.5: "middle", 1.0: "end"}  # or the ends of two panels would touch
_BELOW = 4  # pixels from the middle of a line of text to its foot

# Contrast against the ground is above 4.5 for text and above 3 for marks, in both schemes
# (WCAG 2.2, 1.4.3 and 1.4.11).
_STYLE = """
  .ground { fill: #ffffff } .grid { stroke: #d5d9de } .axis { stroke: #4a5560 }
  .mark { fill: #55616d; stroke: #55616d } .ours { fill: #0b62a8; stroke: #0b62a8 }
  .gentle { fill: #ffffff } text { fill: #1d252c; font: 13px system-ui, sans-serif }
  .title { font-size: 16px; font-weight: 600 } .name { font-weight: 600 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #12171c } .grid { stroke: #38424b } .axis { stroke: #b3bec8 }
    .mark { fill: #98a5b1; stroke: #98a5b1 } .ours { fill: #6db7f2; stroke: #6db7f2 }
    .gentle { fill: #12171c } text { fill: #e8edf1 }
  }
"""


def simulation_svg(figures: Figures) -> str:
    """Return the plot; what it shows is told in its title and description."""
    found = {
        (one.scenario, one.window): one
        for one in figures.compared
        if one.tracks == USUAL_SIZE and one.listener == Kind.USUAL.value
    }
    names = [one.name for one in SCENARIOS if (one.name, WINDOWS[0]) in found]
    height = _TOP_PX + (_HEAD_PX + _PANEL_PX) * len(names) + 36
    title = "Simulated: share of evenings that reach the goal"
    size = f'viewBox="0 0 {_WIDTH_PX} {height}" width="{_WIDTH_PX}" height="{height}"'
    parts = [
        f'<svg xmlns="{_SVG}" {size} role="img" aria-labelledby="title desc">',
        f'<title id="title">{title}</title>',
        f'<desc id="desc">{escape(_told(figures, list(found.values())))}</desc>',
        f"<style>{_STYLE}</style>",
        f'<rect class="ground" width="{_WIDTH_PX}" height="{height}"/>',
        f'<text class="title" x="16" y="28">{title}</text>',
        *_legend(),
    ]
    for row, name in enumerate(names):
        top = _TOP_PX + row * (_HEAD_PX + _PANEL_PX) + _HEAD_PX
        parts.append(f'<text class="name" x="16" y="{top - 22}">{name}</text>')
        for column, window in enumerate(WINDOWS):
            parts += _panel(found[name, window], column, top, is_last=row == len(names) - 1)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _told(figures: Figures, found: list[Compared]) -> str:
    def shares(one: Compared) -> str:
        return ", ".join(
            f"{way.name} {way.reached.value:.0%}, gently {way.gentle.value:.0%}" for way in one.ways
        )

    panels = "; ".join(f"{one.name}: {shares(one)}" for one in found)
    return (
        f"A panel per scenario and window of the listener, {figures.runs} simulated evenings per "
        f"dot: how many reached the goal, with 95 % intervals, and how many did without a step "
        f"over {LONGEST_STEP:g}. {panels}."
    )


def _legend() -> list[str]:
    y = 56
    return [
        f'<path class="mark" stroke-width="2" d="M20 {y}H44"/>',
        f'<circle class="mark" cx="32" cy="{y}" r="5"/>',
        f'<text x="54" y="{y + _BELOW}">reached, with 95 % interval</text>',
        f'<circle class="mark gentle" stroke-width="2" cx="272" cy="{y}" r="4"/>',
        f'<text x="284" y="{y + _BELOW}">reached without a step over {LONGEST_STEP:g}</text>',
        f'<text x="16" y="{y + 24}">columns: how near music must be to move the listener</text>',
    ]


def _panel(one: Compared, column: int, top: int, *, is_last: bool) -> Iterator[str]:
    left = _LEFT_PX + column * (_SIDE_PX + _GAP_PX)
    bottom = top + _PANEL_PX

    def x(share: float) -> float:
        return round(left + _SIDE_PX * share, 1)

    yield f'<text x="{x(0.5)}" y="{top - 6}" text-anchor="middle">{window_words(one.window)}</text>'
    for tick, anchor in _ANCHORS.items():
        yield f'<path class="grid" d="M{x(tick)} {top}V{bottom}"/>'
        if is_last:
            place = f'x="{x(tick)}" y="{bottom + 18}" text-anchor="{anchor}"'
            yield f"<text {place}>{tick:.0%}</text>"
    yield f'<path class="axis" fill="none" d="M{left} {top}V{bottom}H{x(1)}"/>'
    for row, way in enumerate(one.ways):
        y = top + _ROW_PX * row + _ROW_PX // 2
        if column == 0:
            name = "name" if way.name == OURS else "way"
            place = f'x="{left - 10}" y="{y + _BELOW}" text-anchor="end"'
            yield f'<text class="{name}" {place}>{way.name}</text>'
        yield from _marks(way.reached, way.gentle, x, y, "ours" if way.name == OURS else "mark")


def _marks(
    reached: Measured, gentle: Measured, x: Callable[[float], float], y: int, kind: str
) -> Iterator[str]:
    line = f'd="M{x(reached.low)} {y}H{x(reached.high)}"'
    hollow = f'cx="{x(gentle.value)}" cy="{y}" r="3.5"'
    yield f'<path class="{kind}" stroke-width="2" {line}/>'
    yield f'<circle class="{kind}" cx="{x(reached.value)}" cy="{y}" r="5"/>'
    yield f'<circle class="{kind} gentle" stroke-width="2" {hollow}/>'
