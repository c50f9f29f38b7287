"""What events tell of the room's taste: signals, each with how much it says."""

from dataclasses import replace

from soulsync_edge.domain import events as ev
from soulsync_edge.domain.liking import Liking
from soulsync_edge.domain.preference import Tally
from soulsync_edge.domain.session import Context, NowPlaying, Rules, Session
from soulsync_edge.domain.shifting import AFFECT_OF_GOAL, Mode
from soulsync_edge.domain.taste import Regard, Sign, Taste

ERASED = "chosen before what was learnt was erased"

# Rewards from -1 (as bad as can be) to 1, and how many plain observations each is worth. They are
# ours to tune: what they must bring about is tested.
_LIKE = (1.0, 3.0)
_NOT_THIS = (-1.0, 2.0)
_NEVER = (-1.0, 3.0)
_REPLAY = (1.0, 1.0)
_TURNED_DOWN = (-0.5, 0.5)
_FINISH = (0.3, 0.5)  # nobody minded, or nobody listened
_SKIP_WEIGHT = 1.0

_AS_GOOD_AS_HEARD = 0.8  # a skip after this share of a track says nothing
_LISTENED_S = 10.0  # whoever skips sooner has hardly heard it
_HARDLY = 0.3
_CLEARLY_DOWN_PCT = 10
_ASSUMED_LENGTH_S = 210.0

# The mood has many reasons; music is one. A clear change is about what a song may do.
_RESPONSE_WEIGHT = 0.3
_CLEAR_RESPONSE = 0.3

_UNSEEN_WEIGHT = 0.5  # without the eye nobody knows whether someone was there


def liking_now(session: Session, rules: Rules) -> Liking:
    """Return the taste, read now."""
    return Liking(
        session.taste,
        day=session.day,
        minute_of_day=session.minute_of_day,
        is_shift=session.mode is Mode.SHIFT,
        learns=rules.learns,
        exploration=rules.exploration,
    )


def learnt(session: Session, event: ev.Event, context: Context) -> Session:  # noqa: PLR0911  # one case per event
    """Return the session with what `event` tells of the taste, before it does anything else.

    What somebody says of a track is noted in any case; the rest only while the rules say to learn.
    """
    match event:
        case ev.TasteErased():
            # Its reasons may tell what was liked, or what was tried.
            playing = session.playing and replace(session.playing, why=ERASED)
            return replace(session, taste=Taste(), trials=(), playing=playing)
        case ev.TrackJudged():
            return _judged(session, event, context)
        case ev.SkipRequested() if _is_heard(session):
            return _skipped(session, context)
        case ev.TrackEnding() | ev.TrackEnded() if _is_heard(session, event.track_id):
            return _finished(session, context)
        case ev.ReplayRequested() if _is_heard(session):
            return _met(session, context, Sign.REPLAY, *_REPLAY)
        case ev.VolumeChosen() if _is_heard(session):
            return _volume_chosen(session, event.volume_pct, context)
        case _:
            return session


def _is_heard(session: Session, track_id: str | None = None) -> bool:
    """Return whether a track, or this one, is really playing."""
    playing = session.playing
    if playing is None or not playing.is_heard or session.is_silent_for:
        return False
    return track_id in {None, playing.track_id}


def _judged(session: Session, event: ev.TrackJudged, context: Context) -> Session:
    """Note what somebody said; what it means for other tracks is learnt."""
    track = context.catalogue.by_id.get(event.track_id)
    if event.opinion in _DIRECTIONS:
        if track is None:
            return session  # where it sits is not known either
        valence, arousal = _DIRECTIONS[event.opinion]
        moved = session.taste.with_correction(track, valence=valence, arousal=arousal)
        return replace(session, taste=moved)
    regard = session.taste.by_id.get(event.track_id)
    if track is not None:
        regard = session.taste.regard_of(track)
    said = None if regard is None else _said(regard, event.opinion, session.day)
    if said is None:
        return session  # of a track nobody knows, or nothing new
    regard, reward, weight = said
    session = replace(session, taste=session.taste.with_regard(regard))
    return _rewarded(session, context, regard, reward, weight)


_DIRECTIONS = {
    ev.Opinion.HAPPIER: (1, 0),
    ev.Opinion.SADDER: (-1, 0),
    ev.Opinion.LIVELIER: (0, 1),
    ev.Opinion.CALMER: (0, -1),
}


def _said(regard: Regard, opinion: ev.Opinion, day: int) -> tuple[Regard, float, float] | None:
    """Return what is known after an opinion, its reward and weight; None when it is no news."""
    match opinion:
        case ev.Opinion.LIKE if not regard.is_liked:
            return replace(regard, is_liked=True, liked_day=day, is_never=False), *_LIKE
        case ev.Opinion.UNLIKE if regard.is_liked:
            return replace(regard, is_liked=False, liked_day=0), *_taken_back(_LIKE)
        case ev.Opinion.NOT_THIS:
            return regard.with_sign(Sign.SKIP), *_NOT_THIS
        case ev.Opinion.NEVER if not regard.is_never:
            return replace(regard, is_never=True, is_liked=False, liked_day=0), *_NEVER
        case ev.Opinion.ALLOW if regard.is_never:
            return replace(regard, is_never=False), *_taken_back(_NEVER)
        case _:
            return None


