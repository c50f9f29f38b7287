"""What is asked for, checked against the state: the same for forms and programs."""

from fastapi import HTTPException

from soulsync_edge.domain.events import Opinion, TrackJudged
from soulsync_edge.ports import State

NO_TRACK = "There is no such track in the library."

NAME = r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}$"
"""What someone who wants room may be called."""


def judgement(state: State, at_s: float, track_id: str, opinion: Opinion) -> TrackJudged:
    """Return that someone has this to say of a track.

    Raises:
        HTTPException: There is no such track, and nothing is known of one.
    """
    session, context = state()
    if track_id not in context.catalogue.by_id and track_id not in session.taste.by_id:
        raise HTTPException(404, NO_TRACK)
    return TrackJudged(at_s, track_id, opinion)
