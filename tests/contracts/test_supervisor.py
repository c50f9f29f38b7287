"""What every `Supervisor` is told, as it hears it."""

import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from soulsync_edge.adapters.systemd import SystemdSupervisor
from soulsync_edge.fakes import FakeSupervisor
from soulsync_edge.ports import Supervisor

HEARD = {"READY=1": "ready", "WATCHDOG=1": "alive", "STOPPING=1": "stopping"}


@dataclass
class Subject:
    """A supervisor, and what it heard since the last time, in the fake's words."""

    supervisor: Supervisor
    heard: Callable[[], list[str]]


@pytest.fixture(params=["fake", "systemd"])
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    if request.param == "fake":
        fake = FakeSupervisor()
        yield Subject(fake, lambda: fake.told)
        return
    address = str(tmp_path / "notify")
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as ear:
        ear.bind(address)
        ear.setblocking(False)  # noqa: FBT003  # as the socket has it
        yield Subject(SystemdSupervisor(address), lambda: _all_from(ear))


def _all_from(ear: socket.socket) -> list[str]:
    words: list[str] = []
    while True:
        try:
            word = ear.recv(4096).decode()
        except BlockingIOError:
            return words
        words.append(HEARD.get(word, word.replace("STATUS=", "status: ")))


def test_it_hears_everything_in_order(subject: Subject) -> None:
    subject.supervisor.status("starting")
    subject.supervisor.ready()
    subject.supervisor.alive()
    subject.supervisor.alive()
    subject.supervisor.stopping()

    assert subject.heard() == ["status: starting", "ready", "alive", "alive", "stopping"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("looks cheerful\nand plays", "looks cheerful and plays"),
        ("  a \t b\r\nREADY=1 ", "a b READY=1"),
        ("plays “Été”", "plays “Été”"),
        ("", ""),
    ],
)
def test_a_status_is_one_line(subject: Subject, text: str, line: str) -> None:
    subject.supervisor.status(text)

    assert subject.heard() == [f"status: {line}"]
