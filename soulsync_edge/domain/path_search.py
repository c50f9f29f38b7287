"""The search for a path: the cheapest way through layers of candidates, one for each waypoint."""

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.choosing import ARTIST_PENALTY, ChoiceRules, Heard
from soulsync_edge.domain.fit import misfit
from soulsync_edge.domain.journey import (
    AT_END,
    SHORTEST_STEP,
    Journey,
    PathRules,
    legs_for,
    waypoints,
)
from soulsync_edge.domain.rail import rail
from soulsync_edge.domain.track import Catalogue, Patch, Track

ASSUMED_LENGTH_S = 210.0
"""Playing time of a track that does not tell it."""

REACH = 0.4
"""Music that stays at the goal lies no further from it; a distance on the affect plane."""

# Costs are told as the distance on the affect plane that would be as bad, so that they add up.
# They are ours to tune, not measured; what they must bring about is tested.
_STEP_COST = 0.3  # per length of a step: no detours
_LEAP_COST = 3.0  # for a step beyond the limit: more than all else about two tracks together
_LEAP_SLOPE = 4.0  # per length beyond the limit
_CRAWL_SLOPE = 2.0  # per length below `SHORTEST_STEP`, where the way should move on
_TIRED_COST = 1.0  # heard just now; less the longer ago

_AS_NEAR = 0.1  # tracks this much further from an end than the nearest are as near
_OFF = 0.6  # further from a waypoint no track is on the way
_WIDTH = 48  # candidates for a waypoint: more cost time and change little
_HELPING = 6  # of them from one patch while others are near: or there might be no place between
_SHORT_TRACK_S = 30.0  # tells how many candidates are enough to fill some time


def playing_time_s(tracks: tuple[Track, ...]) -> float:
    """Return how long `tracks` play; one that does not tell counts as `ASSUMED_LENGTH_S`."""
    return math.fsum(track.duration_s or ASSUMED_LENGTH_S for track in tracks)


def cost_at(track: Track, place: Affect) -> float:
    """Return what `track` costs where music should sit at `place`: its expected distance.

    That is the root of the mean square distance over all the places where the track may truly be.
    """
    spread = track.affect_spread
    return math.hypot(track.affect.distance_to(place), spread.valence, spread.arousal)


def step_cost(one: Track, other: Track, longest: float, *, moves: bool) -> float:
    """Return what it costs to play `other` after `one`, 0 or more.

    Args:
        one: The track before.
        other: The track after.
        longest: A longer step is a leap.
        moves: The music should move on between the two.
    """
    length = one.affect.distance_to(other.affect)
    cost = _STEP_COST * length + misfit(one.sound, other.sound)
    if length > longest:
        cost += _LEAP_COST + _LEAP_SLOPE * (length - longest)
    elif moves and length < SHORTEST_STEP:
        cost += _CRAWL_SLOPE * (SHORTEST_STEP - length)
    return cost


@dataclass(frozen=True, slots=True)
class Past:
    """What happened before a path is planned.

    Attributes:
        history: What was started, oldest first.
        now_s: The time of planning, on the clock of the events.
        barred: Tracks that must not be chosen.
    """

    history: tuple[Heard, ...] = ()
    now_s: float = 0.0
    barred: frozenset[str] = frozenset()

    def tiredness(self, rules: ChoiceRules) -> dict[str, float]:
        """Return how tired each track is that still cools down: above 0, to 1 for the last one."""
        tired: dict[str, float] = {}
        for heard in self.history:
            age_s = max(self.now_s - heard.at_s, 0.0)
            if age_s < rules.cooldown_s:
                tired[heard.track_id] = 1.0 - age_s / rules.cooldown_s
        if self.history:
            tired[self.history[-1].track_id] = 1.0
        return tired


