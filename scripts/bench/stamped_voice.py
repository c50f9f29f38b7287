"""The voice program as it is, which also writes down when libVLC accepted each file."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from soulsync_edge.adapters.player_vlc import LIBRARY
from soulsync_edge.cli import main

ACCEPTED = 0
"""What libVLC's play() returns when it has taken the file."""


def read_stamps(file: Path) -> list[tuple[float, str]]:
    """Return when each file was accepted, in monotonic seconds, and its path."""
    lines = file.read_text("utf-8", "surrogateescape").splitlines()
    pairs = (line.split(" ", 1) for line in lines)
    return [(float(at_s), path) for at_s, path in pairs]


def _run(stamps: Path, arguments: list[str]) -> int:
    os.environ.setdefault("PYTHON_VLC_LIB_PATH", LIBRARY)  # as the player does
    import vlc  # noqa: PLC0415  # not before it is told where libVLC is

    file = os.open(stamps, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    vlc.MediaPlayer.play = _stamped(vlc.MediaPlayer.play, file)
    return main(["voice", *arguments])


def _stamped(play: Callable[[Any], int], file: int) -> Callable[[Any], int]:
    def stamped(player: Any) -> int:
        answer = play(player)
        at_s = time.monotonic()
        if answer == ACCEPTED:
            media = player.get_media()
            given = unquote(urlparse(media.get_mrl()).path, errors="surrogateescape")
            media.release()
            # The player hands over an open file, not its name.
            os.write(file, os.fsencode(f"{at_s!r} {os.path.realpath(given)}\n"))
        return answer

    return stamped


if __name__ == "__main__":
    sys.exit(_run(Path(sys.argv[1]), sys.argv[2:]))
