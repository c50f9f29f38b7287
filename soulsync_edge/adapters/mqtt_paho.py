"""The broker: draws the session on MQTT topics and turns commands into events, with paho."""

import asyncio
import logging
import os
import random
import secrets
import ssl
import stat
import sys
import threading
from pathlib import Path
from typing import Self

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from soulsync_edge.adapters.mqtt_topics import (
    BIRTH_TOPIC,
    LARGEST_COMMAND,
    OFFLINE,
    ONLINE,
    Message,
    Topics,
)
from soulsync_edge.domain.events import Event, Part, PartReported
from soulsync_edge.domain.portrait import portrait
from soulsync_edge.domain.session import Session
from soulsync_edge.errors import Unavailable
from soulsync_edge.ports import Clock, Post, State
from soulsync_edge.settings import MqttSettings

logger = logging.getLogger(__name__)

# Its own, since the shared one of the module belongs to whoever seeds it.
CHANCE = random.SystemRandom()

MOOD_PAUSE_S = 10.0
"""Least seconds between two words about how the room looks: coarse in time as well."""

_KEEPALIVE_S = 30
"""Seconds; the broker speaks the last will one and a half times that after a silent death."""

_CONNECT_S = 5.0
"""Seconds a connection may take to come about."""

_SHORTEST_WAIT_S, _LONGEST_WAIT_S, _GROWTH = 1.0, 60.0, 1.5
"""The wait before a new try is drawn from the shortest up to a bound that grows to the longest:
slowly, because a broker that restarts is back in seconds and a try costs next to nothing."""

_STAND_BACK_S = 300.0
"""Seconds to stay away when another client has the id: two would throw each other off for ever."""

_TAKEN_OVER = 0x8E
"""MQTT 5, 3.14.2.1: Session taken over. Older brokers, such as mosquitto 2.0.11, do not say it."""

_STRANGER_S = 60.0
"""Seconds within which two strange instances are one too many. One alone may be an old word
of ours, which a broker found in its database after a crash."""

_REFUSED_PERSON = frozenset({0x86, 0x87})
"""MQTT 5, 3.2.2.2: bad user name or password; not authorised."""

_AFTER_BIRTH_S = 5.0
"""Longest random wait after Home Assistant starts: not all devices at once."""

_REPEAT_S = 3.0
"""Seconds after which states are sent again: the hub subscribes a moment after it is told of
them, and what is not retained would be lost on it."""

_CLOSING_S = 3.0
"""Longest time to take leave of a broker that may not be listening."""


