"""How sound grows and fades, so that nobody hears where."""

import math
from dataclasses import dataclass

HIGHEST_PCT = 200
"""Of the cubic scale: +18 dB, as far as libVLC goes."""


@dataclass(frozen=True, slots=True)
class Fade:
    """A way of sound from one level to another.

    On it two unlike sounds, of which one rises from 0 to 1 while the other falls from 1 to 0, are
    together as powerful all the time.

    Attributes:
        from_level: Share of the amplitude at its beginning, 0 to 1.
        to_level: The same at its end.
        begins_s: When.
        lasts_s: How long; 0: it is over at once.
    """

    from_level: float
    to_level: float
    begins_s: float = 0.0
    lasts_s: float = 0.0

    def level(self, now_s: float) -> float:
        """Return the share of the amplitude at `now_s`."""
        if self.is_over(now_s):
            return self.to_level
        turn = math.pi / 2 * _share(now_s - self.begins_s, self.lasts_s)
        if self.to_level > self.from_level:
            return self.from_level + (self.to_level - self.from_level) * math.sin(turn)
        return self.to_level + (self.from_level - self.to_level) * math.cos(turn)

    def is_over(self, now_s: float) -> bool:
        """Return whether the level stays as it is from `now_s` on."""
        return now_s >= self.begins_s + self.lasts_s


@dataclass(frozen=True, slots=True)
class Glide:
    """A volume on its straight way from one percentage to another.

    Attributes:
        from_pct: At its beginning.
        to_pct: At its end.
        begins_s: When.
        lasts_s: How long; 0: it is over at once.
    """

    from_pct: float
    to_pct: float
    begins_s: float = 0.0
    lasts_s: float = 0.0

    def volume_pct(self, now_s: float) -> float:
        """Return the volume at `now_s`."""
        if self.is_over(now_s):
            return self.to_pct
        share = _share(now_s - self.begins_s, self.lasts_s)
        return self.from_pct + (self.to_pct - self.from_pct) * share

    def is_over(self, now_s: float) -> bool:
        """Return whether the volume stays as it is from `now_s` on."""
        return now_s >= self.begins_s + self.lasts_s


def cubic_pct(volume_pct: float, gain_db: float, level: float) -> int:
    """Return what to set on a cubic scale, 0 to 200, on which 50 is an eighth of the amplitude.

    Args:
        volume_pct: The volume on that same scale, 0 to 100.
        gain_db: How much louder than that.
        level: Which share of the amplitude, 0 to 1.
    """
    # The cube root of 10 ** (gain_db / 20), and of the level.
    wanted: float = volume_pct * 10.0 ** (gain_db / 60) * level ** (1 / 3)
    return min(round(wanted), HIGHEST_PCT)


def _share(gone_s: float, lasts_s: float) -> float:
    """Return how much of its time is over of what is not over yet."""
    return gone_s / lasts_s if gone_s > 0 else 0.0
