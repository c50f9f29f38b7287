"""The program that looks: frame, face, estimate, line. It needs no network and no disk."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pydantic

from soulsync_edge.adapters.systemd import SystemdSupervisor
from soulsync_edge.domain.commands import SetCamera
from soulsync_edge.domain.events import Part, PartReported, RoomDark
from soulsync_edge.errors import ModelError, NoFrameYet, Unavailable
from soulsync_edge.eye_ports import (
    Camera,
)
from soulsync_edge.ports import Clock, Light, Supervisor
from soulsync_edge.programs.eye_parts import (
    Senses,
    keep_opencv_modest,
    keep_out_of_core_dumps,
    load_senses,
    open_camera,
    open_light,
)
from soulsync_edge.programs.program_life import NeedsRestart, stop_on_signals
from soulsync_edge.services.perception import Pace, Perception
from soulsync_edge.settings import CameraSettings, EyeSettings, PanelSettings
from soulsync_edge.wire.link import LinkClient, LinkLost
from soulsync_edge.wire.messages import EYE_EVENTS, EYE_ORDERS, Configure, EyeEvent, EyeOrder

logger = logging.getLogger(__name__)

# The longest the loop is away from its orders: off must be off within 300 ms.
SLICE_S = 0.1
# A camera that gives no picture for this long is opened again.
STALL_S = 5.0
# One that fails again before it has worked this long needs a fresh process: its library hangs.
WORKS_AGAIN_S = 60.0
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 30.0
# How often to tell the supervisor; it worries after 30 s.
ALIVE_S = 5.0


@dataclass(frozen=True, slots=True)
class Openers:
    """How the eye gets at its hardware and models; each raises as the adapters do.

    Attributes:
        camera: Opens the camera; returns it and what to call it.
        light: Returns the camera light, or None when the panel is off.
        senses: Loads the models.
    """

    camera: Callable[[CameraSettings], tuple[Camera, str]]
    light: Callable[[PanelSettings], Light | None]
    senses: Callable[[], Senses]


def run(link: Path, models: Path) -> int:
    """Look whenever core says so, until told to stop.

    Returns 0 after SIGTERM or SIGINT, 1 when only a fresh process can get at the camera again.
    """
    keep_out_of_core_dumps()
    keep_opencv_modest()
    client = LinkClient(link, EYE_ORDERS, EYE_EVENTS)
    must_stop = stop_on_signals(client.wake)
    supervisor = SystemdSupervisor()
    eye = Eye(
        client.send,
        Openers(partial(open_camera, models), open_light, partial(load_senses, models)),
        supervisor,
    )
    supervisor.ready()
    try:
        while not must_stop():
            _turn(client, eye)
    except NeedsRestart as error:
        logger.error("%s", error)  # noqa: TRY400  # the sentence says it all
        return 1
    finally:
        supervisor.stopping()
        client.close()
    return _ended(eye)


class Eye:
    """The eye between two orders: what it was told, and the camera while it looks.

    Args:
        post: Tells core.
        openers: How to get at camera, light and models.
        supervisor: Hears of progress: a frame looked at, a declared fault, or nothing to do.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        post: Callable[[EyeEvent], object],
        openers: Openers,
        supervisor: Supervisor,
        clock: Clock = time.monotonic,
    ) -> None:
        self._post = post
        self._openers = openers
        self._supervisor = supervisor
        self._clock = clock
        self._settings: EyeSettings | None = None
        self._may_look = False
        self._senses: Senses | None = None
        self._is_model_refused = False
        self._sight: _Sight | None = None
        self._light: Light | None = None
        self._told: dict[Part, tuple[bool, str]] = {}
        self._retry_s = 0.0
        self._wait_s = FIRST_WAIT_S
        self._has_failed = False
        self._alive_s = float("-inf")

    @property
    def is_looking(self) -> bool:
        """The camera is open."""
        return self._sight is not None

    def obey(self, order: EyeOrder) -> None:
        """Do what core says.

        Raises:
            NeedsRestart: The camera cannot be closed from here.
        """
        match order:
            case Configure():
                self._configure(order.section_json)
            case SetCamera(is_on=True):
                self._may_look = True
            case SetCamera():
                self._may_look = False
                self._forgive()
                self.close()
                self._report(Part.CAMERA, is_ok=True, message="closed")

    def core_is_gone(self) -> None:
        """Close the camera: without core nobody can say that it may look.

        Raises:
            NeedsRestart: The camera cannot be closed from here.
        """
        self._may_look = False
        self._told.clear()
        self.close()

    def close(self) -> None:
        """Close the camera, then put its light out.

        Raises:
            NeedsRestart: The camera cannot be closed from here.
        """
        sight, self._sight = self._sight, None
        try:
            if sight is not None:
                sight.camera.close()
        except Unavailable as error:
            raise NeedsRestart(str(error)) from error
        light, self._light = self._light, None
        if light is not None:
            light.close()

    def end(self) -> None:
        """Close the camera and let the models go.

        Raises:
            NeedsRestart: The camera cannot be closed from here.
        """
        self.close()
        senses, self._senses = self._senses, None
        if senses is not None:
            senses.finder.close()

    def wait_s(self) -> float:
        """Return how long there is nothing to do but hear orders."""
        if self._settings is None or not self._may_look or self._is_model_refused:
            return ALIVE_S
        if self._sight is None:
            return min(max(self._retry_s - self._clock(), 0.0), ALIVE_S)
        return self._sight.pace.wait_s(self._clock())

    def look(self) -> None:
        """Take one look, or one step towards it; back within a tenth of a second or so.

        Raises:
            NeedsRestart: Only a fresh process can get at the camera again.
        """
        settings = self._settings
        if settings is None or not self._may_look or self._is_model_refused:
            self._alive()
        elif self._sight is not None:
            self._look_with(self._sight)
        elif self._clock() < self._retry_s:
            self._alive()
        elif self._senses is None:
            self._senses = self._loaded()
        else:
            self._open(settings, self._senses)

    def _configure(self, section_json: str) -> None:
        try:
            settings = EyeSettings.model_validate_json(section_json)
        except pydantic.ValidationError as error:
            self._report(
                Part.EYE,
                is_ok=False,
                message=f"the eye does not understand its settings ({error.error_count()} "
                "mistakes): core and eye are of different versions. Restart both.",
            )
            return
        self._report(Part.EYE, is_ok=True, message="")
        self._is_model_refused = False
        self._forgive()
        if settings != self._settings:
            self._settings = settings
            self.close()

    def _loaded(self) -> Senses | None:
        """Return the models. A turn of its own: it takes seconds, and orders may come meanwhile."""
        try:
            return self._openers.senses()
        except ModelError as error:
            self._refuse_model(error)
            return None

    def _open(self, settings: EyeSettings, senses: Senses) -> None:
        """Light the light, then open the camera."""
        self._report(Part.MODEL, is_ok=True, message="")
        try:
            if not self._lit(settings.panel):
                return
            camera, name = self._openers.camera(settings.camera)
        except ModelError as error:
            self._refuse_model(error)
            return
        except Unavailable as error:
            self._has_failed = False  # it is not there at all: the next one is a new beginning
            self._retry_later(str(error))
            return
        now_s = self._clock()
        self._sight = _Sight(
            camera=camera,
            name=name,
            perception=Perception(senses.finder, senses.crop, senses.reader, settings.camera),
            pace=Pace(settings.camera.rate_hz),
            opened_s=now_s,
            framed_s=now_s,
        )

    def _refuse_model(self, error: ModelError) -> None:
        """Rest until the settings come anew: what is wrong with a file stays wrong."""
        self._is_model_refused = True
        self.close()
        self._report(Part.MODEL, is_ok=False, message=str(error))

    def _lit(self, panel: PanelSettings) -> bool:
        """Light the camera light, if there is one; without it the camera stays shut."""
        try:
            self._light = self._openers.light(panel)
            if self._light is None:
                if Part.LIGHT in self._told:
                    self._report(Part.LIGHT, is_ok=True, message="")
                return True
            self._light.show(1.0)
        except Unavailable as error:
            self._report(Part.LIGHT, is_ok=False, message=str(error))
            self._retry_later("the camera stays closed because its light does not work.")
            return False
        self._report(Part.LIGHT, is_ok=True, message="")
        return True

    def _look_with(self, sight: "_Sight") -> None:
        try:
            frame = sight.camera.read(SLICE_S)
        except NoFrameYet as error:
            if self._clock() - sight.framed_s >= STALL_S:
                self._lost(f"{error}. None came for {STALL_S:g} s; it is opened again.")
            return
        except Unavailable as error:
            self._lost(str(error))
            return
        if frame is None:
            self._lost(f"{sight.name} has ended; it is played again.")
            return
        now_s = sight.framed_s = self._clock()
        sight.pace.take(now_s)
        seen = sight.perception.look(frame)
        self._post(seen)
        if now_s - sight.opened_s >= WORKS_AGAIN_S:
            self._forgive()
        height_px, width_px = frame.pixels.shape[:2]
        remark = f"{sight.name}, {width_px} x {height_px}"
        if isinstance(seen, RoomDark):
            remark += "; the picture is dark: the shutter is closed or the light is out"
        self._report(Part.CAMERA, is_ok=True, message=remark)
        self._alive()

    def _lost(self, why: str) -> None:
        """Let a camera go that fails while it is open; the second time in a row, for good."""
        self._retry_later(why)
        if self._has_failed:
            raise NeedsRestart(f"{why} It failed twice, so the eye starts afresh.")
        self._has_failed = True

    def _retry_later(self, why: str) -> None:
        self.close()
        self._report(Part.CAMERA, is_ok=False, message=why)
        self._retry_s = self._clock() + self._wait_s
        self._wait_s = min(self._wait_s * 2, LONGEST_WAIT_S)
        self._alive()

    def _forgive(self) -> None:
        """Forget past failures: what comes next is tried at once."""
        self._retry_s, self._wait_s, self._has_failed = 0.0, FIRST_WAIT_S, False

    def _report(self, part: Part, *, is_ok: bool, message: str) -> None:
        """Tell core how `part` is, when that is news; a fault is a warning in the log, once."""
        before = self._told.get(part)
        if before == (is_ok, message):
            return
        self._told[part] = (is_ok, message)
        self._post(PartReported(self._clock(), part, is_ok, message))
        if part is Part.CAMERA:
            self._supervisor.status(f"camera: {message}")
        was_ok = before is None or before[0]
        if is_ok:
            logger.log(
                logging.DEBUG if was_ok else logging.INFO, "%s: %s", part, message or "works again"
            )
        else:
            logger.log(logging.WARNING if was_ok else logging.DEBUG, "%s: %s", part, message)

    def _alive(self) -> None:
        now_s = self._clock()
        if now_s - self._alive_s >= ALIVE_S:
            self._alive_s = now_s
            self._supervisor.alive()


@dataclass(slots=True)
class _Sight:
    """An open camera and what looks through it.

    Attributes:
        camera: The camera.
        name: What to call it.
        perception: Turns its frames into sights.
        pace: When to look.
        opened_s: When it was opened.
        framed_s: When it last gave a frame.
    """

    camera: Camera
    name: str
    perception: Perception
    pace: Pace
    opened_s: float
    framed_s: float


def _turn(client: LinkClient[EyeOrder, EyeEvent], eye: Eye) -> None:
    """Hear one order, or take one look; without core, knock."""
    if not client.connect(ALIVE_S):
        eye.look()
        return
    try:
        order = client.receive(eye.wait_s())
    except LinkLost:
        eye.core_is_gone()
        return
    if order is None:
        eye.look()
    else:
        eye.obey(order)


def _ended(eye: Eye) -> int:
    """Close everything on the way out; return the exit status."""
    try:
        eye.end()
    except NeedsRestart as error:
        logger.error("%s", error)  # noqa: TRY400  # the sentence says it all
        return 1
    return 0
