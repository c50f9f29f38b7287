"""The board's pins as gpiozero reaches them; shared by light and button."""

import os
from pathlib import Path

import gpiozero
from gpiozero.pins.mock import MockFactory, MockPWMPin

from soulsync_edge.errors import Unavailable


def reach_pins() -> None:
    """Make gpiozero ready to hand out pins.

    With GPIOZERO_PIN_FACTORY=mock in the environment they are made-up ones, for tests and
    laptops; all of them can dim, which gpiozero's own choice of mock pins cannot.

    Raises:
        Unavailable: This machine has no pins.
    """
    chosen = os.environ.get("GPIOZERO_PIN_FACTORY", "")
    if chosen == "mock":
        if not isinstance(gpiozero.Device.pin_factory, MockFactory):
            gpiozero.Device.pin_factory = MockFactory(pin_class=MockPWMPin)
    elif not chosen and not any(Path("/dev").glob("gpiochip*")):
        raise Unavailable(
            "this machine has no pins: there is no /dev/gpiochip0. Turn [panel] off in the settings"
        )
