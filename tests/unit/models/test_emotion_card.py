"""The model card, its plot and the README's table, made from made-up figures."""

import ast
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from models.recipes.emotion import card
from models.recipes.emotion.figures import EXPORT, FIGURES, TWINS, measuring_anew, read_figures
from models.recipes.emotion.options import ABOUT
from soulsync_edge.domain.emotion import LEAST_CONFIDENCE

FERPLUS = ["neutral", "happy", "surprise", "sad", "angry", "disgust", "fear", "contempt"]
FER2013 = ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]
SHA256 = "5" * 64
SVG = "{http://www.w3.org/2000/svg}"


def some_report(labels: list[str], n: int, **changed: Any) -> dict[str, Any]:
    """Every class has 100 pictures, 90 of them right; the first class takes the rest."""
    confusion = [[0] * len(labels) for _ in labels]
    for row, counts in enumerate(confusion):
        counts[0] += 10
        counts[row] += 90
    report = {
        "n": n,
        "accuracy": 0.88,
        "mean_recall": 0.66,
        "ece": 0.02,
        "accuracy_at_80": 0.94,
        "ms_per_face": 1.0,
        "confusion": confusion,
        "labels": labels,
        "faces_found": 0.98,
        "unsure": 0.01,
    }
    return report | changed


def some_figures() -> dict[str, Any]:
    """Figures that meet every aim."""
    return {
        "schema": 1,
        "model": {"file": "emotion.tflite", "sha256": SHA256, "bytes": 1_400_000},
        "machine": {"cores": 2, "python": "3.11.2"},
        "least_confidence": LEAST_CONFIDENCE,
        "ferplus_test": some_report(FERPLUS, 3153),
        "fer2013_private": some_report(FER2013, 3589, accuracy=0.73, read_out="searched"),
        "robustness": [
            {"change": "clean", "accuracy": 0.88, "mean_recall": 0.66, "of_clean": 1.0},
            {"change": "gamma 0.4", "accuracy": 0.86, "mean_recall": 0.6, "of_clean": 0.977},
            {"change": "JPEG 20", "accuracy": 0.7, "mean_recall": 0.5, "of_clean": 0.795},
        ],
        "calibration": [
            {"from": 0.8, "to": 0.9, "n": 400, "confidence": 0.86, "accuracy": 0.84},
            {"from": 0.9, "to": 1.0, "n": 2753, "confidence": 0.97, "accuracy": 0.96},
        ],
        "risk_coverage": [{"coverage": 0.8, "risk": 0.06, "least_confidence": 0.71}],
        "by_brightness": [{"name": "darkest third", "n": 1051, "accuracy": 0.83}],
        "by_face_px": [{"face_px": 24, "n": 3153, "accuracy": 0.77}],
        "intervals": {"ferplus_test.accuracy": [0.868, 0.891], "ferplus_test.ece": [0.01, 0.03]},
    }


def some_export(**changed: Any) -> dict[str, Any]:
    export = {
        "sha256": SHA256,
        "part": "PublicTest",
        "float_accuracy": 0.881,
        "int8_accuracy": 0.88,
        "mean_difference": 0.0021,
        "temperature": 0.7,
        "balance": 0.5,
    }
    return export | changed


def checkout(folder: Path, figures: dict[str, Any], export: dict[str, Any] | None = None) -> Path:
    """A folder with what the card is made from."""
    models = folder / "models"
    models.mkdir()
    (models / "manifest.toml").write_text(
        f"schema = 1\n[models.emotion]\nfile = 'emotion.tflite'\nsha256 = '{SHA256}'\n"
        "bytes = 1400000\ninput.shape = [1, 64, 64, 1]\ninput.dtype = 'int8'\n"
        "output.shape = [1, 8]\noutput.dtype = 'int8'\nsearched.shape = [1, 7]\n"
        f"searched.dtype = 'int8'\nlabels = {FERPLUS}\ntemperature = 0.7\n"
        "licence = 'research data: see emotion.md'\n"
    )
    (models / FIGURES).write_text(json.dumps(figures))
    if export is not None:
        (models / EXPORT).write_text(json.dumps(export))
    (folder / "README.md").write_text(f"# before\n{card.BEGIN}\nold\n{card.END}\nafter\n")
    return folder


def made(folder: Path, name: str) -> str:
    (text,) = (text for path, text in card.documents(folder).items() if path.name == name)
    return text


def row_of(text: str, what: str) -> str:
    """The one table row that begins with `what`."""
    (row,) = (line for line in text.splitlines() if line.startswith(f"| {what}"))
    return row


