"""Reads the emotion a face crop looks like with an int8 network on LiteRT."""

import math
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from soulsync_edge.adapters.model_manifest import (
    MANIFEST_REMEDY,
    CheckedModel,
    Tensor,
    checked_model,
)
from soulsync_edge.domain.emotion import EMOTIONS, EmotionEstimate
from soulsync_edge.errors import ModelError
from soulsync_edge.eye_ports import Crop

MODEL = "emotion"

FER2013_WORDS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
"""What the second read-out tells apart: the words FER2013's pictures were searched by, in order."""

# What the device hands over and expects back, batch first: a crop, FER+'s classes, FER2013's words.
_SHAPES = {
    "input": (1, 64, 64, 1),
    "output": (1, len(EMOTIONS)),
    "searched output": (1, len(FER2013_WORDS)),
}

# The successor first: tflite-runtime's last release runs int8 without XNNPACK, many times slower.
_RUNTIMES = ("ai_edge_litert.interpreter", "tflite_runtime.interpreter")

# A crop flatter than this, in grey levels, is fog or a wall: do not blow its noise up to a face.
_LEAST_SPREAD = 8.0
_CLIP_SPREADS = 3.0


def standardised(crops: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return crops `(..., H, W)` with mean 0 and spread 1 each, clipped to -3..3, float32.

    What the network sees, on the device and in training: the light and the contrast of the room
    are gone.
    """
    grey = crops.astype(np.float32)
    middle = grey.mean(axis=(-2, -1), keepdims=True)
    spread = grey.std(axis=(-2, -1), keepdims=True)
    even: npt.NDArray[np.float32] = (grey - middle) / np.maximum(spread, _LEAST_SPREAD)
    return np.clip(even, -_CLIP_SPREADS, _CLIP_SPREADS, out=even)


class TfliteEmotionReader:
    """An `EmotionReader` on the model `emotion` of the manifest in `folder`.

    Reads the crop and its mirror image and takes the mean of the logits: a face and its mirror
    image look the same to people, and two looks are steadier than one.

    The confidence of an estimate is its largest probability: after the temperature fitted in
    training, about the share of such faces on which most people would name the same class.

    Raises:
        ModelError: The file is missing or damaged, it and the manifest disagree on shapes, types,
            quantisation or labels, or no LiteRT runtime is installed.
    """

    def __init__(self, folder: Path) -> None:
        model = checked_model(folder, MODEL)
        _check_labels(model)
        temperature = _temperature(model)
        self._interpreter = network = _loaded(model)
        if (inputs := len(network.get_input_details())) != 1:
            raise ModelError(
                f"model `{model.name}`: {model.path} has {inputs} inputs, the device hands over "
                f"one crop. Refused; {model.remedy}"
            )
        self._input = _agreed(model, "input", model.input, network.get_input_details())
        outputs = network.get_output_details()
        declared = [tensor for tensor in (model.output, model.searched) if tensor is not None]
        if len(outputs) != len(declared):
            raise ModelError(
                f"model `{model.name}`: {model.path} has {len(outputs)} outputs, the manifest "
                f"lists {len(declared)}. Refused; {model.remedy}"
            )
        self._output = _agreed(model, "output", model.output, outputs)
        self._searched = (
            None
            if model.searched is None
            else _agreed(model, "searched output", model.searched, outputs)
        )
        self._path = model.path
        self._temperature = temperature
        # The first run sets up buffers: have that behind us before the first face.
        self.read(np.zeros(self._input.shape[1:3], np.uint8))

    def read(self, crop: Crop) -> EmotionEstimate:
        shares = _softmax(self._logits(crop, self._output) / self._temperature)
        return EmotionEstimate(tuple(shares), confidence=max(shares))

    def searched(self, crop: Crop) -> tuple[float, ...]:
        """Return what share of such pictures was found by each of FER2013's seven words.

        The words are `FER2013_WORDS`, in that order. The device does not use them: they are there
        to be compared with published figures.

        Raises:
            ModelError: The model has no second read-out.
            ValueError: `crop` is not (64, 64) uint8.
        """
        if self._searched is None:
            raise ModelError(
                f"model `{MODEL}`: {self._path} has no second read-out of FER2013's words, so it "
                "cannot be judged by FER2013's labels. Take the model of this release."
            )
        return tuple(_softmax(self._logits(crop, self._searched)))

    def _logits(self, crop: Crop, end: "_Int8Tensor") -> npt.NDArray[np.float64]:
        """Return the logits at `end`, mean of the crop and its mirror image."""
        if crop.shape != self._input.shape[1:3] or crop.dtype != np.uint8:
            raise ValueError(
                f"the emotion model takes a {self._input.shape[1:3]} uint8 crop, "
                f"got {crop.shape} {crop.dtype}"
            )
        steps = np.rint(standardised(crop) / self._input.scale) + self._input.zero_point
        quantised = np.clip(steps, -128, 127).astype(np.int8)
        raised = np.zeros(end.shape[1:])
        for view in (quantised, quantised[:, ::-1]):
            self._interpreter.set_tensor(self._input.index, view.reshape(self._input.shape))
            self._interpreter.invoke()
            raised += self._interpreter.get_tensor(end.index)[0] / 2
        logits: npt.NDArray[np.float64] = end.scale * (raised - end.zero_point)
        return logits


@dataclass(frozen=True, slots=True)
class _Int8Tensor:
    """One end of the network, as manifest and file agree it is."""

    index: int
    shape: tuple[int, ...]
    scale: float
    zero_point: int


def _softmax(logits: npt.NDArray[np.float64]) -> list[float]:
    raised = [math.exp(logit) for logit in logits - logits.max()]
    total = sum(raised)
    return [one / total for one in raised]


def _check_labels(model: CheckedModel) -> None:
    expected = tuple(str(emotion) for emotion in EMOTIONS)
    if model.labels != expected:
        raise ModelError(
            f"model `{model.name}`: the manifest lists the labels "
            f"{', '.join(model.labels) or 'none'}; this release expects {', '.join(expected)}, "
            f"in that order. Refused; {MANIFEST_REMEDY}"
        )
    if model.searched is not None and model.searched_labels != FER2013_WORDS:
        raise ModelError(
            f"model `{model.name}`: the manifest lists the searched_labels "
            f"{', '.join(model.searched_labels) or 'none'}; a second read-out is of "
            f"{', '.join(FER2013_WORDS)}, in that order. Refused; {MANIFEST_REMEDY}"
        )


def _temperature(model: CheckedModel) -> float:
    if model.temperature is None:
        raise ModelError(
            f"model `{model.name}`: the manifest has no temperature, by which its confidence is "
            "made fair. Write `temperature = 1.0` if none was fitted. Refused; "
            f"{MANIFEST_REMEDY}"
        )
    return model.temperature


def _loaded(model: CheckedModel) -> Any:
    """Return an interpreter that has loaded `model`, on whichever runtime is installed."""
    runtime = _runtime()
    try:
        interpreter = runtime.Interpreter(model_content=model.content, num_threads=1)
        interpreter.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        raise ModelError(
            f"model `{model.name}`: LiteRT cannot load {model.path} ({error}). Refused; "
            f"{model.remedy}"
        ) from error
    return interpreter


def _runtime() -> Any:
    for name in _RUNTIMES:
        try:
            return import_module(name)
        except ImportError:
            continue
    raise ModelError(
        "model `emotion`: neither ai-edge-litert nor tflite-runtime is installed, so no face can "
        "be read. Run `make setup`, or on the board scripts/provision.sh."
    )


def _agreed(
    model: CheckedModel, end: str, wanted: Tensor | None, details: list[dict[str, Any]]
) -> _Int8Tensor:
    """Return the network's int8 tensor at `end`, if file and manifest agree on it."""
    found = {}
    for detail in details:
        shape, dtype = tuple(int(size) for size in detail["shape"]), np.dtype(detail["dtype"]).name
        scale, zero_point = float(detail["quantization"][0]), int(detail["quantization"][1])
        tensor = Tensor(shape, dtype, scale, zero_point) if scale else Tensor(shape, dtype)
        found[tensor] = _Int8Tensor(int(detail["index"]), shape, scale, zero_point)
    if wanted is None or wanted not in found:
        raise ModelError(
            f"model `{model.name}`: the {end} of {model.path} is "
            f"{' or '.join(str(tensor) for tensor in found)}; the manifest says "
            f"{wanted or 'nothing of it'}. Refused; {model.remedy}"
        )
    if wanted.shape != _SHAPES[end] or wanted.dtype != "int8" or wanted.scale is None:
        raise ModelError(
            f"model `{model.name}`: the {end} of {model.path} is {wanted}; the device needs "
            f"{_SHAPES[end]} int8 with a scale. Refused; docs/models.md says what a model of "
            "your own must be like."
        )
    return found[wanted]
