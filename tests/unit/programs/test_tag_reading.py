import errno
import math
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from soulsync_edge.domain.hints import Tags
from soulsync_edge.errors import MediaError
from soulsync_edge.programs.tag_reading import TooSlow, WatchedTagReader


class OddReader:
    """A reader that does what the name of a file says."""

    def read(self, path: Path) -> Tags:
        match path.name:
            case "hang":
                signal.pause()
            case "die":
                os._exit(3)
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "eat":
                bytes(1 << 33)
            case "broken":
                raise MediaError("broken is damaged, or no music")
            case "pulled":
                raise MediaError("pulled cannot be read") from OSError(errno.EIO, "pulled")
            case "talk":
                os.write(1, b"not for you")
            case _:
                pass
        return Tags(title=path.name)


def _children() -> set[str]:
    listed = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    return set(listed.split())


def test_tags_come_from_another_process(tmp_path: Path) -> None:
    before = _children()
    reader = WatchedTagReader(OddReader())

    assert reader.read(tmp_path / "song").title == "song"
    assert len(_children() - before) == 1
    assert reader.read(tmp_path / "other").title == "other"
    assert len(_children() - before) == 1
    reader.close()
    reader.close()


@pytest.mark.parametrize("name", ["die", "kill"])
def test_a_file_that_brings_the_process_down_is_damaged_and_the_next_is_read(name: str) -> None:
    reader = WatchedTagReader(OddReader())

    with pytest.raises(MediaError, match=f"{name} brought the reading of tags down") as caught:
        reader.read(Path(name))

    assert caught.value.__cause__ is None
    assert reader.read(Path("next")).title == "next"
    reader.close()


def test_a_file_that_takes_too_long_is_given_up_and_the_next_is_read() -> None:
    reader = WatchedTagReader(OddReader(), limit_s=0.1)

    for _ in range(3):
        with pytest.raises(TooSlow):
            reader.read(Path("hang"))

    assert WatchedTagReader(OddReader()).read(Path("next")).title == "next"
    reader.close()


@pytest.fixture
def crowded_processor() -> Iterator[None]:
    """Three others always come before what the test starts, on the one processor it has."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(3)]
    yield
    for other in others:
        other.kill()
        other.wait()
    os.sched_setaffinity(0, before)


class LowlyReader(OddReader):
    """Reads behind everybody else, as a scan does, and computes for as long as a file says."""

    def read(self, path: Path) -> Tags:
        os.setpriority(os.PRIO_PROCESS, 0, 10)
        end_s = time.thread_time() + {"work": 0.06, "loop": math.inf}.get(path.name, 0.0)
        while time.thread_time() < end_s:
            pass
        return super().read(path)


@pytest.mark.usefixtures("crowded_processor")
def test_a_file_is_not_given_up_because_others_have_the_processor() -> None:
    reader = WatchedTagReader(LowlyReader(), limit_s=0.2, patience_s=60.0)
    begun_s = time.monotonic()

    tags = reader.read(Path("work"))

    assert tags.title == "work"
    assert time.monotonic() - begun_s > 0.2  # else nobody was in the way
    reader.close()


@pytest.mark.usefixtures("crowded_processor")
@pytest.mark.parametrize(("name", "patience_s"), [("hang", 60.0), ("loop", 1.0)])
def test_a_file_that_never_ends_is_given_up_whoever_has_the_processor(
    name: str, patience_s: float
) -> None:
    reader = WatchedTagReader(LowlyReader(), limit_s=0.2, patience_s=patience_s)
    begun_s = time.monotonic()

    with pytest.raises(TooSlow):
        reader.read(Path(name))

    assert time.monotonic() - begun_s < 20
    reader.close()


def test_a_file_that_takes_the_processor_for_ever_is_given_up() -> None:
    reader = WatchedTagReader(LowlyReader(), limit_s=0.1, patience_s=3600.0)

    with pytest.raises(TooSlow):
        reader.read(Path("loop"))

    reader.close()


def test_a_file_that_eats_all_memory_is_damaged() -> None:
    reader = WatchedTagReader(OddReader())

    with pytest.raises(MediaError, match="eat holds more than fits the memory"):
        reader.read(Path("eat"))

    reader.close()


def test_what_is_wrong_with_a_file_is_told_with_what_the_system_says() -> None:
    reader = WatchedTagReader(OddReader())

    with pytest.raises(MediaError, match="broken is damaged") as broken:
        reader.read(Path("broken"))
    with pytest.raises(MediaError, match="pulled cannot be read") as pulled:
        reader.read(Path("pulled"))

    assert broken.value.__cause__ is None
    assert isinstance(pulled.value.__cause__, OSError)
    assert pulled.value.__cause__.errno == errno.EIO
    reader.close()


def test_names_of_any_bytes_are_passed_on() -> None:
    reader = WatchedTagReader(OddReader())
    name = os.fsdecode(b"\xff\xfe")

    assert reader.read(Path(name)).title == name
    reader.close()


def test_the_other_process_writes_nothing_on_our_output(
    capfd: pytest.CaptureFixture[str],
) -> None:
    reader = WatchedTagReader(OddReader())

    reader.read(Path("talk"))

    reader.close()
    assert capfd.readouterr().out == ""


def test_the_other_process_ends_when_this_one_is_killed(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from tests.unit.programs.test_tag_reading import OddReader\n"
        "from soulsync_edge.programs.tag_reading import WatchedTagReader\n"
        "reader = WatchedTagReader(OddReader())\n"
        "reader.read(Path('song'))\n"
        "open(sys.argv[1], 'w').write(str(reader._process[0]))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "pid")],
        cwd=Path(__file__).parents[3],
        check=False,
        timeout=60,
    )

    assert _has_ended(int((tmp_path / "pid").read_text()), within_s=30.0)


def _has_ended(number: int, within_s: float) -> bool:
    try:
        process = os.pidfd_open(number)
    except ProcessLookupError:
        return True
    ended, _, _ = select.select([process], [], [], within_s)
    os.close(process)
    return bool(ended)