def test_the_card_tells_how_many_test_pictures_have_near_twins_in_training(tmp_path: Path) -> None:
    folder = checkout(tmp_path, some_figures())
    uncounted = made(folder, card.CARD)
    counted = {
        "least_likeness": 0.95,
        "trained_on": 38753,
        "ferplus_test": {"n": 3153, "twins": 268},
        "fer2013_private": {"n": 3589, "twins": 303},
    }
    (folder / "models" / TWINS).write_text(json.dumps(counted))

    text = made(folder, card.CARD)

    assert "How many near twins of test pictures were trained on" in uncounted
    assert "pictures of the FER+ test 268 (8.5 %) have one, at least, among the 38,753" in text
    assert "PrivateTest 303 (8.4 %)" in text


def test_counted_near_twins_that_are_not_understood_are_named(tmp_path: Path) -> None:
    folder = checkout(tmp_path, some_figures())
    (folder / "models" / TWINS).write_text('{"trained_on": "many"}')

    with pytest.raises(SystemExit, match=r"emotion_twins\.json is not .*near_duplicates .*--write"):
        made(folder, card.CARD)


def test_the_card_tells_the_figures_with_their_intervals(tmp_path: Path) -> None:
    text = made(checkout(tmp_path, some_figures(), some_export()), card.CARD)

    assert row_of(text, "accuracy | 88.00 %") == "| accuracy | 88.00 % | 86.8 to 89.1 % |"
    assert "| 0.0200 | 0.0100 to 0.0300 |" in text
    assert "\n| happy | 10 | 90 | 0 | 0 | 0 | 0 | 0 | 0 | 100 | 90.0 % | 82.6 to 94.5 % |" in text
    assert row_of(text, "JPEG 20").startswith("| JPEG 20 | 70.0 % | 68.4 to 71.6 % | 79.5 % |")
    assert row_of(text, "80.0 %") == "| 80.0 % | 6.0 % | 0.710 |"
    assert row_of(text, "darkest third").startswith("| darkest third | 1,051 | 83.0 % |")
    assert row_of(text, "24 pixels").startswith("| 24 pixels | 3,153 | 77.0 % |")
    assert "float 88.10 % right, int8 88.00 %" in text


def test_the_card_calls_nothing_whole_that_is_not(tmp_path: Path) -> None:
    figures = some_figures()
    figures["ferplus_test"]["faces_found"] = 0.99996
    figures["robustness"][1]["of_clean"] = 0.99961
    figures["robustness"][1]["faces_found"] = 0.99968
    figures["ferplus_test"]["ece"] = 0.00003

    text = made(checkout(tmp_path, figures), card.CARD)

    assert "\n| face found by the device's own finder | 99.996 % |" in text
    assert "| 99.96 % |" in row_of(text, "gamma 0.4")
    assert row_of(text, "gamma 0.4").endswith("| 99.97 % |")
    assert "| at most 0.03 | 0.00003 | yes |" in text


def test_the_card_says_which_read_out_gave_which_figures(tmp_path: Path) -> None:
    text = made(checkout(tmp_path, some_figures()), card.CARD)

    assert "## How good it is: eight classes, the read-out the device uses" in text
    assert "## How good it is: seven words, the second read-out" in text
    assert "| second read-out, only for comparison | `[1, 7]` int8 logits" in text


def test_a_model_without_a_second_read_out_claims_none(tmp_path: Path) -> None:
    figures = some_figures()
    figures["fer2013_private"]["read_out"] = "output"
    folder = checkout(tmp_path, figures)
    manifest = folder / "models" / "manifest.toml"
    manifest.write_text(re.sub(r"searched.*\n", "", manifest.read_text()))

    text = made(folder, card.CARD)

    assert "| second read-out" not in text
    assert "## How good it is: seven words, the device's own read-out" in text


def test_the_card_says_what_nobody_knows_and_what_it_is_not_for(tmp_path: Path) -> None:
    text = made(checkout(tmp_path, some_figures()), card.CARD)

    assert "**Nothing is known about how it does by age, skin\ncolour, gender or culture**" in text
    for word in ("Diagnosis", "Hiring", "Policing", "Telling what somebody feels"):
        assert f"- {word}" in text


def test_every_aim_is_met_by_figures_that_meet_it(tmp_path: Path) -> None:
    text = made(checkout(tmp_path, some_figures(), some_export()), "README.md")

    verdicts = re.findall(r"\| (\S+) \|$", text, re.MULTILINE)
    assert verdicts == ["met", "---", *["yes"] * 10]


