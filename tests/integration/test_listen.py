"""The listener as a program of its own: the real one, and stand-ins that misbehave."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest
import soundfile

from soulsync_edge.adapters.features_audio import AudioAnalyst, Listened
from soulsync_edge.adapters.listening_program import ListeningProgram
from soulsync_edge.adapters.music_places import MusicPlaces
from soulsync_edge.cli import models_folder
from soulsync_edge.domain.hearing import FilePrint
from soulsync_edge.errors import MediaError, ModelError, Unavailable
from soulsync_edge.programs.listen import answer
from soulsync_edge.wire.messages import Listen, TrackUnheard
from tests.made_sound import RATE_HZ, beats, chords

T = TypeVar("T")
MODELS = models_folder()
CADENCE = [(2, "major"), (7, "major"), (9, "major"), (2, "major")]
_IDENTIFIED = (
    '{"kind": "TrackIdentified", "track_id": "a",'
    ' "file": {"size_bytes": 1, "mtime_ns": 1, "content": ""}}'
)


def _with(program: ListeningProgram, talk: Callable[[ListeningProgram], Awaitable[T]]) -> T:
    async def talked() -> T:
        try:
            return await talk(program)
        finally:
            await program.close()

    return asyncio.run(talked())


def _stand_in(script: str, silence_s: float = 60.0) -> ListeningProgram:
    lines = f"import os, sys, signal\n{script}"
    return ListeningProgram(MODELS, (sys.executable, "-uc", lines), silence_s)


def test_the_real_program_hears_music_refuses_the_rest_and_what_it_says_can_be_placed(
    tmp_path: Path,
) -> None:
    beat, copy = tmp_path / "beat.flac", tmp_path / "copy.flac"
    soundfile.write(beat, 0.5 * beats(120, 12), RATE_HZ)
    copy.write_bytes(beat.read_bytes())
    cadence, broken = tmp_path / "cadence.ogg", tmp_path / "broken.mp3"
    soundfile.write(cadence, chords(CADENCE * 3), RATE_HZ)
    broken.write_bytes(b"nothing of the kind")

    async def talk(program: ListeningProgram) -> None:
        with pytest.raises(MediaError, match=r"broken\.mp3 cannot be decoded"):
            await program.listen("broken", str(broken))
        file = await program.identify("beat", str(beat), None)
        assert (file.size_bytes, file.mtime_ns) == (
            beat.stat().st_size,
            beat.stat().st_mtime_ns,
        )
        known = FilePrint(file.size_bytes, file.mtime_ns, "what was known")
        assert await program.identify("beat", str(beat), known) == known
        other = FilePrint(file.size_bytes, file.mtime_ns + 1, "what was known")
        assert await program.identify("beat", str(beat), other) == file
        assert (await program.identify("copy", str(copy), None)).content == file.content
        heard = [
            await program.listen("beat", str(beat)),
            await program.listen("cadence", str(cadence)),
        ]
        assert heard[1].sound.key == 2
        assert not heard[1].sound.is_minor
        drumming, chiming = MusicPlaces(MODELS).placed([one.descriptors for one in heard])
        assert drumming.source == "its sound"
        assert drumming.affect != chiming.affect

    _with(ListeningProgram(MODELS), talk)


def test_a_file_that_brings_the_program_down_is_to_blame_and_the_next_one_is_heard() -> None:
    program = _stand_in(
        "print()\n"
        "for line in sys.stdin:\n"
        "    if 'deadly' in line: os.kill(os.getpid(), signal.SIGKILL)\n"
        '    print(\'{"kind": "TrackUnheard", "track_id": "b", "reason": "alive"}\')'
    )

    async def talk(program: ListeningProgram) -> None:
        with pytest.raises(MediaError, match=r"deadly\.mp3 brought the listening program down"):
            await program.listen("a", "/m/deadly.mp3")
        with pytest.raises(MediaError, match="alive"):
            await program.listen("b", "/m/b.mp3")

    _with(program, talk)


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("signal.pause()", "without a word"),
        ("print('nonsense')", "makes no sense"),
        ("print('x' * 1_000_000)", "makes no sense"),
        ('print(\'{"kind": "TrackUnheard", "track_id": "b", "reason": ""}\')', "track 'b'"),
        (f"print({_IDENTIFIED!r})", "another question"),
    ],
)
def test_a_program_that_makes_no_sense_of_a_file_is_told(script: str, why: str) -> None:
    program = _stand_in(
        f"print(); sys.stdin.readline(); {script}", 2.0 if "pause" in script else 60
    )

    with pytest.raises(MediaError, match=why):
        _with(program, lambda program: program.listen("a", "/m/a.mp3"))


def test_resting_is_no_silence() -> None:
    unheard = '{"kind": "TrackUnheard", "track_id": "a", "reason": "rested"}'
    program = _stand_in(f"print(); sys.stdin.readline(); print(); print(); print('{unheard}')")

    with pytest.raises(MediaError, match="rested"):
        _with(program, lambda program: program.listen("a", "/m/a.mp3"))


@pytest.mark.parametrize("command", [("/nowhere/listen",), (sys.executable, "-c", "pass")])
def test_a_program_that_does_not_start_is_no_fault_of_the_file(command: tuple[str, ...]) -> None:
    with pytest.raises(Unavailable, match="does not start"):
        _with(ListeningProgram(MODELS, command), lambda one: one.listen("a", "/m/a.mp3"))


def test_a_program_nobody_waits_for_any_more_is_ended(tmp_path: Path) -> None:
    noted = tmp_path / "pid"
    program = _stand_in(
        f"print(); open({str(noted)!r}, 'w').write(str(os.getpid())); signal.pause()"
    )

    async def leave_early(program: ListeningProgram) -> None:
        asking = asyncio.create_task(program.listen("a", "/m/a.mp3"))
        async with asyncio.timeout(60):
            while not (noted.exists() and noted.read_text()):
                await asyncio.wait({asking}, timeout=0.05)
        asking.cancel()
        await asyncio.wait({asking})
        with pytest.raises(ProcessLookupError):
            os.kill(int(noted.read_text()), 0)

    _with(program, leave_early)


class Sleeper(AudioAnalyst):
    """An analyst that never comes to an end."""

    def __init__(self) -> None:
        """Need no model."""

    def listened(self, path: Path) -> Listened:  # noqa: ARG002  # as an analyst has it
        while True:
            signal.pause()


def test_a_file_that_takes_too_long_is_given_up() -> None:
    told = answer(Listen("a", "/m/never.mp3"), Sleeper(), limit_s=0.2)

    assert told == TrackUnheard("a", "never.mp3 took longer than 0.2 s")


def test_places_need_the_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        MusicPlaces(tmp_path)


def test_descriptors_that_a_failing_card_garbled_are_taken_for_usual_ones() -> None:
    places = MusicPlaces(MODELS)

    assert len({one.affect for one in places.placed(["", "AAAA", "no Base64"])}) == 1
    assert places.placed([]) == []
