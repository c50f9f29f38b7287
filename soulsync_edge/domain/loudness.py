"""How loud the music is: what was chosen, less what night, sleep and others want of it."""

from dataclasses import dataclass

from soulsync_edge.domain.track import Track

DUCKED = 0.35
"""Share of the volume that is left while something else is heard; ours to tune by ear."""

SLEEP_FADE_S = 300.0
"""Seconds before the end over which the music goes down when it was told when to end; a shorter
time is all of it a fade."""

SLEEP_SILENCE_S = 1.0
"""Seconds before the end at which the fade is over: volume is told once a second."""

REPLAY_GAIN_LUFS = -18.0
"""The loudness ReplayGain tags lead to. Source: ReplayGain 2.0 specification."""

HIGHEST_PEAK_DBTP = -1.0
"""No peak is brought above this. Source: EBU R128 (2023), maximum permitted true peak."""

SILENCE_LUFS = -70.0
"""Loudness that stands for silence: what was heard does not tell how loud the rest is."""

LEAST_REPLAY_GAIN_DB = -24.0
"""A tag below is damaged: no music is as loud as it would have to be, 6 LUFS."""

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
    sleep_fade_s: float = SLEEP_FADE_S,
) -> int:
    """Return how loud the music is to be, 0 to 100; never above `chosen_pct`.

    Args:
        chosen_pct: What the person chose, 0 to 100.
        minute_of_day: Local time.
        quiet: When it has to keep down.
        is_ducked: Something else wants to be heard.
        sleep_left_s: Seconds until the music ends by itself; None: it does not.
        sleep_fade_s: How long before that it begins to fade, above `SLEEP_SILENCE_S`.
    """
    volume: float = chosen_pct
    if quiet is not None and quiet.covers(minute_of_day):
        volume = min(volume, quiet.most_volume_pct)
    if is_ducked:
        volume *= DUCKED
    if sleep_left_s is not None:
        share = (sleep_left_s - SLEEP_SILENCE_S) / (sleep_fade_s - SLEEP_SILENCE_S)
        volume *= min(max(share, 0.0), 1.0)
    return round(volume)


def gain_db(track: Track, target_lufs: float) -> float:
    """Return how much to turn `track` up, or down, to be as loud as all others; dB.

    By what was measured, else by its ReplayGain tag, else not at all. What is known of its peaks
    stays below full scale, even where that leaves it less loud than others.

    Args:
        track: Which one.
        target_lufs: How loud all should be, LUFS.
    """
    if track.sound is not None and track.sound.loudness_lufs > SILENCE_LUFS:
        wanted = target_lufs - track.sound.loudness_lufs
        return min(wanted, HIGHEST_PEAK_DBTP - track.sound.true_peak_dbtp, MOST_GAIN_DB)
    if track.replay_gain_db is not None:
        tag = max(track.replay_gain_db, LEAST_REPLAY_GAIN_DB)
        return min(tag + target_lufs - REPLAY_GAIN_LUFS, 0.0)  # peaks are not known: never up
    return 0.0


def gain_on_db(track: Track, before_db: float) -> float:
    """Return how much to turn `track` up, or down, where it goes on without a gap; dB.

    As the track before it, since an album is levelled as one, as far as its peaks allow.

    Args:
        track: Which one.
        before_db: The gain of the track before.
    """
    if track.sound is None:
        return min(before_db, 0.0)
    return min(before_db, HIGHEST_PEAK_DBTP - track.sound.true_peak_dbtp)
