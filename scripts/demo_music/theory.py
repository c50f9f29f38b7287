"""Scales, chords from Roman numerals, and voice leading.

Pitches are MIDI note numbers (60 is middle C); pitch classes are 0 to 11 with
C at 0. A scale step counts diatonic notes up from the tonic of MIDI octave 0,
so that a melody can move in steps and still land on real pitches.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

MODES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "phrygian dominant": (0, 1, 4, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
}
"""Semitones above the tonic of the seven notes of each mode."""

_MINOR_THIRD = 3
_PITCH_CLASSES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_NUMERALS = ("i", "ii", "iii", "iv", "v", "vi", "vii")
_CHORD = re.compile(
    r"(?P<accidental>[b#]?)(?P<numeral>[iv]+|[IV]+)(?P<suffix>[^/]*)(/(?P<bass>\d))?"
)

_WIDE_GAP = 9
"""Semitones between neighbouring voices beyond which a chord falls apart."""

_MUDDY = 50
"""MIDI pitch below which intervals under a fourth growl instead of sounding like harmony."""

_FOURTH = 5

# Semitones above the root; None stands for the third, which the numeral's case decides.
_SUFFIXES: dict[str, tuple[int | None, ...]] = {
    "": (0, None, 7),
    "5": (0, 7),
    "6": (0, None, 7, 9),
    "69": (0, None, 7, 9, 14),
    "b7": (0, None, 7, 10),
    "maj7": (0, None, 7, 11),
    "maj9": (0, None, 7, 11, 14),
    "9": (0, None, 7, 10, 14),
    "11": (0, None, 10, 14, 17),
    "add9": (0, None, 7, 14),
    "sus2": (0, 2, 7),
    "sus4": (0, 5, 7),
    "9sus4": (0, 5, 7, 10, 14),
    "b9": (0, None, 7, 13),
    "7b9": (0, None, 7, 10, 13),
    "maj7#11": (0, None, 7, 11, 18),
    "o": (0, 3, 6),
    "o7": (0, 3, 6, 9),
    "m7b5": (0, 3, 6, 10),
    "+": (0, 4, 8),
}


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord as pitch classes, root first, and the pitch class under it."""

    pitch_classes: tuple[int, ...]
    bass: int

    @property
    def root(self) -> int:
        return self.pitch_classes[0]


@dataclass(frozen=True, slots=True)
class Scale:
    """Seven ascending notes over a tonic, addressable by step.

    `offsets` are semitones above the tonic. They stay ascending, but need not
    be a named mode: `over` bends single notes to agree with a chord.
    """

    tonic: int
    offsets: tuple[int, ...]

    def pitch(self, step: int) -> int:
        """Return the MIDI pitch of a step; step 35 is the tonic near middle C."""
        octave, index = divmod(step, len(self.offsets))
        return 12 * octave + self.tonic + self.offsets[index]

    def nearest_step(self, pitch: float) -> int:
        """Return the step that sounds closest to a MIDI pitch, the lower one at a tie."""
        guess = round((pitch - self.tonic) * 7 / 12)
        return min(
            range(guess - 2, guess + 3), key=lambda step: (abs(self.pitch(step) - pitch), step)
        )

    def over(self, chord: Chord) -> "Scale":
        """Return the scale with single notes bent to hold every note of a chord.

        A borrowed chord (the major dominant of a minor key, say) would clash
        with a melody that stayed in the key, so the melody follows the chord.
        """
        offsets = list(self.offsets)
        sounding = {(pc - self.tonic) % 12 for pc in chord.pitch_classes}
        for wanted in sorted(sounding - set(offsets)):
            for index, offset in enumerate(offsets):
                if abs(offset - wanted) == 1 and offset not in sounding and index > 0:
                    offsets[index] = wanted
                    break
        return Scale(self.tonic, tuple(sorted(offsets)))


def tonic_pitch_class(key: str) -> int:
    """Return the pitch class of a key name such as `C`, `F#` or `Eb`.

    Raises:
        ValueError: the name is not a letter A to G with at most one `#` or `b`.
    """
    accidentals = {"": 0, "#": 1, "b": -1}
    if key[:1] not in _PITCH_CLASSES or key[1:] not in accidentals:
        raise ValueError(f"{key!r} is not a key; write a letter A to G, then nothing, # or b")
    return (_PITCH_CLASSES[key[0]] + accidentals[key[1:]]) % 12


def scale(key: str, mode: str) -> Scale:
    """Return the scale of a key and mode.

    Raises:
        ValueError: the key or the mode is not known.
    """
    if mode not in MODES:
        raise ValueError(f"{mode!r} is not a mode; known are {', '.join(MODES)}")
    return Scale(tonic_pitch_class(key), MODES[mode])


