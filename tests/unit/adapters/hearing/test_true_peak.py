import numpy as np
import pytest

from soulsync_edge.adapters.hearing.true_peak import TruePeakMeter
from tests.made_sound import Samples, tone

RATE_HZ = 48_000


def measured(sound: Samples, block: int = 10**9) -> float:
    meter = TruePeakMeter()
    for start in range(0, sound.shape[1], block):
        meter.hear(sound[:, start : start + block])
    return meter.highest


@pytest.mark.parametrize(
    ("hz", "turn", "of_samples"), [(12_000, 1 / 8, 0.7071), (8_000, 0.0, 0.866)]
)
def test_a_tone_whose_samples_miss_its_top_is_as_high_as_it_is(
    hz: float, turn: float, of_samples: float
) -> None:
    """The cases of ITU-R BS.1770, annex 2: a quarter and a sixth of the rate, out of step."""
    sound = tone(hz, 0.2, RATE_HZ, turn=turn)[None]
    # Faded in and out: a tone cut hard rings higher than itself, and rightly so.
    sound = sound * np.hanning(sound.shape[1]).astype(np.float32) ** 0.25

    assert np.abs(sound).max() == pytest.approx(of_samples, abs=0.01)
    assert 20 * np.log10(measured(sound)) == pytest.approx(0, abs=0.2)


def test_the_louder_channel_counts_and_blocks_do_not() -> None:
    left = tone(997, 0.5, RATE_HZ) * 0.3
    right = tone(11_000, 0.5, RATE_HZ, turn=0.1) * 0.6
    sound = np.stack([left, right])

    assert measured(sound, 1000) == pytest.approx(measured(sound), abs=1e-4)
    assert measured(sound) >= 0.59


@pytest.mark.parametrize("length", [1, 5, 24, 25, 40])
def test_a_few_samples_are_as_high_as_the_highest_at_least(length: int) -> None:
    sound = np.random.default_rng(length).normal(size=(2, length)).astype(np.float32)

    assert measured(sound) >= float(np.abs(sound).max())


def test_nothing_heard_is_no_height() -> None:
    assert TruePeakMeter().highest == 0
