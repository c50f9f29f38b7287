"""The hub on a real mosquitto."""

import asyncio
import contextlib
import gc
import json
import logging
import subprocess
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from soulsync_edge.adapters import mqtt_paho
from soulsync_edge.adapters.mqtt_entities import ENTITIES
from soulsync_edge.adapters.mqtt_paho import PahoHub
from soulsync_edge.domain.affect import Affect
from soulsync_edge.domain.emotion import Emotion
from soulsync_edge.domain.events import (
    CameraSwitched,
    DuckingChanged,
    Event,
    GoalChosen,
    ModeChosen,
    MusicSwitched,
    Opinion,
    Part,
    PartReported,
    SkipRequested,
    SleepChosen,
    TrackJudged,
    VolumeChosen,
)
from soulsync_edge.domain.mood import Mood, Presence
from soulsync_edge.domain.session import Context, NowPlaying, Session
from soulsync_edge.domain.shifting import Goal, Mode
from soulsync_edge.errors import Unavailable
from soulsync_edge.fakes import FakeClock
from soulsync_edge.settings import MqttSettings
from tests.brokers import Mosquitto, Watcher

pytestmark = pytest.mark.broker

DEADLINE_S = 30.0

_STATES = [entity.key for entity in ENTITIES if entity.state and not entity.tells_mood]
LAST_OF_GREETING = f"soulsync/soulsync/{_STATES[-1]}/state"
"""The topic after which a hub that just connected has said all that is no mood."""


class House:
    """Core's loop in small: events in, the session drawn after each, everything remembered."""

    def __init__(self, settings: MqttSettings) -> None:
        self.clock = FakeClock()
        self.session = Session(volume_pct=40)
        self.posted: list[Event] = []
        self.news = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self.hub = PahoHub(settings, lambda: (self.session, Context()), self._post, self.clock)

    def change(self, session: Session | None = None) -> None:
        """Draw `session`, or the present one again as every tick does."""
        before, self.session = self.session, session or self.session
        self.hub.show(before, self.session)

    async def until(self, is_so: Callable[[], object]) -> None:
        """Wait until `is_so`, looking whenever something happened."""
        async with asyncio.timeout(DEADLINE_S):
            while not is_so():
                self.news.clear()
                await self.news.wait()

    @property
    def reports(self) -> list[PartReported]:
        return [event for event in self.posted if isinstance(event, PartReported)]

    @property
    def commands(self) -> list[Event]:
        return [event for event in self.posted if not isinstance(event, PartReported)]

    def is_connected(self) -> bool:
        return bool(self.reports) and self.reports[-1].is_ok

    def _post(self, event: Event) -> None:
        with contextlib.suppress(RuntimeError):  # a late word after the loop is gone, as to core
            self._loop.call_soon_threadsafe(self._take, event)

    def _take(self, event: Event) -> None:
        self.posted.append(event)
        self.hub.show(self.session, self.session)
        self.news.set()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as mosquitto:
        yield mosquitto


def _settings(broker: Mosquitto, **changes: object) -> MqttSettings:
    return MqttSettings.model_validate(
        {"is_on": True, "host": "127.0.0.1", "port": broker.port, **changes}
    )


@asynccontextmanager
async def _watched(broker: Mosquitto, house: House) -> AsyncIterator[Watcher]:
    watcher = Watcher(broker.port, asyncio.get_running_loop(), house.news)
    try:
        await house.until(lambda: watcher.is_listening)
        yield watcher
    finally:
        await asyncio.to_thread(watcher.close)


Story = Callable[[House, Watcher], Coroutine[Any, Any, None]]


def _tell(broker: Mosquitto, story: Story, **changes: object) -> None:
    """Run `story` with a connected hub and a watcher that has heard it greet."""

    async def told() -> None:
        house = House(_settings(broker, **changes))
        async with _watched(broker, house) as watcher, house.hub:
            await house.until(lambda: LAST_OF_GREETING in watcher.newest)
            await story(house, watcher)

    asyncio.run(told())


