"""What the services need from the outside world, in our words, from the caller's side."""

from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Protocol

from soulsync_edge.domain.commands import PlayTrack
from soulsync_edge.domain.events import Event
from soulsync_edge.domain.hearing import Analysis, Hearing
from soulsync_edge.domain.hints import Tags
from soulsync_edge.domain.library import Found, Known, Stick
from soulsync_edge.domain.session import Context, Session
from soulsync_edge.domain.track import SkippedFile
from soulsync_edge.settings import Settings

Post = Callable[[Event], None]
"""Hands an event to the inbox. Safe to call from any thread; never blocks."""

Observer = Callable[[Session, Session], None]
"""Draws the state: called with the session before and after each event, on core's loop.

Returns at once and never raises for a fault of its own device."""

State = Callable[[], tuple[Session, Context]]
"""Returns the present session and its context; called on core's loop."""

Clock = Callable[[], float]
"""Returns seconds on the machine's monotonic clock, shared by all programs on it."""


class Player(Protocol):
    """Plays one track at a time through the room's speaker.

    Calls return at once. What became of them arrives later as `TrackStarted`, `TrackMoved`,
    `TrackEnding`, `TrackEnded` or `TrackFailed`, posted by the player.
    """

    def play(self, order: PlayTrack) -> None:
        """Start a track, replacing whatever is playing; of that nothing more is heard."""

    def stop(self, fade_s: float = 0.0) -> None:
        """Fall silent within `fade_s`. Does nothing when already silent."""

    def set_volume(self, volume_pct: int) -> None:
        """Be this loud, 0 to 100."""

    def play_tone(self) -> None:
        """Let a short tone be heard, beside whatever is playing."""

    def close(self) -> None:
        """Fall silent and let the sound device go. Does nothing when already closed."""


class Light(Protocol):
    """A light someone in the room sees."""

    def show(self, level: float) -> None:
        """Shine at `level`, 0 (out) to 1 (full).

        Raises:
            Unavailable: The light does not answer.
        """

    def close(self) -> None:
        """Go out and let the pin go. Does nothing when already closed."""


class TagReader(Protocol):
    """Reads what a music file says about itself."""

    def read(self, path: Path) -> Tags:
        """Return the tags of the file at `path`.

        Raises:
            MediaError: The file is not music this appliance can play, or is damaged.
        """


class Store(Protocol):
    """Remembers things across restarts. Every call may block on a disk: not for core's loop."""

    def sticks(self) -> tuple[Stick, ...]:
        """Return all sticks anything is known of, where each lay last, by that; mount 0.

        Raises:
            Unavailable: The store cannot be read.
        """

    def known(self, stick: Stick) -> Known:
        """Return what is remembered of `stick`, its tracks where they lie now.

        Raises:
            Unavailable: The store cannot be read.
        """

    def stamps(self, library: str) -> dict[str, str]:
        """Return the stamp of each track remembered of `library`, by `track_id`.

        Raises:
            Unavailable: The store cannot be read.
        """

    def keep_found(self, stick: Stick, found: Iterable[Found]) -> None:
        """Remember more tracks of `stick`, or the same better known, all or nothing.

        Raises:
            Unavailable: Nothing was kept: the disk is full, read-only or failing.
        """

    def keep_complete(
        self, stick: Stick, track_ids: Collection[str], skipped: Iterable[SkippedFile]
    ) -> None:
        """Take note that a scan has looked at all of `stick`, all or nothing.

        Args:
            stick: Which one.
            track_ids: The tracks on it; others are forgotten.
            skipped: Files found on it that cannot be played.

        Raises:
            Unavailable: Nothing was kept.
        """

    def hearings(self, track_ids: Iterable[str], version: str) -> dict[str, Hearing]:
        """Return what is known by ear of those of the tracks that were listened to.

        Args:
            track_ids: Which ones.
            version: Of the descriptors; what was heard with others does not count.

        Raises:
            Unavailable: The store cannot be read.
        """

    def analysis(self, content: str, version: str) -> Analysis | None:
        """Return what listening to this content came to, in whatever file it was; or None.

        Raises:
            Unavailable: The store cannot be read.
        """

    def keep_hearings(self, hearings: Mapping[str, Hearing], version: str) -> None:
        """Keep what is known by ear, by `track_id`, all or nothing.

        What was heard outlives the tracks it was heard in, since files are moved and renamed.

        Raises:
            Unavailable: Nothing was kept.
        """

    def recall(self, name: str) -> str | None:
        """Return the value kept under `name`, or None.

        Raises:
            Unavailable: The store cannot be read.
        """

    def keep(self, name: str, value: str) -> None:
        """Keep `value` under `name`; on return it survives a power cut.

        Raises:
            Unavailable: It was not kept.
        """

    def forget(self, name: str) -> None:
        """Erase the value kept under `name`, if any; on return none of it is left in the store.

        Raises:
            Unavailable: It may still be there.
        """

    def close(self) -> None:
        """Finish writing. Does nothing when already closed."""


class SettingsFile(Protocol):
    """The settings on disk."""

    def load(self) -> Settings:
        """Return the settings; defaults when there is no file yet.

        Raises:
            ConfigError: With every mistake in the file.
        """

    def save(self, settings: Settings) -> None:
        """Replace the file; on return the new one survives a power cut, before that the old.

        Raises:
            Unavailable: Nothing was saved.
        """


class Supervisor(Protocol):
    """Whoever started this program and restarts it when it hangs: systemd on the board."""

    def ready(self) -> None:
        """Say that the program does its work now."""

    def alive(self) -> None:
        """Say that work went forward; called only then."""

    def status(self, text: str) -> None:
        """Say in one line what the program is doing."""

    def stopping(self) -> None:
        """Say that the program is on its way out."""


class SettingsDesk(Protocol):
    """Where running parts read and change the settings."""

    @property
    def settings(self) -> Settings:
        """The settings in force."""

    async def change(self, changes: Mapping[str, Mapping[str, object]]) -> None:
        """Check `changes` (section -> field -> new value), save them and put them into force.

        All or nothing: on any problem the old settings stay, on disk and in force.

        Raises:
            ConfigError: With every wrong value at once.
            Unavailable: The file could not be saved, or a part refused; the old ones are back.
        """
