"""The real voice program against a test-side core: sockets, files and signals, no fakes inside."""

import asyncio
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from soulsync_edge.adapters.recorder_pulse import NullSinkRecorder
from soulsync_edge.domain.commands import PlayTrack, SetVolume, StopMusic
from soulsync_edge.domain.events import (
    Part,
    PartReported,
    TrackEnded,
    TrackFailed,
    TrackMoved,
    TrackStarted,
)
from soulsync_edge.settings import PlayerSettings
from tests.sound import write_loud_tone
from tests.voices import PATIENCE_S, VoiceCore

pytestmark = pytest.mark.libvlc

HEARD_DB = -60.0


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("music")
    write_loud_tone(folder / "long.flac", seconds=120.0)
    write_loud_tone(folder / "short.mp3", seconds=3.5)
    return folder


@pytest.fixture
def core(tmp_path: Path) -> Iterator[VoiceCore]:
    core = VoiceCore(tmp_path)
    yield core
    core.close()


def play(path: Path | str, track_id: str = "t", start_s: float = 0.0) -> PlayTrack:
    return PlayTrack(track_id, str(path), start_s)


async def moved_past(core: VoiceCore, track_id: str, position_s: float) -> float:
    """Wait until a track got past a position; return where it was heard last."""

    def positions() -> list[float]:
        return [
            event.position_s
            for event in core.heard
            if isinstance(event, TrackMoved) and event.track_id == track_id
        ]

    await core.until(lambda: bool(positions()) and positions()[-1] > position_s)
    return positions()[-1]


def sound_reports(core: VoiceCore) -> list[PartReported]:
    return [e for e in core.heard if isinstance(e, PartReported) and e.part is Part.SOUND]


def test_a_track_plays_to_its_end_and_the_voice_waits_for_the_next(
    core: VoiceCore, music: Path
) -> None:
    async def live() -> None:
        async with core.with_voice():
            core.say(SetVolume(50), play(music / "short.mp3", "t1"))
            await core.hears(TrackEnded, "t1")
            core.say(play(music / "short.mp3", "t2"))
            await core.hears(TrackEnded, "t2")

            outcomes = [
                type(event)
                for event in core.heard
                if not isinstance(event, TrackMoved | PartReported)
            ]
            assert outcomes == [TrackStarted, TrackEnded] * 2

    asyncio.run(live())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("is_playing", [True, False])
def test_a_signal_ends_the_voice_cleanly(
    core: VoiceCore, music: Path, number: int, *, is_playing: bool
) -> None:
    async def live() -> None:
        async with core.with_voice():
            if is_playing:
                core.say(play(music / "long.flac"))
                await core.hears(TrackMoved, "t")
            before_s = time.monotonic()
            status, log = await core.end(number)

            assert status == 0
            assert time.monotonic() - before_s < 2.0
            assert "Traceback" not in log
            told = core.told_supervisor()
            assert told[0] == "READY=1"
            assert told[-1] == "STOPPING=1"

    asyncio.run(live())


def test_a_voice_without_core_ends_cleanly_too(core: VoiceCore) -> None:
    async def live() -> None:
        await core.start()
        try:
            # Ready without core, which may come much later.
            assert await core.next_told_supervisor() == "READY=1"
            status, _ = await core.end()
            assert status == 0
        finally:
            await core.kill()

    asyncio.run(live())


def test_a_killed_voice_comes_back_and_resumes(core: VoiceCore, music: Path) -> None:
    async def live() -> None:
        async with core.with_voice():
            core.say(play(music / "long.flac"))
            for _ in range(3):
                position_s = await moved_past(core, "t", 0.5)
                await core.end(signal.SIGKILL)
                await core.until(lambda: not core.is_there)
                core.heard.clear()

                await core.start()
                await core.until(lambda: core.is_there)
                core.say(play(music / "long.flac", start_s=position_s))

                assert await moved_past(core, "t", position_s) < position_s + 10
        assert core.lost == 4

    asyncio.run(live())


def test_a_stopped_voice_holds_nobody_up_and_goes_on_afterwards(
    core: VoiceCore, music: Path
) -> None:
    async def live() -> None:
        async with core.with_voice():
            assert core.program is not None
            core.say(play(music / "long.flac"))
            await core.hears(TrackMoved, "t")

            core.program.send_signal(signal.SIGSTOP)
            before_s = time.monotonic()
            for volume_pct in range(100):
                core.say(SetVolume(volume_pct))
            assert time.monotonic() - before_s < 1.0, "core was held up"
            # Longer than a track may stand still: a stopped process is not a track that hangs.
            await asyncio.sleep(6.0)
            core.program.send_signal(signal.SIGCONT)

            core.say(play(music / "short.mp3", "next"))
            await core.hears(TrackEnded, "next")
            assert core.program.returncode is None

    asyncio.run(live())


