"""A player on libVLC: two decks for life, used in turn."""

import ctypes
import math
import os
import stat
from collections import deque
from io import FileIO
from pathlib import Path
from typing import Any

from soulsync_edge.adapters.speaker_tone import speaker_tone
from soulsync_edge.domain.commands import PlayTrack
from soulsync_edge.domain.events import TrackEnded, TrackFailed, TrackMoved, TrackStarted
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

SHORT_S = 3.0
"""A track no longer than this may end at once: the silent output ends a second early."""

_DAMAGED_WITHIN_S = 1.0  # a broken file ends within 0.2 s on a desktop, a slow card takes longer
_MOVED_EVERY_S = 1.0


class VlcPlayer:
    """A `Player` with two libvlc decks for life, used in turn.

    Two, so a late callback from the old deck still names the old track, and so tracks can
    cross-fade one day. For life, because a new player per track leaks (python-vlc issue 250).

    All calls belong to one thread; each takes a few milliseconds unless libvlc hangs, which only
    the end of the process mends. Events are posted from libvlc's threads.

    `volume_pct` is libvlc's own scale, on which 50 is an eighth of the amplitude (-18 dB): that
    is the scale of VLC and of the system's mixer, and near to how loudness is heard.

    Args:
        post: Hears of the track.
        clock: Stamps the events.
        aout: libvlc's name of the way out: `alsa`, `pulse` or `adummy`.
        device: Its device; empty for the default.
        most_volume_pct: What 100 percent amounts to, 0 to 100.

    Raises:
        Unavailable: libvlc is missing or does not start.
    """

    def __init__(
        self,
        post: Post,
        clock: Clock,
        aout: str,
        *,
        device: str = "",
        most_volume_pct: int = 100,
    ) -> None:
        self._post = post
        self._clock = clock
        self._most_volume_pct = most_volume_pct
        self._volume_pct = 100
        vlc = _vlc()
        options = (f"--alsa-audio-device={device}",) if device and aout == "alsa" else ()
        self._sink_before = os.environ.get(SINK)
        if device and aout == "pulse":
            os.environ[SINK] = device
        self._library = vlc.Instance(*OPTIONS, f"--aout={aout}", *options)
        if self._library is None:
            raise Unavailable("libvlc does not start; reinstall vlc-plugin-base and libvlc5")
        self._decks = deque(_Deck(vlc, self._library, post, clock) for _ in range(2))
        self._bell = _Bell(self._library)

    def play(self, order: PlayTrack) -> None:
        self.stop()
        self._decks.rotate()
        try:
            file = _opened(Path(order.path))
        except _NotMusicError as error:
            self._post(TrackFailed(self._clock(), order.track_id, str(error)))
            return
        if not self._decks[0].play(order.track_id, file, order.start_s, self._loudness()):
            self._post(TrackFailed(self._clock(), order.track_id, "libvlc cannot play it"))

    def stop(self, fade_s: float = 0.0) -> None:
        if self._decks:
            self._decks[0].stop()

    def set_volume(self, volume_pct: int) -> None:
        self._volume_pct = volume_pct
        if self._decks:
            self._decks[0].set_loudness(self._loudness())

    def play_tone(self) -> None:
        if self._decks:
            self._bell.ring(self._loudness())

    def set_most_volume(self, most_volume_pct: int) -> None:
        """Let 100 percent amount to `most_volume_pct` from now on."""
        self._most_volume_pct = most_volume_pct
        self.set_volume(self._volume_pct)

    def close(self) -> None:
        while self._decks:
            self._decks.pop().close()
        if self._library is not None:
            self._bell.close()
            self._library.release()
            self._library = None
            if self._sink_before is None:
                os.environ.pop(SINK, None)
            else:
                os.environ[SINK] = self._sink_before

    def _loudness(self) -> int:
        return round(self._volume_pct * self._most_volume_pct / 100)


