"""Recordings and third-party stand-ins that several camera tests need."""

from pathlib import Path

import cv2
import numpy as np

from soulsync_edge.eye_ports import Pixels

RATE_HZ = 10.0


def picture(level: int, width_px: int = 320, height_px: int = 240) -> Pixels:
    """Return an RGB picture whose red is `level`, green half of it, and blue nothing."""
    pixels = np.zeros((height_px, width_px, 3), np.uint8)
    pixels[..., 0], pixels[..., 1] = level, level // 2
    return pixels


def write_video(path: Path, pictures: list[Pixels], rate_hz: float = RATE_HZ) -> Path:
    """Write `pictures` as an MJPG video; return `path`."""
    height, width = pictures[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), rate_hz, (width, height))
    assert writer.isOpened()
    for pixels in pictures:
        writer.write(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    writer.release()
    return path


def write_folder(folder: Path, pictures: list[Pixels]) -> Path:
    """Write `pictures` as 1.png, 2.png and so on; return `folder`."""
    folder.mkdir()
    for number, pixels in enumerate(pictures, start=1):
        cv2.imwrite(str(folder / f"{number}.png"), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    return folder
