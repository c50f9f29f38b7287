"""Ways to steer: what is known, and which track follows. Ours is the appliance's own `step`."""

import random
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable
from typing import Protocol

import numpy as np
import numpy.typing as npt

from scripts.simulate.chance import drawn_from
from soulsync_edge.domain.affect import CENTRE, Affect
from soulsync_edge.domain.commands import Command, PlayTrack
from soulsync_edge.domain.events import (
    CatalogueChanged,
    EstimateArrived,
    Event,
    EyeFound,
    GoalChosen,
    MusicSwitched,
    TrackEnded,
    TrackEnding,
    VoiceFound,
)
from soulsync_edge.domain.journey import waypoints
from soulsync_edge.domain.mood import Mood, MoodRules
from soulsync_edge.domain.session import Context, Rules, Session
from soulsync_edge.domain.shifting import AFFECT_OF_GOAL, Goal
from soulsync_edge.domain.sight import mood_after_sight
from soulsync_edge.domain.step import step
from soulsync_edge.domain.track import Catalogue, Track

LONGEST_STEP = 0.6
"""A longer step from one track to the next is a leap."""

OPEN_LOOP_TRACKS = 5
"""Tracks of the open loop's way, as few as such playlists have: longer ones are slower."""

_REMEMBERED_LOOKS = 60  # a minute: of what is older, less than 1 % is left in a mood
_ARTIST_GAP = 2  # tracks for which an artist is held back
_ARTIST_COST = 0.4  # unless all others lie so much further


class Steersman(Protocol):
    """One way to steer."""

    def begin(self, at_s: float) -> Track | None:
        """Return the first track; None: not yet."""

    def after(self, event: Event) -> Track | None:
        """Return the track to play from now on, or None to go on as it is."""


class Ours:
    """The appliance: its own `step`, told what its eye and its player would tell it.

    Args:
        catalogue: What it may play.
        goal: Where to shift to.
        seed: What its choices draw chance from.
        rules: Its settings; the shipped ones by default.
    """

    def __init__(
        self, catalogue: Catalogue, goal: Goal, seed: str, rules: Rules | None = None
    ) -> None:
        self._goal = goal
        self._catalogue = catalogue
        self._context = Context(rules or Rules(seed=seed), catalogue)
        self._session = Session()
        before: tuple[Event, ...] = (
            MusicSwitched(0.0, is_on=False),
            EyeFound(0.0),
            VoiceFound(0.0),
            CatalogueChanged(0.0),
        )
        for event in before:
            self.after(event)

    def begin(self, at_s: float) -> Track | None:
        self.after(GoalChosen(at_s, self._goal))
        return self.after(MusicSwitched(at_s, is_on=True))

    def after(self, event: Event) -> Track | None:
        self._session, commands = step(self._session, event, self._context)
        return self._played(commands)

    def _played(self, commands: tuple[Command, ...]) -> Track | None:
        for command in commands:
            if isinstance(command, PlayTrack):
                return self._catalogue.by_id[command.track_id]
        return None


class _Plain(ABC):
    """What the yardsticks share: they see the same mood, repeat no track, and space artists.

    Args:
        catalogue: What may be played.
        goal: Where to.
        seed: What chance is drawn from.
    """

    def __init__(self, catalogue: Catalogue, goal: Goal, seed: str) -> None:
        self.goal = AFFECT_OF_GOAL[goal]
        self.chance = drawn_from(seed)
        self.played: list[Track] = []
        self._all = catalogue.tracks
        self._looks: deque[EstimateArrived] = deque(maxlen=_REMEMBERED_LOOKS)

    def begin(self, at_s: float) -> Track | None:  # noqa: ARG002  # the same at any time
        return self._next()

    def after(self, event: Event) -> Track | None:
        if isinstance(event, EstimateArrived):
            self._looks.append(event)
        elif isinstance(event, TrackEnding | TrackEnded):
            return self._next()
        return None

    @abstractmethod
    def pick(self, mood: Affect) -> Track:
        """Return the track to play next."""

    @property
    def rested(self) -> list[Track]:
        """The tracks not played yet; all when there is none."""
        played = {track.track_id for track in self.played}
        return [t for t in self._all if t.track_id not in played] or list(self._all)

    def nearest(self, place: Affect, tracks: list[Track]) -> Track:
        """Return the nearest of `tracks`, by another artist than those just heard if it can be."""
        artists = {track.artist for track in self.played[-_ARTIST_GAP:]}
        return min(
            tracks,
            key=lambda track: (
                track.affect.distance_to(place) + _ARTIST_COST * (track.artist in artists)
            ),
        )

    def _next(self) -> Track:
        self.played.append(self.pick(mood_of(self._looks)))
        return self.played[-1]