def _taken_back(signal: tuple[float, float]) -> tuple[float, float]:
    reward, weight = signal
    return reward, -weight


def _skipped(session: Session, context: Context) -> Session:
    """Note a skip: the earlier, the worse; but who rushes through has hardly listened."""
    playing = session.playing
    if playing is None:
        return session
    track = context.catalogue.by_id.get(playing.track_id)
    length_s = (track.duration_s if track is not None else 0.0) or _ASSUMED_LENGTH_S
    left = max(1.0 - playing.position_s / length_s / _AS_GOOD_AS_HEARD, 0.0)
    heard = min(playing.position_s / _LISTENED_S, 1.0)
    weight = _SKIP_WEIGHT * (_HARDLY + (1.0 - _HARDLY) * heard)
    return _met(session, context, Sign.SKIP, -left, weight)


def _finished(session: Session, context: Context) -> Session:
    """Note that a track was heard out, and what the mood did meanwhile."""
    playing = session.playing
    if playing is None:
        return session
    witnessed = 1.0 if session.mood.is_present else (0.0 if session.can_see else _UNSEEN_WEIGHT)
    if not witnessed:
        return session  # an empty room skips nothing
    reward, weight = _FINISH
    weight *= witnessed
    response = _response(session, playing)
    if response is not None:
        seen = _RESPONSE_WEIGHT * session.mood.confidence
        reward = (reward * weight + response * seen) / (weight + seen)
        weight += seen
    return _met(session, context, Sign.FINISH, reward, weight)


def _response(session: Session, playing: NowPlaying) -> float | None:
    """Return how the mood changed with the track, -1 to 1; None: unknown, or nobody's business.

    On the way to a goal it is to come nearer, else to become more pleasant.
    """
    before, reading = playing.mood_before, session.mood.reading
    if before is None or reading is None or session.mode is Mode.OFF:
        return None
    now = reading.affect
    if session.mode is Mode.SHIFT:
        goal = AFFECT_OF_GOAL[session.goal]
        change = before.distance_to(goal) - now.distance_to(goal)
    else:
        change = now.valence - before.valence
    return min(max(change / _CLEAR_RESPONSE, -1.0), 1.0)


def _volume_chosen(session: Session, volume_pct: int, context: Context) -> Session:
    """Note that a track was turned down clearly, once."""
    playing = session.playing
    if playing is None or playing.is_turned_down:
        return session
    if volume_pct > playing.volume_before_pct - _CLEARLY_DOWN_PCT:
        return session
    session = replace(session, playing=replace(playing, is_turned_down=True))
    return _met(session, context, Sign.TURNED_DOWN, *_TURNED_DOWN)


def _met(session: Session, context: Context, sign: Sign, reward: float, weight: float) -> Session:
    """Note how the playing track was met."""
    track = session.playing and context.catalogue.by_id.get(session.playing.track_id)
    if not track or not context.rules.learns:
        return session
    regard = session.taste.regard_of(track).with_sign(sign)
    return _rewarded(session, context, regard, reward, weight)


def _rewarded(
    session: Session, context: Context, regard: Regard, reward: float, weight: float
) -> Session:
    """Learn from a reward: of the track, of its artist, and if it plays, in general.

    Each learns what the ones before it did not expect, so that a track by a liked artist does not
    count twice. A weight below 0 takes back what was said.
    """
    if not context.rules.learns:
        return session
    taste, day, playing = session.taste, session.day, session.playing
    liking = liking_now(session, context.rules)
    expected = 0.0
    if playing is not None and playing.track_id == regard.track_id and playing.features:
        expected = liking.in_general(playing.features)
        said = reward if weight > 0.0 else -reward
        # A word about a track is one observation of tracks like it.
        heard = taste.preference.after(playing.features, said, min(abs(weight), 1.0), day)
        taste = replace(taste, preference=heard)
    if regard.artist:
        tally = taste.tally_of_artist.get(regard.artist) or Tally()
        taste = taste.with_artist(regard.artist, _counted(tally, reward, expected, weight, day))
        expected = min(max(expected + liking.of_artist(regard.artist), -1.0), 1.0)
    tally = _counted(regard.tally, reward, expected, weight, day)
    return replace(session, taste=taste.with_regard(replace(regard, tally=tally)))


def _counted(tally: Tally, reward: float, expected: float, weight: float, day: int) -> Tally:
    if weight < 0.0:
        return tally.without(reward, -weight, day)
    return tally.after(reward - expected, weight, day)
