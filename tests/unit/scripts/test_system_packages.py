"""`scripts/system_packages.sh` with stand-ins for Debian's tools: what it asks for, and how."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "scripts" / "system_packages.sh"


class Machine:
    """A folder of stand-ins for system tools, and what they were called with."""

    def __init__(self, folder: Path) -> None:
        self.tools = folder / "tools"
        self.calls = folder / "calls"
        self.tools.mkdir()
        self.calls.touch()
        for name in ("bash", "cat", "mktemp", "rm", "sleep", "tail", "tr"):
            (self.tools / name).symlink_to(f"/bin/{name}")
        self.tool("id", "echo 1000")

    def tool(self, name: str, body: str) -> None:
        path = self.tools / name
        path.write_text(f'#!/bin/bash\necho "{name} $*" >>"{self.calls}"\n{body}\n', "utf-8")
        path.chmod(0o755)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/bash", str(SCRIPT), *arguments],
            env={**os.environ, "PATH": str(self.tools)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_nothing_is_asked_for_when_all_packages_are_there(machine: Machine) -> None:
    machine.tool("dpkg-query", "printf installed")
    machine.tool("apt-get", "exit 9")

    result = machine.run("run", "demo", "test")

    assert result.returncode == 0
    assert result.stdout == "System packages: all there.\n"


def test_missing_packages_are_installed_through_sudo_and_nothing_is_removed(
    machine: Machine,
) -> None:
    machine.tool("dpkg-query", '[ "$4" = debootstrap ] || printf installed')
    machine.tool("sudo", 'shift; exec "$@"')
    machine.tool("apt-get", "exit 0")

    result = machine.run("board-tests")

    assert result.returncode == 0, result.stderr
    assert "apt-get: debootstrap\n" in result.stdout
    (install,) = [call for call in machine.calls.read_text().splitlines() if " install " in call]
    assert install.endswith("--no-install-recommends --no-remove debootstrap")


def test_without_root_and_sudo_it_says_what_to_run(machine: Machine) -> None:
    machine.tool("dpkg-query", "exit 1")
    machine.tool("apt-get", "exit 9")

    result = machine.run("board-tests")

    assert result.returncode == 1
    assert "not root" in result.stderr
    assert "apt-get install --no-install-recommends debootstrap systemd-container" in result.stderr
    assert "apt-get" not in machine.calls.read_text()


def test_a_desktop_on_pipewire_keeps_its_sound_server(machine: Machine) -> None:
    machine.tool("dpkg-query", '[ "$4" = pulseaudio ] || printf installed')
    machine.tool("apt-get", "exit 9")

    assert machine.run("demo").stdout == "System packages: all there.\n"


def test_another_distribution_is_told_which_packages_to_find(machine: Machine) -> None:
    result = machine.run("run")

    assert result.returncode == 1
    assert "libvlc5" in result.stderr


def test_an_unknown_set_is_refused(machine: Machine) -> None:
    result = machine.run("everything")

    assert result.returncode == 1
    assert "'everything' is not a set" in result.stderr