def test_a_stopped_voice_can_be_killed_and_resumed(core: VoiceCore, music: Path) -> None:
    async def live() -> None:
        async with core.with_voice():
            core.say(play(music / "long.flac"))
            position_s = await moved_past(core, "t", 0.5)
            assert core.program is not None
            core.program.send_signal(signal.SIGSTOP)

            await core.end(signal.SIGKILL)
            await core.until(lambda: not core.is_there)
            core.heard.clear()
            await core.start()
            await core.until(lambda: core.is_there)
            core.say(play(music / "long.flac", start_s=position_s))

            await moved_past(core, "t", position_s)

    asyncio.run(live())


def test_the_voice_plays_on_while_core_is_away_and_tells_it_afterwards(
    core: VoiceCore, music: Path
) -> None:
    async def live() -> None:
        async with core.serving():
            await core.start()
            await core.until(lambda: core.is_there)
            core.say(play(music / "long.flac"))
            position_s = await moved_past(core, "t", 0.5)
        core.heard.clear()
        try:
            async with core.serving():
                await core.until(lambda: core.found == 2)

                assert await moved_past(core, "t", position_s) > position_s
                assert isinstance(core.heard[0], PartReported), "how the sound is comes first"
                status, _ = await core.end()
                assert status == 0
        finally:
            await core.kill()

    asyncio.run(live())


def test_stop_and_play_in_quick_turns_leave_the_last_track(core: VoiceCore, music: Path) -> None:
    async def live() -> None:
        async with core.with_voice():
            for number in range(50):
                core.say(play(music / "long.flac", f"t{number}"), StopMusic())
            core.say(play(music / "short.mp3", "last"))
            await core.hears(TrackEnded, "last")

            assert not [event for event in core.heard if isinstance(event, TrackFailed)]

    asyncio.run(live())


def test_hostile_files_fail_one_by_one_and_good_ones_play(
    core: VoiceCore, music: Path, tmp_path: Path
) -> None:
    noise = random.Random(7)  # noqa: S311  # the same noise each time
    good = (music / "short.mp3").read_bytes()
    bad = {
        "empty": b"",
        "noise": noise.randbytes(100_000),
        "text": b"not music\n" * 1000,
        "program": Path(sys.executable).resolve().read_bytes()[:64],
        "cut": good[:200],
    }
    hostile = {
        "gone": tmp_path / "gone.mp3",
        "folder": tmp_path,
        "nul": tmp_path / "nul\0.mp3",
        "surrogate": tmp_path / "\ud800.mp3",
        "long name": tmp_path / ("x" * 256),
        "device": Path("/dev/zero"),
        "memory": Path("/proc/self/mem"),
    }
    for name, content in bad.items():
        hostile[name] = tmp_path / f"{name}.mp3"
        hostile[name].write_bytes(content)
    hostile["huge"] = tmp_path / "huge.mp3"
    with hostile["huge"].open("wb") as huge:
        huge.truncate(5 << 30)  # 5 GB that hold nothing
    odd = [b"caf\xe9 \xff.mp3", b"n" * 251 + b".mp3", "音楽 #1 100%.mp3".encode()]
    for odd_name in odd:
        (tmp_path / os.fsdecode(odd_name)).write_bytes(good)

    async def live() -> None:
        async with core.with_voice():
            for name, path in hostile.items():
                core.say(play(path, name))
                failed = await core.hears(TrackFailed, name)
                assert isinstance(failed, TrackFailed)
                assert failed.reason
            for number, odd_name in enumerate(odd):
                core.say(play(tmp_path / os.fsdecode(odd_name), f"good{number}"))
                await core.hears(TrackEnded, f"good{number}")
            assert core.found == 1, "the same voice all the time"
            status, log = await core.end()
            assert status == 0
            assert "Traceback" not in log

    asyncio.run(live())


