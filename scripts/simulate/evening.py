"""One evening: a listener, a library and a way to steer, second by second."""

from dataclasses import dataclass

from scripts.simulate.chance import drawn_from
from scripts.simulate.face import Face, FaceReader
from scripts.simulate.library import Library
from scripts.simulate.listener import Listener
from scripts.simulate.steersmen import Steersman, mood_of
from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.events import (
    EstimateArrived,
    Tick,
    TrackEnded,
    TrackEnding,
    TrackMoved,
    TrackStarted,
)
from soulsync_edge.domain.session import Rules
from soulsync_edge.domain.track import Track

MINUTES = 42
"""How long an evening is: twelve tracks of three and a half minutes."""

LOOK_S = 1.0
"""Time between two looks at the face; the appliance takes four a second."""

SETTLING_S = 60
"""The face is seen for so long before there is music, so that the mood is known."""

MOVED_S = 10
"""Time between two words of the player on how far it got; the real one speaks every second."""

_CROSSFADE_S = Rules().crossfade_s


@dataclass(frozen=True, slots=True)
class Evening:
    """What happened.

    Attributes:
        seen: The mood as it was seen when the music began.
        felt: What was truly felt, once a second from when the music began.
        tracks: What was played, in order.
    """

    seen: Affect
    felt: tuple[Affect, ...]
    tracks: tuple[Track, ...]


@dataclass(slots=True)
class _Deck:
    """What plays now."""

    track: Track
    begun_s: int
    is_ending: bool = False


class _Room:
    """The evening under way.

    Args:
        listener: Who listens.
        library: What there is.
        steersman: Who chooses.
        reader: Reads faces.
        seed: What chance is drawn from; the same for every way to steer.
    """

    def __init__(
        self,
        listener: Listener,
        library: Library,
        steersman: Steersman,
        reader: FaceReader,
        seed: str,
    ) -> None:
        self._listener = listener
        self._library = library
        self._steersman = steersman
        self._face = Face(reader, listener.kind, drawn_from(f"{seed}:face"))
        self._weather = drawn_from(f"{seed}:feeling")
        self._felt = listener.start
        self._deck: _Deck | None = None
        self.tracks: list[Track] = []

    def settle(self) -> Affect:
        """Let the face be seen before there is music; return the mood as seen."""
        looks = [self._look(second) for second in range(SETTLING_S)]
        return mood_of(looks)

    def begin(self) -> None:
        """Ask for music."""
        self._play(self._steersman.begin(float(SETTLING_S)), SETTLING_S)

    def pass_second(self, at: int) -> Affect:
        """Let a second pass until `at`, and return what is felt then."""
        deck = self._deck
        music = None if deck is None else self._library.truth[deck.track.track_id]
        noise = self._weather.gauss(0.0, 1.0), self._weather.gauss(0.0, 1.0)
        self._felt = self._listener.after(self._felt, music, 1.0, noise)
        self._look(at)
        if at % MOVED_S == 0:
            self._hear(Tick(float(at), minute_of_day=(19 * 60 + at // 60) % 1440))
        if self._deck is not None:
            self._turn(self._deck, at)
        return self._felt

    def _look(self, at: int) -> EstimateArrived:
        read = self._face.look(self._felt, LOOK_S)
        event = EstimateArrived(float(at), read.probabilities, read.confidence, faces=1)
        self._play(self._steersman.after(event), at)
        return event

    def _turn(self, deck: _Deck, at: int) -> None:
        """Let the player say where the record is."""
        name, played_s = deck.track.track_id, at - deck.begun_s
        left_s = deck.track.duration_s - played_s
        if left_s <= 0:
            self._deck = None
            self._hear(TrackEnded(float(at), name))
        elif left_s <= _CROSSFADE_S and not deck.is_ending:
            deck.is_ending = True
            self._hear(TrackEnding(float(at), name, left_s))
        elif played_s % MOVED_S == 0:
            self._hear(TrackMoved(float(at), name, float(played_s)))

    def _hear(self, event: Tick | TrackEnded | TrackEnding | TrackMoved) -> None:
        self._play(self._steersman.after(event), int(event.at_s))

    def _play(self, track: Track | None, at: int) -> None:
        if track is None:
            return
        self._deck = _Deck(track, at)
        self.tracks.append(track)
        self._play(self._steersman.after(TrackStarted(float(at), track.track_id)), at)


def evening(
    listener: Listener, library: Library, steersman: Steersman, reader: FaceReader, seed: str
) -> Evening:
    """Return what happened in an evening; the same arguments give the same evening."""
    room = _Room(listener, library, steersman, reader, seed)
    seen = room.settle()
    room.begin()
    felt = [listener.start]
    felt += [room.pass_second(SETTLING_S + second) for second in range(1, MINUTES * 60 + 1)]
    return Evening(seen, tuple(felt), tuple(room.tracks))
