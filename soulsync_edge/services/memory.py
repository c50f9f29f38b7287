"""What the person chose, kept across restarts: switches, volume, mode and goal."""

import json
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

from soulsync_edge.domain.session import Session
from soulsync_edge.domain.shifting import Goal, Mode
from soulsync_edge.errors import Unavailable
from soulsync_edge.ports import Clock, Store
from soulsync_edge.settings import Settings

PAUSE_S = 1.0
"""Seconds between two writes: each is one synchronised commit, and a slider takes many steps."""

RETRY_S = 10.0
"""Seconds until a choice that could not be kept is tried again."""

_NAME = "choices"

Choices = dict[str, object]


class Memory:
    """An observer that keeps the person's choices in the store, off core's loop.

    The first change is written at once, what follows within a second as the newest choice; there
    is never more than one write under way. A choice about the camera does not wait.

    Args:
        store: Where to keep them.
        worker: Runs what may block on the disk, one thing at a time.
        tell: Told what is wrong with keeping, and nothing once it works again; from any thread.
        clock: Paces the writes.
    """

    def __init__(
        self, store: Store, worker: Executor, tell: Callable[[str], None], clock: Clock
    ) -> None:
        self._store = store
        self._worker = worker
        self._tell = tell
        self._clock = clock
        self._chosen: Choices | None = None
        self._asked: Choices | None = None
        self._is_writing = False
        self._has_failed = False
        self._not_before_s = float("-inf")

    def session_at_start(self, settings: Settings) -> Session:
        """Return the session to begin with: what the person chose last, else the settings.

        When it is not known whether the camera was switched off, because the store cannot be read
        or was lost, it stays closed until someone opens it, and that is told. Blocks on the disk.
        """
        fresh = Session(
            camera_is_on=settings.privacy.camera_at_first_start,
            volume_pct=settings.player.start_volume_pct,
            mode=settings.shifting.mode,
            goal=settings.shifting.goal,
        )
        try:
            kept = self._store.recall(_NAME)
            return fresh if kept is None else _session_of(json.loads(kept))
        except (Unavailable, ValueError, KeyError, TypeError) as error:
            self._tell(
                "what was chosen before cannot be read, so the camera stays closed until it is "
                f"switched on: {error}"
            )
            return Session(
                camera_is_on=False, volume_pct=fresh.volume_pct, mode=fresh.mode, goal=fresh.goal
            )

    def show(self, before: Session, after: Session) -> None:
        """Keep the choices when they changed; every tick brings what had to wait."""
        if self._asked is None:
            self._asked = _choices(before)  # what the store holds, or the settings say
        self._chosen = _choices(after)
        if self._is_writing or not self._is_behind():
            return
        is_urgent = self._chosen["camera_is_on"] != self._asked["camera_is_on"]
        if is_urgent or self._clock() >= self._not_before_s:
            self._write(self._chosen)

    def close(self) -> None:
        """Hand the last choice to the worker, however recent the one before it."""
        if self._chosen is not None and self._is_behind():
            self._write(self._chosen)

    def _is_behind(self) -> bool:
        return self._chosen != self._asked or self._has_failed

    def _write(self, choices: Choices) -> None:
        self._asked = choices
        self._is_writing = True
        self._not_before_s = self._clock() + PAUSE_S
        self._worker.submit(self._keep, json.dumps(choices))

    def _keep(self, choices: str) -> None:
        """Write `choices`; runs on the worker, while `_is_writing` keeps the loop's hands off."""
        try:
            self._store.keep(_NAME, choices)
        except Unavailable as error:
            self._has_failed = True
            self._not_before_s = self._clock() + RETRY_S
            self._tell(f"the last choice will be forgotten at the next start: {error}")
        else:
            self._has_failed = False
            self._tell("")
        finally:
            self._is_writing = False


def _choices(session: Session) -> Choices:
    return {
        "camera_is_on": session.camera_is_on,
        "music_is_on": session.music_is_on,
        "volume_pct": session.volume_pct,
        "mode": session.mode.value,
        "goal": session.goal.value,
    }


def _session_of(kept: dict[str, Any]) -> Session:
    """Return a session with the kept choices; raises for anything that is none."""
    return Session(
        camera_is_on=kept["camera_is_on"] is True,
        music_is_on=kept["music_is_on"] is True,
        volume_pct=min(max(int(kept["volume_pct"]), 0), 100),
        mode=Mode(kept["mode"]),
        goal=Goal(kept["goal"]),
    )
