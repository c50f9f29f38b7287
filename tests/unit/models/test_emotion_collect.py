import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.recipes.emotion import collect as program
from models.recipes.emotion.collect import collect
from models.recipes.emotion.muxspace import collect_muxspace
from models.recipes.emotion.pictures import FILE, MORE_FILE, load_pictures

CLEAR_HAPPY = (1, 9, 0, 0, 0, 0, 0, 0, 0, 0)
"""Votes in FER+ order: neutral, happy, and so on, unknown, NF."""


def write_tables(folder: Path, usages: tuple[str, str], word: str = "3") -> tuple[Path, Path]:
    """The owners' two tables with one row, each with its own idea of the usage."""
    fer2013, ferplus = folder / "fer2013.csv", folder / "fer2013new.csv"
    pixels = " ".join(str(n % 256) for n in range(48 * 48))
    fer2013.write_text(f"emotion,pixels,Usage\n{word},{pixels},{usages[0]}\n")
    ferplus.write_text(
        "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,"
        f"unknown,NF\n{usages[1]},fer0000000.png,{','.join(str(n) for n in CLEAR_HAPPY)}\n"
    )
    return fer2013, ferplus


def write_checkout(folder: Path, legend: str, pictures: dict[str, tuple[int, int]]) -> Path:
    """A checkout with a legend, and grey ramps of these heights and widths as pictures."""
    (folder / "data").mkdir()
    (folder / "images").mkdir()
    (folder / "data" / "legend.csv").write_text("user.id,image,emotion\n" + legend)
    for name, (height, width) in pictures.items():
        ramp = np.linspace(40, 200, width, dtype=np.uint8)
        assert cv2.imwrite(str(folder / "images" / name), np.tile(ramp, (height, 1)))
    return folder


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> None:
    monkeypatch.setattr(sys, "argv", ["collect", *(str(argument) for argument in arguments)])
    program.main()


def test_the_owners_tables_become_the_file_the_recipes_read(tmp_path: Path) -> None:
    rows = collect(*write_tables(tmp_path, ("PublicTest", "PublicTest")), tmp_path / FILE)

    choose = load_pictures(tmp_path).choose
    assert rows == len(choose) == 1
    assert choose.pictures[0].ravel()[:300].tolist() == [n % 256 for n in range(300)]
    assert choose.majority.tolist() == [1]
    assert choose.searched.tolist() == [3]


def test_the_same_picture_with_two_words_in_one_part_is_marked(tmp_path: Path) -> None:
    fer2013, ferplus = write_tables(tmp_path, ("Training", "Training"))
    for table in (fer2013, ferplus):
        head, row = table.read_text().splitlines()
        other = row.replace("3,", "4,", 1) if table == fer2013 else row
        public = row.replace("Training", "PublicTest")
        darker = row.replace(" 100 ", " 99 ")
        table.write_text(f"{head}\n{row}\n{other}\n{public}\n{darker}\n")

    collect(fer2013, ferplus, tmp_path / FILE)

    with np.load(tmp_path / FILE) as stored:
        assert stored["label_ambiguous"].tolist() == [True, True, False, False]


@pytest.mark.parametrize(
    ("usages", "word", "message"),
    [
        (("Training", "PublicTest"), "3", "row 2.*says Training.*says PublicTest"),
        (("Other", "Other"), "3", "row 2.*is not understood"),
        (("Training", "Training"), "7", "row 2.*is not understood"),
    ],
)
def test_tables_that_do_not_fit_are_refused_by_row(
    tmp_path: Path, usages: tuple[str, str], word: str, message: str
) -> None:
    with pytest.raises(SystemExit, match=message):
        collect(*write_tables(tmp_path, usages, word), tmp_path / FILE)


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    fer2013, ferplus = write_tables(tmp_path, ("Training", "Training"))
    ferplus.unlink()

    with pytest.raises(SystemExit, match=r"fer2013new\.csv is not a file.*emotion\.md"):
        collect(fer2013, ferplus, tmp_path / FILE)


def test_tables_without_rows_are_refused(tmp_path: Path) -> None:
    tables = write_tables(tmp_path, ("Training", "Training"))
    for table in tables:
        table.write_text(table.read_text().splitlines()[0] + "\n")

    with pytest.raises(SystemExit, match="have no rows"):
        collect(*tables, tmp_path / FILE)


