"""Match the mood, or shift it towards a goal: what is known of a shift under way."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.mood import Reading


class Mode(StrEnum):
    """What the music does with the mood."""

    MATCH = "match"
    SHIFT = "shift"
    SCHEDULE = "schedule"
    """By the time of day, whatever the mood."""
    OFF = "off"
    """Neither: any music, fresh and mixed."""


class Goal(StrEnum):
    """Where a shift leads."""

    CALM = "calm"
    FOCUS = "focus"
    LIFT = "lift"
    ENERGISE = "energise"
    SLEEP = "sleep"


AFFECT_OF_GOAL: Mapping[Goal, Affect] = {
    # Calm lies between Warriner et al. (2013) and Russell & Mehrabian (1977); the others are
    # placed around it by what their word asks of valence and arousal. They are ours to tune.
    Goal.CALM: Affect(0.50, -0.55),
    Goal.FOCUS: Affect(0.30, 0.05),
    Goal.LIFT: Affect(0.75, 0.35),
    Goal.ENERGISE: Affect(0.60, 0.80),
    Goal.SLEEP: Affect(0.20, -0.90),
}


class Approach(StrEnum):
    """How a shift goes on from track to track."""

    STEADY = "steady"
    SLOWER = "slower"
    """In smaller steps: the music was too far ahead of the mood."""
    ELSEWHERE = "elsewhere"
    """With music from beside what was played: that did not help."""
    MATCH = "match"
    """Not at all for now: leading did harm, so the music stays with the mood."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A track that is played to lead the mood on.

    Attributes:
        track_id: Which one.
        place: Where it sits.
        leads: It moves on, rather than staying where the mood is.
        is_at_start: It stays with the mood the shift began at.
        came_from: Where the track before it in the shift sits, or None.
        before: The mood when it began; None while it is not known, or if music was silent since.
    """

    track_id: str
    place: Affect
    leads: bool
    is_at_start: bool
    came_from: Affect | None
    before: Reading | None


@dataclass(frozen=True, slots=True)
class Shift:
    """A shift under way.

    Attributes:
        goal: Where it leads.
        start: The mood when it began; where the music was, if the mood was not known.
        seed: What its chance is drawn from: the same for the whole shift, so that a plan made
            anew changes only as the mood asks for it.
        steps: How many tracks its way has.
        played: How many of those were heard.
        at_start: How many tracks stayed with the starting mood, heard or skipped.
        last: Where the music that it played last sits; None before the first.
        attempt: The track it plays now, or None.
        approach: How it goes on.
        anchor: The mood when it was last seen to move, or else when it was first judged; None:
            not yet, or not seen throughout since.
        avoided: Places about which music did not help, or was skipped, the newest last.
        turns: How often music was exchanged for other music, so that each time draws its chance.
        worsened: In how many tracks in a row it has moved away from the goal.
        recovers_within: How near to the goal the mood must be again to be led on, once leading
            did harm.
        is_held: The goal was held for a whole track: the music stays there.
        is_blind: The mood it began at was not known; once it is, the shift begins anew.
    """

    goal: Goal
    start: Affect
    seed: str
    steps: int
    played: int = 0
    at_start: int = 0
    last: Affect | None = None
    attempt: Attempt | None = None
    approach: Approach = Approach.STEADY
    anchor: Reading | None = None
    avoided: tuple[Affect, ...] = ()
    turns: int = 0
    worsened: int = 0
    recovers_within: float = 0.0
    is_held: bool = False
    is_blind: bool = False
