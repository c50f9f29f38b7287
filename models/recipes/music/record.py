"""Print how good the analysis of music is; with the training data, measure it anew.

    python -m models.recipes.music.record [--data FOLDER] [--music FOLDER]

Without `--data` the figures of the cross-validation are those recorded of this very model file;
with it they are measured again, which takes minutes. What the demo pieces tell is
measured every time. `make evaluate-music` runs this.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from models.recipes.music.composed import composed_corpus
from models.recipes.music.cross_validation import composed_figures, cross_validated
from models.recipes.music.fitting import score_arrays
from models.recipes.music.fourq import DataError, read_corpus
from models.recipes.music.rendered import measured, seconds_a_piece
from soulsync_edge.errors import SoulSyncError

ROOT = Path(__file__).parents[3]
MODELS = ROOT / "models"
FILE = "music_affect.npz"
FIGURES = "music_affect.json"


def main() -> int:
    """Print the figures; the exit status is 1 when they cannot be had."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with the 4Q files: measure anew")
    parser.add_argument("--music", type=Path, default=ROOT / "build" / "demo-music")
    options = parser.parse_args()
    try:
        figures = recorded() if options.data is None else _cross_validated(options.data)
        figures |= {"rendered": measured(options.music, MODELS)}
        took_s = seconds_a_piece(options.music, MODELS)
    except (OSError, SoulSyncError, ValueError) as error:
        sys.stderr.write(f"music model: {error}\n")
        return 1
    if options.data is None:
        print("Recorded of this model file; `make evaluate-music DATA=folder` measures it anew.\n")
    print("\n".join(table(figures)))
    print(f"\nA piece takes {took_s:.2f} s of one core here.")
    return 0


def recorded() -> dict[str, Any]:
    """Return the figures recorded of the shipped file.

    Raises:
        ValueError: They are of another file.
    """
    figures: dict[str, Any] = json.loads((MODELS / FIGURES).read_text())
    if figures["sha256"] != hashlib.sha256((MODELS / FILE).read_bytes()).hexdigest():
        raise ValueError(
            f"{FIGURES} tells of another {FILE} than the one here; "
            "`make music-model DATA=folder` writes both"
        )
    return figures


def table(figures: dict[str, Any]) -> list[str]:
    """Return the figures as lines of a Markdown table."""
    held, rendered, composed = (
        figures[part] for part in ("cross_validation", "rendered", "composed")
    )
    lines = ["| | aim | reached |", "| --- | --- | --- |"]
    for name, what, aim in (
        ("arousal_r2", "arousal, R², artists apart", "0.53"),
        ("valence_r2", "valence, R², artists apart", "0.36"),
        ("quadrant_f1", "quadrant, macro-F1, artists apart", "0.68"),
        ("arousal_within_sd", "truth within one sd, arousal", "about 0.68"),
        ("valence_within_sd", "truth within one sd, valence", "about 0.68"),
    ):
        one = held[name]
        reached = f"{one['value']:.3f} ({one['low']:.3f} to {one['high']:.3f})"
        lines.append(f"| {what} | {aim} | {reached} |")
    for name, what, aim, digits in (
        ("tempo_within_4pct", "tempo within 4 %, demo pieces", "0.70", 2),
        ("tempo_or_octave", "the same, or its double, half, triple or third", "0.88", 2),
        ("mode", "major or minor, demo pieces", "0.80", 2),
        ("arousal_r", "arousal and what the demo pieces were composed for, r", "", 2),
        ("arousal_r_alone", "the same, each piece analysed alone", "", 2),
        ("valence_r", "valence and what the demo pieces were composed for, r", "", 2),
        ("valence_r_alone", "the same, each piece analysed alone", "", 2),
        ("moved_by_gain", "any demo piece moved by 20 dB less gain, at most", "0.02", 4),
    ):
        lines.append(f"| {what} | {aim} | {rendered[name]:.{digits}f} |")
    for name, what, aim in (
        ("tempo_within_4pct", "tempo within 4 %, composed pieces", "0.70"),
        ("tempo_or_octave", "the same, or its double, half, triple or third", "0.88"),
        ("mode", "major or minor, composed pieces", "0.80"),
        ("arousal_r", "arousal and what the cues add up to, instruments apart, r", ""),
        ("valence_r", "valence and what the cues add up to, instruments apart, r", ""),
    ):
        lines.append(f"| {what} | {aim} | {composed[name]:.2f} |")
    return lines


def _cross_validated(data: Path) -> dict[str, Any]:
    try:
        corpus, seed = read_corpus(data), recorded()["seed"]
    except DataError as error:
        raise ValueError(error) from error
    composed = composed_corpus(seed)
    score = score_arrays(composed, seed)
    return {
        "cross_validation": cross_validated(corpus, composed, score, seed),
        "composed": composed_figures(composed, seed),
    }


if __name__ == "__main__":
    sys.exit(main())
