"""Whether there should be music now, which, and what to ask of the voice for it."""

import math
from dataclasses import replace
from enum import StrEnum
from typing import assert_never

from soulsync_edge.domain.affect import CENTRE, Affect
from soulsync_edge.domain.commands import Command, PlayTrack, StopMusic
from soulsync_edge.domain.freshness import Heard
from soulsync_edge.domain.leading import after_failure, after_skip, after_track, wanted
from soulsync_edge.domain.learning import liking_now
from soulsync_edge.domain.loudness import gain_db, gain_on_db
from soulsync_edge.domain.next_track import next_track, scheduled_goal
from soulsync_edge.domain.resuming import resuming
from soulsync_edge.domain.session import Context, NowPlaying, Rules, Session
from soulsync_edge.domain.shifting import AFFECT_OF_GOAL, Approach, Mode, Shift
from soulsync_edge.domain.track import Track
from soulsync_edge.domain.trial import Trial, with_trial

Turn = tuple[Session, tuple[Command, ...]]

STOP_FADE_S = 1.0
"""Seconds in which music falls silent: quick enough to be an answer, too slow to be a click."""

SKIP_FADE_S = 0.3
"""Seconds in which a track gives way to one that was asked for."""

_BEATS_OF_BAR = 4
_SHORTEST_OVERLAPS = 4
"""A cross-fade takes no more than one such part of either track."""


class Transition(StrEnum):
    """How a track follows what is playing."""

    AT_ONCE = "at once"
    SKIP = "skip"
    CUT = "cut"
    ONWARD = "onward"


NOBODY = "nobody is here"
WAITING = "waiting a moment to see how the room looks"

# Enough for the widest gap between two tracks by one artist.
KEPT_STARTS = 20

# Each rest after failures is twice as long as the one before, up to the longest.
REST_S = 30.0
LONGEST_REST_S = 600.0
_MOST_DOUBLINGS = 10  # far beyond the longest, yet a number: a week of rests doubles a thousandfold

# A camera that stalls is back within this time; until then an empty room stays empty.
BLIND_S = 60.0
# Someone was here when it got dark: music goes on for as long as it may take to fall asleep, then
# the room counts as empty. Both are ours to tune.
DARK_S = 1800.0


def steered(session: Session, context: Context) -> Turn:
    """Return the session with music started, changed or stopped as the state asks for it."""
    session, wait = resuming(_with_room(session), context)
    if wait:
        return replace(session, is_silent_for=wait), ()
    silence = _reason_for_silence(session, context)
    if silence:
        return _silenced(session, silence, context)
    if session.playing is None:
        return _first_or_next(session, context)
    if session.is_silent_for:
        return resumed(replace(session, is_silent_for=""), context)
    return _kept_or_cut(session, context)


def target_now(session: Session, context: Context) -> Affect:
    """Return where the music should sit now.

    While a shift is under way: the waypoint of the track that plays. Else what the mode asks for:
    the mood, the goal, or the goal the schedule names for this time of day; where it asks for
    nothing, the place of the music that plays.
    """
    playing, shift = session.playing, session.shift
    is_underway = shift is not None and shift.attempt is not None
    if playing is not None and (is_underway or session.mode is Mode.OFF):
        return playing.chosen_for
    return _wanted(session, context)


def _wanted(session: Session, context: Context) -> Affect:
    """Return where the next track should sit, by what is known now."""
    mood, shift = session.mood.affect, session.shift
    match session.mode:
        case Mode.SHIFT if shift is not None:
            return mood if shift.approach is Approach.MATCH and mood else wanted(shift, mood)
        case Mode.SHIFT:
            return mood or AFFECT_OF_GOAL[session.goal]
        case Mode.MATCH if mood is not None:
            return mood
        case Mode.MATCH | Mode.SCHEDULE:
            return AFFECT_OF_GOAL[scheduled_goal(session.minute_of_day, context)]
        case Mode.OFF:
            return CENTRE
    assert_never(session.mode)


def _silenced(session: Session, reason: str, context: Context) -> Turn:
    """Return the session fallen silent, and stop the voice if it plays or may be playing."""
    is_playing = session.playing is not None and not session.is_silent_for
    # Just after a restart of core the voice still plays what it was told before. Let it, while
    # the library is being looked up; not when there should be no music at all.
    found_s = session.voice_found_s
    is_old = found_s is not None and (
        not session.music_is_on or (session.now_s or 0.0) - found_s >= context.rules.settle_s
    )
    playing = session.playing and replace(session.playing, is_heard=False)
    shift = session.shift
    if shift is not None and shift.attempt is not None:
        # What the mood does in silence says nothing of the music.
        shift = replace(shift, attempt=replace(shift.attempt, before=None))
    session = replace(
        session,
        playing=playing,
        is_silent_for=reason,
        waiting_since_s=None,
        drift_since_s=None,
        shift=None if reason == NOBODY else shift,  # it was for whoever left
        voice_found_s=None if is_old else found_s,
    )
    must_stop = session.has_voice and (is_playing or is_old)
    return session, ((StopMusic(STOP_FADE_S),) if must_stop else ())


