"""Sound out of music files: samples, loudness and peak, by PyAV (FFmpeg)."""

import hashlib
import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.audio.fifo import AudioFifo
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from numpy.typing import NDArray

from soulsync_edge.adapters.hearing.rate import RATE_HZ
from soulsync_edge.adapters.hearing.true_peak import TruePeakMeter
from soulsync_edge.errors import MediaError

EXCERPT_S = 60.0
"""Seconds of a piece that are listened to, from its middle: neither its intro nor its fading."""

SILENCE_LUFS = -70.0
"""The absolute gate: what is quieter has no loudness. Source: ITU-R BS.1770-5."""

_MOST = 8.0
"""Full scale 1: what a sample is taken for at most."""

_CANCELLED = 1e-3
"""Share of the power of two channels below which their mean says nothing: one is the other upside
down, as a badly wired cable makes it."""

_LOWEST_PEAK = 1e-5
"""Full scale 1; stands for silence."""

_MOST_BYTES = 64 * 1024 * 1024
"""Of a piece's middle that tell its content: a minute of stereo at 96 kHz and 32 bits fits."""

_TOO_LITTLE_S = 10.0
"""Seconds left behind the point where the middle would begin."""

_GATHERED = 32768
"""Samples that are handed on at once: decoders give out a thousand at a time, or fifty."""

Floats = NDArray[np.float32]
_Kind = tuple[str, str, int]
"""Format, layout and rate of a frame."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The middle of a piece, decoded.

    Attributes:
        samples: The mean of its channels, or one of two that put out each other, (N,) float32, full
            scale 1, at 22.05 kHz.
        loudness_lufs: Integrated loudness of all channels, -70 or more. Source: EBU R128.
        true_peak_dbtp: The highest point between samples, dB of full scale; -100 or more.
        is_whole: The middle is all there is.
    """

    samples: Floats
    loudness_lufs: float
    true_peak_dbtp: float
    is_whole: bool


def excerpt_of(path: Path, longest_s: float = EXCERPT_S) -> Excerpt:
    """Return the middle of the music at `path`, or all of it when it is not longer.

    Spots that cannot be decoded are passed over.

    Raises:
        MediaError: There is no sound in it, or none that can be decoded.
    """
    with _opened(path) as (file, stream):
        listener = _Listener()
        for frame in _middle(file, stream, longest_s):
            listener.hear(frame)
        return listener.excerpt(longest_s, is_whole=_length_s(file) <= longest_s)


def content_of(path: Path, longest_s: float = EXCERPT_S) -> str:
    """Return a name of the sound in the middle of the music at `path`: 32 hexadecimal digits.

    It is made from what is encoded there, and nothing is decoded: a copy has the same, and so has
    a file whose tags were changed or that lies elsewhere now.

    Raises:
        MediaError: There is no sound in it, or it cannot be read.
    """
    digest = hashlib.blake2b(digest_size=16)
    heard_s, taken = 0.0, 0
    with _opened(path) as (file, stream):
        digest.update(f"{stream.codec_context.name} {stream.rate}".encode())
        for packet in _packets(file, stream, longest_s):
            digest.update(bytes(packet))
            taken += packet.size
            heard_s += float((packet.duration or 0) * (packet.time_base or 0))
            if heard_s >= longest_s or taken >= _MOST_BYTES:
                break
    if not taken:
        raise MediaError(f"{path.name} holds no sound")
    return digest.hexdigest()


@contextmanager
def _opened(path: Path) -> Iterator[tuple[InputContainer, AudioStream]]:
    """Give the file at `path` and its first stream of sound; errors become `MediaError`."""
    try:
        # Without the prefix a name with a colon is taken for an address.
        with av.open(f"file:{path}") as file:
            if not file.streams.audio:
                raise MediaError(f"{path.name} holds no sound")
            yield file, file.streams.audio[0]
    except (av.FFmpegError, OSError, ValueError) as error:
        # ValueError: values in a damaged file that PyAV itself refuses.
        cannot = "be read" if isinstance(error, OSError) else "be decoded"
        reason = getattr(error, "strerror", None) or str(error)
        raise MediaError(f"{path.name} cannot {cannot}: {reason.lower()}") from error


def _length_s(file: InputContainer) -> float:
    """Return how long the file says it is; 0 where it does not say."""
    return (file.duration or 0) / av.time_base


def _packets(
    file: InputContainer, stream: AudioStream, longest_s: float
) -> Iterator["Packet[AudioStream]"]:
    """Yield what is encoded, from where the middle `longest_s` seconds begin."""
    length_s = _length_s(file)
    if length_s <= longest_s:
        yield from file.demux(stream)
        return
    file.seek(int((length_s - longest_s) / 2 * av.time_base))
    found_s = 0.0
    for packet in file.demux(stream):
        found_s += float((packet.duration or 0) * (packet.time_base or 0))
        yield packet
    if found_s < _TOO_LITTLE_S:  # a file that was cut short tells the length it once had
        file.seek(0)
        yield from file.demux(stream)


