"""What the person chose, kept across restarts: switches, volume, mode and goal."""

import json
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

from soulsync_edge.domain.events import Part, PartReported
from soulsync_edge.domain.session import Session
from soulsync_edge.domain.shifting import Goal, Mode
from soulsync_edge.errors import Unavailable
from soulsync_edge.ports import Clock, Post, Store
from soulsync_edge.settings import Settings

logger = logging.getLogger(__name__)

_NAME = "choices"


class Memory:
    """An observer that keeps the person's choices in the store, off core's loop.

    Args:
        store: Where to keep them.
        worker: Runs what may block on the disk, one thing at a time.
        post: Told when the store fails and when it works again.
        clock: Stamps that.
    """

    def __init__(self, store: Store, worker: Executor, post: Post, clock: Clock) -> None:
        self._store = store
        self._worker = worker
        self._post = post
        self._clock = clock

    def show(self, before: Session, after: Session) -> None:
        """Keep the choices when they changed."""
        choices = _choices(after)
        if choices != _choices(before):
            self._worker.submit(self._keep, json.dumps(choices))

    def _keep(self, choices: str) -> None:
        try:
            self._store.keep(_NAME, choices)
        except Unavailable as error:
            logger.warning("the last choice will be forgotten at the next start: %s", error)
            self._post(PartReported(self._clock(), Part.STORE, is_ok=False, message=str(error)))
        else:
            self._post(PartReported(self._clock(), Part.STORE, is_ok=True, message=""))


def remembered(store: Store, settings: Settings, report: Callable[[str], None]) -> Session:
    """Return the session to begin with: what the person chose last, else the settings.

    When the store cannot be read it is not known whether the camera was switched off, so it
    stays closed until someone opens it; `report` is told why.
    """
    fresh = Session(
        camera_is_on=settings.privacy.camera_at_first_start,
        volume_pct=settings.player.start_volume_pct,
        mode=settings.shifting.mode,
        goal=settings.shifting.goal,
    )
    try:
        kept = store.recall(_NAME)
        return fresh if kept is None else _session_of(json.loads(kept))
    except (Unavailable, ValueError, KeyError, TypeError) as error:
        report(
            f"what was chosen before cannot be read ({error}); the camera stays closed until "
            "it is switched on"
        )
        return Session(
            camera_is_on=False, volume_pct=fresh.volume_pct, mode=fresh.mode, goal=fresh.goal
        )


def _choices(session: Session) -> dict[str, object]:
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
