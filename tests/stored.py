"""What a whole scan of a stick leaves in a store, in one call."""

from collections.abc import Iterable

from soulsync_edge.domain.library import Found, Stick
from soulsync_edge.domain.track import SkippedFile, Track
from soulsync_edge.ports import Store


def a_stick(library: str, folder: str = "/music") -> Stick:
    """Return the stick of that name, lying at `folder`."""
    return Stick(library, folder, 1)


def keep(
    store: Store, library: str, tracks: Iterable[Track], skipped: Iterable[SkippedFile] = ()
) -> None:
    """Keep `tracks` as a complete scan of the stick would."""
    found = [Found(track, f"stamp of {track.track_id}") for track in tracks]
    store.keep_found(a_stick(library), found)
    store.keep_complete(a_stick(library), {one.track.track_id for one in found}, skipped)


def kept(store: Store, library: str) -> tuple[tuple[Track, ...], tuple[SkippedFile, ...]]:
    """Return the tracks of the stick, and what was skipped."""
    known = store.known(a_stick(library))
    return known.tracks, known.skipped