def _middle(file: InputContainer, stream: AudioStream, longest_s: float) -> Iterator[AudioFrame]:
    """Yield the decoded frames of the middle `longest_s` seconds."""
    heard_s = 0.0
    for packet in _packets(file, stream, longest_s):
        try:
            frames = packet.decode()
        except av.FFmpegError:
            continue
        for frame in frames:
            if frame.sample_rate and frame.samples:
                yield frame
                heard_s += frame.samples / frame.sample_rate
        if heard_s >= longest_s:
            return


class _Listener:
    """Takes decoded frames one by one and says in the end what they came to."""

    def __init__(self) -> None:
        self._kind: _Kind | None = None
        self._passed_over: Counter[_Kind] = Counter()
        self._begin()

    def _begin(self) -> None:
        self._samples = 0
        self._queue = AudioFifo()
        self._to_slow = AudioResampler("fltp", "mono", RATE_HZ)
        self._to_floats = AudioResampler("fltp")
        self._meter = av.filter.Graph()
        self._peak = TruePeakMeter()
        self._blocks: list[Floats] = []
        self._loudness_lufs = SILENCE_LUFS

    def hear(self, frame: AudioFrame) -> None:
        """Take one frame; one of another kind is damage, and passed over while it is the rarer."""
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if kind != self._kind:
            self._passed_over[kind] += frame.samples
            if self._kind is not None and self._passed_over[kind] <= self._samples:
                return
            self._begin()
            self._kind = kind
            self._connect_meter(frame)
            if frame.layout.nb_channels == len("LR"):
                self._to_slow = AudioResampler("fltp", "stereo", RATE_HZ)
        self._samples += frame.samples
        frame.pts = None  # the times in damaged files jump; what follows each other is one sound
        self._queue.write(frame)
        while gathered := self._queue.read(_GATHERED):
            self._listen(gathered)

    def excerpt(self, longest_s: float, *, is_whole: bool) -> Excerpt:
        """Return what was heard.

        Raises:
            ValueError: Nothing was.
        """
        if self._kind is None:
            raise ValueError("nothing in it makes sense")
        if rest := self._queue.read(partial=True):
            self._listen(rest)
        self._blocks += _floats(self._to_slow, None)
        channels = np.concatenate(self._blocks, axis=1)[:, : int(longest_s * RATE_HZ)]
        return Excerpt(
            samples=_mono(channels),
            loudness_lufs=max(self._loudness_lufs, SILENCE_LUFS),
            true_peak_dbtp=20 * math.log10(max(self._peak.highest, _LOWEST_PEAK)),
            is_whole=is_whole,
        )

    def _listen(self, frame: AudioFrame) -> None:
        self._measure(frame)
        self._blocks += _floats(self._to_slow, frame)
        for block in _floats(self._to_floats, frame):
            self._peak.hear(block)

    def _connect_meter(self, frame: AudioFrame) -> None:
        source = self._meter.add_abuffer(
            sample_rate=frame.sample_rate,
            format=frame.format.name,
            layout=frame.layout.name,
            time_base=frame.time_base,
        )
        meter = self._meter.add("ebur128", "metadata=1:framelog=quiet")
        sink = self._meter.add("abuffersink")
        source.link_to(meter)
        meter.link_to(sink)
        self._meter.configure()

    def _measure(self, frame: AudioFrame) -> None:
        """Let the meter hear the frame; the last it says holds for everything so far."""
        self._meter.push(frame)
        while True:
            try:
                measured = self._meter.pull()
            except (av.BlockingIOError, av.EOFError):
                return
            loudness = measured.metadata.get("lavfi.r128.I")
            if loudness is not None and math.isfinite(float(loudness)):
                self._loudness_lufs = float(loudness)


def _mono(channels: Floats) -> Floats:
    """Return the mean of one channel or two, or the first where two put out each other."""
    mean: Floats = channels.mean(axis=0)
    first: Floats = channels[0]
    return first if _power(mean) < _CANCELLED * _power(channels) else mean


def _power(sound: Floats) -> float:
    return float(np.mean(np.square(sound)))


def _floats(resampler: AudioResampler, frame: AudioFrame | None) -> list[Floats]:
    # A file of floats may hold what is no number, or more than any loudspeaker plays.
    return [
        np.clip(np.nan_to_num(one.to_ndarray().astype(np.float32, copy=False)), -_MOST, _MOST)
        for one in resampler.resample(frame)
    ]
