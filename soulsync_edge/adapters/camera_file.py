"""A video file or a folder of pictures as a camera, through OpenCV."""

import logging
import re
import stat
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from soulsync_edge.adapters.camera_reader import turned, within
from soulsync_edge.errors import NoFrameYet, Unavailable
from soulsync_edge.eye_ports import Frame, Pixels
from soulsync_edge.ports import Clock
from soulsync_edge.settings import CameraSettings

logger = logging.getLogger(__name__)

# Pictures of a folder shown a second: the usual looks of the eye, so that each is looked at once.
PICTURES_HZ = 4.0
# Frames a second of a video that does not say.
_USUAL_HZ = 25.0
# Played live, a frame older than this makes room for the next.
_FRESH_S = 0.1
# Further behind, live playing goes on from where it is instead of catching up: the machine is too
# slow for the recording, or nobody looked for a while.
_CATCH_UP_S = 2.0
_PICTURE_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})


@dataclass(frozen=True, slots=True)
class _Shot:
    """One picture of a recording.

    Attributes:
        at_s: Seconds from the start of the recording.
        decode: Returns `(H, W, 3)` uint8 BGR, or None when it is damaged; to be called before the
            next shot is taken.
    """

    at_s: float
    decode: Callable[[], Pixels | None]


class FileCamera:
    """A `Camera` that plays `settings.device`: a video, a folder of pictures, or one picture.

    Args:
        settings: What to play, the most its pictures may measure, and how to turn them.
        live: Play at its own speed, over and over, stamped with `clock`; else every frame as fast
            as it is asked for, once, stamped with the time since the start of the recording.
        clock: For live playing.
        wait: Waits so many seconds, for live playing.

    Raises:
        Unavailable: It is missing, empty, or cannot be decoded; says which.
    """

    def __init__(
        self,
        settings: CameraSettings,
        *,
        live: bool,
        clock: Clock = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        cv2.setNumThreads(1)
        path = _home_expanded(settings.device)
        if _would_block(path):
            raise Unavailable(f"{path} is neither a file nor a folder; name a video or pictures")
        self.name = f"recording {path.name}"
        self._settings = settings
        self._is_live = live
        self._clock = clock
        self._wait = wait
        self._is_open = True
        self._shots = _endless(path) if live else _shots(path)
        # Look for the first picture now: a file that holds none is refused at once.
        self._waiting = next((shot for shot in self._shots if shot.decode() is not None), None)
        if self._waiting is None:
            raise Unavailable(_nothing_in(path))
        self._start_s = clock()

    def read(self, timeout_s: float) -> Frame | None:
        if not self._is_open:
            raise Unavailable(f"{self.name}: it is closed")
        while (shot := self._taken()) is not None:
            if self._is_live and not self._is_time_for(shot, timeout_s):
                continue
            pixels = shot.decode()
            if pixels is not None:
                return self._frame(pixels, shot.at_s)
        return None

    def close(self) -> None:
        self._is_open = False
        self._shots.close()

    def _taken(self) -> _Shot | None:
        shot, self._waiting = self._waiting, None
        return shot or next(self._shots, None)

    def _is_time_for(self, shot: _Shot, timeout_s: float) -> bool:
        """Wait until `shot` is due; False when that was long ago."""
        early_s = self._start_s + shot.at_s - self._clock()
        if early_s < -_CATCH_UP_S:
            self._start_s -= early_s
            return True
        self._wait(min(max(early_s, 0.0), timeout_s))
        if early_s > timeout_s:
            self._waiting = shot
            raise NoFrameYet(f"{self.name} has no new picture after {timeout_s:g} s")
        return early_s >= -_FRESH_S

    def _frame(self, pixels: Pixels, shot_s: float) -> Frame:
        small = within(pixels, self._settings.width_px, self._settings.height_px)
        rgb = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2RGB), np.uint8)
        at_s = self._start_s + shot_s if self._is_live else shot_s
        return Frame(turned(rgb, self._settings.rotation_deg), at_s)


