"""Train the affect model of music, and write it with its figures.

    python -m models.recipes.music.train --data FOLDER

writes `models/music_affect.npz`, its entry in the manifest, and `models/music_affect.json`.
Measured by cross-validation with artists apart, by which the settings were chosen too. Takes a few
minutes, and gives the same bytes for the same data and seed.
"""

import argparse
import hashlib
import io
import json
import shutil
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from models.recipes.manifest import write_entry
from models.recipes.music.composed import composed_corpus
from models.recipes.music.cross_validation import composed_figures, cross_validated
from models.recipes.music.fitting import Arrays, fitted, score_arrays
from models.recipes.music.fourq import DataError, read_corpus
from models.recipes.music.record import FIGURES, FILE, MODELS, ROOT, table
from models.recipes.music.rendered import measured, pieces
from soulsync_edge.adapters.hearing.affect_model import HALF_KNOWN
from soulsync_edge.adapters.model_manifest import MANIFEST
from soulsync_edge.errors import SoulSyncError


def main() -> int:
    """Train on the folder named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with the 4Q files")
    parser.add_argument("--music", type=Path, default=ROOT / "build" / "demo-music")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    try:
        pieces(options.music)  # asked before minutes of work, needed after them
        told = _trained(options.data, options.music, options.seed)
    except (DataError, SoulSyncError, OSError) as error:
        sys.stderr.write(f"music model: {error}\n")
        return 1
    print("\n".join(table(told)))
    return 0


def _trained(data: Path, music: Path, seed: int) -> dict[str, Any]:
    """Train, measure, and write the model, its entry and its figures; returns the figures."""
    corpus = read_corpus(data)
    print(f"{len(corpus.rows)} clips, {len(set(corpus.artist.tolist()))} artists")
    composed = composed_corpus(seed)
    print(f"{len(composed.rows)} pieces composed and rendered")
    score = score_arrays(composed, seed)
    figures = cross_validated(corpus, composed, score, seed)
    everything = np.arange(len(corpus.rows))
    content = packed(fitted(corpus, everything, composed, score, seed))
    with TemporaryDirectory() as place:
        shutil.copy(MODELS / MANIFEST, place)
        _put(content, Path(place))
        rendered = measured(music, Path(place))
    _put(content, MODELS)
    told = {
        "schema": 2,
        "file": FILE,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "seed": seed,
        "descriptors": len(corpus.names),
        "half_known": HALF_KNOWN,
        "cross_validation": figures,
        "composed": composed_figures(composed, seed),
        "rendered": rendered,
    }
    (MODELS / FIGURES).write_text(json.dumps(told, indent=2) + "\n")
    return told


def _put(content: bytes, folder: Path) -> None:
    (folder / FILE).write_bytes(content)
    details = {
        "licence": "research data: see music_affect.md",
        "provenance": "trained by recipes/music on descriptors of the 4Q clips and own pieces",
    }
    write_entry("music", FILE, details, folder)


def packed(arrays: Arrays) -> bytes:
    """Return the arrays as an npz file that has no date in it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy")
            entry.compress_type = zipfile.ZIP_DEFLATED
            member = io.BytesIO()
            np.save(member, array, allow_pickle=False)
            archive.writestr(entry, member.getvalue())
    return buffer.getvalue()


if __name__ == "__main__":
    sys.exit(main())
