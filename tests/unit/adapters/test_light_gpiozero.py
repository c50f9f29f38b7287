from pathlib import Path

import gpiozero
import pytest

from soulsync_edge.adapters import gpio_pins
from soulsync_edge.adapters.light_gpiozero import GpioLight
from soulsync_edge.errors import Unavailable


class NoDevices:
    """Stands in for `Path` on a machine whose /dev is empty."""

    def __init__(self, _path: str) -> None: ...

    def glob(self, _pattern: str) -> tuple[Path, ...]:
        return ()


@pytest.fixture(autouse=True)
def fresh_pins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpiozero.Device, "pin_factory", None)


def test_a_machine_without_pins_says_so_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GPIOZERO_PIN_FACTORY", raising=False)
    monkeypatch.setattr(gpio_pins, "Path", NoDevices)

    with pytest.raises(Unavailable, match=r"no /dev/gpiochip0.*Turn \[panel\] off"):
        GpioLight(27)


def test_a_pin_that_is_taken_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "mock")
    first = GpioLight(27, name="camera light")

    with pytest.raises(Unavailable, match="camera light on pin 27 cannot be had"):
        GpioLight(27, name="camera light")
    first.close()


def test_a_light_that_was_let_go_refuses_to_shine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "mock")
    light = GpioLight(27)
    light.close()

    with pytest.raises(Unavailable, match="light on pin 27 does not answer"):
        light.show(1.0)
