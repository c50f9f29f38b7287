import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soulsync_edge.adapters.mqtt_entities import ENTITIES
from soulsync_edge.adapters.mqtt_topics import (
    Message,
    Topics,
    check_discovery,
    discovery_body,
    mqtt_document,
)
from soulsync_edge.domain.affect import Affect, Spread
from soulsync_edge.domain.emotion import EMOTIONS
from soulsync_edge.domain.events import (
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
from soulsync_edge.domain.hearing import ListeningProgress
from soulsync_edge.domain.portrait import Portrait
from soulsync_edge.domain.scanning import ScanProgress
from soulsync_edge.domain.session import Health
from soulsync_edge.domain.shifting import Goal, Mode
from soulsync_edge.domain.track import Track
from soulsync_edge.settings import MqttSettings

_ROOT = "soulsync/soulsync"
_MOODY = frozenset({"mood", "valence", "arousal", "confidence", "obstacle", "presence", "why"})


def _portrait(**changes: Any) -> Portrait:
    values: dict[str, Any] = {
        "word": "happy",
        "sentence": "Looks happy",
        "obstacle": None,
        "is_present": True,
        "is_unsure": False,
        "affect": Affect(0.64, -0.04),
        "confidence": 0.87,
        "target": Affect(0.6, 0.0),
        "step": 3,
        "steps": 6,
        "tried": ("Led to calm with \u201cRain\u201d: the mood came nearer",),
        "track": Track(
            "t", "/m/t.mp3", "Rain", "Ann", "", 61.4, Affect(0, 0), Spread(0.2, 0.2), "its tag"
        ),
        "is_liked": True,
        "why": "the room looks happy: near it",
        "position_s": 3.0,
        "is_playing": True,
        "silent_for": "",
        "music_is_on": True,
        "camera_is_on": False,
        "volume_pct": 40,
        "ducked_by": ("radio",),
        "sleep_left_min": 12,
        "mode": "match",
        "goal": "calm",
        "faults": (),
        "tracks": 24,
        "skipped": 1,
        "scan": ScanProgress(500, 2000, 123.4, 12.3),
        "listening": ListeningProgress(119, 120, 14.0),
    }
    return Portrait(**(values | changes))


def _settings(**changes: object) -> MqttSettings:
    return MqttSettings.model_validate({"publish_mood": True, **changes})


def _said(portrait: Portrait) -> dict[str, str]:
    topics = Topics(_settings())
    messages = (*topics.states(portrait), *topics.moods(portrait))
    return {message.topic.removeprefix(f"{_ROOT}/"): message.payload for message in messages}


def test_each_entity_says_its_state() -> None:
    said = _said(_portrait())

    assert {key: said[f"{key}/state"] for key in (e.key for e in ENTITIES if e.state)} == {
        "mood": "happy",
        "valence": "0.6",
        "arousal": "0.0",
        "confidence": "0.9",
        "obstacle": "none",
        "presence": "ON",
        "why": "the room looks happy: near it",
        "track": "Ann \u2013 Rain",
        "camera": "OFF",
        "music": "ON",
        "mode": "match",
        "goal": "calm",
        "volume": "40",
        "sleep": "12",
        "duck": "OFF",
        "camera_problem": "OFF",
        "sound_problem": "OFF",
        "library_problem": "OFF",
        "scan": "25",
        "listening": "99",
    }


def test_how_much_was_listened_to_is_unknown_while_nothing_is() -> None:
    assert _said(_portrait(listening=None))["listening/state"] == "None"
    assert _said(_portrait(listening=ListeningProgress(0, 0, None)))["listening/state"] == "None"
    assert _said(_portrait(listening=ListeningProgress(7, 7, None)))["listening/state"] == "100"


@pytest.mark.parametrize(
    ("scan", "said"),
    [
        (None, "None"),
        (ScanProgress(0, 0, 0.0, None), "None"),
        (ScanProgress(80, None, 99.0, None), "None"),
        (ScanProgress(0, 300, 0.0, None), "0"),
        (ScanProgress(299, 300, 9.0, 0.1), "99"),
        (ScanProgress(301, 300, 9.0, 0.0), "100"),  # files came while it was looking
    ],
)
def test_how_much_was_looked_at_is_unknown_while_nothing_is(
    scan: ScanProgress | None, said: str
) -> None:
    assert _said(_portrait(scan=scan))["scan/state"] == said


def test_the_hub_sees_its_own_wish_for_room_and_that_anyone_has_one() -> None:
    said = _said(_portrait(ducked_by=("doorbell", "hub")))
    quiet = _said(_portrait(ducked_by=(), sleep_left_min=None))

    assert said["duck/state"] == "ON"
    assert (quiet["duck/state"], quiet["sleep/state"]) == ("OFF", "0")
    assert json.loads(quiet["state"])["makes_room"] == "OFF"


def test_the_whole_state_is_there_as_json() -> None:
    said = _said(_portrait())

    assert json.loads(said["state"]) == {
        "track": {"title": "Rain", "artist": "Ann", "album": "", "duration_s": 61},
        "is_playing": True,
        "music": "ON",
        "camera": "OFF",
        "volume_pct": 40,
        "makes_room": "ON",
        "sleep_left_min": 12,
        "mode": "match",
        "goal": "calm",
        "step": 3,
        "steps": 6,
        "tracks": 24,
        "skipped": 1,
        "scan": {"done": 500, "total": 2000, "rate_hz": 123, "left_s": 12},
        "faults": [],
    }
    assert json.loads(said["mood"])["sentence"] == "Looks happy"


@pytest.mark.parametrize("obstacle", Obstacle)
def test_why_a_face_cannot_be_read_is_said_in_a_word_the_hub_was_told_of(
    obstacle: Obstacle,
) -> None:
    said = _said(_portrait(word="unsure", is_unsure=True, obstacle=obstacle))

    assert said["obstacle/state"] == json.loads(said["mood"])["obstacle"] == obstacle.value
    entity = next(entity for entity in ENTITIES if entity.key == "obstacle")
    assert obstacle.value in entity.details["options"]


def test_what_is_unknown_is_said_as_home_assistant_takes_it() -> None:
    said = _said(_portrait(affect=None, track=None, why="", silent_for="music is switched off"))

    assert said["valence/state"] == said["arousal/state"] == "None"
    assert said["track/state"] == "nothing"
    assert said["why/state"] == "music is switched off"
    assert json.loads(said["mood"])["valence"] is None


@pytest.mark.parametrize(
    ("part", "key"),
    [
        (Part.EYE, "camera_problem"),
        (Part.CAMERA, "camera_problem"),
        (Part.MODEL, "camera_problem"),
        (Part.VOICE, "sound_problem"),
        (Part.SOUND, "sound_problem"),
        (Part.LIBRARY, "library_problem"),
    ],
)
def test_a_fault_is_a_problem_of_its_part_without_its_words(part: Part, key: str) -> None:
    fault = Health(part, is_ok=False, message="/home/ann/music is not there", since_s=0.0)

    said = _said(_portrait(faults=(fault,)))

    assert [name for name in said if said[name] == "ON" and "problem" in name] == [f"{key}/state"]
    assert json.loads(said["state"])["faults"] == [part.value]
    assert "/home/ann" not in "".join(said.values())


def test_only_the_room_is_not_retained() -> None:
    topics = Topics(_settings())

    assert all(message.is_retained for message in topics.states(_portrait()))
    assert not any(message.is_retained for message in topics.moods(_portrait()))


def test_without_leave_nothing_tells_how_the_room_looks() -> None:
    topics = Topics(_settings(publish_mood=False))

    assert topics.moods(_portrait()) == ()
    for message in topics.states(_portrait()):
        assert message.topic.split("/")[2] not in _MOODY
        assert "happy" not in message.payload
        assert "the mood came nearer" not in message.payload


_TEXTS = st.text(max_size=300)
_PORTRAITS = st.builds(
    _portrait,
    word=st.sampled_from([*(emotion.value for emotion in EMOTIONS), "unsure", "nobody"]),
    affect=st.none() | st.builds(Affect, st.floats(-1, 1), st.floats(-1, 1)),
    confidence=st.floats(0, 1),
    why=_TEXTS,
    silent_for=_TEXTS,
    track=st.none()
    | st.builds(
        Track,
        track_id=_TEXTS,
        path=_TEXTS,
        title=_TEXTS,
        artist=_TEXTS,
        album=_TEXTS,
        duration_s=st.floats(0, 1e6),
        affect=st.just(Affect(0, 0)),
        affect_spread=st.just(Spread(0.2, 0.2)),
        affect_source=_TEXTS,
    ),
    volume_pct=st.integers(0, 100),
)


@settings(max_examples=50)
@given(portrait=_PORTRAITS)
def test_every_state_fits_home_assistant(portrait: Portrait) -> None:
    for topic, payload in _said(portrait).items():
        if topic.endswith("/state"):
            assert 0 < len(payload) <= 255
        else:
            assert json.loads(payload)
            assert len(payload.encode()) <= 4096


@settings(max_examples=50)
@given(portrait=_PORTRAITS)
def test_numbers_leave_in_tenths(portrait: Portrait) -> None:
    said = _said(portrait)

    for key in ("valence", "arousal", "confidence"):
        text = said[f"{key}/state"]
        assert text == "None" or (len(text.split(".")[1]) == 1 and text != "-0.0")


@given(
    base=st.from_regex(r"[A-Za-z0-9_-]{1,20}(/[A-Za-z0-9_-]{1,20}){0,2}", fullmatch=True),
    device=st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True),
    publish_mood=st.booleans(),
)
def test_topics_of_two_appliances_never_meet(base: str, device: str, *, publish_mood: bool) -> None:
    own = _settings(base_topic=base, device_id=device, publish_mood=publish_mood)
    topics = Topics(own)
    portrait = _portrait()

    all_topics = [
        topics.availability,
        topics.instance,
        *(message.topic for message in (*topics.states(portrait), *topics.moods(portrait))),
    ]

    assert len(set(all_topics)) == len(all_topics)
    for topic in all_topics:
        assert topic.startswith(f"{base}/{device}/")
        assert not set(topic) & set("+#\0 ")
    assert topics.event_of(f"{base}/{device}x/next/set", b"PRESS", 1.0, "t") is None
    check_discovery(discovery_body(own))


