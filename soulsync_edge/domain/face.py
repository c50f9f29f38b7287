"""Where a face is in a frame: geometry only, never who it is."""

import math
from dataclasses import dataclass

Point = tuple[float, float]
"""Column and row in pixels, from the top left corner; may lie outside the frame."""


@dataclass(frozen=True, slots=True)
class Face:
    """One face found in one frame, in pixels.

    Attributes:
        left_px: Left edge of the box.
        top_px: Top edge of the box.
        width_px: Width of the box, above 0.
        height_px: Height of the box, above 0.
        key_points: Six points in MediaPipe's order, right and left as the person has them:
            right eye, left eye, nose tip, mouth centre, right ear tragion, left ear tragion.
        score: The finder's own confidence, 0 to 1.
    """

    left_px: float
    top_px: float
    width_px: float
    height_px: float
    key_points: tuple[Point, Point, Point, Point, Point, Point]
    score: float

    @property
    def centre(self) -> Point:
        """The middle of the box."""
        return (self.left_px + self.width_px / 2, self.top_px + self.height_px / 2)

    @property
    def area_px(self) -> float:
        """The box's area in square pixels."""
        return self.width_px * self.height_px

    def distance_to(self, other: "Face") -> float:
        """Return the distance between the two box centres in pixels."""
        return math.dist(self.centre, other.centre)
