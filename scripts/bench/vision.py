"""What one frame costs: find, crop, classify, and the papers' pipeline on the same frames.

One thread each, so that the ratios do not depend on how many cores a machine has.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter

from scripts.bench.figures import middle
from scripts.bench.video import RATE_HZ
from soulsync_edge.adapters.camera_actor import ActorCamera, demo_script
from soulsync_edge.adapters.crop_opencv import crop_face
from soulsync_edge.adapters.emotion_tflite import TfliteEmotionReader
from soulsync_edge.adapters.faces_mediapipe import MediapipeFaceFinder
from soulsync_edge.eye_ports import Frame, Pixels
from soulsync_edge.services.perception import Perception
from soulsync_edge.settings import CameraSettings

WARM_UP = 10

T = TypeVar("T")


def actor_frames(models: Path, number_of: int) -> list[Pixels]:
    """Return one cycle of the actor's script in `number_of` pictures, at the eye's usual rate."""
    actor = ActorCamera(models, demo_script(number_of / RATE_HZ), start_s=0.0)
    return [actor.pixels_at(number / RATE_HZ) for number in range(number_of)]


def vision(models: Path, frames: Sequence[Pixels]) -> dict[str, float]:
    """Return the median milliseconds per frame of each part, and of the papers' pipeline.

    `find_ms`, `crop_ms` and `classify_ms` are taken on frames with a face; `frame_ms` is the
    whole of perception over all of `frames`, those of an empty room included, as is
    `paper_frame_ms`. All of them take turns on each frame, so that a busy moment of the machine
    falls on all alike; the whole comes right after the papers' pipeline, which leaves the
    processor's caches as a look every quarter of a second finds them: full of other things.
    """
    cv2.setNumThreads(1)
    paper, reader = PaperPipeline(models), TfliteEmotionReader(models)
    spans: dict[str, list[float]] = {}

    def timed(name: str, work: Callable[[], T]) -> T:
        begun_s = time.perf_counter()
        result = work()
        spans.setdefault(name, []).append((time.perf_counter() - begun_s) * 1e3)
        return result

    with closing(MediapipeFaceFinder(models)) as finder:
        perception = Perception(finder, crop_face, reader, CameraSettings())
        for number, pixels in enumerate([*frames[:WARM_UP], *frames]):
            if number == WARM_UP:
                spans.clear()
                paper.looks = paper.faces = 0
            frame = Frame(pixels, number / RATE_HZ)
            timed("frame_ms", partial(perception.look, frame))
            faces = timed("look_for_ms", partial(finder.find, pixels))
            if faces:
                spans.setdefault("find_ms", []).append(spans["look_for_ms"][-1])
                crop = timed("crop_ms", partial(crop_face, pixels, faces[0]))
                timed("classify_ms", partial(reader.read, crop))
            timed("paper_frame_ms", partial(paper.look, pixels))
    names = ("find_ms", "crop_ms", "classify_ms", "frame_ms", "paper_frame_ms")
    return {
        **{name: middle(spans[name], 3) for name in names},
        "frames_with_face": round(len(spans["find_ms"]) / len(frames), 3),
        "paper_frames_with_face": round(paper.faces / paper.looks, 3),
    }


@contextmanager
def without_chatter() -> Iterator[None]:
    """Keep what native libraries say when they load out of the table; our own errors still show."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


class PaperPipeline:
    """What the papers of this field describe: Haar cascade and a 48 x 48 float CNN, in Python.

    The network has their usual layers and random weights (`models/bench`): its time does not
    depend on what it has learnt.
    """

    def __init__(self, models: Path) -> None:
        cascade = Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_default.xml"
        self._cascade = cv2.CascadeClassifier(str(cascade))
        self._network = Interpreter(
            str(models / "bench" / "paper_cnn_untrained.tflite"), num_threads=1
        )
        self._network.allocate_tensors()
        self._input = self._network.get_input_details()[0]["index"]
        self._output = self._network.get_output_details()[0]["index"]
        self.looks = 0
        self.faces = 0

    def look(self, pixels: Pixels) -> list[int]:
        """Return the class of every face found."""
        self.looks += 1
        grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
        classes = []
        for left, top, width, height in self._cascade.detectMultiScale(grey, 1.3, 5):
            face = cv2.resize(grey[top : top + height, left : left + width], (48, 48))
            self._network.set_tensor(self._input, face[None, :, :, None].astype(np.float32) / 255)
            self._network.invoke()
            classes.append(int(self._network.get_tensor(self._output).argmax()))
        self.faces += bool(classes)
        return classes
