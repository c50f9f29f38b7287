"""The state of the appliance, and what decisions may look at besides it."""

from dataclasses import dataclass, field

from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.events import Obstacle, Part
from soulsync_edge.domain.freshness import ChoiceRules, Heard
from soulsync_edge.domain.hearing import ListeningProgress
from soulsync_edge.domain.loudness import SLEEP_FADE_S, QuietHours
from soulsync_edge.domain.mood import Mood, MoodRules
from soulsync_edge.domain.scanning import ScanProgress
from soulsync_edge.domain.shifting import Goal, Mode, Shift
from soulsync_edge.domain.taste import Taste
from soulsync_edge.domain.track import Catalogue
from soulsync_edge.domain.trial import Trial


@dataclass(frozen=True, slots=True)
class Scheduled:
    """From this minute of the day on, music heads for this goal when no mood is known.

    Attributes:
        from_minute: 0 to 1439, local time.
        goal: Where the music sits meanwhile.
    """

    from_minute: int
    goal: Goal


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings, as far as they steer decisions.

    Attributes:
        mood: How a mood follows what is seen.
        choice: How the next track is picked.
        schedule: What to play when no mood is known, by time of day; sorted, not empty.
        settle_s: How long the first track waits for a mood to become clear.
        empty_pause_s: How long music goes on in an empty room.
        cut_on_drift: May a playing track be replaced because the mood moved far away.
        drift_distance: How far that is, on the affect plane.
        drift_hold_s: And how long it must last.
        crossfade_s: How long one track fades into the next, 0 or more; not within an album.
        target_lufs: How loud all tracks are made, LUFS.
        quiet: When the music keeps down, whatever anyone asks for; None: never.
        learns: What is liked and what is not counts in choices, and is learnt.
        exploration: How far chance may stray from what is known to be liked, to learn more, 0
            (not at all) to 1.
        seed: What chance is drawn from; the same seed and events give the same decisions.
    """

    mood: MoodRules = MoodRules()
    choice: ChoiceRules = ChoiceRules()
    schedule: tuple[Scheduled, ...] = (Scheduled(0, Goal.CALM),)
    settle_s: float = 3.0
    empty_pause_s: float = 300.0
    cut_on_drift: bool = False
    drift_distance: float = 0.8
    drift_hold_s: float = 60.0
    crossfade_s: float = 4.0
    target_lufs: float = -17.0
    quiet: QuietHours | None = None
    learns: bool = True
    exploration: float = 0.5
    seed: str = "0"


@dataclass(frozen=True, slots=True)
class Context:
    """What decisions may look at besides the session.

    Attributes:
        rules: The settings in force.
        catalogue: The music there is.
    """

    rules: Rules = Rules()
    catalogue: Catalogue = field(default_factory=Catalogue)


@dataclass(frozen=True, slots=True)
class Health:
    """How a part is.

    Attributes:
        part: Which one.
        is_ok: It works.
        message: What is wrong and what to do, or a remark; may be empty.
        since_s: When it became so.
    """

    part: Part
    is_ok: bool
    message: str
    since_s: float


@dataclass(frozen=True, slots=True)
class Ducking:
    """Something else wants to be heard, and the music makes room for it.

    Attributes:
        by: Who asked.
        since_s: When it last did.
    """

    by: str
    since_s: float


@dataclass(frozen=True, slots=True)
class FailedTrack:
    """A track that could not be played.

    Attributes:
        track_id: Which one.
        reason: Why, in words.
        barred_until_s: Do not try it again before this time; None: the file is to blame, do not.
    """

    track_id: str
    reason: str
    barred_until_s: float | None


@dataclass(frozen=True, slots=True)
class Resume:
    """Core was just started: what played before goes on, if it is to be had.

    Attributes:
        by_s: The track is waited for until then, as its stick may be away for a while.
        may_be_heard: Core alone was started again, so the voice may be playing.
        heard: What the voice says it plays; empty while it says nothing.
    """

    by_s: float
    may_be_heard: bool
    heard: str = ""


@dataclass(frozen=True, slots=True)
class NowPlaying:
    """The track that plays, or would play if nothing were in its way.

    Attributes:
        track_id: Which one.
        why: Why this one, in words a person understands.
        chosen_for: Where the music was meant to sit when it was chosen.
        chosen_s: When it was chosen.
        is_heard: The voice has said that it really plays.
        position_s: How far it got, as last heard.
        voices_lost: How often the voice program died while playing it.
        gain_db: How much louder than its file the voice was asked to play it.
        features: What choosing it was judged by; empty: nothing is known of that.
        mood_before: Where the settled mood sat then, or None.
        volume_before_pct: How loud the person wanted it then.
        is_turned_down: It was turned down since.
    """

    track_id: str
    why: str
    chosen_for: Affect
    chosen_s: float
    is_heard: bool = False
    position_s: float = 0.0
    voices_lost: int = 0
    gain_db: float = 0.0
    features: tuple[float, ...] = ()
    mood_before: Affect | None = None
    volume_before_pct: int = 0
    is_turned_down: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """Everything the appliance thinks; frozen, changed by `step` alone.

    Attributes:
        now_s: Time of the newest event; None before the first.
        minute_of_day: Local wall time as of the last tick.
        day: The local day then, as `datetime.date.toordinal` counts it; 0: unknown.
        mood: How the room looks.
        obstacle: Why the last face could not be read, or None.
        faces: How many faces the last frame held.
        has_eye: The eye program is connected.
        has_voice: The voice program is connected.
        voice_found_s: When the voice was found, until it is told what to do: it may still play
            what core asked for before a restart.
        camera_is_on: The person allows the eye to look.
        music_is_on: The person wants music.
        volume_pct: How loud the person wants it, 0 to 100.
        told_volume_pct: How loud the voice was told to be, which may be less; None: not told yet.
        is_rising: Quiet hours are over, and the volume comes up little by little.
        duckings: Who wants the music to make room just now, each once, the longest ago first.
        sleep_at_s: When the music ends by itself, or None.
        sleep_fade_s: How long before that it begins to fade, above 0.
        mode: What the music does with the mood.
        goal: Where a shift leads.
        shift: The shift under way, or None.
        trials: What was tried to lead the mood on and what came of it, oldest first.
        playing: The present track, or None.
        resume: What is still to be found out before music goes on; None: nothing.
        has_begun: There was music since core was started.
        has_seen_someone: Since the camera was opened, someone has been here.
        dark_since_s: Since when pictures have been all dark, or None.
        blind_since_s: Since when the eye has not been able to tell who is here, or None.
        is_silent_for: Why there is no music, in words; empty while there is some.
        waiting_since_s: Since when music is wanted and none was chosen yet, or None.
        empty_since_s: Since when the room has been empty, or None.
        drift_since_s: Since when the mood has been far from the playing track, or None.
        history: Tracks started, oldest first, each once; those past their cooldown are dropped.
        failed: Tracks that could not be played.
        failures_in_a_row: Tracks that failed since one last played.
        rests: How often the player has rested since then, each time longer.
        rest_until_s: Do not try another track before this time.
        choices: How many choices were made, so that each draws its own chance.
        health: How every part is that has said so, ordered by part.
        scan: How far the scan of the library has got; None: none is under way.
        listening: How far listening to the library has got; None: nothing is listened to.
        taste: What the room has been found to like.
    """

    now_s: float | None = None
    minute_of_day: int = 0
    day: int = 0
    mood: Mood = Mood()
    obstacle: Obstacle | None = None
    faces: int = 0
    has_eye: bool = False
    has_voice: bool = False
    voice_found_s: float | None = None
    camera_is_on: bool = True
    music_is_on: bool = True
    volume_pct: int = 60
    told_volume_pct: int | None = None
    is_rising: bool = False
    duckings: tuple[Ducking, ...] = ()
    sleep_at_s: float | None = None
    sleep_fade_s: float = SLEEP_FADE_S
    mode: Mode = Mode.MATCH
    goal: Goal = Goal.CALM
    shift: Shift | None = None
    trials: tuple[Trial, ...] = ()
    playing: NowPlaying | None = None
    resume: Resume | None = None
    has_begun: bool = False
    has_seen_someone: bool = False
    dark_since_s: float | None = None
    blind_since_s: float | None = None
    is_silent_for: str = "starting"
    waiting_since_s: float | None = None
    empty_since_s: float | None = None
    drift_since_s: float | None = None
    history: tuple[Heard, ...] = ()
    failed: tuple[FailedTrack, ...] = ()
    failures_in_a_row: int = 0
    rests: int = 0
    rest_until_s: float = 0.0
    choices: int = 0
    health: tuple[Health, ...] = ()
    scan: ScanProgress | None = None
    listening: ListeningProgress | None = None
    taste: Taste = Taste()

    def health_of(self, part: Part) -> Health | None:
        """Return how `part` is, or None when it never said so."""
        return next((health for health in self.health if health.part is part), None)

    @property
    def ducked_by(self) -> frozenset[str]:
        """Who wants the music to make room just now."""
        return frozenset(one.by for one in self.duckings)

    @property
    def can_see(self) -> bool:
        """The eye can tell whether someone is here: it looks, without a fault, in some light."""
        has_news = self.mood.heard_at_s is not None and self.dark_since_s is None
        return self.has_eye and self.camera_is_on and has_news and not self.is_eye_faulty

    @property
    def is_eye_faulty(self) -> bool:
        """The eye, its camera or its model has reported a fault."""
        reports = (self.health_of(part) for part in (Part.EYE, Part.CAMERA, Part.MODEL))
        return any(health is not None and not health.is_ok for health in reports)

    @property
    def barred(self) -> frozenset[str]:
        """The tracks that may not be chosen now."""
        now_s = self.now_s or 0.0
        return self.taste.never | frozenset(
            one.track_id
            for one in self.failed
            if one.barred_until_s is None or one.barred_until_s > now_s
        )
