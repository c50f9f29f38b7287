"""The learning curve: a made-up listener with clear likings is met better and better."""

import math
import random
from dataclasses import replace
from functools import cache
from statistics import mean

from soulsync_edge.domain import events as ev
from soulsync_edge.domain.affect import Affect, Spread, clamped
from soulsync_edge.domain.choosing import choose
from soulsync_edge.domain.freshness import ChoiceRules, Heard
from soulsync_edge.domain.learning import learnt, liking_now
from soulsync_edge.domain.session import Context, NowPlaying, Rules, Session
from soulsync_edge.domain.sound import Sound
from soulsync_edge.domain.track import Track, catalogue_of
from tests.strategies import a_track

SEEDS = range(6)
SONGS = 200
LIBRARY = 300
SPAN = 60
RULES = ChoiceRules(cooldown_s=3 * 3600.0)


def a_library(chance: random.Random) -> list[Track]:
    tracks = []
    for number in range(LIBRARY):
        track = a_track(
            f"t{number:03}",
            clamped(chance.gauss(0.1, 0.4), chance.gauss(0.0, 0.4)),
            artist=f"a{chance.randrange(30)}",
        )
        sound = Sound(chance.uniform(65, 175), chance.randrange(12), chance.random() < 0.4,
                      chance.random(), chance.uniform(-20, -9), -1.0)  # fmt: skip
        tracks.append(replace(track, sound=sound, affect_spread=Spread(0.25, 0.25)))
    return tracks


def joy(track: Track) -> float:
    """Return how much the listener likes a track, 0 to 1: fast music, and one artist in three."""
    assert track.sound is not None
    pace = math.log2(track.sound.tempo_bpm / 118)
    by_favourite = int(track.artist[1:]) % 3 == 0
    return 1 / (1 + math.exp(-(3.0 * pace + 2.0 * by_favourite - 0.6)))


def regrets(seed: int, rules: Rules) -> list[float]:
    """Return, song by song, how much better the best track about the target would have been."""
    chance = random.Random(seed)  # noqa: S311  # a made-up listener
    tracks = a_library(chance)
    context = Context(rules, catalogue_of(tracks))
    session = Session(day=740_000, has_voice=True, is_silent_for="")
    found = []
    for song in range(SONGS):
        now_s = song * 200.0
        target = Affect(chance.uniform(-0.3, 0.5), chance.uniform(-0.4, 0.4))
        liking = liking_now(session, rules)
        choice = choose(
            context.catalogue, target, session.history, now_s=now_s, seed=f"{seed}:{song}",
            rules=RULES, liking=liking,
        )  # fmt: skip
        assert choice is not None
        track = choice.track
        rested = {heard.track_id for heard in session.history}
        near = [
            joy(one)
            for one in tracks
            if one.track_id not in rested and one.affect.distance_to(target) <= 0.35
        ]
        found.append(max(max(near, default=0.0) - joy(track), 0.0))
        is_liked = chance.random() < joy(track)
        playing = NowPlaying(
            track.track_id, "", target, now_s, is_heard=True,
            features=liking.features(track, target),
            position_s=170.0 if is_liked else chance.uniform(10.0, 60.0),
        )  # fmt: skip
        event = ev.TrackEnded(now_s, track.track_id) if is_liked else ev.SkipRequested(now_s)
        session = learnt(replace(session, playing=playing), event, context)
        heard = Heard(track.track_id, track.artist, now_s)
        session = replace(session, history=(*session.history, heard)[-50:])
    return found


@cache
def curve(rules: Rules) -> tuple[float, float]:
    """Return the mean regret over the first songs and the last, of all seeds."""
    all_of_them = [regrets(seed, rules) for seed in SEEDS]
    return (
        mean(mean(one[:SPAN]) for one in all_of_them),
        mean(mean(one[-SPAN:]) for one in all_of_them),
    )


def test_regret_falls_as_the_listener_becomes_known() -> None:
    first, last = curve(Rules())

    assert last < 0.75 * first


def test_without_learning_it_does_not() -> None:
    first, last = curve(Rules(learns=False))

    assert last > 0.9 * first
    assert curve(Rules())[1] < 0.65 * last


def test_trying_out_does_not_cost_more_than_it_brings() -> None:
    assert sum(curve(Rules(exploration=0.5))) <= 1.05 * sum(curve(Rules(exploration=0.0)))
