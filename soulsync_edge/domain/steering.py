"""Whether there should be music now, which, and what to ask of the voice for it."""

from dataclasses import replace

from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.choosing import Heard, choose
from soulsync_edge.domain.commands import Command, PlayTrack, SetVolume, StopMusic
from soulsync_edge.domain.emotion import LOOKS
from soulsync_edge.domain.session import Context, NowPlaying, Session
from soulsync_edge.domain.shifting import AFFECT_OF_GOAL, Goal, Mode, Shift, music_target

Turn = tuple[Session, tuple[Command, ...]]

# Enough to know every cooldown of a day of three-minute tracks.
LONGEST_HISTORY = 500

NOBODY = "nobody is here"


def steered(session: Session, context: Context) -> Turn:
    """Return the session with music started, changed or stopped as the state asks for it."""
    session = _with_room(session)
    silence = _reason_for_silence(session, context)
    if silence:
        was_heard = session.playing is not None and not session.is_silent_for
        session = replace(session, is_silent_for=silence, waiting_since_s=None)
        if silence == NOBODY:
            session = replace(session, shift=None)  # it was for whoever left
        return session, ((StopMusic(),) if was_heard and session.has_voice else ())
    if session.playing is None:
        return _first_or_next(session, context)
    if session.is_silent_for:
        return resumed(replace(session, is_silent_for=""), context)
    return _kept_or_cut(session, context)


def target_now(session: Session, context: Context) -> Affect:
    """Return where the music should sit now.

    The mood itself when matching; a point of the ramp when shifting. Without a known mood, the
    goal itself when shifting, else the goal the schedule names for this time of day.
    """
    if session.shift is not None and session.now_s is not None:
        elapsed_s = session.now_s - session.shift.started_s
        goal = AFFECT_OF_GOAL[session.shift.goal]
        return music_target(session.shift.start, goal, elapsed_s, context.rules.ramp_s)
    if session.mood.affect is not None:
        return session.mood.affect
    if session.mode is Mode.SHIFT:
        return AFFECT_OF_GOAL[session.goal]
    return AFFECT_OF_GOAL[scheduled_goal(session.minute_of_day, context)]


def scheduled_goal(minute_of_day: int, context: Context) -> Goal:
    """Return the goal the schedule names; before the day's first entry, last night's holds."""
    schedule = context.rules.schedule
    begun = [entry for entry in schedule if entry.from_minute <= minute_of_day]
    return (begun or schedule)[-1].goal


def begin_track(session: Session, context: Context) -> Turn:
    """Choose a track and ask the voice to play it; silence when there is none to choose."""
    now_s = session.now_s or 0.0
    session = _with_shift(session)
    target = target_now(session, context)
    choice = choose(
        context.catalogue,
        target,
        session.history,
        now_s=now_s,
        seed=f"{context.rules.seed}:{session.choices}",
        rules=context.rules.choice,
        barred=session.failed,
    )
    if choice is None:
        return without_track(session), ((StopMusic(),) if session.playing else ())
    heard = Heard(choice.track.track_id, choice.track.artist, now_s)
    session = replace(
        session,
        playing=NowPlaying(
            track_id=choice.track.track_id,
            why=f"{_intention(session, context)}: {choice.why}",
            chosen_for=target,
            chosen_s=now_s,
        ),
        history=(*session.history, heard)[-LONGEST_HISTORY:],
        choices=session.choices + 1,
        is_silent_for="",
        waiting_since_s=None,
        drift_since_s=None,
    )
    return session, (PlayTrack(choice.track.track_id, choice.track.path),)


def resumed(session: Session, context: Context) -> Turn:
    """Ask the voice to go on where the present track was left, if music is wanted."""
    if not session.has_voice:
        return session, ()
    volume = SetVolume(session.volume_pct)
    if session.playing is None or _reason_for_silence(session, context):
        return session, (volume,)
    track = context.catalogue.by_id.get(session.playing.track_id)
    if track is None:
        return without_track(session), (volume,)
    play = PlayTrack(track.track_id, track.path, session.playing.position_s)
    return replace(session, is_silent_for=""), (volume, play)


def without_track(session: Session) -> Session:
    """Return the session with no track playing."""
    return replace(session, playing=None, drift_since_s=None)


def _with_room(session: Session) -> Session:
    """Note since when the room has been empty, as far as the eye can tell."""
    if session.mood.is_present or not session.can_see:
        return replace(session, empty_since_s=None)
    if session.empty_since_s is None:
        return replace(session, empty_since_s=session.now_s)
    return session


def _reason_for_silence(session: Session, context: Context) -> str:  # a list of reasons
    """Return why there should be no music now, or nothing when there should be."""
    now_s = session.now_s or 0.0
    if not session.music_is_on:
        return "music is switched off"
    if not session.has_voice:
        return "the sound program is being started"
    if not context.catalogue.tracks:
        return context.catalogue.notice or "the library is empty"
    if session.failed.issuperset(context.catalogue.by_id):
        return "none of the tracks can be played"
    if now_s < session.rest_until_s:
        return "several tracks failed one after another; trying again shortly"
    return _reason_in_room(session, context, now_s)


def _reason_in_room(session: Session, context: Context, now_s: float) -> str:
    """Return why an empty room should be silent, or nothing when it should not be."""
    if session.empty_since_s is None:
        return ""
    if session.playing is None and not session.history:
        return "nobody is here yet"
    return NOBODY if now_s - session.empty_since_s >= context.rules.empty_pause_s else ""


def _first_or_next(session: Session, context: Context) -> Turn:
    """Begin at once after a track; before the first, give the mood a moment to become clear."""
    now_s = session.now_s or 0.0
    since_s = now_s if session.waiting_since_s is None else session.waiting_since_s
    is_first = bool(session.is_silent_for)
    if is_first and session.mood.label is None and now_s - since_s < context.rules.settle_s:
        return replace(session, waiting_since_s=since_s), ()
    return begin_track(session, context)


def _kept_or_cut(session: Session, context: Context) -> Turn:
    """Let the track play, unless the mood has been far from it for long and may cut it."""
    rules = context.rules
    now_s = session.now_s or 0.0
    if not rules.cut_on_drift or session.playing is None or session.mood.label is None:
        return session, ()
    if session.playing.chosen_for.distance_to(target_now(session, context)) < rules.drift_distance:
        return replace(session, drift_since_s=None), ()
    if session.drift_since_s is None:
        return replace(session, drift_since_s=now_s), ()
    if now_s - session.drift_since_s < rules.drift_hold_s:
        return session, ()
    return begin_track(session, context)


def _with_shift(session: Session) -> Session:
    """Start the ramp at the first choice made with a known mood; drop it when matching."""
    if session.mode is Mode.MATCH:
        return replace(session, shift=None)
    mood = session.mood.affect
    if session.shift is not None or mood is None or session.now_s is None:
        return session
    return replace(session, shift=Shift(session.goal, mood, session.now_s))


def _intention(session: Session, context: Context) -> str:
    """Return in words what this choice is for."""
    if session.shift is not None:
        return f"on the way to {session.shift.goal.value}"
    if session.mood.affect is None and session.mode is Mode.SHIFT:
        return f"heading for {session.goal.value}, without knowing how the room looks"
    if session.mood.affect is None:
        return f"by schedule ({scheduled_goal(session.minute_of_day, context).value})"
    if session.mood.label is None:
        return "not sure yet how the room looks"
    return f"the room looks {LOOKS[session.mood.label]}"
