"""Trains the emotion network, epoch by epoch, from a seed; what every draw and loss is made of."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from models.recipes.emotion.augment import varied_crop
from models.recipes.emotion.checkpoint import differences, digest_of_rows, digest_of_weights
from models.recipes.emotion.network import EmotionNetwork, as_tensor
from models.recipes.emotion.pictures import NO_LABEL, PICTURE_PX, Rows
from soulsync_edge.domain.face import Face


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a run is made of."""

    epochs: int = 45
    batch: int = 128
    rate: float = 0.1
    weight_decay: float = 5e-4
    warm_up_epochs: float = 1.0
    average_decay: float = 0.999
    rare_power: float = 0.35
    """Rare classes are drawn more often, by (class frequency) ** -rare_power."""
    more_weight: float = 0.3
    """How often a row of the other data set is drawn, beside 1 for FER's."""
    searched_weight: float = 0.5
    """Of the second read-out's loss, beside 1 for the first."""
    searched_smoothing: float = 0.1
    """The labels of the second read-out are one word each, and many are wrong."""
    teacher_weight: float = 0.6
    """How far teachers, where there are any, are believed rather than the labels, 0 to 1."""
    mixing: float = 0.0
    """Each batch is blended with itself in another order, by shares drawn from Beta(mixing, mixing)
    (Zhang et al., 2018, mixup); 0 for not at all."""
    rows: int | None = None
    """Rows per epoch; None for as many as there are."""
    bfloat16: bool = False
    """Whether to compute in bfloat16 rather than float32 where torch holds that to be enough."""


STUDENT = Recipe(epochs=60, searched_weight=1.0, mixing=0.2)
"""With a teacher: it says more of a picture than labels do, so there is more to learn, for longer.

Source: Beyer et al. (2022): teacher and student see the very same blended pictures.
"""


def recipe_of(begun_with: Mapping[str, Any]) -> Recipe:
    """Return the recipe of a training that recorded `Training.begun_with`.

    What an older record does not name is as it is today.
    """
    known = {field.name for field in fields(Recipe)}
    return Recipe(**{name: value for name, value in begun_with.items() if name in known})


class Training:
    """Network, optimiser and running average, saved and loaded together.

    Args:
        recipe: What the run is made of.
        seed: What every draw comes from.
        rows: To train on.
        faces: Where the face is in each picture, by the numbers in `rows.index`.
        teachers: Networks to learn from as well.
    """

    def __init__(
        self,
        recipe: Recipe,
        seed: int,
        rows: Rows,
        faces: list[Face],
        teachers: Sequence[EmotionNetwork] = (),
    ) -> None:
        torch.manual_seed(seed)
        self.recipe, self.seed, self.rows, self.faces = recipe, seed, rows, faces
        self.teachers = [teacher.to(memory_format=torch.channels_last) for teacher in teachers]
        self.network = EmotionNetwork().to(memory_format=torch.channels_last)
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
        self.begun_with: dict[str, Any] = {
            "seed": seed,
            **asdict(recipe),
            "pictures": digest_of_rows(rows, faces),
            "teachers": [digest_of_weights(teacher) for teacher in teachers],
        }

    def run_epoch(self) -> float:
        """Train one epoch and return the mean loss; the seed and the epoch fix every draw."""
        rows, faces = self.rows, self.faces
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
            with torch.autocast("cpu", torch.bfloat16, enabled=self.recipe.bfloat16):
                loss = self._batch_loss(as_tensor(crops), chosen, random)
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
            "begun_with": self.begun_with,
            "epoch": self.epoch,
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Go on from `state`.

        Raises:
            ValueError: It was begun with something else; the message names what.
        """
        if others := differences(state.get("begun_with", {}), self.begun_with):
            raise ValueError(f"was begun with {others}")
        self.epoch = state["epoch"]
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])

    def _batch_loss(
        self, batch: torch.Tensor, chosen: npt.NDArray[np.int64], random: np.random.Generator
    ) -> torch.Tensor:
        """Return the loss on the crops of the rows `chosen`, blended if the recipe says so."""
        share, partner = 1.0, chosen
        if self.recipe.mixing:
            share = float(random.beta(self.recipe.mixing, self.recipe.mixing))
            order = random.permutation(len(chosen))
            batch, partner = share * batch + (1 - share) * batch[order], chosen[order]
        seen, searched = (logits.float() for logits in self.network(batch))
        loss = share * self._loss(seen, searched, chosen)
        if share < 1:
            loss = loss + (1 - share) * self._loss(seen, searched, partner)
        if self.teachers:
            weight = self.recipe.teacher_weight
            loss = (1 - weight) * loss + weight * self._disagreement(seen, searched, batch)
        return loss

    def _loss(
        self, seen: torch.Tensor, searched: torch.Tensor, chosen: npt.NDArray[np.int64]
    ) -> torch.Tensor:
        votes = nn.functional.cross_entropy(seen, torch.from_numpy(self.rows.shares[chosen]))
        words = nn.functional.cross_entropy(
            searched,
            torch.from_numpy(self.rows.searched[chosen]),
            ignore_index=NO_LABEL,
            label_smoothing=self.recipe.searched_smoothing,
        )
        return votes + self.recipe.searched_weight * words

    def _disagreement(
        self, seen: torch.Tensor, searched: torch.Tensor, batch: torch.Tensor
    ) -> torch.Tensor:
        """Return the loss against what the teachers, on average, say of the very same crops."""
        with torch.no_grad():
            said = [teacher(batch) for teacher in self.teachers]
        votes, words = (
            torch.stack([logits[end].float().softmax(dim=1) for logits in said]).mean(dim=0)
            for end in range(2)
        )
        return nn.functional.cross_entropy(
            seen, votes
        ) + self.recipe.searched_weight * nn.functional.cross_entropy(searched, words)

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


def _decayed_and_plain(network: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Return parameter groups: only weights decay, not biases and batch norms."""
    parameters = list(network.parameters())
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim == 1], "weight_decay": 0.0},
    ]


def drawn_shares(rows: Rows, recipe: Recipe) -> npt.NDArray[np.float32]:
    """Return which share of what is drawn each class has: `(8,)`, sum 1."""
    expected = _expected_draws(rows, recipe)
    return np.asarray(expected @ rows.shares / expected.sum(), np.float32)


def _draw(rows: Rows, recipe: Recipe, random: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return this epoch's row numbers: each about as often as expected."""
    expected = _expected_draws(rows, recipe)
    whole = np.floor(expected).astype(np.int64)
    times = whole + (random.random(len(rows)) < expected - whole)
    return random.permutation(np.repeat(np.arange(len(rows)), times))


def _expected_draws(rows: Rows, recipe: Recipe) -> npt.NDArray[np.float64]:
    """Return how often an epoch draws each row in the mean: rare classes more often."""
    frequency = rows.shares.mean(axis=0)
    weight = rows.shares @ frequency**-recipe.rare_power
    is_more = np.array([len(picture) != PICTURE_PX for picture in rows.pictures])
    usual = np.where(is_more, recipe.more_weight, 1.0)
    count = recipe.rows or usual.sum()
    return np.asarray(count * usual * weight / (usual * weight).sum())
