"""Says in words what each option of a recorded training did."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ABOUT = {
    "seed": "What every random draw comes from: the same seed gives the same draws.",
    "epochs": "Rounds: how often it went through the pictures.",
    "batch": "Pictures per step; after each step the weights are moved a little.",
    "rate": "How strongly a step moves the weights, at its highest; it falls to nothing later.",
    "weight_decay": "How strongly a step also draws the weights towards 0, so that none grows "
    "without need.",
    "warm_up_epochs": "Rounds at the beginning in which the rate rises, before it falls.",
    "average_decay": "The weights kept are a running average; this share of it stays at each step.",
    "rare_power": "Pictures of rare looks were drawn more often, by the look's share to the power "
    "of minus this; 0 would be as often as they occur.",
    "more_weight": "How often a picture of the other data set was drawn for one of FER2013's.",
    "searched_weight": "How much a mistake of the second read-out, the search words, weighed "
    "beside one of the first.",
    "searched_smoothing": "Share of each search word's certainty that was spread over all seven, "
    "because many are wrong.",
    "teacher_weight": "How far teachers are believed rather than the labels, from 0 to 1. Idle "
    "without a teacher.",
    "mixing": "How evenly pictures were blended in pairs, labels too: with 1, any share is as "
    "likely; near 0, one of the two nearly vanishes; 0 blends none.",
    "rows": "Pictures drawn per round; *all*: as many as there are, by the weights above.",
    "bfloat16": "Whether it computed with shorter numbers, 16 bits, where they are enough: faster.",
    "pictures": "Fingerprint of the pictures, labels and framing it learnt from.",
    "teachers": "Fingerprints of the networks it learnt from, besides the labels.",
}
"""By the option's name in the record."""

_NOTHING = {"rows": "all", "teachers": "none"}


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a training: its name and value, and what it did."""

    name: str
    value: str
    about: str


def told_options(begun_with: Mapping[str, Any]) -> tuple[Option, ...]:
    """Return the options of a record in words; of one nobody described, name and value only."""
    return tuple(
        Option(name.replace("_", " "), _told(name, value), ABOUT.get(name, ""))
        for name, value in begun_with.items()
    )


def _told(name: str, value: Any) -> str:
    if value is None or value == []:
        return _NOTHING.get(name, "none")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return str(value)
