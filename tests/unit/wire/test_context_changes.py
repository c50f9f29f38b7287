"""What a trace holds of a context: differences that lead to exactly the same one again."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soulsync_edge.domain.affect import Affect, Spread
from soulsync_edge.domain.session import Context, Rules
from soulsync_edge.domain.sound import Sound
from soulsync_edge.domain.track import Catalogue, SkippedFile, Track, catalogue_of
from soulsync_edge.wire.context_changes import ContextChanged, change_between, context_after
from soulsync_edge.wire.lines import LineError
from soulsync_edge.wire.messages import TRACE
from tests import strategies

sounds = st.none() | st.builds(
    Sound,
    st.floats(40, 200),
    st.integers(0, 11),
    st.booleans(),
    strategies.shares,
    st.floats(-70, 5),
    st.floats(-70, 5),
)
tracks = st.builds(
    lambda track, sound, source, gain: replace(
        track, sound=sound, affect_source=source, replay_gain_db=gain
    ),
    strategies.tracks,
    sounds,
    st.sampled_from(("its mood tag", "its sound")),
    st.none() | st.floats(-20, 20),
)
catalogues = st.builds(
    catalogue_of,
    st.lists(tracks, max_size=8),
    st.lists(st.builds(SkippedFile, st.text(max_size=4), st.just("damaged")), max_size=2),
    is_away=st.booleans(),
    notice=st.sampled_from(("", "the stick is away")),
)
contexts = st.builds(
    Context, st.builds(Rules, seed=st.sampled_from(("1", "2"))), catalogue=catalogues
)


def told(change: ContextChanged) -> ContextChanged:
    """`change` after it was written and read."""
    read = TRACE.decode(TRACE.encode(change))
    assert isinstance(read, ContextChanged)
    return read


def a_library(count: int) -> Catalogue:
    return catalogue_of(
        replace(strategies.a_track(f"{number:020}", Affect(0, 0)), title=f"A Song {number}")
        for number in range(count)
    )


def placed_anew(track: Track) -> Track:
    return replace(track, affect=Affect(0.123456789, 0.5), affect_spread=Spread(0.3, 0.3))


@given(before=contexts, after=contexts)
def test_a_difference_leads_exactly_to_the_context_it_was_made_of(
    before: Context, after: Context
) -> None:
    change = change_between(before, after)

    assert change is not None
    assert context_after(before, told(change)) == after


@given(context=contexts)
def test_nothing_is_told_of_what_is_the_same(context: Context) -> None:
    change = change_between(context, replace(context))

    assert change == NOTHING


def test_a_library_placed_anew_is_told_in_a_few_words_a_track() -> None:
    library = a_library(1000)
    before = Context(catalogue=library)
    half = [placed_anew(track) for track in library.tracks[::2]] + list(library.tracks[1::2])
    after = Context(catalogue=catalogue_of(half))

    change = change_between(before, after)

    assert change is not None
    assert change.tracks == ()
    assert len(change.places) == 500
    assert len(TRACE.encode(change)) < len(TRACE.encode(after)) / 5


def test_one_track_that_came_is_told_alone() -> None:
    library = a_library(1000)
    before = Context(catalogue=catalogue_of(library.tracks[1:]))

    change = change_between(before, Context(catalogue=library))

    assert change is not None
    assert change.tracks == library.tracks[:1]
    assert len(TRACE.encode(change)) < 1000


def test_a_catalogue_in_another_order_is_told_whole() -> None:
    library = a_library(3)
    odd = Catalogue(tracks=library.tracks[::-1])

    assert change_between(Context(catalogue=library), Context(catalogue=odd)) is None


NOTHING = ContextChanged(None, None, (), (), (), ())
SOUND = Sound(120.0, 0, False, 0.5, -9.0, -1.0)  # noqa: FBT003  # in major


@pytest.mark.parametrize(
    "change",
    [
        replace(NOTHING, gone=("t9",)),
        replace(NOTHING, places=(("t9", 0.0, 0.0, 0.2, 0.2, "its sound"),)),
        replace(NOTHING, sounds=(("t9", SOUND),)),
    ],
    ids=["gone", "placed", "heard"],
)
def test_a_change_of_what_is_not_there_is_refused(change: ContextChanged) -> None:
    with pytest.raises(LineError, match="there is no track 't9' to change"):
        context_after(Context(), change)
