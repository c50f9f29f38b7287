"""The page and the plot of a simulation, made from its recorded figures."""

from pathlib import Path

import jinja2

from scripts.simulate import experiment, face, library, listener, steersmen
from scripts.simulate.evening import LOOK_S, MINUTES, SETTLING_S
from scripts.simulate.figures import read_record
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
        figures = read_record(root / "docs")
    except (OSError, ValueError) as error:
        raise SystemExit(
            f"the simulation cannot be told of: {error}; `make simulate WRITE=1` records it"
        ) from error
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        trim_blocks=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701  # Markdown, from our own figures
        keep_trailing_newline=True,
    )
    page = environment.get_template("page.md.jinja").render(
        figures=figures,
        experiment=experiment,
        face=face,
        library=library,
        listener=listener,
        steersmen=steersmen,
        ear=experiment.shipped_ear(),
        look_s=LOOK_S,
        minutes=MINUTES,
        settling_s=SETTLING_S,
        held_min=HELD_MIN,
        radius=RADIUS,
        shortfalls=list(shortfalls(figures)),
        verdicts=list(verdicts(figures)),
        tables="\n".join(tables(figures)).strip(),
    )
    return {
        root / "docs" / PAGE: page,
        root / "docs" / PLOT: simulation_svg(figures),
    }
