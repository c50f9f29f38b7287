"""`scripts.bench.choosing`: it measures what it says, in a library and a taste that are full."""

import random

import pytest

from scripts.bench import choosing
from soulsync_edge.domain.taste import MOST_ARTISTS, MOST_REGARDS


def test_every_figure_is_measured_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    figures = choosing.measured(tracks=300, turns=3)

    choosing.tell(figures)

    assert 0 < figures.choose_ms_p50 <= figures.choose_ms_p95
    assert 0 < figures.plan_ms_p50 <= figures.plan_ms_p95
    told = capsys.readouterr().out
    assert "300 tracks" in told
    assert told.count(" ms") >= 5


def test_the_taste_is_full() -> None:
    chance = random.Random(1)  # noqa: S311  # a made-up library
    taste = choosing._taste(chance, choosing._library(chance, 40_000))  # noqa: SLF001  # what the figures rest on

    assert len(taste.regards) == MOST_REGARDS
    assert len(taste.artists) == MOST_ARTISTS
    assert taste.never
    assert any(regard.is_corrected for regard in taste.regards)
