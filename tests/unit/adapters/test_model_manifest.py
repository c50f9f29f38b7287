import copy
import hashlib
import math
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from soulsync_edge.adapters.model_manifest import (
    CheckedModel,
    Tensor,
    checked_model,
    manifest_entry,
)
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

    assert (model.input, model.output, model.labels, model.temperature) == (None, None, (), None)


def test_a_flipped_byte_is_refused_by_its_hash(tmp_path: Path) -> None:
    write_model(tmp_path, content=b"weighTs")

    with pytest.raises(ModelError, match=r"`small`.*small\.tflite.*SHA-256 differs.*restore it"):
        checked_model(tmp_path, "small")


@pytest.mark.parametrize("content", [None, b"weighTs", b"wei"])
def test_what_set_up_fetches_is_set_up_anew_and_what_is_kept_comes_from_git(
    tmp_path: Path, content: bytes | None
) -> None:
    told = []
    for source in ("", "source.wheel = 'mediapipe'\n"):
        write_model(tmp_path, content=content or b"", extra=source)
        if content is None:
            (tmp_path / "small.tflite").unlink()
        with pytest.raises(ModelError) as refused:
            checked_model(tmp_path, "small")
        told.append(str(refused.value))

    kept, fetched = told
    assert "git checkout models/small.tflite models/manifest.toml" in kept
    assert "make setup" not in kept
    assert "make setup" in fetched
    assert "git checkout" not in fetched


def test_a_file_cut_short_is_refused_with_both_sizes(tmp_path: Path) -> None:
    write_model(tmp_path, content=b"wei")

    with pytest.raises(ModelError, match="has 3 bytes, the manifest says 7"):
        checked_model(tmp_path, "small")


def test_a_missing_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    write_model(tmp_path)
    (tmp_path / "small.tflite").unlink()

    with pytest.raises(ModelError, match=r"small\.tflite cannot be read \(No such file.*git"):
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

    with pytest.raises(ModelError, match="has schema = 2, this release reads 1"):
        checked_model(tmp_path, "small")


def test_a_model_nobody_listed_is_refused_by_name(tmp_path: Path) -> None:
    write_model(tmp_path)

    with pytest.raises(ModelError, match="`large` is not listed"):
        checked_model(tmp_path, "large")


GONE = object()
WHOLE: dict[str, Any] = {
    "schema": 1,
    "models": {
        "small": {
            "file": "small.tflite",
            "sha256": hashlib.sha256(CONTENT).hexdigest(),
            "bytes": len(CONTENT),
            "input": {"shape": [1, 4], "dtype": "int8", "scale": 0.5, "zero_point": -3},
            "output": {"shape": [1, 2], "dtype": "float32"},
            "labels": ["yes", "no"],
            "temperature": 1.5,
            "licence": "MIT",
            "provenance": "a test",
        }
    },
}


