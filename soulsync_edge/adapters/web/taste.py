"""What was learnt of what is liked: in words, and as a file to take along."""

import json
from collections.abc import Iterator

from soulsync_edge.domain.session import Session
from soulsync_edge.domain.taste import Regard
from soulsync_edge.domain.taste_form import exported
from soulsync_edge.domain.trial import plain


def learnt(session: Session) -> tuple[str, ...]:
    """Return what was learnt from what happened to tracks, a line each; empty when nothing was."""
    taste = session.taste
    regards = taste.regards
    lines = (
        *met(
            Regard(
                "",
                finishes=sum(one.finishes for one in regards),
                skips=sum(one.skips for one in regards),
                replays=sum(one.replays for one in regards),
                turned_down=sum(one.turned_down for one in regards),
            )
        ),
        _counted(
            sum(one.is_corrected for one in regards),
            "{} track sits elsewhere on the map, as you said",
            "{} tracks sit elsewhere on the map, as you said",
        ),
        _counted(
            len(taste.artists),
            "How well the music of {} artist goes down here",
            "How well the music of each of {} artists goes down here",
        ),
        "Which feel and sound go down well here, all in all" if taste.preference.day else "",
        _counted(
            len(session.trials),
            "Once, whether the mood followed music that was to lead it",
            "{} times, whether the mood followed music that was to lead it",
        ),
    )
    return tuple(filter(None, lines))


def met(regard: Regard) -> Iterator[str]:
    """Yield what happened to a track, or to all of them, for people."""
    yield _counted(regard.finishes, "Heard to the end once", "Heard to the end {} times")
    yield _counted(regard.skips, "Skipped once", "Skipped {} times")
    yield _counted(regard.replays, "Wanted again once", "Wanted again {} times")
    yield _counted(regard.turned_down, "Turned down once", "Turned down {} times")


def export(session: Session) -> str:
    """Return all that was learnt as JSON, and what was tried to lead the mood."""
    trials = [plain(trial) for trial in session.trials]
    # Plain ASCII: names that are not text at all come through as well.
    return json.dumps({**exported(session.taste), "trials": trials}, indent=1) + "\n"


def _counted(count: int, once: str, often: str) -> str:
    return (once if count == 1 else often).format(f"{count:,}") if count else ""
