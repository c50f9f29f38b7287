import pytest

from soulsync_edge.adapters.hearing.frames import frames_of
from soulsync_edge.adapters.hearing.rhythm import Pulse, pulse_of
from tests.made_sound import beats, chords


@pytest.mark.parametrize("tempo_bpm", [60, 76, 92, 118, 128, 150, 174])
def test_the_tempo_of_a_plain_beat_is_found(tempo_bpm: float) -> None:
    excited = 0.6 if tempo_bpm > 110 else -0.6

    pulse = pulse_of(frames_of(beats(tempo_bpm)), excited)

    assert pulse.tempo_bpm == pytest.approx(tempo_bpm, rel=0.02)
    assert pulse.clarity > 0.3


def test_exciting_music_gets_the_faster_of_two_tempi() -> None:
    frames = frames_of(beats(150))

    assert pulse_of(frames, 0.8).tempo_bpm == pytest.approx(150, rel=0.02)
    assert pulse_of(frames, -0.9).tempo_bpm == pytest.approx(75, rel=0.02)


def test_chords_that_are_held_have_no_clear_pulse() -> None:
    held = chords([(0, "major")], seconds_each=10)

    assert pulse_of(frames_of(held), 0.0).clarity < pulse_of(frames_of(beats(100)), 0.0).clarity


def test_people_dance_to_a_clear_pulse_of_middle_tempo() -> None:
    assert Pulse(118, 0.9).danceability > Pulse(118, 0.4).danceability
    assert Pulse(118, 0.9).danceability > Pulse(60, 0.9).danceability
    assert 0 <= Pulse(40, 1.0).danceability <= Pulse(118, 1.0).danceability <= 1
