import hashlib
from pathlib import Path

import pytest

from soulsync_edge.adapters.model_manifest import Tensor, checked_model
from soulsync_edge.errors import ModelError

CONTENT = b"weights"
SHIPPED = Path(__file__).parents[3] / "models"


def write_model(folder: Path, content: bytes = CONTENT, extra: str = "", schema: int = 1) -> None:
    """A manifest for CONTENT, beside a file holding `content`."""
    (folder / "small.tflite").write_bytes(content)
    (folder / "manifest.toml").write_text(
        f"schema = {schema}\n[models.small]\nfile = 'small.tflite'\nbytes = {len(CONTENT)}\n"
        f"sha256 = '{hashlib.sha256(CONTENT).hexdigest()}'\n{extra}"
    )


def test_a_right_file_is_handed_out_with_what_the_manifest_says_of_it(tmp_path: Path) -> None:
    write_model(
        tmp_path,
        extra=(
            "input.shape = [1, 4]\ninput.dtype = 'int8'\ninput.scale = 0.5\n"
            "input.zero_point = -3\noutput.shape = [1, 2]\n"
            "output.dtype = 'float32'\nlabels = ['yes', 'no']\ntemperature = 1.5\n"
        ),
    )

    model = checked_model(tmp_path, "small")

    assert model.content == CONTENT
    assert model.path == tmp_path / "small.tflite"
    assert model.input == Tensor((1, 4), "int8", scale=0.5, zero_point=-3)
    assert model.output == Tensor((1, 2), "float32")
    assert model.labels == ("yes", "no")
    assert model.temperature == 1.5


def test_a_file_without_tensors_and_labels_is_handed_out_too(tmp_path: Path) -> None:
    write_model(tmp_path)

    model = checked_model(tmp_path, "small")

    assert (model.input, model.output, model.labels, model.temperature) == (None, None, (), 1.0)


def test_a_flipped_byte_is_refused_by_its_hash(tmp_path: Path) -> None:
    write_model(tmp_path, content=b"weighTs")

    with pytest.raises(ModelError, match=r"`small`.*small\.tflite.*SHA-256 differs.*make setup"):
        checked_model(tmp_path, "small")


def test_a_file_cut_short_is_refused_with_both_sizes(tmp_path: Path) -> None:
    write_model(tmp_path, content=b"wei")

    with pytest.raises(ModelError, match="has 3 bytes, the manifest says 7"):
        checked_model(tmp_path, "small")


def test_a_missing_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    write_model(tmp_path)
    (tmp_path / "small.tflite").unlink()

    with pytest.raises(ModelError, match=r"small\.tflite cannot be read \(No such file.*make"):
        checked_model(tmp_path, "small")


def test_a_missing_manifest_is_a_model_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"manifest\.toml cannot be read"):
        checked_model(tmp_path, "small")


def test_a_manifest_that_is_not_toml_is_a_model_error(tmp_path: Path) -> None:
    (tmp_path / "manifest.toml").write_bytes(b"\xff\x00 = [")

    with pytest.raises(ModelError, match=r"manifest\.toml cannot be read"):
        checked_model(tmp_path, "small")


def test_a_manifest_of_another_schema_is_refused(tmp_path: Path) -> None:
    write_model(tmp_path, schema=2)

    with pytest.raises(ModelError, match="has schema 2, this release reads 1"):
        checked_model(tmp_path, "small")


def test_a_model_nobody_listed_is_refused_by_name(tmp_path: Path) -> None:
    write_model(tmp_path)

    with pytest.raises(ModelError, match="`large` is not listed"):
        checked_model(tmp_path, "large")


@pytest.mark.parametrize("extra", ["input = 5\n", "input.shape = [1]\n", "temperature = 'hot'\n"])
def test_an_entry_that_makes_no_sense_is_a_model_error(tmp_path: Path, extra: str) -> None:
    write_model(tmp_path, extra=extra)

    with pytest.raises(ModelError, match="is not understood"):
        checked_model(tmp_path, "small")


@pytest.mark.parametrize("name", ["emotion", "actor"])
def test_the_shipped_models_are_the_ones_in_the_shipped_manifest(name: str) -> None:
    assert checked_model(SHIPPED, name).content