class _Deck:
    """One libvlc player and what it last said about its track.

    The callbacks run on libvlc's thread, which may not call libvlc: they only note and post.
    """

    def __init__(self, vlc: Any, library: Any, post: Post, clock: Clock) -> None:
        self._library = library
        self._post = post
        self._clock = clock
        self._track_id = ""
        self._file: FileIO | None = None
        self._is_started = False
        self._is_over = True
        self._start_s = 0.0
        self._began_s = 0.0
        self._length_s = 0.0
        self._told_s = -math.inf
        self._player = library.media_player_new()
        events, hear = vlc.EventType, self._player.event_manager().event_attach
        hear(events.MediaPlayerTimeChanged, self._moved)
        hear(events.MediaPlayerLengthChanged, self._measured)
        hear(events.MediaPlayerEndReached, self._ended)
        hear(events.MediaPlayerEncounteredError, self._failed)

    def play(self, track_id: str, file: FileIO, start_s: float, loudness: int) -> bool:
        """Start a track, whose file is closed when it is over; False when libvlc refuses it."""
        self._track_id, self._file, self._start_s = track_id, file, start_s
        self._is_started, self._is_over = False, False
        self._length_s, self._told_s = -math.inf, -math.inf
        self._began_s = self._clock()
        # By a name without an ending: if need be, libvlc takes whatever is called .mp3 for MP3 and
        # looks for its first frame in all of it, which it keeps in memory and takes seconds to
        # let go of (3.0.24: 120 MB more each second of 5 GB of zeros). So the content alone counts.
        media = self._library.media_new_path(_path_of(file))
        if start_s > 0:
            media.add_option(f":start-time={start_s:.3f}")
        self._player.set_media(media)
        media.release()
        # Each stream to a sound server begins at full loudness unless it was told before it is
        # made (libvlc 3.0.24), so this goes first, every time.
        self.set_loudness(loudness)
        accepted: bool = self._player.play() == 0
        if not accepted:  # otherwise it may be over already: a callback has the last word
            self._finish()
        return accepted

    def stop(self) -> None:
        self._is_over = True
        # Not stop(), which throws the sound output away: the next track's loudness would have
        # nothing to be set on.
        self._player.set_media(None)
        self._finish()

    def set_loudness(self, loudness: int) -> None:
        # -1 says that the output has no loudness, as the silent one.
        self._player.audio_set_volume(loudness)

    def close(self) -> None:
        self._is_over = True
        self._player.stop()
        self._player.release()
        self._finish()

    def _finish(self) -> None:
        """Hear no more of the track, and let go of its file: its disk may be unmounted."""
        self._is_over = True
        if self._file is not None:
            self._file.close()

    def _moved(self, event: Any) -> None:
        if self._is_over:
            return
        now_s = self._clock()
        if not self._is_started:
            self._is_started = True
            self._post(TrackStarted(now_s, self._track_id))
        if now_s - self._told_s >= _MOVED_EVERY_S:
            self._told_s = now_s
            self._post(TrackMoved(now_s, self._track_id, event.u.new_time / 1000))

    def _measured(self, event: Any) -> None:
        self._length_s = event.u.new_length / 1000

    def _ended(self, _event: Any) -> None:
        if self._is_over:
            return
        self._finish()
        now_s = self._clock()
        if self._is_damaged(now_s):
            reason = "the file is damaged or is not music"
            self._post(TrackFailed(now_s, self._track_id, reason))
            return
        if not self._is_started:
            self._post(TrackStarted(now_s, self._track_id))
        self._post(TrackEnded(now_s, self._track_id))

    def _is_damaged(self, now_s: float) -> bool:
        """Return whether the track ended because it could not be read: libvlc does not tell."""
        is_short = 0 < self._length_s <= SHORT_S
        if is_short or self._start_s > 0:  # resumed near its end, perhaps
            return False
        return not self._is_started or now_s - self._began_s < _DAMAGED_WITHIN_S

    def _failed(self, _event: Any) -> None:
        if self._is_over:
            return
        self._finish()
        self._post(TrackFailed(self._clock(), self._track_id, "libvlc cannot open it"))


class _Bell:
    """A libvlc player for the tone by which people try the speaker: heard beside the music."""

    def __init__(self, library: Any) -> None:
        self._library = library
        self._player = library.media_player_new()
        self._file = FileIO(os.memfd_create("tone"), "r+")
        self._file.write(speaker_tone())

    def ring(self, loudness: int) -> None:
        media = self._library.media_new_path(_path_of(self._file))
        self._player.set_media(media)
        media.release()
        self._player.audio_set_volume(loudness)
        self._player.play()

    def close(self) -> None:
        self._player.stop()
        self._player.release()
        self._file.close()


def _path_of(file: FileIO) -> bytes:
    """Return a path at which libvlc can open what is open here already."""
    return f"/proc/self/fd/{file.fileno()}".encode()


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
