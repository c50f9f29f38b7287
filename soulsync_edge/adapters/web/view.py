"""The state as the page and its interface show it: one drawing, for HTML and JSON alike."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from soulsync_edge.adapters.web.words import (
    CAMERA_CLOSED,
    PARTS,
    UNHEARD,
    WHAT_HELPS,
    WHAT_WORKS,
    kept_down,
    listened_to,
    looked_at,
    readable,
    sentence_case,
)
from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.events import Obstacle, Part
from soulsync_edge.domain.hearing import ListeningProgress
from soulsync_edge.domain.music_words import feel
from soulsync_edge.domain.portrait import Portrait, portrait
from soulsync_edge.domain.scanning import ScanProgress
from soulsync_edge.domain.session import Context, Session
from soulsync_edge.domain.shifting import Goal, Mode
from soulsync_edge.domain.track import Track
from soulsync_edge.settings import CONNECTING, SWITCHED_OFF


class Shown(BaseModel):
    """Something shown: made once, then only read."""

    model_config = ConfigDict(frozen=True)


class PointShown(Shown):
    """A place on the map of moods."""

    valence: float = Field(description="dark -1 to bright +1")
    arousal: float = Field(description="quiet -1 to lively +1")
    feel: str = Field(description="the place in words")


class RoomShown(Shown):
    """How the room looks: what can be seen, never what anyone feels."""

    sentence: str = Field(description="for people, such as “Looks cheerful”")
    word: str = Field(description="neutral, happy, surprise, sad, angry, disgust, fear, contempt, "
                      "unsure or nobody")  # fmt: skip
    is_present: bool
    is_unsure: bool
    obstacle: Obstacle | None = Field(description="why the face cannot be read; null if it can")
    hint: str = Field(description="what would help then; empty when nothing is in the way")
    confidence: float = Field(description="how far to trust it, 0 to 1")
    mood: PointShown | None = Field(description="where the room sits, smoothed; null if unknown")


class TrackShown(Shown):
    """The track that plays, or would if nothing were in its way."""

    track_id: str = Field(description="names it when something is said of it")
    title: str
    artist: str = Field(description="empty when unknown")
    album: str = Field(description="empty when unknown")
    duration_s: float = Field(description="0 when unknown")
    position_s: float = Field(description="as last heard, about once a second")
    why: str = Field(description="why this one")
    is_liked: bool = Field(description="someone has said so")
    place: PointShown


class MusicShown(Shown):
    """The music, and what steers it."""

    is_on: bool = Field(description="someone wants music")
    is_playing: bool = Field(description="it is really heard")
    line: str = Field(description="what it is doing, for people")
    silent_for: str = Field(description="why there is none; empty while there is some")
    volume_pct: int = Field(description="as chosen, 0 to 100")
    quiet: str = Field(description="that quiet hours hold it down, for people; else empty")
    ducked_by: tuple[str, ...] = Field(description="who has asked the music to make room")
    sleep_left_min: int | None = Field(description="until the music ends; null: it does not")
    mode: Mode = Field(description="off is neither match nor shift: any music")
    goal: Goal
    target: PointShown = Field(description="where the music should sit now")
    step: int | None = Field(description="of the way to the goal, from 1; null: on no such way")
    steps: int | None = Field(description="how many steps that way has; null likewise")
    tried: tuple[str, ...] = Field(description="what came of leading the mood, the newest first")
    track: TrackShown | None


class CameraShown(Shown):
    """Whether the eye may look."""

    is_on: bool


class PartState(StrEnum):
    """How a part is."""

    OK = "ok"
    FAULT = "fault"
    UNHEARD = "unheard"


class PartShown(Shown):
    """One part of the appliance."""

    part: Part
    title: str
    state: PartState = Field(description="unheard: it does not work yet, or is not in use")
    message: str = Field(description="what is wrong and what to do, or a remark")


class ProgressShown(Shown):
    """How far something that takes a while has got."""

    line: str = Field(description="for people")
    done: int
    total: int | None = Field(description="null while that is not known")
    rate_hz: float | None = Field(description="how many in a second, lately; null if unknown")
    left_s: float | None = Field(description="about how long it still takes; null if unknown")


class LibraryShown(Shown):
    """The music there is."""

    tracks: int
    skipped: int = Field(description="files that cannot be played")
    is_away: bool = Field(description="the folder or stick is not there")
    notice: str = Field(description="what to tell a person; empty when all is well")
    scan: ProgressShown | None = Field(description="of reading it; null while it is not read")
    listening: ProgressShown | None = Field(
        description="of listening to it; null when all is heard"
    )


class StateShown(Shown):
    """All that the first page shows."""

    room: RoomShown
    music: MusicShown
    camera: CameraShown
    library: LibraryShown
    parts: tuple[PartShown, ...]

    @property
    def faults(self) -> tuple[PartShown, ...]:
        """The parts that need attention."""
        return tuple(part for part in self.parts if part.state is PartState.FAULT)

    @property
    def steering(self) -> str:
        """What the one visible switch stands at: the mode, or the goal of the shift."""
        return self.music.goal.value if self.music.mode is Mode.SHIFT else self.music.mode.value


class HealthShown(Shown):
    """Whether all parts work."""

    status: PartState = Field(description="fault as soon as one part needs attention")
    parts: tuple[PartShown, ...]


def shown(session: Session, context: Context) -> StateShown:
    """Return the drawing of `session`."""
    drawn = portrait(session, context)
    catalogue = context.catalogue
    notice = catalogue.notice or ("" if catalogue.tracks else "The library is empty")
    return StateShown(
        room=RoomShown(
            sentence=drawn.sentence,
            word=drawn.word,
            is_present=drawn.is_present,
            is_unsure=drawn.is_unsure,
            obstacle=drawn.obstacle,
            hint=WHAT_HELPS[drawn.obstacle] if drawn.obstacle else "",
            confidence=round(drawn.confidence, 2),
            mood=None if drawn.affect is None else _point(drawn.affect),
        ),
        music=MusicShown(
            is_on=drawn.music_is_on,
            is_playing=drawn.is_playing,
            line=_line(drawn, notice),
            silent_for=readable(drawn.silent_for),
            volume_pct=drawn.volume_pct,
            quiet=kept_down(context.rules.quiet, session.minute_of_day),
            ducked_by=tuple(readable(name) for name in drawn.ducked_by),
            sleep_left_min=drawn.sleep_left_min,
            mode=session.mode,
            goal=session.goal,
            target=_point(drawn.target),
            step=drawn.step,
            steps=drawn.steps,
            tried=tuple(readable(line) for line in drawn.tried),
            track=None if drawn.track is None else _track(drawn.track, drawn),
        ),
        camera=CameraShown(is_on=drawn.camera_is_on),
        library=LibraryShown(
            tracks=drawn.tracks,
            skipped=drawn.skipped,
            is_away=catalogue.is_away,
            notice=sentence_case(readable(notice)),
            scan=_scan(drawn.scan),
            listening=_listening(drawn.listening),
        ),
        parts=tuple(_part(part, session, context) for part in Part),
    )


def health_shown(session: Session, context: Context) -> HealthShown:
    """Return how all parts are."""
    state = shown(session, context)
    return HealthShown(status=PartState.FAULT if state.faults else PartState.OK, parts=state.parts)


def _line(drawn: Portrait, notice: str) -> str:
    """Return what the music is doing, for people; a reason that is shown as notice is left out."""
    if drawn.is_playing:
        return "Playing"
    if drawn.silent_for:
        word = "Paused" if drawn.track else "Silent"
        is_told = drawn.silent_for.casefold() == notice.casefold()
        return word if is_told else f"{word}: {readable(drawn.silent_for)}"
    return "Starting" if drawn.track else "Choosing a track"


def _track(track: Track, drawn: Portrait) -> TrackShown:
    return TrackShown(
        track_id=track.track_id,
        title=readable(track.title),
        artist=readable(track.artist),
        album=readable(track.album),
        duration_s=round(track.duration_s, 1),
        position_s=round(drawn.position_s, 1),
        why=sentence_case(readable(drawn.why)),
        is_liked=drawn.is_liked,
        place=_point(track.affect),
    )


def _scan(progress: ScanProgress | None) -> ProgressShown | None:
    if progress is None:
        return None
    return ProgressShown(
        line=looked_at(progress),
        done=progress.done,
        total=progress.total,
        rate_hz=round(progress.rate_hz, 1),
        left_s=None if progress.left_s is None else round(progress.left_s),
    )


def _listening(progress: ListeningProgress | None) -> ProgressShown | None:
    line = listened_to(progress)
    if progress is None or not line:
        return None
    return ProgressShown(
        line=line,
        done=progress.done,
        total=progress.total,
        rate_hz=None,
        left_s=None if progress.left_s is None else round(progress.left_s),
    )


def _point(affect: Affect) -> PointShown:
    # Two decimals are finer than anyone sees, and keep noise from being sent as news.
    return PointShown(
        valence=round(affect.valence, 2), arousal=round(affect.arousal, 2), feel=feel(affect)
    )


def _part(part: Part, session: Session, context: Context) -> PartShown:
    if part is Part.CAMERA and not session.camera_is_on:
        state, message = PartState.UNHEARD, CAMERA_CLOSED  # what was wrong before is no news now
    elif (health := session.health_of(part)) is not None and health.message == SWITCHED_OFF:
        state, message = PartState.UNHEARD, UNHEARD[part]
    elif health is not None and health.message == CONNECTING:
        state, message = PartState.UNHEARD, f"{CONNECTING}."
    elif health is not None:
        state = PartState.OK if health.is_ok else PartState.FAULT
        message = health.message or (WHAT_WORKS[part] if health.is_ok else "It does not work.")
    elif _is_at_work(part, session, context):
        state, message = PartState.OK, WHAT_WORKS[part]
    else:
        state, message = PartState.UNHEARD, UNHEARD[part]
    return PartShown(
        part=part, title=PARTS[part], state=state, message=sentence_case(readable(message))
    )


def _is_at_work(part: Part, session: Session, context: Context) -> bool:
    """Return whether the state shows that a part works which has said nothing itself."""
    return {
        Part.EYE: session.has_eye,
        Part.CAMERA: session.can_see and session.mood.heard_at_s is not None,
        Part.MODEL: session.mood.label is not None,
        Part.VOICE: session.has_voice,
        Part.SOUND: session.playing is not None and session.playing.is_heard,
        Part.LIBRARY: bool(context.catalogue.tracks),
        Part.PAGE: True,  # it is being read
        Part.SETTINGS: True,  # the program would not run without
    }.get(part, False)
