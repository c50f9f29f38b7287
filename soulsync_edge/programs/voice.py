"""The program that plays: command in, libVLC, event out. It needs no network."""

import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import pydantic

from soulsync_edge.adapters.sound_outputs import NOWHERE, SoundOutput, SoundOutputs
from soulsync_edge.adapters.systemd import SystemdSupervisor
from soulsync_edge.domain.commands import PlayTone, PlayTrack, SetVolume, StopMusic
from soulsync_edge.domain.events import (
    Part,
    PartReported,
    TrackEnded,
    TrackEnding,
    TrackFailed,
    TrackMoved,
    TrackStarted,
)
from soulsync_edge.errors import Unavailable
from soulsync_edge.ports import Clock, Player, Post, Supervisor
from soulsync_edge.programs.program_life import NeedsRestart, stop_on_signals
from soulsync_edge.settings import PlayerSettings
from soulsync_edge.wire.link import LinkClient, LinkLost
from soulsync_edge.wire.messages import (
    VOICE_EVENTS,
    VOICE_ORDERS,
    Configure,
    VoiceEvent,
    VoiceOrder,
)

logger = logging.getLogger(__name__)

# A track that stands still this long hangs: libvlc tells its position 3 times a second.
STILL_S = 5.0
# The most one turn of the loop adds to that: a machine that slept is not a track that hangs.
MOST_STILL_S = 1.0
# So much read meanwhile, and it is the file that has no more music in it: a libvlc that hangs reads
# nothing, a slow disk gives nothing. libvlc 3.0.24, searching zeros for the next frame, read 1 MB a
# second of MP3 on a busy desktop core, and more of FLAC and Ogg.
SEARCHED_BYTES = 2 << 20
# But a sleeping disk takes its time before the first sound.
FIRST_SOUND_S = 10.0
# So many tracks in a row without a sound, and it is libvlc that hangs.
MOST_MUTE_TRACKS = 2
# The longest one call into libvlc may take: its stop() is known never to return.
CALL_S = 3.0
# How often to look whether the sound device is there, and to tell the supervisor.
LOOK_S = 2.0
ALIVE_S = 5.0


PLAYER_WORDS = TrackStarted | TrackMoved | TrackEnding | TrackEnded | TrackFailed


class LoudPlayer(Player, Protocol):
    """A player with a bound to its loudness, that knows how long tracks overlap."""

    def set_most_volume(self, most_volume_pct: int) -> None:
        """Let 100 percent amount to `most_volume_pct` from now on."""

    def set_crossfade(self, crossfade_s: float) -> None:
        """Have tracks, from the next on, say in time for so long a cross-fade that they end."""


@dataclass(frozen=True, slots=True)
class Openers:
    """How the voice gets at its sound.

    Attributes:
        output: Finds the way out the settings ask for; raises `Unavailable` when there is none.
        player: Opens a player on it, whose events go to the `Post`.
    """

    output: Callable[[PlayerSettings], SoundOutput]
    player: Callable[[Post, SoundOutput], LoudPlayer]


def run(link: Path, supervisor: Supervisor | None = None) -> int:
    """Play what core says, until told to stop.

    Returns 0 after SIGTERM or SIGINT, 1 when only a fresh process can play again, and 69 when
    libVLC is missing.
    """
    supervisor = supervisor or SystemdSupervisor()
    client = LinkClient(link, VOICE_ORDERS, VOICE_EVENTS)
    must_stop = stop_on_signals(client.wake)
    openers = Openers(SoundOutputs().find, _open_vlc)
    guard = Guard()
    voice = Voice(client.send, client.wake, openers, supervisor, guard=guard)
    try:
        voice.warm_up()
        supervisor.ready()
        while not must_stop():
            _turn(client, voice)
    except Unavailable as error:
        logger.error("%s", error)  # noqa: TRY400  # the sentence says it all
        return os.EX_UNAVAILABLE
    except NeedsRestart as error:
        logger.error("%s", error)  # noqa: TRY400
        return 1
    finally:
        supervisor.stopping()
        client.close()
        guard.patience_s = CALL_S / 2  # whoever stops us waits 2 s
        voice.close()
    return 0