class PahoHub:
    """A broker connection: an observer whose commands come back as events.

    Open it with `async with` on core's loop. paho's thread connects, reads and writes; its
    callbacks note what happened and post. All publishing starts in `show`, on core's loop, and
    only ever queues: QoS 0, because everything is said again after a new connection, and within
    one TCP connection nothing is lost that the next word does not replace. Nothing is queued
    while offline. Commands are subscribed to with QoS 1, and sessions are clean: what was sent
    while the appliance was away is old by then.

    Args:
        settings: Which broker, and what to tell it.
        state: The present session and context.
        post: Takes commands as events, and how the broker is.
        clock: Stamps them.

    Raises:
        Unavailable: From `async with`: a file or name in the settings cannot be used.
    """

    def __init__(self, settings: MqttSettings, state: State, post: Post, clock: Clock) -> None:
        self._settings = settings
        self._state = state
        self._post = post
        self._clock = clock
        self._topics = Topics(settings)
        self._address = f"{settings.host}:{settings.port}"
        self._instance = secrets.token_hex(4)
        self._password: str | None = None
        self._trust: ssl.SSLContext | None = None
        self._client = self._made()
        # Written by paho's thread, read on core's loop; each is a single assignment.
        self._is_connected = False
        self._greet_at_s: float | None = None
        self._return_at_s: float | None = None
        self._has_greeted = False
        self._playing: str | None = None
        # paho's thread alone.
        self._bound_s = _SHORTEST_WAIT_S * 2
        self._stranger_s = float("-inf")
        self._said: str | None = None
        # Core's loop alone.
        self._starting: asyncio.Handle | None = None
        self._published: dict[str, str] = {}
        self._repeat_at_s: float | None = None
        self._mood_at_s = float("-inf")

    async def __aenter__(self) -> Self:
        settings = self._settings
        if not _is_host(settings.host):
            raise Unavailable(
                f"[mqtt] host “{settings.host}” is no name or address; set that of the broker"
            )
        self._password = _password(settings.password_file)
        self._trust = _trust(settings.ca_file)
        # Not before this call has returned: the first failure must not be overtaken by the
        # report that the part was opened.
        self._starting = asyncio.get_running_loop().call_soon(self._start)
        return self

    async def __aexit__(self, *_error: object) -> None:
        if self._starting is not None:
            self._starting.cancel()  # for one that closes before it began
        # In a thread nobody has to wait for: a name server may keep paho's own for long.
        leaving = threading.Thread(target=self._leave, name="mqtt-leave", daemon=True)
        leaving.start()
        await asyncio.to_thread(leaving.join, _CLOSING_S)

    def show(self, _before: Session, after: Session) -> None:
        """Publish what changed; at once or, for want of a connection, not at all."""
        now_s = self._clock()
        self._playing = after.playing.track_id if after.playing else None
        if self._return_at_s is not None and now_s >= self._return_at_s:
            self._return_at_s = None
            self._start()
        if not self._is_connected:
            return
        if self._greet_at_s is not None and now_s >= self._greet_at_s:
            self._greet_at_s = None
            self._greet(now_s)
        elif self._repeat_at_s is not None and now_s >= self._repeat_at_s:
            self._repeat_at_s = None
            self._published.clear()  # moods follow when their pause is over
        drawn = portrait(after, self._state()[1])
        for message in self._topics.states(drawn):
            self._publish_news(message)
        if now_s >= self._mood_at_s:
            news = [self._publish_news(message) for message in self._topics.moods(drawn)]
            if any(news):
                self._mood_at_s = now_s + MOOD_PAUSE_S

    def _greet(self, now_s: float) -> None:
        """Say who this is and that it is here; all states follow, now and a little later."""
        self._publish(self._topics.announcement())
        self._publish(Message(self._topics.availability, ONLINE))
        self._publish(Message(self._topics.instance, self._instance))
        self._has_greeted = True
        self._published.clear()
        self._mood_at_s = float("-inf")
        self._repeat_at_s = now_s + _REPEAT_S

    def _publish_news(self, message: Message) -> bool:
        """Publish `message` unless it was the last word on its topic; tell whether it was news."""
        if self._published.get(message.topic) == message.payload:
            return False
        self._published[message.topic] = message.payload
        self._publish(message)
        return True

    def _publish(self, message: Message) -> None:
        self._client.publish(message.topic, message.payload, qos=0, retain=message.is_retained)

    def _made(self) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"soulsync-{self._settings.device_id}",
            protocol=MQTTProtocolVersion.MQTTv5,
        )
        client.connect_timeout = _CONNECT_S
        if self._settings.user:
            client.username_pw_set(self._settings.user, self._password)
        if self._trust is not None:
            client.tls_set_context(self._trust)
        client.will_set(self._topics.availability, OFFLINE, qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        return client

    def _start(self) -> None:
        """Have a thread of paho's connect and stay connected."""
        self._client = self._made()
        self._client.connect_async(
            self._settings.host, self._settings.port, keepalive=_KEEPALIVE_S, clean_start=True
        )
        self._client.loop_start()

    def _leave(self) -> None:
        """Say goodbye, so that the broker need not, and end paho's thread."""
        if self._is_connected:
            self._is_connected = False
            last = self._client.publish(self._topics.availability, OFFLINE, qos=1, retain=True)
            try:
                last.wait_for_publish(_CLOSING_S / 2)
            except (RuntimeError, ValueError) as error:
                logger.debug("the broker went before goodbye was said: %s", error)
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(
        self,
        client: Client,
        _data: object,
        _flags: ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            self._report(self._refusal(reason))
            return
        self._bound_s = _SHORTEST_WAIT_S * 2
        # No retained commands, and our own announcement is not played back to us.
        live = SubscribeOptions(1, noLocal=True, retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND)
        topics = (self._topics.commands, BIRTH_TOPIC, self._topics.discovery)
        client.subscribe(
            [(self._topics.instance, SubscribeOptions(1)), *((topic, live) for topic in topics)]
        )

    def _on_subscribe(
        self,
        _client: Client,
        _data: object,
        _number: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        # Only now: what is retained at `instance` has come in, and nobody else is there.
        if self._return_at_s is not None:
            return
        if any(reason.is_failure for reason in reasons):
            logger.warning("the broker %s lets no commands through to us", self._address)
        self._greet_at_s = self._clock()
        self._is_connected = True
        self._report(None)

    def _on_connect_fail(self, client: Client, _data: object) -> None:
        # paho tells that it failed, and not why; it calls from within its `except` block.
        self._report(self._failure(sys.exception()))
        self._wait_longer(client)

    def _on_disconnect(
        self,
        client: Client,
        _data: object,
        _flags: DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        was_connected, self._is_connected = self._is_connected, False
        if reason.packetType == PacketTypes.DISCONNECT and reason.value == _TAKEN_OVER:
            self._stand_back(client)
        elif was_connected and reason.is_failure:
            self._report(f"the broker {self._address} went away; trying again until it is back")
        self._wait_longer(client)

    def _stand_back(self, client: Client) -> None:
        """Leave the broker to another client that has the id, for a while."""
        self._return_at_s = self._clock() + _STAND_BACK_S
        self._is_connected = False
        client.disconnect()
        self._report(
            f"another client on the broker {self._address} has the id of this appliance; give "
            "each its own [mqtt] device_id. Staying away for 5 minutes"
        )

    def _hear_instance(self, client: Client, instance: str) -> None:
        """Notice another appliance that greeted where we had greeted before.

        The one whose word sorts first stands back; without such a rule, both might.
        """
        if not self._has_greeted or instance <= self._instance:
            return
        now_s = self._clock()
        if now_s - self._stranger_s <= _STRANGER_S:
            self._stand_back(client)
        self._stranger_s = now_s

    def _on_message(self, client: Client, _data: object, message: MQTTMessage) -> None:
        if message.topic == self._topics.instance:
            self._hear_instance(client, message.payload.decode(errors="replace"))
        elif message.retain or len(message.payload) > LARGEST_COMMAND:
            logger.debug("ignored %d bytes at %s", len(message.payload), message.topic)
        elif message.topic == BIRTH_TOPIC:
            if message.payload == ONLINE.encode():
                self._greet_soon()
        elif message.topic == self._topics.discovery:
            if not message.payload and self._settings.discovery:
                self._greet_soon()  # someone deleted an entity, and with it the whole device
        elif event := self._event_of(message):
            self._post(event)
        else:
            logger.debug("ignored an unknown command at %s", message.topic)

    def _event_of(self, message: MQTTMessage) -> Event | None:
        payload = bytes(message.payload)
        return self._topics.event_of(message.topic, payload, self._clock(), self._playing)

    def _greet_soon(self) -> None:
        # Spreads devices in time; nothing is guarded by it.
        self._greet_at_s = self._clock() + CHANCE.uniform(0, _AFTER_BIRTH_S)

    def _wait_longer(self, client: Client) -> None:
        """Draw the wait before the next try: paho's own has no jitter."""
        # Spreads devices in time; nothing is guarded by it.
        wait_s = CHANCE.uniform(_SHORTEST_WAIT_S, self._bound_s)
        self._bound_s = min(self._bound_s * _GROWTH, _LONGEST_WAIT_S)
        client.reconnect_delay_set(wait_s, wait_s)  # type: ignore[arg-type]  # any number does

    def _report(self, fault: str | None) -> None:
        """Tell how the broker is when that is news; the log hears of one outage once."""
        if fault is None:
            logger.info("connected to the broker %s", self._address)
        else:
            was_well = not self._said
            logger.log(logging.WARNING if was_well else logging.DEBUG, "%s", fault)
        if fault != self._said or fault is None:
            self._post(
                PartReported(self._clock(), Part.BROKER, is_ok=fault is None, message=fault or "")
            )
        self._said = fault

    def _refusal(self, reason: ReasonCode) -> str:
        if reason.value in _REFUSED_PERSON:
            return (
                f"the broker {self._address} refuses the user “{self._settings.user}”; check "
                "[mqtt] user and password_file, and what the broker lets that user do"
            )
        return f"the broker {self._address} refuses the connection: {reason.getName().lower()}"

    def _failure(self, error: BaseException | None) -> str:
        if isinstance(error, ssl.SSLCertVerificationError):
            return (
                f"the certificate of the broker {self._address} is not trusted "
                f"({error.verify_message}); check [mqtt] host and ca_file"
            )
        if isinstance(error, ssl.SSLError):
            return f"the broker {self._address} speaks no TLS there; check [mqtt] port and ca_file"
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return (
            f"the broker {self._address} does not answer ({why.lower()}); check [mqtt] host and "
            "port, and that the broker runs. Trying again"
        )


def _is_host(host: str) -> bool:
    try:
        return bool(host.encode("idna")) and not any(char.isspace() for char in host)
    except UnicodeError:
        return False


def _trust(name: str) -> ssl.SSLContext | None:
    """Return what trusts the certificate in the file `name`; None without one."""
    if not name:
        return None
    try:
        return ssl.create_default_context(cafile=name)
    except OSError as error:
        raise Unavailable(
            f"[mqtt] ca_file {name} is no certificate that can be read: {error}"
        ) from error


def _password(name: str) -> str | None:
    """Return what the password file holds; None without one."""
    if not name:
        return None
    path = Path(name)
    try:
        with path.open(encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode
            if stat.S_IMODE(mode) & 0o077 and not _is_credential(path):
                raise Unavailable(
                    f"[mqtt] password_file {name} can be read by others; run: chmod 600 {name}"
                )
            password = file.read(4096).rstrip("\r\n")
    except (OSError, UnicodeError) as error:
        raise Unavailable(f"[mqtt] password_file {name} cannot be read: {error}") from error
    if not password:
        raise Unavailable(f"[mqtt] password_file {name} is empty; write the password into it")
    return password


def _is_credential(path: Path) -> bool:
    """Return whether systemd gave us `path`: it guards such files, whatever their mode says."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return folder is not None and path.parent == Path(folder)
