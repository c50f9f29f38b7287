"""The closed loop of a shift: which track leads on, what came of it, and how to go on then."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.freshness import ChoiceRules, Past
from soulsync_edge.domain.journey import (
    AT_END,
    LEG,
    SHORTEST_STEP,
    Journey,
    PathRules,
    legs_for,
    steps_for,
    waypoints,
)
from soulsync_edge.domain.liking import Liking
from soulsync_edge.domain.mood import Reading
from soulsync_edge.domain.path import Stop, plan, words_for
from soulsync_edge.domain.rail import rail
from soulsync_edge.domain.shifting import AFFECT_OF_GOAL, Approach, Attempt, Goal, Shift
from soulsync_edge.domain.track import Catalogue, Track
from soulsync_edge.domain.trial import Outcome, Trial

MOST_AT_START = 2
"""Tracks that may stay with the starting mood: to linger with it would deepen it."""

NOISE = 0.2
"""How far a settled mood that is seen all the time may wander from track to track though nothing
changes. Ours to tune, on faces that show what is felt half of the time."""

HEARD_S = 60.0
"""Seconds of a track that tell nothing yet: what is seen changes by less than `NOISE` in them."""

WORSE_BEFORE_MATCH = 2
"""Tracks in a row after which the mood moved away, and it is not led any more."""

_SMALL_LEG = 0.25  # of the slower approach
_FARTHEST = 0.5  # a waypoint further from the last track is reached by more than one track
_LONGEST = PathRules().longest_step
_AVOIDED = 0.2  # music this near to what did not help is more of the same
_MOST_AVOIDED = 3  # or there would soon be nowhere left
_NOWHERE = 1e-6  # a way shorter than this has no direction
_NEAR = 0.4  # further from its waypoint a track is not worth avoiding another for


@dataclass(frozen=True, slots=True)
class Led:
    """The track that leads on.

    Attributes:
        shift: The shift as it plays that track.
        stop: The track, where it should sit, and why it.
    """

    shift: Shift
    stop: Stop


def begun(goal: Goal, mood: Affect, seed: str) -> Shift:
    """Return a shift from `mood` to `goal` that begins now."""
    return Shift(goal, mood, seed, steps=steps_for(mood, AFFECT_OF_GOAL[goal]))


def begun_blind(goal: Goal, last: Affect | None, seed: str) -> Shift:
    """Return a shift to `goal` from where the music is, or straight to it where there is none."""
    start = last or AFFECT_OF_GOAL[goal]
    steps = legs_for(start, AFFECT_OF_GOAL[goal])
    return Shift(goal, start, seed, steps, last=last, is_blind=True)


def wanted(shift: Shift, mood: Affect | None) -> Affect:
    """Return where the next track should sit with `mood`, however far that is from the last.

    Without a known mood the way goes on from the last track.
    """
    return _way(shift, mood).points[0]


def led_on(  # noqa: PLR0913  # what a choice depends on, all of it visible
    shift: Shift,
    catalogue: Catalogue,
    mood: Affect | None,
    *,
    before: Reading | None,
    past: Past,
    rules: ChoiceRules,
    liking: Liking | None,
) -> Led | None:
    """Return the track that leads on, or None when nothing safe does.

    The way is planned anew from the present mood for the tracks that are left, and its first stop
    is taken. Where that is too far from the last track of the shift, a way to there is planned. No
    track lies deeper in the dark than the way does from the present mood, or did from the first;
    none goes back to the starting mood once that has had its share; none is what just played.

    Args:
        shift: So far.
        catalogue: What there is.
        mood: The present one, or None.
        before: The settled one, or None.
        past: What happened before.
        rules: How free and how fresh.
        liking: How well tracks are liked.
    """
    way = _way(shift, mood)
    goal = AFFECT_OF_GOAL[shift.goal]
    safe = rail(way.journey.start, goal).within(rail(shift.start, goal))
    tired = frozenset(past.tiredness(rules))
    last_played = frozenset(heard.track_id for heard in past.history[-1:])
    for wish in _wishes(shift, way):
        path = plan(
            catalogue,
            wish.journey,
            seed=f"{shift.seed}:{shift.turns}",
            rules=PathRules(choice=rules, most_at_start=wish.most_at_start),
            steps=wish.steps,
            history=past.history,
            now_s=past.now_s,
            barred=past.barred | (tired if wish.is_rested else last_played),
            allows=wish.allows,
            safe=safe,
            liking=liking,
        )
        if path is None:
            continue
        stop = path.stops[0]
        if not wish.must_fit or _fits(stop, shift.last):
            last = catalogue.by_id.get(past.history[-1].track_id) if past.history else None
            if last is not None and liking is not None:
                last = liking.taste.corrected(last)
            led = _told(shift, way.journey, stop, last, before)
            liked = liking.reasons(stop.track, stop.point, instead_of=stop.track) if liking else []
            return replace(led, stop=replace(led.stop, why="; ".join([led.stop.why, *liked])))
    return None


@dataclass(frozen=True, slots=True)
class _Way:
    """The way that is left.

    Attributes:
        journey: From where to where.
        steps: Tracks it has, 1 or more.
        most_at_start: How many of them may stay where it begins.
        points: Where they should sit.
    """

    journey: Journey
    steps: int
    most_at_start: int
    points: tuple[Affect, ...]


def _way(shift: Shift, mood: Affect | None) -> _Way:
    goal = AFFECT_OF_GOAL[shift.goal]
    start = goal if shift.is_held else mood or shift.last or goal
    leg = _SMALL_LEG if shift.approach is Approach.SLOWER else LEG
    legs = legs_for(start, goal, leg)
    most = 0 if mood is None or shift.is_held else _left_at_start(shift)
    steps = max(shift.steps - shift.played, 1)
    if mood is None or shift.approach is Approach.SLOWER:
        steps = max(steps, legs)  # takes its time, rather than longer legs
    return _Way(
        Journey(start, goal, leg=leg),
        steps,
        most,
        tuple(waypoints(start, goal, steps, most, legs)),
    )


def _left_at_start(shift: Shift) -> int:
    return max(MOST_AT_START - max(shift.played, shift.at_start), 0)


@dataclass(frozen=True, slots=True)
class _Wish:
    """What the next track should be.

    Attributes:
        journey: It is the first on the way from where to where.
        steps: Tracks that way has.
        most_at_start: How many of them may stay where it begins.
        allows: Says where it may lie, beside the rail; None: anywhere.
        is_rested: It was not heard lately.
        must_fit: Unless it is near its waypoint and the last track, the next wish is tried.
    """

    journey: Journey
    steps: int
    most_at_start: int
    allows: Callable[[Affect], bool] | None
    is_rested: bool = True
    must_fit: bool = False


def _wishes(shift: Shift, way: _Way) -> Iterator[_Wish]:
    """Yield what the next track should be, the dearest wish first."""
    first = Journey(shift.start, way.journey.goal)
    may_linger = bool(_left_at_start(shift))

    def onwards(place: Affect) -> bool:
        return may_linger or not first.lingers_at(place)

    def elsewhere(place: Affect) -> bool:
        return onwards(place) and all(one.distance_to(place) >= _AVOIDED for one in shift.avoided)

    whole = (way.journey, way.steps, way.most_at_start)
    near, last, there = whole, shift.last, way.points[0]
    if last is not None and there.distance_to(last) > _FARTHEST:
        near = (Journey(last, there), legs_for(last, there), 0)
    if shift.avoided:
        yield _Wish(*near, elsewhere, must_fit=True)
    if last is not None:
        yield _Wish(*near, onwards, must_fit=True)
        left = last.distance_to(there)

        def by_a_step(place: Affect) -> bool:
            is_nearer = place.distance_to(there) <= left - SHORTEST_STEP
            return is_nearer and place.distance_to(last) <= _LONGEST and onwards(place)

        yield _Wish(Journey(last, last.towards(there, LEG / max(left, LEG))), 1, 0, by_a_step)
    yield _Wish(*near, onwards)
    if near != whole:
        yield _Wish(*whole, onwards)
    yield _Wish(*whole, onwards, is_rested=False)
    yield _Wish(*whole, None)
    yield _Wish(*whole, None, is_rested=False)


def _fits(stop: Stop, last: Affect | None) -> bool:
    place = stop.track.affect
    is_step = last is None or place.distance_to(last) <= _LONGEST
    return is_step and place.distance_to(stop.point) <= _NEAR


def _told(  # all that is said of a stop
    shift: Shift,
    journey: Journey,
    stop: Stop,
    last: Track | None,
    before: Reading | None,
) -> Led:
    """Return the shift that plays a stop, with words on where that is on the whole way."""
    track = stop.track
    words = words_for(track, stop.point, last, journey, is_first=shift.last is None)
    why = f"{_whereabouts(shift)}: {words}, going by {track.affect_source}"
    is_at_start = Journey(shift.start, journey.goal).lingers_at(track.affect)
    attempt = Attempt(
        track_id=track.track_id,
        place=track.affect,
        leads=not journey.lingers_at(track.affect),
        is_at_start=is_at_start,
        came_from=shift.last,
        before=before,
    )
    playing = replace(
        shift, at_start=shift.at_start + is_at_start, last=track.affect, attempt=attempt
    )
    return Led(playing, Stop(track, why, stop.point))


def _whereabouts(shift: Shift) -> str:
    """Return how far the way has got, in words."""
    if shift.is_held:
        return f"{shift.goal.value} was reached"  # whatever the mood has done since
    if shift.is_blind:
        return f"heading for {shift.goal.value}, without knowing how the room looks"
    manner = {
        Approach.STEADY: "",
        Approach.SLOWER: ", in smaller steps",
        Approach.ELSEWHERE: ", trying other music",
        Approach.MATCH: "",
    }[shift.approach]
    if shift.played >= shift.steps:
        return f"on the way to {shift.goal.value}, which takes longer{manner}"
    return f"on the way to {shift.goal.value}, step {shift.played + 1} of {shift.steps}{manner}"


def staying(shift: Shift, track_id: str, place: Affect, before: Reading | None) -> Shift:
    """Return the shift with music that only matches the mood for now."""
    attempt = Attempt(
        track_id, place, leads=False, is_at_start=False, came_from=shift.last, before=before
    )
    return replace(shift, last=place, attempt=attempt)


def recovered(shift: Shift, mood: Reading | None) -> Shift:
    """Return the shift, leading on again if the mood is as near as before leading did harm.

    The way is as long as it is from there, and the starting mood has had its share.
    """
    if shift.approach is not Approach.MATCH or mood is None:
        return shift
    goal = AFFECT_OF_GOAL[shift.goal]
    if mood.affect.distance_to(goal) > shift.recovers_within:
        return shift
    return replace(
        shift,
        approach=Approach.STEADY,
        steps=steps_for(mood.affect, goal),
        played=0,
        at_start=max(shift.at_start, MOST_AT_START),
        avoided=(),
        worsened=0,
    )


def after_track(shift: Shift, after: Reading | None, heard_s: float) -> tuple[Shift, Trial | None]:
    """Return the shift once its track was heard to the end, and what was tried with it.

    What the mood did in one track counts; where that is nothing, what it did since it last moved.
    What came of a track decides how the next one is chosen, once per track: where the mood did
    not move the steps become smaller, and if that does not help either, the music changes; where
    the mood moved away, the music changes at once, and the second time in a row the music only
    matches the mood.

    Args:
        shift: So far.
        after: The settled mood now, or None.
        heard_s: For how long the track was heard.
    """
    attempt = shift.attempt
    if attempt is None:
        return shift, None
    goal = AFFECT_OF_GOAL[shift.goal]
    progress, outcome, anchor = None, Outcome.UNKNOWN, None
    if attempt.before is not None and after is not None and heard_s >= HEARD_S:
        anchor = shift.anchor or attempt.before
        progress, outcome = judged(attempt.before, after, goal)
        if outcome is Outcome.STAYED:  # so slowly that it takes more than one track to see it
            _, outcome = judged(anchor, after, goal)
        if outcome is not Outcome.STAYED:
            anchor = after
    played = replace(shift, played=shift.played + 1, attempt=None, anchor=anchor)
    changed = _changed(played, attempt, outcome)
    return changed, _trial(shift, changed, attempt, after, progress, outcome)


def after_skip(shift: Shift, after: Reading | None) -> tuple[Shift, Trial | None]:
    """Return the shift once its track was skipped: it does not count, its like is avoided."""
    attempt = shift.attempt
    if attempt is None:
        return shift, None
    changed = _avoiding(replace(shift, attempt=None), attempt.place)
    return changed, _trial(shift, changed, attempt, after, None, Outcome.SKIPPED)


def after_failure(shift: Shift, *, was_heard: bool) -> Shift:
    """Return the shift once its track failed: as if it had not been chosen, unless it was heard."""
    attempt = shift.attempt
    if attempt is None:
        return shift
    if was_heard:
        return replace(shift, attempt=None)
    at_start = shift.at_start - attempt.is_at_start
    return replace(shift, attempt=None, at_start=at_start, last=attempt.came_from)


def judged(before: Reading, after: Reading, goal: Affect) -> tuple[float, Outcome]:
    """Return how far a mood moved towards `goal`, and what that is taken for.

    Only the part of the movement along the straight way counts. What is less than the noise of
    both readings is none: a reading with little evidence behind it is a noisy one.
    """
    length = before.affect.distance_to(goal)
    along = (goal.valence - before.affect.valence, goal.arousal - before.affect.arousal)
    moved = (
        after.affect.valence - before.affect.valence,
        after.affect.arousal - before.affect.arousal,
    )
    progress = (
        (along[0] * moved[0] + along[1] * moved[1]) / length
        if length > _NOWHERE
        else -math.hypot(*moved)
    )
    noise = NOISE * math.sqrt((1 / before.weight + 1 / after.weight) / 2)
    if after.affect.distance_to(goal) <= AT_END:
        return progress, Outcome.ARRIVED
    if abs(progress) <= noise:
        return progress, Outcome.STAYED
    return progress, Outcome.FOLLOWED if progress > 0 else Outcome.WORSENED


def _changed(shift: Shift, attempt: Attempt, outcome: Outcome) -> Shift:
    """Return the shift with the approach that the outcome asks for."""
    if shift.is_held or shift.approach is Approach.MATCH:
        return shift
    if outcome in {Outcome.ARRIVED, Outcome.FOLLOWED}:
        goal = AFFECT_OF_GOAL[shift.goal]
        is_held = outcome is Outcome.ARRIVED and attempt.place.distance_to(goal) <= AT_END
        # What helped is kept, but for small steps: the mood has caught up.
        approach = Approach.STEADY if shift.approach is Approach.SLOWER else shift.approach
        return replace(shift, approach=approach, worsened=0, is_held=is_held)
    if outcome is Outcome.STAYED:
        return _after_stay(replace(shift, worsened=0), attempt)
    if outcome is Outcome.WORSENED and attempt.before is not None:
        return _after_harm(shift, attempt, attempt.before.affect)
    return shift


def _after_stay(shift: Shift, attempt: Attempt) -> Shift:
    if not attempt.leads:
        return shift  # it was not to move
    if shift.approach is Approach.STEADY:
        return replace(shift, approach=Approach.SLOWER)
    return _avoiding(replace(shift, approach=Approach.ELSEWHERE), attempt.place)


def _after_harm(shift: Shift, attempt: Attempt, before: Affect) -> Shift:
    distance = before.distance_to(AFFECT_OF_GOAL[shift.goal])
    worsened = shift.worsened + 1
    within = distance if worsened == 1 else min(distance, shift.recovers_within)
    shift = replace(shift, worsened=worsened, recovers_within=within)
    if worsened >= WORSE_BEFORE_MATCH:
        return replace(shift, approach=Approach.MATCH)
    return _avoiding(replace(shift, approach=Approach.ELSEWHERE), attempt.place)


def _avoiding(shift: Shift, place: Affect) -> Shift:
    avoided = (*shift.avoided, place)[-_MOST_AVOIDED:]
    return replace(shift, avoided=avoided, turns=shift.turns + 1)


def _trial(  # all that is remembered of it
    before: Shift,
    after: Shift,
    attempt: Attempt,
    reading: Reading | None,
    progress: float | None,
    outcome: Outcome,
) -> Trial | None:
    """Return what is remembered, but for the time; without a mood to lead nothing was tried."""
    if before.is_blind:
        return None
    return Trial(
        track_id=attempt.track_id,
        day=0,
        minute_of_day=0,
        goal=before.goal,
        approach=before.approach,
        before=None if attempt.before is None else attempt.before.affect,
        after=None if reading is None else reading.affect,
        progress=progress,
        outcome=outcome,
        next_approach=after.approach,
    )