@pytest.mark.parametrize(
    ("key", "payload", "event"),
    [
        ("camera", b"ON", CameraSwitched(1.0, is_on=True)),
        ("camera", b"OFF", CameraSwitched(1.0, is_on=False)),
        ("music", b"OFF", MusicSwitched(1.0, is_on=False)),
        ("mode", b"match", ModeChosen(1.0, Mode.MATCH)),
        ("goal", b" lift\n", GoalChosen(1.0, Goal.LIFT)),
        ("volume", b"0", VolumeChosen(1.0, 0)),
        ("volume", b"45.0", VolumeChosen(1.0, 45)),
        ("volume", b"100", VolumeChosen(1.0, 100)),
        ("next", b"PRESS", SkipRequested(1.0)),
        ("mode", b"shift", ModeChosen(1.0, Mode.SHIFT)),
        ("mode", b"schedule", ModeChosen(1.0, Mode.SCHEDULE)),
        ("mode", b"off", ModeChosen(1.0, Mode.OFF)),
        ("again", b"PRESS", ReplayRequested(1.0)),
        ("like", b"PRESS", TrackJudged(1.0, "t", Opinion.LIKE)),
        ("not_this", b"PRESS", TrackJudged(1.0, "t", Opinion.NOT_THIS)),
        ("sleep", b"30", SleepChosen(1.0, 30)),
        ("sleep", b"0", SleepChosen(1.0, 0)),
        ("sleep", b"240.0", SleepChosen(1.0, 240)),
        ("duck", b"ON", DuckingChanged(1.0, "hub", is_on=True)),
        ("duck", b"OFF", DuckingChanged(1.0, "hub", is_on=False)),
        ("sound_test", b"PRESS", SoundTestRequested(1.0)),
        ("like", b"ON", None),
        ("not_this", b"", None),
        ("sleep", b"241", None),
        ("sleep", b"-1", None),
        ("sleep", b"soon", None),
        ("duck", b"on", None),
        ("sound_test", b"on", None),
        ("again", b"again", None),
        ("scan", b"100", None),
        ("camera", b"on", None),
        ("camera", b"", None),
        ("mode", b"dance", None),
        ("goal", b"\xff\xfe", None),
        ("volume", b"101", None),
        ("volume", b"-1", None),
        ("volume", b"nan", None),
        ("volume", b"1e2", None),
        ("volume", "\u0665".encode(), None),  # an Arabic five
        ("next", b"ON", None),
        ("track", b"Rain", None),
        ("next", b"PRESS" + b" " * 5000, None),
    ],
)
def test_a_command_is_understood_exactly(key: str, payload: bytes, event: Event | None) -> None:
    assert Topics(_settings()).event_of(f"{_ROOT}/{key}/set", payload, 1.0, "t") == event


