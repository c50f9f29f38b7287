"""The page and the plot of a simulation, made from its recorded figures."""

from pathlib import Path

import jinja2

from models.recipes.music.record import ROOT
from scripts.simulate import face, library, listener, steersmen
from scripts.simulate.evening import MINUTES, SETTLING_S
from scripts.simulate.experiment import shipped_ear
from scripts.simulate.figures import Figures, read_record
from scripts.simulate.outcome import HELD_MIN, RADIUS
from scripts.simulate.plot import simulation_svg
from scripts.simulate.telling import shortfalls, tables, verdicts

PAGE = "simulation.md"
PLOT = "simulation.svg"


def documents(root: Path) -> dict[Path, str]:
    """Return page and plot as they should be, by their places under `root`.

    Raises:
        SystemExit: The recorded figures are missing or damaged.
    """
    try:
        figures = read_record(ROOT / "docs")
    except (OSError, ValueError) as error:
        raise SystemExit(
            f"the simulation cannot be told of: {error}; `make simulate WRITE=1` records it"
        ) from error
    return {
        root / "docs" / PAGE: page(figures),
        root / "docs" / PLOT: simulation_svg(figures),
    }


def page(figures: Figures) -> str:
    """Return the page that tells `figures`, and what they rest on."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        trim_blocks=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701  # Markdown, from our own figures
        keep_trailing_newline=True,
    )
    return environment.get_template("page.md.jinja").render(
        figures=figures,
        face=face,
        library=library,
        listener=listener,
        steersmen=steersmen,
        ear=shipped_ear(),
        minutes=MINUTES,
        settling_s=SETTLING_S,
        held_min=HELD_MIN,
        radius=RADIUS,
        shortfalls=list(shortfalls(figures)),
        verdicts=list(verdicts(figures)),
        tables="\n".join(tables(figures)).strip(),
    )
