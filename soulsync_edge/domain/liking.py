"""How well a track would be liked here and now: what is expected, and what trying out says."""

from dataclasses import dataclass
from functools import cached_property

from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.chance import normal
from soulsync_edge.domain.features import FEATURES, Moment, features_of
from soulsync_edge.domain.preference import Belief, Tally
from soulsync_edge.domain.taste import ARTIST_DOUBT, LIKED, TRACK_DOUBT, Regard, Taste
from soulsync_edge.domain.track import Catalogue, Track, catalogue_of

_WELL_LIKED = 0.15
"""Liking worth a word; ours to tune."""

_KNOWN = 2.0
"""Observations of a track after which it is known how it is liked; ours to tune."""

_SOME = 10.0
"""Observations of all music after which something is said of music of a kind; ours to tune."""

_LIKED_WITHIN = 0.5
"""What is liked is looked for this far about a place, on the affect plane: further off it comes by
chance, as all music does. Ours to tune."""

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_WEEK = 7
_SOME_WEEKS = 8


@dataclass(frozen=True)
class Liking:
    """The taste of the room, read at one time.

    What somebody said of a track (never, where it sits) holds in any case.

    Attributes:
        taste: What is known.
        day: Of reading it; what is old counts less. 0: unknown.
        minute_of_day: Local time, 0 to 1439.
        is_shift: The music leads somewhere.
        learns: What was learnt counts; else everything is liked alike.
        exploration: How much of what is not known may be tried out, 0 (nothing) to 1 (all).
    """

    taste: Taste = Taste()
    day: int = 0
    minute_of_day: int = 0
    is_shift: bool = False
    learns: bool = True
    exploration: float = 0.5

    @cached_property
    def _belief(self) -> Belief:
        return self.taste.preference.belief(len(FEATURES), self.day)

    @property
    def explores(self) -> bool:
        """What is not known well is tried out."""
        return self.learns and self.exploration > 0.0

    def features(self, track: Track, target: Affect | None) -> tuple[float, ...]:
        """Return what playing `track` is judged by, where music should sit at `target`."""
        return features_of(track, Moment(target, self.minute_of_day, self.is_shift))

    def expected(self, track: Track, target: Affect | None) -> float:
        """Return how well `track` is expected to be met, -1 to 1."""
        return self.judged(self.features(track, target), track.track_id, track.artist)

    def judged(self, features: tuple[float, ...], track_id: str, artist: str) -> float:
        """Return the same by the features of playing it."""
        if not self.learns:
            return 0.0
        regard = self.taste.by_id.get(track_id)
        liking = self.in_general(features) + self.of_artist(artist)
        if regard is not None:
            liking += regard.tally.mean(TRACK_DOUBT, self.day) + LIKED * regard.is_liked
        return _bounded(liking)

    def in_general(self, features: tuple[float, ...]) -> float:
        """Return what the linear model alone expects, -1 to 1."""
        return _bounded(_product(self._belief.weights, features))

    def of_artist(self, artist: str) -> float:
        """Return what the artist adds to that."""
        tally = self.taste.tally_of_artist.get(artist)
        return 0.0 if tally is None else tally.mean(ARTIST_DOUBT, self.day)

    def reasons(self, track: Track, target: Affect | None, *, instead_of: Track) -> list[str]:
        """Return what the taste had to do with choosing `track`, in words; at most one reason.

        Args:
            track: The one that was chosen.
            target: What for.
            instead_of: The one that would have been, but for chance and trying out.
        """
        regard = self.taste.by_id.get(track.track_id) or Regard(track.track_id)
        if not self.learns:
            return []
        if regard.is_liked:
            return [f"you liked it{_when(regard.liked_day, self.day)}"]
        lost = self.expected(instead_of, target) - self.expected(track, target)
        if self.explores and lost >= _WELL_LIKED and regard.tally.weight < _KNOWN:
            return ["a try, to find out how it is liked"]
        before = self._what_went_down_well(track, target, regard)
        return [f"{before} has gone down well before"] if before else []

    def _what_went_down_well(self, track: Track, target: Affect | None, regard: Regard) -> str:
        """Return what is liked about `track`, the nearest thing first; empty: nothing is known."""
        if regard.tally.mean(TRACK_DOUBT, self.day) >= _WELL_LIKED:
            return "it"
        if track.artist and self.of_artist(track.artist) >= _WELL_LIKED:
            return track.artist
        return "music like it" if self._is_of_a_kind(self.features(track, target)) else ""

    def _is_of_a_kind(self, features: tuple[float, ...]) -> bool:
        """Return whether music like this is liked better than any, as far as that is known."""
        if self.taste.preference.observations(self.day) < _SOME:
            return False
        always = self._belief.weights[0]  # the first feature is 1, whatever the music
        return self.in_general(features) - always >= _WELL_LIKED

    def draw(self, seed: str) -> "Draw | None":
        """Return one draw of how well everything may be liked, or None when nothing is tried."""
        if not self.explores:
            return None
        normals = [normal(seed, name) for name in FEATURES]
        drawn = self._belief.drawn(normals)
        _, *apart = (one - mean for one, mean in zip(drawn, self._belief.weights, strict=True))
        # What all music has in common tells none from another, and would only use up the leash.
        weights = (0.0, *apart)
        return Draw(self, weights, seed)

    def _is_promising(self, regard: Regard) -> bool:
        return self.learns and self.taste.is_promising(regard, self.day)

    def known(self, catalogue: Catalogue, about: Affect | None = None) -> Catalogue:
        """Return the tracks to look at by name, where they sit after all that was said.

        They are few; among many they might not be come by.

        Args:
            catalogue: What there is.
            about: Leave out what is liked far from there; None: nothing.
        """
        found = []
        for regard in self.taste.regards:
            track = None if regard.is_never else catalogue.by_id.get(regard.track_id)
            if track is None:
                continue
            if regard.is_corrected:
                found.append(self.taste.corrected(track))
            elif _is_about(track, about) and self._is_promising(regard):
                found.append(track)
        return catalogue_of(found)


