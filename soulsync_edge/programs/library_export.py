"""Writes the catalogue as a table, for spreadsheets and programs."""

import csv
import io
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from soulsync_edge.adapters.store_copy import copied_store
from soulsync_edge.adapters.store_sqlite import SqliteStore
from soulsync_edge.domain.hearing import Hearing
from soulsync_edge.domain.sound import KEYS
from soulsync_edge.domain.track import Catalogue, Track, catalogue_of
from soulsync_edge.errors import ModelError, Unavailable
from soulsync_edge.ports import Store
from soulsync_edge.programs.playlist import catalogue_in
from soulsync_edge.programs.printing import let_go_of_stdout
from soulsync_edge.services.listening import Places, refined

Cell = str | int | float | None

COLUMNS = (
    *("path", "title", "artist", "album", "year", "duration_s"),
    *("valence", "arousal", "valence_sd", "arousal_sd", "affect_source"),
    *("tempo_bpm", "key", "mode", "loudness_lufs", "true_peak_dbtp", "danceability"),
    *("replay_gain_db", "content"),
)
"""Names of the columns, in their order; what is not known of a track is an empty cell."""

_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "'")
"""A spreadsheet takes a text that begins with one of the first six for a formula."""


def run(*, library: Path | None, state_dir: Path, models: Path, file: Path | None) -> int:
    """Write a table of all tracks as CSV (RFC 4180, UTF-8) to `file` or stdout; return 0.

    Texts stand in quotes, numbers do not. A text that a spreadsheet would take for a formula, or
    that begins with an apostrophe, gets an apostrophe before it: one taken away from texts that
    begin with one gives them back as they were. A path that is no UTF-8 is written as a `file:`
    address, with such bytes as `%FF`.

    Args:
        library: Read this folder; None: what the appliance remembers, sticks that are away too.
        state_dir: Where the appliance remembers it.
        models: Folder of the models: they say where music sits that was listened to.
        file: Where to write, or None.

    Raises:
        Unavailable: The folder or the store cannot be read, or the file cannot be written.
    """
    known = (catalogue_in(library), {}) if library else _remembered(state_dir, models)
    table = _table(_rows(*known))
    if file is not None:
        try:
            file.write_bytes(table)
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise Unavailable(f"{file} cannot be written: {why}") from error
        return 0
    try:
        sys.stdout.buffer.write(table)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        let_go_of_stdout()
        return 1
    return 0


def _remembered(state_dir: Path, models: Path) -> tuple[Catalogue, Mapping[str, Hearing]]:
    """Return all the appliance knows, placed as it places it, and what it knows by ear."""
    with tempfile.TemporaryDirectory(prefix="soulsync-export-") as scratch:
        path = state_dir / "soulsync.db"
        store = SqliteStore(copied_store(path, Path(scratch)))
        try:
            if list(Path(scratch).glob("*.corrupt-*")):
                raise Unavailable(
                    f"the store {path} is damaged; core sets it aside at its next start"
                )
            tracks = [one for stick in store.sticks() for one in store.known(stick).tracks]
            catalogue = catalogue_of(tracks)
            return _placed(catalogue, store, models)
        finally:
            store.close()


def _placed(
    catalogue: Catalogue, store: Store, models: Path
) -> tuple[Catalogue, Mapping[str, Hearing]]:
    try:
        places = _places(models)
    except ModelError as error:
        sys.stderr.write(f"soulsync library: what was listened to is left out: {error}\n")
        return catalogue, {}
    heard = store.hearings([track.track_id for track in catalogue.tracks], places.version)
    return (refined(catalogue, heard, {}, places) if heard else catalogue), heard


def _places(models: Path) -> Places:
    from soulsync_edge.adapters.music_places import MusicPlaces

    return MusicPlaces(models)


def _rows(catalogue: Catalogue, heard: Mapping[str, Hearing]) -> Iterator[tuple[Cell, ...]]:
    for track in sorted(catalogue.tracks, key=lambda track: track.path):
        hearing = heard.get(track.track_id)
        yield (
            *_words(track),
            *_place(track),
            *_sound(track),
            _rounded(track.replay_gain_db, 2),
            None if hearing is None else hearing.file.content,
        )


def _words(track: Track) -> tuple[Cell, ...]:
    duration_s = round(track.duration_s, 1) if track.duration_s else None
    return _path(track.path), track.title, track.artist, track.album, track.year, duration_s


def _place(track: Track) -> tuple[Cell, ...]:
    affect, spread = track.affect, track.affect_spread
    numbers = (affect.valence, affect.arousal, spread.valence, spread.arousal)
    return *(round(number, 4) for number in numbers), track.affect_source


def _sound(track: Track) -> tuple[Cell, ...]:
    if (sound := track.sound) is None:
        return (None,) * 6
    return (
        round(sound.tempo_bpm, 1),
        KEYS[sound.key],
        "minor" if sound.is_minor else "major",
        round(sound.loudness_lufs, 1),
        round(sound.true_peak_dbtp, 1),
        round(sound.danceability, 3),
    )


def _rounded(number: float | None, digits: int) -> float | None:
    return None if number is None else round(number, digits)


def _path(path: str) -> str:
    try:
        path.encode()
    except UnicodeEncodeError:
        return Path(os.path.abspath(path)).as_uri()  # noqa: PTH100  # links stay as they are
    return path


def _table(rows: Iterable[tuple[Cell, ...]]) -> bytes:
    text = io.StringIO()
    table = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    table.writerow(COLUMNS)
    for row in rows:
        table.writerow(["" if cell is None else _harmless(cell) for cell in row])
    return text.getvalue().encode()


def _harmless(cell: str | float) -> str | float:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULAS) else cell
