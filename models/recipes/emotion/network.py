"""The emotion classifier: a small residual network that int8 and one core can carry."""

from collections import OrderedDict

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from models.recipes.emotion.pictures import CLASSES, FER2013_CLASSES
from soulsync_edge.adapters.emotion_tflite import standardised

STEM_CHANNELS = 32
STAGES = ((32, 2, 1), (64, 2, 2), (128, 2, 2), (128, 2, 2))
"""Channels, blocks and first stride per stage: 1.3 million weights, 95 million multiplications."""


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut."""

    def __init__(self, channels_in: int, channels: int, stride: int) -> None:
        super().__init__()
        self.first = _convolution(channels_in, channels, 3, stride)
        self.second = _convolution(channels, channels, 3, 1)
        is_same = channels_in == channels and stride == 1
        self.shortcut = nn.Identity() if is_same else _convolution(channels_in, channels, 1, stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inner = self.second(torch.relu(self.first(x)))
        return torch.relu(inner + self.shortcut(x))


class EmotionNetwork(nn.Module):
    """One body with two read-outs.

    `(N, 1, 64, 64)` standardised crops in; out come the logits of FER+'s eight classes, `(N, 8)`,
    and those of the seven words FER2013's pictures were searched by, `(N, 7)`. The second read-out
    has labels for four times as many faces of disgust and eight times as many of fear, which the
    body learns from; the device reads the first.
    """

    def __init__(self) -> None:
        super().__init__()
        layers: OrderedDict[str, nn.Module] = OrderedDict(
            stem=nn.Sequential(_convolution(1, STEM_CHANNELS, 3, 2), nn.ReLU())
        )
        channels_in = STEM_CHANNELS
        for number, (channels, blocks, stride) in enumerate(STAGES, start=1):
            layers[f"stage{number}"] = nn.Sequential(
                *(
                    ResidualBlock(
                        channels_in if not n else channels, channels, stride if not n else 1
                    )
                    for n in range(blocks)
                )
            )
            channels_in = channels
        layers["pool"] = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2))
        self.body = nn.Sequential(layers)
        self.seen = nn.Linear(channels_in, CLASSES)
        self.searched = nn.Linear(channels_in, FER2013_CLASSES)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features = self.body(x)
        return self.seen(features), self.searched(features)


def as_tensor(crops: npt.NDArray[np.uint8]) -> torch.Tensor:
    """Return `(N, 64, 64)` uint8 crops as the network's input."""
    return torch.from_numpy(standardised(crops)[:, None]).to(memory_format=torch.channels_last)


def logits_of(
    network: nn.Module, crops: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return the float network's logits of both read-outs, `(N, 8)` and `(N, 7)`.

    Each is the mean over the crop and its mirror image, as on the device.
    """
    network.eval()
    both: list[list[torch.Tensor]] = [[], []]
    with torch.no_grad():
        for part in np.array_split(crops, len(crops) // 256 + 1):
            plain, mirrored = network(as_tensor(part)), network(as_tensor(part[..., ::-1]))
            for logits, one, other in zip(both, plain, mirrored, strict=True):
                logits.append((one + other) / 2)
    seen, searched = (np.asarray(torch.cat(logits).numpy(), np.float32) for logits in both)
    return seen, searched


def _convolution(channels_in: int, channels: int, size: int, stride: int) -> nn.Sequential:
    """Return a convolution whose batch norm folds into it on export."""
    return nn.Sequential(
        nn.Conv2d(channels_in, channels, size, stride, padding=size // 2, bias=False),
        nn.BatchNorm2d(channels),
    )
