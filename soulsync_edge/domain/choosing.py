"""Choose the next track: near the target, fresh, well liked, going well with the last."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from soulsync_edge.domain.affect import Affect, Spread
from soulsync_edge.domain.costs import Costs
from soulsync_edge.domain.fit import misfit
from soulsync_edge.domain.freshness import ChoiceRules, Heard, Past
from soulsync_edge.domain.liking import Liking
from soulsync_edge.domain.music_words import IN_THE_MIDDLE, compared, feel
from soulsync_edge.domain.rail import Rail
from soulsync_edge.domain.shelf import Shelf
from soulsync_edge.domain.track import Catalogue, Track


@dataclass(frozen=True, slots=True)
class Choice:
    """The track to play next.

    Attributes:
        track: Which one, where it sits after all that was said of it.
        why: The reason in words a person understands.
    """

    track: Track
    why: str


_CANDIDATES = 240
"""Tracks that are weighed, the nearest of all: further ones cost more than any liking makes up."""

_MIXED = 64
"""Tracks that are weighed when any will do: few, so that the best liked do not always come."""


def choose(  # noqa: PLR0913  # what a choice depends on, all of it visible
    catalogue: Catalogue,
    target: Affect | None,
    history: tuple[Heard, ...],
    *,
    now_s: float,
    seed: str,
    rules: ChoiceRules,
    barred: frozenset[str] = frozenset(),
    safe: Rail | None = None,
    liking: Liking | None = None,
    unsure: Spread | None = None,
) -> Choice | None:
    """Return the track to play next, or None when nothing can be played.

    A track costs its expected distance to `target`, what jars after the track before in tempo, key
    and loudness, and an artist or album heard lately; being liked makes it cheaper. The cheapest
    plays, but for chance from `seed` and what is worth trying out, which together lead no further
    than `variety` beyond it. When every track that may play is still cooling down, the one
    heard longest ago plays: silence would be worse, and the why-line says so.

    Args:
        catalogue: What there is.
        target: Where the music should sit; None: anywhere, then chance decides over all.
        history: What was started, oldest first.
        now_s: The time of the choice, on the clock of the events.
        seed: The same seed and arguments give the same choice.
        rules: How free and how fresh.
        barred: Tracks that must not be chosen, such as ones that failed.
        safe: No track lies beyond it; None: all places are safe.
        liking: How well tracks are liked; never one that someone wants never to be played.
        unsure: How unsure `target` is; None: it is meant.
    """
    liking = liking or Liking(learns=False)
    past = Past(history, now_s, barred | liking.taste.never)
    costs = Costs(rules, past, seed, liking)

    def may_play(track: Track) -> bool:
        return track.track_id not in past.barred and (safe is None or safe.allows(track.affect))

    shelf = Shelf(catalogue, seed, may_play, known=liking.known(catalogue, target), safe=safe)
    rested = shelf.without(lambda track: track.track_id in costs.tired)
    candidates = rested.anywhere(_MIXED) if target is None else rested.nearest(target, _CANDIDATES)
    if not candidates:
        oldest = _longest_ago(catalogue, past, liking, may_play)
        words = "all that may play now was heard lately; this one longest ago"
        return None if oldest is None else Choice(oldest, words)
    before = catalogue.by_id.get(history[-1].track_id) if history else None
    spacing = costs.spacing((heard.artist, heard.album) for heard in history)
    prices = {
        track.track_id: costs.at(track, target, unsure)
        + spacing.cost(track)
        + (misfit(before.sound, track.sound) if before and target else 0.0)
        for track in candidates
    }
    chosen = _cheapest(candidates, prices, lambda track: costs.stray(track, target))
    best = _cheapest(candidates, prices, lambda _track: 0.0)
    reasons = [_fit(chosen, target)]
    if before and target:
        last = liking.taste.corrected(before).affect
        reasons.append(f"{compared(chosen.affect, last)} the last")
    reasons += liking.reasons(chosen, target, instead_of=best)
    return Choice(chosen, "; ".join(reasons))


def _cheapest(
    candidates: list[Track], prices: Mapping[str, float], more: Callable[[Track], float]
) -> Track:
    """Return the cheapest once there is `more` to pay; of equals the first by name."""
    return min(candidates, key=lambda track: (prices[track.track_id] + more(track), track.track_id))


def _longest_ago(
    catalogue: Catalogue, past: Past, liking: Liking, may_play: Callable[[Track], bool]
) -> Track | None:
    """Return what was heard longest ago of all that may play."""
    last_heard_s = {heard.track_id: heard.at_s for heard in past.history}
    for name in sorted(last_heard_s, key=lambda name: (last_heard_s[name], name)):
        track = catalogue.by_id.get(name)
        if track is not None and may_play(track := liking.taste.corrected(track)):
            return track
    return None


def _fit(track: Track, target: Affect | None) -> str:
    """Return how the track relates to the target, in words."""
    if target is None:
        return "any music, as chance has it"
    distance = track.affect.distance_to(target)
    nearness = ("a close match", "near enough", "the best there is")
    match_ = nearness[(distance >= _CLOSE) + (distance >= _NEAR)]
    words = feel(target)
    wanted = "balanced" if words == IN_THE_MIDDLE else words
    return f"{match_} for {wanted} music, going by {track.affect_source}"


# Distances on the affect plane at which words change; ours to tune.
_CLOSE = 0.3
_NEAR = 0.6