def begin_track(
    session: Session, context: Context, transition: Transition = Transition.AT_ONCE
) -> Turn:
    """Choose a track and ask the voice to play it; silence when there is none to choose."""
    left = session.playing
    before = context.catalogue.by_id.get(left.track_id) if left else None
    now_s = session.now_s or 0.0
    session = _with_outcome(session, transition)
    chosen = next_track(session, context)
    if chosen is None:
        # Some failed, and the others are not wanted: what failed is all that may be played.
        silent = rested(session) if session.failed else session
        return without_track(silent), ((StopMusic(),) if session.playing else ())
    track = chosen.track
    heard = Heard(track.track_id, track.artist, now_s, track.album)
    session = replace(
        session,
        playing=NowPlaying(
            track_id=track.track_id,
            why=chosen.why,
            chosen_for=chosen.point,
            chosen_s=now_s,
            features=liking_now(session, context.rules).features(
                track, None if session.mode is Mode.OFF else chosen.point
            ),
            mood_before=None if session.mood.reading is None else session.mood.reading.affect,
            volume_before_pct=session.volume_pct,
        ),
        shift=chosen.shift,
        history=_with_heard(session.history, heard, context.rules.choice.cooldown_s),
        choices=session.choices + 1,
        is_silent_for="",
        voice_found_s=None,
        waiting_since_s=None,
        drift_since_s=None,
    )
    order = _order(track, before, transition, context.rules)
    if left is not None and before is not None and order.is_seamless and _is_album(before, track):
        order = replace(order, gain_db=gain_on_db(track, left.gain_db))
    return session, (order,)


def resumed(session: Session, context: Context) -> Turn:
    """Ask the voice to go on where the present track was left, if music is wanted."""
    if not session.has_voice:
        return session, ()
    if session.playing is None or _reason_for_silence(session, context):
        return session, ()
    track = context.catalogue.by_id.get(session.playing.track_id)
    if track is None:
        return without_track(session), ()
    play = replace(
        _order(track, None, Transition.AT_ONCE, context.rules), start_s=session.playing.position_s
    )
    on = replace(session, is_silent_for="", voice_found_s=None, drift_since_s=None)
    return on, (play,)


def _order(track: Track, before: Track | None, transition: Transition, rules: Rules) -> PlayTrack:
    """Return what to ask of the voice so that `track` follows `before`."""
    fade_s = 0.0
    is_onward = transition is Transition.ONWARD
    if before is not None and not (is_onward and _is_album(before, track)):
        shortest_s = min(one.duration_s or math.inf for one in (before, track))
        fade_s = min(_fade_s(before, transition, rules), shortest_s / _SHORTEST_OVERLAPS)
    return PlayTrack(
        track.track_id,
        track.path,
        gain_db=gain_db(track, rules.target_lufs),
        fade_s=fade_s,
        is_seamless=is_onward and not fade_s,  # or the end of what plays would be cut off
    )


def _fade_s(before: Track, transition: Transition, rules: Rules) -> float:
    match transition:
        case Transition.AT_ONCE:
            return 0.0
        case Transition.SKIP:
            return SKIP_FADE_S
        case Transition.CUT:
            # A bar of what is playing: its beat carries the listener over.
            return (
                _BEATS_OF_BAR * 60 / before.sound.tempo_bpm if before.sound else rules.crossfade_s
            )
        case Transition.ONWARD:
            return rules.crossfade_s
    assert_never(transition)


def _is_album(one: Track, other: Track) -> bool:
    return bool(one.album) and (one.album, one.artist) == (other.album, other.artist)


def without_track(session: Session) -> Session:
    """Return the session with no track playing."""
    return replace(session, playing=None, drift_since_s=None)


def rested(session: Session) -> Session:
    """Return the session that plays nothing for a while, and then tries again what failed."""
    rest_s = min(REST_S * 2 ** min(session.rests, _MOST_DOUBLINGS), LONGEST_REST_S)
    until_s = (session.now_s or 0.0) + rest_s
    return replace(
        session,
        failed=tuple(replace(one, barred_until_s=until_s) for one in session.failed),
        rests=session.rests + 1,
        rest_until_s=until_s,
    )


def heard_out(session: Session) -> Session:
    """Return the session once the track was heard to its end, and what came of it is known."""
    playing, shift = session.playing, session.shift
    if playing is None or shift is None:
        return session
    heard_s = (session.now_s or 0.0) - playing.chosen_s
    return _tried(session, *after_track(shift, session.mood.reading, heard_s))


def skipped(session: Session) -> Session:
    """Return the session once the track was not wanted."""
    if session.shift is None:
        return session
    return _tried(session, *after_skip(session.shift, session.mood.reading))


def _tried(session: Session, shift: Shift, trial: Trial | None) -> Session:
    trials = session.trials
    if trial is not None:
        now = replace(trial, day=session.day, minute_of_day=session.minute_of_day)
        trials = with_trial(trials, now)
    return replace(session, shift=shift, trials=trials)


