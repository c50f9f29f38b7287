"""What tags and folders tell about a track's place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soulsync_edge.domain.affect import Quadrant
from soulsync_edge.domain.hints import Tags, is_minor, placed_by_hints


@pytest.mark.parametrize(
    ("tags", "folders", "quadrant", "source"),
    [
        (Tags(moods=("Sad",)), ("happy",), Quadrant.SAD_TIRED, "its mood tag"),
        (Tags(), ("Music", "happy"), Quadrant.HAPPY_EXCITED, "its folder “happy”"),
        (Tags(), ("sad songs", "disc 1"), Quadrant.SAD_TIRED, "its folder “sad songs”"),
        (Tags(genres=("Ambient",)), (), Quadrant.CALM_CONTENT, "its genre tag"),
        (Tags(tempo_bpm=140, key="C"), (), Quadrant.HAPPY_EXCITED, "its tempo and key tags"),
        (Tags(tempo_bpm=60, key="Am"), (), Quadrant.SAD_TIRED, "its tempo and key tags"),
    ],
)
def test_a_hint_places_the_track(
    tags: Tags, folders: tuple[str, ...], quadrant: Quadrant, source: str
) -> None:
    placed = placed_by_hints(tags, folders)

    assert (placed.affect.quadrant, placed.source) == (quadrant, source)


def test_without_any_hint_the_place_is_near_the_middle_and_wide() -> None:
    placed = placed_by_hints(Tags(), ("Music",))

    assert abs(placed.affect.valence) <= 0.1
    assert placed.spread.valence > placed_by_hints(Tags(genres=("rock",)), ()).spread.valence


@given(st.builds(Tags, genres=st.tuples(st.text()), tempo_bpm=st.floats(1e-3, 1e4), key=st.text()))
def test_any_tags_have_a_place(tags: Tags) -> None:
    assert placed_by_hints(tags, ()).spread.valence > 0


@pytest.mark.parametrize(
    ("key", "minor"),
    [
        ("Am", True), ("A minor", True), ("f#m", True), ("Bb", False), ("C major", False),
        ("8A", True), ("8B", False), ("12a", True), ("13A", None), ("", None), ("blue", None),
    ],
)  # fmt: skip
def test_keys_are_read_as_people_write_them(key: str, minor: bool | None) -> None:  # noqa: FBT001  # the expected answer
    assert is_minor(key) is minor
