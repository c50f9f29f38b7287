"""Sound to FLAC, Ogg Vorbis or MP3 bytes, with tags."""

import io
from dataclasses import dataclass

import numpy as np
import soundfile
from mutagen.flac import FLAC
from mutagen.id3 import ID3, TALB, TBPM, TCON, TDRC, TIT2, TKEY, TMOO, TPE1, TPE2, TRCK
from mutagen.oggvorbis import OggVorbis

from scripts.demo_music.synth.signals import RATE_HZ, Samples

ARTIST = "SoulSync Edge"
YEAR = "2026"

_BLOCK_FRAMES = 65_536
"""Frames handed over at once; libvorbis runs out of stack when given minutes in one call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """What a file says about itself."""

    title: str
    album: str
    genre: str
    track: int
    tracks: int
    tempo_bpm: int
    initial_key: str
    mood: str


def can_write_mp3() -> bool:
    """Say whether the installed libsndfile was built with an MP3 encoder."""
    return "MP3" in soundfile.available_formats()


def encode(sound: Samples, kind: str, tags: Tags) -> bytes:
    """Return a whole audio file.

    Args:
        sound: Stereo samples at 44.1 kHz.
        kind: `flac` (16 bit), `ogg` (Vorbis) or `mp3` (variable bit rate).
        tags: Title and so on.
    """
    if kind == "flac":
        return _with_comments(_write(_dithered(sound), "FLAC", "PCM_16"), FLAC, tags)
    if kind == "ogg":
        return _with_comments(
            _write(sound, "OGG", "VORBIS", compression_level=0.4), OggVorbis, tags
        )
    return _with_id3(
        _write(sound, "MP3", "MPEG_LAYER_III", compression_level=0.2, bitrate_mode="VARIABLE"), tags
    )


def _write(
    sound: Samples,
    container: str,
    subtype: str,
    *,
    compression_level: float | None = None,
    bitrate_mode: str | None = None,
) -> io.BytesIO:
    target = io.BytesIO()
    with soundfile.SoundFile(
        target,
        "w",
        samplerate=RATE_HZ,
        channels=2,
        format=container,
        subtype=subtype,
        compression_level=compression_level,
        bitrate_mode=bitrate_mode,
    ) as file:
        for start in range(0, len(sound), _BLOCK_FRAMES):
            file.write(sound[start : start + _BLOCK_FRAMES])
    target.seek(0)
    return target


def _dithered(sound: Samples) -> Samples:
    """Return the sound with triangular dither, so that 16 bits fade out without grit."""
    rng = np.random.default_rng(len(sound))
    step = 2.0**-15
    result: Samples = sound + step * (rng.random(sound.shape) - rng.random(sound.shape))
    return result


def _with_comments(target: io.BytesIO, kind: type[FLAC] | type[OggVorbis], tags: Tags) -> bytes:
    file = kind(target)
    if file.tags is None:
        file.add_tags()  # type: ignore[no-untyped-call]  # mutagen has no types
    file.clear()  # type: ignore[no-untyped-call]  # mutagen has no types; the encoder signed already
    file.update(  # type: ignore[no-untyped-call]  # mutagen has no types
        {
            "title": tags.title,
            "artist": ARTIST,
            "albumartist": ARTIST,
            "album": tags.album,
            "genre": tags.genre,
            "tracknumber": str(tags.track),
            "tracktotal": str(tags.tracks),
            "date": YEAR,
            "bpm": str(tags.tempo_bpm),
            "initialkey": tags.initial_key,
            "mood": tags.mood,
        }
    )
    target.seek(0)
    file.save(target)
    return target.getvalue()


def _with_id3(target: io.BytesIO, tags: Tags) -> bytes:
    id3 = ID3()
    for frame, text in (
        (TIT2, tags.title),
        (TPE1, ARTIST),
        (TPE2, ARTIST),
        (TALB, tags.album),
        (TCON, tags.genre),
        (TRCK, f"{tags.track}/{tags.tracks}"),
        (TDRC, YEAR),
        (TBPM, str(tags.tempo_bpm)),
        (TKEY, tags.initial_key),
        (TMOO, tags.mood),
    ):
        id3.add(frame(encoding=3, text=[text]))
    id3.save(target)
    return target.getvalue()