@pytest.mark.parametrize("ending", ["flac", "mp3"])
def test_music_followed_by_gigabytes_of_nothing_ends_without_a_new_voice(
    core: VoiceCore, music: Path, tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"head.{ending}"
    write_loud_tone(path, seconds=3.5, hiss=0.4)
    with path.open("r+b") as file:
        file.truncate(3 << 30)

    async def live() -> None:
        async with core.with_voice():
            core.say(play(path, "head"))
            await core.hears(TrackEnded, "head")
            assert any(isinstance(event, TrackMoved) for event in core.heard)
            core.say(play(music / "short.mp3", "next"))
            await core.hears(TrackEnded, "next")
            assert core.found == 1, "the same voice all the time"
            assert "no more music in it" in core.log

    asyncio.run(live())


def test_a_file_that_goes_away_while_it_plays_is_played_or_ends(
    core: VoiceCore, music: Path, tmp_path: Path
) -> None:
    path = tmp_path / "here.flac"
    shutil.copy(music / "long.flac", path)

    async def live() -> None:
        async with core.with_voice():
            core.say(play(path, "here"))
            await core.hears(TrackMoved, "here")
            os.truncate(path, 1000)

            await core.hears(TrackEnded, "here")
            core.say(play(music / "short.mp3", "next"))
            await core.hears(TrackEnded, "next")

    asyncio.run(live())


def test_settings_it_does_not_understand_are_told(core: VoiceCore) -> None:
    core.section_json = '{"output": "trumpet"}'

    async def live() -> None:
        async with core.with_voice():
            report = await core.hears(PartReported)
            assert isinstance(report, PartReported)
            assert report.part is Part.VOICE
            assert not report.is_ok

    asyncio.run(live())


def test_without_libvlc_it_says_what_to_install(tmp_path: Path) -> None:
    program = (
        "import sys; from soulsync_edge.adapters import player_vlc; "
        "player_vlc.LIBRARY = 'libmissing.so.5'; "
        "from soulsync_edge.cli import main; "
        f"sys.exit(main(['voice', '--run-dir', {str(tmp_path)!r}]))"
    )

    ended = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )

    assert ended.returncode == os.EX_UNAVAILABLE
    assert "libVLC is not installed" in ended.stderr
    assert "apt-get install" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""


@pytest.mark.slow
def test_memory_and_threads_do_not_grow_with_tracks(core: VoiceCore, music: Path) -> None:
    async def live() -> None:
        async with core.with_voice():
            assert core.program is not None
            process = psutil.Process(core.program.pid)

            async def skip(count: int, name: str) -> tuple[int, int]:
                """Skip through some tracks; return threads and memory while one plays."""
                for number in range(count):
                    core.say(play(music / "long.flac", f"{name}{number}"))
                core.say(play(music / "long.flac", name))
                await moved_past(core, name, 1.0)
                return process.num_threads(), process.memory_info().rss

            # Its memory settles within the first hundred tracks, now and then by 20 MB at once.
            threads, memory = await skip(150, "warm")
            threads_later, memory_later = await skip(200, "more")

            assert threads_later <= threads
            assert memory_later < memory + 8e6

    asyncio.run(live())


# Heard


@pytest.mark.sound
def test_a_track_is_heard_and_after_a_kill_heard_again(tmp_path: Path, music: Path) -> None:
    with NullSinkRecorder() as recorder:
        core = VoiceCore(tmp_path, PlayerSettings(), recorder.environment)

        async def loudness(seconds: float = 0.5) -> float:
            now_s = time.monotonic()
            return await asyncio.to_thread(recorder.rms_db, now_s, now_s + seconds)

        async def live() -> None:
            async with core.with_voice():
                core.say(SetVolume(100), play(music / "long.flac"))
                await core.hears(TrackMoved, "t")
                assert await loudness() == pytest.approx(-9.0, abs=1.0)

                await core.end(signal.SIGKILL)
                core.heard.clear()
                await core.start()
                await core.until(lambda: core.found == 2)
                core.say(SetVolume(100), play(music / "long.flac", start_s=2.0))
                await core.hears(TrackMoved, "t")
                assert await loudness() == pytest.approx(-9.0, abs=1.0)

                core.say(StopMusic())
                await asyncio.to_thread(
                    recorder.sound, time.monotonic() + 0.5, time.monotonic() + 0.5
                )
                assert await loudness() < HEARD_DB

        try:
            asyncio.run(live())
        finally:
            core.close()


@pytest.mark.sound
def test_a_sound_server_that_comes_later_is_found_and_the_track_is_heard(
    tmp_path: Path, music: Path
) -> None:
    door = tmp_path / "door"
    settings = PlayerSettings(output="pulse")
    core = VoiceCore(tmp_path, settings, {"PULSE_SERVER": f"unix:{door}"})

    async def live() -> None:
        async with core.with_voice():
            core.say(SetVolume(100), play(music / "long.flac"))
            await core.until(lambda: bool(sound_reports(core)))
            [missing] = sound_reports(core)
            assert not missing.is_ok
            assert "no sound server answers" in missing.message
            await moved_past(core, "t", 1.0)

            with NullSinkRecorder() as recorder:
                door.symlink_to(recorder.environment["PULSE_SERVER"].removeprefix("unix:"))
                await core.until(lambda: sound_reports(core)[-1].is_ok)
                core.heard.clear()
                await moved_past(core, "t", 1.0)
                now_s = time.monotonic()
                heard_db = await asyncio.to_thread(recorder.rms_db, now_s, now_s + 0.5)
                assert heard_db == pytest.approx(-9.0, abs=1.0)
                door.unlink()
            await core.until(lambda: any(not e.is_ok for e in sound_reports(core)))
            status, log = await core.end()
            assert status == 0
            assert log.count("no sound server answers") == 2, "once each time it went"

    try:
        asyncio.run(live())
    finally:
        core.close()
