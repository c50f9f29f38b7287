"""How good the analysis is on the demo pieces, whose tempo, mode and mood are known."""

import io
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from soulsync_edge.adapters.features_audio import AudioAnalyst
from soulsync_edge.adapters.sound_av import RATE_HZ, excerpt_of

TRUTH = "pieces.json"

_MINOR = frozenset({"minor", "dorian", "phrygian", "harmonic minor", "aeolian"})
"""Modes with a minor third."""

_NEAR = 0.04
_OCTAVES = (1.0, 2.0, 0.5, 3.0, 1 / 3)
_GAIN_DB = -20.0


def measured(folder: Path, models: Path) -> dict[str, Any]:
    """Return the figures of the demo pieces in `folder`.

    Raises:
        FileNotFoundError: They have not been made.
        MediaError: One cannot be analysed.
        ModelError: The affect model is missing or damaged.
    """
    pieces = json.loads((folder / TRUTH).read_text())
    analyst = AudioAnalyst(models)
    began_s = time.process_time()
    heard = [analyst.listened(folder / piece["path"]) for piece in pieces]
    seconds = time.process_time() - began_s
    length_s = sum(piece["seconds"] for piece in pieces)
    ratio = np.array(
        [one.sound.tempo_bpm / piece["tempo_bpm"] for one, piece in zip(heard, pieces, strict=True)]
    )
    octaves = np.abs(ratio[:, None] / np.array(_OCTAVES) - 1).min(axis=1)
    places = analyst.placed(heard)
    told = np.array([[affect.valence, affect.arousal] for affect, _ in places])
    meant = np.array([[piece["valence"], piece["arousal"]] for piece in pieces])
    return {
        "pieces": len(pieces),
        "tempo_within_4pct": float(np.mean(np.abs(ratio - 1) <= _NEAR)),
        "tempo_or_octave": float(np.mean(octaves <= _NEAR)),
        "mode": float(
            np.mean(
                [
                    one.sound.is_minor == (piece["mode"] in _MINOR)
                    for one, piece in zip(heard, pieces, strict=True)
                ]
            )
        ),
        "valence_r": float(np.corrcoef(told[:, 0], meant[:, 0])[0, 1]),
        "arousal_r": float(np.corrcoef(told[:, 1], meant[:, 1])[0, 1]),
        "moved_by_gain": _moved_by_gain(analyst, folder / pieces[0]["path"]),
        "cpu_s_per_track": seconds / len(pieces),
        "mean_length_s": length_s / len(pieces),
    }


def _moved_by_gain(analyst: AudioAnalyst, path: Path) -> float:
    """Return how far a piece moves on the plane, on its worse axis, when 20 dB softer."""
    samples = excerpt_of(path).samples
    places = []
    with tempfile.TemporaryDirectory() as folder:
        for gain_db in (0.0, _GAIN_DB):
            file = Path(folder) / f"{gain_db:g}.wav"
            content = io.BytesIO()
            soundfile.write(content, samples * 10 ** (gain_db / 20), RATE_HZ, format="WAV")
            file.write_bytes(content.getvalue())
            [(affect, _)] = analyst.placed([analyst.listened(file)])
            places.append(affect)
    one, other = places
    return max(abs(one.valence - other.valence), abs(one.arousal - other.arousal))
