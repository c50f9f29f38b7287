"""How fresh music must be: what was heard lately rests, and artists and albums are spaced."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChoiceRules:
    """How free and how fresh choices are.

    Attributes:
        cooldown_s: A track does not come back sooner than this while another can be played.
        artist_gap: An artist is held back for this many tracks while others are near enough.
        album_gap: And so is an album, a little less.
        variety: How far beyond the best track chance and trying out may reach together, as a
            distance on the affect plane; 0 always takes the best.
    """

    cooldown_s: float = 3600.0
    artist_gap: int = 2
    album_gap: int = 4
    variety: float = 0.25


@dataclass(frozen=True, slots=True)
class Heard:
    """A track that was started.

    Attributes:
        track_id: Which one.
        artist: Its artist; empty when unknown.
        at_s: When it was started, on the clock of the events.
        album: Its album; empty when unknown.
    """

    track_id: str
    artist: str
    at_s: float
    album: str = ""


@dataclass(frozen=True, slots=True)
class Past:
    """What happened before a choice.

    Attributes:
        history: What was started, oldest first.
        now_s: The time of the choice, on the clock of the events.
        barred: Tracks that must not be chosen, such as ones that failed.
    """

    history: tuple[Heard, ...] = ()
    now_s: float = 0.0
    barred: frozenset[str] = frozenset()

    def tiredness(self, rules: ChoiceRules) -> dict[str, float]:
        """Return how tired each track is that still cools down: above 0, to 1 for the last one."""
        tired: dict[str, float] = {}
        for heard in self.history:
            age_s = max(self.now_s - heard.at_s, 0.0)
            if age_s < rules.cooldown_s:
                tired[heard.track_id] = 1.0 - age_s / rules.cooldown_s
        if self.history:
            tired[self.history[-1].track_id] = 1.0
        return tired