def _looking(emotion: Emotion) -> Session:
    presence = Presence(is_present=True)
    return Session(volume_pct=40, mood=Mood(presence=presence, label=emotion))


def test_a_new_connection_says_everything(broker: Mosquitto) -> None:
    async def story(house: House, watcher: Watcher) -> None:
        assert watcher.newest["soulsync/soulsync/availability"] == "online"
        assert watcher.newest["soulsync/soulsync/volume/state"] == "40"
        assert json.loads(watcher.newest["soulsync/soulsync/state"])["volume_pct"] == 40
        assert "components" in json.loads(watcher.newest["homeassistant/device/soulsync/config"])
        assert house.reports[-1] == PartReported(house.clock(), Part.BROKER, is_ok=True, message="")

    _tell(broker, story)


def test_who_comes_later_hears_all_but_the_mood(broker: Mosquitto) -> None:
    async def story(house: House, _watcher: Watcher) -> None:
        house.change(_looking(Emotion.HAPPY))
        async with _watched(broker, house) as late:
            await house.until(lambda: "soulsync/soulsync/volume/state" in late.newest)
            late.publish("end", "")
            await house.until(lambda: "end" in late.newest)

            assert all(was_retained for topic, _, was_retained in late.heard if topic != "end")
            assert late.newest["soulsync/soulsync/availability"] == "online"
            assert not [topic for topic in late.newest if "mood" in topic]

    _tell(broker, story, publish_mood=True)


def test_a_change_is_published_and_nothing_else(broker: Mosquitto) -> None:
    async def story(house: House, watcher: Watcher) -> None:
        watcher.heard.clear()

        house.change(replace(house.session, volume_pct=55))
        await house.until(lambda: watcher.newest["soulsync/soulsync/volume/state"] == "55")

        assert {topic for topic, _, _ in watcher.heard} == {
            "soulsync/soulsync/state",
            "soulsync/soulsync/volume/state",
        }

    _tell(broker, story)


def test_nothing_about_the_room_is_said_unless_wanted(broker: Mosquitto) -> None:
    async def story(house: House, watcher: Watcher) -> None:
        house.change(replace(_looking(Emotion.SAD), volume_pct=41))
        await house.until(lambda: watcher.newest["soulsync/soulsync/volume/state"] == "41")

        topics = {topic for topic, _, _ in watcher.heard}
        for key in ("mood", "valence", "arousal", "confidence", "presence", "why"):
            assert f"soulsync/soulsync/{key}/state" not in topics
        assert "soulsync/soulsync/mood" not in topics
        announced = json.loads(watcher.newest["homeassistant/device/soulsync/config"])
        assert announced["components"]["mood"] == {"platform": "sensor"}

    _tell(broker, story)


def test_moods_come_at_most_every_ten_seconds_and_the_newest_wins(broker: Mosquitto) -> None:
    async def story(house: House, watcher: Watcher) -> None:
        house.clock.pass_time(60)
        house.change()
        house.clock.pass_time(60)
        house.change(_looking(Emotion.HAPPY))
        house.clock.pass_time(4)
        house.change(_looking(Emotion.SAD))
        house.clock.pass_time(4)
        house.change(_looking(Emotion.ANGRY))
        house.clock.pass_time(2)
        house.change()
        topic = "soulsync/soulsync/mood/state"
        await house.until(lambda: watcher.newest.get(topic) == "angry")

        assert [said for where, said, _ in watcher.heard if where == topic][-2:] == [
            "happy",
            "angry",
        ]

    _tell(broker, story, publish_mood=True)


