"""Going on after a start of core: with what the voice still plays, or with what played before."""

from dataclasses import replace
from typing import assert_never

from soulsync_edge.domain.events import (
    TrackEnded,
    TrackEnding,
    TrackFailed,
    TrackMoved,
    TrackStarted,
)
from soulsync_edge.domain.freshness import Heard
from soulsync_edge.domain.session import Context, NowPlaying, Resume, Session

LONGEST_WAIT_S = 30.0
"""Seconds from the start of core that the music is waited for: a stick is mounted well before."""

VOICE_WAIT_S = 2.5
"""Seconds in which a voice that plays says so: it says once a second how far it got."""

LOOKING = "looking for the music that played before"
LISTENING = "finding out what is playing"


def after_old_track(
    session: Session, event: TrackStarted | TrackMoved | TrackEnding | TrackEnded | TrackFailed
) -> Session:
    """Return the session after the voice spoke of a track that core has not asked for."""
    resume, playing = session.resume, session.playing
    if resume is None:
        return session
    is_same = playing is not None and playing.track_id == event.track_id
    match event:
        case TrackStarted() | TrackEnding():
            return replace(session, resume=replace(resume, heard=event.track_id))
        case TrackMoved():
            resume = replace(resume, heard=event.track_id)
            if playing is not None and is_same:
                playing = replace(playing, position_s=event.position_s)
            return replace(session, resume=resume, playing=playing)
        case TrackEnded() | TrackFailed():
            # It is over: nothing to go on with, and not to be heard twice.
            resume = replace(resume, heard="")
            return replace(session, resume=resume, playing=None if is_same else playing)
    assert_never(event)


def resuming(session: Session, context: Context) -> tuple[Session, str]:
    """Return the session as far as it went on, and why it has to wait, if it has to.

    While it waits, the voice is told nothing: what it plays goes on. What to tell a voice that
    turns out to be silent, and what to play when the track is gone, is for others to say.
    """
    resume = session.resume
    if resume is None or not session.has_voice:
        return session, ""
    if wait := _wait(session, resume, context):
        return session, wait
    if session.music_is_on and resume.heard in context.catalogue.by_id:
        return _adopted(session, resume.heard, context), ""
    return replace(session, resume=None), ""


def _wait(session: Session, resume: Resume, context: Context) -> str:
    """Return what is still to be found out, or nothing."""
    if not session.music_is_on:
        return ""
    now_s = session.now_s or 0.0
    wanted = resume.heard or (session.playing.track_id if session.playing else "")
    if wanted and wanted not in context.catalogue.by_id and now_s < resume.by_s:
        return LOOKING
    found_s = session.voice_found_s
    is_early = found_s is not None and now_s - found_s < VOICE_WAIT_S
    return LISTENING if resume.may_be_heard and not resume.heard and is_early else ""


def _adopted(session: Session, track_id: str, context: Context) -> Session:
    """Return the session with what the voice plays as its own."""
    playing, history, now_s = session.playing, session.history, session.now_s or 0.0
    if playing is None or playing.track_id != track_id:
        track = context.catalogue.by_id[track_id]
        playing = NowPlaying(track_id, "it was playing before", track.affect, now_s)
    if not history or history[-1].track_id != track_id:
        track = context.catalogue.by_id[track_id]
        others = (one for one in history if one.track_id != track_id)
        history = (*others, Heard(track_id, track.artist, now_s, track.album))
    return replace(
        session,
        playing=replace(playing, is_heard=True),
        history=history,
        is_silent_for="",
        voice_found_s=None,
        waiting_since_s=None,
        resume=None,
        has_begun=True,
    )
