"""The eye's loop body: one frame in, what can be said about the room out."""

import math
from dataclasses import dataclass, replace

import numpy as np

from soulsync_edge.domain.emotion import EMOTIONS, EmotionEstimate
from soulsync_edge.domain.events import (
    EstimateArrived,
    FaceObscured,
    NobodySeen,
    Obstacle,
    RoomDark,
)
from soulsync_edge.domain.face import Face
from soulsync_edge.domain.sight import Sight
from soulsync_edge.eye_ports import (
    EmotionReader,
    FaceCropper,
    FaceFinder,
    Frame,
    Pixels,
)
from soulsync_edge.services.measuring import light_of, measured
from soulsync_edge.settings import CameraSettings

MOST_FACES = 4
"""Faces that count in a room average, largest first: bounds the work of one look."""

# Another face takes over when it is clearly larger (half as much area again) for this long: people
# who cross the room in front of the listener do not steal the music.
CLEARLY_LARGER = 1.5
TAKE_OVER_S = 1.0
# The followed face is waited for this long before another is followed in its place.
LOST_S = 1.0
# The same face moves at most by its own width between two looks; at 4 Hz, 0.5 m away, that is
# brisk walking. Its box changes its width by less than half meanwhile.
NEAR_WIDTHS = 1.0
SAME_WIDTH_SHARE = 0.55

# The brighter parts of a lit room are brighter than this, of 255. What shines through a closed
# shutter is not.
DARKEST_ROOM_LEVEL = 20
# A face in less light than so many grains of noise is rarely found: to say that nobody is there
# would be a guess. Source: tests/integration/test_actor_through_the_eye.py, which holds it.
LEAST_GRAINS = 4
# So much light is a lit room, whatever is restless in it.
LIT_ROOM_LEVEL = 70


class Perception:
    """Turns frames into sights, following one face or taking the mean of all.

    Geometry alone tells faces apart, from one frame to the next: nobody is recognised.
    """

    def __init__(
        self,
        finder: FaceFinder,
        crop: FaceCropper,
        reader: EmotionReader,
        settings: CameraSettings,
    ) -> None:
        self._finder = finder
        self._crop = crop
        self._reader = reader
        self._settings = settings
        self._followed = Followed()

    def look(self, frame: Frame) -> Sight:
        """Return what `frame` says about the room.

        Raises:
            ValueError: It is no (H, W, 3) uint8 picture, or an empty one.
        """
        _check(frame.pixels)
        if is_dark(frame.pixels):
            return RoomDark(frame.at_s)
        faces = self._finder.find(frame.pixels)
        if self._settings.faces == "average":
            return self._average(frame, faces)
        return self._largest(frame, faces)

    def _largest(self, frame: Frame, faces: tuple[Face, ...]) -> Sight:
        self._followed = self._followed.after(faces, frame.at_s)
        face = self._followed.face
        if face is None:
            return NobodySeen(frame.at_s)
        if not self._followed.is_in_view:
            # Still waiting for it while others are in view: most likely it looks away.
            return (
                FaceObscured(frame.at_s, Obstacle.TURNED_AWAY) if faces else NobodySeen(frame.at_s)
            )
        found = self._read(frame, face)
        if isinstance(found, Obstacle):
            return FaceObscured(frame.at_s, found)
        return _arrived(frame.at_s, found, len(faces))

    def _average(self, frame: Frame, faces: tuple[Face, ...]) -> Sight:
        if not faces:
            return NobodySeen(frame.at_s)
        nearest = sorted(faces, key=lambda face: face.area_px, reverse=True)[:MOST_FACES]
        found = [self._read(frame, face) for face in nearest]
        estimates = [each for each in found if isinstance(each, EmotionEstimate)]
        if estimates:
            return _arrived(frame.at_s, mean_estimate(estimates), len(faces))
        return FaceObscured(frame.at_s, next(each for each in found if isinstance(each, Obstacle)))

    def _read(self, frame: Frame, face: Face) -> EmotionEstimate | Obstacle:
        least_px = self._settings.least_face_px
        return read_face(frame.pixels, face, self._crop, self._reader, least_px)


