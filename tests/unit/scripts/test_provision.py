"""`scripts/provision.sh`: what it refuses before it touches anything; tests/board has the rest."""

import os
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parents[3] / "scripts/provision.sh"


def provision_where(
    folder: Path, answers: dict[str, str], *options: str
) -> subprocess.CompletedProcess[str]:
    """Run the script where the commands in `answers` print what they are told to."""
    for name, answer in answers.items():
        command = folder / name
        command.write_text(f"#!/bin/sh\necho '{answer}'\n", "utf-8")
        command.chmod(0o755)
    return subprocess.run(
        [SCRIPT, "--check", *options],
        env={"PATH": f"{folder}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_who_is_not_root_is_told_the_command(tmp_path: Path) -> None:
    refused = provision_where(tmp_path, {"id": "1000"})

    assert refused.returncode == 1
    assert "must run as root: sudo scripts/provision.sh --check" in refused.stderr


def test_a_32_bit_machine_is_told_what_to_install(tmp_path: Path) -> None:
    refused = provision_where(tmp_path, {"id": "0", "uname": "armv7l", "getconf": "32"})

    assert refused.returncode == 1
    assert "32-bit; the models run on 64-bit Linux only" in refused.stderr
    assert "install the 64-bit Raspberry Pi OS" in refused.stderr


def test_a_word_it_does_not_know_is_named(tmp_path: Path) -> None:
    refused = provision_where(tmp_path, {}, "--bord")

    assert refused.returncode == 1
    assert "'--bord' is not an option" in refused.stderr


def test_a_board_without_its_name_is_asked_for(tmp_path: Path) -> None:
    refused = provision_where(tmp_path, {}, "--board")

    assert refused.returncode == 1
    assert "--board needs a name: pi4, pi5, orin-nano or none" in refused.stderr
