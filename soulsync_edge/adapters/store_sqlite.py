"""The store, in one SQLite file."""

import base64
import dataclasses
import glob
import logging
import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from soulsync_edge.domain.affect import Affect, Spread
from soulsync_edge.domain.hearing import Analysis, FilePrint, Hearing
from soulsync_edge.domain.library import Found, Known, Stick
from soulsync_edge.domain.sound import Sound
from soulsync_edge.domain.track import SkippedFile, Track
from soulsync_edge.errors import Unavailable

logger = logging.getLogger(__name__)

MOST_LIBRARIES = 64
"""Sticks whose tracks are remembered; of more, those scanned longest ago are forgotten."""

MOST_ANALYSES = 100_000
"""Pieces whose sound is remembered, below 100 MB; of more, the longest ago heard are forgotten."""

_BUSY_S = 5.0
"""Seconds to wait for another program that has the file open, such as one just ending."""

_UPGRADES = (
    """
    CREATE TABLE choices (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE libraries (number INTEGER PRIMARY KEY, library BLOB NOT NULL UNIQUE) STRICT;
    CREATE TABLE tracks (
        number INTEGER NOT NULL REFERENCES libraries ON DELETE CASCADE,
        track_id TEXT NOT NULL,
        path BLOB NOT NULL,
        title TEXT NOT NULL,
        artist TEXT NOT NULL,
        album TEXT NOT NULL,
        duration_s REAL NOT NULL,
        valence REAL NOT NULL,
        arousal REAL NOT NULL,
        affect_spread REAL NOT NULL,
        affect_source TEXT NOT NULL,
        PRIMARY KEY (number, track_id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE skipped (
        number INTEGER NOT NULL REFERENCES libraries ON DELETE CASCADE,
        path TEXT NOT NULL,
        reason TEXT NOT NULL
    ) STRICT;
    CREATE INDEX skipped_of ON skipped (number);
    """,
    """
    ALTER TABLE tracks RENAME COLUMN affect_spread TO valence_sd;
    ALTER TABLE tracks ADD COLUMN arousal_sd REAL NOT NULL DEFAULT 0.7;
    UPDATE tracks SET arousal_sd = valence_sd;
    ALTER TABLE tracks ADD COLUMN tempo_bpm REAL;
    ALTER TABLE tracks ADD COLUMN key INTEGER;
    ALTER TABLE tracks ADD COLUMN is_minor INTEGER;
    ALTER TABLE tracks ADD COLUMN danceability REAL;
    ALTER TABLE tracks ADD COLUMN loudness_lufs REAL;
    ALTER TABLE tracks ADD COLUMN true_peak_dbtp REAL;
    """,
    """
    CREATE TABLE analyses (
        number INTEGER PRIMARY KEY,
        content TEXT NOT NULL,
        version TEXT NOT NULL,
        descriptors BLOB NOT NULL,
        tempo_bpm REAL NOT NULL,
        key INTEGER NOT NULL,
        is_minor INTEGER NOT NULL,
        danceability REAL NOT NULL,
        loudness_lufs REAL NOT NULL,
        true_peak_dbtp REAL NOT NULL,
        UNIQUE (content, version)
    ) STRICT;
    CREATE TABLE files (
        track_id TEXT PRIMARY KEY,
        size_bytes INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        content TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    """,
    """
    ALTER TABLE libraries ADD COLUMN folder BLOB NOT NULL DEFAULT x'2f';
    ALTER TABLE libraries ADD COLUMN is_complete INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE libraries ADD COLUMN used INTEGER NOT NULL DEFAULT 0;
    UPDATE libraries SET is_complete = 1, used = number;
    ALTER TABLE tracks ADD COLUMN year INTEGER;
    ALTER TABLE tracks ADD COLUMN replay_gain_db REAL;
    ALTER TABLE tracks ADD COLUMN stamp TEXT NOT NULL DEFAULT '';
    """,
)
"""What makes each version of the file from the one before; the first makes it from nothing."""

_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

_ADVICE = {
    sqlite3.SQLITE_FULL: "the disk is full; make room on it",
    sqlite3.SQLITE_READONLY: "it may not be written; the card may be failing and locked itself",
    sqlite3.SQLITE_IOERR: "the disk fails; check or replace the card",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; let this program write to its folder",
    sqlite3.SQLITE_BUSY: "another program has it open; end that first",
    sqlite3.SQLITE_CORRUPT: "it is damaged; it is set aside at the next start",
    sqlite3.SQLITE_NOTADB: "it is damaged; it is set aside at the next start",
}


