"""Where the pieces of a library sit on the affect plane, from what listening to them left."""

import hashlib
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soulsync_edge.adapters.hearing.affect_model import MODEL, load_affect_model
from soulsync_edge.adapters.hearing.packing import unpacked
from soulsync_edge.adapters.model_manifest import checked_model
from soulsync_edge.domain.hints import Placed

_AT_ONCE = 256
"""Pieces placed in one go: all trees are asked together, which takes memory for each."""


class MusicPlaces:
    """Places music by its descriptors. Needs no decoder: nothing is listened to here.

    Args:
        models: Folder of the models.

    Raises:
        ModelError: The affect model is missing or damaged.
    """

    def __init__(self, models: Path) -> None:
        checked = checked_model(models, MODEL)
        self._model = load_affect_model(BytesIO(checked.content), checked.path.name)
        names = self._model.names
        self._count = len(names)
        self.version = hashlib.blake2b("\n".join(names).encode(), digest_size=8).hexdigest()
        """Names the descriptors: those the model knows, which are those the listener makes."""

    def placed(self, library: Sequence[str]) -> list[Placed]:
        """Return where each piece of a library sits, and how unsure that is.

        The pieces are measured partly by each other, the more so the more they are. Takes a
        while for a large library.

        Args:
            library: Descriptors of all its pieces, as `packed`.
        """
        if not library:
            return []
        rows = np.stack([self._row(text) for text in library])
        normal = self._model.blended(rows)
        return [
            Placed(affect, spread, "its sound")
            for start in range(0, len(rows), _AT_ONCE)
            for affect, spread in self._model.placed(rows[start : start + _AT_ONCE], normal)
        ]

    def _row(self, text: str) -> NDArray[np.float64]:
        """Return the descriptors in `text`; what a failing card made of them counts as usual."""
        usual = self._model.usual.mean
        try:
            row = unpacked(text)
        except ValueError:
            return usual
        return np.where(np.isfinite(row), row, usual) if len(row) == self._count else usual
