"""A player on libVLC: two decks for life that cross-fade, used in turn."""

import ctypes
import math
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import FileIO
from pathlib import Path
from typing import Any

from soulsync_edge.adapters.deck_vlc import FULL, MUTE, Bell, Deck
from soulsync_edge.adapters.speaker_tone import speaker_tone
from soulsync_edge.domain.commands import PlayTrack
from soulsync_edge.domain.events import TrackFailed
from soulsync_edge.domain.fading import Fade, Glide
from soulsync_edge.errors import Unavailable
from soulsync_edge.ports import Clock, Post

LIBRARY = "libvlc.so.5"

OPTIONS = (
    "--quiet",
    "--intf=dummy",
    "--no-video",
    "--no-osd",
    "--no-lua",  # its scripts look things up on the web
    "--no-metadata-network-access",
    "--no-sub-autodetect-file",
    "--no-stats",
    "--no-media-library",
    "--no-volume-save",
    # file-caching stays at its 300 ms: the first sound does not wait for it (measured from 0 to
    # 1000 ms), and less leaves a slow card no room.
)

SINK = "PULSE_SINK"
"""libvlc has no option for the device of a sound server; the server's library reads this."""

ONE_STREAM = ("hw:", "plughw:", "front:", "hdmi:", "iec958:")
"""How ALSA devices are named that take one stream at a time, so that nothing can overlap."""

READY_S = 1.0
"""Time to choose and open what comes next, before it is to be heard: a slow card seeks long."""

LEAST_NOTICE_S = 2.0
"""So long before its end a track says that it ends, and `READY_S` more, without any cross-fade."""

GLIDE_S = 0.3
"""How long a change of the volume takes: too slow to be heard as a step."""

_TICK_S = 0.02  # 50 steps a second while anything fades
_LOOK_S = 0.1  # at the least, while a track waits: when the one before it ends may come to be seen
# What was ready is heard so long after it is asked for (libvlc 3.0.24 into PulseAudio: 5 to 14 ms).
_LEAD_S = 0.012
# An order that comes so soon after a track said that it ends is the answer to that.
_ANSWER_S = 1.0
# What fades out waits so long for the first sound of what comes instead.
_HOLD_S = 2.0
_SHORTEST_FADE_S = 0.03  # no click
_RUN_OUT_S = 0.5  # a track that gives way to a seamless one is over by then


@dataclass(frozen=True, slots=True)
class _Next:
    """What waits for the present track's end, and the deck that is ready to play it, if any."""

    order: PlayTrack
    deck: Deck | None

    @property
    def has_failed(self) -> bool:
        """Whether it turned out that it cannot be played; core heard so and will name another."""
        return self.deck is not None and self.deck.is_over

    def begins_s(self, present: Deck) -> float:
        """Return when to begin so that it is right for the end of the present track."""
        ends_s = present.ends_s
        return math.inf if ends_s is None else ends_s - self.order.fade_s - _LEAD_S


@dataclass(frozen=True, slots=True)
class _Hold:
    """A cross-fade that begins with the first sound of the new track, or at `until_s`."""

    fade_s: float
    until_s: float


