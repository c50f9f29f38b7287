"""A room to try decisions in: what happens there, and what was asked of the actuators."""

from soulsync_edge.domain import events as ev
from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.commands import Command, PlayTrack, SetVolume
from soulsync_edge.domain.emotion import Emotion
from soulsync_edge.domain.session import Context, Rules, Session
from soulsync_edge.domain.step import step
from soulsync_edge.domain.track import catalogue_of
from soulsync_edge.fakes import estimate_of
from tests.strategies import a_track

CATALOGUE = catalogue_of(
    a_track(f"t{number}", Affect(number / 5 - 0.5, number / 5 - 0.5)) for number in range(6)
)
CONTEXT = Context(rules=Rules(seed="test"), catalogue=CATALOGUE)


class Room:
    """A session that is told of events and remembers what was asked of the actuators."""

    def __init__(self, context: Context = CONTEXT, session: Session | None = None) -> None:
        self.session = session or Session()
        self.context = context
        self.asked: list[Command] = []
        self.now_s = 0.0

    def happens(self, event: ev.Event) -> tuple[Command, ...]:
        self.now_s = max(self.now_s, event.at_s)
        self.session, commands = step(self.session, event, self.context)
        self.asked.extend(commands)
        return commands

    def looks(self, emotion: Emotion | None, for_s: float) -> None:
        for _ in range(round(for_s * 4)):
            at_s = self.now_s + 0.25
            if emotion is None:
                self.happens(ev.NobodySeen(at_s))
            else:
                estimate = estimate_of(emotion)
                self.happens(ev.EstimateArrived(at_s, estimate.probabilities, 0.9, 1))

    def waits(self, for_s: float, minute_of_day: int = 600) -> None:
        for _ in range(round(for_s)):
            self.happens(ev.Tick(self.now_s + 1.0, minute_of_day))

    @property
    def volumes(self) -> list[int]:
        return [one.volume_pct for one in self.asked if isinstance(one, SetVolume)]

    @property
    def plays(self) -> list[str]:
        return [command.track_id for command in self.asked if isinstance(command, PlayTrack)]


def a_playing_room(context: Context = CONTEXT) -> Room:
    room = Room(context)
    room.happens(ev.EyeFound(0.0))
    room.happens(ev.VoiceFound(0.0))
    room.looks(Emotion.HAPPY, for_s=8)
    assert len(room.plays) == 1
    return room
