"""Simulates how well ways of steering reach a goal, and prints the tables.

    python -m scripts.simulate [--runs N] [--seed N] [--only WORDS] [--quick] [--json] [--write]

`make simulate` runs it; `make simulate WRITE=1` also records the figures and writes the page and
the plot that tell them. Nobody is measured here: listeners, faces and libraries are made up.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from models.recipes.music.record import ROOT
from scripts.simulate.document import documents
from scripts.simulate.experiment import Cell, all_cells, simulated
from scripts.simulate.figures import RECORD, Figures, compared, figures
from scripts.simulate.outcome import Outcome
from scripts.simulate.telling import told
from soulsync_edge.programs.progress_bar import ProgressBar

RUNS = 40
QUICK_RUNS = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Simulate and print; return the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.write and (options.quick or options.only):
        parser.error("--write records the whole: not with --quick or --only")
    if min(options.runs, options.processes) < 1:
        parser.error("--runs and --processes must be 1 or more")
    cells = [cell for cell in all_cells() if options.only in cell.name]
    if not cells:
        names = "; ".join(cell.name for cell in all_cells())
        parser.error(f"--only {options.only} leaves nothing; there is: {names}")
    runs = QUICK_RUNS if options.quick else options.runs
    try:
        found = _simulated(cells, runs, options.seed, options.processes)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"simulate: {error}\n")
        return os.EX_UNAVAILABLE
    except KeyboardInterrupt:
        return 130
    print(found.model_dump_json(indent=1) if options.json else told(found))
    if options.write:
        _write(found)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.simulate",
        description="Simulate how well ways of steering reach a goal.",
    )
    parser.add_argument("--runs", type=int, default=RUNS, help="evenings per way, %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="what chance is drawn from")
    parser.add_argument(
        "--only", default="", help="circumstances with these words: 'sad to lift, window 0.8'"
    )
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_RUNS} evenings per way")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--write", action="store_true", help="record them, and write page and plot")
    parser.add_argument("--processes", type=int, default=2, help="at work at once, %(default)s")
    return parser


def _simulated(cells: list[Cell], runs: int, seed: int, processes: int) -> Figures:
    by_cell: dict[Cell, list[dict[str, Outcome]]] = {cell: [] for cell in cells}
    with ProgressBar("simulating", lambda: len(cells) * runs) as bar:
        for cell, outcomes in simulated(cells, runs, seed, processes):
            by_cell[cell].append(outcomes)
            bar.advance()
    return figures(runs, seed, [compared(cell, done) for cell, done in by_cell.items()])


def _write(found: Figures) -> None:
    (ROOT / "docs" / RECORD).write_text(found.model_dump_json(indent=1) + "\n", "utf-8")
    for path, text in documents(ROOT).items():
        path.write_text(text, "utf-8")
        sys.stderr.write(f"wrote {path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    sys.exit(main())