def _would_block(path: Path) -> bool:
    """Return whether `path` is a pipe or a device, which could be waited on for ever."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return False  # what is wrong with it is told when it is opened
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _home_expanded(device: str) -> Path:
    """Return the path meant, `~` and `~name` put out in full."""
    try:
        return Path(device).expanduser()
    except RuntimeError as error:
        raise Unavailable(
            f"there is no video and no folder of pictures at {device}: this machine has no user "
            "of that name. Write the whole path."
        ) from error


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        raise Unavailable(f"{path} cannot be reached: {error.strerror}.") from error


def _endless(path: Path) -> Generator[_Shot, None, None]:
    """Yield the shots of `path` over and over, their times going on."""
    start_s = 0.0
    while True:
        last_s, gap_s = -1.0, 0.0
        for shot in _shots(path):
            gap_s = shot.at_s - last_s if last_s >= 0.0 else 1.0 / PICTURES_HZ
            last_s = shot.at_s
            yield replace(shot, at_s=start_s + shot.at_s)
        if last_s < 0.0:
            raise Unavailable(_nothing_in(path))
        start_s += last_s + gap_s


def _shots(path: Path) -> Generator[_Shot, None, None]:
    """Yield the shots of `path` once, in order."""
    if not _is_there(path):
        raise Unavailable(f"there is no video and no folder of pictures at {path}.")
    if path.is_dir():
        yield from _pictures(_pictures_in(path))
    elif path.suffix.lower() in _PICTURE_SUFFIXES:
        yield from _pictures([path])
    else:
        yield from _video(path)


def _video(path: Path) -> Generator[_Shot, None, None]:
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    try:
        rate_hz = capture.get(cv2.CAP_PROP_FPS)
        gap_s = 1.0 / (rate_hz if 1.0 <= rate_hz <= 1000.0 else _USUAL_HZ)  # noqa: PLR2004  # else it is not known
        at_s = -gap_s
        while capture.grab():
            told_s = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0
            # Phones record at a varying rate, so the time told counts; some files tell none.
            at_s = told_s if told_s > at_s else at_s + gap_s
            yield _Shot(at_s, partial(_retrieved, capture))
    finally:
        capture.release()


def _retrieved(capture: cv2.VideoCapture) -> Pixels | None:
    has_picture, pixels = capture.retrieve()
    return np.asarray(pixels, np.uint8) if has_picture else None


def _pictures_in(folder: Path) -> list[Path]:
    """Return the pictures in `folder` in the order people count in: 2 before 10.

    Raises:
        Unavailable: There are none, or the folder cannot be read.
    """
    try:
        paths = [path for path in folder.iterdir() if path.suffix.lower() in _PICTURE_SUFFIXES]
    except OSError as error:
        raise Unavailable(f"folder {folder} cannot be read: {error.strerror}.") from error
    if not paths:
        kinds = ", ".join(sorted(suffix[1:] for suffix in _PICTURE_SUFFIXES))
        raise Unavailable(f"folder {folder} holds no pictures ({kinds}).")
    return sorted(paths, key=_counting_order)


def _counting_order(path: Path) -> list[tuple[int, str]]:
    parts = re.findall(r"[0-9]+|[^0-9]+", path.name.lower())
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]


def _pictures(paths: list[Path]) -> Iterator[_Shot]:
    for index, path in enumerate(paths):
        yield _Shot(index / PICTURES_HZ, partial(_loaded, path))


def _loaded(path: Path) -> Pixels | None:
    """Return a picture of any size and depth as 8-bit BGR, upright; None when it is damaged."""
    try:
        content = np.frombuffer(path.read_bytes(), np.uint8)
        pixels = cv2.imdecode(content, cv2.IMREAD_COLOR)
    except (OSError, cv2.error):
        pixels = None
    if pixels is None:
        logger.warning("%s is not a picture that can be decoded; it is left out", path.name)
        return None
    return np.asarray(pixels, np.uint8)


def _nothing_in(path: Path) -> str:
    return (
        f"{path} holds no picture that can be decoded: it is empty, damaged, or neither a video "
        "nor a picture."
    )
