"""Several troubles of one part."""

import pytest

from soulsync_edge.domain.events import Event, Part, PartReported
from soulsync_edge.fakes import FakeClock
from soulsync_edge.services.troubles import Troubles


@pytest.fixture
def posted() -> list[Event]:
    return []


@pytest.fixture
def troubles(posted: list[Event]) -> Troubles:
    return Troubles(Part.STORE, posted.append, FakeClock(5.0))


def _report(message: str) -> PartReported:
    return PartReported(5.0, Part.STORE, is_ok=not message, message=message)


def test_what_one_suffers_from_is_not_hidden_by_another_that_is_well(
    troubles: Troubles, posted: list[Event]
) -> None:
    troubles.tell("choices", "a choice was not kept")
    troubles.tell("tracks", "the tracks were not kept")
    troubles.tell("tracks", "")

    assert posted[1] == _report("a choice was not kept\nthe tracks were not kept")
    assert posted[2] == _report("a choice was not kept")


def test_the_part_is_well_when_the_last_trouble_is_over(
    troubles: Troubles, posted: list[Event]
) -> None:
    troubles.tell("choices", "the disk is full")
    troubles.tell("tracks", "the disk is full")
    troubles.tell("choices", "")
    troubles.tell("tracks", "")

    assert posted[-2:] == [_report("the disk is full"), _report("")]


def test_only_news_is_reported_and_logged(
    troubles: Troubles, posted: list[Event], caplog: pytest.LogCaptureFixture
) -> None:
    troubles.tell("choices", "")
    for _ in range(3):
        troubles.tell("choices", "the disk is full")

    assert posted == [_report("the disk is full")]
    assert caplog.text.count("the disk is full") == 1
