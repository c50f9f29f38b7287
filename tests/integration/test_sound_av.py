"""Real files of every kind through the real decoder."""

import contextlib
from pathlib import Path

import mutagen
import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soulsync_edge.adapters.hearing.rate import RATE_HZ
from soulsync_edge.adapters.sound_av import SILENCE_LUFS, content_of, excerpt_of
from soulsync_edge.errors import MediaError
from tests.made_sound import Samples, tone
from tests.music_files import an_mp4, write_tone

RATE_OF_FILE_HZ = 48_000


def write(path: Path, sound: Samples, rate_hz: int = RATE_OF_FILE_HZ) -> Path:
    """Write (N,) or (N, channels) to a WAV file of 24 bits."""
    soundfile.write(path, sound, rate_hz, subtype="PCM_24")
    return path


def db(gain_db: float) -> np.float32:
    return np.float32(10 ** (gain_db / 20))


def stereo(sound: Samples) -> Samples:
    return np.stack([sound, sound], axis=1)


@pytest.mark.parametrize("ending", [".wav", ".flac", ".ogg", ".opus", ".mp3", ".aiff"])
def test_every_kind_of_file_gives_the_same_sound(tmp_path: Path, ending: str) -> None:
    excerpt = excerpt_of(write_tone(tmp_path / f"tone{ending}", seconds=5))

    assert excerpt.samples.dtype == np.float32
    assert len(excerpt.samples) == pytest.approx(5 * RATE_HZ, rel=0.02)
    spectrum = np.abs(np.fft.rfft(excerpt.samples[RATE_HZ : 3 * RATE_HZ]))
    assert spectrum.argmax() / 2 == pytest.approx(440, abs=1)
    middle = excerpt.samples[2000:-4000]  # coders ring where a tone is cut off
    assert np.abs(middle).max() == pytest.approx(0.1, rel=0.08)


@pytest.mark.parametrize("loudness", [-23.0, -33.0])
def test_the_loudness_of_a_stereo_tone_is_its_level(tmp_path: Path, loudness: float) -> None:
    """Cases 1 and 2 of EBU Tech 3341: 1 kHz at -23 and -33 dBFS in both channels."""
    file = write(tmp_path / "tone.wav", stereo(db(loudness) * tone(1000, 20, RATE_OF_FILE_HZ)))

    assert excerpt_of(file).loudness_lufs == pytest.approx(loudness, abs=0.1)


def test_soft_parts_do_not_make_a_piece_less_loud(tmp_path: Path) -> None:
    """Case 3 of EBU Tech 3341: -36, -23 and -36 dBFS; the gate leaves the loud part."""
    sound = np.concatenate(
        [
            db(level) * tone(1000, seconds, RATE_OF_FILE_HZ)
            for level, seconds in [(-36.0, 8), (-23.0, 40), (-36.0, 8)]
        ]
    )

    excerpt = excerpt_of(write(tmp_path / "tones.wav", stereo(sound)))

    assert excerpt.loudness_lufs == pytest.approx(-23, abs=0.1)


def test_the_height_between_samples_is_told(tmp_path: Path) -> None:
    """Case 15 of EBU Tech 3341: a quarter of the rate, half of full scale, out of step."""
    sound = 0.5 * tone(12_000, 4, RATE_OF_FILE_HZ, turn=1 / 8)
    sound[:4800] *= np.linspace(0, 1, 4800)
    sound[-4800:] *= np.linspace(1, 0, 4800)

    excerpt = excerpt_of(write(tmp_path / "tone.wav", stereo(sound.astype(np.float32))))

    assert -6.4 <= excerpt.true_peak_dbtp <= -5.8


def test_a_long_piece_is_heard_in_its_middle(tmp_path: Path) -> None:
    parts = [tone(hz, 60, 8000) * 0.5 for hz in (200.0, 500.0, 1500.0)]
    file = write(tmp_path / "long.wav", np.concatenate(parts), 8000)

    samples = excerpt_of(file).samples

    assert len(samples) == 60 * RATE_HZ
    spectrum = np.abs(np.fft.rfft(samples))
    assert spectrum.argmax() / 60 == pytest.approx(500, abs=1)


def test_many_channels_are_mixed_and_silence_has_a_floor(tmp_path: Path) -> None:
    six = np.repeat(0.1 * tone(440, 4, RATE_OF_FILE_HZ)[:, None], 6, axis=1)
    silent = np.zeros((4 * RATE_OF_FILE_HZ, 2), np.float32)

    assert np.abs(excerpt_of(write(tmp_path / "six.wav", six)).samples).max() > 0.05
    nothing = excerpt_of(write(tmp_path / "silent.wav", silent))
    assert (nothing.loudness_lufs, nothing.true_peak_dbtp) == (SILENCE_LUFS, -100)


def test_channels_that_put_out_each_other_are_heard(tmp_path: Path) -> None:
    left = 0.3 * tone(440, 4, RATE_OF_FILE_HZ)
    right = 0.3 * tone(880, 4, RATE_OF_FILE_HZ)

    upside_down = excerpt_of(write(tmp_path / "odd.wav", np.stack([left, -left], axis=1)))
    plain = excerpt_of(write(tmp_path / "plain.wav", np.stack([left, right], axis=1)))

    assert np.abs(upside_down.samples).max() == pytest.approx(0.3, rel=0.05)
    spectrum = np.abs(np.fft.rfft(plain.samples))
    assert spectrum[440 * 4] == pytest.approx(spectrum[880 * 4], rel=0.05)