def taken_from(manifest: str) -> CheckedModel:
    """What a folder with this manifest, beside the right file, hands out."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "small.tflite").write_bytes(CONTENT)
        (folder / "manifest.toml").write_text(manifest, "utf-8")
        return checked_model(folder, "small")


def damaged(steps: tuple[str, ...], value: object) -> str:
    """The whole manifest, with another value at `steps`, or none."""
    manifest = copy.deepcopy(WHOLE)
    place = manifest
    for step in steps[:-1]:
        place = place[step]
    place[steps[-1]] = value
    if value is GONE:
        del place[steps[-1]]
    return tomlkit.dumps(manifest)


def test_a_whole_manifest_is_understood() -> None:
    assert taken_from(tomlkit.dumps(WHOLE)).temperature == 1.5


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("labels", 5, "says labels = 5; it must be a list of words, each of them once"),
        ("labels", ["yes", 2], r'says labels = \["yes", 2\]; it must be a list of words'),
        ("labels", ["yes", "yes"], r'says labels = \["yes", "yes"\]; .* each of them once'),
        ("labels", ["yes", " "], r'says labels = \["yes", " "\]; it must be a list of words'),
        ("labels", ["a"] * 500, r"says labels = \[.{100,130}\.\.\.; it must be"),
        ("temperature", "warm", 'says temperature = "warm"; it must be a number above 0'),
        ("temperature", 0, "says temperature = 0; it must be a number above 0 and finite"),
        ("temperature", -0.5, r"says temperature = -0\.5; it must be a number above 0"),
        ("temperature", math.nan, "says temperature = nan; it must be .* finite"),
        ("temperature", math.inf, "says temperature = inf; it must be .* finite"),
        ("temperature", True, "says temperature = true; it must be a number above 0"),
        ("input.shape", GONE, r"has no input\.shape; .*write `input\.shape = \[1, 64, 64, 1\]`"),
        ("input.shape", 4, r"says input\.shape = 4; it must be a list of whole numbers above 0"),
        ("input.shape", [], r"says input\.shape = \[\]; it must be a list of whole numbers"),
        ("input.shape", [1, 0], r"says input\.shape = \[1, 0\]; .* whole numbers above 0"),
        ("input.shape", [1, 2.5], r"says input\.shape = \[1, 2\.5\]; .* whole numbers"),
        ("input.dtype", GONE, r"has no input\.dtype; it must be NumPy's name of a type"),
        ("input.dtype", 8, r"says input\.dtype = 8; it must be NumPy's name of a type"),
        ("input.scale", "half", r'says input\.scale = "half"; it must be a number above 0'),
        ("input.scale", -0.5, r"says input\.scale = -0\.5; it must be a number above 0"),
        ("input.scale", math.nan, r"says input\.scale = nan; it must be a number above 0"),
        ("input.zero_point", GONE, r"has no input\.zero_point; .* wherever there is a scale"),
        ("input.zero_point", 0.5, r"says input\.zero_point = 0\.5; it must be a whole number"),
        ("input", 5, "says input = 5; it must be a table with at least shape and dtype"),
        ("output", [1, 2], r"says output = \[1, 2\]; it must be a table"),
        ("searched", "no", 'says searched = "no"; it must be a table'),
        ("file", GONE, "has no file; it must be the name of a file beside the manifest"),
        ("file", 3, "says file = 3; it must be the name of a file beside the manifest"),
        ("file", "", 'says file = ""; .* without a folder'),
        ("file", "..", r'says file = "\.\."; .* without a folder'),
        ("file", "../small.tflite", r'says file = "\.\./small.tflite"; .* without a folder'),
        ("file", "/etc/hostname", 'says file = "/etc/hostname"; .* without a folder'),
        ("file", "a\0b", r'says file = "a\\u0000b"; .* without a folder'),
        ("sha256", GONE, "has no sha256; it must be the file's SHA-256, 64 of the digits"),
        ("sha256", 7, "says sha256 = 7; it must be the file's SHA-256"),
        ("sha256", "9f86d081", 'says sha256 = "9f86d081"; .* 64 of the digits 0-9 and a-f'),
        ("sha256", "g" * 64, 'says sha256 = "g{64}"; .* 64 of the digits 0-9 and a-f'),
        ("sha256", f"{'0' * 64}\n", r'says sha256 = "0{64}\\n"; .* 64 of the digits'),
        ("bytes", GONE, "has no bytes; it must be the file's size in bytes"),
        ("bytes", "7", 'says bytes = "7"; it must be the file'),
        ("bytes", 7.5, r"says bytes = 7\.5; it must be the file's size in bytes, a whole number"),
        ("bytes", -7, "says bytes = -7; it must be the file's size in bytes.* above 0"),
        ("licence", 3, "says licence = 3; it must be text"),
        ("logit_bias", [0.1], "has 'logit_bias', which this release does not know: leave it out"),
        ("temperatures", 1.5, "has 'temperatures', .*: did you mean temperature\\?"),
        ("input.scales", 0.5, r"has 'input\.scales', .*: did you mean scale\?"),
    ],
)
def test_a_damaged_entry_is_told_by_its_key_with_what_to_write(
    key: str, value: object, told: str
) -> None:
    manifest = damaged(("models", "small", *key.split(".")), value)

    with pytest.raises(ModelError) as caught:
        taken_from(manifest)

    assert re.search(
        rf"^model `small`: its entry in .*manifest\.toml .* It {told}", f"{caught.value}"
    )
    assert "docs/models.md shows a whole manifest" in str(caught.value)


@pytest.mark.parametrize(
    ("steps", "value", "told"),
    [
        (("schema",), GONE, "has no schema, this release reads 1.*begins with `schema = 1`"),
        (("schema",), "1", 'has schema = "1", this release reads 1'),
        (("schema",), True, "has schema = true, this release reads 1"),
        (("models",), GONE, r"is not listed in .*below `\[models\.small\]`"),
        (("models",), 3, r"is not listed in .*below `\[models\.small\]`"),
        (("models", "small"), GONE, r"is not listed in .*below `\[models\.small\]`"),
        (("models", "small"), "mine", r'says `small = "mine"`; that must be a table'),
    ],
)
def test_a_manifest_of_another_form_is_told_with_how_it_is_written(
    steps: tuple[str, ...], value: object, told: str
) -> None:
    with pytest.raises(ModelError, match=rf"`small`.*{told}.*docs/models\.md shows a whole"):
        taken_from(damaged(steps, value))


def test_everything_that_is_wrong_is_told_at_once() -> None:
    text = tomlkit.dumps(WHOLE).replace("1.5", "0.0").replace("int8", "").replace("MIT", "")

    with pytest.raises(ModelError, match=r'input\.dtype = "";.*temperature = 0\.0;'):
        taken_from(text)


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 5000, "a = 0" + "1" * 5000, "schema = 1\nschema = 1"]
)
def test_what_toml_cannot_be_read_from_is_told_as_that(text: str) -> None:
    with pytest.raises(ModelError, match=r"manifest\.toml cannot be read as TOML.*Mend that line"):
        taken_from(text)


def test_a_number_without_end_is_told_in_short() -> None:
    text = tomlkit.dumps(WHOLE).replace("zero_point = -3", f"zero_point = 0x{'f' * 5000}")

    with pytest.raises(
        ModelError, match=r"says input\.zero_point = 0xf+\.\.\.; it must be a whole"
    ):
        taken_from(text)


def test_a_value_nested_without_end_is_told_in_short() -> None:
    deep = ".".join(["a"] * 3000)

    with pytest.raises(ModelError, match=r"says labels = \{a = \{a = \{a = \.\.\.\}\}\}; it must"):
        taken_from(f"schema = 1\n[models.small]\nlabels.{deep} = 1\n")


def places(inside: dict[str, Any], way: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Where there is a value in the manifest, tables included."""
    found = []
    for key, value in inside.items():
        found.append((*way, key))
        if isinstance(value, dict):
            found += places(value, (*way, key))
    return found


