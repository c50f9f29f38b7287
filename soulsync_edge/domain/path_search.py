"""The search for a path: the cheapest way through layers of candidates, one for each waypoint."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.costs import Costs, Spacing
from soulsync_edge.domain.fit import misfit
from soulsync_edge.domain.freshness import Past
from soulsync_edge.domain.journey import (
    AT_END,
    SHORTEST_STEP,
    Journey,
    PathRules,
    legs_for,
    waypoints,
)
from soulsync_edge.domain.liking import Liking
from soulsync_edge.domain.rail import Rail, rail
from soulsync_edge.domain.shelf import WIDTH, Shelf
from soulsync_edge.domain.track import Catalogue, Track

ASSUMED_LENGTH_S = 210.0
"""Playing time of a track that does not tell it."""

REACH = 0.4
"""Music that stays at the goal lies no further from it; a distance on the affect plane."""

# As all costs, told as the distance on the affect plane that would be as bad.
_STEP_COST = 0.3  # per length of a step: no detours
_LEAP_COST = 3.0  # for a step beyond the limit: more than all else about two tracks together
_LEAP_SLOPE = 4.0  # per length beyond the limit
_CRAWL_SLOPE = 2.0  # per length below `SHORTEST_STEP`, where the way should move on

_AS_NEAR = 0.1  # tracks this much further from an end than the nearest are as near
_OFF = 0.6  # further from a waypoint no track is on the way
_SHORT_TRACK_S = 30.0  # tells how many candidates are enough to fill some time


def playing_time_s(tracks: tuple[Track, ...]) -> float:
    """Return how long `tracks` play; one that does not tell counts as `ASSUMED_LENGTH_S`."""
    return math.fsum(track.duration_s or ASSUMED_LENGTH_S for track in tracks)


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
        spacing: Who and what is held back after it.
    """

    cost: float
    tracks: tuple[Track, ...]
    ids: frozenset[str]
    spacing: Spacing


class Search:
    """One search through a catalogue; the same arguments find the same.

    Args:
        catalogue: What there is.
        journey: From where to where.
        rules: How the path is laid.
        seed: What chance is drawn from.
        past: What was before.
        allows: Says of a place whether tracks may lie there, beside the rail; None: anywhere.
        liking: How well tracks are liked; None: all alike.
    """

    def __init__(  # noqa: PLR0913, PLR0917  # what a search depends on, all of it visible
        self,
        catalogue: Catalogue,
        journey: Journey,
        rules: PathRules,
        seed: str,
        past: Past,
        allows: Callable[[Affect], bool] | None = None,
        safe: Rail | None = None,
        liking: Liking | None = None,
    ) -> None:
        liking = liking or Liking(learns=False)
        barred = past.barred | liking.taste.never
        self._journey = journey
        self._rules = rules
        self._costs = Costs(rules.choice, past, seed, liking)
        self._spacing = self._costs.spacing((one.artist, one.album) for one in past.history)
        own = rail(journey.start, journey.goal)
        safe = own if safe is None else own.within(safe)
        self._all = Shelf(
            catalogue,
            seed,
            lambda track: (
                track.track_id not in barred
                and safe.allows(track.affect)
                and (allows is None or allows(track.affect))
            ),
            known=liking.known(catalogue),
            safe=safe,
        )
        self._rested = self._all.without(lambda track: track.track_id in self._costs.tired)
        last = catalogue.by_id.get(past.history[-1].track_id) if past.history else None
        self.before = last and liking.taste.corrected(last)
        """The track that played before the path, or None."""

    def best(self, steps: int) -> Found:
        """Return the cheapest way of `steps` tracks, or of as many as there are for it."""
        start, goal, leg = self._journey.start, self._journey.goal, self._journey.leg
        has_enough = len(self._rested.nearest(goal, steps)) == steps
        shelf = self._rested if has_enough else self._all
        onwards = shelf.without(lambda track: self._journey.lingers_at(track.affect))
        at_start = _at_end(start, shelf)
        at_goal = at_start if start == goal else _at_end(goal, onwards)
        if not at_goal.tracks:
            return self._through([at_start] * min(steps, self._rules.most_at_start))
        # Where the library has too little on the way, longer legs come before fewer tracks.
        sizes = [(steps, legs) for legs in range(legs_for(start, goal, leg), 0, -1)]
        sizes += [(fewer, 1) for fewer in range(steps - 1, 0, -1)]
        for size in sizes:
            layers = self._layers(*size, at_start, at_goal, onwards)
            found = self._through(layers)
            if len(found.tracks) == len(layers):
                return found
        return Found((), ())

    def _layers(
        self, steps: int, legs: int, at_start: _Layer, at_goal: _Layer, onwards: Shelf
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
            most=WIDTH + math.ceil(max(left_s, 0.0) / _SHORT_TRACK_S),
        )
        candidates = near.nearest(goal, near.most)
        # One that would end further from the wanted time than its beginning is too long.
        while candidates := [t for t in candidates if playing_time_s((t,)) / 2 <= left_s]:
            spacing = self._costs.spacing((track.artist, track.album) for track in tracks)
            costs = [
                self._cost_here(track, goal)
                + step_cost(tracks[-1], track, longest, moves=False)
                + spacing.cost(track)
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
        trails = [_Trail(0.0, (), frozenset(), self._spacing)]
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
            cost = trail.cost + trail.spacing.cost(track)
            last = trail.tracks[-1] if trail.tracks else self.before
            if last is not None:
                cost += step_cost(last, track, longest, moves=moves)
            if cost < least:
                best, least = trail, cost
        if best is None:
            return None
        spacing = self._costs.onwards(best.spacing, track)
        return _Trail(least, (*best.tracks, track), best.ids | {track.track_id}, spacing)

    def _with_cost(self, trail: _Trail, point: Affect) -> _Trail:
        return replace(trail, cost=trail.cost + self._cost_here(trail.tracks[-1], point))

    def _cost_here(self, track: Track, point: Affect) -> float:
        """Return what `track` costs at a waypoint, with chance, how tired and how liked it is."""
        return self._costs.at(track, point) + self._costs.stray(track, point)


def _within(reach: float, place: Affect, shelf: Shelf) -> list[Track]:
    """Return what of the tracks nearest to `place` lies within `reach` of it."""
    nearest = shelf.nearest(place, WIDTH)
    return [track for track in nearest if track.affect.distance_to(place) <= reach]


def _at_end(place: Affect, shelf: Shelf) -> _Layer:
    """Return the candidates for an end: what is at it, else what is nearest, however far."""
    distances = (track.affect.distance_to(place) for track in shelf.nearest(place, WIDTH))
    return _Layer(place, _within(max(min(distances, default=0.0) + _AS_NEAR, AT_END), place, shelf))
