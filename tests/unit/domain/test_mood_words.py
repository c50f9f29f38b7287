"""The words people may name a mood or a goal by."""

from soulsync_edge.domain.emotion import AFFECT_OF, Emotion
from soulsync_edge.domain.mood_words import AFFECT_OF_WORD, affect_of_word
from soulsync_edge.domain.shifting import AFFECT_OF_GOAL, Goal


def test_every_emotion_and_every_goal_has_its_word() -> None:
    for emotion in Emotion:
        assert affect_of_word(emotion.value) == AFFECT_OF[emotion]
    for goal in Goal:
        assert affect_of_word(goal.value) == AFFECT_OF_GOAL[goal]


def test_case_and_spaces_do_not_matter() -> None:
    assert affect_of_word("  Put  OFF ") == AFFECT_OF[Emotion.DISGUST]


def test_an_unknown_word_sits_nowhere() -> None:
    assert affect_of_word("purple") is None
    assert affect_of_word("") is None


def test_the_words_are_written_as_they_are_looked_up() -> None:
    assert all(affect_of_word(word) == affect for word, affect in AFFECT_OF_WORD.items())
