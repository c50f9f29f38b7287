"""What is made from code is up to date."""

import tomllib
from pathlib import Path

import pytest

from scripts.generate_docs import ROOT, documents
from soulsync_edge.settings import Settings


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_a_generated_document_equals_what_the_code_makes(path: Path) -> None:
    assert path.read_text("utf-8") == documents()[path], "run `make docs`"


def test_the_example_file_holds_the_defaults() -> None:
    example = (ROOT / "config" / "soulsync.example.toml").read_text("utf-8")

    assert Settings.model_validate(tomllib.loads(example)) == Settings()
