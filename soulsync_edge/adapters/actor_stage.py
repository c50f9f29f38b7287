"""Paints the demo actor: an average face with hair and shoulders, in a room with changing light."""

import io
import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from soulsync_edge.adapters.model_manifest import checked_model
from soulsync_edge.domain.emotion import EMOTIONS, Emotion
from soulsync_edge.errors import ModelError
from soulsync_edge.eye_ports import Pixels

MODEL = "actor"
WIDTH_PX, HEIGHT_PX = 640, 480

Grey = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

# The person is painted on a sheet of this size, face in the upper middle, and then moved about.
_SHEET_WIDTH_PX, _SHEET_HEIGHT_PX = 560, 640
_FACE_LEFT_PX, _FACE_TOP_PX = 168, 30

# Where the face stands in the picture, and how large: about as at 1.2 m from the camera.
_HOME_X_PX, _HOME_Y_PX = 320.0, 215.0
_SIZE = 0.92
_EXIT_PX = 620.0
"""How far sideways the person is out of sight."""

# Grey levels of the averages as the colours of skin: dark brown, skin, and highlights.
_SKIN_STOPS = (
    (0, (18, 12, 12)),
    (60, (84, 54, 44)),
    (110, (152, 108, 88)),
    (150, (198, 154, 130)),
    (200, (232, 198, 178)),
    (255, (252, 238, 228)),
)
_HAIR = (50, 38, 33)
_SHIRT = (72, 92, 104)
_NECK_GREY = 142

# Right halves from top to bottom: pixels right of the middle, and down the sheet.
_HAIR_OUTLINE = (
    *((0, 44), (30, 48), (56, 62), (74, 88), (82, 122), (83, 160), (80, 196), (72, 226)),
    *((58, 244), (0, 250)),
)
_NECK_OUTLINE = ((40, 200), (41, 262), (48, 284), (62, 300), (0, 330))
_NECKLINE_OUTLINE = ((60, 294), (44, 322), (0, 344))
_SHOULDER_OUTLINE = (
    *((52, 284), (96, 304), (150, 322), (190, 346), (214, 384), (230, 450), (240, 639)),
)

_NOISE_LEVELS = 3.0
"""Standard deviation of the sensor noise, of 255: a small camera in a lit room."""


@dataclass(frozen=True, slots=True)
class Mix:
    """An expression on its way from one emotion to another; `done` from 0 to 1."""

    start: Emotion
    end: Emotion
    done: float


@dataclass(frozen=True, slots=True)
class Faces:
    """The average faces, one texture in a common shape and one bending per emotion.

    Attributes:
        textures: Grey, per emotion `(H, W)` uint8 in the common shape.
        fields: Where each pixel of a face lies in the common shape, `(H, W, 2)` float32.
        oval: Outline of the face in the common shape, `(N, 2)`, pixels.
    """

    textures: dict[Emotion, Grey]
    fields: dict[Emotion, Floats]
    oval: Floats

    def mixed(self, mix: Mix) -> tuple[Grey, Floats]:
        """Return texture and field of a face between two expressions."""
        stay, go = 1 - mix.done, mix.done
        texture = cv2.addWeighted(self.textures[mix.start], stay, self.textures[mix.end], go, 0)
        field = cv2.addWeighted(self.fields[mix.start], stay, self.fields[mix.end], go, 0)
        return np.asarray(texture, np.uint8), np.asarray(field, np.float32)


def load_faces(models: Path) -> Faces:
    """Return the faces in the `models` folder.

    Raises:
        ModelError: They are missing, damaged or not understood.
    """
    model = checked_model(models, MODEL)
    try:
        with np.load(io.BytesIO(model.content), allow_pickle=False) as stored:
            labels = [Emotion(str(label)) for label in stored["labels"]]
            textures, fields, oval = stored["textures"], stored["fields"], stored["oval"]
    except (KeyError, OSError, ValueError) as error:
        raise ModelError(
            f"model `{MODEL}`: {model.path} does not hold the faces this release shows ({error}). "
            "Use the file of the same release."
        ) from error
    height, width = textures.shape[1:]
    full = [cv2.resize(field.astype(np.float32), (width, height)) for field in fields]
    if set(labels) != set(EMOTIONS):
        raise ModelError(
            f"model `{MODEL}`: {model.path} shows {', '.join(labels)}, not all of "
            f"{', '.join(EMOTIONS)}. Use the file of the same release."
        )
    return Faces(
        dict(zip(labels, textures, strict=True)),
        dict(zip(labels, (np.asarray(one, np.float32) for one in full), strict=True)),
        oval.astype(np.float32),
    )


