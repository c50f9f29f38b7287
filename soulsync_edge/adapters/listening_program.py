"""The listener as a program of its own, which may hang or die of a file."""

import asyncio
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from soulsync_edge.domain.hearing import Analysis, FilePrint
from soulsync_edge.errors import MediaError, Unavailable
from soulsync_edge.wire.lines import LineError
from soulsync_edge.wire.messages import (
    LISTEN_LINES,
    LISTEN_ORDERS,
    Identify,
    Listen,
    ListenLine,
    ListenOrder,
    TrackHeard,
    TrackIdentified,
    TrackUnheard,
)

SILENCE_S = 90.0
"""Seconds without a line after which it hangs; a working one answers within 60, and a resting one
says so every five."""

_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""It is to keep to a share of one core, and threads that wait for work cost some too."""


class ListeningProgram:
    """Listens to files, one at a time, by a program that is started when there is something to do.

    Args:
        models: Folder of the models.
        command: Reads `LISTEN_ORDERS`, writes `LISTEN_LINES`; an empty line when it is ready.
        silence_s: Seconds without a line after which it is ended.
    """

    def __init__(
        self, models: Path, command: Sequence[str] = (), silence_s: float = SILENCE_S
    ) -> None:
        listen = (sys.executable, "-m", "soulsync_edge", "listen", "--models", str(models))
        self._command = tuple(command) or listen
        self._silence_s = silence_s
        self._program: asyncio.subprocess.Process | None = None

    async def identify(self, track_id: str, path: str, known: FilePrint | None) -> FilePrint:
        """Return by what the file is known again.

        Raises:
            MediaError: It is to blame: it is no music, or the program died or hung of it.
            Unavailable: The program does not start.
        """
        answer = await self._ask(Identify(track_id, path, known))
        if not isinstance(answer, TrackIdentified):
            raise MediaError(f"{Path(path).name} brought an answer to another question")
        return answer.file

    async def listen(self, track_id: str, path: str) -> Analysis:
        """Return what the file sounds like.

        Raises:
            MediaError: It is to blame: it is no music, or the program died or hung of it.
            Unavailable: The program does not start.
        """
        answer = await self._ask(Listen(track_id, path))
        if not isinstance(answer, TrackHeard):
            raise MediaError(f"{Path(path).name} brought an answer to another question")
        return answer.analysis

    async def close(self) -> None:
        """End the program; the next question starts another."""
        program, self._program = self._program, None
        if program is not None:
            with suppress(ProcessLookupError):
                program.kill()
            await program.wait()

    async def _ask(self, order: ListenOrder) -> ListenLine:
        """Return the answer to `order`; a file that brings the program down is told apart."""
        program = await self._running()
        name = Path(order.path).name
        is_answered = False
        try:
            answer = await self._answer(program, order)
            is_answered = True
        except TimeoutError as error:
            raise MediaError(
                f"{name} was listened to for {self._silence_s:g} s without a word"
            ) from error
        except (EOFError, OSError) as error:
            raise MediaError(f"{name} brought the listening program down") from error
        except ValueError as error:
            raise MediaError(f"{name} brought a line that makes no sense: {error}") from error
        finally:
            if not is_answered:  # also when nobody waits any more: the answer would come too late
                await self.close()
        if isinstance(answer, TrackUnheard):
            raise MediaError(answer.reason)
        return answer

    async def _answer(self, program: asyncio.subprocess.Process, order: ListenOrder) -> ListenLine:
        if program.stdin is None:
            raise AssertionError("asked for a pipe, got none")
        program.stdin.write(LISTEN_ORDERS.encode(order))
        await program.stdin.drain()
        line = b"\n"
        while not line.strip():  # resting
            line = await self._next_line(program)
        answer = LISTEN_LINES.decode(line)
        if answer.track_id != order.track_id:
            raise LineError(f"it is about the track {answer.track_id!r:.80}")
        return answer

    async def _running(self) -> asyncio.subprocess.Process:
        if self._program is not None and self._program.returncode is None:
            return self._program
        await self.close()
        try:
            program = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=LISTEN_LINES.longest_line,
                env=os.environ | _ONE_THREAD,
            )
        except OSError as error:
            raise Unavailable(f"the listening program does not start: {error.strerror}") from error
        self._program = program
        is_ready = False
        try:
            is_ready = bool(await self._next_line(program))
        except (TimeoutError, EOFError, ValueError) as error:
            raise Unavailable("the listening program does not start; its log says why") from error
        finally:
            if not is_ready:
                await self.close()
        return program

    async def _next_line(self, program: asyncio.subprocess.Process) -> bytes:
        """Return the next line; raises `EOFError` when the program has ended."""
        if program.stdout is None:
            raise AssertionError("asked for a pipe, got none")
        async with asyncio.timeout(self._silence_s):
            line = await program.stdout.readline()
        if not line:
            raise EOFError
        return line