@dataclass(frozen=True, slots=True)
class Found:
    """A way that was found.

    Attributes:
        tracks: In order, none twice; may be empty.
        points: Where each should sit.
    """

    tracks: tuple[Track, ...]
    points: tuple[Affect, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Layer:
    """What may be chosen for one waypoint.

    Attributes:
        point: The waypoint.
        tracks: The candidates.
    """

    point: Affect
    tracks: list[Track]


@dataclass(frozen=True, slots=True)
class _Trail:
    """A way to the present layer.

    Attributes:
        cost: What it costs so far.
        tracks: What lies on it.
        ids: Their names.
        artists: Who is held back after it; the empty ones are unknown.
    """

    cost: float
    tracks: tuple[Track, ...]
    ids: frozenset[str]
    artists: tuple[str, ...]


class Search:
    """One search through a catalogue; the same arguments find the same.

    Args:
        catalogue: What there is.
        journey: From where to where.
        rules: How the path is laid.
        seed: What chance is drawn from.
        past: What was before.
    """

    def __init__(
        self, catalogue: Catalogue, journey: Journey, rules: PathRules, seed: str, past: Past
    ) -> None:
        self._journey = journey
        self._rules = rules
        self._seed = seed
        self._tired = past.tiredness(rules.choice)
        self._artists = tuple(heard.artist for heard in past.history)
        self._chances: dict[str, float] = {}
        safe = rail(journey.start, journey.goal)
        self._all = _Shelf(
            catalogue,
            seed,
            lambda track: track.track_id not in past.barred and safe.allows(track.affect),
        )
        self._rested = self._all.without(lambda track: track.track_id in self._tired)
        last = past.history[-1].track_id if past.history else ""
        self.before = catalogue.by_id.get(last)
        """The track that played before the path, or None."""

    def best(self, steps: int) -> Found:
        """Return the cheapest way of `steps` tracks, or of as many as there are for it."""
        start, goal = self._journey.start, self._journey.goal
        has_enough = len(self._rested.nearest(goal, steps)) == steps
        shelf = self._rested if has_enough else self._all
        onwards = shelf.without(lambda track: self._journey.lingers_at(track.affect))
        at_start = _at_end(start, shelf)
        at_goal = at_start if start == goal else _at_end(goal, onwards)
        if not at_goal.tracks:
            return self._through([at_start] * min(steps, self._rules.most_at_start))
        # Where the library has too little on the way, longer legs come before fewer tracks.
        sizes = [(steps, legs) for legs in range(legs_for(start, goal), 0, -1)]
        sizes += [(fewer, 1) for fewer in range(steps - 1, 0, -1)]
        for size in sizes:
            layers = self._layers(*size, at_start, at_goal, onwards)
            found = self._through(layers)
            if len(found.tracks) == len(layers):
                return found
        return Found((), ())

    def _layers(
        self, steps: int, legs: int, at_start: _Layer, at_goal: _Layer, onwards: "_Shelf"
    ) -> list[_Layer]:
        """Return the layers of a path of at most `steps` tracks in at most `legs`.

        A waypoint without tracks about it is left out: the path leaps there, and stays the longer
        at the goal.
        """
        layers: list[_Layer] = []
        ends = {at_goal.point: at_goal, at_start.point: at_start}
        for point in waypoints(
            at_start.point, at_goal.point, steps, self._rules.most_at_start, legs
        ):
            layer = ends.get(point) or _Layer(point, _within(_OFF, point, onwards))
            if layers.count(layer) < len(layer.tracks):
                layers.append(layer)
        while len(layers) < steps and layers.count(at_goal) < len(at_goal.tracks):
            layers.append(at_goal)
        return layers

    def lengthened(self, found: Found, length_s: float) -> Found:
        """Return `found` with music that stays at the goal until it all plays about `length_s`."""
        goal, longest = self._journey.goal, self._rules.longest_step
        tracks = found.tracks
        left_s = length_s - playing_time_s(tracks)
        used = {track.track_id for track in tracks}
        near = self._all.without(
            lambda track: track.track_id in used or track.affect.distance_to(goal) > REACH,
            most=_WIDTH + math.ceil(max(left_s, 0.0) / _SHORT_TRACK_S),
        )
        candidates = near.nearest(goal, near.most)
        # One that would end further from the wanted time than its beginning is too long.
        while candidates := [t for t in candidates if playing_time_s((t,)) / 2 <= left_s]:
            artists = self._held_back(tuple(track.artist for track in tracks))
            costs = [
                self._cost_here(track, goal)
                + step_cost(tracks[-1], track, longest, moves=False)
                + ARTIST_PENALTY * (bool(track.artist) and track.artist in artists)
                for track in candidates
            ]
            track = candidates.pop(costs.index(min(costs)))
            tracks, left_s = (*tracks, track), left_s - playing_time_s((track,))
        return Found(tracks, (*found.points, *[goal] * (len(tracks) - len(found.tracks))))

    def _through(self, layers: list[_Layer]) -> Found:
        """Return the cheapest way through all layers, as far as there are tracks.

        Of all ways to a track only the cheapest is followed. One that comes by a track a second
        time is none.
        """
        trails = [_Trail(0.0, (), frozenset(), self._held_back(self._artists))]
        before: Affect | None = None
        for layer in layers:
            moves = before is not None and layer.point.distance_to(before) >= SHORTEST_STEP
            longer = [
                self._with_cost(trail, layer.point)
                for track in layer.tracks
                if (trail := self._onto(track, trails, moves=moves)) is not None
            ]
            if not longer:
                break
            trails = sorted(longer, key=lambda trail: (trail.cost, trail.tracks[-1].track_id))
            before = layer.point
        tracks = trails[0].tracks
        return Found(tracks, tuple(layer.point for layer in layers[: len(tracks)]))

    def _onto(self, track: Track, trails: list[_Trail], *, moves: bool) -> _Trail | None:
        """Return the cheapest of `trails` (cheapest first) with `track` put on, or None."""
        longest = self._rules.longest_step
        best: _Trail | None = None
        least = math.inf
        for trail in trails:
            if trail.cost >= least:
                break  # a further step never earns anything
            if track.track_id in trail.ids:
                continue
            cost = trail.cost
            if track.artist and track.artist in trail.artists:
                cost += ARTIST_PENALTY
            last = trail.tracks[-1] if trail.tracks else self.before
            if last is not None:
                cost += step_cost(last, track, longest, moves=moves)
            if cost < least:
                best, least = trail, cost
        if best is None:
            return None
        artists = self._held_back((*best.artists, track.artist))
        return _Trail(least, (*best.tracks, track), best.ids | {track.track_id}, artists)

    def _with_cost(self, trail: _Trail, point: Affect) -> _Trail:
        return replace(trail, cost=trail.cost + self._cost_here(trail.tracks[-1], point))

    def _cost_here(self, track: Track, point: Affect) -> float:
        """Return what `track` costs at a waypoint, with chance and how tired it is."""
        cost = cost_at(track, point)
        if track.track_id not in self._chances:
            self._chances[track.track_id] = _chance(self._seed, track.track_id)
        cost += self._rules.choice.variety * self._chances[track.track_id]
        return cost + _TIRED_COST * self._tired.get(track.track_id, 0.0)

    def _held_back(self, artists: tuple[str, ...]) -> tuple[str, ...]:
        gap = self._rules.choice.artist_gap
        return artists[-gap:] if gap else ()


class _Shelf:
    """The tracks that may play, nearest to a place first.

    Attributes:
        most: How many are looked at, of one patch and for one place.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        seed: str,
        may_play: Callable[[Track], bool],
        most: int = _WIDTH,
    ) -> None:
        self.most = most
        self._catalogue = catalogue
        self._seed = seed
        self._may_play = may_play
        self._some_of: dict[tuple[float, float], list[Track]] = {}

    def without(self, is_out: Callable[[Track], bool], most: int = _WIDTH) -> "_Shelf":
        """Return a shelf that leaves some tracks out."""
        return _Shelf(
            self._catalogue,
            self._seed,
            lambda track: self._may_play(track) and not is_out(track),
            most,
        )

    def nearest(self, place: Affect, count: int) -> list[Track]:
        """Return up to `count` tracks, by the expected distance of their patch to `place`.

        A few of each patch; more of the same only where all patches together have too few.
        """
        patches = sorted(
            self._catalogue.patches,
            key=lambda patch: math.hypot(
                patch.valence - place.valence, patch.arousal - place.arousal, patch.spread
            ),
        )
        found: list[Track] = []
        for first in range(0, self.most, _HELPING):
            for patch in patches:
                found += self._some(patch)[first : first + _HELPING]
                if len(found) >= count:
                    return found[:count]
        return found

    def _some(self, patch: Patch) -> list[Track]:
        """Return up to `most` tracks of a patch: the surest, and of those as chance draws them."""
        place = (patch.valence, patch.arousal)
        if place not in self._some_of:
            some: list[Track] = []
            for tracks in patch.groups:
                first = int(_chance(self._seed, repr(place)) * len(tracks))
                for number in range(first, first + len(tracks)):
                    if len(some) == self.most:
                        break
                    if self._may_play(track := tracks[number % len(tracks)]):
                        some.append(track)
            self._some_of[place] = some
        return self._some_of[place]


def _within(reach: float, place: Affect, shelf: _Shelf) -> list[Track]:
    """Return what of the tracks nearest to `place` lies within `reach` of it."""
    nearest = shelf.nearest(place, _WIDTH)
    return [track for track in nearest if track.affect.distance_to(place) <= reach]


def _at_end(place: Affect, shelf: _Shelf) -> _Layer:
    """Return the candidates for an end: what is at it, else what is nearest, however far."""
    distances = (track.affect.distance_to(place) for track in shelf.nearest(place, _WIDTH))
    return _Layer(place, _within(max(min(distances, default=0.0) + _AS_NEAR, AT_END), place, shelf))


def _chance(seed: str, what: str) -> float:
    """Return a number from 0 up to 1 that depends on nothing but `seed` and `what`."""
    digest = hashlib.blake2b(f"{seed}\0{what}".encode(errors="replace"), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64