numbers = st.integers(-(2**63), 2**63 - 1) | st.floats()
values = st.recursive(
    st.just(GONE) | st.booleans() | numbers | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner.filter(lambda one: one is not GONE), max_size=4)
        | st.dictionaries(st.sampled_from("ab"), inner.filter(lambda one: one is not GONE))
    ),
    max_leaves=6,
)


@given(st.sampled_from(places(WHOLE)), values)
def test_no_other_value_anywhere_gives_anything_but_a_model_error(
    steps: tuple[str, ...], value: object
) -> None:
    _ends_as_it_should(damaged(steps, value))


@given(st.data())
def test_no_change_of_the_text_gives_anything_but_a_model_error(data: st.DataObject) -> None:
    text = tomlkit.dumps(WHOLE)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    put_in = data.draw(st.text(st.sampled_from("0123456789.-+_=[]{}'\"#\n\\ax einf"), max_size=8))

    _ends_as_it_should(text[:start] + put_in + text[end:])


def _ends_as_it_should(manifest: str) -> None:
    """Either the file is handed out, or a model error says why not."""
    try:
        told = f"{taken_from(manifest).content!r}"
    except ModelError as error:
        told = str(error)
    assert told == repr(CONTENT) or re.match("model `small`.{20,3000}", told, re.DOTALL)


def test_the_manifest_that_the_document_shows_is_understood(tmp_path: Path) -> None:
    document = (SHIPPED.parent / "docs" / "models.md").read_text("utf-8")
    (shown,) = (text for text in document.split("```\n") if text.startswith("schema = "))
    (tmp_path / "manifest.toml").write_text(
        shown.replace('sha256 = "..."', f'sha256 = "{"0" * 64}"')
    )

    entry = manifest_entry(tmp_path, "emotion")

    assert (entry.file, len(entry.labels)) == ("mine.tflite", 8)


@pytest.mark.parametrize("name", ["emotion", "actor"])
def test_the_shipped_models_are_the_ones_in_the_shipped_manifest(name: str) -> None:
    assert checked_model(SHIPPED, name).content