@pytest.mark.parametrize(
    ("part", "key", "value", "row"),
    [
        ("ferplus_test", "accuracy", 0.86996, "FER+ test: accuracy | at least 87 % | 87.00 %"),
        ("fer2013_private", "accuracy", 0.7, "FER2013 PrivateTest: accuracy, by the second"),
        ("ferplus_test", "mean_recall", 0.64, "FER+ test: mean class recall | at least 65 %"),
        ("ferplus_test", "ece", 0.031, "FER+ test: expected calibration error | at most 0.03"),
        ("ferplus_test", "accuracy_at_80", 0.92, "FER+ test: accuracy on the 80 %"),
        ("ferplus_test", "ms_per_face", 2.1, "time per face, one desktop thread | at most 2 ms"),
        ("model", "bytes", 1_500_001, "file | at most 1.5 MB | 1.50 MB"),
    ],
)
def test_a_missed_aim_stands_as_missed(
    tmp_path: Path, part: str, key: str, value: float, row: str
) -> None:
    figures = some_figures()
    figures[part][key] = value
    folder = checkout(tmp_path, figures, some_export())

    for name in (card.CARD, "README.md"):
        text = made(folder, name)
        assert row_of(text, row).endswith("| **no** |")
        assert text.count("| **no** |") == 1


@pytest.mark.parametrize(
    ("change", "key", "value", "row"),
    [
        (1, "accuracy", 0.82, "FER+ test: what gamma 0.4"),
        (2, "of_clean", 0.69, "FER+ test: what the hardest change leaves"),
    ],
)
def test_a_change_that_costs_too_much_stands_as_missed(
    tmp_path: Path, change: int, key: str, value: float, row: str
) -> None:
    figures = some_figures()
    figures["robustness"][change][key] = value

    text = made(checkout(tmp_path, figures, some_export()), card.CARD)

    assert row_of(text, row).endswith("| **no** |")


@pytest.mark.parametrize("int8", [0.8759, 0.8862])
def test_int8_too_far_from_float_on_either_side_stands_as_missed(
    tmp_path: Path, int8: float
) -> None:
    export = some_export(int8_accuracy=int8)

    text = made(checkout(tmp_path, some_figures(), export), card.CARD)

    assert row_of(text, "int8 against float").endswith("| **no** |")


def test_a_comparison_nobody_recorded_is_not_made_up(tmp_path: Path) -> None:
    text = made(checkout(tmp_path, some_figures()), card.CARD)

    assert row_of(text, "int8 against float").endswith("| not recorded | not known |")
    assert "Not recorded yet" in text


def test_a_comparison_of_another_file_is_not_told(tmp_path: Path) -> None:
    folder = checkout(tmp_path, some_figures(), some_export(sha256="6" * 64))

    text = made(folder, card.CARD)

    assert row_of(text, "int8 against float").endswith("| not recorded | not known |")


def test_the_card_tells_what_the_weights_were_trained_with(tmp_path: Path) -> None:
    begun_with: dict[str, Any] = {
        "seed": 1,
        "weight_decay": 0.0005,
        "rows": None,
        "bfloat16": True,
        "teachers": [],
    }
    export = some_export(epochs_trained=45, begun_with=begun_with)

    text = made(checkout(tmp_path, some_figures(), export), card.CARD)

    assert "have gone through the pictures 45 times, with these options" in text
    assert row_of(text, "seed").startswith("| seed | 1 | What every random draw comes from")
    assert row_of(text, "weight decay").startswith("| weight decay | 0.0005 | How strongly")
    assert row_of(text, "rows").startswith("| rows | all | Pictures drawn per round")
    assert row_of(text, "bfloat16").startswith("| bfloat16 | yes | Whether")
    assert row_of(text, "teachers").startswith("| teachers | none | Fingerprints of the networks")


@pytest.mark.parametrize("mixing", [0.0, 0.2])
def test_the_card_says_what_a_student_is_of_a_student_only(tmp_path: Path, mixing: float) -> None:
    begun_with = {"teachers": ["810eef33f9f4"], "mixing": mixing}
    folder = checkout(tmp_path, some_figures(), some_export(begun_with=begun_with))
    student = made(folder, card.CARD)
    (folder / "models" / EXPORT).write_text(json.dumps(some_export(begun_with={"teachers": []})))
    alone = made(folder, card.CARD)

    assert "this one, the student,\nlearnt from what the teacher says" in student
    assert ("blended in pairs, which are harder" in student) == bool(mixing)
    assert "Against that the recipe has a teacher" not in student
    assert "student,\nlearnt" not in alone
    assert "Against that the recipe has a teacher and\nblended pairs" in alone


