"""How loud the voice is told to be: room made for others, the end that was asked for, the night."""

from dataclasses import replace

from soulsync_edge.domain.commands import Command, SetVolume
from soulsync_edge.domain.events import LONGEST_SLEEP_MIN, DuckingChanged, SleepChosen
from soulsync_edge.domain.loudness import SLEEP_FADE_S, heard_volume_pct
from soulsync_edge.domain.session import Context, Ducking, Session

LONGEST_DUCKING_S = 600.0
"""Who has asked for room and not again since has forgotten to give it back, or is gone."""

MOST_DUCKINGS = 16
"""So many may ask for room at a time; of more, the one that began first is taken as over."""


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


def with_volume(
    session: Session, context: Context, *, must_be_heard: bool
) -> tuple[Session, tuple[Command, ...]]:
    """Tell the voice how loud to be, when that is news to it.

    While there is no music, or while it just fades away, nothing is turned up, unless what is
    played now `must_be_heard`.
    """
    if not session.has_voice:
        return replace(session, told_volume_pct=None), ()
    sleep_at_s = session.sleep_at_s
    volume_pct = heard_volume_pct(
        session.volume_pct,
        minute_of_day=session.minute_of_day,
        quiet=context.rules.quiet,
        is_ducked=bool(session.duckings),
        sleep_left_s=None if sleep_at_s is None else sleep_at_s - (session.now_s or 0.0),
        sleep_fade_s=session.sleep_fade_s,
    )
    told_pct = session.told_volume_pct
    if volume_pct == told_pct:
        return session, ()
    is_up = told_pct is not None and volume_pct > told_pct
    if is_up and session.is_silent_for and not must_be_heard:
        return session, ()
    return replace(session, told_volume_pct=volume_pct), (SetVolume(volume_pct),)
