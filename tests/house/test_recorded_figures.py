"""What is told of the models is what was recorded of the very files that are shipped."""

import tomllib

import pytest

from models.recipes.actor import check as actor
from models.recipes.emotion.card import CARD, documents
from models.recipes.emotion.choose_gate import RIGHT_WHEN_SURE
from models.recipes.emotion.figures import FIGURES, GATE_COMMAND, read_figures, read_gate
from models.recipes.music import card as music_card
from models.recipes.music.record import recorded
from models.recipes.music.rendered import measured
from scripts.generate_docs import ROOT
from scripts.simulate import document as simulation
from scripts.simulate.experiment import WAYS, all_cells, played_by_ours
from scripts.simulate.figures import read_record
from soulsync_edge.domain.emotion import LEAST_CONFIDENCE

MODELS = ROOT / "models"
SIMULATE = "run `make simulate WRITE=1`"


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


def test_the_gate_was_measured_with_the_shipped_file_and_keeps_what_is_mostly_right() -> None:
    shipped = tomllib.loads((MODELS / "manifest.toml").read_text("utf-8"))["models"]["emotion"]

    gate = read_gate(MODELS)

    assert gate.sha256 == shipped["sha256"], f"run {GATE_COMMAND}"
    assert gate.least_confidence == LEAST_CONFIDENCE, f"run {GATE_COMMAND}"
    assert round(gate.right, 2) >= RIGHT_WHEN_SURE, "raise LEAST_CONFIDENCE as the program says"


def test_the_actors_table_is_of_the_shipped_classifier() -> None:
    written = (MODELS / "actor.md").read_text("utf-8")
    table = written.partition(actor.BEGIN)[2].partition(actor.END)[0]

    assert actor.measured_with(MODELS) in table, "run python -m models.recipes.actor.check --write"


def test_the_music_card_tells_what_was_recorded_of_the_shipped_file() -> None:
    manifest = tomllib.loads((MODELS / "manifest.toml").read_text("utf-8"))

    assert recorded()["sha256"] == manifest["models"]["music"]["sha256"]
    for path, text in music_card.documents(ROOT).items():
        assert path.read_text("utf-8") == text, f"{path.name}: run `make docs`"


def test_what_is_recorded_of_the_demo_pieces_is_what_they_measure() -> None:
    told, measured_now = recorded()["rendered"], measured(ROOT / "build" / "demo-music", MODELS)

    for name in ("pieces", "tempo_within_4pct", "tempo_or_octave", "mode"):
        assert measured_now[name] == told[name], name
    for name in ("valence_r", "arousal_r"):
        assert measured_now[name] == pytest.approx(told[name], abs=0.01), name
    assert measured_now["moved_by_gain"] <= 0.02


def test_the_simulations_page_and_plot_are_what_was_recorded() -> None:
    for path, text in simulation.documents(ROOT).items():
        assert path.read_text("utf-8") == text, f"{path.name}: run `make docs`"


def test_all_that_is_simulated_was_recorded() -> None:
    found = read_record(ROOT / "docs").compared

    assert [one.name for one in found] == [cell.name for cell in all_cells()], SIMULATE
    assert {tuple(way.name for way in one.ways) for one in found} == {tuple(WAYS)}, SIMULATE


def test_the_simulation_was_of_the_shipped_models_and_of_this_very_steering() -> None:
    shipped = tomllib.loads((MODELS / "manifest.toml").read_text("utf-8"))["models"]

    told = read_record(ROOT / "docs")

    assert told.emotion_model == shipped["emotion"]["sha256"], SIMULATE
    assert told.music_model == shipped["music"]["sha256"], SIMULATE
    assert told.played == played_by_ours(all_cells()[0], told.seed), SIMULATE
