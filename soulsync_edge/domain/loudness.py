"""How loud the music is: what was chosen, less what night, sleep and others want of it."""

from dataclasses import dataclass

from soulsync_edge.domain.track import Track

DUCKED = 0.35
"""Share of the volume that is left while something else is heard; ours to tune by ear."""

SLEEP_FADE_S = 300.0
"""Seconds before the end over which the music goes down when it was told when to end."""

REPLAY_GAIN_LUFS = -18.0
"""The loudness ReplayGain tags lead to. Source: ReplayGain 2.0 specification."""

HIGHEST_PEAK_DBTP = -1.0
"""No peak is brought above this. Source: EBU R128 (2023), maximum permitted true peak."""

MOST_GAIN_DB = 12.0
"""A track is never turned up by more: what is that quiet is meant to be, or is nearly silent."""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """When the music keeps down, whatever anyone asks for.

    Attributes:
        from_minute: 0 to 1439, local time.
        to_minute: As far as here; before `from_minute`: over midnight. The same: never.
        most_volume_pct: The volume is no higher meanwhile, 0 to 100.
    """

    from_minute: int
    to_minute: int
    most_volume_pct: int

    def covers(self, minute_of_day: int) -> bool:
        """Return whether it is such a time."""
        if self.from_minute <= self.to_minute:
            return self.from_minute <= minute_of_day < self.to_minute
        return minute_of_day >= self.from_minute or minute_of_day < self.to_minute


def heard_volume_pct(
    chosen_pct: int,
    *,
    minute_of_day: int,
    quiet: QuietHours | None = None,
    is_ducked: bool = False,
    sleep_left_s: float | None = None,
) -> int:
    """Return how loud the music is to be, 0 to 100; never above `chosen_pct`.

    Args:
        chosen_pct: What the person chose, 0 to 100.
        minute_of_day: Local time.
        quiet: When it has to keep down.
        is_ducked: Something else wants to be heard.
        sleep_left_s: Seconds until the music ends by itself; None: it does not.
    """
    volume: float = chosen_pct
    if quiet is not None and quiet.covers(minute_of_day):
        volume = min(volume, quiet.most_volume_pct)
    if is_ducked:
        volume *= DUCKED
    if sleep_left_s is not None:
        volume *= min(max(sleep_left_s / SLEEP_FADE_S, 0.0), 1.0)
    return round(volume)


def gain_db(track: Track, target_lufs: float) -> float:
    """Return how much to turn `track` up, or down, to be as loud as all others; dB.

    By what was measured, else by its ReplayGain tag, else not at all. Its peaks stay below full
    scale, as far as they are known.

    Args:
        track: Which one.
        target_lufs: How loud all should be, LUFS.
    """
    if track.sound is not None:
        wanted = target_lufs - track.sound.loudness_lufs
        room = HIGHEST_PEAK_DBTP - track.sound.true_peak_dbtp
        return min(wanted, max(room, 0.0) if wanted > 0 else wanted, MOST_GAIN_DB)
    if track.replay_gain_db is not None:
        wanted = track.replay_gain_db + target_lufs - REPLAY_GAIN_LUFS
        return min(wanted, 0.0)  # how high its peaks are is not known: never up
    return 0.0
