"""A recording for the eye to look at, so that no picture is made inside the eye itself."""

from collections.abc import Sequence
from pathlib import Path

import cv2

from soulsync_edge.errors import Unavailable
from soulsync_edge.eye_ports import Pixels

RATE_HZ = 4.0
"""Looks a second: what the settings ship with."""


def write_video(path: Path, frames: Sequence[Pixels]) -> None:
    """Write `frames` as a motion JPEG video of `RATE_HZ` frames a second.

    Motion JPEG is what USB cameras deliver, so decoding it costs the eye what a camera would.

    Raises:
        Unavailable: OpenCV cannot write it.
    """
    height_px, width_px = frames[0].shape[:2]
    code = cv2.VideoWriter.fourcc(*"MJPG")
    writer = cv2.VideoWriter(str(path), code, RATE_HZ, (width_px, height_px))
    if not writer.isOpened():
        raise Unavailable(f"OpenCV cannot write a motion JPEG video to {path}")
    for pixels in frames:
        writer.write(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    writer.release()