class SqliteStore:
    """A `Store` in the file at `path`; used by one thread at a time.

    One connection alone writes and checkpoints and keeps everyone else out: with two, SQLite
    before 3.51.3 could lose a checkpoint (the WAL-reset bug), and Debian 12 has 3.40.1.
    Whatever is written is synchronised to the disk before a call returns. A damaged file, or one
    emptied by a power cut, is set aside under another name, and a new one begun; as long as the
    old one lies there, a name that is not kept again counts as lost, not as never kept.

    Raises:
        Unavailable: The file cannot be opened or written, or a newer version wrote it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        logger.debug("SQLite %s", sqlite3.sqlite_version)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _check_access(path)
            if path.exists() and not path.stat().st_size:
                self._begin_anew()
            else:
                self._connection = _opened(path)
        except sqlite3.DatabaseError as error:
            if _code(error) not in _DAMAGED:
                raise self._unavailable(error) from error
            self._begin_anew()
        except OSError as error:
            raise Unavailable(
                f"the store {path} cannot be opened: {os.strerror(error.errno or 0).lower()}"
            ) from error

    def sticks(self) -> tuple[Stick, ...]:
        with self._translated():
            rows = self._connection.execute(
                "SELECT library, folder FROM libraries ORDER BY folder, library"
            ).fetchall()
        return tuple(Stick(os.fsdecode(library), os.fsdecode(where), 0) for library, where in rows)

    def known(self, stick: Stick) -> Known:
        key = (os.fsencode(stick.library),)
        with self._translated():
            about = self._connection.execute(
                "SELECT is_complete FROM libraries WHERE library = ?", key
            ).fetchone()
            tracks = self._connection.execute(
                f"SELECT {', '.join(_COLUMNS)}"  # noqa: S608  # names written below, nobody's input
                " FROM tracks JOIN libraries USING (number) WHERE library = ? ORDER BY track_id",
                key,
            ).fetchall()
            skipped = self._connection.execute(
                "SELECT path, reason FROM skipped JOIN libraries USING (number)"
                " WHERE library = ? ORDER BY skipped.rowid",
                key,
            ).fetchall()
        try:
            return Known(
                tuple(_track(row, stick.folder) for row in tracks),
                tuple(SkippedFile(*row) for row in skipped),
                is_complete=about is not None and bool(about[0]),
            )
        except ValueError as error:
            # A bit that flipped on the card passes SQLite's own check; a scan finds it all again.
            logger.warning(
                "what is kept of %s makes no sense (%s): reading anew", stick.library, error
            )
            return Known()

    def stamps(self, library: str) -> dict[str, str]:
        with self._translated():
            return dict(
                self._connection.execute(
                    "SELECT track_id, stamp FROM tracks JOIN libraries USING (number)"
                    " WHERE library = ?",
                    (os.fsencode(library),),
                )
            )

    def keep_found(self, stick: Stick, found: Iterable[Found]) -> None:
        with self._translated(), self._transaction():
            number = self._number(stick)
            self._connection.executemany(
                f"INSERT OR REPLACE INTO tracks (number, {', '.join(_COLUMNS)}, stamp)"  # noqa: S608  # as above
                f" VALUES (?{', ?' * len(_COLUMNS)}, ?)",
                ((number, *_row(one.track, stick.folder), one.stamp) for one in found),
            )
        self._checkpoint()

    def keep_complete(
        self, stick: Stick, track_ids: Collection[str], skipped: Iterable[SkippedFile]
    ) -> None:
        with self._translated(), self._transaction():
            run = self._connection.execute
            number = self._number(stick)
            run("UPDATE libraries SET is_complete = 1 WHERE number = ?", (number,))
            there = run("SELECT track_id FROM tracks WHERE number = ?", (number,)).fetchall()
            self._connection.executemany(
                "DELETE FROM tracks WHERE number = ? AND track_id = ?",
                ((number, name) for (name,) in there if name not in track_ids),
            )
            run("DELETE FROM skipped WHERE number = ?", (number,))
            self._connection.executemany(
                "INSERT INTO skipped VALUES (?, ?, ?)",
                ((number, file.path, file.reason) for file in skipped),
            )
            run(
                "DELETE FROM libraries WHERE number NOT IN"
                " (SELECT number FROM libraries ORDER BY used DESC LIMIT ?)",
                (MOST_LIBRARIES,),
            )
            run("DELETE FROM files WHERE track_id NOT IN (SELECT track_id FROM tracks)")
        self._checkpoint()

    def hearings(self, track_ids: Iterable[str], version: str) -> dict[str, Hearing]:
        found = {}
        with self._translated():
            for track_id in track_ids:
                row = self._connection.execute(
                    f"SELECT size_bytes, mtime_ns, content, {', '.join(_ANALYSIS)}"  # noqa: S608  # as above
                    " FROM files JOIN analyses USING (content) WHERE track_id = ? AND version = ?",
                    (track_id, version),
                ).fetchone()
                if row is not None and (analysis := _analysis(row[3:])) is not None:
                    found[track_id] = Hearing(FilePrint(*row[:3]), analysis)
        return found

    def analysis(self, content: str, version: str) -> Analysis | None:
        with self._translated():
            row = self._connection.execute(
                f"SELECT {', '.join(_ANALYSIS)} FROM analyses WHERE content = ? AND version = ?",  # noqa: S608  # as above
                (content, version),
            ).fetchone()
        return None if row is None else _analysis(row)

    def keep_hearings(self, hearings: Mapping[str, Hearing], version: str) -> None:
        with self._translated(), self._transaction():
            self._connection.executemany(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)",
                (
                    (track_id, *dataclasses.astuple(hearing.file))
                    for track_id, hearing in hearings.items()
                ),
            )
            self._connection.executemany(
                f"INSERT OR REPLACE INTO analyses (content, version, {', '.join(_ANALYSIS)})"  # noqa: S608  # as above
                f" VALUES (?, ?{', ?' * len(_ANALYSIS)})",
                (
                    (
                        hearing.file.content,
                        version,
                        base64.b64decode(hearing.analysis.descriptors),
                        *dataclasses.astuple(hearing.analysis.sound),
                    )
                    for hearing in hearings.values()
                ),
            )
            self._connection.execute(
                "DELETE FROM analyses WHERE number <= (SELECT max(number) FROM analyses) - ?",
                (MOST_ANALYSES,),
            )

    def recall(self, name: str) -> str | None:
        with self._translated():
            row = self._connection.execute(
                "SELECT value FROM choices WHERE name = ?", (name,)
            ).fetchone()
        if row is not None:
            return str(row[0])
        if any(self._path.parent.glob(f"{glob.escape(self._path.name)}.corrupt-*")):
            raise Unavailable(
                f"the store {self._path} was damaged and begun anew; the old one lies beside it"
            )
        return None

    def keep(self, name: str, value: str) -> None:
        with self._translated(), self._transaction():
            self._connection.execute("INSERT OR REPLACE INTO choices VALUES (?, ?)", (name, value))

    def forget(self, name: str) -> None:
        with self._translated():
            with self._transaction():
                self._connection.execute("DELETE FROM choices WHERE name = ?", (name,))
            # What is deleted is overwritten (secure_delete), but the write-ahead file holds older
            # pages until it is cut off.
            [[is_busy, *_]] = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        if is_busy:
            raise Unavailable(f"the store {self._path} failed: {_ADVICE[sqlite3.SQLITE_BUSY]}")

    def close(self) -> None:
        self._connection.close()

    def _number(self, stick: Stick) -> int:
        """Return the number of `stick`, where it is noted that it lies there now."""
        number: int = self._connection.execute(
            "INSERT INTO libraries (library, folder, used)"
            " SELECT ?, ?, 1 + ifnull(max(used), 0) FROM libraries WHERE true"
            " ON CONFLICT (library) DO UPDATE SET folder = excluded.folder, used = excluded.used"
            " RETURNING number",
            (os.fsencode(stick.library), os.fsencode(stick.folder)),
        ).fetchone()[0]
        return number

    def _checkpoint(self) -> None:
        # Else the write-ahead file would stay as large as the scan. What is kept is kept, whatever
        # becomes of this.
        with suppress(sqlite3.Error):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _begin_anew(self) -> None:
        """Set the damaged file aside and open a new one."""
        aside = _set_aside(self._path)
        logger.warning(
            "the store %s was damaged and is now %s; choices and the list of tracks begin anew",
            self._path,
            aside.name,
        )
        try:
            self._connection = _opened(self._path)
        except sqlite3.DatabaseError as error:
            raise self._unavailable(error) from error

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._unavailable(error) from error

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Do all in the block, or nothing."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            # On some errors, such as a full disk, SQLite has rolled back by itself.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def _unavailable(self, error: sqlite3.Error) -> Unavailable:
        return Unavailable(
            f"the store {self._path} failed: {_ADVICE.get(_code(error), str(error))}"
        )


def _opened(path: Path) -> sqlite3.Connection:
    """Return a connection to a sound file of the present version."""
    connection = sqlite3.connect(
        path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
    )
    try:
        # Exclusive before WAL: then no shared memory file is made or mapped either.
        for setting in (
            "locking_mode = EXCLUSIVE",
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            "secure_delete = ON",
        ):
            connection.execute(f"PRAGMA {setting}").fetchall()
        _check(connection)
        _upgrade(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _check_access(path: Path) -> None:
    """Raise `Unavailable` for a file that may not be written; SQLite has odder words for it."""
    if path.exists() and not os.access(path, os.R_OK | os.W_OK):
        raise Unavailable(f"the store {path} failed: {_ADVICE[sqlite3.SQLITE_READONLY]}")


def _check(connection: sqlite3.Connection) -> None:
    """Raise the error SQLite itself would at the damaged spot, before anyone runs into it."""
    [[verdict]] = connection.execute("PRAGMA quick_check(1)").fetchall()
    if verdict != "ok":
        error = sqlite3.DatabaseError(verdict)
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def _upgrade(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the file to the present version, each step whole or not at all."""
    [[version]] = connection.execute("PRAGMA user_version").fetchall()
    if version > len(_UPGRADES):
        raise Unavailable(
            f"the store {path} was written by a newer version ({version}, this one knows "
            f"{len(_UPGRADES)}); install that version, or move the file away"
        )
    for number, script in enumerate(_UPGRADES[version:], start=version + 1):
        connection.executescript(f"BEGIN; {script} PRAGMA user_version = {number}; COMMIT;")


