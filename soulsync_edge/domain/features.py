"""What a choice is judged by: a track and the moment, as numbers of about one."""

import math
from dataclasses import dataclass

from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.track import Track

FEATURES = (
    "always",
    "near what was wanted",
    "brighter than wanted",
    "livelier than wanted",
    "bright",
    "lively",
    "fast",
    "danceable",
    "loud",
    "unsure",
    "lively by day",
    "lively in the evening",
    "near what was wanted, on the way to a goal",
)
"""Names of the features, in order. What is learnt with others is no use."""

_USUAL_TEMPO_BPM = 118.0
_USUAL_LOUDNESS_LUFS = -14.0
_LOUDNESS_LU = 8.0  # a clear difference
_USUAL_SPREAD = 0.4
_DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Moment:
    """What a track is judged for.

    Attributes:
        target: Where the music should sit; None: anywhere.
        minute_of_day: Local time, 0 to 1439.
        is_shift: The music leads somewhere.
    """

    target: Affect | None
    minute_of_day: int = 0
    is_shift: bool = False


def features_of(track: Track, moment: Moment) -> tuple[float, ...]:
    """Return the features of playing `track` at `moment`, as many as `FEATURES`.

    What is not known of a track counts as usual: 0.
    """
    affect, sound = track.affect, track.sound
    near = brighter = livelier = 0.0
    if moment.target is not None:
        near = 0.5 - min(affect.distance_to(moment.target), 1.5)
        brighter = affect.valence - moment.target.valence
        livelier = affect.arousal - moment.target.arousal
    fast = danceable = loud = 0.0
    if sound is not None:
        fast = _within_one(math.log2(sound.tempo_bpm / _USUAL_TEMPO_BPM))
        danceable = 2.0 * sound.danceability - 1.0
        loud = _within_one((sound.loudness_lufs - _USUAL_LOUDNESS_LUFS) / _LOUDNESS_LU)
    angle = 2.0 * math.pi * moment.minute_of_day / _DAY_MINUTES
    spread = math.hypot(track.affect_spread.valence, track.affect_spread.arousal)
    return (
        1.0,
        near,
        brighter,
        livelier,
        affect.valence,
        affect.arousal,
        fast,
        danceable,
        loud,
        min(spread, 1.0) - _USUAL_SPREAD,
        -math.cos(angle) * affect.arousal,  # noon
        -math.sin(angle) * affect.arousal,  # six in the evening
        near * moment.is_shift,
    )


def _within_one(value: float) -> float:
    return min(max(value, -1.0), 1.0)
