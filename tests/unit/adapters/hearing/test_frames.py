import numpy as np
import pytest

from soulsync_edge.adapters.hearing.descriptors import descriptors_of, names
from soulsync_edge.adapters.hearing.frames import FLOOR_DB, GROUP, frames_of
from soulsync_edge.adapters.hearing.rate import RATE_HZ
from tests.made_sound import Samples, beats, chords, tone

SEMITONES_OF_A = 9


def test_a_tone_is_heard_as_its_pitch_class_and_nothing_else() -> None:
    frames = frames_of(tone(440.0, 4))

    assert frames.chroma.argmax(axis=1).tolist() == [SEMITONES_OF_A] * len(frames.chroma)
    others = np.delete(frames.chroma, [8, SEMITONES_OF_A, 10], axis=1)
    assert others.max() < 0.05


def test_frames_follow_each_other_every_512_samples_without_padding() -> None:
    frames = frames_of(tone(440.0, 4))

    whole = (4 * RATE_HZ - 2048) // 512 + 1
    assert len(frames.mel_db) == whole // GROUP * GROUP
    assert frames.mel_db.shape[1] == 40
    assert len(frames.chroma) == len(frames.level_db) == whole // GROUP
    assert frames.mel_db.max() == pytest.approx(0, abs=1e-4)
    assert frames.mel_db.min() >= FLOOR_DB - 1e-3


@pytest.mark.parametrize("hz", [200.0, 1000.0, 4000.0])
def test_the_centre_of_a_tone_is_its_frequency(hz: float) -> None:
    frames = frames_of(tone(hz, 4))

    assert frames.centroid_hz.mean() == pytest.approx(hz, rel=0.02)


@pytest.mark.parametrize("gain_db", [-40.0, -20.0, 6.0])
def test_loudness_changes_no_descriptor(gain_db: float) -> None:
    sound = beats(100, 8) * 0.4 + chords([(0, "major"), (5, "major")] * 4)[: 8 * RATE_HZ] * 0.4

    plain = descriptors_of(frames_of(sound))
    other = descriptors_of(frames_of(sound * np.float32(10 ** (gain_db / 20))))

    assert list(other.values()) == pytest.approx(list(plain.values()), rel=1e-3, abs=1e-3)


@pytest.mark.parametrize(
    ("samples", "why"),
    [
        (np.zeros(5 * RATE_HZ, np.float32), "silent"),
        (tone(440, 1), "too short"),
        (np.zeros(0, np.float32), "too short"),
    ],
)
def test_silence_and_snippets_are_refused(samples: Samples, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        frames_of(samples)


@pytest.mark.parametrize(
    "samples",
    [
        tone(440, 3.0),
        np.full(4 * RATE_HZ, 0.5, np.float32),
        np.where(np.arange(4 * RATE_HZ) == 50_000, 1, 0).astype(np.float32),
        np.random.default_rng(0).normal(size=4 * RATE_HZ).astype(np.float32),
    ],
    ids=["tone", "constant", "one click", "noise"],
)
def test_odd_sounds_have_the_same_finite_descriptors(samples: Samples) -> None:
    described = descriptors_of(frames_of(samples))

    assert tuple(described) == names()
    assert np.isfinite(list(described.values())).all()