def test_the_time_per_face_is_told_of_the_read_out_that_the_device_uses(tmp_path: Path) -> None:
    text = made(checkout(tmp_path, some_figures()), card.CARD)

    assert text.count("| time per face, crop and reading") == 1


def test_an_option_nobody_described_is_told_all_the_same(tmp_path: Path) -> None:
    export = some_export(epochs_trained=3, begun_with={"newer_one": [0.5, 2], "seed": 1})

    text = made(checkout(tmp_path, some_figures(), export), card.CARD)

    assert row_of(text, "newer one") == "| newer one | 0.5, 2 |  |"


def test_epochs_without_options_are_told_without(tmp_path: Path) -> None:
    export = some_export(epochs_trained=3)

    text = made(checkout(tmp_path, some_figures(), export), card.CARD)

    assert "have gone through the pictures 3 times.\n" in text
    assert "| option |" not in text


def test_every_option_of_the_recipe_and_of_the_recorded_training_is_described() -> None:
    recipes = [
        node
        for path in (card.ROOT / "models/recipes/emotion").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))  # torch is in another environment
        if isinstance(node, ast.ClassDef) and node.name == "Recipe"
    ]
    fields = {
        line.target.id
        for line in recipes[0].body
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
    }
    recorded = json.loads((card.ROOT / "models" / EXPORT).read_text("utf-8"))["begun_with"]

    assert len(recipes) == 1
    assert {"epochs", "mixing"} <= fields
    assert fields | set(recorded) <= set(ABOUT)
    assert not [name for name, about in ABOUT.items() if not about.endswith(".") or "|" in about]


def test_classes_it_hardly_knows_are_named(tmp_path: Path) -> None:
    figures = some_figures()
    figures["ferplus_test"]["confusion"][7] = [60, 0, 0, 0, 0, 0, 0, 40]

    text = made(checkout(tmp_path, figures), card.CARD)

    assert "fewer than half of: contempt (100 pictures). Do not build on these." in text


def test_only_what_is_between_the_markers_of_the_readme_changes(tmp_path: Path) -> None:
    text = made(checkout(tmp_path, some_figures()), "README.md")

    assert text.startswith(f"# before\n{card.BEGIN}\n\n| the emotion model | aim |")
    assert text.endswith(f"\n\n{card.END}\nafter\n")
    assert "old" not in text


def test_a_readme_without_markers_is_told_what_to_put_back(tmp_path: Path) -> None:
    folder = checkout(tmp_path, some_figures())
    (folder / "README.md").write_text(f"# {card.BEGIN}")

    with pytest.raises(SystemExit, match=r"lost its markers; put them back"):
        card.documents(folder)


def test_figures_of_another_file_are_refused(tmp_path: Path) -> None:
    figures = some_figures()
    figures["model"]["sha256"] = "6" * 64

    with pytest.raises(SystemExit, match=r"figures of another file.*make evaluate-emotion DATA"):
        card.documents(checkout(tmp_path, figures))


def test_figures_of_another_threshold_of_unsure_are_refused(tmp_path: Path) -> None:
    figures = some_figures() | {"least_confidence": 0.12}

    with pytest.raises(SystemExit, match=r"unsure at 0\.12, and LEAST_CONFIDENCE is 0\.\d+ now"):
        card.documents(checkout(tmp_path, figures))