def test_commands_become_events(broker: Mosquitto) -> None:
    async def story(house: House, watcher: Watcher) -> None:
        for key, text in (
            ("camera", "OFF"),
            ("music", "ON"),
            ("mode", "shift"),
            ("goal", "sleep"),
            ("volume", "35"),
            ("next", "PRESS"),
            ("sleep", "20"),
            ("duck", "ON"),
        ):
            watcher.publish(f"soulsync/soulsync/{key}/set", text)
        await house.until(lambda: len(house.commands) == 8)

        at_s = house.clock()
        assert house.commands == [
            CameraSwitched(at_s, is_on=False),
            MusicSwitched(at_s, is_on=True),
            ModeChosen(at_s, Mode.SHIFT),
            GoalChosen(at_s, Goal.SLEEP),
            VolumeChosen(at_s, 35),
            SkipRequested(at_s),
            SleepChosen(at_s, 20),
            DuckingChanged(at_s, "hub", is_on=True),
        ]

    _tell(broker, story)


def test_an_opinion_is_of_the_track_that_plays(broker: Mosquitto) -> None:
    async def story(house: House, watcher: Watcher) -> None:
        watcher.publish("soulsync/soulsync/like/set", "PRESS")  # of nothing
        watcher.publish("soulsync/soulsync/next/set", "PRESS")
        await house.until(lambda: house.commands)
        assert house.commands == [SkipRequested(house.clock())]

        playing = NowPlaying("t", "near it", Affect(0.0, 0.0), 0.0)
        house.change(replace(house.session, playing=playing))
        watcher.publish("soulsync/soulsync/like/set", "PRESS")
        await house.until(lambda: len(house.commands) == 2)

        assert house.commands[-1] == TrackJudged(house.clock(), "t", Opinion.LIKE)

    _tell(broker, story)


def test_wrong_huge_and_unknown_commands_are_ignored(broker: Mosquitto) -> None:
    async def story(house: House, watcher: Watcher) -> None:
        watcher.publish("soulsync/soulsync/volume/set", "loud")
        watcher.publish("soulsync/soulsync/volume/set", "9" * 5000)
        watcher.publish("soulsync/soulsync/nonsense/set", "ON")
        watcher.publish("soulsync/soulsync/volume/set", "1")
        await house.until(lambda: house.commands)

        assert house.commands == [VolumeChosen(house.clock(), 1)]

    _tell(broker, story)


def test_a_retained_command_is_ignored_after_a_restart_of_the_broker_too(
    tmp_path: Path,
) -> None:
    database = f"persistence_location {tmp_path}/"
    options = ("allow_anonymous true", "persistence true", database)
    with Mosquitto(tmp_path, *options) as broker:

        async def story(house: House, watcher: Watcher) -> None:
            watcher.publish("soulsync/soulsync/volume/set", "99", retain=True)
            await house.until(lambda: house.commands)  # it counted once, when it was sent
            await asyncio.to_thread(broker.stop)
            await house.until(lambda: not house.is_connected())
            broker.start()
            await house.until(house.is_connected)
            watcher.publish("soulsync/soulsync/volume/set", "20")
            await house.until(lambda: len(house.commands) > 1)

            assert [
                event.volume_pct for event in house.commands if isinstance(event, VolumeChosen)
            ] == [99, 20]

        _tell(broker, story)


def test_a_retained_command_from_before_is_ignored_at_the_first_connection(
    broker: Mosquitto,
) -> None:
    subprocess.run(
        [
            "mosquitto_pub",
            "-p",
            str(broker.port),
            "-r",
            "-t",
            "soulsync/soulsync/music/set",
            "-m",
            "OFF",
        ],
        check=True,
    )

    async def story(house: House, watcher: Watcher) -> None:
        watcher.publish("soulsync/soulsync/next/set", "PRESS")
        await house.until(lambda: house.commands)

        assert house.commands == [SkipRequested(house.clock())]

    _tell(broker, story)


