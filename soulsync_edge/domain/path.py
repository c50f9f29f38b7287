"""The planned path: which tracks lead, step by step, from a mood to a goal, and why."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.freshness import Heard, Past
from soulsync_edge.domain.journey import AT_END, Journey, PathRules, steps_for
from soulsync_edge.domain.liking import Liking
from soulsync_edge.domain.music_words import compared, feel
from soulsync_edge.domain.path_search import ASSUMED_LENGTH_S, Found, Search, playing_time_s
from soulsync_edge.domain.rail import Rail
from soulsync_edge.domain.track import Catalogue, Track


@dataclass(frozen=True, slots=True)
class Stop:
    """One track of a path.

    Attributes:
        track: Which one.
        why: What it is there for, in words a person understands.
        point: Where it should sit: its waypoint.
    """

    track: Track
    why: str
    point: Affect


@dataclass(frozen=True, slots=True)
class MusicPath:
    """Tracks in the order to play them, none twice.

    Attributes:
        stops: At least one.
        remarks: What could not be had from the library, a sentence each.
    """

    stops: tuple[Stop, ...]
    remarks: tuple[str, ...] = ()

    @property
    def tracks(self) -> tuple[Track, ...]:
        """The tracks alone."""
        return tuple(stop.track for stop in self.stops)


def plan(  # noqa: PLR0913  # what a path depends on, all of it visible
    catalogue: Catalogue,
    journey: Journey,
    *,
    seed: str,
    rules: PathRules,
    steps: int | None = None,
    history: tuple[Heard, ...] = (),
    now_s: float = 0.0,
    barred: frozenset[str] = frozenset(),
    allows: Callable[[Affect], bool] | None = None,
    safe: Rail | None = None,
    liking: Liking | None = None,
) -> MusicPath | None:
    """Return the path from a mood to a goal, or None when nothing safe leads on.

    It is the cheapest way through layers of candidates, one layer for each of `waypoints`. A track
    costs its expected distance to the waypoint, so one whose place is unsure costs more; two in a
    row cost the step between them, an artist who comes again, and what jars in tempo, key and
    loudness. No track comes twice, none lies beyond the rail, at most `rules.most_at_start` stay
    with the starting mood: the path is shorter where the library has too little. A track within
    its cooldown comes only when there are too few others.

    Args:
        catalogue: What there is.
        journey: From where to where.
        seed: The same seed and arguments give the same path; another seed, another path.
        rules: How it is laid.
        steps: How many tracks, 1 to 20; None takes `steps_for` the distance.
        history: What was started, oldest first; the path goes on from the last one.
        now_s: The time of planning, on the clock of the events.
        barred: Tracks that must not be chosen, such as ones that failed.
        allows: Says of a place whether tracks may lie there, beside the rail; None: anywhere.
        safe: A rail to keep to beside the journey's own, or None.
        liking: How well tracks are liked; never one that someone wants never to be played.
    """
    steps = steps_for(journey.start, journey.goal) if steps is None else steps
    past = Past(history, now_s, barred)
    search = Search(catalogue, journey, rules, seed, past, allows, safe, liking)
    found = search.best(steps)
    if not found.tracks:
        return None
    return _told(found, journey, search.before, tuple(_remarks(found, journey, rules, steps)))


def plan_for(
    catalogue: Catalogue, journey: Journey, *, length_s: float, seed: str, rules: PathRules
) -> MusicPath | None:
    """Return a path that plays for about `length_s`, or None when no track is safe on that way.

    A short time has fewer steps. In a long one the music stays at the goal for the rest of it, as
    far as there is music near the goal. A piece longer than the whole comes only when all are.

    Args:
        catalogue: What there is.
        journey: From where to where.
        length_s: Above 0; met as nearly as whole tracks do.
        seed: As for `plan`.
        rules: As for `plan`.
    """
    wanted = steps_for(journey.start, journey.goal)
    too_long = frozenset(t.track_id for t in catalogue.tracks if t.duration_s > length_s)
    search = Search(catalogue, journey, rules, seed, Past(barred=too_long))
    found = search.best(wanted)
    if not found.tracks:
        search = Search(catalogue, journey, rules, seed, Past())
        found = search.best(wanted)
    if not found.tracks:
        return None
    while len(found.tracks) > 1 and _is_too_long(found.tracks, length_s):
        wanted = len(found.tracks) - 1
        found = search.best(wanted)
    remarks = list(_remarks(found, journey, rules, wanted))
    found = search.lengthened(found, length_s)
    played_s = playing_time_s(found.tracks)
    if length_s - played_s > ASSUMED_LENGTH_S / 2:
        remarks.append(
            f"it is {played_s / 60:.0f} of {length_s / 60:.0f} minutes: "
            f"there is no more music near {_goal(journey)}"
        )
    return _told(found, journey, None, tuple(remarks))


def _is_too_long(tracks: tuple[Track, ...], length_s: float) -> bool:
    """Return whether one track less would come nearer to `length_s`."""
    played_s = playing_time_s(tracks)
    return played_s - length_s > played_s / len(tracks) / 2


def _remarks(found: Found, journey: Journey, rules: PathRules, steps: int) -> Iterator[str]:
    """Yield what the path should have been and is not."""
    tracks, longest = found.tracks, rules.longest_step
    if len(tracks) < steps:
        yield f"it has {len(tracks)} instead of {steps} tracks: there are no more that fit"
    start = journey.start_name or feel(journey.start)
    if found.points[0] == journey.start and not _is_at(tracks[0], journey.start):
        yield f"it does not begin quite at the start: there is no music near {start}"
    if not _is_at(tracks[-1], journey.goal):
        yield f"it does not arrive: there is no music near {_goal(journey)} to end with"
    leaps = [
        number
        for number, (one, other) in enumerate(pairwise(tracks), start=1)
        if one.affect.distance_to(other.affect) > longest
    ]
    if leaps and steps < steps_for(journey.start, journey.goal):
        yield "it takes big steps: so few tracks leave no room for smaller ones"
        return
    for number in leaps:
        yield f"from track {number} to {number + 1} is a big step: nothing fits in between"


def _told(
    found: Found, journey: Journey, before: Track | None, remarks: tuple[str, ...]
) -> MusicPath:
    """Return the path with a why-line for every track."""
    stops = []
    last = before
    for number, (track, point) in enumerate(zip(found.tracks, found.points, strict=True)):
        words = words_for(track, point, last, journey, is_first=number == 0)
        stops.append(Stop(track, f"{words}, going by {track.affect_source}", point))
        last = track
    return MusicPath(tuple(stops), remarks)


def words_for(
    track: Track, point: Affect, last: Track | None, journey: Journey, *, is_first: bool
) -> str:
    """Return what a track is there for, in words.

    Args:
        track: The track.
        point: Its waypoint.
        last: What plays before it, or None.
        journey: From where to where.
        is_first: The path begins with it.
    """
    if point == journey.start != journey.goal and _is_at(track, journey.start):
        start = "starts where the mood is" if is_first else "stays with the mood once more"
        return f"{start}: {feel(track.affect)}"
    if _is_at(track, journey.goal):
        if last is None:
            return f"at the goal: {_goal(journey)}"
        verb = "stays at" if _is_at(last, journey.goal) else "arrives at"
        return f"{verb} the goal: {_goal(journey)}"
    if last is None:
        return f"the nearest there is to begin with: {feel(track.affect)}"
    return f"{compared(track.affect, last.affect)} the last"


def _is_at(track: Track, place: Affect) -> bool:
    return track.affect.distance_to(place) <= AT_END


def _goal(journey: Journey) -> str:
    return journey.goal_name or feel(journey.goal)