class Drawn(_Plain):
    """Any track."""

    def pick(self, mood: Affect) -> Track:  # noqa: ARG002  # whatever the mood
        return self.chance.choice(self.rested)


class Match(_Plain):
    """What is nearest to the mood."""

    def pick(self, mood: Affect) -> Track:
        return self.nearest(mood, self.rested)


class Jump(_Plain):
    """What is nearest to the goal, from the first track on."""

    def pick(self, mood: Affect) -> Track:  # noqa: ARG002  # whatever the mood
        return self.nearest(self.goal, self.rested)


class Greedy(_Plain):
    """What is nearest to the goal of all within a step of the last track; first, of the mood."""

    def pick(self, mood: Affect) -> Track:
        last = self.played[-1].affect if self.played else mood
        near = [t for t in self.rested if t.affect.distance_to(last) <= LONGEST_STEP]
        return self.nearest(self.goal, near) if near else self.nearest(last, self.rested)


class OpenLoop(_Plain):
    """Even steps from the first mood to the goal, whatever the mood does meanwhile."""

    def __init__(self, catalogue: Catalogue, goal: Goal, seed: str) -> None:
        super().__init__(catalogue, goal, seed)
        self._way: list[Affect] = []

    def pick(self, mood: Affect) -> Track:
        if not self._way:
            legs = OPEN_LOOP_TRACKS - 1
            self._way = waypoints(mood, self.goal, OPEN_LOOP_TRACKS, most_at_start=1, legs=legs)
        return self.nearest(self._way[min(len(self.played), len(self._way) - 1)], self.rested)


Weights = npt.NDArray[np.float64]

EXPECTED = (0.0, 0.2, 0.0, -0.05, 0.0, 0.0)
"""What a bandit expects of its features at first: nearness to the goal pays, distance costs."""

_EXPECTED_SPREAD = 0.04
_REWARD_SPREAD = 0.15  # of the mood as seen, from one track's end to the next
# Both ours to tune: sure enough to begin well, unsure enough to learn in an evening.


class Belief:
    """What a bandit thinks of its features: a Bayesian linear regression of the reward."""

    def __init__(self) -> None:
        self._precision = np.eye(len(EXPECTED)) / _EXPECTED_SPREAD**2
        self._evidence = self._precision @ np.array(EXPECTED)

    def learn(self, features: Weights, reward: float) -> None:
        """Take in what came of a choice."""
        self._precision += np.outer(features, features) / _REWARD_SPREAD**2
        self._evidence += features * reward / _REWARD_SPREAD**2

    def drawn(self, chance: random.Random) -> Weights:
        """Return weights drawn from what is believed."""
        factor = np.linalg.cholesky(self._precision)
        mean = np.linalg.solve(self._precision, self._evidence)
        noise = np.array([chance.gauss(0.0, 1.0) for _ in EXPECTED])
        return np.asarray(mean + np.linalg.solve(factor.T, noise), np.float64)


class Bandit(_Plain):
    """Thompson sampling on a linear model of how far a track brings the mood; no plan."""

    def __init__(self, catalogue: Catalogue, goal: Goal, seed: str) -> None:
        super().__init__(catalogue, goal, seed)
        self._belief = Belief()
        self._tried: tuple[Weights, float] | None = None

    def pick(self, mood: Affect) -> Track:
        to_goal = mood.distance_to(self.goal)
        if self._tried is not None:
            features, before = self._tried
            self._belief.learn(features, before - to_goal)
        tracks = self.rested
        features = self._features(mood, tracks)
        best = int(np.argmax(features @ self._belief.drawn(self.chance)))
        self._tried = (features[best], to_goal)
        return tracks[best]

    def _features(self, mood: Affect, tracks: list[Track]) -> Weights:
        """Return `(tracks, 6)`: what a track promises, seen from the mood."""
        places = np.array([(t.affect.valence, t.affect.arousal) for t in tracks])
        here = np.array((mood.valence, mood.arousal))
        goal = np.array((self.goal.valence, self.goal.arousal))
        way = goal - here
        length = max(float(np.hypot(*way)), 0.05)
        moves = places - here
        from_mood = np.hypot(moves[:, 0], moves[:, 1])
        from_goal = np.hypot(*(places - goal).T)
        return np.column_stack(
            (
                np.ones(len(places)),
                length - from_goal,
                moves @ way / length,
                from_mood,
                np.maximum(from_mood - LONGEST_STEP, 0.0),
                places[:, 0],
            )
        )


def mood_of(looks: Iterable[EstimateArrived]) -> Affect:
    """Return the mood after `looks`, smoothed as the appliance does."""
    mood, rules = Mood(), MoodRules()
    for look in looks:
        mood = mood_after_sight(mood, look, rules)
    return mood.affect or CENTRE
