"""Write the network the papers describe, untrained: the yardstick `make bench` times ours against.

    python -m models.recipes.bench.paper_cnn

Four convolutions (32, 64, 128, 128) and a dense layer on 48x48 grey, float32. Its weights are
random: it serves to be timed, never to read a face.
"""

from pathlib import Path

import litert_torch
import torch
from torch import nn

TARGET = Path("models/bench/paper_cnn_untrained.tflite")
_DENSE = 128
"""The papers have 1024, which makes 10 MB of file and 3 % more multiplications."""


class PaperCnn(nn.Module):
    """Takes `(N, 48, 48, 1)` float32, 0 to 1; gives `(N, 7)` probabilities."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels_in = 1
        for channels, is_pooled in ((32, False), (64, True), (128, True), (128, True)):
            layers += [nn.Conv2d(channels_in, channels, 3), nn.ReLU()]
            layers += [nn.MaxPool2d(2)] if is_pooled else []
            channels_in = channels
        self.layers = nn.Sequential(
            *layers,
            nn.Flatten(),
            nn.Linear(4 * 4 * channels_in, _DENSE),
            nn.ReLU(),
            nn.Linear(_DENSE, 7),
            nn.Softmax(dim=1),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        shares: torch.Tensor = self.layers(x.permute(0, 3, 1, 2))
        return shares


def main() -> None:
    """Write the file and print its size."""
    torch.manual_seed(0)
    TARGET.parent.mkdir(exist_ok=True)
    litert_torch.convert(PaperCnn().eval(), (torch.zeros(1, 48, 48, 1),)).export(str(TARGET))
    TARGET.chmod(0o644)
    print(f"{TARGET}: {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