def test_without_figures_nothing_is_written(tmp_path: Path) -> None:
    folder = checkout(tmp_path, some_figures())
    (folder / "models" / FIGURES).unlink()

    assert card.documents(folder) == {}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"schema": 2}, "schema: Input should be 1"),
        ({"robustness": []}, "robustness has no row `clean`"),
        ({"ferplus_test": some_report(FERPLUS[:7], 10) | {"labels": FERPLUS}}, "needs 8 rows"),
        ({"model": {"file": "x", "bytes": 1}}, r"model\.sha256: Field required"),
    ],
)
def test_broken_figures_are_told_by_key(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    folder = checkout(tmp_path, some_figures() | change)

    with pytest.raises(
        SystemExit,
        match=rf"emotion\.json is not understood .*{told}.*record --data folder --models",
    ):
        read_figures(folder / "models")


def test_a_damaged_manifest_is_told_by_key(tmp_path: Path) -> None:
    folder = checkout(tmp_path, some_figures())
    manifest = folder / "models" / "manifest.toml"
    manifest.write_text(manifest.read_text().replace("bytes = 1400000\n", ""))

    with pytest.raises(SystemExit, match=r"manifest\.toml is not understood\. It has no bytes"):
        card.documents(folder)


def test_missing_figures_are_told_with_what_writes_them(tmp_path: Path) -> None:
    with pytest.raises(
        SystemExit, match=r"emotion\.json cannot be read .*record --data folder --models"
    ):
        read_figures(tmp_path)


@pytest.mark.parametrize("folder", [card.ROOT / "models", Path("models")])
def test_the_shipped_model_is_measured_by_a_make_target(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(card.ROOT)

    assert measuring_anew(folder) == "make evaluate-emotion DATA=folder"


def test_another_model_is_measured_where_it_lies(tmp_path: Path) -> None:
    command = measuring_anew(tmp_path / "my models")

    assert command.endswith(f"record --data folder --models '{tmp_path}/my models'")


def plot(folder: Path, figures: dict[str, Any]) -> ET.Element:
    text = made(checkout(folder, figures), card.PLOT)
    return ET.fromstring(text)  # noqa: S314  # our own file


def test_the_plot_says_in_words_what_it_shows(tmp_path: Path) -> None:
    drawn = plot(tmp_path, some_figures())

    title, desc = drawn.find(f"{SVG}title"), drawn.find(f"{SVG}desc")
    assert title is not None
    assert desc is not None
    assert drawn.get("role") == "img"
    assert drawn.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
    assert "confidence 0.90 to 1.00, 2753 faces: 96.0 % right" in (desc.text or "")


def test_the_plot_has_colours_for_light_and_for_dark_pages(tmp_path: Path) -> None:
    style = plot(tmp_path, some_figures()).findtext(f"{SVG}style") or ""

    light, dark = style.split("@media (prefers-color-scheme: dark)")
    classes = set(re.findall(r"\.(\w+) {[^}]*#", light))
    assert classes == set(re.findall(r"\.(\w+) {[^}]*#", dark))
    assert {"ground", "mark"} <= classes


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb`. Source: WCAG 2.2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_and_marks_stand_out_from_the_ground(tmp_path: Path, scheme: int) -> None:
    style = plot(tmp_path, some_figures()).findtext(f"{SVG}style") or ""
    rules = style.split("@media (prefers-color-scheme: dark)")[scheme]
    colours = dict(re.findall(r"(\w+) { (?:fill|stroke): (#\w{6})", rules))
    ground = luminance(colours["ground"])

    for what, least in {"text": 4.5, "mark": 3.0, "share": 3.0, "axis": 3.0, "ideal": 3.0}.items():
        lighter, darker = sorted((luminance(colours[what]), ground), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= least, what


def test_the_program_writes_what_differs_and_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(card, "ROOT", checkout(tmp_path, some_figures()))

    card.main()
    first = capsys.readouterr().out
    card.main()

    assert first.split() == [
        *("wrote", "models/emotion.md", "wrote", "models/emotion_calibration.svg"),
        *("wrote", "README.md"),
    ]
    assert capsys.readouterr().out == ""
    assert all(path.read_text() == text for path, text in card.documents(tmp_path).items())


def test_the_program_says_what_it_would_write_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(card, "ROOT", tmp_path)

    with pytest.raises(SystemExit, match=r"emotion\.json is missing: make evaluate-emotion"):
        card.main()


def test_a_dot_lies_where_confidence_and_being_right_meet(tmp_path: Path) -> None:
    figures = some_figures()
    figures["calibration"] = [
        {"from": low, "to": low + 0.1, "n": 50, "confidence": low + 0.05, "accuracy": right}
        for low, right in ((0.4, 0.45), (0.8, 0.2))
    ]

    drawn = plot(tmp_path, figures)

    fair, poor = (
        (float(dot.get("cx", 0)), float(dot.get("cy", 0))) for dot in drawn.iter(f"{SVG}circle")
    )
    (ideal,) = (path for path in drawn.iter(f"{SVG}path") if path.get("class") == "ideal")
    left, bottom, right, top = (float(n) for n in re.findall(r"[\d.]+", ideal.get("d", "")))
    along = (fair[0] - left) / (right - left)
    assert (along, (bottom - fair[1]) / (bottom - top)) == pytest.approx((0.45, 0.45), abs=0.001)
    assert (bottom - poor[1]) / (bottom - top) == pytest.approx(0.2, abs=0.001)
