"""The library as a table: searched, cut into pages, in words."""

import os
import re
import weakref
from array import array
from dataclasses import dataclass

from soulsync_edge.adapters.web.words import clock_time, readable, sentence_case
from soulsync_edge.domain.music_words import feel
from soulsync_edge.domain.portrait import skipped_files
from soulsync_edge.domain.session import Context, Session
from soulsync_edge.domain.track import Catalogue, SkippedFile, Track

PAGE_ROWS = 100
MOST_SKIPPED_SHOWN = 200

# Text and the number after it; more digits than a counter has are text.
_DIGITS = re.compile(r"(\D+|\d{10,}|(?=\d))(\d{0,9})")


@dataclass(frozen=True, slots=True)
class Row:
    """One track.

    Attributes:
        title: What it is called.
        artist: Who plays; may be empty.
        album: Where it is from; may be empty.
        duration: Its playing time; empty when unknown.
        feel: Where it sits on the map, in words.
        source: What that was read from.
    """

    title: str
    artist: str
    album: str
    duration: str
    feel: str
    source: str


@dataclass(frozen=True, slots=True)
class Table:
    """One page of tracks.

    Attributes:
        query: What was searched for; may be empty.
        rows: The tracks on this page.
        found: How many there are on all pages.
        page: Which page this is, from 1.
        pages: How many there are, at least 1.
    """

    query: str
    rows: tuple[Row, ...]
    found: int
    page: int
    pages: int


class Shelf:
    """The tracks in the order of their titles: sorted once, for as long as they stay the same.

    Sorting a large library takes a while: asked from a thread, it holds nothing else up.
    """

    def __init__(self) -> None:
        # Held by weak reference and by number, so that no old catalogue stays in memory.
        self._sorted: tuple[weakref.ref[Catalogue], array[int]] | None = None

    def table(self, catalogue: Catalogue, *, query: str, page: int) -> Table:
        """Return the page of tracks whose title, artist or album holds `query`."""
        wanted = query.strip().casefold()
        order, tracks = self._order(catalogue), catalogue.tracks
        if wanted:
            order = array("I", (place for place in order if wanted in _text(tracks[place])))
        pages = max(1, -(-len(order) // PAGE_ROWS))
        page = min(page, pages)
        first = (page - 1) * PAGE_ROWS
        rows = tuple(_row(tracks[place]) for place in order[first : first + PAGE_ROWS])
        return Table(readable(query.strip()), rows, len(order), page, pages)

    def _order(self, catalogue: Catalogue) -> "array[int]":
        """Return the places of the tracks in the catalogue, sorted by title."""
        known = self._sorted
        if known is not None and known[0]() is catalogue:
            return known[1]
        tracks = catalogue.tracks
        order = array("I", sorted(range(len(tracks)), key=lambda place: _order(tracks[place])))
        self._sorted = weakref.ref(catalogue), order  # at once: several threads may ask
        return order


def skipped_rows(session: Session, context: Context, folder: str) -> tuple[SkippedFile, ...]:
    """Return the first files that are not played, with their paths as seen from `folder`."""
    return tuple(
        SkippedFile(readable(_within(file.path, folder)), sentence_case(readable(file.reason)))
        for file in skipped_files(session, context)[:MOST_SKIPPED_SHOWN]
    )


def _text(track: Track) -> str:
    return f"{track.title}\n{track.artist}\n{track.album}".casefold()


def _order(track: Track) -> tuple[list[tuple[str, int]], str]:
    """Return what sorts titles as people do: `Part 2` before `Part 10`."""
    pieces = _DIGITS.findall(track.title.casefold())
    return ([(word, int(number or "-1")) for word, number in pieces], track.track_id)


def _row(track: Track) -> Row:
    return Row(
        title=readable(track.title),
        artist=readable(track.artist),
        album=readable(track.album),
        duration=clock_time(track.duration_s) if track.duration_s else "",
        feel=sentence_case(feel(track.affect)),
        source=sentence_case(readable(track.affect_source)),
    )


def _within(path: str, folder: str) -> str:
    prefix = folder.rstrip(os.sep) + os.sep
    return path.removeprefix(prefix)
