"""What tags and folders tell about a track's place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soulsync_edge.domain.affect import Affect, Quadrant, Spread
from soulsync_edge.domain.hints import Placed, Tags, fused, is_minor, placed_by_hints
from tests.strategies import affects


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


spreads = st.builds(Spread, st.floats(0.01, 2), st.floats(0.01, 2))
by_hint = st.builds(Placed, affects, spreads, st.just("its mood tag"))
by_ear = st.builds(Placed, affects, spreads, st.just("its sound"))


@given(by_hint, by_ear)
def test_hint_and_sound_meet_between_them_and_know_more_together(
    hint: Placed, heard: Placed
) -> None:
    both = fused(hint, heard)

    for axis in ("valence", "arousal"):
        ends = sorted((getattr(hint.affect, axis), getattr(heard.affect, axis)))
        assert ends[0] - 1e-9 <= getattr(both.affect, axis) <= ends[1] + 1e-9
        surest = min(getattr(hint.spread, axis), getattr(heard.spread, axis))
        assert getattr(both.spread, axis) <= surest + 1e-9
    assert both.source == "its mood tag and its sound"


@given(by_hint, by_ear)
def test_it_does_not_matter_which_of_two_views_is_the_hint(hint: Placed, heard: Placed) -> None:
    one, other = fused(hint, heard), fused(heard, hint)

    assert one.affect.distance_to(other.affect) < 1e-6
    assert one.spread.valence == pytest.approx(other.spread.valence)
    assert one.spread.arousal == pytest.approx(other.spread.arousal)


def test_the_surer_view_counts_more() -> None:
    tag = placed_by_hints(Tags(moods=("sad",)), ())
    heard = Placed(Affect(0.8, 0.45), Spread(0.7, 0.7), "its sound")

    both = fused(tag, heard)

    assert both.affect.distance_to(tag.affect) == pytest.approx(
        0.2 * tag.affect.distance_to(heard.affect)
    )


@given(by_ear)
def test_a_guess_does_not_weigh_on_what_was_heard(heard: Placed) -> None:
    assert fused(placed_by_hints(Tags(), ("Music",)), heard) == heard
