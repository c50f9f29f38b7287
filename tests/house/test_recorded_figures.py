"""What is told of the emotion model is what was recorded of the very file that is shipped."""

import tomllib

from models.recipes.emotion.card import CARD, documents
from models.recipes.emotion.figures import FIGURES, read_figures
from scripts.generate_docs import ROOT

MODELS = ROOT / "models"


def test_card_plot_and_readme_are_what_the_recorded_figures_make() -> None:
    for path, text in documents(ROOT).items():
        assert path.read_text("utf-8") == text, f"{path.name}: run `make docs`"


def test_a_card_written_from_figures_has_them_beside_it() -> None:
    is_written_from_them = FIGURES in (MODELS / CARD).read_text("utf-8")

    assert (MODELS / FIGURES).exists() == is_written_from_them, "run `make docs`"


def test_the_recorded_figures_are_of_the_shipped_file() -> None:
    manifest = tomllib.loads((MODELS / "manifest.toml").read_text("utf-8"))
    shipped = manifest["models"]["emotion"]

    if documents(ROOT):
        measured = read_figures(MODELS).model
        assert (measured.file, measured.sha256) == (shipped["file"], shipped["sha256"])
        assert measured.size_bytes == (MODELS / shipped["file"]).stat().st_size
