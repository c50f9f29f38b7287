"""Which way sound can leave this machine now: libVLC plays on without one and says nothing."""

import os
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from soulsync_edge.errors import Unavailable
from soulsync_edge.settings import PlayerSettings

_PATIENCE_S = 0.2  # a sound server on this machine answers within a millisecond


@dataclass(frozen=True, slots=True)
class SoundOutput:
    """A way out for sound; one that went away and came back is not equal to what it was.

    Attributes:
        aout: libVLC's name for it: `alsa`, `pulse` or `adummy`.
        device: The ALSA or PulseAudio device; empty for the default.
        mark: What tells this appearance of the device from earlier ones.
    """

    aout: str
    device: str = ""
    mark: tuple[str, ...] = ()


NOWHERE = SoundOutput("adummy")
"""Plays as fast as a speaker would, and is not heard."""


class SoundOutputs:
    """Finds the way out that the settings ask for.

    Args:
        environment: Where PulseAudio's variables are looked up.
        root: Where `/dev`, `/sys` and `/run` begin; tests have their own.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ, root: Path = Path("/")) -> None:
        self._environment = environment
        self._root = root

    def find(self, settings: PlayerSettings) -> SoundOutput:
        """Return the way out for `settings`; `auto` takes a sound server before bare ALSA.

        Raises:
            Unavailable: There is none now; says what to do.
        """
        match settings.output:
            case "silent":
                return NOWHERE
            case "pulse":
                return self._pulse(settings.device)
            case "alsa":
                return self._alsa(settings.device)
            case "auto":
                try:
                    return self._pulse(settings.device)
                except Unavailable:
                    return self._alsa(settings.device)

    def _pulse(self, device: str) -> SoundOutput:
        doors = self._doors()
        for door in doors:
            if not door.startswith("/"):
                return SoundOutput("pulse", device, (door,))  # elsewhere: only trying can tell
            mark = self._mark(door)
            if mark:
                return SoundOutput("pulse", device, mark)
        raise Unavailable(
            f"no sound server answers at {' or '.join(doors)}; music plays unheard. "
            "Start PulseAudio or PipeWire, or set player.output to alsa"
        )

    def _doors(self) -> list[str]:
        """Return where a server may be: paths, or addresses of another machine.

        Source: PulseAudio, "Environment Variables" and "Server Strings".
        """
        named = self._environment.get("PULSE_SERVER", "").split()
        if named:
            # A string may be bound to one machine, {id}, and say that it is a socket, unix:.
            return [re.sub(r"^(\{[^}]*\})?(unix:)?", "", server) for server in named]
        runtime = self._environment.get("XDG_RUNTIME_DIR") or str(
            self._root / f"run/user/{os.getuid()}"
        )
        folders = [self._environment.get("PULSE_RUNTIME_PATH") or f"{runtime}/pulse"]
        folders.append(str(self._root / "run/pulse"))  # the system-wide server
        return [f"{folder}/native" for folder in folders]

    def _mark(self, door: str) -> tuple[str, ...]:
        """Return what marks the server behind `door`; empty when nobody answers."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
                caller.settimeout(_PATIENCE_S)
                caller.connect(door)
            made = Path(door).stat()
        except OSError:
            return ()
        return (door, str(made.st_ino), str(made.st_ctime_ns))

    def _alsa(self, device: str) -> SoundOutput:
        outlets = self._outlets()
        card = self._card_of(device)
        fitting = tuple(outlet for outlet in outlets if re.match(rf"pcmC{card}D", outlet))
        if fitting:
            return SoundOutput("alsa", device, fitting)
        if outlets:
            raise Unavailable(
                f"sound device {device} is not there; music plays unheard. Plug it in, or set "
                "player.device to one that `aplay -L` lists"
            )
        raise Unavailable(
            "no sound device was found; music plays unheard. Plug in a speaker or DAC, and check "
            "`aplay -l` and the board's dtoverlay"
        )

    def _outlets(self) -> list[str]:
        """Return the playback devices of all cards; one that appears again has a new number."""
        found = []
        for node in sorted(self._root.glob("dev/snd/pcmC*D*p")):
            try:
                found.append(f"{node.name} {node.stat().st_ino}")
            except FileNotFoundError:
                continue  # unplugged while we look
        return found

    def _card_of(self, device: str) -> str:
        """Return a pattern for the number of the card that ALSA device `device` names."""
        named = re.search(r":(?:.*CARD=)?([A-Za-z0-9_-]+)", device)
        if named is None:
            return r"\d+"
        if named[1].isdigit():
            return named[1]
        for card in self._root.glob("sys/class/sound/card*/id"):
            if card.read_text("utf-8").strip() == named[1]:
                return card.parent.name.removeprefix("card")
        return "none"
