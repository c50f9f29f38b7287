from soulsync_edge.domain.affect import Affect, Spread
from soulsync_edge.domain.doubles import as_skipped, one_of_each
from soulsync_edge.domain.track import SkippedFile, Track


def _track(name: str, path: str) -> Track:
    return Track(name, path, name, "", "", 30.0, Affect(0, 0), Spread(0.3, 0.3), "its tag")


LONG = _track("long", "/m/b/copy of a.mp3")
SHORT = _track("short", "/m/a.mp3")
AS_SHORT = _track("as short", "/m/b.mp3")
OTHER = _track("other", "/m/other.mp3")
TRACKS = (LONG, SHORT, AS_SHORT, OTHER)
SAME = {"long": "x", "short": "x", "as short": "x", "other": "y"}


def test_of_the_same_music_that_with_the_shortest_path_stays() -> None:
    assert one_of_each(TRACKS, SAME) == {"long": SHORT, "as short": SHORT}


def test_the_order_of_tracks_does_not_matter() -> None:
    assert one_of_each(reversed(TRACKS), SAME) == one_of_each(TRACKS, SAME)


def test_a_preferred_one_stays_however_long_its_path() -> None:
    assert one_of_each(TRACKS, SAME, ["long", "as short"]) == {"short": LONG, "as short": LONG}


def test_without_listening_nothing_is_a_double() -> None:
    assert one_of_each(TRACKS, {}) == {}


def test_a_double_says_what_it_is_the_same_as() -> None:
    assert as_skipped(LONG, SHORT) == SkippedFile(
        "/m/b/copy of a.mp3", "it is the same music as /m/a.mp3"
    )
