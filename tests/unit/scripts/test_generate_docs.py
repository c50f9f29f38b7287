import sys
from pathlib import Path

import pytest

from models.recipes.emotion import card
from scripts import generate_docs


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with one document from code and one from figures, none written yet."""
    monkeypatch.setattr(generate_docs, "ROOT", tmp_path)
    monkeypatch.setattr(
        generate_docs, "documents", lambda: {tmp_path / "docs" / "topics.md": "topics"}
    )
    monkeypatch.setattr(card, "documents", lambda root: {root / "models" / "card.md": "card"})
    monkeypatch.setattr(sys, "argv", ["generate_docs"])
    return tmp_path


def test_documents_from_code_and_from_figures_are_written(root: Path) -> None:
    assert generate_docs.main() == 0

    assert (root / "docs" / "topics.md").read_text() == "topics"
    assert (root / "models" / "card.md").read_text() == "card"


def test_a_check_names_what_is_out_of_date_and_writes_nothing(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    generate_docs.main()
    (root / "models" / "card.md").write_text("old")
    monkeypatch.setattr(sys, "argv", ["generate_docs", "--check"])
    capsys.readouterr()

    assert generate_docs.main() == 1

    assert capsys.readouterr().err == "models/card.md is out of date: run `make docs`\n"
    assert (root / "models" / "card.md").read_text() == "old"