def test_a_broker_that_was_killed_hears_the_present_state_when_it_is_back(
    broker: Mosquitto,
) -> None:
    async def story(house: House, watcher: Watcher) -> None:
        broker.kill()
        await house.until(lambda: not house.is_connected())
        house.change(replace(house.session, volume_pct=77))
        watcher.newest.clear()
        broker.start()
        await house.until(
            lambda: (
                watcher.newest.get("soulsync/soulsync/volume/state") == "77"
                and watcher.newest.get("soulsync/soulsync/availability") == "online"
            )
        )

        assert "homeassistant/device/soulsync/config" in watcher.newest

    _tell(broker, story)


def test_an_absent_broker_is_said_once_and_found_when_it_comes(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, mqtt_paho.__name__)
    broker.stop()

    def failures() -> int:
        return sum("does not answer" in record.message for record in caplog.records)

    async def told() -> None:
        house = House(_settings(broker))
        async with house.hub:
            await house.until(lambda: house.reports)
            async with asyncio.timeout(DEADLINE_S):
                while failures() < 2:
                    await asyncio.to_thread(lambda: None)
            broker.start()
            await house.until(house.is_connected)

        assert [report.is_ok for report in house.reports] == [False, True]
        assert "does not answer (connection refused)" in house.reports[0].message
        warned = [r for r in caplog.records if r.levelno >= logging.WARNING]
        assert len(warned) == 1

    asyncio.run(told())


def test_a_hub_that_closes_says_offline(broker: Mosquitto) -> None:
    async def told() -> None:
        house = House(_settings(broker))
        async with _watched(broker, house) as watcher:
            async with house.hub:
                topic = "soulsync/soulsync/availability"
                await house.until(lambda: watcher.newest.get(topic) == "online")
            await house.until(lambda: watcher.newest.get(topic) == "offline")

    asyncio.run(told())


def test_a_hub_that_closes_at_once_never_connects(broker: Mosquitto) -> None:
    async def told() -> None:
        house = House(_settings(broker))
        async with _watched(broker, house) as watcher:
            async with house.hub:
                pass
            watcher.publish("end", "")
            await house.until(lambda: "end" in watcher.newest)

            assert list(watcher.newest) == ["end"]
            assert house.reports == []

    asyncio.run(told())


def test_a_hub_closes_without_a_broker_too(broker: Mosquitto) -> None:
    broker.stop()

    async def told() -> None:
        house = House(_settings(broker))
        async with house.hub:
            await house.until(lambda: house.reports)

    asyncio.run(told())


def test_of_two_appliances_with_one_id_one_stands_back_for_five_minutes(
    broker: Mosquitto,
) -> None:
    async def told() -> None:
        first = House(_settings(broker))
        second = House(_settings(broker))
        second.news = first.news

        def told_of_it() -> list[House]:
            return [h for h in (first, second) if "has the id of" in h.reports[-1].message]

        async with first.hub:
            await first.until(first.is_connected)
            async with second.hub:
                await second.until(lambda: second.reports and told_of_it())
                [away] = told_of_it()
                [stays] = {first, second} - {away}
                await stays.until(stays.is_connected)
                assert "give each its own [mqtt] device_id" in away.reports[-1].message
            away.clock.pass_time(299)
            away.change()
            assert not away.is_connected()
            away.clock.pass_time(1)
            away.change()
            await away.until(away.is_connected)

    asyncio.run(told())


def test_an_old_word_of_ours_in_the_brokers_database_is_no_second_appliance(
    broker: Mosquitto,
) -> None:
    async def story(house: House, watcher: Watcher) -> None:
        watcher.publish("soulsync/soulsync/instance", "old", retain=True)
        await house.until(lambda: watcher.newest["soulsync/soulsync/instance"] == "old")
        watcher.publish("soulsync/soulsync/next/set", "PRESS")
        await house.until(lambda: house.commands)

        assert house.is_connected()

    _tell(broker, story)


