"""One deck of the player: a libVLC player for life, and what it last said of its track."""

import math
import os
import statistics
from collections import deque
from collections.abc import Callable
from io import FileIO
from typing import Any

from soulsync_edge.domain.commands import PlayTrack
from soulsync_edge.domain.events import (
    TrackEnded,
    TrackEnding,
    TrackFailed,
    TrackMoved,
    TrackStarted,
)
from soulsync_edge.domain.fading import Fade, cubic_pct
from soulsync_edge.ports import Clock, Post

SHORT_S = 3.0
"""A track no longer than this may end at once: the silent output ends a second early."""

FULL = Fade(1.0, 1.0)
MUTE = Fade(0.0, 0.0)

_DAMAGED_WITHIN_S = 1.0  # a broken file ends within 0.2 s on a desktop, a slow card takes longer
_MOVED_EVERY_S = 1.0
_SHORTEST_NOTICES = 4  # a track shorter than so many notices of its end ends without one
_KEPT_WORDS = 5
_ALL_BUFFERED = 100.0


class Deck:
    """One libvlc player, its track, and how loud that is meant to be.

    The callbacks run on libvlc's thread, which may not call libvlc: they only note, post and stir.

    Args:
        vlc: The binding.
        library: Its instance.
        post: Hears of the track.
        stir: Called when the deck's sound begins or is over.
        clock: Stamps the events.
    """

    def __init__(
        self, vlc: Any, library: Any, post: Post, stir: Callable[[], None], clock: Clock
    ) -> None:
        self._library = library
        self._post = post
        self._stir = stir
        self._clock = clock
        self._track_id = ""
        self._file: FileIO | None = None
        self._start_s = 0.0
        self._notice_s = 0.0
        self._loudness = -1
        self._forget()
        self._player = library.media_player_new()
        events, hear = vlc.EventType, self._player.event_manager().event_attach
        hear(events.MediaPlayerBuffering, self._buffered)
        hear(events.MediaPlayerTimeChanged, self._moved)
        hear(events.MediaPlayerLengthChanged, self._measured)
        hear(events.MediaPlayerEndReached, self._ended)
        hear(events.MediaPlayerEncounteredError, self._failed)

    def _forget(self) -> None:
        """Know nothing of any track."""
        self.fade = MUTE
        self._gain_db = 0.0
        self.is_over = True
        self.is_leaving = False
        self.told_end_s: float | None = None
        self._is_rolling = self._is_buffered = self._is_started = self._is_moving = False
        self._is_replaced = False
        self._length_s = 0.0
        self._began_s = 0.0
        self._told_s = -math.inf
        self._origins_s: deque[float] = deque(maxlen=_KEPT_WORDS)

    @property
    def is_heard(self) -> bool:
        """Whether its sound has begun, however softly."""
        return self._is_rolling and self._is_buffered

    @property
    def ends_s(self) -> float | None:
        """When its track will have run out, to some milliseconds; None when that is not known."""
        if not self._length_s or not self._origins_s:
            return None
        return statistics.median(tuple(self._origins_s)) + self._length_s

    def open(
        self,
        order: PlayTrack,
        file: FileIO,
        fade: Fade,
        *,
        volume_pct: float,
        notice_s: float,
        is_ready: bool = False,
    ) -> bool:
        """Start a track, whose file is closed when it is over; False when libvlc refuses it.

        Args:
            order: Says which, from where, and how loud.
            file: Its file, open.
            fade: How it comes to be heard.
            volume_pct: How loud all music is.
            notice_s: How long before its end to say that it ends.
            is_ready: Do not start yet, but be ready to.
        """
        self._forget()
        self._track_id, self._file, self._start_s = order.track_id, file, order.start_s
        self.fade, self._gain_db, self._notice_s = fade, order.gain_db, notice_s
        self.is_over, self._is_rolling = False, not is_ready
        self._began_s = self._clock()
        # By a name without an ending: if need be, libvlc takes whatever is called .mp3 for MP3 and
        # looks for its first frame in all of it, which it keeps in memory and takes seconds to
        # let go of (3.0.24: 120 MB more each second of 5 GB of zeros). So the content alone counts.
        media = self._library.media_new_path(path_of(file))
        if order.start_s > 0:
            media.add_option(f":start-time={order.start_s:.3f}")
        if is_ready:
            media.add_option(":start-paused")
        self._player.set_media(media)
        media.release()
        # Each stream to a sound server begins at full loudness unless it was told before it is
        # made (libvlc 3.0.24), so this goes first, every time.
        self._loudness = -1
        self.be_heard(volume_pct, self._began_s)
        accepted: bool = self._player.play() == 0
        if not accepted:  # otherwise it may be over already: a callback has the last word
            self._finish()
        return accepted

    def begin(self) -> None:
        """Let what is ready be heard."""
        self._began_s = self._clock()
        self._is_rolling = True
        self._player.set_pause(0)
        if self._is_buffered:
            self._start()

    def replace(self) -> None:
        """Say no more of how the track ends: another is to follow it."""
        self._is_replaced = True

    def leave(self, fade: Fade) -> None:
        """Go on as `fade` says, then be over; say nothing more of the track."""
        self._is_replaced = self.is_leaving = True
        self.fade = fade

    def nudge(self) -> None:
        """Have libvlc look now whether the track is over, and again in a tenth of a second.

        It looks ten times a second. When it does right at the end, it throws away what the sound
        server has not played yet (3.0.24: a tenth of a second or two); so just before the end is a
        good time for it.
        """
        self._player.set_rate(1.0)  # it is; any word wakes it

    def be_heard(self, volume_pct: float, now_s: float) -> None:
        """Be as loud as the volume, the track's gain and its fade make it."""
        loudness = cubic_pct(volume_pct, self._gain_db, self.fade.level(now_s))
        if loudness != self._loudness:
            self._loudness = loudness
            # -1 says that the output has no loudness, as the silent one.
            self._player.audio_set_volume(loudness)

    def stop(self) -> None:
        """Fall silent and forget the track."""
        self.is_over = True
        # Not stop(), which throws the sound output away: the next track's loudness would have
        # nothing to be set on.
        self._player.set_media(None)
        self._finish()
        self._forget()

    def close(self) -> None:
        """Let everything go."""
        self.is_over = True
        self._player.stop()
        self._player.release()
        self._finish()

    def _finish(self) -> None:
        """Hear no more of the track, and let go of its file: its disk may be unmounted."""
        self.is_over = True
        if self._file is not None:
            self._file.close()

    # From here on: libvlc's thread, but for begin().

    def _buffered(self, event: Any) -> None:
        if self.is_over or self._is_buffered or event.u.new_cache < _ALL_BUFFERED:
            return
        self._is_buffered = True
        if self._is_rolling:
            self._start()

    def _start(self) -> None:
        """Note that the sound begins: 5 to 20 ms before it can be recorded."""
        if self._is_started:
            return
        self._is_started = True
        if not self._is_replaced:
            self._post(TrackStarted(self._clock(), self._track_id))
        self._stir()

    def _moved(self, event: Any) -> None:
        if self.is_over or not self._is_rolling:
            return
        now_s, position_s = self._clock(), event.u.new_time / 1000
        self._is_buffered = self._is_moving = True
        self._start()
        self._origins_s.append(now_s - position_s)
        if self.is_leaving:
            return
        if now_s - self._told_s >= _MOVED_EVERY_S:
            self._told_s = now_s
            self._post(TrackMoved(now_s, self._track_id, position_s))
        left_s = self._length_s - position_s
        is_long = self._length_s >= _SHORTEST_NOTICES * self._notice_s
        is_news = self.told_end_s is None and not self._is_replaced
        if is_news and is_long and left_s <= self._notice_s:
            self.told_end_s = now_s
            self._post(TrackEnding(now_s, self._track_id, max(left_s, 0.0)))

    def _measured(self, event: Any) -> None:
        self._length_s = max(event.u.new_length / 1000, 0.0)

    def _ended(self, _event: Any) -> None:
        if self.is_over:
            return
        self._finish()
        now_s = self._clock()
        if self._is_damaged(now_s):
            self._fail("the file is damaged or is not music")
            return
        self._start()
        if not self._is_replaced:
            self._post(TrackEnded(now_s, self._track_id))
        self._stir()

    def _is_damaged(self, now_s: float) -> bool:
        """Return whether the track ended because it could not be read: libvlc does not tell."""
        if not self._is_rolling:
            return True
        is_short = 0 < self._length_s <= SHORT_S
        if is_short or self._start_s > 0:  # resumed near its end, perhaps
            return False
        return not self._is_moving or now_s - self._began_s < _DAMAGED_WITHIN_S

    def _failed(self, _event: Any) -> None:
        if self.is_over:
            return
        self._finish()
        self._fail("libvlc cannot open it")

    def _fail(self, reason: str) -> None:
        if not self._is_replaced:
            self._post(TrackFailed(self._clock(), self._track_id, reason))
        self._stir()


class Bell:
    """A libvlc player for a short sound, heard beside the music.

    Args:
        library: libvlc's instance.
        sound: The content of a sound file.
    """

    def __init__(self, library: Any, sound: bytes) -> None:
        self._library = library
        self._player = library.media_player_new()
        self._file = FileIO(os.memfd_create("bell"), "r+")
        self._file.write(sound)

    def ring(self, volume_pct: float) -> None:
        """Let it be heard, from its beginning."""
        media = self._library.media_new_path(path_of(self._file))
        self._player.set_media(media)
        media.release()
        self._player.audio_set_volume(round(volume_pct))
        self._player.play()

    def close(self) -> None:
        """Let everything go."""
        self._player.stop()
        self._player.release()
        self._file.close()


def path_of(file: FileIO) -> bytes:
    """Return a path at which libvlc can open what is open here already."""
    return f"/proc/self/fd/{file.fileno()}".encode()
