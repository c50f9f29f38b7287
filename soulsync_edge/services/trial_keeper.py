"""What was tried to lead the mood on: told in the log, and kept across restarts."""

import json
import logging
from collections.abc import Callable
from concurrent.futures import Executor

from soulsync_edge.domain.session import Session
from soulsync_edge.domain.trial import Trial, plain, trial_from
from soulsync_edge.errors import Unavailable
from soulsync_edge.ports import Clock, Store

logger = logging.getLogger(__name__)

PAUSE_S = 30.0
"""Seconds between two writes, which skipping would else make many of."""

TRIALS = "trials"


class TrialKeeper:
    """An observer that keeps the trials in the store, off core's loop.

    Kept and logged is what was tried and how it goes on, never where the mood was. There is never
    more than one write under way; once the taste is erased, the trials go at once.

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
        self._newest: tuple[Trial, ...] | None = None
        self._asked: tuple[Trial, ...] | None = None
        self._is_writing = False
        self._has_failed = False
        self._not_before_s = float("-inf")

    def trials_at_start(self) -> tuple[Trial, ...]:
        """Return what was tried before; nothing when that cannot be read. Blocks on the disk.

        That is no more than a warning: told as a fault, it would stand until the next trial, which
        never comes where nobody asks for a shift.
        """
        try:
            return kept_trials(self._store)
        except (Unavailable, ValueError, TypeError, RecursionError) as error:
            logger.warning("what was tried to lead the mood cannot be read: %s", error)
            return ()

    def show(self, before: Session, after: Session) -> None:
        """Log and keep the trials when there is one more; every tick brings what had to wait."""
        if self._asked is None:
            self._asked = before.trials  # what the store holds
        if after.trials and after.trials is not before.trials:
            trial = after.trials[-1]
            logger.info(
                "track %s was to lead to %s (%s); it goes on %s",
                trial.track_id,
                trial.goal.value,
                trial.approach.value,
                trial.next_approach.value,
            )
        self._newest = after.trials
        if self._is_writing or not (self._has_failed or self._newest is not self._asked):
            return
        is_erased = not after.trials and not self._has_failed
        if is_erased or self._clock() >= self._not_before_s:
            self._write(after.trials)

    def close(self) -> None:
        """Hand the newest trials to the worker, however recent the ones before."""
        if self._newest is not None and (self._has_failed or self._newest is not self._asked):
            self._write(self._newest)

    def _write(self, trials: tuple[Trial, ...]) -> None:
        self._asked = trials
        self._is_writing = True
        self._not_before_s = self._clock() + PAUSE_S
        self._worker.submit(self._keep, trials)

    def _keep(self, trials: tuple[Trial, ...]) -> None:
        """Write; runs on the worker, while `_is_writing` keeps the loop's hands off."""
        try:
            if trials:
                self._store.keep(TRIALS, json.dumps([plain(trial) for trial in trials]))
            else:
                self._store.forget(TRIALS)
        except Unavailable as error:
            self._has_failed = True
            self._tell(f"what is tried to lead the mood cannot be kept: {error}")
        else:
            self._has_failed = False
            self._tell("")
        finally:
            self._is_writing = False


def kept_trials(store: Store) -> tuple[Trial, ...]:
    """Return the trials `store` holds, none when it holds none.

    Raises:
        Unavailable: The store cannot be read, or lost them.
        ValueError: What it holds makes no sense.
        TypeError: Likewise.
    """
    kept = store.recall(TRIALS)
    return () if kept is None else tuple(map(trial_from, json.loads(kept)))
