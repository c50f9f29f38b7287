"""`scripts/boot_config.sh`: our lines in a board's boot configuration, and no others."""

import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[3]
CONFIG = "dtparam=audio=on\n\n[cm4]\notg_mode=1\n"


def boot_config(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [CHECKOUT / "scripts/boot_config.sh", *words], capture_output=True, text=True, check=False
    )


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "config.txt"
    file.write_text(CONFIG, "utf-8")
    return file


@pytest.fixture
def fragment(tmp_path: Path) -> Path:
    file = tmp_path / "camera.txt"
    file.write_text("camera_auto_detect=1\n", "utf-8")
    return file


def test_a_fragment_is_added_for_all_boards_and_the_rest_stays(
    config: Path, fragment: Path
) -> None:
    done = boot_config("parts", config, fragment)

    lines = config.read_text("utf-8")
    assert done.stdout == f"{config}\n"
    assert lines.startswith(CONFIG)
    assert "\n[all]\ncamera_auto_detect=1\n" in lines


def test_what_was_there_before_is_kept_beside(config: Path, fragment: Path) -> None:
    boot_config("parts", config, fragment)
    fragment.write_text("camera_auto_detect=0\n", "utf-8")
    boot_config("parts", config, fragment)

    assert config.with_name("config.txt.before-soulsync").read_text("utf-8") == CONFIG
    assert "camera_auto_detect=1" not in config.read_text("utf-8")


def test_a_second_time_nothing_is_changed(config: Path, fragment: Path) -> None:
    boot_config("parts", config, fragment)
    changed_ns = config.stat().st_mtime_ns

    again = boot_config("parts", config, fragment)

    assert (again.returncode, again.stdout) == (0, "")
    assert config.stat().st_mtime_ns == changed_ns


def test_check_tells_whether_there_is_something_to_do(config: Path, fragment: Path) -> None:
    before = boot_config("--check", "parts", config, fragment)
    assert config.read_text("utf-8") == CONFIG
    boot_config("parts", config, fragment)
    after = boot_config("--check", "parts", config, fragment)

    assert (before.returncode, after.returncode) == (1, 0)


def test_taken_away_again_the_file_is_as_it_was(config: Path, fragment: Path) -> None:
    boot_config("parts", config, fragment)

    boot_config("--remove", "parts", config)

    assert config.read_text("utf-8") == CONFIG
    assert not config.with_name("config.txt.before-soulsync").exists()


def test_a_lost_mark_is_refused_before_it_costs_other_lines(config: Path, fragment: Path) -> None:
    boot_config("parts", config, fragment)
    broken = config.read_text("utf-8").replace("# <<< SoulSync Edge\n", "") + "dtparam=spi=on\n"
    config.write_text(broken, "utf-8")

    refused = boot_config("parts", config, fragment)

    assert refused.returncode == 2
    assert "one of the marks around our part is gone" in refused.stderr
    assert config.read_text("utf-8") == broken


@pytest.mark.parametrize("end", ["\n", ""])
def test_words_are_added_to_the_one_line_and_taken_away_again(tmp_path: Path, end: str) -> None:
    cmdline = tmp_path / "cmdline.txt"
    cmdline.write_text(f"console=tty1 rootwait{end}", "utf-8")

    boot_config("words", cmdline, "cgroup_enable=memory")
    added = cmdline.read_text("utf-8")
    again = boot_config("words", cmdline, "cgroup_enable=memory")
    boot_config("--remove", "words", cmdline, "cgroup_enable=memory")

    assert added == "console=tty1 rootwait cgroup_enable=memory\n"
    assert again.stdout == ""
    assert cmdline.read_text("utf-8") == "console=tty1 rootwait\n"


def test_a_file_that_is_not_there_is_named(tmp_path: Path, fragment: Path) -> None:
    refused = boot_config("parts", tmp_path / "config.txt", fragment)

    assert refused.returncode == 2
    assert "config.txt is not there. Is the boot partition mounted?" in refused.stderr
