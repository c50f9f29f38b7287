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
    change once a second between full and dim.
    """

    def __init__(self, light: Light) -> None:
        self._light = light
        self._has_warned = False

    def show(self, before: Session, after: Session) -> None:
        """Draw `after`."""
        if _level(before) == _level(after):
            return
        try:
            self._light.show(_level(after))
            self._has_warned = False
        except Unavailable as error:
            logger.log(logging.DEBUG if self._has_warned else logging.WARNING, "light: %s", error)
            self._has_warned = True


def _level(session: Session) -> float:
    if not session.music_is_on:
        return OFF
    if any(not health.is_ok for health in session.health):
        return PLAYING if int(session.now_s or 0) % 2 else WAITING
    return WAITING if session.is_silent_for else PLAYING
