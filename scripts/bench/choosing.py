"""How long choosing and planning take in a large library, by a taste that is full.

`python -m scripts.bench.choosing` measures these alone. The library and the taste are made up: as
many artists and albums as such a library has, and every store of the taste filled to its limit.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from scripts.bench.figures import middle, p95, say, say_heading
from soulsync_edge.domain.affect import Affect, Spread, clamped
from soulsync_edge.domain.choosing import choose
from soulsync_edge.domain.features import Moment, features_of
from soulsync_edge.domain.freshness import ChoiceRules, Heard
from soulsync_edge.domain.journey import Journey, PathRules
from soulsync_edge.domain.liking import Liking
from soulsync_edge.domain.path import plan
from soulsync_edge.domain.preference import Preference, Tally
from soulsync_edge.domain.sound import Sound
from soulsync_edge.domain.taste import MOST_ARTISTS, MOST_REGARDS, ArtistTally, Regard, Taste
from soulsync_edge.domain.track import Catalogue, Track, catalogue_of

TRACKS = 100_000
TURNS = 40

_TODAY = 740_000
_HEARD = 30
_TRACKS_AN_ARTIST, _TRACKS_AN_ALBUM = 25, 11
_OBSERVATIONS = 200


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured, in milliseconds.

    Attributes:
        tracks: How many there were.
        index_ms: The index of a new catalogue, once.
        choose_ms_p50: One choice, the middle of many.
        choose_ms_p95: And what 95 % of them do not exceed.
        plan_ms_p50: Likewise for a path of 7 tracks.
        plan_ms_p95: Likewise.
    """

    tracks: int
    index_ms: float
    choose_ms_p50: float
    choose_ms_p95: float
    plan_ms_p50: float
    plan_ms_p95: float


def measured(tracks: int = TRACKS, turns: int = TURNS) -> Figures:
    """Return how long choosing and planning take among `tracks`, of `turns` each."""
    chance = random.Random(1)  # noqa: S311  # a made-up library
    catalogue = _library(chance, tracks)
    index_ms = _took_ms(lambda: (catalogue.by_id, catalogue.patches))
    liking = Liking(_taste(chance, catalogue), day=_TODAY, minute_of_day=1200)
    history = tuple(
        Heard(one.track_id, one.artist, 60.0 * number, one.album)
        for number, one in enumerate(chance.sample(catalogue.tracks, _HEARD))
    )
    now_s = 60.0 * _HEARD

    def chosen(seed: str, place: Affect) -> None:
        choose(
            catalogue, place, history, now_s=now_s, seed=seed, rules=ChoiceRules(), liking=liking
        )

    def planned(seed: str, journey: Journey) -> None:
        plan(
            catalogue,
            journey,
            seed=seed,
            rules=PathRules(),
            steps=7,
            history=history,
            now_s=now_s,
            liking=liking,
        )

    choices, plans = [], []
    for turn in range(turns):
        start = Affect(chance.uniform(-0.8, 0.0), chance.uniform(-0.8, 0.8))
        goal = Affect(0.8, chance.uniform(-0.6, 0.6))
        choices.append(_took_ms(partial(chosen, str(turn), start)))
        plans.append(_took_ms(partial(planned, str(turn), Journey(start, goal))))
    return Figures(
        tracks=tracks,
        index_ms=round(index_ms, 1),
        choose_ms_p50=middle(choices, 1),
        choose_ms_p95=round(p95(choices), 1),
        plan_ms_p50=middle(plans, 1),
        plan_ms_p95=round(p95(plans), 1),
    )


def tell(figures: Figures) -> None:
    """Print the figures as lines."""
    say_heading(f"Choosing among {figures.tracks:,} tracks, with a full taste")
    say("the index of a new catalogue, once", figures.index_ms, "ms")
    say("choose a track, median", figures.choose_ms_p50, "ms")
    say("choose a track, p95", figures.choose_ms_p95, "ms", "choosing.choose_ms_p95")
    say("plan a path of 7, median", figures.plan_ms_p50, "ms")
    say("plan a path of 7, p95", figures.plan_ms_p95, "ms", "choosing.plan_ms_p95")


def _took_ms(ask: Callable[[], object]) -> float:
    begun_s = time.perf_counter()
    ask()
    return (time.perf_counter() - begun_s) * 1000


def _library(chance: random.Random, count: int) -> Catalogue:
    return catalogue_of(
        Track(
            track_id=f"{number:020x}",
            path=f"/music/{number}.flac",
            title=f"Piece {number}",
            artist=f"Artist {chance.randrange(max(count // _TRACKS_AN_ARTIST, 1))}",
            album=f"Album {chance.randrange(max(count // _TRACKS_AN_ALBUM, 1))}",
            duration_s=chance.uniform(120, 400),
            affect=clamped(chance.gauss(0.1, 0.4), chance.gauss(0.0, 0.4)),
            affect_spread=Spread(chance.uniform(0.2, 0.5), chance.uniform(0.2, 0.5)),
            affect_source="its sound",
            sound=Sound(
                tempo_bpm=chance.uniform(60, 180),
                key=chance.randrange(12),
                is_minor=chance.random() < 0.4,  # noqa: PLR2004  # two in five
                danceability=chance.random(),
                loudness_lufs=chance.uniform(-24, -8),
                true_peak_dbtp=-1.0,
            ),
        )
        for number in range(count)
    )


def _taste(chance: random.Random, catalogue: Catalogue) -> Taste:
    """Return a taste that is full, of all that can be said and observed."""
    tracks = chance.sample(catalogue.tracks, min(MOST_REGARDS, len(catalogue.tracks)))
    preference = Preference()
    for track in tracks[:_OBSERVATIONS]:
        features = features_of(track, Moment(track.affect))
        preference = preference.after(features, chance.uniform(-1, 1), 1.0, _TODAY)
    regards = tuple(
        Regard(
            track.track_id,
            track.title,
            track.artist,
            is_liked=number % 3 == 0,
            is_never=number % 7 == 1,
            valence=chance.uniform(-1, 1) if number % 5 == 0 else None,
            tally=Tally(chance.uniform(-3, 3), 3.0, _TODAY),
        )
        for number, track in enumerate(tracks)
    )
    artists = sorted({track.artist for track in tracks})[:MOST_ARTISTS]
    tallies = tuple(
        ArtistTally(artist, Tally(chance.uniform(-3, 3), 3.0, _TODAY)) for artist in artists
    )
    return Taste(regards, tallies, preference)


if __name__ == "__main__":
    tell(measured())
