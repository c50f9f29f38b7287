"""Says how music files feel and sound."""

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from soulsync_edge.adapters.features_audio import AudioAnalyst, Listened
from soulsync_edge.domain.affect import Affect, Spread
from soulsync_edge.domain.file_names import shown
from soulsync_edge.domain.music_words import feel
from soulsync_edge.domain.sound import KEYS
from soulsync_edge.errors import MediaError
from soulsync_edge.programs.music_walk import PLAYED
from soulsync_edge.programs.printing import let_go_of_stdout, named_in_full
from soulsync_edge.programs.progress_bar import with_progress
from soulsync_edge.programs.time_limit import TooSlow, at_most

FILE_LIMIT_S = 20.0
"""Seconds one file may take; more is a damaged file or a dying disk. A slow board needs some."""

NO_FILE = 66  # EX_NOINPUT of sysexits.h


@dataclass(frozen=True, slots=True)
class Analysed:
    """How one file feels and sounds.

    Attributes:
        path: As it was asked for.
        valence: Unpleasant -1 to pleasant +1.
        arousal: Calm -1 to activated +1.
        valence_sd: How unsure the valence is, as a standard deviation.
        arousal_sd: The same of the arousal.
        tempo_bpm: Beats per minute.
        key: The tonic, `C` to `B` with sharps.
        mode: `major` or `minor`.
        loudness_lufs: Integrated loudness of the middle minute.
        danceability: 0 to 1.
    """

    path: str
    valence: float
    arousal: float
    valence_sd: float
    arousal_sd: float
    tempo_bpm: float
    key: str
    mode: str
    loudness_lufs: float
    danceability: float


def run(files: list[Path], *, models: Path, as_json: bool) -> int:
    """Print how each of `files` feels and sounds, as a table or a JSON list.

    A folder stands for all music in it. The files named together count as one library: what is
    usual among them is what each is measured by, the more so the more they are.

    Returns 0, or 66 when there was nothing that could be analysed; stderr says what was left out.

    Raises:
        ModelError: The affect model is missing or damaged.
    """
    analyst = AudioAnalyst(models)
    heard = list(_heard(analyst, _music(files)))
    places = analyst.placed([listened for _, listened in heard])
    analysed = [
        _analysed(path, listened, *place)
        for (path, listened), place in zip(heard, places, strict=True)
    ]
    try:
        if as_json:
            print(json.dumps([asdict(one) for one in analysed], indent=2), flush=True)
        elif analysed:
            _print_table(analysed)
    except BrokenPipeError:
        let_go_of_stdout()
        return 1
    return 0 if analysed else NO_FILE


def _music(files: Iterable[Path]) -> list[Path]:
    """Return the files, with folders replaced by the music in them, in order of names."""
    found: list[Path] = []
    for file in files:
        try:
            found += _music_in(file) if file.is_dir() else [file]
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            _complain(f"{shown(file)} cannot be looked into: {why}")
    return found


def _music_in(folder: Path) -> list[Path]:
    inside = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in PLAYED and not path.name.startswith(".") and path.is_file()
    )
    if not inside:
        _complain(f"{shown(folder)} holds no music")
    return inside


def _heard(analyst: AudioAnalyst, files: list[Path]) -> Iterator[tuple[Path, Listened]]:
    for file in with_progress(files, "listening"):
        try:
            with at_most(FILE_LIMIT_S):
                listened = analyst.listened(file)
        except MediaError as error:
            _complain(named_in_full(file, str(error)))
        except TooSlow:
            _complain(f"{shown(file)} took longer than {FILE_LIMIT_S:g} s")
        else:
            yield file, listened


def _analysed(path: Path, listened: Listened, affect: Affect, spread: Spread) -> Analysed:
    sound = listened.sound
    return Analysed(
        path=shown(path),
        valence=round(affect.valence, 3),
        arousal=round(affect.arousal, 3),
        valence_sd=round(spread.valence, 3),
        arousal_sd=round(spread.arousal, 3),
        tempo_bpm=round(sound.tempo_bpm, 1),
        key=KEYS[sound.key],
        mode="minor" if sound.is_minor else "major",
        loudness_lufs=round(sound.loudness_lufs, 1),
        danceability=round(sound.danceability, 2),
    )


def _print_table(analysed: list[Analysed]) -> None:
    print("    valence      arousal    BPM  key       LUFS  dance  feels                 file")
    for one in analysed:
        key = f"{one.key} {one.mode}"
        words = feel(Affect(one.valence, one.arousal))
        print(
            f"{one.valence:+.2f} ±{one.valence_sd:.2f}  {one.arousal:+.2f} ±{one.arousal_sd:.2f}"
            f"  {one.tempo_bpm:5.0f}  {key:8}"
            f"  {one.loudness_lufs:+5.1f}  {one.danceability:5.2f}  {words:20}  {one.path}",
            flush=True,
        )


def _complain(what: str) -> None:
    sys.stderr.write(f"soulsync analyse: {what}; left out\n")