def test_the_hub_is_told_again_after_its_birth(broker: Mosquitto) -> None:
    async def story(house: House, watcher: Watcher) -> None:
        watcher.newest.clear()
        watcher.publish("homeassistant/status", "online")
        watcher.publish("soulsync/soulsync/next/set", "PRESS")
        await house.until(lambda: house.commands)  # so the birth was heard, too

        house.clock.pass_time(5)
        house.change()

        await house.until(lambda: "soulsync/soulsync/volume/state" in watcher.newest)
        assert "homeassistant/device/soulsync/config" in watcher.newest

    _tell(broker, story)


def test_states_are_repeated_for_a_hub_that_subscribes_late(broker: Mosquitto) -> None:
    async def story(house: House, watcher: Watcher) -> None:
        watcher.newest.clear()

        house.clock.pass_time(3)
        house.change()
        await house.until(lambda: "soulsync/soulsync/volume/state" in watcher.newest)
        house.clock.pass_time(7)
        house.change()

        await house.until(lambda: "soulsync/soulsync/mood/state" in watcher.newest)
        assert "homeassistant/device/soulsync/config" not in watcher.newest

    _tell(broker, story, publish_mood=True)


def test_an_announcement_someone_cleared_is_made_again(broker: Mosquitto) -> None:
    async def story(house: House, watcher: Watcher) -> None:
        topic = "homeassistant/device/soulsync/config"
        watcher.publish(topic, "", retain=True)
        watcher.publish("soulsync/soulsync/next/set", "PRESS")
        await house.until(lambda: house.commands)

        house.clock.pass_time(5)
        house.change()

        await house.until(lambda: watcher.newest[topic] != "")

    _tell(broker, story)


def test_an_unwanted_announcement_is_taken_back(broker: Mosquitto) -> None:
    _tell(broker, _nothing)

    async def story(house: House, _watcher: Watcher) -> None:
        async with _watched(broker, house) as late:
            await house.until(lambda: "soulsync/soulsync/volume/state" in late.newest)

            assert "homeassistant/device/soulsync/config" not in late.newest

    _tell(broker, story, discovery=False)


async def _nothing(_house: House, _watcher: Watcher) -> None:
    """Connect, greet, go."""


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker that wants a password: ann's is 'secret word'."""
    people = tmp_path / "people"
    people.touch(mode=0o600)
    subprocess.run(["mosquitto_passwd", "-b", str(people), "ann", "secret word"], check=True)
    with Mosquitto(tmp_path, "allow_anonymous false", f"password_file {people}") as mosquitto:
        yield mosquitto


def _password_file(folder: Path, text: str, mode: int = 0o600) -> str:
    path = folder / "password"
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def test_the_right_password_opens_the_broker(guarded: Mosquitto, tmp_path: Path) -> None:
    async def told() -> None:
        file = _password_file(tmp_path, "secret word\n")
        house = House(_settings(guarded, user="ann", password_file=file))
        async with house.hub:
            await house.until(house.is_connected)

    asyncio.run(told())


def test_a_wrong_password_is_said_clearly_and_never_logged(
    guarded: Mosquitto, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    async def told() -> None:
        file = _password_file(tmp_path, "wrong word")
        house = House(_settings(guarded, user="ann", password_file=file))
        async with house.hub:
            await house.until(lambda: house.reports)

        [report] = house.reports
        assert not report.is_ok
        assert "refuses the user “ann”; check [mqtt] user and password_file" in report.message
        assert "wrong word" not in caplog.text + report.message

    asyncio.run(told())


@pytest.mark.parametrize(
    ("text", "mode", "why"),
    [
        ("secret word", 0o644, "can be read by others; run: chmod 600"),
        ("\n", 0o600, "is empty"),
        (None, 0o600, "cannot be read"),
    ],
)
def test_a_password_file_that_will_not_do_is_refused(
    broker: Mosquitto, tmp_path: Path, text: str | None, mode: int, why: str
) -> None:
    file = str(tmp_path / "gone") if text is None else _password_file(tmp_path, text, mode)

    async def told() -> None:
        house = House(_settings(broker, user="ann", password_file=file))
        with pytest.raises(Unavailable, match=why):
            async with house.hub:
                pass

    asyncio.run(told())


def test_a_password_that_systemd_guards_may_have_any_mode(
    guarded: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))

    async def told() -> None:
        file = _password_file(tmp_path, "secret word", 0o440)
        house = House(_settings(guarded, user="ann", password_file=file))
        async with house.hub:
            await house.until(house.is_connected)

    asyncio.run(told())