class VlcPlayer:
    """A `Player` with two libvlc decks for life, used in turn.

    Two, so a late callback from the old deck still names the old track, and so tracks can
    cross-fade. For life, because a new player per track leaks (python-vlc issue 250).

    Calls take a few milliseconds unless libvlc hangs, which only the end of the process mends. A
    thread of the player moves what fades and begins what waits; events are posted from it and
    from libvlc's threads.

    `volume_pct` is libvlc's own scale, on which 50 is an eighth of the amplitude (-18 dB): that
    is the scale of VLC and of the system's mixer, and near to how loudness is heard.

    Args:
        post: Hears of the track.
        clock: Stamps the events.
        aout: libvlc's name of the way out: `alsa`, `pulse` or `adummy`.
        device: Its device; empty for the default.

    Raises:
        Unavailable: libvlc is missing or does not start.
    """

    def __init__(self, post: Post, clock: Clock, aout: str, *, device: str = "") -> None:
        self._post = post
        self._clock = clock
        self._most_volume_pct = self._volume_pct = 100
        self._glide = Glide(100.0, 100.0)
        self._crossfade_s = 0.0
        self._can_overlap = not (aout == "alsa" and device.startswith(ONE_STREAM))
        vlc = _vlc()
        options = (f"--alsa-audio-device={device}",) if device and aout == "alsa" else ()
        self._sink_before = os.environ.get(SINK)
        if device and aout == "pulse":
            os.environ[SINK] = device
        self._library = vlc.Instance(*OPTIONS, f"--aout={aout}", *options)
        if self._library is None:
            raise Unavailable("libvlc does not start; reinstall vlc-plugin-base and libvlc5")
        self._lock = threading.RLock()
        self._stir = threading.Event()
        self._is_closed = False
        self._decks: tuple[Deck, ...] = tuple(
            Deck(vlc, self._library, post, self._stir.set, clock) for _ in range(2)
        )
        self._present: Deck | None = None
        self._next: _Next | None = None
        self._hold: _Hold | None = None
        self._bell = Bell(self._library, speaker_tone())
        self._fader = threading.Thread(target=self._fade_on, name="fader", daemon=True)
        self._fader.start()

    def play(self, order: PlayTrack) -> None:
        with self._change() as now_s:
            if self._is_closed:
                return
            before = self._next
            is_place_free = before is None or before.has_failed
            if before is not None and before.has_failed:  # its place is this one's
                order = replace(
                    order, fade_s=before.order.fade_s, is_seamless=before.order.is_seamless
                )
            self._drop_next()
            if self._present is not None and self._waits(
                order, self._present, now_s, is_place_free=is_place_free
            ):
                self._put_by(order, self._present)
            else:
                self._begin(order, now_s)

    def stop(self, fade_s: float = 0.0) -> None:
        with self._change() as now_s:
            self._drop_next()
            self._present = self._hold = None
            for deck in self._decks:
                if fade_s > 0 and not deck.is_over:
                    deck.leave(Fade(deck.fade.level(now_s), 0.0, now_s, fade_s))
                else:
                    deck.stop()

    def set_volume(self, volume_pct: int) -> None:
        with self._change() as now_s:
            self._volume_pct = volume_pct
            to_pct = volume_pct * self._most_volume_pct / 100
            is_silent = all(deck.is_over for deck in self._decks)
            from_pct = to_pct if is_silent else self._glide.volume_pct(now_s)
            self._glide = Glide(from_pct, to_pct, now_s, GLIDE_S)

    def set_most_volume(self, most_volume_pct: int) -> None:
        """Let 100 percent amount to `most_volume_pct` from now on."""
        self._most_volume_pct = most_volume_pct
        self.set_volume(self._volume_pct)

    def set_crossfade(self, crossfade_s: float) -> None:
        """Have tracks, from the next on, say in time for so long a cross-fade that they end."""
        self._crossfade_s = crossfade_s

    def play_tone(self) -> None:
        with self._change():
            if not self._is_closed:
                self._bell.ring(self._glide.to_pct)

    def close(self) -> None:
        with self._change():
            was_closed, self._is_closed = self._is_closed, True
        if was_closed:
            return
        self._fader.join()
        decks, self._decks = self._decks, ()
        for deck in decks:
            deck.close()
        self._bell.close()
        self._library.release()
        if self._sink_before is None:
            os.environ.pop(SINK, None)
        else:
            os.environ[SINK] = self._sink_before

    @contextmanager
    def _change(self) -> Iterator[float]:
        """Change something, at the time that is given, and have the fader see to it."""
        with self._lock:
            yield self._clock()
            self._stir.set()

    # What an order comes to. The lock is held.

    def _waits(self, order: PlayTrack, present: Deck, now_s: float, *, is_place_free: bool) -> bool:
        """Return whether an order is for when the present track ends.

        Args:
            order: What to play.
            present: What plays.
            now_s: The time.
            is_place_free: Nothing else waited for that; otherwise this is for now.
        """
        if present.is_over:
            return False
        if order.is_seamless:
            return True
        ends_s, told_s = present.ends_s, present.told_end_s
        if not is_place_free or ends_s is None or told_s is None or now_s - told_s > _ANSWER_S:
            return False
        return 0 < order.fade_s < ends_s - now_s

    def _put_by(self, order: PlayTrack, present: Deck) -> None:
        """Be ready to play a track when the present one ends."""
        present.replace()
        if not self._can_overlap:
            self._next = _Next(replace(order, fade_s=0.0), None)
            return
        (deck,) = (one for one in self._decks if one is not present)
        deck.stop()
        self._open(deck, order, FULL if order.is_seamless else MUTE, is_ready=True)
        self._next = _Next(order, deck)

    def _drop_next(self) -> None:
        if self._next is not None and self._next.deck is not None:
            self._next.deck.stop()
        self._next = None

    def _begin(self, order: PlayTrack, now_s: float) -> None:
        """Play a track now. Of two that are heard, the louder fades out, the other is cut off."""
        deck, old = sorted(
            self._decks, key=lambda one: -1.0 if one.is_over else one.fade.level(now_s)
        )
        fade_s = order.fade_s if self._can_overlap and not old.is_over else 0.0
        deck.stop()
        self._hold = None
        if fade_s > 0:
            self._fade_from(old, fade_s, now_s)
        else:
            old.stop()
        self._open(deck, order, MUTE if fade_s > 0 else FULL)
        self._present = deck

    def _fade_from(self, old: Deck, fade_s: float, now_s: float) -> None:
        """Let a track go on until the next one is heard, then fade out."""
        level = old.fade.level(now_s)
        self._hold = _Hold(fade_s, now_s + _HOLD_S)
        old.leave(Fade(level, level, now_s, 2 * _HOLD_S))

    def _open(self, deck: Deck, order: PlayTrack, fade: Fade, *, is_ready: bool = False) -> None:
        try:
            file = _opened(Path(order.path))
        except _NotMusicError as error:
            self._post(TrackFailed(self._clock(), order.track_id, str(error)))
            return
        accepted = deck.open(
            order,
            file,
            fade,
            volume_pct=self._glide.volume_pct(self._clock()),
            notice_s=max(self._crossfade_s, LEAST_NOTICE_S) + READY_S,
            is_ready=is_ready,
        )
        if not accepted:
            self._post(TrackFailed(self._clock(), order.track_id, "libvlc cannot play it"))

    # What the fader does, on its own thread.

    def _fade_on(self) -> None:
        """Move what fades and begin what waits, until the player is closed."""
        while True:
            with self._lock:
                if self._is_closed:
                    return
                wait_s = self._turn(self._clock())
            self._stir.wait(wait_s)
            self._stir.clear()

    def _turn(self, now_s: float) -> float | None:
        """Do what is due; return when to come again, in seconds, unless stirred before."""
        if self._present is not None:
            self._follow(self._present, now_s)
        volume_pct = self._glide.volume_pct(now_s)
        is_moving = self._hold is not None or not self._glide.is_over(now_s)
        for deck in self._decks:
            if deck.is_leaving and (deck.is_over or deck.fade.is_over(now_s)):
                deck.stop()
            elif not deck.is_over:
                deck.be_heard(volume_pct, now_s)
                is_moving |= not deck.fade.is_over(now_s)
        if is_moving:
            return _TICK_S
        return self._until_next(now_s)

    def _follow(self, present: Deck, now_s: float) -> None:
        """Begin what waits for the present track: the next one, or the cross-fade into it."""
        coming, hold = self._next, self._hold
        if coming is not None and not coming.has_failed:
            if present.is_over or now_s >= coming.begins_s(present):
                self._begin_next(coming, present, now_s)
        elif hold is not None and (present.is_heard or present.is_over or now_s >= hold.until_s):
            self._cross(present, hold.fade_s, now_s)

    def _until_next(self, now_s: float) -> float | None:
        if self._next is None or self._present is None or self._next.has_failed:
            return None
        return min(max(self._next.begins_s(self._present) - now_s, 0.0), _LOOK_S)

    def _begin_next(self, coming: _Next, old: Deck, now_s: float) -> None:
        """Let the track that waits be heard."""
        self._next = None
        if coming.deck is None:
            self._begin(coming.order, now_s)
            return
        if coming.order.is_seamless:
            if not old.is_over:
                old.nudge()
            coming.deck.begin()
            old.leave(Fade(old.fade.level(now_s), 0.0, now_s + _RUN_OUT_S, _SHORTEST_FADE_S))
        else:
            coming.deck.begin()
            self._fade_from(old, coming.order.fade_s, now_s)
        self._present = coming.deck

    def _cross(self, present: Deck, fade_s: float, now_s: float) -> None:
        """Begin a cross-fade to the present track; it ends with the old one, if that ends first."""
        self._hold = None
        for old in self._decks:
            if old is present or old.is_over:
                continue
            if old.ends_s is not None:
                fade_s = min(fade_s, max(old.ends_s - now_s, _SHORTEST_FADE_S))
            old.leave(Fade(old.fade.level(now_s), 0.0, now_s, fade_s))
        present.fade = Fade(0.0, 1.0, now_s, fade_s)


