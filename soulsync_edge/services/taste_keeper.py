"""What was learnt of the room's taste, kept across restarts, and gone once it is erased."""

import json
from collections.abc import Callable
from concurrent.futures import Executor

from soulsync_edge.domain.session import Session
from soulsync_edge.domain.taste import Taste
from soulsync_edge.domain.taste_form import exported, taste_from
from soulsync_edge.errors import Unavailable
from soulsync_edge.ports import Clock, Store
from soulsync_edge.services.trial_keeper import TRIALS

PAUSE_S = 600.0
"""Seconds between two writes of what was observed: each is the whole taste, 0.7 MB when it is full,
and a card wears. A power cut loses what a few songs told; what somebody said does not wait."""

RETRY_S = 60.0
"""Seconds until what could not be kept or erased is tried again."""

TASTE = "taste"
DAMAGED = "taste-damaged"


class TasteKeeper:
    """An observer that keeps the taste in the store, off core's loop.

    The first change is written at once, what follows after a pause as the newest; there is never
    more than one write under way. What somebody said does not wait, nor does erasing.

    Args:
        store: Where to keep it.
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
        self._newest: Taste | None = None
        self._asked: Taste | None = None
        self._is_writing = False
        self._has_failed = False
        self._not_before_s = float("-inf")

    def taste_at_start(self) -> Taste:
        """Return what was learnt before; nothing when that cannot be read, and that is told.

        A value that makes no sense is set aside in the store. Blocks on the disk.
        """
        try:
            return kept_taste(self._store)
        except Unavailable as error:
            self._tell(f"what was learnt of the taste cannot be read, and begins anew: {error}")
        except ValueError as error:
            self._tell(
                "what was learnt of the taste is damaged; it is set aside, and learning begins "
                f"anew: {error}"
            )
        return Taste()

    def show(self, before: Session, after: Session) -> None:
        """Keep the taste when it changed; every tick brings what had to wait."""
        if self._asked is None:
            self._asked = before.taste  # what the store holds
        self._newest = after.taste
        if self._is_writing or not self._is_behind():
            return
        is_said = after.taste.words != self._asked.words  # nobody says it twice
        is_urgent = is_said or after.taste == Taste()
        if self._clock() >= self._not_before_s or (is_urgent and not self._has_failed):
            self._write(after.taste)

    def close(self) -> None:
        """Hand the newest taste to the worker, however recent the one before it."""
        if self._newest is not None and self._is_behind():
            self._write(self._newest)

    def _is_behind(self) -> bool:
        if self._has_failed:
            return self._clock() >= self._not_before_s
        return self._newest is not self._asked

    def _write(self, taste: Taste) -> None:
        self._asked = taste
        self._is_writing = True
        self._not_before_s = self._clock() + PAUSE_S
        self._worker.submit(self._keep, taste)

    def _keep(self, taste: Taste) -> None:
        """Write `taste`; runs on the worker, while `_is_writing` keeps the loop's hands off."""
        try:
            if taste == Taste():
                erase_taste(self._store)
            else:
                self._store.keep(TASTE, json.dumps(exported(taste), separators=(",", ":")))
        except Unavailable as error:
            self._has_failed = True
            self._not_before_s = self._clock() + RETRY_S
            self._tell(f"what is learnt of the taste cannot be kept: {error}")
        else:
            self._has_failed = False
            self._tell("")
        finally:
            self._is_writing = False


def kept_taste(store: Store) -> Taste:
    """Return the taste `store` holds, none when it holds none; a damaged one is set aside.

    Raises:
        Unavailable: The store cannot be read.
        ValueError: What it held made no sense; it is set aside.
    """
    kept = store.recall(TASTE)
    if kept is None:
        return Taste()
    try:
        return taste_from(json.loads(kept))
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        store.keep(DAMAGED, kept)
        raise ValueError(str(error)) from error


def erase_taste(store: Store) -> None:
    """Erase from `store` whatever was learnt, what was set aside and what was tried too.

    Raises:
        Unavailable: It may still be there.
    """
    store.forget(TASTE)
    store.forget(DAMAGED)
    store.forget(TRIALS)
