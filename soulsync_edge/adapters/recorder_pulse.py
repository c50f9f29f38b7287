"""A recorder of what is really heard, through PulseAudio: proves sound instead of claiming it."""

import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import numpy as np
import numpy.typing as npt

from soulsync_edge.errors import Unavailable
from soulsync_edge.ports import Clock

RATE_HZ = 44_100
CHANNELS = 2
SILENCE_DB = -120.0
"""dBFS. What digital silence is called; 16-bit sound cannot be quieter than -96 and not silent."""

_FRAME_BYTES = 2 * CHANNELS  # s16
_LATENCY_MS = 10
_CHUNKS_FOR_TIME = 500  # 5 s
_START_S = 15.0  # a loaded laptop; usually 0.1 s
_STOP_S = 3.0
_SINK = "rec"
_INSTALL = "sudo apt-get install pulseaudio pulseaudio-utils"

Sound = npt.NDArray[np.int16]
"""Recorded sound, (frames, 2) s16 at 44.1 kHz."""


class Recording:
    """What a PulseAudio source hears from now on: a context manager around one `parec`.

    Times are seconds on the machine's monotonic clock, so that events of other programs can be
    looked up in the sound. Kept in a temporary file without a name: 10 MB a minute.

    Args:
        source: A PulseAudio source; the default is the monitor of the default sink, that is,
            what comes out of this machine's speakers. No setting of the server is changed.
        server: Address of the server; None takes the user's.
        clock: Monotonic seconds.

    Raises:
        Unavailable: On entering: there is nothing to record with, or no such server.
    """

    def __init__(
        self,
        source: str = "@DEFAULT_MONITOR@",
        *,
        server: str | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self._source = source
        self._server = server
        self._clock = clock
        self._stack = ExitStack()
        self._grew = threading.Condition()
        self._frames = 0
        self._is_over = False
        self._begins_s: deque[float] = deque(maxlen=_CHUNKS_FOR_TIME)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._tape = stack.enter_context(tempfile.TemporaryFile(buffering=0))
            command = [_program("parec"), "-d", self._source, "--raw", "--format=s16le"]
            command += [f"--rate={RATE_HZ}", f"--channels={CHANNELS}"]
            command += [f"--latency-msec={_LATENCY_MS}", "--client-name=soulsync-recorder"]
            if self._server is not None:
                command.append(f"--server={self._server}")
            grumble = stack.enter_context(tempfile.TemporaryFile())
            parec = subprocess.Popen(  # noqa: S603  # a fixed command, no shell
                command, stdout=subprocess.PIPE, stderr=grumble
            )
            stack.callback(_end, parec)
            self._reader = threading.Thread(target=self._read, args=(parec,), name="recorder")
            self._reader.start()
            if not self._wait(lambda: self._frames > 0, _START_S):
                _end(parec)
                self._reader.join()
                raise Unavailable(
                    f"cannot record {self._source}: {_last_line(grumble)}; "
                    "is PulseAudio or PipeWire running?"
                )
            stack.callback(self._reader.join)
            stack.callback(_end, parec)  # before the join, which waits for its end
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def sound(self, from_s: float, until_s: float) -> Sound:
        """Return what was heard between two times, waiting for it to be recorded if need be.

        What lies before the recording began is left out.

        Raises:
            Unavailable: The recorder has died, so the end was not recorded.
        """
        first = max(self._frame_at(from_s), 0)
        last = max(self._frame_at(until_s), first)
        patience_s = max(until_s - self._clock(), 0.0) + _STOP_S
        if not self._wait(lambda: self._frames >= last, patience_s):
            raise Unavailable("the recording ended early: the sound server went away")
        raw = os.pread(self._tape.fileno(), (last - first) * _FRAME_BYTES, first * _FRAME_BYTES)
        return np.frombuffer(raw, "<i2").reshape(-1, CHANNELS).astype(np.int16)

    def rms_db(self, from_s: float, until_s: float) -> float:
        """Return how loud it was between two times, in dBFS: -120 (silent) to 0.

        0 is a square wave at full scale; a full sine is -3.0. Waits, and raises, as `sound`.
        """
        return loudness_db(self.sound(from_s, until_s))

    def first_sound_s(
        self, from_s: float, until_s: float, *, above_db: float = -60.0
    ) -> float | None:
        """Return when it was first louder than `above_db`, or None; accurate to 10 ms.

        Waits, and raises, as `sound`.
        """
        step = RATE_HZ // 200
        sound = self.sound(from_s, until_s)
        for first in range(0, len(sound) - step + 1, step):
            if loudness_db(sound[first : first + step]) > above_db:
                return max(from_s, self._begin_s()) + first / RATE_HZ
        return None

    def _begin_s(self) -> float:
        """Return when the first frame was heard, as most chunks tell it.

        Most arrive on time, some late on a busy machine, and the very first now and then early.
        """
        with self._grew:
            begins_s = sorted(self._begins_s)
        return begins_s[len(begins_s) // 4]

    def _frame_at(self, at_s: float) -> int:
        return round((at_s - self._begin_s()) * RATE_HZ)

    def _wait(self, is_so: Callable[[], bool], timeout_s: float) -> bool:
        with self._grew:
            self._grew.wait_for(lambda: self._is_over or is_so(), timeout_s)
            return is_so()

    def _read(self, parec: subprocess.Popen[bytes]) -> None:
        """Move sound from `parec` to the tape until it ends; runs on its own thread."""
        if parec.stdout is None:
            raise ValueError("parec must be started with a pipe")
        with parec.stdout as pipe:
            while chunk := os.read(pipe.fileno(), 65536):
                self._tape.write(chunk)
                with self._grew:
                    self._frames = self._tape.tell() // _FRAME_BYTES
                    self._begins_s.append(self._clock() - self._frames / RATE_HZ)
                    self._grew.notify_all()
        with self._grew:
            self._is_over = True
            self._grew.notify_all()


class NullSinkRecorder(Recording):
    """A private PulseAudio server whose only speaker is a recorder: a context manager.

    Nobody hears it, it needs no sound device and touches no setting of the user. Programs
    started with `environment` play into it. Works as root as well.

    Raises:
        Unavailable: On entering: PulseAudio is not installed, or does not start.
    """

    def __init__(self, *, clock: Clock = time.monotonic) -> None:
        self._folder = Path()
        self._daemons = ExitStack()
        self.environment: dict[str, str] = {}
        super().__init__(f"{_SINK}.monitor", clock=clock)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soulsync-rec-")))
            door = folder / "native"
            self._server = f"unix:{door}"
            self.environment = {
                "PULSE_SERVER": self._server,
                "PULSE_RUNTIME_PATH": str(folder),
                "PULSE_STATE_PATH": str(folder),
                "PULSE_COOKIE": str(folder / "cookie"),
            }
            grumble = stack.enter_context(tempfile.TemporaryFile())
            daemon = self._start(door, grumble)
            stack.callback(_end, daemon)
            _await_door(door, daemon, grumble)
            super().__enter__()
            self._daemons = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, trace)
        self._daemons.close()

    def _start(self, door: Path, grumble: IO[bytes]) -> subprocess.Popen[bytes]:
        """Start the server with its door there; it complains to `grumble`."""
        command = [_program("pulseaudio"), "-n", "--daemonize=no", "--use-pid-file=no"]
        # It ends by itself when whoever started it was killed and the recorder with it.
        command += ["--exit-idle-time=10", "--realtime=no", "--high-priority=no"]
        command += ["--disable-shm=yes", "--log-target=stderr", "--log-level=error"]
        command += ["-L", f"module-native-protocol-unix auth-anonymous=1 socket={door}"]
        # norewinds: a rewind takes back up to two seconds of sound that was already recorded.
        sink = f"module-null-sink sink_name={_SINK} norewinds=1"
        command += ["-L", f"{sink} rate={RATE_HZ} channels={CHANNELS} format=s16le"]
        return subprocess.Popen(  # noqa: S603  # a fixed command, no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=grumble,
            stderr=grumble,
            env=os.environ | self.environment,
        )


def loudness_db(sound: Sound) -> float:
    """Return the RMS level of `sound` in dBFS, -120 (silent, or no sound at all) to 0."""
    if not sound.size:
        return SILENCE_DB
    rms = float(np.sqrt(np.mean(np.square(sound.astype(np.float64)))) / 32768.0)
    return max(20.0 * float(np.log10(rms)), SILENCE_DB) if rms > 0 else SILENCE_DB


def _await_door(door: Path, daemon: subprocess.Popen[bytes], grumble: IO[bytes]) -> None:
    """Return when the server answers at `door`."""
    deadline_s = time.monotonic() + _START_S
    while time.monotonic() < deadline_s:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
            try:
                caller.connect(str(door))
            except OSError:
                pass
            else:
                return
        try:
            daemon.wait(0.02)
        except subprocess.TimeoutExpired:
            continue
        break
    raise Unavailable(f"PulseAudio does not start: {_last_line(grumble)}")


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise Unavailable(f"{name} is not installed, so nothing can be recorded; run: {_INSTALL}")
    return path


def _end(process: subprocess.Popen[bytes]) -> None:
    """End `process`, gently first. Does nothing when it has ended."""
    process.terminate()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _last_line(log: IO[bytes]) -> str:
    log.seek(0)
    lines = log.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it says nothing"
