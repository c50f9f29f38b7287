"""A light-emitting diode on a pin of the board, through gpiozero."""

import gpiozero

from soulsync_edge.adapters.gpio_pins import reach_pins
from soulsync_edge.errors import Unavailable


class GpioLight:
    """A `Light` on one pin, dimmed by pulse width."""

    def __init__(self, pin: int, name: str = "light") -> None:
        """Take `pin` (BCM number) and keep it dark; messages call it `name`.

        Raises:
            Unavailable: There are no pins here, or this one cannot be had.
        """
        self._title = f"the {name} on pin {pin}"
        reach_pins()
        try:
            self._led = gpiozero.PWMLED(pin)
        except Exception as error:  # lgpio's error is a bare Exception
            raise Unavailable(
                f"{self._title} cannot be had: {error}. See whether [panel] in the settings names "
                "the right pin and whether another program holds it, or turn the panel off"
            ) from error

    def show(self, level: float) -> None:
        try:
            self._led.value = level
        except Exception as error:  # as above
            raise Unavailable(f"{self._title} does not answer: {error}") from error

    def close(self) -> None:
        self._led.close()