def test_a_damaged_beginning_does_not_decide_for_the_rest(tmp_path: Path) -> None:
    """Streams of MP3 can be joined, and a broken header is a short stream of another kind."""
    odd = write_tone(tmp_path / "odd.mp3", seconds=0.3)
    soundfile.write(tmp_path / "fast.mp3", 0.1 * tone(440, 0.3, 16_000), 16_000)
    joined = tmp_path / "joined.mp3"
    joined.write_bytes(
        (tmp_path / "fast.mp3").read_bytes() + write_tone(odd, seconds=6).read_bytes()
    )

    assert len(excerpt_of(joined).samples) > 4.5 * RATE_HZ


@pytest.mark.parametrize(
    "content",
    [b"", b"not music at all", b"\0" * 100_000, an_mp4(3.0), b"ID3\x04\0\0\0\0\0\0"],
    ids=["empty", "text", "zeros", "no samples", "a tag alone"],
)
def test_what_is_no_music_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "odd.mp3"
    file.write_bytes(content)

    with pytest.raises(MediaError, match=r"odd\.mp3"):
        excerpt_of(file)


@pytest.mark.parametrize(
    "name", ["01:a.wav", "Intro:Outro.wav", "http:a.wav", "100%.wav", "a#b?.wav"]
)
def test_a_name_is_never_an_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    write_tone(tmp_path / name, seconds=4)
    monkeypatch.chdir(tmp_path)

    assert len(excerpt_of(Path(name)).samples) == 4 * RATE_HZ
    assert len(excerpt_of(tmp_path / name).samples) == 4 * RATE_HZ


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf, 1e30])
def test_samples_that_are_no_numbers_are_passed_over(tmp_path: Path, odd: float) -> None:
    sound = 0.1 * tone(440, 5, RATE_OF_FILE_HZ)
    sound[RATE_OF_FILE_HZ] = odd
    soundfile.write(tmp_path / "odd.wav", sound, RATE_OF_FILE_HZ, subtype="FLOAT")

    excerpt = excerpt_of(tmp_path / "odd.wav")

    assert np.isfinite(excerpt.samples).all()
    assert np.isfinite([excerpt.loudness_lufs, excerpt.true_peak_dbtp]).all()
    assert np.abs(excerpt.samples[3 * RATE_HZ :]).max() == pytest.approx(0.1, rel=0.02)


@pytest.mark.parametrize("ending", [".wav", ".flac", ".mp3", ".aiff"])
def test_a_long_file_cut_to_a_tenth_is_heard_as_far_as_it_goes(tmp_path: Path, ending: str) -> None:
    whole = write_tone(tmp_path / f"whole{ending}", seconds=150).read_bytes()
    cut = tmp_path / f"cut{ending}"
    cut.write_bytes(whole[: len(whole) // 10])

    assert len(excerpt_of(cut).samples) > 10 * RATE_HZ


def test_a_file_that_is_not_there_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"gone\.mp3 cannot be read: no such file"):
        excerpt_of(tmp_path / "gone.mp3")
    with pytest.raises(MediaError):
        excerpt_of(tmp_path)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ending=st.sampled_from([".wav", ".flac", ".ogg", ".mp3"]),
    keep=st.floats(0.01, 1.0),
    flips=st.lists(st.tuples(st.floats(0, 1), st.integers(1, 255)), max_size=30),
)
def test_a_damaged_file_gives_sound_or_is_refused(
    tmp_path: Path, ending: str, keep: float, flips: list[tuple[float, int]]
) -> None:
    whole = bytearray(write_tone(tmp_path / f"whole{ending}", seconds=2).read_bytes())
    for where, mask in flips:
        whole[int(where * (len(whole) - 1))] ^= mask
    damaged = tmp_path / f"damaged{ending}"
    damaged.write_bytes(whole[: int(keep * len(whole))])

    with contextlib.suppress(MediaError):
        excerpt = excerpt_of(damaged)
        assert np.isfinite(excerpt.loudness_lufs)
        assert np.isfinite(excerpt.true_peak_dbtp)


@pytest.mark.parametrize("ending", [".mp3", ".flac", ".ogg"])
def test_new_tags_and_a_new_place_leave_the_content_as_it_is(tmp_path: Path, ending: str) -> None:
    file = write_tone(tmp_path / f"tone{ending}", seconds=5)
    before = content_of(file, longest_s=2)
    moved = file.rename(tmp_path / f"moved{ending}")
    tags = mutagen.File(moved, easy=True)
    tags["title"] = ["a long title " * 40]
    tags.save()

    assert content_of(moved, longest_s=2) == before


def test_other_music_has_another_content(tmp_path: Path) -> None:
    one = write(tmp_path / "one.wav", tone(1000, 3))
    other = write(tmp_path / "other.wav", tone(1001, 3))

    assert content_of(one) != content_of(other)


def test_what_is_no_music_has_no_content(tmp_path: Path) -> None:
    file = tmp_path / "none.mp3"
    file.write_bytes(b"nothing of the kind")
    for what in (file, tmp_path / "gone.mp3"):
        with pytest.raises(MediaError, match=what.name):
            content_of(what)
    silent = tmp_path / "no_sound.m4a"
    silent.write_bytes(an_mp4(2))
    with pytest.raises(MediaError, match="holds no sound"):
        content_of(silent)
