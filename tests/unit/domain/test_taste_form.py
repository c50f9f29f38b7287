"""The taste as plain values: it comes back as it was, and what makes no sense is refused."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soulsync_edge.domain.features import FEATURES
from soulsync_edge.domain.preference import Preference, Tally
from soulsync_edge.domain.taste import ArtistTally, Regard, Taste
from soulsync_edge.domain.taste_form import exported, taste_from

days = st.just(0) | st.integers(700_000, 760_000)
names = st.text(max_size=8)
tallies = st.builds(Tally, st.floats(-50, 50), st.floats(0, 50), days)
counts = st.integers(0, 99)
regards = st.builds(
    Regard, track_id=names, title=names, artist=names, is_liked=st.sampled_from((False,)),
    is_never=st.booleans(), valence=st.none() | st.floats(-1, 1),
    arousal=st.none() | st.floats(-1, 1), tally=tallies, finishes=counts, skips=counts,
    replays=counts, turned_down=counts,
) | st.builds(
    Regard, track_id=names, is_liked=st.sampled_from((True,)), liked_day=days
)  # fmt: skip
rows = st.tuples(*[st.floats(-2, 2)] * len(FEATURES))
preferences = st.builds(
    lambda features, reward, day: Preference().after(features, reward, 1.0, day),
    rows,
    st.floats(-1, 1),
    days,
)
tastes = st.builds(
    Taste,
    st.lists(regards, max_size=5, unique_by=lambda one: one.track_id).map(tuple),
    st.lists(
        st.builds(ArtistTally, names, tallies), max_size=4, unique_by=lambda one: one.artist
    ).map(tuple),
    st.just(Preference()) | preferences,
)


@given(tastes)
def test_a_taste_comes_back_as_it_was(taste: Taste) -> None:
    assert taste_from(json.loads(json.dumps(exported(taste)))) == taste


def test_people_can_read_it() -> None:
    liked = Regard(
        "a1", "Bus Window", "Ada", is_liked=True, liked_day=date(2026, 11, 20).toordinal()
    )

    told: Any = exported(Taste((liked,)))

    assert told["tracks"] == [
        {
            "track_id": "a1",
            "title": "Bus Window",
            "artist": "Ada",
            "liked": "2026-11-20",
            "total": 0.0,
            "weight": 0.0,
            "day": None,
        }
    ]
    assert set(told["general"]["weights"]) == set(FEATURES)


def changed(taste: Taste, where: tuple[str | int, ...], value: object) -> Any:
    whole: Any = json.loads(json.dumps(exported(taste)))
    part = whole
    for step in where[:-1]:
        part = part[step]
    part[where[-1]] = value
    return whole


FULL = Taste(
    (Regard("a", valence=0.5),),
    (ArtistTally("Ada", Tally()),),
    Preference().after((1.0,) * len(FEATURES), 1.0, 1.0, 740_000),
)


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("version",), 2),
        (("tracks",), {}),
        (("tracks", 0), "a"),
        (("tracks", 0, "track_id"), 7),
        (("tracks", 0, "valence"), 1.5),
        (("tracks", 0, "valence"), None),
        (("tracks", 0, "weight"), -1),
        (("tracks", 0, "weight"), True),
        (("tracks", 0, "skips"), 1.5),
        (("tracks", 0, "skips"), -1),
        (("tracks", 0, "liked"), "soon"),
        (("tracks", 0, "day"), 740_000),
        (("artists", 0, "total"), "much"),
        (("general",), None),
        (("general", "pull"), [1.0]),
        (("general", "evidence"), []),
        (("general", "evidence", 3), None),
    ],
)
def test_what_makes_no_sense_is_refused(where: tuple[str | int, ...], value: object) -> None:
    assert taste_from(json.loads(json.dumps(exported(FULL)))) == FULL
    with pytest.raises((ValueError, TypeError)):
        taste_from(changed(FULL, where, value))


@pytest.mark.parametrize("plain", [None, 3, [], "taste", {}, {"version": 1}])
def test_what_is_no_taste_is_refused(plain: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        taste_from(plain)


def test_what_was_learnt_in_general_by_other_features_begins_anew() -> None:
    older = changed(FULL, ("general", "features"), ["always", "gone"])

    taste = taste_from(older)

    assert taste.preference == Preference()
    assert taste.regards == FULL.regards
