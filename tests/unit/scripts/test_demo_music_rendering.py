import io
from dataclasses import replace
from functools import cache

import mutagen
import numpy as np
import pytest
import soundfile

from scripts.demo_music import encoding, mixing
from scripts.demo_music.piece import Part, Piece
from scripts.demo_music.rendering import render
from scripts.demo_music.synth.signals import RATE_HZ, Samples, clock, stereo

SHORT = Piece(
    title="Test Bar",
    quadrant="neutral",
    valence=0.0,
    arousal=0.0,
    genre="Test",
    tempo_bpm=160,
    key="G",
    mode="dorian",
    seed=7,
    loudness_db=-16,
    verse="i",
    bridge="IV",
    final="i",
    tail_s=1.0,
    beats_per_bar=3,
    parts=(
        Part(instrument="flute", role="melody", centre=74, pattern="0/1 1/1 2/1; 1/1 0/2"),
        Part(instrument="nylon guitar", role="arp", level_db=-3, pattern="b.0.1."),
        Part(instrument="upright bass", role="bass", level_db=-4, centre=40, pattern="R--5-."),
        Part(instrument="soft organ", role="pad", level_db=-9, voices=3),
        Part(instrument="sticks", role="drums", level_db=-6, pattern="quick waltz"),
    ),
)
TAGS = encoding.Tags(
    title="Tëst Bar",
    album="Tests",
    genre="Test",
    track=2,
    tracks=9,
    tempo_bpm=97,
    initial_key="Gm",
    mood="calm, content",
)


@cache
def _short() -> Samples:
    return render(SHORT)


def test_the_same_seed_gives_the_same_samples() -> None:
    assert np.array_equal(_short(), render(SHORT))


def test_another_seed_gives_another_performance() -> None:
    other = render(replace(SHORT, seed=8))

    shared = min(len(other), len(_short()))
    assert not np.allclose(other[:shared], _short()[:shared], atol=1e-3)


def test_a_piece_is_clean_stereo_without_clipping() -> None:
    sound = _short()

    assert sound.shape[1] == 2
    assert np.all(np.isfinite(sound))
    assert np.max(np.abs(sound)) <= 10 ** (mixing.CEILING_DB / 20)
    assert np.max(np.abs(sound[[0, -1]])) < 1e-3
    assert np.all(np.abs(sound.mean(axis=0)) < 1e-3)
    assert not np.array_equal(sound[:, 0], sound[:, 1])


def test_a_piece_has_no_hole_in_its_middle() -> None:
    tenths = len(_short()) // (RATE_HZ // 10)
    power = (_short()[: tenths * (RATE_HZ // 10)] ** 2).sum(axis=1).reshape(tenths, -1).mean(axis=1)

    assert np.all(power[: tenths - 10] > 1e-6)


def test_a_piece_has_its_loudness() -> None:
    assert mixing.loudness_db(_short()) == pytest.approx(SHORT.loudness_db, abs=1.5)


def test_the_limiter_keeps_quiet_sound_as_it_is_and_loud_sound_below_the_ceiling() -> None:
    tone = np.sin(2 * np.pi * 220 * clock(0.5))
    quiet, loud = stereo(tone * 0.5), stereo(tone * 4.0)

    assert np.allclose(mixing.limit(quiet), quiet)
    assert np.max(np.abs(mixing.limit(loud))) <= 10 ** (mixing.CEILING_DB / 20) + 1e-12


def test_silence_stays_silence_when_levelled() -> None:
    silence = np.zeros((RATE_HZ, 2))

    assert not mixing.level_to(silence, -20).any()


@pytest.mark.parametrize("kind", ["flac", "ogg", "mp3"])
def test_a_file_decodes_to_what_was_rendered(kind: str) -> None:
    content = encoding.encode(_short(), kind, TAGS)

    decoded, rate_hz = soundfile.read(io.BytesIO(content))
    assert rate_hz == RATE_HZ
    assert len(decoded) == pytest.approx(len(_short()), abs=2500)
    assert np.max(np.abs(decoded)) <= 10 ** (-1 / 20)
    assert np.std(decoded) == pytest.approx(np.std(_short()), rel=0.05)


@pytest.mark.parametrize("kind", ["flac", "ogg"])
def test_comments_say_what_the_piece_is(kind: str) -> None:
    content = encoding.encode(_short(), kind, TAGS)

    file = mutagen.File(io.BytesIO(content))
    assert {key: file[key] for key in file} == {
        "title": ["Tëst Bar"],
        "artist": ["SoulSync Edge"],
        "albumartist": ["SoulSync Edge"],
        "album": ["Tests"],
        "genre": ["Test"],
        "tracknumber": ["2"],
        "tracktotal": ["9"],
        "date": ["2026"],
        "bpm": ["97"],
        "initialkey": ["Gm"],
        "mood": ["calm, content"],
    }


def test_id3_frames_say_what_the_piece_is() -> None:
    content = encoding.encode(_short(), "mp3", TAGS)

    tags = mutagen.File(io.BytesIO(content)).tags
    assert {name: str(tags[name]) for name in tags} == {
        "TIT2": "Tëst Bar",
        "TPE1": "SoulSync Edge",
        "TPE2": "SoulSync Edge",
        "TALB": "Tests",
        "TCON": "Test",
        "TRCK": "2/9",
        "TDRC": "2026",
        "TBPM": "97",
        "TKEY": "Gm",
        "TMOO": "calm, content",
    }