@pytest.mark.parametrize("key", ["like", "not_this"])
def test_an_opinion_of_nothing_is_none(key: str) -> None:
    assert Topics(_settings()).event_of(f"{_ROOT}/{key}/set", b"PRESS", 1.0, None) is None


@given(topic=st.text(), payload=st.binary())
def test_noise_is_no_command(topic: str, payload: bytes) -> None:
    assert Topics(_settings()).event_of(topic, payload, 1.0, "t") is None


@given(
    key=st.sampled_from([entity.key for entity in ENTITIES]),
    payload=st.binary(max_size=30)
    | st.text(alphabet="0123456789.-+eE ", max_size=8).map(str.encode),
)
def test_a_number_that_is_understood_is_in_bounds(key: str, payload: bytes) -> None:
    event = Topics(_settings()).event_of(f"{_ROOT}/{key}/set", payload, 1.0, "t")

    assert not isinstance(event, VolumeChosen) or 0 <= event.volume_pct <= 100
    assert not isinstance(event, SleepChosen) or 0 <= event.minutes <= 240


def test_the_announcement_names_every_entity_once() -> None:
    message = Topics(_settings()).announcement()
    components = json.loads(message.payload)["components"]

    assert message.topic == "homeassistant/device/soulsync/config"
    assert message.is_retained
    assert components.keys() == {entity.key for entity in ENTITIES}
    assert components["camera"]["command_topic"] == f"{_ROOT}/camera/set"
    assert components["mode"]["options"] == ["match", "shift", "schedule", "off"]
    assert (components["sleep"]["min"], components["sleep"]["max"]) == (0, 240)
    assert components["mood"]["options"][-2:] == ["unsure", "nobody"]


