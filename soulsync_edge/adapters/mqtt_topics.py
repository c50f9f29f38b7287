"""What is said on which MQTT topic, the announcement to Home Assistant, and docs/mqtt.md."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from soulsync_edge import __version__
from soulsync_edge.adapters.mqtt_entities import (
    ENTITIES,
    Entity,
    Moment,
    clipped,
    coarse,
    on_off,
)
from soulsync_edge.domain.events import Event
from soulsync_edge.domain.portrait import Portrait
from soulsync_edge.domain.scanning import ScanProgress
from soulsync_edge.settings import MqttSettings

ONLINE, OFFLINE = "online", "offline"

BIRTH_TOPIC = "homeassistant/status"
"""Where Home Assistant says that it has started."""

LARGEST_COMMAND = 4096
"""Bytes of a command that are looked at; no honest one has more than twenty."""

_LONGEST_NAME = 200
"""Characters of a title or name in the JSON state."""


@dataclass(frozen=True, slots=True)
class Message:
    """Something to publish.

    Attributes:
        topic: Where.
        payload: What; empty takes a retained message back.
        is_retained: The broker keeps it for whoever comes later.
    """

    topic: str
    payload: str
    is_retained: bool = True


class Topics:
    """The topics of one appliance, and what is said on them.

    Args:
        settings: Name the appliance, and say whether it tells how the room looks.
    """

    def __init__(self, settings: MqttSettings) -> None:
        self._settings = settings
        self.root = f"{settings.base_topic}/{settings.device_id}"
        self.availability = f"{self.root}/availability"
        self.instance = f"{self.root}/instance"
        self.commands = f"{self.root}/+/set"
        self.discovery = f"homeassistant/device/{_unique(settings)}/config"
        self._commands = {
            f"{self.root}/{entity.key}/set": entity.command
            for entity in ENTITIES
            if entity.command is not None
        }

    def states(self, portrait: Portrait) -> tuple[Message, ...]:
        """Return what everyone may know of `portrait`: retained, and nothing about the room."""
        body = json.dumps(_body(portrait), ensure_ascii=False)
        return (Message(f"{self.root}/state", body), *self._entities(portrait, tells_mood=False))

    def moods(self, portrait: Portrait) -> tuple[Message, ...]:
        """Return how the room looks, coarse and never retained; empty unless that is wanted."""
        if not self._settings.publish_mood:
            return ()
        body = json.dumps(_mood_body(portrait), ensure_ascii=False)
        return (
            Message(f"{self.root}/mood", body, is_retained=False),
            *self._entities(portrait, tells_mood=True),
        )

    def announcement(self) -> Message:
        """Return what makes Home Assistant show this appliance, or forget it when not wanted."""
        if not self._settings.discovery:
            return self.withdrawal()
        body = discovery_body(self._settings)
        check_discovery(body)
        return Message(self.discovery, json.dumps(body, ensure_ascii=False))

    def withdrawal(self) -> Message:
        """Return what makes Home Assistant forget this appliance."""
        return Message(self.discovery, "")

    def event_of(
        self, topic: str, payload: bytes, at_s: float, track_id: str | None
    ) -> Event | None:
        """Return what a command asks for, or None when it is none that is known.

        Args:
            topic: Where it came in.
            payload: What it says.
            at_s: When.
            track_id: The track that plays, which it may be about.
        """
        command = self._commands.get(topic)
        if command is None or len(payload) > LARGEST_COMMAND:
            return None
        return command(payload.decode(errors="replace").strip(), Moment(at_s, track_id))

    def _entities(self, portrait: Portrait, *, tells_mood: bool) -> Iterable[Message]:
        for entity in ENTITIES:
            if entity.state is not None and entity.tells_mood is tells_mood:
                topic = f"{self.root}/{entity.key}/state"
                yield Message(topic, entity.state(portrait), is_retained=not tells_mood)


def _body(portrait: Portrait) -> dict[str, Any]:  # JSON in the making
    track = portrait.track
    return {
        "track": None
        if track is None
        else {
            "title": clipped(track.title, _LONGEST_NAME),
            "artist": clipped(track.artist, _LONGEST_NAME),
            "album": clipped(track.album, _LONGEST_NAME),
            "duration_s": round(track.duration_s),
        },
        "is_playing": portrait.is_playing,
        "music": on_off(portrait.music_is_on),
        "camera": on_off(portrait.camera_is_on),
        "volume_pct": portrait.volume_pct,
        "makes_room": on_off(bool(portrait.ducked_by)),
        "sleep_left_min": portrait.sleep_left_min,
        "mode": portrait.mode,
        "goal": portrait.goal,
        "step": portrait.step,
        "steps": portrait.steps,
        "tracks": portrait.tracks,
        "skipped": portrait.skipped,
        "scan": _scan_body(portrait.scan),
        # Names only: the messages tell of folders and devices, which are nobody else's business.
        "faults": [fault.part.value for fault in portrait.faults],
    }


def _scan_body(progress: ScanProgress | None) -> dict[str, Any] | None:  # JSON in the making
    if progress is None:
        return None
    return {
        "done": progress.done,
        "total": progress.total,
        "rate_hz": round(progress.rate_hz),
        "left_s": None if progress.left_s is None else round(progress.left_s),
    }


def _mood_body(portrait: Portrait) -> dict[str, Any]:  # JSON in the making
    affect = portrait.affect
    return {
        "mood": portrait.word,
        "sentence": portrait.sentence,
        "present": portrait.is_present,
        "unsure": portrait.is_unsure,
        "obstacle": portrait.obstacle,
        "valence": None if affect is None else coarse(affect.valence),
        "arousal": None if affect is None else coarse(affect.arousal),
        "confidence": coarse(portrait.confidence),
        "why": clipped(portrait.silent_for or portrait.why),
    }


def _unique(settings: MqttSettings) -> str:
    return (
        settings.device_id if settings.device_id == "soulsync" else f"soulsync_{settings.device_id}"
    )


def discovery_body(settings: MqttSettings) -> dict[str, Any]:  # JSON in the making
    """Return the device announcement of Home Assistant's MQTT discovery.

    Entities that are not published are named by their platform alone: leaving them out would
    keep them in the hub.
    """
    topics = Topics(settings)
    is_default = settings.device_id == "soulsync"
    return {
        "device": {
            "identifiers": [_unique(settings)],
            "name": "SoulSync" if is_default else f"SoulSync {settings.device_id}",
            "manufacturer": "SoulSync",
            "model": "SoulSync Edge",
            "sw_version": __version__,
        },
        "origin": {"name": "SoulSync Edge", "sw_version": __version__},
        "availability": [{"topic": topics.availability}],
        "components": {
            entity.key: _component(entity, topics.root, _unique(settings))
            if settings.publish_mood or not entity.tells_mood
            else {"platform": entity.platform}
            for entity in ENTITIES
        },
    }


def _component(entity: Entity, root: str, unique: str) -> dict[str, Any]:  # JSON in the making
    component = {"platform": entity.platform, "unique_id": f"{unique}_{entity.key}"}
    component |= entity.details
    if entity.state is not None:
        component["state_topic"] = f"{root}/{entity.key}/state"
    if entity.command is not None:
        component["command_topic"] = f"{root}/{entity.key}/set"
    return component


_KEYS: Mapping[str, frozenset[str]] = {
    "announcement": frozenset({"device", "origin", "components", "availability"}),
    "device": frozenset({"identifiers", "name", "manufacturer", "model", "sw_version"}),
    "origin": frozenset({"name", "sw_version"}),
}
"""What Home Assistant knows and we send: one unknown key there and it rejects everything."""


def check_discovery(body: Mapping[str, Any]) -> None:  # JSON in the making
    """Check what the hub would only complain of in its own log, if at all.

    Raises:
        ValueError: It would reject `body`, or drop an entity of it.
    """
    places = {"announcement": body, "device": body["device"], "origin": body["origin"]}
    for place, part in places.items():
        if odd := part.keys() - _KEYS[place]:
            raise ValueError(f"unknown in {place}: {', '.join(sorted(odd))}")
    if not body["device"].get("identifiers") or not body["origin"].get("name"):
        raise ValueError("a device needs identifiers, an origin a name")
    taken: set[tuple[str, str]] = set()
    for key, component in body["components"].items():
        _check_component(key, component)
        name = (component["platform"], component.get("unique_id", key))
        if name in taken:
            raise ValueError(f"{key} has the unique_id of another {name[0]}")
        taken.add(name)


def _check_component(key: str, component: Mapping[str, Any]) -> None:  # JSON in the making
    platform = component.get("platform")
    if platform not in {entity.platform for entity in ENTITIES}:
        raise ValueError(f"{key} has no platform, or one that does not exist: {platform}")
    if component.keys() == {"platform"}:
        return  # to be removed
    if not re.fullmatch(r"[a-zA-Z0-9_-]+", str(component.get("unique_id", ""))):
        raise ValueError(f"{key} needs a unique_id of letters, digits, _ and - alone")
    if platform != "button" and "state_topic" not in component:
        raise ValueError(f"{key} needs a state_topic, or the hub only guesses")
    if platform in {"button", "number", "select", "switch"} and "command_topic" not in component:
        raise ValueError(f"{key} needs a command_topic")
    if platform.endswith("sensor") and component.get("entity_category") == "config":
        raise ValueError(f"{key} is a sensor and cannot be a configuration")


def mqtt_document() -> str:
    """Return docs/mqtt.md: every topic, what is on it, and how to set up broker and hub."""
    settings = MqttSettings(publish_mood=True)
    topics = Topics(settings)
    told = "\n".join(
        f"| `{topics.root}/{entity.key}/state` | {entity.about} | "
        f"{'no' if entity.tells_mood else 'yes'} | {'yes' if entity.tells_mood else ''} |"
        for entity in ENTITIES
        if entity.state is not None
    )
    asked = "\n".join(
        f"| `{topics.root}/{entity.key}/set` | {_asked(entity)} |"
        for entity in ENTITIES
        if entity.command is not None
    )
    return _DOCUMENT.format(
        root=topics.root,
        availability=topics.availability,
        discovery=topics.discovery,
        birth=BIRTH_TOPIC,
        told=told,
        asked=asked,
        largest=LARGEST_COMMAND,
    )


def _asked(entity: Entity) -> str:
    """Return what may be sent to `entity`, for people."""
    if "options" in entity.details:
        return " or ".join(f"`{option}`" for option in entity.details["options"])
    if entity.platform == "number":
        return f"a number, {entity.details['min']} to {entity.details['max']}"
    return {"switch": "`ON` or `OFF`", "button": entity.about}[entity.platform]


_DOCUMENT = """\
<!-- Written by `make docs` from soulsync_edge/adapters/mqtt_topics.py: change it there. -->
# MQTT

