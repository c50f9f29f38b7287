"""Train the emotion classifier.

    python -m models.recipes.emotion.train --data FOLDER --work FOLDER

Run `models.recipes.emotion.frame` first. Half an hour on two cores; `--quick` takes minutes and
only shows that everything works. Stopped and started again it goes on after the last full epoch.
The weights kept are the running average over the steps, at the last epoch.
"""

import argparse
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from models.recipes.emotion.augment import varied_crop
from models.recipes.emotion.faces import load_faces, plain_crops
from models.recipes.emotion.network import build_network
from models.recipes.emotion.pictures import Rows, load_pictures
from soulsync_edge.adapters.emotion_tflite import standardised
from soulsync_edge.domain.face import Face

CHECKPOINT = "emotion.pt"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a run is made of."""

    epochs: int = 14
    batch: int = 128
    rate: float = 0.1
    weight_decay: float = 5e-4
    warm_up_epochs: float = 1.0
    average_decay: float = 0.999
    rare_power: float = 0.25
    """Rare classes are drawn more often, by (class frequency) ** -rare_power."""
    rows: int | None = None
    """Rows per epoch; None for as many as there are."""


QUICK = Recipe(epochs=2, rows=6400)


class Training:
    """Network, optimiser and running average, saved and loaded together."""

    def __init__(self, recipe: Recipe, seed: int) -> None:
        torch.manual_seed(seed)
        self.recipe, self.seed = recipe, seed
        self.network = build_network().to(memory_format=torch.channels_last)
        self.average = torch.optim.swa_utils.AveragedModel(
            self.network,
            multi_avg_fn=self._move_average,
            use_buffers=True,
        )
        self.optimiser = torch.optim.SGD(
            _decayed_and_plain(self.network, recipe.weight_decay),
            lr=recipe.rate,
            momentum=0.9,
            nesterov=True,
        )
        self.epoch = 0

    def run_epoch(self, rows: Rows, faces: list[Face], *, is_bfloat16: bool) -> float:
        """Train one epoch and return the mean loss; the seed and the epoch fix every draw."""
        random = np.random.default_rng((self.seed, self.epoch))
        torch.manual_seed(self.seed * 1000 + self.epoch)
        order = _draw(rows, self.recipe, random)
        steps = len(order) // self.recipe.batch
        losses = []
        self.network.train()
        for step in range(steps):
            chosen = order[step * self.recipe.batch : (step + 1) * self.recipe.batch]
            crops = np.stack(
                [varied_crop(rows.pictures[n], faces[rows.index[n]], random) for n in chosen]
            )
            for group in self.optimiser.param_groups:
                group["lr"] = self._rate(self.epoch + step / steps)
            with torch.autocast("cpu", torch.bfloat16, enabled=is_bfloat16):
                logits = self.network(as_tensor(crops)).float()
                loss = nn.functional.cross_entropy(logits, torch.from_numpy(rows.shares[chosen]))
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()
            self.average.update_parameters(self.network)
            losses.append(loss.item())
        self.epoch += 1
        return float(np.mean(losses))

    def state(self) -> dict[str, Any]:
        """Return everything needed to go on."""
        return {
            "epoch": self.epoch,
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Go on from `state`."""
        self.epoch = state["epoch"]
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])

    @torch.no_grad()
    def _move_average(
        self, average: list[torch.Tensor], current: list[torch.Tensor], count: torch.Tensor
    ) -> None:
        """Move the average towards the current weights: fast at first, to forget the start."""
        keep = min(self.recipe.average_decay, float((1 + count) / (10 + count)))
        for kept, new in zip(average, current, strict=True):
            if kept.is_floating_point():
                kept.lerp_(new, 1 - keep)
            else:
                kept.copy_(new)

    def _rate(self, epoch: float) -> float:
        recipe = self.recipe
        if epoch < recipe.warm_up_epochs:
            return recipe.rate * max(epoch, 0.02) / recipe.warm_up_epochs
        done = (epoch - recipe.warm_up_epochs) / (recipe.epochs - recipe.warm_up_epochs)
        return recipe.rate * (1 + math.cos(math.pi * done)) / 2


def as_tensor(crops: npt.NDArray[np.uint8]) -> torch.Tensor:
    """Return `(N, 64, 64)` uint8 crops as the network's input."""
    return torch.from_numpy(standardised(crops)[:, None]).to(memory_format=torch.channels_last)


def logits_of(network: nn.Module, crops: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return the float network's logits, `(N, 8)`."""
    network.eval()
    with torch.no_grad():
        parts = [network(as_tensor(part)) for part in np.array_split(crops, len(crops) // 256 + 1)]
    return np.asarray(torch.cat(parts).numpy(), np.float32)


def trained_network(work: Path) -> nn.Module:
    """Return the averaged network of the checkpoint in `work`, ready to use."""
    state = torch.load(work / CHECKPOINT, weights_only=True)
    training = Training(Recipe(), seed=0)
    training.average.load_state_dict(state["average"])
    network: nn.Module = training.average.module
    return network.eval().to(memory_format=torch.contiguous_format)


def _decayed_and_plain(network: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Return parameter groups: only weights decay, not biases and batch norms."""
    parameters = list(network.parameters())
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim == 1], "weight_decay": 0.0},
    ]


def _draw(rows: Rows, recipe: Recipe, random: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return this epoch's row numbers: each about once, rare classes more often."""
    frequency = rows.shares.mean(axis=0)
    weight = rows.shares @ frequency**-recipe.rare_power
    count = recipe.rows or len(rows)
    expected = count * weight / weight.sum()
    whole = np.floor(expected).astype(np.int64)
    times = whole + (random.random(len(rows)) < expected - whole)
    return random.permutation(np.repeat(np.arange(len(rows)), times))


def main() -> None:
    """Train, printing the accuracy on the choosing part after every epoch."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with the pictures")
    parser.add_argument("--work", type=Path, required=True, help="folder with faces.npz")
    parser.add_argument("--epochs", type=int, default=Recipe().epochs)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="minutes instead of half an hour")
    parser.add_argument("--bfloat16", action="store_true", help="twice as fast where the CPU can")
    arguments = parser.parse_args()

    torch.use_deterministic_algorithms(mode=True)
    pictures, faces = load_pictures(arguments.data), load_faces(arguments.work)
    training = Training(QUICK if arguments.quick else Recipe(arguments.epochs), arguments.seed)
    checkpoint = arguments.work / CHECKPOINT
    if checkpoint.is_file():
        training.load(torch.load(checkpoint, weights_only=True))
    crops = plain_crops(pictures.choose, faces)
    print(f"{len(pictures.train)} rows to train on, seed {arguments.seed}", flush=True)
    while training.epoch < training.recipe.epochs:
        began_s = time.monotonic()
        loss = training.run_epoch(pictures.train, faces, is_bfloat16=arguments.bfloat16)
        torch.save(training.state(), checkpoint.with_suffix(".new"))
        checkpoint.with_suffix(".new").replace(checkpoint)
        is_right = logits_of(training.average, crops).argmax(axis=1) == pictures.choose.majority
        print(
            f"epoch {training.epoch}: loss {loss:.4f}, PublicTest {is_right.mean():.4f}, "
            f"{time.monotonic() - began_s:.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
