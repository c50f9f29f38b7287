"""Small music files for tests, made on the spot: a tone, and tags where wanted."""

import struct
from pathlib import Path

import numpy as np
import soundfile

_RATE_HZ = 22_050
_FORMATS = {
    ".wav": ("WAV", "PCM_16"),
    ".flac": ("FLAC", "PCM_16"),
    ".ogg": ("OGG", "VORBIS"),
    ".opus": ("OGG", "OPUS"),
    ".mp3": ("MP3", "MPEG_LAYER_III"),
    ".aiff": ("AIFF", "PCM_16"),
}


def write_tone(path: Path, seconds: float = 1.0) -> Path:
    """Write a quiet tone to `path` in the format its ending names, and return `path`."""
    if path.suffix == ".m4a":
        path.write_bytes(an_mp4(seconds))
        return path
    if path.suffix == ".wma":
        path.write_bytes(an_asf(seconds))
        return path
    rate_hz = 24_000 if path.suffix == ".opus" else _RATE_HZ
    time_s = np.arange(int(seconds * rate_hz)) / rate_hz
    container, coding = _FORMATS[path.suffix]
    tone = 0.1 * np.sin(2 * np.pi * 440.0 * time_s)
    soundfile.write(path, tone, rate_hz, format=container, subtype=coding)
    return path


def an_mp4(seconds: float) -> bytes:
    """Return an MP4 file that claims `seconds` of AAC, with no sound in it."""

    def atom(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", 8 + len(body)) + name + body

    length = int(seconds * 1000)
    mdhd = atom(b"mdhd", struct.pack(">IIIIIHH", 0, 0, 0, 1000, length, 0x55C4, 0))
    hdlr = atom(b"hdlr", struct.pack(">II4s12x", 0, 0, b"soun") + b"\0")
    about = struct.pack(">6xH8xHHHHI", 1, 2, 16, 0, 0, _RATE_HZ << 16)
    sample = atom(b"mp4a", about + atom(b"free", b""))
    stsd = atom(b"stsd", struct.pack(">II", 0, 1) + sample)
    minf = atom(b"minf", atom(b"stbl", stsd))
    trak = atom(b"trak", atom(b"mdia", mdhd + hdlr + minf))
    mvhd = atom(b"mvhd", struct.pack(">IIIII80x", 0, 0, 0, 1000, length))
    return atom(b"ftyp", b"M4A \0\0\0\0M4A mp42") + atom(b"moov", mvhd + trak)


def an_asf(seconds: float) -> bytes:
    """Return an ASF (WMA) file of `seconds` that holds its header and no sound."""

    def guid(text: str) -> bytes:
        first, second, third, fourth, fifth = text.split("-")
        start = struct.pack("<IHH", int(first, 16), int(second, 16), int(third, 16))
        return start + bytes.fromhex(fourth + fifth)

    def part(name: str, body: bytes) -> bytes:
        return guid(name) + struct.pack("<Q", 24 + len(body)) + body

    length = int(seconds * 10_000_000)
    properties = part(
        "8CABDCA1-A947-11CF-8EE4-00C00C205365",
        bytes(16) + struct.pack("<QQQQQQIIII", 0, 0, 1, length, length, 0, 2, 3200, 3200, 64_000),
    )
    return (
        guid("75B22630-668E-11CF-A6D9-00AA0062CE6C")
        + struct.pack("<QIBB", 30 + len(properties), 1, 1, 2)
        + properties
    )