def test_a_checkout_becomes_rows_to_train_on_whatever_the_students_words(tmp_path: Path) -> None:
    legend = (
        "628,a.jpg,surprised\n628,b.jpg,HAPPINESS\n302,c.png,Contempt\n520\td.jpg\tanger\n"
        "302,b.jpg,happy\n"
    )
    pictures = dict.fromkeys(("a.jpg", "b.jpg", "c.png", "d.jpg"), (120, 120))

    counts = collect_muxspace(write_checkout(tmp_path, legend, pictures), tmp_path / MORE_FILE)

    with np.load(tmp_path / MORE_FILE) as stored:
        assert stored["name"].tolist() == ["a.jpg", "b.jpg", "c.png", "d.jpg"]
        assert [str(stored["label_names"][number]) for number in stored["label"]] == [
            *("surprise", "happy", "contempt", "angry")
        ]
    assert counts == {"kept": 4}


def test_rows_of_both_sources_are_trained_on_together(tmp_path: Path) -> None:
    write_checkout(tmp_path, "628,a.jpg,sadness\n", {"a.jpg": (64, 64)})

    collect(*write_tables(tmp_path, ("Training", "Training")), tmp_path / FILE)
    collect_muxspace(tmp_path, tmp_path / MORE_FILE)

    train = load_pictures(tmp_path).train
    assert train.majority.tolist() == [1, 3]
    assert [picture.shape for picture in train.pictures] == [(48, 48), (96, 96)]


def test_a_picture_is_padded_to_a_square_with_the_shade_of_its_edge(tmp_path: Path) -> None:
    write_checkout(
        tmp_path,
        "1,wide.png,neutral\n2,tall.png,neutral\n",
        {"wide.png": (48, 96), "tall.png": (192, 96)},
    )

    collect_muxspace(tmp_path, tmp_path / MORE_FILE)

    with np.load(tmp_path / MORE_FILE) as stored:
        start, middle, end = stored["offset"]
        wide, tall = (
            cv2.imdecode(stored["jpeg"][first:last], cv2.IMREAD_UNCHANGED)
            for first, last in ((start, middle), (middle, end))
        )
    assert wide.shape == tall.shape == (96, 96)
    assert np.ptp(wide.astype(int), axis=0).max() < 8  # a ramp from left to right all the way down
    assert tall[:, :20].mean() == pytest.approx(40, abs=4)
    assert tall[:, -20:].mean() == pytest.approx(200, abs=4)


def test_what_cannot_be_used_is_left_out_and_counted_by_reason(tmp_path: Path) -> None:
    legend = (
        "1,kept.jpg,neutral\n1,small.jpg,neutral\n1,absent.jpg,neutral\n1,broken.jpg,neutral\n"
        "1,empty.jpg,happy\n1,odd.jpg,bored\n1,torn.jpg,happy\n2,torn.jpg,sad\n1,../kept.jpg,sad\nnoise\n"
    )
    sizes = {"kept.jpg": (40, 50), "small.jpg": (39, 90), "torn.jpg": (50, 50)}
    write_checkout(tmp_path, legend, sizes)
    (tmp_path / "images" / "broken.jpg").write_bytes(b"not a picture")
    (tmp_path / "images" / "empty.jpg").touch()

    counts = collect_muxspace(tmp_path, tmp_path / MORE_FILE)

    assert counts == {
        "kept": 1,
        "picture under 40 pixels": 1,
        "picture missing or not readable": 3,
        "word unknown": 1,
        "labelled in two ways": 1,
        "line not understood": 2,
    }


def test_a_folder_that_is_no_such_checkout_is_named(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"legend\.csv cannot be read.*Name a checkout"):
        collect_muxspace(tmp_path, tmp_path / MORE_FILE)


def test_a_checkout_without_a_usable_picture_leaves_no_file(tmp_path: Path) -> None:
    write_checkout(tmp_path, "1,absent.jpg,neutral\n", {})

    with pytest.raises(SystemExit, match=r"no picture that can be used.*missing"):
        collect_muxspace(tmp_path, tmp_path / MORE_FILE)

    assert not (tmp_path / MORE_FILE).exists()


def test_the_command_writes_both_files_and_says_what_they_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fer2013, ferplus = write_tables(tmp_path, ("Training", "Training"))
    checkout = write_checkout(tmp_path, "628,a.jpg,sad\n628,b.jpg,sad\n", {"a.jpg": (64, 64)})
    folder = tmp_path / "made" / "here"

    run(
        monkeypatch,
        "--fer2013",
        fer2013,
        "--ferplus",
        ferplus,
        "--muxspace",
        checkout,
        "--data",
        folder,
    )

    assert len(load_pictures(folder).train) == 2
    said = capsys.readouterr().out
    assert f"{folder / FILE}: 1 rows" in said
    assert "1 picture missing or not readable, 1 kept" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--fer2013", "fer2013.csv"), "belong together: give both"),
        ((), "nothing to collect: give --fer2013 and --ferplus, or --muxspace"),
    ],
)
def test_the_command_says_what_it_lacks(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    message: str,
) -> None:
    with pytest.raises(SystemExit):
        run(monkeypatch, *arguments, "--data", tmp_path)

    assert message in capsys.readouterr().err