@dataclass(frozen=True, slots=True)
class Followed:
    """Which of the faces in view is the one that counts.

    Attributes:
        face: Where it was last seen; None while no face is followed.
        seen_s: When that was.
        is_in_view: It was in the newest frame.
        rival_since_s: Since when another face has been clearly larger, or None.
    """

    face: Face | None = None
    seen_s: float = 0.0
    is_in_view: bool = False
    rival_since_s: float | None = None

    def after(self, faces: tuple[Face, ...], at_s: float) -> "Followed":
        """Return whom to follow once `faces` were seen at `at_s`."""
        largest = max(faces, key=lambda face: face.area_px, default=None)
        same = min(
            (face for face in faces if self._may_be(face)),
            key=lambda face: face.distance_to(self.face or face),
            default=None,
        )
        if same is None or largest is None:
            if self.face is not None and at_s - self.seen_s < LOST_S:
                return replace(self, is_in_view=False)
            return Followed(largest, at_s, is_in_view=largest is not None)
        if largest.area_px < CLEARLY_LARGER * same.area_px:
            return Followed(same, at_s, is_in_view=True)
        since_s = at_s if self.rival_since_s is None else self.rival_since_s
        if at_s - since_s >= TAKE_OVER_S:
            return Followed(largest, at_s, is_in_view=True)
        return Followed(same, at_s, is_in_view=True, rival_since_s=since_s)

    def _may_be(self, face: Face) -> bool:
        """Whether `face` can be the followed one a moment later: near it and of its size."""
        if self.face is None:
            return False
        narrow_px, wide_px = sorted((face.width_px, self.face.width_px))
        return (
            face.distance_to(self.face) <= NEAR_WIDTHS * wide_px
            and narrow_px >= SAME_WIDTH_SHARE * wide_px
        )


class Pace:
    """Says which frames to look at so that there are `rate_hz` looks a second on average."""

    def __init__(self, rate_hz: float) -> None:
        self._period_s = 1.0 / rate_hz
        self._due_s: float | None = None

    def wait_s(self, now_s: float) -> float:
        """Return how long to wait for the next look, 0 when it is due."""
        return 0.0 if self._due_s is None else max(self._due_s - now_s, 0.0)

    def take(self, at_s: float) -> bool:
        """Return whether to look at a frame taken at `at_s`; looks missed are not made up for."""
        if self._due_s is None:
            self._due_s = at_s
        late_s = at_s - self._due_s
        # A frame time may miss its due time by rounding alone.
        if late_s < -1e-6:  # noqa: PLR2004  # a microsecond
            return False
        self._due_s += self._period_s * (1 + math.floor(max(late_s, 0.0) / self._period_s))
        return True


def is_dark(pixels: Pixels) -> bool:
    """Return whether the whole picture is too dark, or drowns too much in noise, to find a face."""
    light = light_of(pixels)
    needed = max(DARKEST_ROOM_LEVEL, LEAST_GRAINS * light.grain)
    return light.level < min(needed, LIT_ROOM_LEVEL)


def read_face(
    pixels: Pixels, face: Face, crop: FaceCropper, reader: EmotionReader, least_face_px: int
) -> EmotionEstimate | Obstacle:
    """Return what `face` looks like, or why it cannot be read; a poor look is believed less."""
    quality = measured(pixels, face)
    obstacle = quality.obstacle(least_face_px)
    if obstacle is not None:
        return obstacle
    estimate = reader.read(crop(pixels, face))
    return replace(estimate, confidence=estimate.confidence * quality.score)


def mean_estimate(estimates: list[EmotionEstimate]) -> EmotionEstimate:
    """Return the mean of several faces' probabilities, each weighted by its confidence.

    The confidence of the mean is the mean confidence.
    """
    weights = [estimate.confidence for estimate in estimates]
    if sum(weights) <= 0.0:
        weights = [1.0] * len(estimates)
    total = sum(weights)
    shares = tuple(
        sum(
            weight * estimate.probabilities[index]
            for weight, estimate in zip(weights, estimates, strict=True)
        )
        / total
        for index in range(len(EMOTIONS))
    )
    confidence = sum(estimate.confidence for estimate in estimates) / len(estimates)
    return EmotionEstimate(shares, min(confidence, 1.0))


def _check(pixels: Pixels) -> None:
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:  # noqa: PLR2004  # rows, columns, and three colours
        raise ValueError(
            f"a frame must be (height, width, 3) uint8 RGB, got {pixels.shape} {pixels.dtype}"
        )


def _arrived(at_s: float, estimate: EmotionEstimate, faces: int) -> EstimateArrived:
    return EstimateArrived(at_s, estimate.probabilities, estimate.confidence, faces)
