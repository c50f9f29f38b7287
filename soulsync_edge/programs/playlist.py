"""Makes a playlist that leads from one mood to another, and says why each track is there."""

import difflib
import json
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from soulsync_edge.adapters.playlist_m3u import check_target, write_m3u
from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.file_names import shown
from soulsync_edge.domain.journey import Journey, PathRules
from soulsync_edge.domain.mood_words import AFFECT_OF_WORD, affect_of_word
from soulsync_edge.domain.path import MusicPath, plan, plan_for
from soulsync_edge.domain.path_search import playing_time_s
from soulsync_edge.domain.shifting import Goal
from soulsync_edge.domain.track import Catalogue, SkippedFile, Track, catalogue_of
from soulsync_edge.errors import SoulSyncError
from soulsync_edge.programs.music_walk import files_below
from soulsync_edge.programs.playlist_ear import by_ear
from soulsync_edge.programs.printing import counted, let_go_of_stdout, printable
from soulsync_edge.programs.progress_bar import ProgressBar
from soulsync_edge.programs.scan import scanned


@dataclass(frozen=True, slots=True)
class Wishes:
    """What kind of playlist is wanted.

    Attributes:
        library: The folder with the music.
        start: The mood to start from, one of `AFFECT_OF_WORD`.
        goal: The mood or goal to lead to, one of those too.
        minutes: How long it should play, above 0; None: as long as the way takes.
        m3u: Also write it to this file, or None.
        as_json: Print a JSON list instead of lines for people.
        seed: Another one gives another playlist.
        models: Folder of the models; None: do not listen, go by tags and folders alone.
    """

    library: Path
    start: str
    goal: str
    minutes: float | None = None
    m3u: Path | None = None
    as_json: bool = False
    seed: str = "0"
    models: Path | None = None


class _RefusedError(SoulSyncError):
    """What was asked for cannot be; the message says why."""


def run(wishes: Wishes) -> int:
    """Print the playlist that `wishes` ask for; return 0, or 1 when there is none: stderr says why.

    As JSON it is a list of `{path, title, valence, arousal, why}`, affect from -1 to 1. A byte of a
    path that is no UTF-8 is a lone surrogate there, as Python's `os.fsdecode` makes it.
    """
    try:
        path = _planned(wishes)
        if wishes.m3u is not None:
            write_m3u(wishes.m3u, path.tracks, f"from {wishes.start} to {wishes.goal}")
    except SoulSyncError as error:
        sys.stderr.write(f"soulsync playlist: {error}\n")
        return 1
    if wishes.as_json:
        for remark in path.remarks:
            sys.stderr.write(f"soulsync playlist: note: {remark}\n")
    try:
        sys.stdout.write(
            _as_json(path) if wishes.as_json else "\n".join(_lines(path, wishes)) + "\n"
        )
        sys.stdout.flush()
    except BrokenPipeError:
        let_go_of_stdout()
    return 0


def catalogue_in(folder: Path) -> Catalogue:
    """Return what `folder` holds, each track placed by what is known of it: tags and folder names.

    Raises:
        Unavailable: The folder cannot be read, or went away meanwhile.
    """
    tracks: list[Track] = []
    skipped: list[SkippedFile] = []
    with ProgressBar("reading", lambda: files_below(folder)) as bar:
        for found in scanned(folder):
            if isinstance(found, Track):
                tracks.append(found)
            elif isinstance(found, SkippedFile):
                skipped.append(found)
            if found is not None:
                bar.advance()
    return catalogue_of(tracks, skipped)


def _planned(wishes: Wishes) -> MusicPath:
    """Return the playlist; raises `SoulSyncError` when there is none."""
    # What was typed first: a wrong word should not have to wait for a stick to be read.
    journey = Journey(
        _place("--from", wishes.start), _place("--to", wishes.goal), wishes.start, wishes.goal
    )
    if wishes.minutes is not None and not 0 < wishes.minutes < math.inf:
        raise _RefusedError(
            f"--minutes must be a number of minutes above 0, like 30; got {wishes.minutes:g}"
        )
    if wishes.m3u is not None:
        check_target(wishes.m3u)
    catalogue = catalogue_in(wishes.library)
    if wishes.models is not None:
        catalogue = by_ear(catalogue, wishes.models)
    if not catalogue.tracks:
        skipped = counted(len(catalogue.skipped), "file")
        but = f"; {skipped} cannot be played" if catalogue.skipped else ""
        raise _RefusedError(
            f"{wishes.library} holds no music{but}: see what `soulsync scan` says of it"
        )
    seed, rules = wishes.seed, PathRules()
    if wishes.minutes is None:
        path = plan(catalogue, journey, seed=seed, rules=rules)
    else:
        path = plan_for(catalogue, journey, length_s=60 * wishes.minutes, seed=seed, rules=rules)
    if path is None:
        raise _RefusedError(
            f"there is no way from {wishes.start} to {wishes.goal} in {wishes.library}: all its "
            "music lies deeper in a dark corner than both"
        )
    return path


def _place(option: str, word: str) -> Affect:
    """Return where a word sits; raises `_RefusedError` with all that are known for another."""
    affect = affect_of_word(word)
    if affect is not None:
        return affect
    like = difflib.get_close_matches(word.lower(), AFFECT_OF_WORD, n=1)
    hint = f" (did you mean {like[0]}?)" if like else ""
    goals = [goal.value for goal in Goal]
    moods = sorted(AFFECT_OF_WORD.keys() - set(goals))
    raise _RefusedError(
        f"{option} {word!r} is no mood known here{hint}; known are the goals {', '.join(goals)} "
        f"and the moods {', '.join(moods)}"
    )


def _as_json(path: MusicPath) -> str:
    rows = [
        {
            "path": stop.track.path,
            "title": stop.track.title,
            "valence": round(stop.track.affect.valence, 4),
            "arousal": round(stop.track.affect.arousal, 4),
            "why": stop.why,
        }
        for stop in path.stops
    ]
    return json.dumps(rows, indent=2) + "\n"


def _lines(path: MusicPath, wishes: Wishes) -> Iterator[str]:
    """Yield the playlist for people: two lines a track, then what could not be had."""
    minutes = playing_time_s(path.tracks) / 60
    count = counted(len(path.stops), "track")
    yield f"From {wishes.start} to {wishes.goal}: {count}, {minutes:.1f} minutes"
    for number, stop in enumerate(path.stops, start=1):
        track = stop.track
        length = "?:??"
        if track.duration_s:
            length = "{}:{:02}".format(*divmod(round(track.duration_s), 60))
        name = f"{track.artist} - {track.title}" if track.artist else track.title
        yield f"{number:3} {length:>6}  {printable(name)}"
        yield f"{'':12}{printable(stop.why)}"
    for remark in path.remarks:
        yield f"Note: {remark}"
    if wishes.m3u is not None:
        yield f"Written to {printable(shown(wishes.m3u))}"
