"""How well one face can be seen, and whether that is enough to read it."""

import math
from dataclasses import dataclass

from soulsync_edge.domain.events import Obstacle
from soulsync_edge.domain.face import Face, Point

HELD_AT_LIMIT = 0.9
"""Share of the classifier's own confidence that comes true where a look is barely good enough.

It is a little too sure of itself on bad looks, by about this much at the limits below.
Source: models/emotion_gate.json (`held_at_limit`), by models/recipes/emotion/choose_gate.py.
"""


@dataclass(frozen=True, slots=True)
class Scale:
    """What a measurement is worth, from so bad that nothing can be seen to as good as any.

    Attributes:
        worst: Worth nothing from here on.
        limit: Not enough from here on: a wrong word would cost more than silence.
        good: Better does not help.
    """

    worst: float
    limit: float
    good: float

    def is_too_bad(self, value: float) -> bool:
        """Return whether `value` is past the limit."""
        return value < self.limit if self.worst < self.good else value > self.limit

    def worth(self, value: float) -> float:
        """Return 0 at `worst`, `HELD_AT_LIMIT` at `limit`, 1 from `good` on; straight between."""
        if self.is_too_bad(value):
            return HELD_AT_LIMIT * _share(value, self.worst, self.limit)
        return HELD_AT_LIMIT + (1 - HELD_AT_LIMIT) * _share(value, self.limit, self.good)


# The limits lie where, on FER pictures made worse step by step, fewer than two of three faces are
# read right, or where such pictures end. Source: models/recipes/emotion/choose_gate.py prints the
# tables; how far away is too far is a setting.
WIDTH_PX = Scale(worst=4, limit=10, good=16)
SHARPNESS = Scale(worst=0.03, limit=0.27, good=0.40)
HIGHLIGHT = Scale(worst=0, limit=5, good=10)
CONTRAST = Scale(worst=3, limit=8, good=14)
BURNT = Scale(worst=1.0, limit=0.65, good=0.45)
YAW = Scale(worst=4.0, limit=1.8, good=1.4)
PITCH = Scale(worst=1.5, limit=0.6, good=0.4)
OUTSIDE = Scale(worst=1.0, limit=0.6, good=0.4)

# The crop levels a tilted face, which is then read as well as an upright one. But of a face on its
# side the finder puts the points astray, often as if it leant less: the limit lies well before.
# Source: `python -m models.recipes.emotion.choose_gate --turned` prints it; ADR 13 has the table.
TILT_DEG = Scale(worst=90, limit=50, good=35)


@dataclass(frozen=True, slots=True)
class FaceQuality:
    """What was measured of one face in one picture.

    Attributes:
        width_px: Width of the face.
        sharpness: Share of the fine detail that would be lost if the face were blurred once more,
            in the direction with least, 0 to 1: the blurred have none to lose.
        highlight: How bright its brighter parts are (eye whites, skin shine), 0 to 255. Not the
            mean: dark skin is not a dark room.
        contrast: How far its light and dark parts lie apart, in grains of the picture's noise.
        burnt: Share of it that is too bright to hold any shading, 0 to 1.
        yaw: How far the nose is off the middle of the ears, as a share of the way to an ear;
            right is above 0.
        pitch: How far the nose is off the middle of eyes and mouth, as a share of the way to
            either; down is above 0.
        tilt_deg: How far the face is off upright, 0 to 180: as the line through the eyes tells, or
            the one from there to the mouth if that is further. The finder puts the eyes of a face
            on its side too level.
        outside: Share of the crop's lower half that lies outside the picture, 0 to 1: the half
            with the mouth. Without the upper half expressions can be told.
    """

    width_px: float
    sharpness: float
    highlight: float
    contrast: float
    burnt: float
    yaw: float
    pitch: float
    tilt_deg: float
    outside: float

    def obstacle(self, least_width_px: float = WIDTH_PX.limit) -> Obstacle | None:
        """Return why the face cannot be read, or None when it can.

        What is easiest for a person to change comes first.
        """
        past = (
            (Obstacle.TOO_FAR, self.width_px < least_width_px),
            (Obstacle.LEAVING, OUTSIDE.is_too_bad(self.outside)),
            (Obstacle.TOO_DARK, HIGHLIGHT.is_too_bad(self.highlight)),
            (Obstacle.TOO_BRIGHT, BURNT.is_too_bad(self.burnt)),
            # Cameras make up for little light by gain, and drown the face in its noise.
            (Obstacle.TOO_DARK, CONTRAST.is_too_bad(self.contrast)),
            # In profile the eyes are one point, and no line: this before the tilt.
            (Obstacle.TURNED_AWAY, self._is_turned_away),
            (Obstacle.TILTED, TILT_DEG.is_too_bad(self.tilt_deg)),
            (Obstacle.TOO_BLURRED, SHARPNESS.is_too_bad(self.sharpness)),
        )
        return next((obstacle for obstacle, is_past in past if is_past), None)

    @property
    def score(self) -> float:
        """How good the look is, 0 to 1: 1 when no measurement stands in the way of reading it.

        The product of what each measurement is worth, so that it falls with every one of them. It
        is the share of the classifier's confidence that can be believed on such a look.
        """
        return math.prod(
            (
                WIDTH_PX.worth(self.width_px),
                SHARPNESS.worth(self.sharpness),
                HIGHLIGHT.worth(self.highlight),
                CONTRAST.worth(self.contrast),
                BURNT.worth(self.burnt),
                YAW.worth(abs(self.yaw)),
                PITCH.worth(abs(self.pitch)),
                TILT_DEG.worth(self.tilt_deg),
                OUTSIDE.worth(self.outside),
            )
        )

    @property
    def _is_turned_away(self) -> bool:
        return YAW.is_too_bad(abs(self.yaw)) or PITCH.is_too_bad(abs(self.pitch))


@dataclass(frozen=True, slots=True)
class Turn:
    """How a head is turned, by its six key points; see `FaceQuality`."""

    yaw: float
    pitch: float
    tilt_deg: float


def turn_of(face: Face) -> Turn:
    """Return how the head is turned; straight on where points coincide and nothing can be said."""
    right_eye, left_eye, nose, mouth, right_ear, left_ear = face.key_points
    between_eyes = ((right_eye[0] + left_eye[0]) / 2, (right_eye[1] + left_eye[1]) / 2)
    level_rad = math.atan2(left_eye[1] - right_eye[1], left_eye[0] - right_eye[0])
    upright_rad = math.atan2(mouth[0] - between_eyes[0], mouth[1] - between_eyes[1])
    return Turn(
        yaw=2 * _share_along(nose, right_ear, left_ear) - 1,
        pitch=2 * _share_along(nose, between_eyes, mouth) - 1,
        tilt_deg=math.degrees(max(abs(level_rad), abs(upright_rad))),
    )


def _share(value: float, start: float, end: float) -> float:
    """Return how far `value` is on the way from `start` (0) to `end` (1), no less and no more."""
    return min(max((value - start) / (end - start), 0.0), 1.0)


def _share_along(point: Point, start: Point, end: Point) -> float:
    """Return how far `point` lies along the way from `start` (0) to `end` (1)."""
    way = (end[0] - start[0], end[1] - start[1])
    length = way[0] ** 2 + way[1] ** 2
    if length <= 0.0:
        return 0.5
    return ((point[0] - start[0]) * way[0] + (point[1] - start[1]) * way[1]) / length