def failed(session: Session) -> Session:
    """Return the session once the track could not be played."""
    if session.shift is None:
        return session
    was_heard = session.playing is not None and session.playing.is_heard
    return replace(session, shift=after_failure(session.shift, was_heard=was_heard))


def _with_outcome(session: Session, transition: Transition) -> Session:
    """Note what came of the track that gives way to another."""
    match transition:
        case Transition.ONWARD:
            return heard_out(session)
        case Transition.SKIP:
            return skipped(session)
        case Transition.CUT:
            session = heard_out(session)
            shift = session.shift
            # The mood is another one now: what leads it on begins there, but harm is remembered.
            return session if shift is not None and shift.worsened else replace(session, shift=None)
        case Transition.AT_ONCE:
            return session
    assert_never(transition)


def _with_room(session: Session) -> Session:
    """Note since when the room has been empty, as far as the eye can tell."""
    now_s = session.now_s
    if session.mood.is_present:
        return replace(session, has_seen_someone=True, empty_since_s=None, blind_since_s=None)
    if session.can_see:
        since_s = now_s if session.empty_since_s is None else session.empty_since_s
        return replace(session, empty_since_s=since_s, blind_since_s=None)
    blind_s = now_s if session.blind_since_s is None else session.blind_since_s
    return replace(session, empty_since_s=_empty_unseen(session, blind_s), blind_since_s=blind_s)


def _empty_unseen(session: Session, blind_since_s: float | None) -> float | None:
    """Return since when the room counts as empty while the eye cannot tell."""
    now_s = session.now_s or 0.0
    if not session.camera_is_on:
        return None
    if session.dark_since_s is not None:
        # A room that was empty when it got dark is empty; one nobody was ever seen in may have a
        # covered lens.
        if session.empty_since_s is None and session.has_seen_someone:
            return now_s if now_s - session.dark_since_s >= DARK_S else None
        return session.empty_since_s
    return session.empty_since_s if now_s - (blind_since_s or now_s) < BLIND_S else None


def _reason_for_silence(session: Session, context: Context) -> str:  # a list of reasons
    """Return why there should be no music now, or nothing when there should be."""
    now_s = session.now_s or 0.0
    if not session.music_is_on:
        return "music is switched off"
    if not session.has_voice:
        return "the sound program is being started"
    if not context.catalogue.tracks:
        return context.catalogue.notice or "the library is empty"
    never = session.taste.never
    if len(never) >= len(context.catalogue.tracks) and never.issuperset(context.catalogue.by_id):
        return "no track may ever be played; allow one again in the library"
    if now_s < session.rest_until_s:
        return "no track could be played; trying again in a while"
    return _reason_in_room(session, context, now_s)


def _reason_in_room(session: Session, context: Context, now_s: float) -> str:
    """Return why an empty room should be silent, or nothing when it should not be."""
    if session.empty_since_s is None:
        return ""
    if not session.has_begun:
        return "nobody is here yet"
    return NOBODY if now_s - session.empty_since_s >= context.rules.empty_pause_s else ""


def _first_or_next(session: Session, context: Context) -> Turn:
    """Begin at once after a track; before the first, give the mood a moment to become clear."""
    now_s = session.now_s or 0.0
    since_s = now_s if session.waiting_since_s is None else session.waiting_since_s
    is_first = bool(session.is_silent_for)
    if is_first and session.mood.label is None and now_s - since_s < context.rules.settle_s:
        return replace(session, waiting_since_s=since_s, is_silent_for=WAITING), ()
    return begin_track(session, context)


def _kept_or_cut(session: Session, context: Context) -> Turn:
    """Let the track play, unless the mood has been far from it for long and may cut it."""
    rules = context.rules
    now_s = session.now_s or 0.0
    follows_mood = session.mode in {Mode.MATCH, Mode.SHIFT} and session.mood.label is not None
    if not rules.cut_on_drift or session.playing is None or not follows_mood:
        return replace(session, drift_since_s=None), ()
    if session.playing.chosen_for.distance_to(_wanted(session, context)) < rules.drift_distance:
        return replace(session, drift_since_s=None), ()
    if session.drift_since_s is None:
        return replace(session, drift_since_s=now_s), ()
    if now_s - session.drift_since_s < rules.drift_hold_s:
        return session, ()
    cut = begin_track(session, context, Transition.CUT)
    chosen = cut[0].playing
    if chosen is None or chosen.track_id == session.playing.track_id:
        return replace(session, drift_since_s=now_s), ()  # there is nothing that fits it better
    return cut


def _with_heard(history: tuple[Heard, ...], heard: Heard, cooldown_s: float) -> tuple[Heard, ...]:
    """Return the history with one more start; what cooled down long ago is forgotten."""
    cool = [
        one
        for number, one in enumerate(history, start=1)
        if one.track_id != heard.track_id
        and (heard.at_s - one.at_s < cooldown_s or len(history) - number < KEPT_STARTS)
    ]
    return (*cool, heard)