def initial_key(key: str, mode: str) -> str:
    """Return the key as tags write it (ID3v2.4 TKEY): `Am` for minor thirds, `A` for major."""
    return key + ("m" if _MINOR_THIRD in MODES[mode] else "")


def chord(symbol: str, within: Scale) -> Chord:
    """Return the chord a Roman numeral names in a scale.

    The root is the scale's own degree (so `VI` in a minor key is the lowered
    sixth); `b` or `#` in front moves it. Upper case has a major third, lower
    case a minor one. The suffix `7` takes the seventh that the scale has.
    `/3` puts the third in the bass, `/5` the fifth.

    Raises:
        ValueError: the symbol cannot be read.
    """
    match = _CHORD.fullmatch(symbol)
    if match is None or match["numeral"].lower() not in _NUMERALS:
        raise ValueError(f"{symbol!r} is not a chord; write a Roman numeral I to VII and a suffix")
    degree = _NUMERALS.index(match["numeral"].lower())
    root = within.tonic + within.offsets[degree] + {"": 0, "b": -1, "#": 1}[match["accidental"]]
    third = 4 if match["numeral"].isupper() else 3
    if match["suffix"] == "7":
        has_leading = (root + 11 - within.tonic) % 12 in within.offsets
        has_minor = (root + 10 - within.tonic) % 12 in within.offsets
        shape: tuple[int | None, ...] = (0, None, 7, 11 if has_leading and not has_minor else 10)
    elif match["suffix"] in _SUFFIXES:
        shape = _SUFFIXES[match["suffix"]]
    else:
        raise ValueError(
            f"{symbol!r}: suffix {match['suffix']!r} is not one of 7 {' '.join(_SUFFIXES)}"
        )
    tones = tuple((root + (third if step is None else step)) % 12 for step in shape)
    bass_index = {None: 0, "3": 1, "5": 2, "7": 3}.get(match["bass"], -1)
    if not 0 <= bass_index < len(tones):
        raise ValueError(f"{symbol!r}: the bass must be /3, /5 or /7 and be part of the chord")
    return Chord(tones, tones[bass_index])


def diatonic_chord(within: Scale, degree: int, size: int = 3) -> Chord:
    """Return the chord made of stacked thirds on a degree, 0 being the tonic."""
    tones = tuple(within.pitch(degree + 2 * index) % 12 for index in range(size))
    return Chord(tones, tones[0])


def lead_voices(chords: Sequence[Chord], centre: int, voices: int) -> list[tuple[int, ...]]:
    """Return one voicing per chord, each as near as possible to the one before.

    Args:
        chords: In playing order.
        centre: MIDI pitch the voicings hover around.
        voices: Notes per voicing, at least two.

    Returns:
        Ascending MIDI pitches, `voices` of each. The second voicing onwards
        keep the sum of all movements small, so common notes stay put.
    """
    voicings: list[tuple[int, ...]] = []
    for sounding in chords:
        previous = voicings[-1] if voicings else None
        candidates = _voicings(sounding, centre, voices)
        voicings.append(
            min(candidates, key=lambda pitches: (_cost(pitches, previous, centre), pitches))
        )
    return voicings


def _voicings(sounding: Chord, centre: int, voices: int) -> list[tuple[int, ...]]:
    """Return every voicing around the centre that says what the chord is.

    An octave either way is enough but for chords of two notes in many voices.
    """
    telling = _telling(sounding, voices)
    reach = 11
    while True:
        span = range(centre - reach, centre + reach + 1)
        pool = [pitch for pitch in span if pitch % 12 in sounding.pitch_classes]
        found = [
            pitches
            for pitches in combinations(pool, voices)
            if telling <= {pitch % 12 for pitch in pitches}
        ]
        if found:
            return found
        reach += 4


def _telling(sounding: Chord, voices: int) -> set[int]:
    """Return the pitch classes a voicing needs: the fifth, then the root, may be left out."""
    order = [
        sounding.pitch_classes[index]
        for index in (1, 3, 4, 0, 2)
        if index < len(sounding.pitch_classes)
    ]
    return set(order[:voices])


def _cost(pitches: tuple[int, ...], previous: tuple[int, ...] | None, centre: int) -> float:
    """Return how awkward a voicing is: movement, drift, gaps and low mud."""
    gaps = [high - low for low, high in pairwise(pitches)]
    cost = 1.2 * abs(sum(pitches) / len(pitches) - centre)
    cost += sum(2.0 * max(0, gap - _WIDE_GAP) for gap in gaps)
    cost += sum(
        4.0 for low, gap in zip(pitches, gaps, strict=False) if low < _MUDDY and gap < _FOURTH
    )
    cost += sum(3.0 for gap in gaps if gap == 1)
    if previous is not None:
        moves = [abs(new - old) for new, old in zip(pitches, previous, strict=True)]
        cost += sum(moves) + 2.0 * max(0, max(moves) - 4)
    return cost