def _set_aside(path: Path) -> Path:
    """Rename the store and its write-ahead file to a free name, and return that."""
    number = 1
    while (aside := path.with_name(f"{path.name}.corrupt-{number}")).exists():
        number += 1
    try:
        path.rename(aside)
        for ending in ("-wal", "-shm", "-journal"):
            beside = path.with_name(path.name + ending)
            if beside.exists():
                beside.rename(aside.with_name(aside.name + ending))
    except OSError as error:
        raise Unavailable(
            f"the store {path} is damaged and cannot be set aside: "
            f"{os.strerror(error.errno or 0).lower()}"
        ) from error
    return aside


def _code(error: sqlite3.Error) -> int:
    """Return SQLite's primary result code; the extended one carries it in its low byte."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


_COLUMNS = (
    *("track_id", "path", "title", "artist", "album", "duration_s"),
    *("valence", "arousal", "valence_sd", "arousal_sd", "affect_source"),
    *("tempo_bpm", "key", "is_minor", "danceability", "loudness_lufs", "true_peak_dbtp"),
    *("year", "replay_gain_db"),
)
"""Of the table of tracks, in the order of `_row` and `_track`. A path is counted from where its
stick lies; those kept by the versions before are absolute. A track that was not analysed has
nothing in the six of its sound."""

_ANALYSIS = (
    *("descriptors", "tempo_bpm", "key", "is_minor"),
    *("danceability", "loudness_lufs", "true_peak_dbtp"),
)
"""Of the table of analyses: the descriptors, and a `Sound` in the order of its fields."""


def _row(track: Track, folder: str) -> tuple[object, ...]:
    sound = track.sound
    path = track.path.removeprefix(f"{folder}/")
    return (
        track.track_id,
        os.fsencode(path),  # a file name is bytes: not every one is text
        track.title,
        track.artist,
        track.album,
        track.duration_s,
        track.affect.valence,
        track.affect.arousal,
        track.affect_spread.valence,
        track.affect_spread.arousal,
        track.affect_source,
        *((None,) * 6 if sound is None else dataclasses.astuple(sound)),
        track.year,
        track.replay_gain_db,
    )


def _track(row: tuple[Any, ...], folder: str) -> Track:  # as SQLite holds it
    track_id, path, title, artist, album, duration_s, *place, source = row[:11]
    tempo_bpm, key, is_minor, *levels = row[11:17]
    year, replay_gain_db = row[17:]
    return Track(
        track_id=track_id,
        path=os.path.join(folder, os.fsdecode(path)),  # noqa: PTH118  # a path may be any bytes
        title=title,
        artist=artist,
        album=album,
        duration_s=duration_s,
        affect=Affect(*place[:2]),
        affect_spread=Spread(*place[2:]),
        affect_source=source,
        sound=None if tempo_bpm is None else Sound(tempo_bpm, key, bool(is_minor), *levels),
        year=year,
        replay_gain_db=replay_gain_db,
    )


def _analysis(row: tuple[Any, ...]) -> Analysis | None:  # as SQLite holds it
    """Return the analysis in a row, or None for one that makes no sense: it is heard anew."""
    descriptors, tempo_bpm, key, is_minor, *levels = row
    try:
        sound = Sound(tempo_bpm, key, bool(is_minor), *levels)
    except ValueError as error:
        logger.warning("what is kept of a sound makes no sense (%s): listening anew", error)
        return None
    return Analysis(base64.b64encode(descriptors).decode(), sound)