SoulSync Edge talks MQTT 5 to one broker (mosquitto 1.6 or newer, for instance). It is off until
`[mqtt] is_on` is true; see [settings](settings.md). Topics begin with `base_topic` and
`device_id`, here the defaults `{root}`.

## What it says

| topic | payload | retained | only with `publish_mood` |
|---|---|---|---|
| `{availability}` | `online`, or `offline`: also when it lost power, by its last will | yes | |
| `{root}/instance` | a word by which it notices another appliance with its id | yes | |
| `{root}/state` | nearly all retained below as one JSON object, some named otherwise | yes | |
| `{root}/mood` | how the room looks as one JSON object | no | yes |
{told}

Everything is sent once when it changes, and all of it after a new connection. How the room looks
is sent at most every ten seconds, rounded, never retained, and not at all until `publish_mood` is
true. A home hub keeps what it hears: think of its history before switching that on.

## What it understands

| topic | payload |
|---|---|
{asked}

Commands that are retained are ignored, so that an old one does not come back after a restart; so
is anything else, and anything over {largest} bytes. Commands sent while it was away are lost.

## Home Assistant

With `discovery` (on by default) the appliance announces itself at `{discovery}` and appears by
itself as one device; this needs Home Assistant 2024.12 or newer. It does so again whenever the hub
says `online` on `{birth}`. To remove it from the hub, set `discovery` to false once, before a
change of `device_id`.

## Broker

Give it a user of its own that may do no more than this (an ACL file of mosquitto):

```
user soulsync
topic readwrite {root}/#
topic readwrite {discovery}
topic read {birth}
```

Put the password into a file that only the appliance can read (mode 0600) and name it in
`password_file` of the settings file; name the certificate that signed the broker's in `ca_file` to
have TLS. Everyone on the network can use the page, so it cannot name a password file, and empties
`user` and `password_file` when broker, port or CA file are changed there: set those first.

Two appliances need two values of `device_id`: with one, each throws the other off the broker,
which it notices, says, and waits five minutes.
"""
