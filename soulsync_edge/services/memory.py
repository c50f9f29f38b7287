"""What is kept across restarts: what the person chose, what plays and where, what was heard."""

import json
import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import replace
from datetime import datetime
from typing import Any

from soulsync_edge.domain.resuming import LONGEST_WAIT_S
from soulsync_edge.domain.session import Resume, Session
from soulsync_edge.domain.shifting import Goal, Mode
from soulsync_edge.errors import Unavailable
from soulsync_edge.ports import Clock, Store
from soulsync_edge.services.keepsake import (
    Now,
    history_from,
    history_of,
    playing_from,
    present_of,
    sleep_from,
)
from soulsync_edge.settings import Settings

logger = logging.getLogger(__name__)

PAUSE_S = 1.0
"""Seconds between two writes: each is one synchronised commit, and a slider takes many steps."""

POSITION_PAUSE_S = 20.0
"""Seconds between two writes of how far the track got, and of what was started: a card wears."""

RETRY_S = 10.0
"""Seconds until what could not be kept is tried again."""

Keepsake = dict[str, object]

_WRONG = (Unavailable, ValueError, KeyError, TypeError, AttributeError)
"""What reading a keepsake raises that is none, or is damaged."""


class Memory:
    """An observer that keeps choices, the track and the history in the store, off core's loop.

    The first change is written at once, what follows after a pause as the newest; there is never
    more than one write of a kind under way. A choice about the camera does not wait.

    Args:
        store: Where to keep them.
        worker: Runs what may block on the disk, one thing at a time.
        tell: Told what is wrong with keeping, and nothing once it works again; from any thread.
        clock: Paces the writes.
        run: Names this run of the machine, from power to power; empty: not known.
        wall_clock: Returns seconds since 1970.
    """

    def __init__(  # assembled in core alone
        self,
        store: Store,
        worker: Executor,
        tell: Callable[[str], None],
        clock: Clock,
        *,
        run: str = "",
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._tell = tell
        self._clock = clock
        self._run = run
        self._wall_clock = wall_clock
        self._has_begun = False
        self._complaints: dict[str, str] = {}
        self._choices = _Slip("choices", self._keep, worker, clock)
        self._present = _Slip("present", self._keep, worker, clock)
        self._history = _Slip("history", self._keep, worker, clock)

    def session_at_start(self, settings: Settings) -> Session:
        """Return the session to begin with: what the person chose last, else the settings.

        When it is not known whether the camera was switched off, because the store cannot be read
        or was lost, it stays closed until someone opens it, and that is told. What played before
        is resumed, if the settings want it; after power was gone it is no louder than they say is
        safe. Blocks on the disk.
        """
        safe_pct = settings.player.safe_volume_pct
        fresh = Session(
            camera_is_on=settings.privacy.camera_at_first_start,
            volume_pct=min(settings.player.start_volume_pct, safe_pct),
            mode=settings.shifting.mode,
            goal=settings.shifting.goal,
        )
        local = datetime.fromtimestamp(self._wall_clock())  # noqa: DTZ006  # as the ticks have it
        minute_of_day = local.hour * 60 + local.minute
        try:
            kept = self._store.recall("choices")
            session = fresh if kept is None else _session_of(json.loads(kept))
        except _WRONG as error:
            self._tell(
                "what was chosen before cannot be read, so the camera stays closed until it is "
                f"switched on: {error}"
            )
            return replace(fresh, camera_is_on=False, minute_of_day=minute_of_day)
        session = replace(session, minute_of_day=minute_of_day)  # quiet hours hold at once
        session = self._with_present(session, wants_track=settings.player.resume)
        if session.resume is None or not session.resume.may_be_heard:
            session = replace(session, volume_pct=min(session.volume_pct, safe_pct))
        return session

    def show(self, before: Session, after: Session) -> None:
        """Keep what changed; every tick brings what had to wait."""
        if not self._has_begun:
            # What the store holds, or the settings say, is what it was before the first change.
            self._has_begun = True
            self._choices.begin(_choices(before))
            self._present.begin(present_of(before))
            self._history.begin(history_of(before))
        choices, present = _choices(after), present_of(after)
        is_urgent = choices["camera_is_on"] != self._choices.asked["camera_is_on"]
        self._choices.offer(choices, 0.0 if is_urgent else PAUSE_S)
        is_same = _without_position(present) == _without_position(self._present.asked)
        self._present.offer(present, POSITION_PAUSE_S if is_same else PAUSE_S)
        if after.history is not before.history or self._history.is_behind:
            self._history.offer(history_of(after), POSITION_PAUSE_S)

    def close(self) -> None:
        """Hand the newest of each to the worker, however recent the one before it."""
        for slip in (self._choices, self._present, self._history):
            slip.finish()

    def _with_present(self, session: Session, *, wants_track: bool) -> Session:
        """Return `session` with what played and was heard before, as far as that is known."""
        now = Now(self._run, self._clock(), self._wall_clock())
        try:
            if (kept := self._recalled("history")) is not None:
                session = replace(session, history=history_from(kept, now.moved_from(kept["now"])))
            if (kept := self._recalled("present")) is None:
                return session
            moved = now.moved_from(kept["now"])
            playing = playing_from(kept, moved) if wants_track else None
            sleep_at_s = sleep_from(kept, moved) if session.music_is_on else None
            may_be_heard = now.is_same_run(kept["now"])
        except _WRONG as error:
            logger.warning("what played before cannot be read, so music begins anew: %s", error)
            return session
        resume = Resume(now.at_s + LONGEST_WAIT_S, may_be_heard)
        return replace(
            session,
            playing=playing,
            sleep_at_s=sleep_at_s,
            resume=resume if playing is not None or may_be_heard else None,
        )

    def _recalled(self, name: str) -> dict[str, Any] | None:
        kept = self._store.recall(name)
        return None if kept is None else dict(json.loads(kept))

    def _keep(self, name: str, keepsake: Keepsake) -> bool:
        """Write `keepsake` and return whether that worked; runs on the worker."""
        now = Now(self._run, self._clock(), self._wall_clock())
        try:
            self._store.keep(name, json.dumps({**keepsake, "now": now.as_kept()}))
        except Unavailable as error:
            self._complaints[name] = f"{_FORGOTTEN[name]} at the next start: {error}"
        else:
            self._complaints.pop(name, None)
        # Of several complaints one will do: their cause is the same.
        self._tell(
            next((self._complaints[one] for one in _FORGOTTEN if one in self._complaints), "")
        )
        return name not in self._complaints


class _Slip:
    """One thing that is kept: the newest of it, after a pause, one write at a time."""

    def __init__(
        self, name: str, keep: Callable[[str, Keepsake], bool], worker: Executor, clock: Clock
    ) -> None:
        self._name = name
        self._keep = keep
        self._worker = worker
        self._clock = clock
        self._newest: Keepsake | None = None
        self._asked: Keepsake | None = None
        self._is_writing = False
        self._has_failed = False
        self._written_s = float("-inf")

    @property
    def asked(self) -> Mapping[str, object]:
        """What was last asked to be kept."""
        return self._asked or {}

    @property
    def is_behind(self) -> bool:
        """Something newer than what is kept waits."""
        return self._has_failed or self._newest != self._asked

    def begin(self, keepsake: Keepsake) -> None:
        """Take `keepsake` as what is kept already."""
        self._asked = self._newest = keepsake

    def offer(self, keepsake: Keepsake, pause_s: float) -> None:
        """Keep `keepsake` where it is news, no sooner than `pause_s` after the last write."""
        self._newest = keepsake
        pause_s = RETRY_S if self._has_failed and pause_s else pause_s
        if self._is_writing or not self.is_behind or self._clock() < self._written_s + pause_s:
            return
        self._write(keepsake)

    def finish(self) -> None:
        """Keep the newest, now."""
        if self._newest is not None and self.is_behind:
            self._write(self._newest)

    def _write(self, keepsake: Keepsake) -> None:
        self._asked = keepsake
        self._is_writing = True
        self._written_s = self._clock()
        self._worker.submit(self._done, keepsake)

    def _done(self, keepsake: Keepsake) -> None:
        """Write; runs on the worker, while `_is_writing` keeps the loop's hands off."""
        try:
            self._has_failed = not self._keep(self._name, keepsake)
        finally:
            self._is_writing = False


_FORGOTTEN = {
    "choices": "the last choice will be forgotten",
    "present": "what plays now will be forgotten",
    "history": "what was played lately will be forgotten",
}


def _choices(session: Session) -> Keepsake:
    return {
        "camera_is_on": session.camera_is_on,
        "music_is_on": session.music_is_on,
        "volume_pct": session.volume_pct,
        "mode": session.mode.value,
        "goal": session.goal.value,
    }


def _without_position(present: Mapping[str, object]) -> Keepsake:
    playing = present.get("playing")
    track_id = playing["track_id"] if isinstance(playing, dict) else None
    return {**present, "playing": track_id}


def _session_of(kept: dict[str, Any]) -> Session:
    """Return a session with the kept choices; raises for anything that is none."""
    return Session(
        camera_is_on=kept["camera_is_on"] is True,
        music_is_on=kept["music_is_on"] is True,
        volume_pct=min(max(int(kept["volume_pct"]), 0), 100),
        mode=Mode(kept["mode"]),
        goal=Goal(kept["goal"]),
    )