@dataclass(frozen=True, slots=True)
class Draw:
    """One draw from all that the taste may truly be, given what is known of it.

    Attributes:
        liking: What is known.
        weights: How far the drawn weights of the features lie from the expected ones.
        seed: What is drawn of tracks and artists.
    """

    liking: Liking
    weights: tuple[float, ...]
    seed: str

    def surprise(self, track: Track, target: Affect | None) -> float:
        """Return how much better than expected `track` is in this draw; below 0: worse."""
        liking, day = self.liking, self.liking.day
        regard = liking.taste.by_id.get(track.track_id)
        tally = Tally() if regard is None else regard.tally
        # Names of their own: chance draws by the bare ones, and would cancel this out.
        surprise = _product(self.weights, liking.features(track, target))
        surprise += tally.sd(TRACK_DOUBT, day) * normal(self.seed, f"of {track.track_id}")
        if track.artist:
            of_artist = liking.taste.tally_of_artist.get(track.artist) or Tally()
            surprise += of_artist.sd(ARTIST_DOUBT, day) * normal(self.seed, f"by {track.artist}")
        return liking.exploration * surprise


def _is_about(track: Track, place: Affect | None) -> bool:
    return place is None or track.affect.distance_to(place) <= _LIKED_WITHIN


def _product(weights: tuple[float, ...], features: tuple[float, ...]) -> float:
    return sum(a * b for a, b in zip(weights, features, strict=True))


def _bounded(liking: float) -> float:
    return min(max(liking, -1.0), 1.0)


def _when(day: int, today: int) -> str:
    """Return when it was, in words after a blank; nothing when that is not known."""
    ago = today - day
    if not day or ago < 0:
        return ""
    if ago <= 1:
        return (" today", " yesterday")[ago]
    if ago < _WEEK:
        return f" on {_WEEKDAYS[(day - 1) % _WEEK]}"  # day 1 was a Monday
    weeks = ago // _WEEK
    if weeks == 1:
        return " a week ago"
    return f" {weeks} weeks ago" if weeks <= _SOME_WEEKS else " long ago"
