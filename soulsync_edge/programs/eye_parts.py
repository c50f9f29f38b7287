"""How the eye gets at its camera, its light and its models, and what it does to its own process."""

import ctypes
import gc
import logging
import math
import os
import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from soulsync_edge.errors import ModelError, Unavailable
from soulsync_edge.eye_ports import Camera, EmotionReader, FaceCropper, FaceFinder
from soulsync_edge.ports import Light
from soulsync_edge.programs.native_chatter import hushed
from soulsync_edge.settings import CameraSettings, PanelSettings

logger = logging.getLogger(__name__)

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
