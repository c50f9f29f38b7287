"""The units are what systemd understands, and walled in as far as was promised."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
UNITS = CHECKOUT / "systemd"
FIRMWARE = CHECKOUT / "firmware"
PROGRAMS = {"usr/bin/sh", "usr/bin/systemctl", "opt/soulsync/venv/bin/soulsync"}
PINS = {"core": "core-pins", "eye": "eye-pins"}

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None,
    reason="systemd-analyze is not here (Debian package systemd)",
)


@pytest.fixture(params=["none", "pi"])
def board(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A root folder with the units as provision.sh lays them out, and nothing else that runs."""
    system = tmp_path / "etc/systemd/system"
    shutil.copytree(UNITS, system, ignore=shutil.ignore_patterns("*.conf"))
    shutil.copytree(
        UNITS / "soulsync-.service.d", system / "soulsync-.service.d", dirs_exist_ok=True
    )
    shutil.copy(FIRMWARE / "usb/media-soulsync.mount", system)
    if request.param == "pi":
        for program, pins in PINS.items():
            (system / f"soulsync-{program}.service.d").mkdir()
            shutil.copy(
                FIRMWARE / f"units/{pins}.conf", system / f"soulsync-{program}.service.d/pins.conf"
            )
    shutil.copytree("/usr/lib/systemd/system", tmp_path / "usr/lib/systemd/system", symlinks=True)
    (tmp_path / "bin").symlink_to("usr/bin")
    for program in PROGRAMS:
        file = tmp_path / program
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o755)
    return tmp_path


def analyze(board: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *words, f"--root={board}"], capture_output=True, text=True, check=False
    )


@needs_systemd
def test_systemd_understands_every_line_of_the_units(board: Path) -> None:
    units = [path.name for path in (board / "etc/systemd/system").iterdir() if path.is_file()]

    found = analyze(
        board, "verify", *(name.replace("@.", "@soulsync-eye.") for name in sorted(units))
    )

    assert found.stderr == ""  # it exits 0 for a key it does not know
    assert found.returncode == 0


@needs_systemd
def test_a_line_systemd_does_not_know_would_be_seen(board: Path) -> None:
    unit = board / "etc/systemd/system/soulsync-eye.service"
    unit.write_text(unit.read_text("utf-8").replace("PrivateNetwork=", "PrivateNetworks="), "utf-8")

    assert "PrivateNetworks" in analyze(board, "verify", "soulsync-eye.service").stderr


@needs_systemd
@pytest.mark.parametrize(("program", "tenths"), [("eye", 5), ("core", 15), ("voice", 15)])
def test_a_program_is_exposed_no_further_than_promised(
    board: Path, program: str, tenths: int
) -> None:
    found = analyze(
        board,
        *("security", "--offline=true", f"--threshold={tenths}", "--no-pager"),
        f"soulsync-{program}.service",
    )

    assert found.returncode == 0, "\n".join(
        line for line in found.stdout.splitlines() if line.startswith(("✗", "→"))
    )


@needs_systemd
def test_a_hole_in_the_wall_would_be_seen(board: Path) -> None:
    unit = board / "etc/systemd/system/soulsync-eye.service"
    unit.write_text(unit.read_text("utf-8").replace("PrivateNetwork=yes", ""), "utf-8")

    found = analyze(
        board, "security", "--offline=true", "--threshold=5", "--no-pager", "soulsync-eye.service"
    )

    assert found.returncode == 1


def test_a_stick_is_mounted_by_systemd_and_not_by_udev() -> None:
    """A mount made from a rule is seen by udev alone (usbmount issue 2)."""
    rules = (FIRMWARE / "usb/60-soulsync-music.rules").read_text("utf-8")
    mount = (FIRMWARE / "usb/media-soulsync.mount").read_text("utf-8")

    assert "RUN" not in rules
    assert 'ENV{SYSTEMD_WANTS}+="media-soulsync.mount"' in rules
    assert re.findall(r'SYMLINK\+="(\S+)"', rules) == re.findall(r"What=/dev/(\S+)", mount)
    options = re.findall(r"Options=(\S+)", mount)[0].split(",")
    assert {"ro", "nosuid", "nodev", "noexec"} <= set(options)


@pytest.mark.parametrize(
    "profile", sorted((FIRMWARE / "boards").glob("*.conf")), ids=lambda p: p.stem
)
def test_a_board_names_only_files_and_packages_that_exist(profile: Path) -> None:
    script = (
        f'. "{profile}"; printf "%s\\n" "$board_boot" "$board_os" "$board_units" "$board_packages"'
    )
    said = subprocess.run(
        ["bash", "-euc", script], capture_output=True, text=True, check=True
    ).stdout.split("\n")

    for folder, ending, files in zip(
        ("boot", "os", "units"), (".txt", ".conf", ".conf"), said, strict=False
    ):
        for name in files.split():
            assert (FIRMWARE / folder / f"{name}{ending}").is_file()
    packages = (CHECKOUT / "scripts/system_packages.sh").read_text("utf-8")
    for name in said[3].split():
        assert re.search(rf"^    {name}\) +echo ", packages, re.MULTILINE)