def test_entities_that_are_not_published_are_taken_out_of_the_hub() -> None:
    components = discovery_body(_settings(publish_mood=False))["components"]

    assert components["presence"] == {"platform": "binary_sensor"}
    assert {key for key in components if len(components[key]) == 1} == _MOODY


def test_an_unwanted_announcement_is_an_empty_retained_payload() -> None:
    topics = Topics(_settings(discovery=False))

    assert topics.announcement() == Message("homeassistant/device/soulsync/config", "")


def test_another_device_announces_itself_apart() -> None:
    body = discovery_body(_settings(device_id="kitchen"))

    assert Topics(_settings(device_id="kitchen")).discovery == (
        "homeassistant/device/soulsync_kitchen/config"
    )
    assert body["device"]["name"] == "SoulSync kitchen"
    assert body["components"]["mood"]["unique_id"] == "soulsync_kitchen_mood"


def test_no_name_of_an_entity_repeats_that_of_the_device() -> None:
    assert not any("soulsync" in str(entity.details["name"]).lower() for entity in ENTITIES)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda body: body.update({"~": "x"}), "unknown in announcement: ~"),
        (lambda body: body["device"].update(colour="red"), "unknown in device: colour"),
        (lambda body: body["origin"].update(colour="red"), "unknown in origin: colour"),
        (lambda body: body["device"].pop("identifiers"), "a device needs identifiers"),
        (lambda body: body["origin"].pop("name"), "an origin a name"),
        (lambda body: body["components"]["mood"].pop("platform"), "mood has no platform"),
        (
            lambda body: body["components"]["mood"].update(platform="media_player"),
            "one that does not exist: media_player",
        ),
        (lambda body: body["components"]["mood"].pop("unique_id"), "mood needs a unique_id"),
        (lambda body: body["components"]["mood"].update(unique_id="a b"), "letters, digits"),
        (lambda body: body["components"]["mood"].pop("state_topic"), "needs a state_topic"),
        (lambda body: body["components"]["next"].pop("command_topic"), "needs a command_topic"),
        (
            lambda body: body["components"]["mood"].update(entity_category="config"),
            "mood is a sensor and cannot be a configuration",
        ),
        (
            lambda body: body["components"]["mood"].update(unique_id="soulsync_valence"),
            "has the unique_id of another sensor",
        ),
    ],
)
def test_an_announcement_the_hub_would_drop_is_not_sent(change: Any, why: str) -> None:
    body = copy.deepcopy(discovery_body(_settings()))
    change(body)

    with pytest.raises(ValueError, match=why):
        check_discovery(body)


def test_the_document_names_every_topic_and_command() -> None:
    document = mqtt_document()

    for entity in ENTITIES:
        if entity.state is not None:
            assert f"`{_ROOT}/{entity.key}/state`" in document
        if entity.command is not None:
            assert f"`{_ROOT}/{entity.key}/set`" in document
    assert "{" not in document
    assert f"| `{_ROOT}/sleep/set` | a number, 0 to 240 |" in document
