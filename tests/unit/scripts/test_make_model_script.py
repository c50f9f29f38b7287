"""The order of steps in making the emotion model, with stand-ins for the steps themselves."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "scripts" / "make_model.sh"
STEPS = ["frame", "teacher", "student", "export", "record"]

PYTHON = r"""#!/bin/bash
name=${2##*.} work= models= given="$*"
[ "$name" != train ] || name=teacher
while [ $# -gt 0 ]; do
  case $1 in
    --work) work=$2 ;;
    --models) models=$2 ;;
    --teacher) name=student ;;
  esac
  shift
done
echo "$name $given" >>calls
[ "$name" != "$STOP_AT" ] || exit 3
case $name in
  frame) echo "faces" >"$work/faces.npz" ;;
  teacher | student) cp "$work/faces.npz" "$work/emotion.pt" ;;
  export)
    echo "file" | tee "$models/emotion.tflite" >"$models/emotion_export.json"
    sum=$(sha256sum <"$models/emotion.tflite" | cut -d' ' -f1)
    printf 'schema = 1\n[models.emotion]\nsha256 = "%s"\n' "$sum" >"$models/manifest.toml" ;;
  record) echo "figures" >"$models/emotion.json" ;;
esac
"""
"""What stands for both environments: notes the step, leaves what it leaves, or breaks off."""


class House:
    """A checkout whose Python only takes notes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for environment in (".venv", ".venv-train"):
            self._write(f"{environment}/bin/python", PYTHON)
        self._write("scripts/setup_train.sh", "#!/bin/bash\n")
        shutil.copy(SCRIPT, root / "scripts" / SCRIPT.name)
        self._write("models/manifest.toml", "schema = 1\n")
        self._write("models/face_detection_short_range.tflite", "")
        self._write("models/recipes/emotion/train.py", "")
        self._write("soulsync_edge/settings.py", "")
        self._write("requirements/train.txt", "")
        self._write("pictures/fer2013_ferplus.npz", "pictures")

    def _write(self, path: str, text: str) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        target.chmod(0o755)

    def make(self, *options: str, stop_at: str = "") -> subprocess.CompletedProcess[str]:
        """Call the script; `calls` then holds what it called."""
        (self.root / "calls").write_text("")
        return subprocess.run(
            ["scripts/make_model.sh", *options],
            cwd=self.root,
            env={**os.environ, "STOP_AT": stop_at},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    @property
    def calls(self) -> list[str]:
        return (self.root / "calls").read_text().splitlines()

    @property
    def steps(self) -> list[str]:
        return [call.split()[0] for call in self.calls]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_one_call_frames_teaches_learns_converts_and_measures(house: House) -> None:
    done = house.make("pictures", "--seed", "7", "--bfloat16")

    assert done.returncode == 0, done.stderr
    assert house.steps == STEPS
    _, teacher, student, export, record = house.calls
    assert teacher.endswith(
        "train --data pictures --work build/emotion/teacher --seed 7 --bfloat16"
    )
    assert student.endswith("--teacher build/emotion/teacher --seed 8 --bfloat16")
    assert export.endswith("--work build/emotion/student --models models")
    assert record.endswith("record --data pictures --models models")
    assert "Next: 'make docs'" in done.stdout.splitlines()[-1]


@pytest.mark.parametrize("options", [(), ("--quick",)], ids=["in full", "quick"])
@pytest.mark.parametrize("step", STEPS)
def test_the_same_call_goes_on_where_one_was_stopped(
    house: House, step: str, options: tuple[str, ...]
) -> None:
    stopped = house.make("pictures", *options, stop_at=step)
    assert stopped.returncode == 3
    assert f"stopped at '{step}'. The same command goes on from there." in stopped.stderr

    done = house.make("pictures", *options)

    assert done.returncode == 0, done.stderr
    assert house.steps == STEPS[STEPS.index(step) :]


@pytest.mark.parametrize("options", [(), ("--quick",)], ids=["in full", "quick"])
def test_a_finished_model_is_not_made_again(house: House, options: tuple[str, ...]) -> None:
    first = house.make("pictures", *options)

    done = house.make("pictures", *options)

    assert house.steps == []
    assert done.stdout.count("done already") == len(STEPS)
    assert done.stdout.splitlines()[-1] == first.stdout.splitlines()[-1]


def test_a_model_that_was_lost_is_converted_again_without_training(house: House) -> None:
    house.make("pictures")
    (house.root / "models" / "emotion.tflite").unlink()

    house.make("pictures")

    assert house.steps == ["export"], "the same file as before, so its figures still stand"


def test_other_pictures_are_framed_again(house: House) -> None:
    house.make("pictures")
    (house.root / "pictures" / "more.npz").write_text("more pictures")

    house.make("pictures")

    assert house.steps == STEPS


def test_a_quick_run_leaves_the_shipped_model_alone_and_begins_anew_when_the_code_changed(
    house: House,
) -> None:
    house.make("pictures", "--quick")
    assert sorted(path.name for path in (house.root / "models").glob("emotion*")) == []
    left = house.root / "build" / "emotion-quick" / "left"
    left.write_text("")

    (house.root / "models" / "recipes" / "emotion" / "train.py").write_text("# changed")
    house.make("pictures", "--quick")

    assert house.steps == STEPS
    assert not left.exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((), "DATA is not given. DATA names the folder with the pictures to learn from"),
        (("",), "DATA is not given."),
        (("nowhere",), "DATA=nowhere is not a folder."),
        (("models",), "DATA=models holds no fer2013_ferplus.npz."),
        (("pictures", "--seed", "x"), "the seed 'x' is not a whole number"),
        (("pictures", "--seed"), "the seed '' is not a whole number"),
        (("pictures", "--fast"), "'--fast' is not known here."),
    ],
)
def test_what_cannot_be_meant_is_refused_before_the_first_step(
    house: House, options: tuple[str, ...], told: str
) -> None:
    done = house.make(*options)

    assert done.returncode == 1
    assert done.stderr.startswith(f"model: {told}")
    if "DATA" in told:
        assert "models/emotion.md says, under Making it again" in done.stderr
        assert done.stderr.endswith("Then, for example:\n  make model DATA=../fer\n")
    assert house.steps == []
