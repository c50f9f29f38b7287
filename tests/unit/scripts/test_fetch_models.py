"""`scripts.fetch_models`: the right bytes or a clear refusal."""

import hashlib
import zipfile
from pathlib import Path

import pytest

from scripts import fetch_models
from scripts.fetch_models import Source, main

CONTENT = b"a model"
MEMBER = "inside/model.tflite"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    (tmp_path / "manifest.toml").write_text(
        f"""
        schema = 1
        [models.made_here]
        file = "own.tflite"
        sha256 = "00"
        bytes = 1
        [models.taken]
        file = "model.tflite"
        sha256 = "{hashlib.sha256(CONTENT).hexdigest()}"
        bytes = {len(CONTENT)}
        source.wheel = "not-installed-anywhere"
        source.version = "1.0"
        source.tag = "cp311-cp311-manylinux_2_17_x86_64"
        source.wheel_sha256 = "{"0" * 64}"
        source.member = "{MEMBER}"
        """,
        encoding="utf-8",
    )
    return tmp_path


def publish(monkeypatch: pytest.MonkeyPatch, member: str, content: bytes) -> list[Source]:
    """Let the wheel hold `content` as `member`; return the list of downloads to come."""
    downloads: list[Source] = []

    def download(source: Source, folder: Path) -> None:
        downloads.append(source)
        with zipfile.ZipFile(folder / "published.whl", "w") as wheel:
            wheel.writestr(member, content)

    monkeypatch.setattr(fetch_models, "download", download)
    return downloads


def fetch(models: Path) -> int:
    return main(["--models", str(models)])


def test_a_missing_model_is_taken_from_the_published_wheel(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(monkeypatch, MEMBER, CONTENT)

    assert fetch(models) == 0
    assert (models / "model.tflite").read_bytes() == CONTENT


def test_a_model_that_is_right_is_not_downloaded_again(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    downloads = publish(monkeypatch, MEMBER, CONTENT)
    (models / "model.tflite").write_bytes(CONTENT)

    assert fetch(models) == 0
    assert downloads == []


def test_a_model_with_a_flipped_byte_is_replaced(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(monkeypatch, MEMBER, CONTENT)
    (models / "model.tflite").write_bytes(b"b model")

    assert fetch(models) == 0
    assert (models / "model.tflite").read_bytes() == CONTENT


@pytest.mark.parametrize(("member", "content"), [(MEMBER, b"another"), ("elsewhere", CONTENT)])
def test_a_wheel_without_the_right_bytes_is_refused_and_nothing_written(
    models: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    member: str,
    content: bytes,
) -> None:
    publish(monkeypatch, member, content)

    assert fetch(models) == 1
    assert "model.tflite" in capsys.readouterr().err
    assert {path.name for path in models.iterdir()} == {"manifest.toml"}


def test_a_broken_manifest_is_named(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (models / "manifest.toml").write_text("models = [", encoding="utf-8")

    assert fetch(models) == 1
    assert "manifest.toml cannot be read" in capsys.readouterr().err


def test_the_face_model_of_this_project_is_in_its_place() -> None:
    wanted = list(fetch_models.wanted_models(fetch_models.MODELS / "manifest.toml"))

    assert wanted
    assert all(model.is_met_by((fetch_models.MODELS / model.file).read_bytes()) for model in wanted)