class Stage:
    """Paints the person into the room. Everything random is fixed by `seed`."""

    def __init__(self, faces: Faces, seed: int) -> None:
        random = np.random.default_rng(seed)
        self._faces = faces
        self._room = _room(random)
        self._noise = _noise(random)
        self._phases = random.uniform(0, 2 * math.pi, 12)
        self._face_alpha = _face_alpha(faces)
        self._body, self._alpha = _body()
        self._skin = _skin_colours()
        self._sheet_of: tuple[Mix, Pixels] | None = None

    def picture(self, mix: Mix, presence: float, t_s: float) -> Pixels:
        """Return the picture at `t_s`: (480, 640, 3) uint8 RGB.

        Args:
            mix: The expression.
            presence: How far the person is in the room: 0 out of sight, 1 in the middle.
            t_s: Seconds; fixes movement, light and noise.
        """
        picture = self._room if presence <= 0 else self._with_person(mix, presence, t_s)
        gain = 1 + 0.10 * self._sway(t_s, 23.0, 0) + 0.03 * self._sway(t_s, 5.3, 1)
        lit = cv2.convertScaleAbs(picture, alpha=gain, beta=6 * self._sway(t_s, 31.0, 2))
        across, down = self._noise_corner(t_s)
        noise = self._noise[down : down + HEIGHT_PX, across : across + WIDTH_PX]
        return np.asarray(cv2.add(lit, noise, dtype=cv2.CV_8U), np.uint8)

    def _with_person(self, mix: Mix, presence: float, t_s: float) -> Pixels:
        place = self._place(presence, t_s)
        size = (WIDTH_PX, HEIGHT_PX)
        person = cv2.warpAffine(self._sheet(mix), place, size)
        veil = cv2.warpAffine(self._alpha, place, size, borderValue=(255, 255, 255))
        return np.asarray(cv2.add(cv2.multiply(self._room, veil, scale=1 / 255), person), np.uint8)

    def _sheet(self, mix: Mix) -> Pixels:
        """Return the person with that expression, premultiplied; kept while it stays the same."""
        if self._sheet_of is None or self._sheet_of[0] != mix:
            texture, field = self._faces.mixed(mix)
            face = cv2.remap(texture, field[..., 0], field[..., 1], cv2.INTER_LINEAR)
            alpha = cv2.remap(self._face_alpha, field[..., 0], field[..., 1], cv2.INTER_LINEAR)
            sheet = self._body.copy()
            height, width = face.shape
            window = sheet[
                _FACE_TOP_PX : _FACE_TOP_PX + height, _FACE_LEFT_PX : _FACE_LEFT_PX + width
            ]
            skin = self._skin[face]
            share = alpha[..., None].astype(np.float32) / 255
            window[:] = (skin * share + window * (1 - share)).astype(np.uint8)
            self._sheet_of = (mix, sheet)
        return self._sheet_of[1]

    def _place(self, presence: float, t_s: float) -> npt.NDArray[np.float64]:
        """Return the 2x3 matrix from the sheet to the picture."""
        roll = math.radians(3.5 * self._sway(t_s, 7.1, 3) + 1.0 * self._sway(t_s, 2.3, 4))
        size = _SIZE * (1 + 0.05 * self._sway(t_s, 11.7, 5))
        x = _HOME_X_PX + 22 * self._sway(t_s, 9.4, 6) + 4 * self._sway(t_s, 3.1, 7)
        y = _HOME_Y_PX + 8 * self._sway(t_s, 6.2, 8) + 2 * self._sway(t_s, 2.7, 9)
        x += (1 - presence) * _EXIT_PX
        along, across = size * math.cos(roll), size * math.sin(roll)
        height, width = self._face_alpha.shape
        middle_x, middle_y = _FACE_LEFT_PX + width / 2, _FACE_TOP_PX + height / 2
        return np.array(
            [
                [along, -across, x - along * middle_x + across * middle_y],
                [across, along, y - across * middle_x - along * middle_y],
            ]
        )

    def _sway(self, t_s: float, period_s: float, which: int) -> float:
        return math.sin(2 * math.pi * t_s / period_s + self._phases[which])

    def _noise_corner(self, t_s: float) -> tuple[int, int]:
        """Return where in the noise this picture starts: another place every 10 ms."""
        step = np.random.default_rng(round(t_s * 100) & 0xFFFFFFFF)
        height, width = self._noise.shape[:2]
        across, down = step.integers(0, (width - WIDTH_PX, height - HEIGHT_PX))
        return int(across), int(down)


