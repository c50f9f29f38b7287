"""Train the affect model of music, and write it with its figures.

    python -m models.recipes.music.train --data FOLDER

writes `models/music_affect.npz`, its entry in the manifest, and `models/music_affect.json`. Chosen
and measured by cross-validation with artists apart. Takes a few
minutes, and gives the same bytes for the same data and seed.
"""

import argparse
import hashlib
import io
import json
import sys
import zipfile
from pathlib import Path

import numpy as np

from models.recipes.emotion.manifest import write_entry
from models.recipes.music.cross_validation import cross_validated
from models.recipes.music.fitting import Arrays, fitted
from models.recipes.music.fourq import DataError, read_corpus
from models.recipes.music.record import FIGURES, FILE, MODELS, ROOT, table
from models.recipes.music.rendered import measured


def main() -> int:
    """Train on the folder named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with the 4Q files")
    parser.add_argument("--music", type=Path, default=ROOT / "build" / "demo-music")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    try:
        corpus = read_corpus(options.data)
    except DataError as error:
        sys.stderr.write(f"music model: {error}\n")
        return 1
    print(f"{len(corpus.rows)} clips, {len(set(corpus.artist.tolist()))} artists")
    figures = cross_validated(corpus, options.seed)
    content = packed(fitted(corpus, np.arange(len(corpus.rows)), options.seed))
    (MODELS / FILE).write_bytes(content)
    write_entry(
        "music",
        FILE,
        {
            "licence": "research data: see music_affect.md",
            "provenance": "trained by recipes/music on descriptors of the 4Q clips",
        },
    )
    told = {
        "schema": 1,
        "file": FILE,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "seed": options.seed,
        "descriptors": len(corpus.names),
        "cross_validation": figures,
        "rendered": measured(options.music, MODELS),
    }
    (MODELS / FIGURES).write_text(json.dumps(told, indent=2) + "\n")
    print("\n".join(table(told)))
    return 0


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
