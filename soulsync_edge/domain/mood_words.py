"""The words people may name a mood or a goal by."""

from collections.abc import Mapping

from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.emotion import AFFECT_OF, LOOKS
from soulsync_edge.domain.hints import MOOD_WORDS
from soulsync_edge.domain.shifting import AFFECT_OF_GOAL

_EVERYDAY: Mapping[str, Affect] = {
    # What people say of themselves rather than of music; placed as the words of tags are.
    "afraid": Affect(-0.6, 0.5),
    "anxious": Affect(-0.5, 0.45),
    "bored": Affect(-0.3, -0.4),
    "furious": Affect(-0.6, 0.8),
    "nervous": Affect(-0.4, 0.45),
    "stressed": Affect(-0.5, 0.5),
    "tired": Affect(-0.2, -0.6),
}

AFFECT_OF_WORD: Mapping[str, Affect] = {
    **_EVERYDAY,
    **MOOD_WORDS,
    **{LOOKS[emotion]: affect for emotion, affect in AFFECT_OF.items()},
    **{emotion.value: affect for emotion, affect in AFFECT_OF.items()},
    **{goal.value: affect for goal, affect in AFFECT_OF_GOAL.items()},
}
"""Where each word sits: goals and emotions as the appliance knows them, then mood words of tags."""


def affect_of_word(word: str) -> Affect | None:
    """Return where a mood or goal called `word` sits, or None when nobody told us."""
    return AFFECT_OF_WORD.get(" ".join(word.lower().split()))
