"""The one function that changes what the appliance thinks."""

from dataclasses import replace
from typing import assert_never

from soulsync_edge.domain import events as ev
from soulsync_edge.domain.commands import Command, PlayTone, PlayTrack, SetCamera, StopMusic
from soulsync_edge.domain.learning import learnt
from soulsync_edge.domain.mood import Mood, mood_after_silence
from soulsync_edge.domain.resuming import after_old_track
from soulsync_edge.domain.session import Context, FailedTrack, Health, Session
from soulsync_edge.domain.shifting import Mode
from soulsync_edge.domain.sight import Sight, mood_after_sight
from soulsync_edge.domain.steering import (
    SKIP_FADE_S,
    Transition,
    begin_track,
    failed,
    heard_out,
    rested,
    resumed,
    skipped,
    steered,
    without_track,
)
from soulsync_edge.domain.volume import (
    after_ducking,
    after_minute,
    after_sleep_chosen,
    after_time,
    with_music,
    with_volume,
)

Turn = tuple[Session, tuple[Command, ...]]
"""The session after an event, and what to ask of the actuators."""

# A file that brings the voice program down twice is not tried a third time.
MOST_VOICES_LOST = 2
# After this many failures in a row the fault is hardly in the files: rest, then give them another
# chance.
FAILURES_BEFORE_REST = 5


def step(session: Session, event: ev.Event, context: Context) -> Turn:
    """Return the session after `event`, and what to ask of the actuators.

    Pure: the same arguments give the same result, which is what makes a trace replay exactly.
    Total: any event is fine in any state.
    """
    now_s = event.at_s if session.now_s is None else max(session.now_s, event.at_s)
    session = learnt(replace(session, now_s=now_s), event, context)
    session, commands = _after(after_time(session), event, context)
    session, more = steered(session, context)
    for command in (*commands, *more):
        if isinstance(command, PlayTrack):
            playing = session.playing and replace(session.playing, gain_db=command.gain_db)
            session = replace(session, has_begun=True, resume=None, playing=playing)
    session, loudness = with_volume(session, event, context)
    return session, (*loudness, *commands, *more)


def _after(session: Session, event: ev.Event, context: Context) -> Turn:  # noqa: C901, PLR0911, PLR0912  # one case per event is the point
    match event:
        case ev.EstimateArrived() | ev.NobodySeen() | ev.FaceObscured() | ev.RoomDark():
            return _after_sight(session, event, context), ()
        case ev.Tick():
            mood = mood_after_silence(session.mood, event.at_s, context.rules.mood)
            session = after_minute(session, event.minute_of_day, context.rules.quiet)
            return replace(session, mood=mood, day=event.day), ()
        case ev.PartReported():
            return _after_report(session, event), ()
        case (
            ev.TrackStarted()
            | ev.TrackMoved()
            | ev.TrackEnding()
            | ev.TrackEnded()
            | ev.TrackFailed()
        ):
            if session.resume is not None:
                return after_old_track(session, event), ()
            return _after_track(session, event, context)
        case ev.VoiceFound():
            found = replace(
                session, has_voice=True, voice_found_s=session.now_s, told_volume_pct=None
            )
            return resumed(found, context) if session.resume is None else (found, ())
        case ev.VoiceLost():
            return _after_voice_lost(session, context), ()
        case ev.EyeFound():
            return replace(session, has_eye=True), (SetCamera(session.camera_is_on),)
        case ev.EyeLost():
            return replace(session, has_eye=False), ()
        case ev.CatalogueChanged():
            return _after_catalogue(session, context)
        case ev.ListeningMoved():
            return replace(session, listening=event.progress), ()
        case ev.ScanMoved():
            return replace(session, scan=event.progress), ()
        case ev.RulesChanged():
            return session, ()
        case ev.SkipRequested() if session.resume is not None:
            # Nobody waits for what they do not want.
            return replace(session, resume=None, playing=None), ()
        case ev.SkipRequested():
            may_skip = session.playing is not None and not session.is_silent_for
            return begin_track(session, context, Transition.SKIP) if may_skip else (session, ())
        case ev.MusicSwitched():
            return with_music(session, is_on=event.is_on), ()
        case ev.CameraSwitched():
            return _with_camera(session, is_on=event.is_on)
        case ev.ButtonPressed():
            return _with_camera(session, is_on=not session.camera_is_on)
        case ev.ButtonHeld():
            return with_music(session, is_on=not session.music_is_on), ()
        case ev.VolumeChosen():
            volume_pct = min(max(event.volume_pct, 0), 100)
            return replace(session, volume_pct=volume_pct, is_rising=False), ()
        case ev.ModeChosen():
            return replace(session, mode=event.mode, shift=None), ()
        case ev.GoalChosen():
            return replace(session, mode=Mode.SHIFT, goal=event.goal, shift=None), ()
        case ev.TrackJudged():
            return _after_judgement(session, event, context)
        case ev.ReplayRequested():
            return _replayed(session, context)
        case ev.TasteErased():
            return session, ()  # was forgotten before anything else
        case ev.SleepChosen():
            return after_sleep_chosen(session, event), ()
        case ev.DuckingChanged():
            return after_ducking(session, event), ()
        case ev.SoundTestRequested():
            return session, ((PlayTone(),) if session.has_voice else ())
    assert_never(event)


