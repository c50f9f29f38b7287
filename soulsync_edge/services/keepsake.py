"""What plays and what was heard, as it is kept for the next start.

Times are kept on the monotonic clock, with what that clock and the wall clock said at writing. In
the same run of the machine they hold as they are; after a power cut they are moved, so that what
was so long ago then is so long ago and the time without power now. That time is taken from the
wall clock, which may be wrong on a board without a clock of its own: one that went backwards
counts as no time at all.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.freshness import Heard
from soulsync_edge.domain.session import NowPlaying, Session

MOST_HEARD = 300
"""Tracks whose last start is kept; a day of music is about as many."""

MOST_TEXT = 200
"""Characters of a name that are kept."""

Moved = Callable[[Any], float]
"""Turns a time as it was kept into one of this run; raises `ValueError` for what is none."""


@dataclass(frozen=True, slots=True)
class Now:
    """One moment on every clock there is.

    Attributes:
        run: Names this run of the machine, from power to power; empty: no other is the same.
        at_s: Its monotonic clock.
        wall_s: Seconds since 1970, as far as that is known.
    """

    run: str
    at_s: float
    wall_s: float

    def as_kept(self) -> dict[str, object]:
        """Return the moment as it is kept."""
        return {"run": self.run, "at_s": self.at_s, "wall_s": self.wall_s}

    def is_same_run(self, kept: dict[str, Any]) -> bool:
        """Return whether `kept` was written in this run of the machine."""
        return kept["run"] == self.run != "" and _number(kept["at_s"]) <= self.at_s

    def moved_from(self, kept: dict[str, Any]) -> Moved:
        """Return what turns the times of `kept` into times of this run."""
        if self.is_same_run(kept):
            return _number
        gone_s = max(self.wall_s - _number(kept["wall_s"]), 0.0)
        later_s = self.at_s - gone_s - _number(kept["at_s"])
        return lambda at_s: _number(at_s) + later_s


def present_of(session: Session) -> dict[str, object]:
    """Return what plays and where, and when it is to end, as it is kept."""
    playing = session.playing
    return {
        "playing": playing
        and {
            "track_id": playing.track_id,
            "why": playing.why[:MOST_TEXT],
            "chosen_for": [playing.chosen_for.valence, playing.chosen_for.arousal],
            "chosen_s": playing.chosen_s,
            "position_s": round(playing.position_s, 1),
        },
        "sleep_at_s": session.sleep_at_s,
    }


def playing_from(kept: dict[str, Any], moved: Moved) -> NowPlaying | None:
    """Return what played; raises for anything that `present_of` has not made."""
    playing = kept["playing"]
    if playing is None:
        return None
    return NowPlaying(
        track_id=str(playing["track_id"]),
        why=str(playing["why"]),
        chosen_for=Affect(*(_number(value) for value in playing["chosen_for"])),
        chosen_s=moved(playing["chosen_s"]),
        position_s=max(_number(playing["position_s"]), 0.0),
    )


def sleep_from(kept: dict[str, Any], moved: Moved) -> float | None:
    """Return when the music is to end; raises for anything that `present_of` has not made."""
    return None if kept["sleep_at_s"] is None else moved(kept["sleep_at_s"])


def history_of(session: Session) -> dict[str, object]:
    """Return what was started lately as it is kept."""
    return {
        "heard": [
            [one.track_id, one.artist[:MOST_TEXT], one.album[:MOST_TEXT], one.at_s]
            for one in session.history[-MOST_HEARD:]
        ]
    }


def history_from(kept: dict[str, Any], moved: Moved) -> tuple[Heard, ...]:
    """Return what was started; raises for anything that `history_of` has not made."""
    return tuple(
        Heard(str(track_id), str(artist), moved(at_s), str(album))
        for track_id, artist, album, at_s in kept["heard"][-MOST_HEARD:]
    )


def _number(value: Any) -> float:  # whatever was kept
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{value} is no number")
    return number
