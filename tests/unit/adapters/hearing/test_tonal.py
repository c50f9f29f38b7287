import numpy as np
import pytest

from soulsync_edge.adapters.hearing.frames import frames_of
from soulsync_edge.adapters.hearing.tonal import key_of, tonality_of
from tests.made_sound import chords, tone

MAJOR_CADENCE = [(0, "major"), (5, "major"), (7, "major"), (0, "major")]
MINOR_CADENCE = [(0, "minor"), (5, "minor"), (7, "major"), (0, "minor")]


@pytest.mark.parametrize("tonic", [0, 2, 7, 9, 11])
@pytest.mark.parametrize("mode", ["major", "minor"])
def test_a_cadence_tells_its_key(tonic: int, mode: str) -> None:
    cadence = {"major": MAJOR_CADENCE, "minor": MINOR_CADENCE}[mode]
    moved = [((root + tonic) % 12, kind) for root, kind in cadence]

    assert key_of(frames_of(chords(moved))) == (tonic, mode == "minor")


def test_what_is_told_of_the_notes_does_not_depend_on_the_key() -> None:
    here = tonality_of(frames_of(chords(MAJOR_CADENCE)))
    there = tonality_of(frames_of(chords([(root + 3, mode) for root, mode in MAJOR_CADENCE])))

    for name in ("key", "intervals_bar", "chords_bar", "tonal_centroid"):
        assert there[name] == pytest.approx(here[name], abs=0.12), name


def test_more_chords_a_second_are_more_change() -> None:
    calm = tonality_of(frames_of(chords(MAJOR_CADENCE, seconds_each=2)))
    busy = tonality_of(frames_of(chords(MAJOR_CADENCE * 4, seconds_each=0.5)))

    assert busy["change_beat"][0] > calm["change_beat"][0]


def test_a_single_tone_has_one_note_at_a_time() -> None:
    single = tonality_of(frames_of(tone(440, 4)))["evenness"][0]
    triads = tonality_of(frames_of(chords(MAJOR_CADENCE)))["evenness"][0]

    assert single < triads
    assert np.isfinite(single)
