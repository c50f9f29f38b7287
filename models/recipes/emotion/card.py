"""Write the model card, its calibration plot and the README's table from the recorded figures.

    python -m models.recipes.emotion.card

`models/emotion.md`, `models/emotion_calibration.svg` and the part of `README.md` between the two
marker comments are made from `models/emotion.json`, which `make evaluate-emotion DATA=folder`
writes, and from the manifest. `make docs` runs this too.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import jinja2

from models.recipes.emotion.calibration_plot import calibration_svg
from models.recipes.emotion.figures import (
    FIGURES,
    Export,
    Figures,
    read_export,
    read_figures,
    read_twins,
)
from models.recipes.emotion.measures import BINS, wilson
from models.recipes.emotion.options import told_options
from models.recipes.emotion.telling import percent, rounded
from soulsync_edge.adapters.emotion_tflite import MODEL
from soulsync_edge.adapters.model_manifest import ModelEntry, manifest_entry
from soulsync_edge.domain.emotion import LEAST_CONFIDENCE
from soulsync_edge.errors import ModelError

ROOT = Path(__file__).parents[3]
CARD = "emotion.md"
PLOT = "emotion_calibration.svg"
BEGIN = "<!-- emotion model: begin, written by `make docs` from models/emotion.json -->"
END = "<!-- emotion model: end -->"

_READ_OUTS = {"searched": "the second read-out", "output": "the device's own read-out"}
_TEMPLATES = Path(__file__).parent
_MODELS = "models"
_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Aim:
    """One bar the model was built against, and how far it got.

    Attributes:
        what: What is measured.
        sense: Whether more is better (`at least`) or less is (`at most`).
        bar: The aim.
        reached: The figure; None where it is not recorded.
        unit: What one is, after multiplication by `scale`.
        scale: 100 for shares and differences of shares.
        decimals: Of the figure as it is told.
        remark: What to say beside the figure.
    """

    what: str
    sense: Literal["at least", "at most"]
    bar: float
    reached: float | None
    unit: str = " %"
    scale: float = 100
    decimals: int = 2
    remark: str = ""

    @property
    def aim(self) -> str:
        """The bar in words."""
        return f"{self.sense} {self.bar * self.scale:g}{self.unit}"

    @property
    def told(self) -> str:
        """The figure in words."""
        if self.reached is None:
            return "not recorded"
        figure = rounded(self.reached * self.scale, self.decimals, whole=self.scale)
        return f"{figure}{self.unit}{self.remark}"

    @property
    def verdict(self) -> str:
        """Whether the bar was reached, judged on the unrounded figure."""
        if self.reached is None:
            return "not known"
        apart = self.reached - self.bar
        return "yes" if (apart if self.sense == "at least" else -apart) >= 0 else "**no**"


def documents(root: Path) -> dict[Path, str]:
    """Return the card, the plot and the README as they should be, by their places under `root`.

    None of them where no figures are recorded: there is nothing to write them from.

    Raises:
        SystemExit: The figures are not understood, of another model file or of another threshold
            of *unsure*, or the README has lost its markers.
    """
    models = root / _MODELS
    if not (models / FIGURES).exists():
        return {}
    figures = read_figures(models)
    export = read_export(models, figures.model.sha256)
    entry = _entry(models)
    if figures.model.sha256 != entry.sha256:
        raise SystemExit(
            f"{models / FIGURES} holds the figures of another file than {models / entry.file} "
            "(SHA-256 differs). Measure this one: make evaluate-emotion DATA=folder"
        )
    if figures.least_confidence != LEAST_CONFIDENCE:
        raise SystemExit(
            f"{models / FIGURES} was measured with the threshold of unsure at "
            f"{figures.least_confidence:g}, and LEAST_CONFIDENCE is {LEAST_CONFIDENCE:g} now. "
            "Measure with this one: make evaluate-emotion DATA=folder"
        )
    known = {
        "figures": figures,
        "export": export,
        "options": told_options(export.begun_with) if export is not None else (),
        "twins": read_twins(models),
        "entry": entry,
        "aims": aims(figures, export),
        "fer2013_read_out": _READ_OUTS[figures.fer2013_private.read_out],
        "ranges": BINS,
        "least_confidence": LEAST_CONFIDENCE,
        "plot": PLOT,
    }
    readme = root / "README.md"
    return {
        models / CARD: _filled("card.md.jinja", known),
        models / PLOT: calibration_svg(figures),
        readme: _between_markers(readme, _filled("readme.md.jinja", known)),
    }


def aims(figures: Figures, export: Export | None) -> tuple[Aim, ...]:
    """Return every bar with what was reached."""
    ferplus, fer2013 = figures.ferplus_test, figures.fer2013_private
    bright_cost = figures.changed("clean").accuracy - figures.changed("gamma 0.4").accuracy
    weakest = min(figures.robustness, key=lambda row: row.of_clean)
    apart = None if export is None else abs(export.int8_accuracy - export.float_accuracy)
    part = "" if export is None else f" on {export.part}"
    return (
        Aim("FER+ test: accuracy", "at least", 0.87, ferplus.accuracy),
        Aim(
            f"FER2013 PrivateTest: accuracy, by {_READ_OUTS[fer2013.read_out]}",
            *("at least", 0.72, fer2013.accuracy),
        ),
        Aim("FER+ test: mean class recall", "at least", 0.65, ferplus.mean_recall),
        Aim(
            "FER+ test: expected calibration error",
            *("at most", 0.03, ferplus.ece, "", 1.0, 4),
        ),
        Aim(
            "FER+ test: accuracy on the 80 % most confident",
            *("at least", 0.93, ferplus.accuracy_at_80),
        ),
        Aim(
            "FER+ test: what gamma 0.4, a strong change of light, costs",
            *("at most", 0.05, bright_cost, " points"),
        ),
        Aim(
            "FER+ test: what the hardest change leaves of the clean accuracy",
            *("at least", 0.70, weakest.of_clean),
            remark=f" ({weakest.change})",
        ),
        Aim(
            "time per face, one desktop thread",
            *("at most", 2, ferplus.ms_per_face, " ms", 1.0),
        ),
        Aim("file", "at most", 1.5, figures.model.size_bytes / _MB, " MB", 1.0),
        Aim(f"int8 against float: accuracy{part}", "at most", 0.005, apart, " points apart"),
    )


def _entry(models: Path) -> ModelEntry:
    try:
        return manifest_entry(models, MODEL)
    except ModelError as error:
        raise SystemExit(str(error)) from error


def _filled(template: str, known: dict[str, Any]) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=jinja2.select_autoescape(()),  # Markdown
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"pct": percent, "rounded": rounded, "grouped": "{:,}".format}
    environment.globals |= {"between": _between, "interval": _interval}
    # A macro ends with a line of its own; two blank lines would say nothing more than one.
    return re.sub(r"\n{3,}", "\n\n", environment.get_template(template).render(known))


def _between(share: float, n: int) -> str:
    """Return the 95 % interval of a share of `n` pictures, in words."""
    return _words(*wilson(share, n))


def _interval(figures: Figures, name: str, as_share: bool = True) -> str:  # noqa: FBT001, FBT002  # called from templates
    """Return a recorded 95 % interval in words; a dash where none was recorded."""
    if name not in figures.intervals:
        return "-"
    low, high = figures.intervals[name]
    return _words(low, high) if as_share else f"{rounded(low, 4)} to {rounded(high, 4)}"


def _words(low: float, high: float) -> str:
    return f"{percent(low).removesuffix(' %')} to {percent(high)}"


def _between_markers(readme: Path, section: str) -> str:
    written = readme.read_text("utf-8")
    before, begin, rest = written.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"{readme} has lost its markers; put them back:\n{BEGIN}\n{END}")
    return f"{before}{BEGIN}\n\n{section}\n{END}{after}"


def main() -> None:
    """Write what differs, and say so."""
    if not (ROOT / _MODELS / FIGURES).exists():
        raise SystemExit(f"{FIGURES} is missing: make evaluate-emotion DATA=folder writes it")
    for path, text in documents(ROOT).items():
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
            print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
