"""What a track sounds like, as measured from its samples."""

import math
from dataclasses import dataclass

KEYS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
"""Names of the pitch classes, counted from C in semitones."""


@dataclass(frozen=True, slots=True)
class Sound:
    """What a track sounds like.

    Attributes:
        tempo_bpm: Beats per minute, above 0.
        key: The tonic as a pitch class, 0 (C) to 11 (B).
        is_minor: The mode: minor, else major.
        danceability: How clear and danceable the pulse is, 0 to 1.
        loudness_lufs: Integrated loudness, LUFS; -70 stands for silence.
            Source: EBU R128 (2023), ITU-R BS.1770-5.
        true_peak_dbtp: The highest level between samples, dB below (above: positive) full scale.

    Raises:
        ValueError: A value is outside its range.
    """

    tempo_bpm: float
    key: int
    is_minor: bool
    danceability: float
    loudness_lufs: float
    true_peak_dbtp: float

    def __post_init__(self) -> None:
        if not 0.0 < self.tempo_bpm < math.inf:
            raise ValueError(f"tempo_bpm must be above 0, got {self.tempo_bpm}")
        if self.key not in range(12):
            raise ValueError(f"key must be from 0 to 11, got {self.key}")
        if not 0.0 <= self.danceability <= 1.0:
            raise ValueError(f"danceability must be from 0 to 1, got {self.danceability}")
        for name in ("loudness_lufs", "true_peak_dbtp"):
            if not math.isfinite(getattr(self, name)):
                raise ValueError(f"{name} must be a number, got {getattr(self, name)}")
