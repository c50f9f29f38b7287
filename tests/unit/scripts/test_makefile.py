"""What the targets do that need nothing but make."""

import shutil
import subprocess
from pathlib import Path

import pytest

MAKEFILE = Path(__file__).parents[3] / "Makefile"
TRAINING = "build/emotion/teacher/emotion.pt"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder in which everything was built once."""
    shutil.copy(MAKEFILE, tmp_path)
    for built in (TRAINING, "build/emotion-quick/x", "build/demo-music/x", "build/.x", "dist/x"):
        (tmp_path / built).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / built).write_text("")
    return tmp_path


def made(folder: Path, target: str) -> str:
    done = subprocess.run(
        ["make", "--no-print-directory", target],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def left(folder: Path) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "Makefile"]
    return sorted(str(path.relative_to(folder)) for path in files)


def test_clean_keeps_hours_of_training_and_says_how_to_remove_them(checkout: Path) -> None:
    said = made(checkout, "clean")

    assert left(checkout) == [TRAINING]
    assert "build/emotion stays" in said
    assert "make clean-training" in said


def test_clean_training_removes_them_and_nothing_else(checkout: Path) -> None:
    before = left(checkout)

    assert made(checkout, "clean-training") == ""

    assert left(checkout) == [path for path in before if not path.startswith("build/emotion")]


def test_where_nothing_was_built_there_is_nothing_to_clean(tmp_path: Path) -> None:
    shutil.copy(MAKEFILE, tmp_path)

    assert made(tmp_path, "clean") == made(tmp_path, "clean-training") == ""
