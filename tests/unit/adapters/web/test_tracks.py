"""The library as a table, when it is large."""

import gc
import weakref

import pytest

from soulsync_edge.adapters.web import tracks
from soulsync_edge.adapters.web.tracks import Shelf
from soulsync_edge.domain.taste import Taste
from soulsync_edge.domain.track import Track
from tests.page_house import some_music


def test_a_catalogue_is_sorted_once_and_another_one_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    keys: list[str] = []
    order = tracks._order  # noqa: SLF001  # how often it is called is what is tested

    def counted(track: Track) -> object:
        keys.append(track.title)
        return order(track)

    monkeypatch.setattr(tracks, "_order", counted)
    shelf, first, second = Shelf(), some_music(250), some_music(3)

    for page in (1, 2, 3):
        shelf.table(first, Taste(), query="", only=None, page=page)
    found = shelf.table(first, Taste(), query="piece 24", only=None, page=1)
    assert len(keys) == 250
    assert [row.title for row in found.rows] == ["Piece 24", *(f"Piece 24{n}" for n in range(10))]

    assert shelf.table(second, Taste(), query="", only=None, page=1).found == 3
    assert len(keys) == 253


def test_a_catalogue_that_is_no_more_in_force_does_not_stay_in_memory() -> None:
    shelf, catalogue = Shelf(), some_music()
    shelf.table(catalogue, Taste(), query="", only=None, page=1)

    gone = weakref.ref(catalogue)
    del catalogue
    gc.collect()

    assert gone() is None
