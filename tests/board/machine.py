"""A Debian 12 container that boots like a board: made by debootstrap, run by systemd-nspawn."""

import hashlib
import json
import math
import os
import shutil
import socket
import struct
import subprocess
import sys
import time
import urllib.request
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parents[2]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or "/var/tmp") / "soulsync-board"  # noqa: S108  # 0700
INSIDE = "/root/soulsync-edge"
DEBIAN = "systemd,systemd-sysv,udev,dbus,python3,ca-certificates"
REBOOTED = 133
"""What systemd-nspawn exits with when the container wants to be started again."""
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

Claim = Callable[[], Any]


class Machine:
    """A container with a systemd of its own, on the network of its host."""

    def __init__(self, folder: Path, wheels: Path | None) -> None:
        """Take a pristine copy of Debian, in `folder`; it boots later."""
        self.root = folder / "root"
        self.log = folder / "console.log"
        subprocess.run(["cp", "-a", "--reflink=auto", debian_root(), self.root], check=True)
        self.write("/etc/hostname", "soulsync-board\n")
        archives = CACHE / "apt"
        archives.mkdir(exist_ok=True)
        # What git would bring to a board, copied: somebody may be at work on this one.
        ignored = shutil.ignore_patterns(".*", "build", "dist", "__pycache__", "face_*.tflite")
        shutil.copytree(CHECKOUT, self.root / INSIDE.lstrip("/"), ignore=ignored)
        self._binds = [f"--bind={archives}:/var/cache/apt/archives"]
        self.environment: dict[str, str] = {}
        if wheels is not None:
            self._binds.append(f"--bind-ro={wheels}:/var/wheels")
            self.environment["SOULSYNC_WHEELS"] = "/var/wheels"
        self._nspawn: subprocess.Popen[bytes] | None = None

    def boot(self) -> None:
        """Start it, and return when systemd is done starting."""
        with self.log.open("ab") as log:
            self._nspawn = subprocess.Popen(
                [
                    *("systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit"),
                    *(f"--directory={self.root}", "--machine=soulsync-board"),
                    *self._binds,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._until_up()

    def reboot(self) -> None:
        """Restart it as `reboot` does, and return when systemd is done starting."""
        assert self._nspawn is not None
        self.run("systemctl", "reboot", check=False)
        assert self._nspawn.wait(60) == REBOOTED
        self.boot()

    def power_off(self) -> None:
        """Stop it; by force if it does not want to."""
        if self._nspawn is None or self._nspawn.poll() is not None:
            return
        try:
            self.run("systemctl", "poweroff", check=False)
            self._nspawn.wait(60)
        except subprocess.TimeoutExpired:
            self._nspawn.kill()
            self._nspawn.wait(30)
        self._nspawn = None

    def run(
        self, *command: str, check: bool = True, timeout_s: float = 60, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run `command` in it as root; return what it printed, both streams together."""
        done = subprocess.run(
            [
                *("nsenter", f"--target={self._leader()}", "--all", "env", "--chdir=/", "-i"),
                *(f"PATH={PATH}", "HOME=/root", "LANG=C.UTF-8"),
                *(f"{name}={value}" for name, value in environment.items()),
                *command,
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        assert not check or done.returncode == 0, f"{' '.join(command)}:\n{done.stdout}"
        return done

    def says(self, *command: str) -> str:
        """Return what `command` prints, without the end of the line."""
        return self.run(*command).stdout.strip()

    def unit(self, name: str, what: str) -> str:
        """Return the property `what` of unit `name`."""
        return self.says("systemctl", "show", "--value", f"--property={what}", name)

    def write(self, path: str, text: str) -> None:
        """Make the file `path` in it, readable by all."""
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        file.chmod(0o644)

    def change_unit(self, unit: str, text: str) -> None:
        """Add the lines `text` to `unit` until the next boot or `restore_unit`."""
        folder = f"/run/systemd/system/{unit}.d"
        self.run("mkdir", "-p", folder)
        self.run("sh", "-c", 'printf %s "$1" >"$2"', "sh", text, f"{folder}/test.conf")
        self.run("systemctl", "daemon-reload")

    def restore_unit(self, unit: str) -> None:
        """Take the lines of `change_unit` away."""
        self.run("rm", "-rf", f"/run/systemd/system/{unit}.d")
        self.run("systemctl", "daemon-reload")

    def _leader(self) -> int | None:
        """Return the container's first process as the host sees it."""
        if self._nspawn is None:
            return None
        assert self._nspawn.poll() is None, f"the container ended; its console is in {self.log}"
        children = Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children")
        pids = children.read_text().split()
        return int(pids[0]) if pids else None

    def _until_up(self) -> None:
        def is_up() -> bool:
            state = self.run("systemctl", "is-system-running", check=False, timeout_s=20).stdout
            return state.strip() in ("running", "degraded")

        wait_for(lambda: self._leader() is not None and is_up(), 120, "the container to boot")


class Appliance:
    """The appliance on a machine, as its owner meets it."""

    def __init__(self, machine: Machine, port: int) -> None:
        self.machine = machine
        self.port = port

    def provision(self, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the real script."""
        script = f"{INSIDE}/scripts/provision.sh"
        environment = {**self.machine.environment, **environment}
        return self.machine.run(script, *options, check=False, timeout_s=600, **environment)

    def state(self) -> dict[str, Any]:
        """Return the state as the page's interface gives it."""
        answer: dict[str, Any] = json.loads(self.page("/api/state"))
        return answer

    def page(self, path: str) -> str:
        """Return what the page answers at `path`."""
        url = f"http://127.0.0.1:{self.port}{path}"
        with urllib.request.urlopen(url, timeout=5) as answer:  # http, to ourselves
            text: str = answer.read().decode()
        return text

    def pid(self, program: str) -> int:
        """Return the main process of `program`; 0 when there is none."""
        return int(self.machine.unit(f"soulsync-{program}", "MainPID"))

    def is_up(self) -> bool:
        """Return whether all three programs have said that they are ready."""
        return all(
            self.machine.unit(f"soulsync-{program}", "ActiveState") == "active"
            for program in ("core", "eye", "voice")
        )


def wait_for(claim: Claim, deadline_s: float, what: str) -> Any:
    """Return the first true thing `claim` gives; it may fail to answer meanwhile."""
    ends_s = time.monotonic() + deadline_s
    while True:
        try:
            found, why = claim(), ""
        except (OSError, subprocess.TimeoutExpired) as error:
            found, why = None, f" ({error})"
        if found:
            return found
        assert time.monotonic() < ends_s, f"waited {deadline_s:.0f} s for {what}{why}"
        time.sleep(0.1)  # a machine has no event to wait on


def debian_root() -> Path:
    """Return a pristine Debian 12, made once (about a minute) and kept."""
    name = hashlib.sha256(DEBIAN.encode()).hexdigest()[:12]
    root = CACHE / f"debian-12-{name}"
    if not root.exists():
        CACHE.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = root.with_suffix(".new")
        shutil.rmtree(beside, ignore_errors=True)
        done = subprocess.run(
            ["debootstrap", "--variant=minbase", f"--include={DEBIAN}", "bookworm", str(beside)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (
            f"debootstrap failed; is the network up?\n{done.stdout[-2000:]}"
        )
        beside.rename(root)
    return root


def wheels() -> Path | None:
    """Return a folder with the wheels of the lock, so that they are fetched once and not each time.

    None when this Python is not the container's: pip there then fetches for itself.
    """
    if sys.version_info[:2] != (3, 11):
        return None
    lock = CHECKOUT / "requirements" / "runtime.txt"
    folder = CACHE / f"wheels-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"
    if not folder.exists():
        CACHE.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = folder.with_suffix(".new")
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"),
                *("--only-binary", ":all:", "--require-hashes"),
                *("--requirement", str(lock), "--dest", str(beside)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"pip could not fetch the wheels:\n{done.stdout[-2000:]}"
        beside.rename(folder)
    return folder


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def render_tone(path: Path, hertz: float, seconds: int) -> None:
    """Write a soft tone that swells and fades: music enough for a test."""
    rate_hz = 8000
    path.parent.mkdir(parents=True, exist_ok=True)
    second = b"".join(
        struct.pack("<h", round(8000 * math.sin(math.pi * at) * math.sin(2 * math.pi * hertz * at)))
        for at in (n / rate_hz for n in range(rate_hz))
    )
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(second * seconds)
