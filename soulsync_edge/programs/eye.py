"""The program that looks: frame, face, estimate, line. It needs no network and no disk."""

import ctypes
import gc
import logging
import math
import os
import re
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
    EmotionReader,
    FaceCropper,
    FaceFinder,
)
from soulsync_edge.ports import Clock, Light, Supervisor
from soulsync_edge.programs.native_chatter import hushed
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

DAY_S = 86_400.0

OPENCV_WAYS = {
    "OPENCV_FOR_THREADS_NUM": "1",  # pictures this small gain nothing from more
    "OPENCV_LOG_LEVEL": "SILENT",
    "OPENCV_FFMPEG_LOGLEVEL": "-8",  # FFmpeg's AV_LOG_QUIET
}

PR_SET_DUMPABLE = 4
"""Source: prctl(2) and linux/prctl.h."""


@dataclass(frozen=True, slots=True)
class Senses:
    """What turns a picture into an estimate."""

    finder: FaceFinder
    crop: FaceCropper
    reader: EmotionReader


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


def open_camera(models: Path, settings: CameraSettings) -> tuple[Camera, str]:
    """Open the camera the settings choose; return it and what to call it.

    Args:
        models: Folder of the models, where the demo actor's faces lie as well.
        settings: Which camera, and how.

    Raises:
        ModelError: The demo actor's faces are missing or damaged.
        Unavailable: It cannot be opened; says why and what to do.
    """
    try:
        return _chosen_camera(models, settings)
    finally:
        return_memory()


def _chosen_camera(models: Path, settings: CameraSettings) -> tuple[Camera, str]:
    if settings.adapter == "actor":
        return _actor(models, settings.device)
    if settings.adapter == "file":
        from soulsync_edge.adapters.camera_file import FileCamera

        recording = FileCamera(settings, live=True)
        return recording, recording.name
    if settings.adapter == "picamera2" or (settings.adapter == "auto" and _has_ribbon_camera()):
        from soulsync_edge.adapters.camera_picamera2 import Picamera2Camera

        ribbon = Picamera2Camera(settings)
        return ribbon, ribbon.name
    from soulsync_edge.adapters.camera_v4l2 import V4l2Camera

    usb = V4l2Camera(settings)
    return usb, usb.name


def open_light(panel: PanelSettings) -> Light | None:
    """Return the light that shows that the camera is open; None when no panel is wired.

    Raises:
        Unavailable: Its pin cannot be had.
    """
    if not panel.is_on:
        return None
    from soulsync_edge.adapters.light_gpiozero import GpioLight

    return GpioLight(panel.camera_light_pin, "camera light")


def load_senses(models: Path) -> Senses:
    """Load the models in folder `models`.

    Imports their libraries only now, so that the program itself is up at once.

    Raises:
        ModelError: A model is missing, damaged or not the one this release expects, or a library
            that runs it cannot be loaded.
    """
    with hushed(), loadable():
        from soulsync_edge.adapters.crop_opencv import crop_face
        from soulsync_edge.adapters.emotion_tflite import TfliteEmotionReader

        # The small model first: when it is refused, the large library need not be loaded.
        reader = TfliteEmotionReader(models)
        from soulsync_edge.adapters.faces_mediapipe import MediapipeFaceFinder

        return Senses(MediapipeFaceFinder(models), crop_face, reader)


@contextmanager
def loadable() -> Iterator[None]:
    """Say of a library that cannot be loaded inside what to do about it.

    Raises:
        ModelError: One is missing, or a system package that it needs.
    """
    try:
        yield
    except (ImportError, OSError) as error:
        raise ModelError(
            f"what the eye sees with cannot be loaded ({error}), so no face can be read: a library "
            "is missing, or a system package it needs. Run `make setup`, or on the board "
            "scripts/provision.sh."
        ) from error


def keep_opencv_modest() -> None:
    """Keep OpenCV to one thread and, as it tells nothing we do not tell better, quiet.

    It reads this when it is first imported.
    """
    for name, value in OPENCV_WAYS.items():
        os.environ.setdefault(name, value)


def keep_out_of_core_dumps() -> None:
    """Make sure that a crash leaves no picture behind: this process is never dumped."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        logger.warning("core dumps cannot be forbidden: %s", os.strerror(ctypes.get_errno()))


def return_memory() -> None:
    """Give the system back what importing and loading have left over, some 10 MB."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)


def _actor(models: Path, device: str) -> tuple[Camera, str]:
    """Return the demo actor.

    Args:
        models: Folder of its faces.
        device: How long its script is in seconds, up to a day, and after an `@` when it began on
            the machine's monotonic clock; a text without such numbers, as the usual
            `/dev/video0`, for a script of a day that begins now.

    Raises:
        ModelError: Its faces are missing or damaged.
        Unavailable: The numbers make no script.
    """
    from soulsync_edge.adapters.camera_actor import ActorCamera, demo_script

    total_s, start_s = DAY_S, None
    if re.fullmatch(r"[0-9.@]+", device):
        total_s, start_s = _script_times(device)
    actor = ActorCamera(models, demo_script(total_s), start_s=start_s)
    return actor, actor.name


def _script_times(device: str) -> tuple[float, float | None]:
    """Return how long the actor's script is in seconds, and when it began if `device` says so."""
    length, _, start = device.partition("@")
    try:
        total_s, start_s = float(length), float(start) if start else None
    except ValueError:
        total_s, start_s = 0.0, None
    if not (0.0 < total_s <= DAY_S and math.isfinite(start_s or 0.0)):
        raise Unavailable(
            f"the demo actor cannot play {device[:40]}: [camera] device is the length of its "
            f"script in seconds, above 0 and up to {DAY_S:.0f} (a day), such as 60."
        )
    return total_s, start_s


def _has_ribbon_camera() -> bool:
    from soulsync_edge.adapters.camera_picamera2 import ribbon_cameras

    try:
        return bool(ribbon_cameras())
    except Unavailable as error:
        logger.debug("no ribbon camera: %s", error)
        return False


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
