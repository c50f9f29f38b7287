"""Draws how far the model's confidence is from being right, as an SVG."""

from html import escape

from models.recipes.emotion.figures import Bin, Figures
from models.recipes.emotion.measures import wilson
from models.recipes.emotion.telling import percent

_WIDTH_PX, _HEIGHT_PX = 640, 544
_LEFT_PX, _TOP_PX, _SIDE_PX = 76, 24, 400
_STRIP_TOP_PX, _STRIP_PX = 448, 56
_SVG = "http://www.w3.org/2000/svg"
_TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)

# Contrast against the ground is above 4.5 for text and above 3 for marks, in both schemes
# (WCAG 2.2, 1.4.3 and 1.4.11).
_STYLE = """
  .ground { fill: #ffffff } .grid { stroke: #d5d9de } .axis { stroke: #4a5560 }
  .ideal { stroke: #4a5560; stroke-dasharray: 5 5 } .mark { fill: #0b62a8; stroke: #0b62a8 }
  .share { fill: #6d7a86 } text { fill: #1d252c; font: 13px system-ui, sans-serif }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #12171c } .grid { stroke: #38424b } .axis { stroke: #b3bec8 }
    .ideal { stroke: #b3bec8 } .mark { fill: #6db7f2; stroke: #6db7f2 }
    .share { fill: #8896a3 } text { fill: #e8edf1 }
  }
"""


def calibration_svg(figures: Figures) -> str:
    """Return the plot: per range of confidence, the share that is right, with 95 % intervals.

    Readable on light and on dark pages; what it shows is told in its title and description.
    """
    bins = figures.calibration
    report = figures.ferplus_test
    size = f'viewBox="0 0 {_WIDTH_PX} {_HEIGHT_PX}" width="{_WIDTH_PX}" height="{_HEIGHT_PX}"'
    parts = [
        f'<svg xmlns="{_SVG}" {size} role="img" aria-labelledby="title desc">',
        '<title id="title">How often the model is right, by its confidence</title>',
        f'<desc id="desc">{escape(_told(bins, report.n, report.ece))}</desc>',
        f"<style>{_STYLE}</style>",
        f'<rect class="ground" width="{_WIDTH_PX}" height="{_HEIGHT_PX}"/>',
        *_grid(),
        *(_mark(one) for one in bins),
        *_strip(bins),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _told(bins: tuple[Bin, ...], n: int, ece: float) -> str:
    ranges = "; ".join(
        f"confidence {one.from_:.2f} to {one.to:.2f}, {one.n} faces: {percent(one.accuracy)} right"
        for one in bins
    )
    return (
        f"A dot per range of confidence, measured on {n} faces of the FER+ test. On the dashed "
        f"line confidence and being right are equal; the mean distance from it, weighted by "
        f"faces, is {ece:.3f}. {ranges}. The columns below show how many faces each range has."
    )


def _x(confidence: float) -> float:
    return round(_LEFT_PX + _SIDE_PX * confidence, 1)


def _y(share: float) -> float:
    return round(_TOP_PX + _SIDE_PX * (1 - share), 1)


def _grid() -> list[str]:
    left, right, bottom, top = _x(0), _x(1), _y(0), _y(1)
    middle_px, centred = (top + bottom) / 2, 'text-anchor="middle"'
    lines = []
    for tick in _TICKS:
        lines += [
            f'<path class="grid" d="M{left} {_y(tick)}H{right}M{_x(tick)} {top}V{bottom}"/>',
            f'<text x="{left - 8}" y="{_y(tick) + 4}" text-anchor="end">{tick:.0%}</text>',
            f'<text x="{_x(tick)}" y="{bottom + 18}" {centred}>{tick:.0%}</text>',
        ]
    return [
        *lines,
        f'<path class="axis" fill="none" d="M{left} {top}V{bottom}H{right}"/>',
        f'<path class="ideal" d="M{left} {bottom}L{right} {top}"/>',
        f'<text x="{_x(0.5)}" y="{_HEIGHT_PX - 12}" {centred}>confidence of the answer</text>',
        f'<text transform="translate(18 {middle_px}) rotate(-90)" {centred}>share right</text>',
        f'<text x="{right + 12}" y="{top + 5}">right as often</text>',
        f'<text x="{right + 12}" y="{top + 22}">as it is confident</text>',
    ]


def _mark(one: Bin) -> str:
    x = _x(one.confidence)
    low, high = wilson(one.accuracy, one.n)
    return (
        f'<path class="mark" stroke-width="2" d="M{x} {_y(low)}V{_y(high)}"/>'
        f'<circle class="mark" cx="{x}" cy="{_y(one.accuracy)}" r="5"/>'
    )


def _strip(bins: tuple[Bin, ...]) -> list[str]:
    most = max((one.n for one in bins), default=1)
    bottom = _STRIP_TOP_PX + _STRIP_PX
    columns = [_column(one, bottom, _STRIP_PX * one.n / most) for one in bins]
    return [
        *columns,
        f'<path class="axis" d="M{_x(0)} {bottom}H{_x(1)}"/>',
        f'<text x="{_x(1) + 12}" y="{bottom - 20}">faces per range,</text>',
        f'<text x="{_x(1) + 12}" y="{bottom - 3}">at most {most}</text>',
    ]


def _column(one: Bin, bottom_px: float, height_px: float) -> str:
    left_px, width_px = _x(one.from_) + 1, _SIDE_PX * (one.to - one.from_) - 2
    return (
        f'<rect class="share" x="{left_px:.1f}" y="{bottom_px - height_px:.1f}" '
        f'width="{width_px:.1f}" height="{height_px:.1f}"/>'
    )
