"""Several troubles of one part, told to people as one."""

import logging
import threading

from soulsync_edge.domain.events import Part, PartReported
from soulsync_edge.ports import Clock, Post

logger = logging.getLogger(__name__)


class Troubles:
    """What is wrong with a part, from all who use it: it is well again when nobody complains.

    Without it, whoever spoke last would hide what another still suffers from. Safe to use from
    any thread.

    Args:
        part: Which part.
        post: Takes its reports.
        clock: Stamps them.
    """

    def __init__(self, part: Part, post: Post, clock: Clock) -> None:
        self._part = part
        self._post = post
        self._clock = clock
        self._one_at_a_time = threading.Lock()
        self._messages: dict[str, str] = {}

    def tell(self, about: str, message: str) -> None:
        """Report what is wrong with one use of the part; an empty message says that it works."""
        with self._one_at_a_time:
            if self._messages.get(about, "") == message:
                return
            self._messages[about] = message
            if message:
                logger.warning("%s", message)
            # Two that suffer from the same fault often say the same words.
            said = dict.fromkeys(filter(None, self._messages.values()))
            message = "\n".join(said)
            self._post(PartReported(self._clock(), self._part, is_ok=not said, message=message))