class Guard:
    """Ends this process when one call takes too long: a hung libvlc cannot be stopped otherwise.

    A thread waits beside each guarded call; it can do so because calls into C let go of the
    interpreter.

    Args:
        give_up: Ends the process; tests have their own.
    """

    def __init__(self, give_up: Callable[[], object] = lambda: os._exit(1)) -> None:
        self.patience_s = CALL_S
        self._give_up = give_up

    @contextmanager
    def __call__(self, doing: str) -> Iterator[None]:
        """Let what happens inside, which is `doing`, take `patience_s` at most."""

        def too_late() -> None:
            logger.error("libvlc hangs (%s); the voice starts afresh", doing)
            self._give_up()

        timer = threading.Timer(self.patience_s, too_late)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def bytes_read() -> int:
    """Return how much this process has read so far, in bytes; 0 where the kernel does not tell."""
    try:
        told = Path("/proc/self/io").read_text("ascii")
    except OSError:
        return 0
    (rchar,) = (line for line in told.splitlines() if line.startswith("rchar: "))
    return int(rchar.removeprefix("rchar: "))


class Voice:
    """The voice between two orders: what it was told to play, and how that goes.

    Args:
        tell: Tells core; what core does not hear is lost.
        wake: Ends the wait for orders; called from the player's threads.
        openers: How to get at the sound.
        supervisor: Hears of progress: the position moved, or there is nothing to play.
        clock: Monotonic seconds.
        guard: Bounds calls into the player.
        count_read: Tells how many bytes this process has read so far.
    """

    def __init__(  # noqa: PLR0913  # assembled in one place
        self,
        tell: Callable[[VoiceEvent], object],
        wake: Callable[[], None],
        openers: Openers,
        supervisor: Supervisor,
        *,
        clock: Clock = time.monotonic,
        guard: Guard | None = None,
        count_read: Callable[[], int] = bytes_read,
    ) -> None:
        self._tell = tell
        self._wake = wake
        self._openers = openers
        self._supervisor = supervisor
        self._clock = clock
        self._guard = guard or Guard()
        self._bytes_read = count_read
        self._news: queue.SimpleQueue[VoiceEvent] = queue.SimpleQueue()
        self._settings: PlayerSettings | None = None
        self._output = NOWHERE
        self._player: LoudPlayer | None = None
        self._volume_pct = 0  # core says how loud before it says what
        self._track: PlayTrack | None = None
        self._has_moved = False
        self._still_s = 0.0
        self._read_when_moved = 0
        self._mute_tracks = 0
        self._turned_s = clock()
        self._looked_s = float("-inf")
        self._alive_s = float("-inf")
        self._sound: tuple[bool, str] | None = None

    def warm_up(self) -> None:
        """Load the player before the first order, so that the first sound does not wait for it.

        Raises:
            Unavailable: There is no player to be had.
        """
        self._take(NOWHERE)

    def greet(self) -> None:
        """Tell a core that just connected how the sound is."""
        if self._sound is not None:
            self._tell(PartReported(self._clock(), Part.SOUND, *self._sound))

    def obey(self, order: VoiceOrder) -> None:
        """Do what core says.

        Raises:
            Unavailable: There is no player to be had.
        """
        self._hear_player()  # what the old track still had to say belongs before the order
        match order:
            case Configure():
                self._configure(order.section_json)
            case PlayTrack():
                self._play(order)
            case StopMusic():
                self._track = None
                with self._guard("stop"):
                    self._ready().stop(order.fade_s)
            case SetVolume():
                self._volume_pct = order.volume_pct
                with self._guard("volume"):
                    self._ready().set_volume(order.volume_pct)
            case PlayTone():
                self._try_sound()

    def turn(self) -> None:
        """Pass on what the player says, and look after it; called at least every `wait_s`.

        Raises:
            NeedsRestart: The track stands still.
            Unavailable: There is no player to be had.
        """
        now_s = self._clock()
        self._still_s += min(now_s - self._turned_s, MOST_STILL_S)
        self._turned_s = now_s
        self._hear_player()
        if self._track is None:
            self._alive()
        else:
            self._look_after(self._track)
        if self._settings is not None and now_s - self._looked_s >= LOOK_S:
            self._look(self._settings)

    def wait_s(self) -> float:
        """Return how long there is nothing to do but hear orders and the player."""
        return LOOK_S if self._track is None else MOST_STILL_S

    def close(self) -> None:
        """Fall silent."""
        player, self._player = self._player, None
        if player is not None:
            with self._guard("close"):
                player.close()

    def _configure(self, section_json: str) -> None:
        try:
            settings = PlayerSettings.model_validate_json(section_json)
        except pydantic.ValidationError as error:
            message = (
                f"the voice does not understand its settings ({error.error_count()} mistakes): "
                "core and voice are of different versions. Restart both."
            )
            logger.error("%s", message)  # noqa: TRY400  # the sentence says it all
            self._tell(PartReported(self._clock(), Part.VOICE, is_ok=False, message=message))
            return
        # Core knows that the voice is there; it needs to hear that it is understood again.
        self._tell(PartReported(self._clock(), Part.VOICE, is_ok=True, message=""))
        self._settings = settings
        self._look(settings)
        self._heed(self._ready(), settings)

    def _play(self, order: PlayTrack) -> None:
        self._track = order
        self._has_moved, self._still_s = False, 0.0
        with self._guard("play"):
            self._ready().play(order)

    def _look_after(self, track: PlayTrack) -> None:
        """See to it that `track` moves."""
        if self._has_moved and self._still_s >= STILL_S:
            if self._bytes_read() - self._read_when_moved >= SEARCHED_BYTES:
                logger.warning(
                    "%s: no more music in it after %.0f s, though libvlc goes on reading; taken "
                    "as its end",
                    track.path,
                    track.start_s,
                )
                self._give_up(TrackEnded(self._clock(), track.track_id))
                return
            raise NeedsRestart(
                f"the track stands still at {track.start_s:.0f} s; the voice starts afresh"
            )
        if not self._has_moved and self._still_s >= FIRST_SOUND_S:
            self._mute_tracks += 1
            if self._mute_tracks >= MOST_MUTE_TRACKS:
                raise NeedsRestart(
                    f"no sound came from {self._mute_tracks} tracks in a row; the voice starts "
                    "afresh"
                )
            # One is the file's own fault: libvlc may search a huge one for long.
            reason = f"no sound came from it within {FIRST_SOUND_S:.0f} s"
            self._give_up(TrackFailed(self._clock(), track.track_id, reason))

    def _give_up(self, outcome: TrackEnded | TrackFailed) -> None:
        """Have done with the present track.

        Core hears of it first, or a stop() that never returns would have it ask for the same track
        again.
        """
        self._post(outcome)
        self._hear_player()
        with self._guard("stop"):
            self._ready().stop()

    def _look(self, settings: PlayerSettings) -> None:
        """Play to where sound can go now; to nowhere, and say so, when it cannot be heard."""
        self._looked_s = self._clock()
        try:
            output = self._openers.output(settings)
        except Unavailable as error:
            self._report(is_ok=False, message=str(error))
            output = NOWHERE
        else:
            self._report(is_ok=True, message="")
        if output != self._output:
            self._take(output)

    def _try_sound(self) -> None:
        """Let the tone be heard; say so, once more, when it cannot be."""
        if self._settings is not None:
            self._look(self._settings)  # what was there at the last look may have gone
        if self._output != NOWHERE:
            with self._guard("tone"):
                self._ready().play_tone()
            return
        is_ok, message = self._sound or (False, "the sound program was not told where to play")
        if is_ok:
            message = "nothing is heard: sound goes nowhere, as player.output says (silent)"
        self._tell(PartReported(self._clock(), Part.SOUND, is_ok, message))
        logger.warning("no tone: %s", message)

    def _take(self, output: SoundOutput) -> LoudPlayer:
        """Play through `output` from now on, the present track from where it is."""
        self.close()
        self._output = output
        # Unguarded: on a cold board, loading libvlc's plugins may take its time.
        self._player = player = self._openers.player(self._post, output)
        if self._settings is not None:
            self._heed(player, self._settings)
        player.set_volume(self._volume_pct)
        if self._track is not None:  # whatever it was to follow went with the old player
            self._play(replace(self._track, fade_s=0.0, is_seamless=False))
        return player

    @staticmethod
    def _heed(player: LoudPlayer, settings: PlayerSettings) -> None:
        player.set_most_volume(settings.most_volume_pct)
        player.set_crossfade(settings.crossfade_s)

    def _ready(self) -> LoudPlayer:
        return self._player if self._player is not None else self._take(self._output)

    def _post(self, event: object) -> None:
        """Take what the player says; runs on its threads."""
        if isinstance(event, PLAYER_WORDS):
            self._news.put(event)
            self._wake()

    def _hear_player(self) -> None:
        while True:
            try:
                event = self._news.get_nowait()
            except queue.Empty:
                return
            self._note(event)
            self._tell(event)

    def _note(self, event: VoiceEvent) -> None:
        """Keep track of the track."""
        if self._track is None or isinstance(event, PartReported | TrackEnding):
            return  # the coming end is core's to answer
        if event.track_id != self._track.track_id:
            self._note_echo(event)
            return
        match event:
            case TrackStarted():
                self._still_s = 0.0
            case TrackMoved():
                if event.position_s != self._track.start_s:
                    self._has_moved, self._still_s, self._mute_tracks = True, 0.0, 0
                    self._read_when_moved = self._bytes_read()
                    self._alive()
                self._track = replace(self._track, start_s=event.position_s)
            case TrackFailed():
                logger.warning("track %s cannot be played: %s", event.track_id, event.reason)
                self._track = None
            case TrackEnded():
                self._track = None

    def _note_echo(self, event: TrackStarted | TrackMoved | TrackEnded | TrackFailed) -> None:
        """Know from the other deck that what the track is to follow still plays."""
        if isinstance(event, TrackMoved) and not self._has_moved:
            self._still_s = 0.0
            self._alive()

    def _report(self, *, is_ok: bool, message: str) -> None:
        """Tell core how the sound is, when that is news; a fault is a warning in the log, once."""
        before, self._sound = self._sound, (is_ok, message)
        if before == self._sound:
            return
        self._tell(PartReported(self._clock(), Part.SOUND, is_ok, message))
        if not is_ok:
            logger.warning("%s", message)
        elif before is not None:
            logger.info("the sound device is there")

    def _alive(self) -> None:
        now_s = self._clock()
        if now_s - self._alive_s >= ALIVE_S:
            self._alive_s = now_s
            self._supervisor.alive()


def _open_vlc(post: Post, output: SoundOutput) -> LoudPlayer:
    from soulsync_edge.adapters.player_vlc import VlcPlayer

    return VlcPlayer(post, time.monotonic, output.aout, device=output.device)


def _turn(client: LinkClient[VoiceOrder, VoiceEvent], voice: Voice) -> None:
    """Hear one order, or look after the music; without core, knock, and play on."""
    voice.turn()
    if not client.is_connected:
        if client.connect(voice.wait_s()):
            voice.greet()
        return
    try:
        order = client.receive(voice.wait_s())
    except LinkLost:
        logger.info("core is gone; the track plays on")
        return
    if order is not None:
        voice.obey(order)
