"""The catalogue: no doubles, and every track on its patch of the plane."""

from dataclasses import replace

from hypothesis import given

from soulsync_edge.domain.affect import Affect, Spread
from soulsync_edge.domain.track import Catalogue, catalogue_of
from tests.strategies import a_track, catalogues


def test_of_doubles_the_last_one_counts() -> None:
    catalogue = catalogue_of([a_track("a", Affect(0, 0)), a_track("a", Affect(1, 1))])

    assert [track.affect for track in catalogue.tracks] == [Affect(1, 1)]


@given(catalogues)
def test_every_track_lies_on_one_patch_and_near_its_middle(catalogue: Catalogue) -> None:
    found = [
        (patch, track) for patch in catalogue.patches for group in patch.groups for track in group
    ]

    assert sorted(track.track_id for _, track in found) == [t.track_id for t in catalogue.tracks]
    for patch, track in found:
        assert abs(track.affect.valence - patch.valence) <= 0.051
        assert abs(track.affect.arousal - patch.arousal) <= 0.051


def test_the_surest_tracks_of_a_patch_come_first() -> None:
    spreads = {"vague": Spread(0.5, 0.5), "sure": Spread(0.1, 0.2), "lost": Spread(90.0, 90.0)}
    base = a_track("base", Affect(0.3, 0.3))
    catalogue = catalogue_of(
        replace(base, track_id=name, title=name, affect_spread=spread)
        for name, spread in spreads.items()
    )

    [patch] = catalogue.patches

    assert [[track.title for track in group] for group in patch.groups] == [
        ["sure"],
        ["vague"],
        ["lost"],
    ]
    assert 0.1 <= patch.spread <= 0.3


def test_an_indexed_catalogue_is_the_same_one_with_everything_made() -> None:
    catalogue = catalogue_of([a_track("t1", Affect(0.1, 0.2))])

    assert catalogue.indexed() is catalogue
    assert {"by_id", "patches"} <= vars(catalogue).keys()
