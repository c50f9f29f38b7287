"""The light people see: what the appliance does, as brightness."""

import logging

from soulsync_edge.domain.session import Session
from soulsync_edge.errors import Unavailable
from soulsync_edge.ports import Light

logger = logging.getLogger(__name__)

PLAYING = 1.0
WAITING = 0.3
OFF = 0.0


class Lamp:
    """An observer that draws the session on a light.

    Full while music plays, dim while it waits, out when music is switched off; a fault makes it
    change once a second between full and dim. What could not be drawn is tried again at the next
    event.
    """

    def __init__(self, light: Light) -> None:
        self._light = light
        self._drawn: float | None = None
        self._has_warned = False

    def show(self, before: Session, after: Session) -> None:  # noqa: ARG002  # an `Observer`
        """Draw `after`."""
        level = _level(after)
        if level == self._drawn:
            return
        try:
            self._light.show(level)
            self._drawn, self._has_warned = level, False
        except Unavailable as error:
            logger.log(logging.DEBUG if self._has_warned else logging.WARNING, "light: %s", error)
            self._has_warned = True


def _level(session: Session) -> float:
    if not session.music_is_on:
        return OFF
    if any(not health.is_ok for health in session.health):
        return PLAYING if int(session.now_s or 0) % 2 else WAITING
    return WAITING if session.is_silent_for else PLAYING
