"""Questions to a disk that may take long to answer, or for ever."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def asked(question: Callable[[Path], T], folder: Path) -> Future[T]:
    """Return what the disk will answer.

    Asked in a thread of its own that nobody waits for at the end: a stick that hangs must neither
    keep choices from being kept nor core from ending.
    """
    answer: Future[T] = Future()
    answer.set_running_or_notify_cancel()  # from now on it cannot be cancelled by who waits

    def ask() -> None:
        try:
            answer.set_result(question(folder))
        except BaseException as error:  # noqa: BLE001  # raised again where it is awaited
            answer.set_exception(error)

    threading.Thread(target=ask, name="library", daemon=True).start()
    return answer


async def answered(answer: Future[T], within_s: float) -> bool:
    """Return whether the answer is there within a time."""
    waited_for = asyncio.wrap_future(answer)
    waited_for.add_done_callback(lambda late: late.cancelled() or late.exception())
    await asyncio.wait({waited_for}, timeout=within_s)
    return answer.done()
