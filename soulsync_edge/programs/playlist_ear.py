"""Hears the library a playlist is made from, and remembers it for the next one."""

import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path

from soulsync_edge.adapters.hearing.frames import SHORTEST_S
from soulsync_edge.adapters.listening_program import ListeningProgram
from soulsync_edge.adapters.music_places import MusicPlaces
from soulsync_edge.adapters.store_sqlite import SqliteStore
from soulsync_edge.domain.doubles import one_of_each
from soulsync_edge.domain.track import Catalogue, Track
from soulsync_edge.errors import ModelError, Unavailable
from soulsync_edge.programs.printing import named_in_full
from soulsync_edge.programs.progress_bar import ProgressBar
from soulsync_edge.services.hearing_out import HeardOut, Memory, heard_out
from soulsync_edge.services.listening import refined

MOST_EARS = 2
"""Programs that listen side by side; each takes one core."""


def by_ear(catalogue: Catalogue, models: Path) -> Catalogue:
    """Return the same music placed by hints and by ear, without doubles and what cannot be decoded.

    What was heard before and did not change is not heard again. Where nothing can be listened to,
    the catalogue comes back as it was, and stderr says why.
    """
    # Shorter ones hold no bar of music: they stay where their tags put them.
    tracks = [one for one in catalogue.tracks if not 0 < one.duration_s < SHORTEST_S]
    if not tracks:
        return catalogue
    store = None
    try:
        places = MusicPlaces(models)
        store = _opened_store()
        out = _heard(tracks, models, Memory(store, places.version, _say))
    except (ModelError, Unavailable) as error:
        _say(f"{error}; the music is placed by its tags and folders alone")
        return catalogue
    finally:
        if store is not None:
            store.close()
    lost = {file.path for file in out.unheard}
    for file in out.unheard:
        _say(f"{named_in_full(Path(file.path), file.reason)}; left out")
    playable = replace(
        catalogue,
        tracks=tuple(one for one in catalogue.tracks if one.path not in lost),
        skipped=(*catalogue.skipped, *out.unheard),
    )
    content = {name: hearing.file.content for name, hearing in out.hearings.items()}
    doubles = one_of_each(playable.tracks, content)
    return refined(playable, out.hearings, doubles, places)


def _heard(tracks: list[Track], models: Path, memory: Memory) -> HeardOut:
    count = min(MOST_EARS, len(os.sched_getaffinity(0)), len(tracks))
    listen = (sys.executable, "-m", "soulsync_edge", "listen", "--at-once", "--models", str(models))
    with ProgressBar("listening", lambda: len(tracks)) as bar:
        ears = [ListeningProgram(models, listen) for _ in range(count)]
        return asyncio.run(heard_out(tracks, ears, memory, bar.advance))


def _opened_store() -> SqliteStore | None:
    """Return where it is kept what was heard, or None where it cannot be: stderr says why."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    try:
        return SqliteStore(Path(home) / "soulsync" / "heard.db")
    except Unavailable as error:
        _say(f"what is heard now will be heard again next time: {error}")
        return None


def _say(text: str) -> None:
    sys.stderr.write(f"soulsync playlist: {text}\n")