def _room(random: np.random.Generator) -> Pixels:
    """Return a wall with a window, a picture, a shelf and a lamp, out of focus."""
    height, width = HEIGHT_PX, WIDTH_PX
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    wall = (1 - down) * np.array((196, 188, 172)) + down * np.array((150, 138, 122))
    room = np.repeat(wall, width, axis=1).astype(np.uint8)
    cv2.rectangle(room, (30, 40), (170, 250), (232, 238, 240), -1)
    cv2.rectangle(room, (96, 40), (104, 250), (170, 160, 146), -1)
    cv2.rectangle(room, (470, 70), (600, 160), (96, 116, 108), -1)
    cv2.rectangle(room, (484, 84), (586, 146), (188, 170, 120), -1)
    cv2.rectangle(room, (430, 250), (640, 264), (104, 78, 56), -1)
    for left in range(440, 620, 22):
        top = 250 - int(random.integers(40, 70))
        colour = tuple(int(level) for level in random.integers(60, 170, 3))
        cv2.rectangle(room, (left, top), (left + 17, 249), colour, -1)
    cv2.rectangle(room, (0, 380), (width, height), (112, 92, 78), -1)
    return np.asarray(cv2.GaussianBlur(room, (0, 0), 9), np.uint8)


def _noise(random: np.random.Generator) -> npt.NDArray[np.int16]:
    """Return more sensor noise than one picture needs, so that each can cut its own."""
    fine = random.normal(0, _NOISE_LEVELS, (HEIGHT_PX + 120, WIDTH_PX + 160, 3))
    return np.asarray(np.rint(fine), np.int16)


def _face_alpha(faces: Faces) -> Grey:
    """Return how much of each pixel of the common shape is face, 0 to 255, soft at the rim."""
    height, width = faces.textures[Emotion.NEUTRAL].shape
    alpha = np.zeros((height, width), np.uint8)
    middle = faces.oval.mean(axis=0)
    outline = middle + (faces.oval - middle) * (1.01, 1.05)
    cv2.fillPoly(alpha, [outline.astype(np.int32)], (255,), cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(alpha, (0, 0), 4), np.uint8)


def _skin_colours() -> Pixels:
    """Return the colour of every grey level, `(256, 3)` uint8."""
    levels = [level for level, _ in _SKIN_STOPS]
    channels = [
        np.interp(np.arange(256), levels, [colour[n] for _, colour in _SKIN_STOPS])
        for n in range(3)
    ]
    return np.stack(channels, axis=1).astype(np.uint8)


def _body() -> tuple[Pixels, Pixels]:
    """Return hair, neck and shoulders, premultiplied, and how much of the room shows through."""
    sheet = np.zeros((_SHEET_HEIGHT_PX, _SHEET_WIDTH_PX, 3), np.uint8)
    cover = np.zeros_like(sheet)
    middle = _SHEET_WIDTH_PX // 2
    skin = tuple(int(level) for level in _skin_colours()[_NECK_GREY])

    def paint(
        outline: tuple[tuple[int, int], ...], colour: tuple[int, ...], soft_px: float
    ) -> None:
        """Lay a shape, given by its right half from top to bottom, over what is there."""
        right = [(middle + across, down) for across, down in outline]
        left = [(middle - across, down) for across, down in reversed(outline)]
        shape = np.zeros(sheet.shape[:2], np.uint8)
        cv2.fillPoly(shape, [np.array(right + left, np.int32)], (255,), cv2.LINE_AA)
        share = cv2.GaussianBlur(shape, (0, 0), soft_px)[..., None] / np.float32(255)
        sheet[:] = (sheet * (1 - share) + np.array(colour, np.float32) * share).astype(np.uint8)
        cover[:] = (cover * (1 - share) + 255 * share).astype(np.uint8)

    paint(_HAIR_OUTLINE, _HAIR, 7)
    paint(_SHOULDER_OUTLINE, _SHIRT, 5)
    paint(_NECKLINE_OUTLINE, skin, 4)
    paint(_NECK_OUTLINE, skin, 3)
    # The chin's shadow keeps the head from floating.
    shade = np.zeros(sheet.shape[:2], np.float32)
    cv2.ellipse(shade, (middle, 246), (58, 34), 0, 0, 360, (0.5,), -1)
    shade = np.asarray(cv2.GaussianBlur(shade, (0, 0), 12), np.float32)
    sheet[:] = (sheet * (1 - shade[..., None])).astype(np.uint8)
    return sheet, np.asarray(255 - cover, np.uint8)