def _vlc() -> Any:  # the binding has no types
    """Return the binding, imported only now: it ends the program when libvlc is missing."""
    try:
        ctypes.CDLL(LIBRARY)
    except OSError as error:
        raise Unavailable(
            f"libVLC is not installed ({LIBRARY} not found), so no music can be played; run: "
            "sudo apt-get install --no-install-recommends libvlc5 vlc-plugin-base"
        ) from error
    # Spares it a search with ldconfig and gcc, which a sandbox forbids.
    os.environ.setdefault("PYTHON_VLC_LIB_PATH", LIBRARY)
    import vlc  # noqa: PLC0415  # see above

    return vlc


class _NotMusicError(Exception):
    """A file cannot be music; the text says why."""


def _opened(path: Path) -> FileIO:
    """Return the file at `path`, open; libvlc would report success before it tried.

    Raises:
        _NotMusicError: It cannot be music.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise _NotMusicError("it is not a file")
        if not found.st_size:
            raise _NotMusicError("the file is empty")
        return path.open("rb", 0)
    except FileNotFoundError:
        raise _NotMusicError("the file is not there any more") from None
    except (OSError, ValueError) as error:  # ValueError: a name no file can have
        reason = getattr(error, "strerror", None) or error
        raise _NotMusicError(f"the file cannot be read: {reason}") from error
