"""How well one track follows another to the ear: tempo, key and loudness."""

import math

from soulsync_edge.domain.sound import Sound

# What a change costs is told as the distance on the affect plane that would be as bad, so that it
# adds up with the other costs of a choice. All of it is ours to tune, not measured.
_EASY_TEMPO = math.log2(1.1)  # a change of 10 % passes unnoticed; in octaves of tempo
_TEMPO_COST = 1.0  # per octave beyond it: 0.36 at the worst, half an octave
_OCTAVE_COST = 0.1  # twice or half as fast: the beats fit, the pace is another
_EASY_FIFTHS = 1.0  # a neighbour on the circle of fifths, or the relative key
_FIFTH_COST = 0.03  # per fifth beyond it: 0.17 at the worst
_MODE_FIFTHS = 0.5  # from a key to its relative
_EASY_LOUDNESS_LU = 3.0
_LOUDNESS_COST = 0.02  # per LU beyond it: the player evens out most of the difference
_MOST_LOUDNESS_COST = 0.2


def misfit(one: Sound | None, other: Sound | None) -> float:
    """Return how roughly `other` follows `one`, 0 (smoothly) to 0.9; 0 where one is unknown.

    The unit is that of distance on the affect plane. A tempo counts as near its double and half.
    """
    if one is None or other is None:
        return 0.0
    octaves = abs(math.log2(one.tempo_bpm / other.tempo_bpm))
    whole = round(octaves)
    tempo = _TEMPO_COST * max(abs(octaves - whole) - _EASY_TEMPO, 0.0)
    key = _FIFTH_COST * max(fifths_between(one, other) - _EASY_FIFTHS, 0.0)
    louder_lu = abs(one.loudness_lufs - other.loudness_lufs) - _EASY_LOUDNESS_LU
    loudness = min(max(_LOUDNESS_COST * louder_lu, 0.0), _MOST_LOUDNESS_COST)
    return tempo + _OCTAVE_COST * min(whole, 1) + key + loudness


def fifths_between(one: Sound, other: Sound) -> float:
    """Return how far apart two keys lie on the circle of fifths, 0 to 6.5.

    A minor key sits with its relative major, half a step aside.
    """
    apart = (_fifths(one) - _fifths(other)) % 12
    return min(apart, 12 - apart) + _MODE_FIFTHS * (one.is_minor != other.is_minor)


def _fifths(sound: Sound) -> int:
    """Return the place on the circle of fifths, counted from C major and A minor."""
    return (sound.key + 3 * sound.is_minor) * 7 % 12
