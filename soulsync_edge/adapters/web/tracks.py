"""The library as a table: searched, cut into pages, in words."""

import os
import re
import weakref
from array import array
from dataclasses import dataclass
from enum import StrEnum

from soulsync_edge.adapters.web.words import clock_time, readable, sentence_case
from soulsync_edge.domain.music_words import feel
from soulsync_edge.domain.portrait import skipped_files
from soulsync_edge.domain.session import Context, Session
from soulsync_edge.domain.taste import Taste
from soulsync_edge.domain.track import Catalogue, SkippedFile, Track

PAGE_ROWS = 100
MOST_SKIPPED_SHOWN = 200

# Text and the number after it; more digits than a counter has are text.
_DIGITS = re.compile(r"(\D+|\d{10,}|(?=\d))(\d{0,9})")


class Only(StrEnum):
    """Which tracks are asked for, when not all."""

    LIKED = "liked"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Row:
    """One track.

    Attributes:
        track_id: Names it.
        title: What it is called.
        artist: Who plays; may be empty.
        album: Where it is from; may be empty.
        duration: Its playing time; empty when unknown.
        feel: Where it sits on the map, in words.
        source: What that was read from.
        is_liked: Someone said so.
        is_never: Someone wants it never to be played.
    """

    track_id: str
    title: str
    artist: str
    album: str
    duration: str
    feel: str
    source: str
    is_liked: bool
    is_never: bool


@dataclass(frozen=True, slots=True)
class Table:
    """One page of tracks.

    Attributes:
        query: What was searched for; may be empty.
        only: Which tracks were asked for, or None for all.
        rows: The tracks on this page.
        found: How many there are on all pages.
        page: Which page this is, from 1.
        pages: How many there are, at least 1.
    """

    query: str
    only: Only | None
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

    def table(
        self, catalogue: Catalogue, taste: Taste, *, query: str, only: Only | None, page: int
    ) -> Table:
        """Return the page of tracks whose title, artist or album holds `query`."""
        wanted = query.strip().casefold()
        order, tracks = self._order(catalogue), catalogue.tracks
        if only is not None:
            ids = _ids(taste, only)
            order = array("I", (place for place in order if tracks[place].track_id in ids))
        if wanted:
            order = array("I", (place for place in order if wanted in _text(tracks[place])))
        pages = max(1, -(-len(order) // PAGE_ROWS))
        page = min(page, pages)
        first = (page - 1) * PAGE_ROWS
        rows = tuple(row(tracks[place], taste) for place in order[first : first + PAGE_ROWS])
        return Table(readable(query.strip()), only, rows, len(order), page, pages)

    def _order(self, catalogue: Catalogue) -> "array[int]":
        """Return the places of the tracks in the catalogue, sorted by title."""
        known = self._sorted
        if known is not None and known[0]() is catalogue:
            return known[1]
        tracks = catalogue.tracks
        order = array("I", sorted(range(len(tracks)), key=lambda place: _order(tracks[place])))
        self._sorted = weakref.ref(catalogue), order  # at once: several threads may ask
        return order


def away(catalogue: Catalogue, taste: Taste) -> tuple[Row, ...]:
    """Return the tracks that are never to be played and cannot be now, as last known."""
    return tuple(
        Row(
            track_id=regard.track_id,
            title=readable(regard.title) or "Untitled",
            artist=readable(regard.artist),
            album="",
            duration="",
            feel="",
            source="",
            is_liked=regard.is_liked,
            is_never=True,
        )
        for regard in taste.regards
        if regard.is_never and regard.track_id not in catalogue.by_id
    )[:PAGE_ROWS]


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


def _ids(taste: Taste, only: Only) -> frozenset[str]:
    match only:
        case Only.NEVER:
            return taste.never
        case Only.LIKED:
            return frozenset(one.track_id for one in taste.regards if one.is_liked)


def row(track: Track, taste: Taste) -> Row:
    """Return `track` as people are shown it, where it sits after what they said of it."""
    track, regard = taste.corrected(track), taste.regard_of(track)
    return Row(
        track_id=track.track_id,
        title=readable(track.title),
        artist=readable(track.artist),
        album=readable(track.album),
        duration=clock_time(track.duration_s) if track.duration_s else "",
        feel=sentence_case(feel(track.affect)),
        source=sentence_case(readable(track.affect_source)),
        is_liked=regard.is_liked,
        is_never=regard.is_never,
    )


def _within(path: str, folder: str) -> str:
    prefix = folder.rstrip(os.sep) + os.sep
    return path.removeprefix(prefix)