@pytest.mark.parametrize("host", ["", "two words", "a..b", "x" * 70])
def test_a_host_that_is_none_is_refused(broker: Mosquitto, host: str) -> None:
    async def told() -> None:
        house = House(_settings(broker, host=host))
        with pytest.raises(Unavailable, match=r"\[mqtt\] host .* is no name or address"):
            async with house.hub:
                pass

    asyncio.run(told())


# paho drops the socket of a failed handshake without closing it, and the collector complains.
_UNCLOSED = pytest.mark.filterwarnings(
    "ignore:.*ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning"
)


def _certificates(folder: Path, name: str) -> None:
    """Make a certificate for 127.0.0.1 that signs itself."""
    subprocess.run(
        (
            "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=broker "
            "-addext subjectAltName=IP:127.0.0.1 "
            f"-keyout {folder}/{name}.key -out {folder}/{name}.crt"
        ).split(),
        check=True,
        stderr=subprocess.DEVNULL,
    )


@pytest.fixture
def encrypted(tmp_path: Path) -> Iterator[Mosquitto]:
    for name in ("broker", "other"):
        _certificates(tmp_path, name)
    with Mosquitto(
        tmp_path,
        f"certfile {tmp_path}/broker.crt",
        f"keyfile {tmp_path}/broker.key",
        "allow_anonymous true",
    ) as mosquitto:
        yield mosquitto


def test_tls_works_with_the_certificate_named(encrypted: Mosquitto, tmp_path: Path) -> None:
    async def told() -> None:
        house = House(_settings(encrypted, ca_file=str(tmp_path / "broker.crt")))
        async with house.hub:
            await house.until(house.is_connected)

    asyncio.run(told())


@_UNCLOSED
def test_a_certificate_of_someone_else_is_not_trusted(encrypted: Mosquitto, tmp_path: Path) -> None:
    async def told() -> None:
        house = House(_settings(encrypted, ca_file=str(tmp_path / "other.crt")))
        async with house.hub:
            await house.until(lambda: house.reports)

        assert "is not trusted" in house.reports[0].message
        assert "ca_file" in house.reports[0].message

    asyncio.run(told())


@_UNCLOSED
def test_tls_with_a_broker_that_has_none_is_said(broker: Mosquitto, tmp_path: Path) -> None:
    _certificates(tmp_path, "any")

    async def told() -> None:
        house = House(_settings(broker, ca_file=str(tmp_path / "any.crt")))
        async with house.hub:
            await house.until(lambda: house.reports)

        assert not house.reports[0].is_ok

    asyncio.run(told())


def test_a_ca_file_that_is_none_is_refused(broker: Mosquitto, tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("no certificate")

    async def told() -> None:
        house = House(_settings(broker, ca_file=str(tmp_path / "ca.crt")))
        with pytest.raises(Unavailable, match=r"ca_file .* is no certificate that can be read"):
            async with house.hub:
                pass

    asyncio.run(told())


def test_a_broker_that_comes_and_goes_leaves_no_threads_and_no_files_behind(
    broker: Mosquitto,
) -> None:
    _tell(broker, _nothing)
    files, threads = _open_files(), threading.active_count()

    for _ in range(5):
        _tell(broker, _nothing)

    assert _open_files() <= files
    assert threading.active_count() <= threads


def _open_files() -> int:
    gc.collect()  # paho closes its wake-up sockets when it is collected
    return len(list(Path("/proc/self/fd").iterdir()))
