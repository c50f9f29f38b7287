"""A push button on a pin of the board, through gpiozero."""

import gpiozero

from soulsync_edge.adapters.gpio_pins import reach_pins
from soulsync_edge.domain.events import ButtonHeld, ButtonPressed, Part, PartReported
from soulsync_edge.errors import Unavailable
from soulsync_edge.ports import Clock, Post

BOUNCE_S = 0.03
"""Contacts of a small push button chatter for up to some 10 ms; a finger stays longer than this."""

STUCK_S = 60.0
"""Nobody holds a button for a minute: it is jammed, or its wire touches ground."""


class GpioButton:
    """Posts what a button between a pin and ground is used for, when it is let go.

    Only a release counts, so a button that jams does nothing at all.
    """

    def __init__(
        self, pin: int, hold_s: float, post: Post, clock: Clock, stuck_s: float = STUCK_S
    ) -> None:
        """Watch `pin` (BCM number); a press of `hold_s` or longer counts as held.

        gpiozero's threads do the calling, and they only post.

        Raises:
            Unavailable: There are no pins here, or this one cannot be had.
        """
        self._hold_s = hold_s
        self._post = post
        self._clock = clock
        self._stuck_s = stuck_s
        self._down_at_s: float | None = None
        self._is_stuck = False
        reach_pins()
        try:
            self._button = gpiozero.Button(pin, bounce_time=BOUNCE_S, hold_time=stuck_s)
        except Exception as error:  # lgpio's error is a bare Exception
            raise Unavailable(
                f"the button on pin {pin} cannot be had: {error}. See whether [panel] in the "
                "settings names the right pin and whether another program holds it, or turn the "
                "panel off"
            ) from error
        self._button.when_pressed = self._went_down
        self._button.when_held = self._got_stuck
        self._button.when_released = self._came_up

    def close(self) -> None:
        """Let the pin go. Does nothing when already closed."""
        self._button.close()

    def _went_down(self) -> None:
        self._down_at_s = self._clock()

    def _got_stuck(self) -> None:
        self._is_stuck = True
        self._report(
            is_ok=False,
            message=f"the button has been down for {self._stuck_s:.0f} s and is ignored until it "
            "comes up. See whether it is jammed",
        )

    def _came_up(self) -> None:
        at_s = self._clock()
        down_at_s, self._down_at_s = self._down_at_s, None
        was_stuck, self._is_stuck = self._is_stuck, False
        if was_stuck:
            self._report(is_ok=True, message="")
        elif down_at_s is not None and at_s - down_at_s >= BOUNCE_S:
            is_hold = at_s - down_at_s >= self._hold_s
            self._post(ButtonHeld(at_s) if is_hold else ButtonPressed(at_s))

    def _report(self, *, is_ok: bool, message: str) -> None:
        self._post(PartReported(self._clock(), Part.BUTTON, is_ok, message))
