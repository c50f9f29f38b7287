"""The state as people and hubs are shown it: one drawing for page, broker and console."""

import math
from dataclasses import dataclass

from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.emotion import LOOKS
from soulsync_edge.domain.events import Obstacle
from soulsync_edge.domain.hearing import ListeningProgress
from soulsync_edge.domain.scanning import ScanProgress
from soulsync_edge.domain.session import Context, Health, Session
from soulsync_edge.domain.shifting import Approach, Mode, Shift
from soulsync_edge.domain.steering import target_now
from soulsync_edge.domain.track import SkippedFile, Track
from soulsync_edge.domain.trial import sentence as trial_sentence

MOST_TRIED = 5
"""Of what was tried, so much is told."""


@dataclass(frozen=True, slots=True)
class Portrait:
    """What can be said about the appliance at one moment.

    Attributes:
        word: The mood in one word: a class, `unsure` or `nobody`.
        sentence: The same as a sentence for people: what can be seen, never what is felt.
        is_present: Someone is there.
        is_unsure: Someone is there, and how they look is not clear.
        obstacle: Why the face cannot be read just now, or None.
        affect: The smoothed mood on the affect plane, or None.
        confidence: Smoothed confidence of what was seen, 0 to 1.
        target: Where the music should sit now.
        step: Which step of the way to the goal the music is at, from 1; None: on no such way.
        steps: How many steps that way has; None likewise.
        tried: What was tried last to lead the mood, and what came of it, the newest first.
        track: The present track, where it sits after what was said of it; or None.
        is_liked: Someone said that they like it.
        why: Why this track, in words.
        position_s: How far the track got.
        is_playing: There is music, as far as the voice has said.
        silent_for: Why there is no music, in words; empty while there is some.
        music_is_on: The person wants music.
        camera_is_on: The person allows the eye to look.
        volume_pct: How loud the person wants it, 0 to 100.
        ducked_by: Who has asked the music to make room, by name.
        sleep_left_min: In how many minutes the music ends by itself, rounded up; None: it does not.
        mode: What the music does with the mood.
        goal: Where a shift leads.
        faults: The parts that do not work, with what to do about it.
        tracks: How many tracks can be played.
        skipped: How many files were skipped.
        scan: How far the scan of the library has got; None: none is under way.
        listening: How far listening to the library has got; None: nothing is listened to.
    """

    word: str
    sentence: str
    is_present: bool
    is_unsure: bool
    obstacle: Obstacle | None
    affect: Affect | None
    confidence: float
    target: Affect
    step: int | None
    steps: int | None
    tried: tuple[str, ...]
    track: Track | None
    is_liked: bool
    why: str
    position_s: float
    is_playing: bool
    silent_for: str
    music_is_on: bool
    camera_is_on: bool
    volume_pct: int
    ducked_by: tuple[str, ...]
    sleep_left_min: int | None
    mode: str
    goal: str
    faults: tuple[Health, ...]
    tracks: int
    skipped: int
    scan: ScanProgress | None
    listening: ListeningProgress | None


def portrait(session: Session, context: Context) -> Portrait:
    """Return the drawing of `session`."""
    mood, playing, taste = session.mood, session.playing, session.taste
    track = context.catalogue.by_id.get(playing.track_id) if playing else None
    regard = taste.by_id.get(playing.track_id) if playing else None
    way = _way(session)
    return Portrait(
        word=mood.word,
        sentence=sentence(session),
        is_present=mood.is_present,
        is_unsure=mood.is_unsure,
        obstacle=_obstacle(session),
        affect=mood.affect,
        confidence=mood.confidence if mood.is_present else 0.0,
        target=target_now(session, context),
        step=None if way is None else way.played + 1,
        steps=None if way is None else way.steps,
        tried=_tried(session, context),
        track=None if track is None else taste.corrected(track),
        is_liked=regard is not None and regard.is_liked,
        why=playing.why if playing else "",
        position_s=playing.position_s if playing else 0.0,
        is_playing=bool(playing and playing.is_heard and not session.is_silent_for),
        silent_for=session.is_silent_for,
        music_is_on=session.music_is_on,
        camera_is_on=session.camera_is_on,
        volume_pct=session.volume_pct,
        ducked_by=tuple(sorted(session.ducked_by)),
        sleep_left_min=_sleep_left_min(session),
        mode=session.mode.value,
        goal=session.goal.value,
        faults=tuple(health for health in session.health if not health.is_ok),
        tracks=len(context.catalogue.tracks),
        skipped=len(skipped_files(session, context)),
        scan=session.scan,
        listening=session.listening,
    )


def skipped_files(session: Session, context: Context) -> tuple[SkippedFile, ...]:
    """Return every file that is not played and why: those that failed, then unreadable ones."""
    tracks = context.catalogue.by_id
    failed = (
        SkippedFile(tracks[one.track_id].path, one.reason)
        for one in session.failed
        if one.track_id in tracks
    )
    return (*failed, *context.catalogue.skipped)


def sentence(session: Session) -> str:
    """Return how the room looks, as a sentence for people."""
    if blind := _why_blind(session):
        return blind
    if not session.mood.is_present:
        return "Nobody is here"
    if session.mood.label is None:
        obstacle = _obstacle(session)
        return f"Not sure yet: {obstacle}" if obstacle else "Not sure yet"
    return f"Looks {LOOKS[session.mood.label]}"


def _way(session: Session) -> Shift | None:
    """Return the shift whose steps can be counted: one that leads on, and is still on its way."""
    shift = session.shift
    if shift is None or session.mode is not Mode.SHIFT or shift.is_blind or shift.is_held:
        return None
    leads = shift.approach is not Approach.MATCH
    return shift if leads and shift.played < shift.steps else None


def _tried(session: Session, context: Context) -> tuple[str, ...]:
    tracks = context.catalogue.by_id
    return tuple(
        trial_sentence(
            trial, tracks[trial.track_id].title if trial.track_id in tracks else "a track that left"
        )
        for trial in reversed(session.trials[-MOST_TRIED:])
    )


def _sleep_left_min(session: Session) -> int | None:
    """Return how many minutes are left until the music ends, rounded up; None: it does not end."""
    if session.sleep_at_s is None:
        return None
    return max(math.ceil((session.sleep_at_s - (session.now_s or 0.0)) / 60), 0)


def _obstacle(session: Session) -> Obstacle | None:
    """Return what stands in the way; a settled mood outlives a bad look, so nothing does then."""
    return session.obstacle if session.mood.is_unsure and not _why_blind(session) else None


def _why_blind(session: Session) -> str:
    """Return why nothing can be said of the room, or nothing when something can."""
    if not session.camera_is_on:
        return "The camera is closed"
    if session.dark_since_s is not None:
        return "Too dark to see anyone"
    if not session.has_eye or session.is_eye_faulty:
        return "The eye cannot see right now"
    return "Not sure yet" if session.mood.heard_at_s is None else ""
