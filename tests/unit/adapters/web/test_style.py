"""Contrast of the colours that meet on the page, by the formula of WCAG 2.2."""

import re
from pathlib import Path

import pytest

import soulsync_edge.adapters.web

STYLE = Path(next(iter(soulsync_edge.adapters.web.__path__))) / "static" / "page.css"

TEXT = 4.5
SHAPE = 3.0

PAIRS = [
    (fore, back, TEXT)
    for fore in ("ink", "soft", "accent")
    for back in ("ground", "surface", "tint", "sunken")
] + [
    ("on-accent", "accent", TEXT),
    ("warn", "warn-tint", TEXT),
    ("warn", "surface", TEXT),
    ("ink", "warn-tint", TEXT),
    ("soft", "warn-tint", TEXT),
    ("well", "well-tint", TEXT),
    ("well", "surface", TEXT),
    ("ink", "well-tint", TEXT),
    ("edge", "surface", SHAPE),
    ("edge", "ground", SHAPE),
    ("edge", "sunken", SHAPE),
    ("focus", "ground", SHAPE),
    ("focus", "surface", SHAPE),
    ("orb-edge", "sunken", SHAPE),
]


def _colours(*, is_dark: bool) -> dict[str, str]:
    light, dark = re.findall(r":root \{(.*?)\}", STYLE.read_text(), re.DOTALL)
    found = re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", light + (dark if is_dark else ""))
    return dict(found)  # of two with one name the later, as on the page


def _luminance(colour: str) -> float:
    shares = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("is_dark", [False, True])
@pytest.mark.parametrize(("fore", "back", "least"), PAIRS)
def test_colours_that_meet_can_be_told_apart(
    fore: str, back: str, least: float, *, is_dark: bool
) -> None:
    colours = _colours(is_dark=is_dark)
    one, other = sorted((_luminance(colours[fore]), _luminance(colours[back])))

    assert (other + 0.05) / (one + 0.05) >= least
