"""Music in words: how it feels, and how it is against other music. Never of a person."""

from soulsync_edge.domain.affect import Affect

IN_THE_MIDDLE = "in the middle"

_CLEARLY = 0.2
"""This far from the middle of the plane a place has a word; ours to tune."""

# Changes of valence or arousal at which words change; ours to tune.
_NOTICED = 0.08
_CLEAR = 0.3
_MUCH = 0.6


def feel(affect: Affect) -> str:
    """Return a few words for a place on the affect plane: music is described, not a person."""
    words = []
    if abs(affect.arousal) >= _CLEARLY:
        words.append("lively" if affect.arousal > 0 else "quiet")
    if abs(affect.valence) >= _CLEARLY:
        words.append("bright" if affect.valence > 0 else "dark")
    return " and ".join(words) or IN_THE_MIDDLE


def compared(affect: Affect, last: Affect) -> str:
    """Return how music at `affect` is against music at `last`: `a little brighter than`."""
    words: list[str] = []
    degree_before = ""
    for change, up, down in (
        (affect.valence - last.valence, "brighter", "darker"),
        (affect.arousal - last.arousal, "livelier", "quieter"),
    ):
        if abs(change) < _NOTICED:
            continue
        degree = ("a little ", "", "much ")[(abs(change) >= _CLEAR) + (abs(change) >= _MUCH)]
        words.append(("" if words and degree == degree_before else degree) + (up, down)[change < 0])
        degree_before = degree
    return f"{' and '.join(words)} than" if words else "much like"
