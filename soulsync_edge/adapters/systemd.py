"""systemd as the supervisor: tells it over its notify socket how this program does."""

import logging
import os
import socket

logger = logging.getLogger(__name__)

PATIENCE_S = 1.0
"""How long a full socket may hold a program up; systemd empties it in milliseconds."""


class SystemdSupervisor:
    """A `Supervisor` that tells systemd; silent where nobody listens, as on a laptop.

    Source: sd_notify(3) and the unit settings Type=notify and WatchdogSec=.
    """

    def __init__(self, address: str | None = None) -> None:
        """Tell the socket at `address`; by default the one systemd names in NOTIFY_SOCKET."""
        self._address = os.environ.get("NOTIFY_SOCKET", "") if address is None else address

    def ready(self) -> None:
        self._tell("READY=1")

    def alive(self) -> None:
        self._tell("WATCHDOG=1")

    def status(self, text: str) -> None:
        self._tell(f"STATUS={' '.join(text.split())}")  # a line break would begin another word

    def stopping(self) -> None:
        self._tell("STOPPING=1")

    def _tell(self, word: str) -> None:
        if not self._address:
            return
        # A leading @ stands for an abstract socket, whose real name begins with a zero byte.
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
                door.settimeout(PATIENCE_S)
                door.sendto(word.encode(), address)
        except OSError as error:
            # A supervisor that hears nothing restarts us; there is nothing better to do here.
            logger.debug("systemd was not told %s: %s", word, error)
