"""Finding the way out for sound, in made-up `/dev`, `/sys` and `/run` folders."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from soulsync_edge.adapters.sound_outputs import NOWHERE, SoundOutputs
from soulsync_edge.errors import Unavailable
from soulsync_edge.settings import PlayerSettings

AUTO = PlayerSettings()
ALSA = PlayerSettings(output="alsa")
PULSE = PlayerSettings(output="pulse")


@contextmanager
def sound_server(door: Path) -> Iterator[None]:
    """Someone who answers at `door`."""
    door.parent.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(door))
        server.listen()
        yield
    door.unlink(missing_ok=True)


def plug_in(root: Path, card: int, name: str, kind: str = "p") -> Path:
    """A sound card with one device, for playing (p) or recording (c)."""
    node = root / "dev/snd" / f"pcmC{card}D0{kind}"
    node.parent.mkdir(parents=True, exist_ok=True)
    node.touch()
    about = root / "sys/class/sound" / f"card{card}"
    about.mkdir(parents=True, exist_ok=True)
    (about / "id").write_text(f"{name}\n")
    return node


def outputs(root: Path, **environment: str) -> SoundOutputs:
    return SoundOutputs(environment, root)


def test_silent_needs_nothing(tmp_path: Path) -> None:
    assert outputs(tmp_path).find(PlayerSettings(output="silent")) == NOWHERE


def test_nothing_there_is_said_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"no sound device was found.*Plug in"):
        outputs(tmp_path).find(AUTO)


def test_a_card_is_taken_when_there_is_no_server(tmp_path: Path) -> None:
    plug_in(tmp_path, 0, "DAC")

    output = outputs(tmp_path).find(AUTO)

    assert (output.aout, output.device) == ("alsa", "")


def test_a_card_that_only_records_is_no_way_out(tmp_path: Path) -> None:
    plug_in(tmp_path, 0, "Mic", kind="c")

    with pytest.raises(Unavailable, match="no sound device"):
        outputs(tmp_path).find(AUTO)


def test_a_server_is_taken_before_a_card(tmp_path: Path) -> None:
    plug_in(tmp_path, 0, "DAC")
    with sound_server(tmp_path / "pulse/native"):
        assert outputs(tmp_path, XDG_RUNTIME_DIR=str(tmp_path)).find(AUTO).aout == "pulse"


def test_alsa_is_taken_where_the_settings_say_so(tmp_path: Path) -> None:
    plug_in(tmp_path, 0, "DAC")
    with sound_server(tmp_path / "pulse/native"):
        assert outputs(tmp_path, XDG_RUNTIME_DIR=str(tmp_path)).find(ALSA).aout == "alsa"


@pytest.mark.parametrize(
    ("place", "environment"),
    [
        ("a/native", {"PULSE_SERVER": "unix:{root}/a/native"}),
        ("a/native", {"PULSE_SERVER": "{root}/a/native"}),
        ("a/native", {"PULSE_SERVER": "{{1f2e}}unix:{root}/a/native"}),
        ("a/native", {"PULSE_SERVER": "unix:{root}/gone unix:{root}/a/native"}),
        ("a/native", {"PULSE_RUNTIME_PATH": "{root}/a"}),
        ("a/pulse/native", {"XDG_RUNTIME_DIR": "{root}/a"}),
        (f"run/user/{os.getuid()}/pulse/native", {}),
        ("run/pulse/native", {}),
    ],
)
def test_a_server_is_found_where_its_clients_look(
    tmp_path: Path, place: str, environment: dict[str, str]
) -> None:
    given = {name: value.format(root=tmp_path) for name, value in environment.items()}
    with sound_server(tmp_path / place):
        assert outputs(tmp_path, **given).find(PULSE).aout == "pulse"

    with pytest.raises(Unavailable, match="no sound server answers"):
        outputs(tmp_path, **given).find(PULSE)


def test_a_server_that_died_and_left_its_socket_is_gone(tmp_path: Path) -> None:
    door = tmp_path / "native"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(str(door))

    with pytest.raises(Unavailable):
        outputs(tmp_path, PULSE_SERVER=f"unix:{door}").find(PULSE)


def test_a_server_on_another_machine_is_believed(tmp_path: Path) -> None:
    assert outputs(tmp_path, PULSE_SERVER="tcp:den.lan:4713").find(PULSE).aout == "pulse"


def test_the_same_output_is_equal_each_time(tmp_path: Path) -> None:
    plug_in(tmp_path, 0, "DAC")
    found = outputs(tmp_path)

    assert found.find(ALSA) == found.find(ALSA)


def test_a_card_that_went_and_came_back_is_another(tmp_path: Path) -> None:
    before = outputs(tmp_path)
    node = plug_in(tmp_path, 0, "DAC")
    first = before.find(ALSA)
    # Keeps the old number taken, as a file system may give it out again at once.
    node.rename(tmp_path / "unplugged")
    plug_in(tmp_path, 0, "DAC")

    assert before.find(ALSA) != first


def test_a_server_that_was_started_anew_is_another(tmp_path: Path) -> None:
    door = tmp_path / "native"
    found = outputs(tmp_path, PULSE_SERVER=f"unix:{door}")
    with sound_server(door):
        first = found.find(PULSE)
        door.rename(tmp_path / "old")
    with sound_server(door):
        assert found.find(PULSE) != first


@pytest.mark.parametrize(
    "device", ["default", "hw:1", "plughw:1,0", "hw:CARD=DAC", "plughw:CARD=DAC,DEV=0", "hw:DAC,0"]
)
def test_a_named_card_is_found(tmp_path: Path, device: str) -> None:
    plug_in(tmp_path, 0, "HDMI")
    plug_in(tmp_path, 1, "DAC")

    output = outputs(tmp_path).find(PlayerSettings(output="alsa", device=device))

    assert (output.aout, output.device) == ("alsa", device)


@pytest.mark.parametrize("device", ["hw:1", "plughw:CARD=DAC,DEV=0"])
def test_a_named_card_that_is_not_there_is_missed_by_name(tmp_path: Path, device: str) -> None:
    plug_in(tmp_path, 0, "HDMI")
    plug_in(tmp_path, 10, "Other")

    with pytest.raises(Unavailable, match=f"sound device {device} is not there"):
        outputs(tmp_path).find(PlayerSettings(output="alsa", device=device))
