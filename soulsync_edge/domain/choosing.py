"""Choose the next track: near the target, not heard lately, artists spaced, chance seeded."""

import random
from dataclasses import dataclass

from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.track import Catalogue, Track


@dataclass(frozen=True, slots=True)
class ChoiceRules:
    """How free and how fresh choices are.

    Attributes:
        cooldown_s: A track does not come back sooner than this while another can be played.
        artist_gap: An artist is held back for this many tracks while others are near enough.
        variety: How far beyond the nearest track chance may reach, as a distance on the
            affect plane; 0 always takes the nearest.
    """

    cooldown_s: float = 3600.0
    artist_gap: int = 2
    variety: float = 0.25


@dataclass(frozen=True, slots=True)
class Heard:
    """A track that was started.

    Attributes:
        track_id: Which one.
        artist: Its artist; empty when unknown.
        at_s: When it was started, on the clock of the events.
    """

    track_id: str
    artist: str
    at_s: float


@dataclass(frozen=True, slots=True)
class Choice:
    """The track to play next.

    Attributes:
        track: Which one.
        why: The reason in words a person understands.
    """

    track: Track
    why: str


# What a repeated artist costs, in units of distance on the affect plane: enough to prefer a
# neighbour, too little to cross into another mood. Our choice, not measured.
ARTIST_PENALTY = 0.4


def choose(  # noqa: PLR0913  # what a choice depends on, all of it visible
    catalogue: Catalogue,
    target: Affect,
    history: tuple[Heard, ...],
    *,
    now_s: float,
    seed: str,
    rules: ChoiceRules,
    barred: frozenset[str] = frozenset(),
) -> Choice | None:
    """Return the track to play next, or None when nothing can be played.

    Among tracks outside their cooldown, and not the one just heard, the distance to `target` (plus
    what a repeated artist costs) ranks them, and chance from `seed` picks one no further than
    `variety` behind the first. When every track is still cooling down, the one heard longest ago
    plays: silence would be worse, and the why-line says so.

    Args:
        catalogue: What there is.
        target: Where the music should sit.
        history: What was started, oldest first.
        now_s: The time of the choice, on the clock of the events.
        seed: The same seed and arguments give the same choice.
        rules: How free and how fresh.
        barred: Tracks that must not be chosen, such as ones that failed.
    """
    playable = [track for track in catalogue.tracks if track.track_id not in barred]
    if not playable:
        return None
    last_heard_s = {heard.track_id: heard.at_s for heard in history}
    fresh = [
        track
        for track in playable
        if now_s - last_heard_s.get(track.track_id, float("-inf")) >= rules.cooldown_s
    ]
    last = history[-1].track_id if history else ""
    fresh = [track for track in fresh if track.track_id != last] or fresh
    if not fresh:
        oldest = min(playable, key=lambda track: (last_heard_s[track.track_id], track.track_id))
        return Choice(oldest, "everything was played lately; this one longest ago")
    gap = rules.artist_gap
    recent_artists = {heard.artist for heard in history[-gap:] if heard.artist} if gap else set()

    costs = [
        track.affect.distance_to(target) + ARTIST_PENALTY * (track.artist in recent_artists)
        for track in fresh
    ]
    reach = min(costs) + rules.variety
    near = sorted(
        (cost, track.track_id) for track, cost in zip(fresh, costs, strict=True) if cost <= reach
    )
    # Chance decides between equals, it does not guard anything.
    _, track_id = random.Random(seed).choice(near)  # noqa: S311
    track = catalogue.by_id[track_id]
    return Choice(track, _why(track, target))


def _why(track: Track, target: Affect) -> str:
    """Return how the track relates to the target, in words."""
    distance = track.affect.distance_to(target)
    nearness = ("a close match", "near enough", "the best there is")
    match_ = nearness[(distance >= _CLOSE) + (distance >= _NEAR)]
    words = feel(target)
    wanted = "balanced" if words == IN_THE_MIDDLE else words
    return f"{match_} for {wanted} music, going by {track.affect_source}"


def feel(affect: Affect) -> str:
    """Return a few words for a place on the affect plane: music is described, not a person."""
    words = []
    if abs(affect.arousal) >= _CLEARLY:
        words.append("lively" if affect.arousal > 0 else "quiet")
    if abs(affect.valence) >= _CLEARLY:
        words.append("bright" if affect.valence > 0 else "dark")
    return " and ".join(words) or IN_THE_MIDDLE


IN_THE_MIDDLE = "in the middle"

# Distances on the affect plane at which words change; ours to tune.
_CLEARLY = 0.2
_CLOSE = 0.3
_NEAR = 0.6
