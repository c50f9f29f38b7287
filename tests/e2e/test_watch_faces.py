"""What `soulsync watch` says of a face over time, through the very path the eye takes."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from soulsync_edge.adapters.camera_actor import ActorCamera, Scene
from soulsync_edge.domain.emotion import Emotion
from soulsync_edge.domain.events import Obstacle
from soulsync_edge.eye_ports import Pixels
from tests.pictures import write_folder, write_video

MODELS = Path(__file__).parents[2] / "models"
VIDEO_HZ = 8.0

Part = tuple[Emotion, float]
"""An expression, and for how many seconds it is shown."""

FLASH_S = 1.0
BETWEEN_S = 6.0
HELD_S = 6.0
SETTLED_WITHIN_S = 4.0
HELD = (Emotion.HAPPY, Emotion.SAD, Emotion.ANGRY, Emotion.SURPRISE)


def played(parts: Sequence[Part], rate_hz: float = VIDEO_HZ) -> Iterator[Pixels]:
    """Yield the actor's pictures; from one part to the next the face jumps, the head does not."""
    actors = {
        emotion: ActorCamera(MODELS, (Scene(0.0, emotion),), start_s=0.0) for emotion, _ in parts
    }
    number = 0
    end_s = 0.0
    for emotion, for_s in parts:
        end_s += for_s
        while number / rate_hz < end_s:
            yield actors[emotion].pixels_at(number / rate_hz)
            number += 1


def watch(recording: Path) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "soulsync_edge", "watch", "--video", str(recording), "--json-lines"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def labels(decided: list[dict[str, Any]], from_s: float = 0.0) -> list[str]:
    """Return the labels one after the other, repetitions left out."""
    return [label for label, _ in groupby(one["label"] for one in decided if one["t_s"] >= from_s)]


def in_a_restless_room(pictures: Iterator[Pixels]) -> Iterator[Pixels]:
    """Yield `pictures` under light that comes and goes, with a poor sensor's noise."""
    random = np.random.default_rng(1)
    for number, pixels in enumerate(pictures):
        light = 1.0 + 0.45 * np.sin(number / 9) * np.sin(number / 31)
        noise = random.normal(0, 8, pixels.shape)
        yield np.clip(light * pixels + noise, 0, 255).astype(np.uint8)


def test_a_neutral_face_stays_neutral_or_unsure_for_a_minute(tmp_path: Path) -> None:
    minute = played([(Emotion.NEUTRAL, 60.0)], rate_hz=4.0)
    video = write_video(tmp_path / "a.avi", list(in_a_restless_room(minute)), 4.0)

    decided = watch(video)

    assert len(decided) == pytest.approx(240, abs=1)
    assert labels(decided[:2]) == ["nobody"]
    assert set(labels(decided, from_s=1.0)) <= {"neutral", "unsure"}
    assert decided[-1]["label"] == "neutral"


def test_flashes_of_a_second_do_not_change_the_mood(tmp_path: Path) -> None:
    parts: list[Part] = [(Emotion.NEUTRAL, BETWEEN_S)]
    for emotion in Emotion:
        if emotion is not Emotion.NEUTRAL:
            parts += [(emotion, FLASH_S), (Emotion.NEUTRAL, BETWEEN_S)]
    video = write_video(tmp_path / "a.avi", list(played(parts)), VIDEO_HZ)

    decided = watch(video)

    assert labels(decided, from_s=BETWEEN_S - 1) == ["neutral"]


def test_a_held_expression_changes_the_mood_within_four_seconds(tmp_path: Path) -> None:
    parts: list[Part] = [(Emotion.NEUTRAL, BETWEEN_S)]
    for emotion in HELD:
        parts += [(emotion, HELD_S), (Emotion.NEUTRAL, BETWEEN_S)]
    video = write_video(tmp_path / "a.avi", list(played(parts)), VIDEO_HZ)

    decided = watch(video)

    for number, emotion in enumerate(HELD):
        begins_s = BETWEEN_S + number * (HELD_S + BETWEEN_S)
        during = [one for one in decided if begins_s <= one["t_s"] < begins_s + HELD_S]
        first_s = next((one["t_s"] for one in during if one["label"] == emotion.value), None)
        assert first_s is not None, f"{emotion} was never said: {labels(during)}"
        assert first_s - begins_s <= SETTLED_WITHIN_S
        assert set(labels(during)) <= {"neutral", "unsure", emotion.value}


def blurred(pixels: Pixels) -> Pixels:
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), 7), np.uint8)


def glaring(pixels: Pixels) -> Pixels:
    return np.clip(pixels.astype(np.float32) * 4, 0, 255).astype(np.uint8)


def faint(pixels: Pixels) -> Pixels:
    """A face in deep shadow in a lit room; in deeper, none is found."""
    shaded = pixels.copy()
    shaded[60:420, 180:460] = (shaded[60:420, 180:460] * 0.025).astype(np.uint8)
    return shaded


def upside_down(pixels: Pixels) -> Pixels:
    return np.ascontiguousarray(pixels[::-1, ::-1])


def cut_off_at_the_mouth(pixels: Pixels) -> Pixels:
    return np.ascontiguousarray(pixels[:222])


@pytest.mark.parametrize(
    ("spoil", "obstacle"),
    [
        (blurred, Obstacle.TOO_BLURRED),
        (glaring, Obstacle.TOO_BRIGHT),
        (faint, Obstacle.TOO_DARK),
        (upside_down, Obstacle.TILTED),
        (cut_off_at_the_mouth, Obstacle.LEAVING),
    ],
)
def test_a_face_that_cannot_be_seen_well_enough_is_unsure_and_has_a_reason(
    tmp_path: Path, spoil: Callable[[Pixels], Pixels], obstacle: Obstacle
) -> None:
    pictures = [spoil(pixels) for pixels in played([(Emotion.HAPPY, 6.0)], rate_hz=4.0)]
    folder = write_folder(tmp_path / "pictures", pictures)

    decided = watch(folder)

    assert set(labels(decided)) <= {"nobody", "unsure"}
    reasons = [one["obstacle"] for one in decided]
    assert reasons.count(obstacle.value) >= len(reasons) / 4
    assert set(reasons) <= {obstacle.value, None}
