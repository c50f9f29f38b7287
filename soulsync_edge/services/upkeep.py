"""A part that is kept open while core runs, and opened anew when its settings change."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from soulsync_edge.domain.events import Part, PartReported
from soulsync_edge.ports import Clock, Post
from soulsync_edge.services.keep_trying import keep_trying
from soulsync_edge.settings import CONNECTING, SWITCHED_OFF, Settings

Open = Callable[[Settings], AbstractAsyncContextManager[Awaitable[object]]]
"""Opens the part by the settings; inside, the awaitable raises `Unavailable` when it is lost."""


class Upkeep:
    """Keeps one part open: tries, waits, tries again, and reports how it is.

    Args:
        part: What to report it as.
        open_part: Opens it by the settings in force.
        is_on: Whether the settings want the part at all.
        settings: The settings in force.
        post: Takes the reports.
        clock: Stamps them.
        reports_itself: It can be open and not work yet: that it works, it says itself.
    """

    def __init__(  # noqa: PLR0913  # said once per part, in core
        self,
        part: Part,
        open_part: Open,
        *,
        is_on: Callable[[Settings], bool],
        settings: Settings,
        post: Post,
        clock: Clock,
        reports_itself: bool = False,
    ) -> None:
        self._part = part
        self._is_on = is_on
        self._open = open_part
        self._settings = settings
        self._post = post
        self._clock = clock
        self._when_open = CONNECTING if reports_itself else ""
        self._must_restart = asyncio.Event()
        self.name = part.value
        self.has_been_tried = asyncio.Event()
        """Set once the part was opened, or could not be, or is switched off."""

    async def run(self) -> None:
        """Keep the part open until cancelled."""
        while True:
            self._must_restart.clear()
            keeping = asyncio.create_task(self._keep(), name=self.name)
            restart = asyncio.create_task(self._must_restart.wait())
            try:
                await asyncio.wait({keeping, restart}, return_when=asyncio.FIRST_COMPLETED)
                if keeping.done():
                    keeping.result()  # a mistake of ours is not kept quiet
                    await restart  # switched off: wait until that changes
            finally:
                restart.cancel()
                await _ended(keeping)

    async def apply(self, settings: Settings) -> None:
        """Close the part and open it by `settings`."""
        self._settings = settings
        self._must_restart.set()

    async def _keep(self) -> None:
        if not self._is_on(self._settings):
            self._tell(SWITCHED_OFF, is_ok=True)  # also takes a fault back
            return
        await keep_trying(self.name, lambda: self._open(self._settings), self._report)

    def _report(self, is_ok: bool, message: str) -> None:  # noqa: FBT001  # as `keep_trying` reports
        self._tell(self._when_open if is_ok else message, is_ok=is_ok)

    def _tell(self, message: str, *, is_ok: bool) -> None:
        self._post(PartReported(self._clock(), self._part, is_ok=is_ok, message=message))
        self.has_been_tried.set()


async def _ended(task: asyncio.Task[None]) -> None:
    """Cancel `task` and wait until it has let go of everything."""
    task.cancel()
    await asyncio.wait({task})
