import os
import socket
from pathlib import Path

import pytest

from soulsync_edge.adapters.systemd import SystemdSupervisor
from soulsync_edge.ports import Supervisor


def listen(address: str) -> socket.socket:
    ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    ear.bind(address)
    ear.settimeout(5.0)
    return ear


def heard_on(ear: socket.socket, count: int) -> list[bytes]:
    return [ear.recv(4096) for _ in range(count)]


def say_everything(supervisor: Supervisor) -> None:
    supervisor.ready()
    supervisor.alive()
    supervisor.status("looks cheerful\nand plays")
    supervisor.stopping()


EVERYTHING = [b"READY=1", b"WATCHDOG=1", b"STATUS=looks cheerful and plays", b"STOPPING=1"]


def test_systemd_is_told_over_the_socket_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = str(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", address)

    with listen(address) as ear:
        say_everything(SystemdSupervisor())

        assert heard_on(ear, 4) == EVERYTHING


def test_an_abstract_socket_is_reached() -> None:
    name = f"soulsync-test-{os.getpid()}"

    with listen(f"\0{name}") as ear:
        say_everything(SystemdSupervisor(f"@{name}"))

        assert heard_on(ear, 4) == EVERYTHING


def test_without_systemd_nothing_is_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    caplog.set_level("DEBUG")

    say_everything(SystemdSupervisor())

    assert caplog.records == []


def test_a_supervisor_that_is_gone_stops_nothing(tmp_path: Path) -> None:
    say_everything(SystemdSupervisor(str(tmp_path / "nobody")))


def test_a_supervisor_that_does_not_listen_holds_up_only_for_a_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("soulsync_edge.adapters.systemd.PATIENCE_S", 0.01)
    caplog.set_level("DEBUG")
    address = str(tmp_path / "notify")

    with listen(address):
        supervisor = SystemdSupervisor(address)
        while not caplog.records:  # the socket holds only so many words
            supervisor.alive()

    assert "systemd was not told WATCHDOG=1" in caplog.text
