"""The words of the page that are not in a template, in one place."""

import unicodedata
from collections.abc import Mapping

from soulsync_edge.domain.events import Obstacle, Part
from soulsync_edge.domain.hearing import ListeningProgress
from soulsync_edge.domain.loudness import QuietHours
from soulsync_edge.domain.scanning import ScanProgress

PARTS: Mapping[Part, str] = {
    Part.EYE: "Eye program",
    Part.CAMERA: "Camera",
    Part.MODEL: "Expression model",
    Part.VOICE: "Sound program",
    Part.SOUND: "Speaker",
    Part.LIBRARY: "Music library",
    Part.BROKER: "Home hub (MQTT)",
    Part.PAGE: "This page",
    Part.BUTTON: "Button",
    Part.LIGHT: "Light",
    Part.STORE: "Memory",
    Part.SETTINGS: "Settings",
}

WHAT_WORKS: Mapping[Part, str] = {
    Part.EYE: "Runs, and looks when it may.",
    Part.CAMERA: "Gives pictures.",
    Part.MODEL: "Reads expressions.",
    Part.VOICE: "Runs.",
    Part.SOUND: "Music is heard.",
    Part.LIBRARY: "Can be read.",
    Part.BROKER: "Connected.",
    Part.PAGE: "You are reading it.",
    Part.BUTTON: "Listens for presses.",
    Part.LIGHT: "Shows what the appliance does.",
    Part.STORE: "Keeps your choices across restarts.",
    Part.SETTINGS: "In force as saved.",
}

UNHEARD: Mapping[Part, str] = {
    Part.EYE: "Not connected; it is started again by itself.",
    Part.CAMERA: "Closed, or not heard of yet.",
    Part.MODEL: "Has not read a face yet.",
    Part.VOICE: "Not connected; it is started again by itself.",
    Part.SOUND: "Nothing was played yet.",
    Part.LIBRARY: "Not looked at yet.",
    Part.BROKER: "Not in use. Settings, MQTT switches it on.",
    Part.PAGE: "You are reading it.",
    Part.BUTTON: "Not in use. Settings, Panel switches it on.",
    Part.LIGHT: "Not in use. Settings, Panel switches it on.",
    Part.STORE: "Nothing to keep yet.",
    Part.SETTINGS: "In force as saved.",
}

WHAT_HELPS: Mapping[Obstacle, str] = {
    Obstacle.TOO_DARK: "The face is too dark to see. A little more light on it would help.",
    Obstacle.TOO_BRIGHT: "The face is too bright to see. Less light on it would help.",
    Obstacle.TOO_FAR: "The face is too far away to see. Come nearer, or move the camera.",
    Obstacle.TOO_BLURRED: "The face is too blurred to see. Hold still a moment, or wipe the lens.",
    Obstacle.TURNED_AWAY: "The face is turned away. It can be read from the front.",
    Obstacle.TILTED: "The face is tilted too far to read. If it is upright, turn the picture under "
    "Settings, Camera.",
    Obstacle.LEAVING: "Part of the face is out of the picture. Move to the middle, or turn the "
    "camera.",
}

_MINUTE_S, _HOUR_S = 60.0, 3600.0

CAMERA_CLOSED = "Closed."

SECTIONS: Mapping[str, str] = {
    "camera": "Camera",
    "mood": "Mood",
    "shifting": "Choosing music",
    "player": "Sound",
    "library": "Library",
    "mqtt": "MQTT",
    "panel": "Panel",
    "web": "Page",
    "privacy": "Privacy",
}


def readable(text: str) -> str:
    """Return `text` without what cannot be sent or seen: halves of characters and controls.

    Line ends stay: some messages have several lines.

    File names need not be text at all; they come with stand-ins for the bytes that are not.
    """
    return "".join(_stand_in(sign) for sign in text)


def _stand_in(sign: str) -> str:
    is_unfit = sign != "\n" and unicodedata.category(sign) in {"Cs", "Cc"}
    return "\ufffd" if is_unfit else sign


def sentence_case(text: str) -> str:
    """Return `text` with its first letter as at the beginning of a sentence."""
    return text[:1].upper() + text[1:]


def clock_time(seconds: float) -> str:
    """Return a playing time as people write it: `3:07`, or `1:02:03` from an hour on."""
    minutes, rest = divmod(int(max(seconds, 0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def listened_to(progress: ListeningProgress | None) -> str:
    """Return how far listening has got, for people; nothing when there is nothing left to hear."""
    if progress is None or progress.done >= progress.total:
        return ""
    pieces = "piece" if progress.total == 1 else "pieces"
    words = f"Listened to {progress.done:,} of {progress.total:,} {pieces}"
    return words if progress.left_s is None else f"{words}, {_time_left(progress.left_s)} left"


def looked_at(progress: ScanProgress | None) -> str:
    """Return how far the scan has got, for people; nothing while there is none."""
    if progress is None:
        return ""
    if progress.total is None:
        return f"Reading the music: {progress.done:,} files so far"
    files = "file" if progress.total == 1 else "files"
    words = f"Reading the music: {progress.done:,} of {progress.total:,} {files}"
    if progress.rate_hz >= 1:
        words = f"{words}, {progress.rate_hz:,.0f} a second"
    return words if progress.left_s is None else f"{words}, {_time_left(progress.left_s)} left"


def kept_down(quiet: QuietHours | None, minute_of_day: int) -> str:
    """Return that and until when the music is kept down, for people; nothing when it is not."""
    if quiet is None or not quiet.covers(minute_of_day):
        return ""
    hours, minutes = divmod(quiet.to_minute, 60)
    return f"Quiet hours: no louder than {quiet.most_volume_pct} % until {hours:02}:{minutes:02}"


def _time_left(seconds: float) -> str:
    """Return a time to wait, as coarse as it is known."""
    if seconds < _MINUTE_S:
        return "less than a minute"
    if seconds < 2 * _HOUR_S:
        return f"{round(seconds / _MINUTE_S)} min"
    return f"{round(seconds / _HOUR_S)} h"
