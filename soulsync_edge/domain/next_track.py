"""Which track comes next, in every mode, and why."""

import math
from dataclasses import dataclass, replace
from typing import assert_never

from soulsync_edge.domain.affect import Affect, Spread
from soulsync_edge.domain.choosing import Choice, choose
from soulsync_edge.domain.emotion import LOOKS
from soulsync_edge.domain.freshness import Past
from soulsync_edge.domain.leading import (
    NOISE,
    begun,
    begun_blind,
    led_on,
    recovered,
    staying,
)
from soulsync_edge.domain.learning import liking_now
from soulsync_edge.domain.rail import Rail, rail
from soulsync_edge.domain.session import Context, Session
from soulsync_edge.domain.shifting import AFFECT_OF_GOAL, Approach, Goal, Mode, Shift
from soulsync_edge.domain.track import Track

_MOST_DOUBT = 0.3
"""How unsure a mood is at most, on each axis of the affect plane; ours to tune."""


_MIXED = 1.0
"""How far chance reaches when any music will do: further than liking does."""


@dataclass(frozen=True, slots=True)
class Next:
    """The track that comes next.

    Attributes:
        track: Which one.
        why: Why this one, in words a person understands.
        point: Where the music was meant to sit.
        shift: The shift as it plays that track, or None.
    """

    track: Track
    why: str
    point: Affect
    shift: Shift | None = None


def next_track(session: Session, context: Context) -> Next | None:
    """Return what to play next, or None when nothing can be played."""
    match session.mode:
        case Mode.SHIFT:
            return _led(_shift_now(session, context), session, context)
        case Mode.MATCH if session.mood.affect is not None:
            return _matching(session, context, session.mood.affect, _looks(session))
        case Mode.MATCH | Mode.SCHEDULE:
            goal = scheduled_goal(session.minute_of_day, context)
            place = AFFECT_OF_GOAL[goal]
            return _near(place, rail(place, place), f"by schedule ({goal.value})", session, context)
        case Mode.OFF:
            return _any(session, context)
    assert_never(session.mode)


def scheduled_goal(minute_of_day: int, context: Context) -> Goal:
    """Return the goal the schedule names; before the day's first entry, last night's holds."""
    schedule = context.rules.schedule
    begun_entries = [entry for entry in schedule if entry.from_minute <= minute_of_day]
    return (begun_entries or schedule)[-1].goal


def _shift_now(session: Session, context: Context) -> Shift:
    """Return the shift to choose by: a new one where there is none, or its mood is now known."""
    mood, shift = session.mood.affect, session.shift
    seed = f"{context.rules.seed}:{session.choices}"
    if shift is not None and (mood is None or not shift.is_blind):
        return recovered(shift, session.mood.reading)
    if mood is not None:
        return begun(session.goal, mood, seed)
    last = context.catalogue.by_id.get(session.history[-1].track_id) if session.history else None
    return begun_blind(session.goal, None if last is None else last.affect, seed)


def _led(shift: Shift, session: Session, context: Context) -> Next | None:
    """Return the track that leads on; one that matches the mood when none does, or none should."""
    mood, goal = session.mood.affect, shift.goal.value
    reading = session.mood.reading
    why = f"nothing fits on the way to {goal}, so the music stays with the mood"
    # Somebody who is out of sight for a moment is no reason to lead on what did harm.
    stays_at = shift.last if mood is None and shift.approach is Approach.MATCH else mood
    if shift.approach is not Approach.MATCH or stays_at is None:
        led = led_on(
            shift,
            context.catalogue,
            mood,
            before=reading,
            past=_past(session),
            rules=context.rules.choice,
            liking=liking_now(session, context.rules),
        )
        if led is not None:
            return Next(led.stop.track, led.stop.why, led.stop.point, led.shift)
    else:
        why = (
            f"the mood moved away from {goal} twice, so the music stays with it until it is as "
            "near again"
        )
    matching = (
        _matching(session, context, stays_at, why)
        if stays_at is not None
        else _near(
            AFFECT_OF_GOAL[shift.goal], None, f"nothing fits on the way to {goal}", session, context
        )
    )
    if matching is None:
        return None
    track = matching.track
    return replace(matching, shift=staying(shift, track.track_id, track.affect, reading))


def _matching(session: Session, context: Context, mood: Affect, why: str) -> Next | None:
    """Return music like the mood, and no deeper in the dark than that."""
    weight = session.mood.evidence.affect_weight
    doubt = min(NOISE / math.sqrt(weight), _MOST_DOUBT) if weight else _MOST_DOUBT
    return _near(mood, rail(mood, mood), why, session, context, Spread(doubt, doubt))


def _near(  # where, why and by what
    place: Affect,
    safe: Rail | None,
    why: str,
    session: Session,
    context: Context,
    unsure: Spread | None = None,
) -> Next | None:
    """Return music near `place` and within the rail; beyond it only where there is no other."""
    choice = None if safe is None else _chosen(session, context, place, safe, unsure)
    if choice is None:
        choice = _chosen(session, context, place, None, unsure)
    return None if choice is None else Next(choice.track, f"{why}: {choice.why}", place)


def _any(session: Session, context: Context) -> Next | None:
    # Any music is as near as any other: without chance it would always be the same.
    mixed = replace(context.rules.choice, variety=_MIXED)
    context = replace(context, rules=replace(context.rules, choice=mixed))
    choice = _chosen(session, context, None, None)
    if choice is None:
        return None
    return Next(choice.track, f"whatever the mood: {choice.why}", choice.track.affect)


def _chosen(
    session: Session,
    context: Context,
    target: Affect | None,
    safe: Rail | None,
    unsure: Spread | None = None,
) -> Choice | None:
    past = _past(session)
    return choose(
        context.catalogue,
        target,
        past.history,
        now_s=past.now_s,
        seed=f"{context.rules.seed}:{session.choices}",
        rules=context.rules.choice,
        barred=past.barred,
        safe=safe,
        liking=liking_now(session, context.rules),
        unsure=unsure,
    )


def _past(session: Session) -> Past:
    return Past(session.history, session.now_s or 0.0, session.barred)


def _looks(session: Session) -> str:
    if session.mood.label is None:
        return "not sure yet how the room looks"
    return f"the room looks {LOOKS[session.mood.label]}"
