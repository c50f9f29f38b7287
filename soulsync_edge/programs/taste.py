"""What was learnt of the room's taste, for its owner: written out, or erased."""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from soulsync_edge.adapters.store_sqlite import SqliteStore
from soulsync_edge.domain.taste_form import exported
from soulsync_edge.domain.trial import Trial, plain
from soulsync_edge.errors import Unavailable
from soulsync_edge.ports import Store
from soulsync_edge.services.taste_keeper import erase_taste, kept_taste
from soulsync_edge.services.trial_keeper import kept_trials

logger = logging.getLogger(__name__)

_STORE = "soulsync.db"


def export(state_dir: Path, file: Path | None) -> int:
    """Write the taste kept in `state_dir` as JSON, and the trials; return 0.

    Args:
        state_dir: Folder of the store.
        file: Where to; None prints it.

    Raises:
        Unavailable: It cannot be read or written; says what to do.
    """
    with _store(state_dir) as store:
        try:
            taste = kept_taste(store)
            trials = _trials(store)
        except (ValueError, TypeError, RecursionError) as error:
            raise Unavailable(f"what was learnt is damaged in {state_dir}: {error}") from error
    whole = {**exported(taste), "trials": [plain(trial) for trial in trials]}
    # Plain ASCII: names that are not text at all come through as well.
    text = json.dumps(whole, indent=1) + "\n"
    if file is None:
        sys.stdout.write(text)
        return 0
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Unavailable(f"{file} cannot be written: {error.strerror}") from error
    return 0


def erase(state_dir: Path) -> int:
    """Erase the taste kept in `state_dir` for good, and the trials; return 0.

    Raises:
        Unavailable: It is still there; says what to do.
    """
    with _store(state_dir) as store:
        erase_taste(store)
    sys.stdout.write(f"what was learnt is erased from {state_dir / _STORE}\n")
    for aside in sorted(state_dir.glob(f"{_STORE}.corrupt-*")):
        logger.warning(
            "%s is an older store that was damaged; it may still hold some of what was learnt. "
            "Remove it by hand.",
            aside,
        )
    return 0


def _trials(store: Store) -> tuple[Trial, ...]:
    """Return the trials in `store`; none, with a warning, when they were lost and the taste not."""
    try:
        return kept_trials(store)
    except Unavailable as error:
        logger.warning("what was tried to lead the mood is left out: %s", error)
        return ()


@contextmanager
def _store(state_dir: Path) -> Iterator[Store]:
    """Open the store in `state_dir` while core does not."""
    path = state_dir / _STORE
    if not path.exists():
        raise Unavailable(
            f"nothing was learnt in {state_dir}: there is no {_STORE}. Name the folder with "
            "--state-dir"
        )
    try:
        store = SqliteStore(path)
    except Unavailable as error:
        raise Unavailable(
            f"{error}. While core runs, the page exports and erases what was learnt, and so does "
            "its interface; or stop core first"
        ) from error
    try:
        yield store
    finally:
        store.close()
