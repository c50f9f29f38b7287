"""The things a home hub shows or operates: what each says, and which commands it takes."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from soulsync_edge.domain.emotion import EMOTIONS
from soulsync_edge.domain.events import (
    LONGEST_SLEEP_MIN,
    CameraSwitched,
    DuckingChanged,
    Event,
    GoalChosen,
    ModeChosen,
    MusicSwitched,
    Obstacle,
    Opinion,
    Part,
    ReplayRequested,
    SkipRequested,
    SleepChosen,
    SoundTestRequested,
    TrackJudged,
    VolumeChosen,
)
from soulsync_edge.domain.portrait import Portrait
from soulsync_edge.domain.shifting import Goal, Mode

LONGEST_STATE = 255
"""Characters Home Assistant takes as a state; a longer one becomes unknown."""

UNKNOWN = "None"
"""What Home Assistant takes as unknown."""

NO_OBSTACLE = "none"

HUB = "hub"
"""By this name the home hub asks the music to make room."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When a command came in, and what it may be about.

    Attributes:
        at_s: When.
        track_id: The track that plays, or None.
    """

    at_s: float
    track_id: str | None


@dataclass(frozen=True, slots=True)
class Entity:
    """One thing a home hub shows or operates.

    Attributes:
        key: Its part of the topics.
        platform: What Home Assistant calls this kind of thing.
        about: What it is and what its payload looks like, for people.
        state: Draws its payload, or None when it has no state.
        command: Makes an event of a command to it, None for a command it does not know; or None
            when it takes no commands.
        tells_mood: It says how the room looks: only published when the person wants that.
        details: What Home Assistant is told besides.
    """

    key: str
    platform: str
    about: str
    state: Callable[[Portrait], str] | None = None
    command: Callable[[str, Moment], Event | None] | None = None
    tells_mood: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)


def on_off(is_on: bool) -> str:  # noqa: FBT001  # the value to be written
    """Return how a switch is written."""
    return "ON" if is_on else "OFF"


def coarse(value: float) -> float:
    """Return `value` to a tenth: no more leaves the appliance than a hub can use."""
    return round(value, 1) + 0.0  # turns -0.0 into 0.0


def _valence(portrait: Portrait) -> str:
    return UNKNOWN if portrait.affect is None else str(coarse(portrait.affect.valence))


def _arousal(portrait: Portrait) -> str:
    return UNKNOWN if portrait.affect is None else str(coarse(portrait.affect.arousal))


def _track(portrait: Portrait) -> str:
    if portrait.track is None:
        return "nothing"
    return clipped(
        " \u2013 ".join(filter(None, (portrait.track.artist, portrait.track.title))) or "untitled"
    )


def clipped(text: str, most: int = LONGEST_STATE) -> str:
    """Return `text`, at most `most` characters of it."""
    return text if len(text) <= most else text[: most - 1] + "\u2026"


def _listening(portrait: Portrait) -> str:
    progress = portrait.listening
    if progress is None or not progress.total:
        return UNKNOWN
    return str(100 * progress.done // progress.total)


def _fault_in(*parts: Part) -> Callable[[Portrait], str]:
    return lambda portrait: on_off(any(fault.part in parts for fault in portrait.faults))


def _scan(portrait: Portrait) -> str:
    progress = portrait.scan
    if progress is None or not progress.total:
        return UNKNOWN
    return str(min(100 * progress.done // progress.total, 100))


def _camera(text: str, moment: Moment) -> Event | None:
    return CameraSwitched(moment.at_s, text == "ON") if text in {"ON", "OFF"} else None


def _music(text: str, moment: Moment) -> Event | None:
    return MusicSwitched(moment.at_s, text == "ON") if text in {"ON", "OFF"} else None


def _duck(text: str, moment: Moment) -> Event | None:
    return DuckingChanged(moment.at_s, HUB, text == "ON") if text in {"ON", "OFF"} else None


def _mode(text: str, moment: Moment) -> Event | None:
    return ModeChosen(moment.at_s, Mode(text)) if text in set(Mode) else None


def _goal(text: str, moment: Moment) -> Event | None:
    return GoalChosen(moment.at_s, Goal(text)) if text in set(Goal) else None


def _number(text: str, most: int) -> int | None:
    """Return the whole number nearest to what `text` says, from 0 to `most`; else None."""
    if re.fullmatch(r"\d{1,3}(\.\d{1,6})?", text, re.ASCII) is None:
        return None
    number = round(float(text))
    return number if number <= most else None


def _volume(text: str, moment: Moment) -> Event | None:
    volume_pct = _number(text, most=100)
    return None if volume_pct is None else VolumeChosen(moment.at_s, volume_pct)


def _sleep(text: str, moment: Moment) -> Event | None:
    minutes = _number(text, most=LONGEST_SLEEP_MIN)
    return None if minutes is None else SleepChosen(moment.at_s, minutes)


def _next(text: str, moment: Moment) -> Event | None:
    return SkipRequested(moment.at_s) if text == "PRESS" else None


def _again(text: str, moment: Moment) -> Event | None:
    return ReplayRequested(moment.at_s) if text == "PRESS" else None


def _sound_test(text: str, moment: Moment) -> Event | None:
    return SoundTestRequested(moment.at_s) if text == "PRESS" else None


def _judged(opinion: Opinion) -> Callable[[str, Moment], Event | None]:
    """Return what makes of a press this opinion of the track that plays."""

    def judged(text: str, moment: Moment) -> Event | None:
        if text != "PRESS" or moment.track_id is None:
            return None
        return TrackJudged(moment.at_s, moment.track_id, opinion)

    return judged


ENTITIES = (
    Entity(
        "mood",
        "sensor",
        "how the room looks: one of the expressions, `unsure` or `nobody`",
        state=lambda portrait: portrait.word,
        tells_mood=True,
        details={
            "name": "Mood",
            "device_class": "enum",
            "options": [*(emotion.value for emotion in EMOTIONS), "unsure", "nobody"],
            "icon": "mdi:emoticon-outline",
        },
    ),
    Entity(
        "valence",
        "sensor",
        "unpleasant -1 to pleasant 1, in steps of 0.1, or `None` while it is not known",
        state=_valence,
        tells_mood=True,
        details={"name": "Valence", "state_class": "measurement", "icon": "mdi:arrow-left-right"},
    ),
    Entity(
        "arousal",
        "sensor",
        "calm -1 to activated 1, in steps of 0.1, or `None` while it is not known",
        state=_arousal,
        tells_mood=True,
        details={"name": "Arousal", "state_class": "measurement", "icon": "mdi:arrow-up-down"},
    ),
    Entity(
        "confidence",
        "sensor",
        "how far to trust that, 0 to 1 in steps of 0.1",
        state=lambda portrait: str(coarse(portrait.confidence)),
        tells_mood=True,
        details={"name": "Confidence", "state_class": "measurement", "icon": "mdi:gauge"},
    ),
    Entity(
        "obstacle",
        "sensor",
        "why the face of someone here cannot be read, or `none`",
        state=lambda portrait: portrait.obstacle or NO_OBSTACLE,
        tells_mood=True,
        details={
            "name": "Obstacle",
            "device_class": "enum",
            "options": [*(obstacle.value for obstacle in Obstacle), NO_OBSTACLE],
            "icon": "mdi:eye-off-outline",
        },
    ),
    Entity(
        "presence",
        "binary_sensor",
        "`ON` while someone is seen, else `OFF`",
        state=lambda portrait: on_off(portrait.is_present),
        tells_mood=True,
        details={"name": "Presence", "device_class": "occupancy"},
    ),
    Entity(
        "why",
        "sensor",
        "why this track was chosen, or why there is no music",
        state=lambda portrait: clipped(portrait.silent_for or portrait.why or UNKNOWN),
        tells_mood=True,  # the sentence names how the room looks
        details={"name": "Why this track", "icon": "mdi:chat-question-outline"},
    ),
    Entity(
        "track",
        "sensor",
        "artist and title of the present track, or `nothing`",
        state=_track,
        details={"name": "Track", "icon": "mdi:music"},
    ),
    Entity(
        "camera",
        "switch",
        "whether the eye may look: `ON` or `OFF`",
        state=lambda portrait: on_off(portrait.camera_is_on),
        command=_camera,
        details={"name": "Camera", "icon": "mdi:eye"},
    ),
    Entity(
        "music",
        "switch",
        "whether music is wanted: `ON` or `OFF`",
        state=lambda portrait: on_off(portrait.music_is_on),
        command=_music,
        details={"name": "Music", "icon": "mdi:music-note"},
    ),
    Entity(
        "mode",
        "select",
        "`match` mirrors the mood, `shift` leads it to the goal, `schedule` goes by the time of "
        "day, `off` plays any music",
        state=lambda portrait: portrait.mode,
        command=_mode,
        details={
            "name": "Mode",
            "options": [mode.value for mode in Mode],
            "icon": "mdi:swap-horizontal",
        },
    ),
    Entity(
        "goal",
        "select",
        "where a shift leads; choosing one also starts the shift",
        state=lambda portrait: portrait.goal,
        command=_goal,
        details={
            "name": "Goal",
            "options": [goal.value for goal in Goal],
            "icon": "mdi:flag-outline",
        },
    ),
    Entity(
        "volume",
        "number",
        "how loud, 0 to 100 percent",
        state=lambda portrait: str(portrait.volume_pct),
        command=_volume,
        details={
            "name": "Volume",
            "min": 0,
            "max": 100,
            "step": 1,
            "mode": "slider",
            "unit_of_measurement": "%",
            "icon": "mdi:volume-high",
        },
    ),
    Entity(
        "next",
        "button",
        "`PRESS` goes on to the next track",
        command=_next,
        details={"name": "Next track", "icon": "mdi:skip-next"},
    ),
    Entity(
        "again",
        "button",
        "`PRESS` plays the present track again, from its beginning",
        command=_again,
        details={"name": "Play again", "icon": "mdi:skip-previous"},
    ),
    Entity(
        "like",
        "button",
        "`PRESS`: someone likes the present track",
        command=_judged(Opinion.LIKE),
        details={"name": "Like", "icon": "mdi:heart-outline"},
    ),
    Entity(
        "not_this",
        "button",
        "`PRESS`: the present track is not what is wanted; another one, and this one less often",
        command=_judged(Opinion.NOT_THIS),
        details={"name": "Not this", "icon": "mdi:thumb-down-outline"},
    ),
    Entity(
        "sleep",
        "number",
        "in how many minutes the music fades out and ends, up to 240; 0: it does not",
        state=lambda portrait: str(portrait.sleep_left_min or 0),
        command=_sleep,
        details={
            "name": "Sleep timer",
            "min": 0,
            "max": LONGEST_SLEEP_MIN,
            "step": 1,
            "mode": "box",
            "unit_of_measurement": "min",
            "icon": "mdi:sleep",
        },
    ),
    Entity(
        "duck",
        "switch",
        "whether the hub wants the music to make room for something else: `ON` or `OFF`",
        state=lambda portrait: on_off(HUB in portrait.ducked_by),
        command=_duck,
        details={"name": "Make room", "icon": "mdi:volume-minus"},
    ),
    Entity(
        "sound_test",
        "button",
        "`PRESS` lets a short tone be heard, to try the speaker",
        command=_sound_test,
        details={
            "name": "Test the speaker",
            "entity_category": "diagnostic",
            "icon": "mdi:speaker-wireless",
        },
    ),
    Entity(
        "camera_problem",
        "binary_sensor",
        "`ON` while the eye, its camera or its model does not work",
        state=_fault_in(Part.EYE, Part.CAMERA, Part.MODEL),
        details={
            "name": "Camera problem",
            "device_class": "problem",
            "entity_category": "diagnostic",
        },
    ),
    Entity(
        "sound_problem",
        "binary_sensor",
        "`ON` while there can be no sound",
        state=_fault_in(Part.VOICE, Part.SOUND),
        details={
            "name": "Sound problem",
            "device_class": "problem",
            "entity_category": "diagnostic",
        },
    ),
    Entity(
        "library_problem",
        "binary_sensor",
        "`ON` while the music folder is away, empty or unreadable",
        state=_fault_in(Part.LIBRARY),
        details={
            "name": "Library problem",
            "device_class": "problem",
            "entity_category": "diagnostic",
        },
    ),
    Entity(
        "scan",
        "sensor",
        "how much of the library was looked at, 0 to 100 percent; `None` while nothing is",
        state=_scan,
        details={
            "name": "Library scan",
            "unit_of_measurement": "%",
            "entity_category": "diagnostic",
            "enabled_by_default": False,
            "icon": "mdi:folder-search-outline",
        },
    ),
    Entity(
        "listening",
        "sensor",
        "how much of the library was listened to, 0 to 100 percent; `None` while nothing is",
        state=_listening,
        details={
            "name": "Listened to",
            "unit_of_measurement": "%",
            "entity_category": "diagnostic",
            "enabled_by_default": False,
            "icon": "mdi:ear-hearing",
        },
    ),
)
"""All there is, in the order people are shown it."""
