"""What a piece of music sounds like, and where that places it on the affect plane."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soulsync_edge.adapters.hearing.affect_model import MODEL, load_affect_model
from soulsync_edge.adapters.hearing.descriptors import descriptors_of, names, vector
from soulsync_edge.adapters.hearing.frames import frames_of
from soulsync_edge.adapters.hearing.rhythm import pulse_of
from soulsync_edge.adapters.hearing.tonal import key_of
from soulsync_edge.adapters.model_manifest import checked_model
from soulsync_edge.adapters.sound_av import excerpt_of
from soulsync_edge.domain.affect import Affect, Spread
from soulsync_edge.domain.sound import Sound
from soulsync_edge.errors import MediaError


@dataclass(frozen=True, slots=True)
class Listened:
    """What listening to a piece came to.

    Attributes:
        descriptors: (D,) float64, in the order of `names`.
        sound: What it sounds like.
    """

    descriptors: NDArray[np.float64]
    sound: Sound


class AudioAnalyst:
    """Listens to music files.

    Args:
        models: Folder of the models.

    Raises:
        ModelError: The affect model is missing, damaged, or made for other descriptors.
    """

    def __init__(self, models: Path) -> None:
        checked = checked_model(models, MODEL)
        self._model = load_affect_model(BytesIO(checked.content), checked.path.name, names())

    def listened(self, path: Path) -> Listened:
        """Return what the middle minute of the piece at `path` sounds like.

        Raises:
            MediaError: It cannot be decoded, is silent or too short.
        """
        excerpt = excerpt_of(path)
        try:
            frames = frames_of(excerpt.samples, is_whole=excerpt.is_whole)
            row = vector(descriptors_of(frames))
        except ValueError as error:
            raise MediaError(f"{path.name} cannot be placed: {error}") from error
        # By the training data's measure: a tempo must not depend on what else is in the library.
        [(affect, _)] = self._model.placed(row[None], self._model.usual)
        pulse = pulse_of(frames, affect.arousal)
        key, is_minor = key_of(frames)
        sound = Sound(
            tempo_bpm=pulse.tempo_bpm,
            key=key,
            is_minor=is_minor,
            danceability=pulse.danceability,
            loudness_lufs=excerpt.loudness_lufs,
            true_peak_dbtp=excerpt.true_peak_dbtp,
        )
        return Listened(row, sound)

    def placed(self, library: Sequence[Listened]) -> list[tuple[Affect, Spread]]:
        """Return where each piece of a library sits on the affect plane, and how unsure that is.

        The pieces are measured partly by each other, the more so the more they are.
        """
        if not library:
            return []
        rows = np.stack([piece.descriptors for piece in library])
        return self._model.placed(rows, self._model.blended(rows))