def _after_sight(session: Session, sight: Sight, context: Context) -> Session:
    """Let the mood follow what the eye saw; a closed eye's late words are not heard."""
    if not session.camera_is_on:
        return session
    before_s = session.dark_since_s
    session = replace(
        session, mood=mood_after_sight(session.mood, sight, context.rules.mood), dark_since_s=None
    )
    match sight:
        case ev.EstimateArrived():
            return replace(session, faces=sight.faces, obstacle=None)
        case ev.NobodySeen():
            return replace(session, faces=0, obstacle=None)
        case ev.FaceObscured():
            return replace(session, faces=1, obstacle=sight.obstacle)
        case ev.RoomDark():
            since_s = session.now_s if before_s is None else before_s
            return replace(session, faces=0, obstacle=None, dark_since_s=since_s)
    assert_never(sight)


def _after_report(session: Session, event: ev.PartReported) -> Session:
    known = session.health_of(event.part)
    if known is not None and (known.is_ok, known.message) == (event.is_ok, event.message):
        return session
    health = Health(event.part, event.is_ok, event.message, event.at_s)
    others = [other for other in session.health if other.part is not event.part]
    return replace(session, health=tuple(sorted([*others, health], key=lambda h: h.part)))


def _after_track(
    session: Session,
    event: ev.TrackStarted | ev.TrackMoved | ev.TrackEnding | ev.TrackEnded | ev.TrackFailed,
    context: Context,
) -> Turn:
    playing = session.playing
    if playing is None or event.track_id != playing.track_id or session.is_silent_for:
        return session, ()  # an echo from a track already replaced or stopped
    match event:
        case ev.TrackStarted():
            return replace(session, playing=replace(playing, is_heard=True)), ()
        case ev.TrackMoved():
            moved = replace(playing, is_heard=True, position_s=event.position_s)
            failed = tuple(one for one in session.failed if one.track_id != event.track_id)
            return replace(session, playing=moved, failed=failed, failures_in_a_row=0, rests=0), ()
        case ev.TrackEnding():
            return begin_track(session, context, Transition.ONWARD)
        case ev.TrackEnded():
            return without_track(heard_out(session)), ()
        case ev.TrackFailed():
            return _after_failure(session, event.track_id, event.reason, context), ()
    assert_never(event)


def _after_failure(session: Session, track_id: str, reason: str, context: Context) -> Session:
    """Bar the track; when the fault is hardly in the files, rest and try them again later."""
    others = tuple(one for one in session.failed if one.track_id != track_id)
    session = replace(
        without_track(failed(session)),
        failed=(*others, FailedTrack(track_id, reason, barred_until_s=None)),
        failures_in_a_row=session.failures_in_a_row + 1,
    )
    is_all = session.barred.issuperset(context.catalogue.by_id)
    if session.failures_in_a_row % FAILURES_BEFORE_REST and not is_all:
        return session
    return rested(session)


def _after_voice_lost(session: Session, context: Context) -> Session:
    session = replace(session, has_voice=False, voice_found_s=None)
    if session.resume is not None:
        return replace(session, resume=replace(session.resume, heard=""))
    if session.playing is None or session.is_silent_for:
        return session
    lost = session.playing.voices_lost + 1
    if lost >= MOST_VOICES_LOST:
        reason = "the sound program stopped twice while playing it"
        return _after_failure(session, session.playing.track_id, reason, context)
    return replace(session, playing=replace(session.playing, is_heard=False, voices_lost=lost))


def _after_catalogue(session: Session, context: Context) -> Turn:
    """Go on if the playing track is still there, or when it comes back before anything else does.

    What failed before gets another chance, but not each time a scan shows what it found so far.
    """
    session = replace(session, rest_until_s=0.0)
    if session.scan is None:
        session = replace(session, failed=(), failures_in_a_row=0, rests=0)
    catalogue = context.catalogue
    if session.resume is not None or session.playing is None or not catalogue.tracks:
        return session, ()
    if session.playing.track_id in catalogue.by_id:
        return session, ()
    return without_track(session), (StopMusic(),)


def _after_judgement(session: Session, event: ev.TrackJudged, context: Context) -> Turn:
    """Go on to another track when this one is not wanted."""
    playing = session.playing
    is_unwanted = event.opinion in {ev.Opinion.NOT_THIS, ev.Opinion.NEVER}
    if not is_unwanted or playing is None or playing.track_id != event.track_id:
        return session, ()
    if session.is_silent_for:
        return without_track(skipped(session)), ()
    return begin_track(session, context, Transition.SKIP)


def _replayed(session: Session, context: Context) -> Turn:
    """Play the present track from its beginning again."""
    if session.playing is None or session.is_silent_for:
        return session, ()
    again = replace(session.playing, position_s=0.0, is_heard=False)
    session, commands = resumed(replace(session, playing=again), context)
    return session, tuple(
        replace(command, fade_s=SKIP_FADE_S) if isinstance(command, PlayTrack) else command
        for command in commands
    )


def _with_camera(session: Session, *, is_on: bool) -> Turn:
    if is_on:
        return replace(session, camera_is_on=True), (SetCamera(is_on=True),)
    closed = replace(session, camera_is_on=False, mood=Mood(), faces=0, obstacle=None, shift=None)
    return closed, (SetCamera(is_on=False),)
