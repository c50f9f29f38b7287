"""How loud the voice is told to be: room made for others, the end that was asked for, the night."""

from dataclasses import replace

from soulsync_edge.domain.commands import Command, SetVolume
from soulsync_edge.domain.events import (
    LONGEST_SLEEP_MIN,
    DuckingChanged,
    Event,
    SleepChosen,
    SoundTestRequested,
    Tick,
)
from soulsync_edge.domain.loudness import SLEEP_FADE_S, QuietHours, heard_volume_pct
from soulsync_edge.domain.session import Context, Ducking, Session

LONGEST_DUCKING_S = 600.0
"""Who has asked for room and not again since has forgotten to give it back, or is gone."""

MOST_DUCKINGS = 16
"""So many may ask for room at a time; of more, the one that began first is taken as over."""

RISE_PCT = 1
"""How much louder it gets with every tick once quiet hours are over: nobody is startled."""


def after_time(session: Session) -> Session:
    """Return the session with what was over by now brought to its end: room, and the music."""
    now_s = session.now_s or 0.0
    if session.duckings and now_s - session.duckings[0].since_s >= LONGEST_DUCKING_S:
        still = tuple(one for one in session.duckings if now_s - one.since_s < LONGEST_DUCKING_S)
        session = replace(session, duckings=still)
    if session.sleep_at_s is not None and now_s >= session.sleep_at_s:
        return with_music(session, is_on=False)
    return session


def with_music(session: Session, *, is_on: bool) -> Session:
    """Return the session with music wanted, or not; a change is also the end of any sleep timer."""
    if is_on is session.music_is_on:
        return session
    return replace(session, music_is_on=is_on, sleep_at_s=None)


def after_sleep_chosen(session: Session, event: SleepChosen) -> Session:
    """Return the session that ends its music in time; there is nothing to end while it is off."""
    minutes = min(event.minutes, LONGEST_SLEEP_MIN)
    if minutes <= 0 or not session.music_is_on:
        return replace(session, sleep_at_s=None)
    left_s = minutes * 60.0
    return replace(
        session,
        sleep_at_s=(session.now_s or 0.0) + left_s,
        sleep_fade_s=min(left_s, SLEEP_FADE_S),
    )


def after_ducking(session: Session, event: DuckingChanged) -> Session:
    """Return the session that makes room, or has it back; who asks again has it for longer."""
    duckings = tuple(one for one in session.duckings if one.by != event.by)
    if event.is_on:
        duckings = (*duckings, Ducking(event.by, session.now_s or 0.0))[-MOST_DUCKINGS:]
    return replace(session, duckings=duckings)


def after_minute(session: Session, minute_of_day: int, quiet: QuietHours | None) -> Session:
    """Return the session at this time of day; what quiet hours held down comes up slowly."""
    was_quiet = quiet is not None and quiet.covers(session.minute_of_day)
    is_quiet = quiet is not None and quiet.covers(minute_of_day)
    return replace(
        session,
        minute_of_day=minute_of_day,
        is_rising=(was_quiet or session.is_rising) and not is_quiet,
    )


def with_volume(
    session: Session, event: Event, context: Context
) -> tuple[Session, tuple[Command, ...]]:
    """Tell the voice how loud to be, when that is news to it.

    While there is no music, or while it just fades away, nothing is turned up, unless for a sound
    test.
    """
    if not session.has_voice:
        return replace(session, told_volume_pct=None, is_rising=False), ()
    told_pct, volume_pct = session.told_volume_pct, _wanted_pct(session, context)
    if told_pct is not None and volume_pct > told_pct:
        if session.is_silent_for and not isinstance(event, SoundTestRequested):
            return replace(session, is_rising=False), ()
        if session.is_rising:
            volume_pct = told_pct + (RISE_PCT if isinstance(event, Tick) else 0)
    elif not session.duckings:
        session = replace(session, is_rising=False)
    if volume_pct == told_pct:
        return session, ()
    return replace(session, told_volume_pct=volume_pct), (SetVolume(volume_pct),)


def _wanted_pct(session: Session, context: Context) -> int:
    sleep_at_s = session.sleep_at_s
    return heard_volume_pct(
        session.volume_pct,
        minute_of_day=session.minute_of_day,
        quiet=context.rules.quiet,
        is_ducked=bool(session.duckings),
        sleep_left_s=None if sleep_at_s is None else sleep_at_s - (session.now_s or 0.0),
        sleep_fade_s=session.sleep_fade_s,
    )
