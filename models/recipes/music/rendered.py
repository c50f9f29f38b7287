"""How good the analysis is on the demo pieces, whose tempo, mode and mood are known."""

import io
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from models.recipes.music.composed import tempo_ratios
from models.recipes.music.cues import MINOR
from soulsync_edge.adapters.features_audio import AudioAnalyst
from soulsync_edge.adapters.hearing.rate import RATE_HZ
from soulsync_edge.adapters.sound_av import excerpt_of
from soulsync_edge.domain.affect import Affect, Spread

TRUTH = "pieces.json"

_GAIN_DB = -20.0


def pieces(folder: Path) -> list[dict[str, Any]]:
    """Return what the demo pieces in `folder` were composed to be.

    Raises:
        OSError: They have not been made; says how to.
    """
    try:
        told: list[dict[str, Any]] = json.loads((folder / TRUTH).read_text())
    except FileNotFoundError as error:
        raise OSError(f"{folder} holds no demo pieces; `make setup` renders them") from error
    return told


def measured(folder: Path, models: Path) -> dict[str, float]:
    """Return the figures of the demo pieces in `folder`.

    Raises:
        OSError: They have not been made.
        MediaError: One cannot be analysed.
        ModelError: The affect model is missing or damaged.
    """
    truth = pieces(folder)
    analyst = AudioAnalyst(models)
    heard = [analyst.listened(folder / piece["path"]) for piece in truth]
    is_mode_right = [
        one.sound.is_minor == (piece["mode"] in MINOR)
        for one, piece in zip(heard, truth, strict=True)
    ]
    meant = np.array([[piece["valence"], piece["arousal"]] for piece in truth])
    together = _correlation(analyst.placed(heard), meant)
    each_alone = _correlation([analyst.placed([one])[0] for one in heard], meant)
    return {
        "pieces": len(truth),
        **tempo_ratios(
            [one.sound.tempo_bpm for one in heard], [piece["tempo_bpm"] for piece in truth]
        ),
        "mode": float(np.mean(is_mode_right)),
        "valence_r": together[0],
        "arousal_r": together[1],
        "valence_r_alone": each_alone[0],
        "arousal_r_alone": each_alone[1],
        "moved_by_gain": max(_moved_by_gain(analyst, folder / piece["path"]) for piece in truth),
    }


def seconds_a_piece(folder: Path, models: Path) -> float:
    """Return how much time of one core it takes to analyse a demo piece in `folder`, the mean.

    Raises:
        OSError: They have not been made.
        MediaError: One cannot be analysed.
        ModelError: The affect model is missing or damaged.
    """
    analyst = AudioAnalyst(models)
    files = [folder / piece["path"] for piece in pieces(folder)]
    analyst.listened(files[0])  # the first one also makes what all need
    begun_s = time.process_time()
    for file in files:
        analyst.listened(file)
    return (time.process_time() - begun_s) / len(files)


def _correlation(
    places: list[tuple[Affect, Spread]], meant: NDArray[np.float64]
) -> tuple[float, float]:
    """Return how well valence and arousal go with what was meant, Pearson's r."""
    told = np.array([[affect.valence, affect.arousal] for affect, _ in places])
    valence, arousal = (float(np.corrcoef(told[:, a], meant[:, a])[0, 1]) for a in (0, 1))
    return valence, arousal


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
