"""What every light does, whether made up or on a pin."""

from collections.abc import Callable, Iterator

import gpiozero
import pytest

from soulsync_edge.adapters.light_gpiozero import GpioLight
from soulsync_edge.fakes import FakeLight
from soulsync_edge.ports import Light

Bulb = tuple[Light, Callable[[], float]]
"""A light, and how bright it really is."""


def made_up_bulb() -> Bulb:
    light = FakeLight()
    return light, lambda: light.level


def gpio_bulb() -> Bulb:
    light = GpioLight(27)
    return light, lambda: gpiozero.Device.pin_factory.pin(27).state


@pytest.fixture(params=[made_up_bulb, gpio_bulb])
def bulb(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bulb]:
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "mock")
    monkeypatch.setattr(gpiozero.Device, "pin_factory", None)
    bulb: Bulb = request.param()
    yield bulb
    bulb[0].close()


def test_a_new_light_is_dark(bulb: Bulb) -> None:
    _, level = bulb

    assert level() == 0


@pytest.mark.parametrize("wanted", [1.0, 0.3, 0.0])
def test_a_light_shines_as_it_is_told(bulb: Bulb, wanted: float) -> None:
    light, level = bulb

    light.show(1.0 - wanted)
    light.show(wanted)

    assert level() == pytest.approx(wanted)


def test_a_closed_light_is_dark(bulb: Bulb) -> None:
    light, level = bulb

    light.show(1.0)
    light.close()

    assert level() == 0


def test_a_light_can_be_closed_twice(bulb: Bulb) -> None:
    light, _ = bulb

    light.close()
    light.close()
