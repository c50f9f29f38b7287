"""Lines carry every message unharmed, and noise is refused with one kind of error."""

import dataclasses
import json
import os
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soulsync_edge.domain.commands import PlayTrack, SetCamera, SetVolume, StopMusic
from soulsync_edge.domain.events import EstimateArrived, NobodySeen, TrackMoved
from soulsync_edge.domain.library import Stick
from soulsync_edge.domain.scanning import ScanProgress
from soulsync_edge.domain.session import Context, Session
from soulsync_edge.domain.step import step
from soulsync_edge.domain.track import SkippedFile
from soulsync_edge.wire.lines import Codec, LineError
from soulsync_edge.wire.messages import (
    EYE_EVENTS,
    EYE_ORDERS,
    SCAN_LINES,
    TRACE,
    VOICE_EVENTS,
    VOICE_ORDERS,
    Configure,
    EyeEvent,
    EyeOrder,
    FileSkipped,
    FileUnread,
    ScanFinished,
    ScanGoesOn,
    ScanLine,
    StickEntered,
    TraceLine,
    TrackFound,
    TrackKnown,
    VoiceEvent,
    VoiceOrder,
)
from tests import strategies

LINKS: tuple[tuple[Codec[Any], Any], ...] = (
    (EYE_EVENTS, EyeEvent),
    (VOICE_EVENTS, VoiceEvent),
    (EYE_ORDERS, EyeOrder),
    (VOICE_ORDERS, VoiceOrder),
    (SCAN_LINES, ScanLine),
    (TRACE, TraceLine),
)
CODECS = tuple(codec for codec, _ in LINKS)

names = st.one_of(st.text(max_size=40), st.binary(max_size=40).map(os.fsdecode))
"""File names as Linux knows them: any bytes, those that are no UTF-8 as lone surrogates."""

numbers = st.floats(allow_nan=False, allow_infinity=False)
commands = st.one_of(
    st.builds(PlayTrack, names, names, numbers),
    st.just(StopMusic()),
    st.builds(SetVolume, st.integers()),
    st.builds(SetCamera, st.booleans()),
)
scans = st.one_of(
    st.builds(TrackFound, strategies.tracks, st.text(max_size=20)),
    st.builds(TrackKnown, st.text(max_size=20)),
    st.builds(StickEntered, st.builds(Stick, names, names, st.integers())),
    st.builds(ScanGoesOn, st.builds(ScanProgress, st.integers(), st.none(), numbers, numbers)),
    st.builds(FileUnread, st.builds(SkippedFile, names, st.text(max_size=20))),
    st.builds(FileSkipped, st.builds(SkippedFile, names, st.text(max_size=20))),
    st.builds(ScanFinished, st.integers(), st.integers()),
)
contexts = st.builds(Context, catalogue=strategies.catalogues)


@st.composite
def sessions(draw: st.DrawFn) -> Session:
    """A session as events make it."""
    session, context = Session(), draw(contexts)
    for event in draw(st.lists(strategies.events, max_size=10)):
        session, _ = step(session, event, context)
    return session


messages = st.one_of(
    strategies.events,
    commands,
    scans,
    contexts,
    sessions(),
    st.builds(Configure, st.text(max_size=40)),
)


def carriers(message: object) -> list[Codec[Any]]:
    """The codecs a message may travel with."""
    return [codec for codec, union in LINKS if type(message) in get_args(union)]


@given(message=messages)
def test_a_message_arrives_as_it_was_sent(message: object) -> None:
    assert carriers(message)
    for codec in carriers(message):
        line = codec.encode(message)

        assert codec.decode(line) == message
        assert line.endswith(b"\n")
        assert line.count(b"\n") == 1
        assert line.isascii()


@given(name=st.binary(min_size=1, max_size=255))
def test_a_name_that_is_no_utf8_survives(name: bytes) -> None:
    command = PlayTrack("t", os.fsdecode(name))

    arrived = VOICE_ORDERS.decode(VOICE_ORDERS.encode(command))

    assert isinstance(arrived, PlayTrack)
    assert os.fsencode(arrived.path) == name


@given(noise=st.binary(max_size=300), codec=st.sampled_from(CODECS))
def test_noise_is_refused_with_one_error(noise: bytes, codec: Codec[Any]) -> None:
    with pytest.raises(LineError):
        codec.decode(noise)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([1e308, -0.0, 10**400, "nan", "ok", "calm"]),
    lambda inner: st.lists(inner, max_size=9) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@given(message=messages, data=st.data())
def test_a_message_with_one_field_replaced_arrives_or_is_refused(
    message: object, data: st.DataObject
) -> None:
    for codec in carriers(message):
        body = json.loads(codec.encode(message))
        field = data.draw(st.sampled_from(sorted(body)))
        body[field] = data.draw(json_values)

        arrives_or_is_refused(codec, json.dumps(body).encode())


@given(message=messages, data=st.data())
def test_a_line_with_some_bytes_changed_arrives_or_is_refused(
    message: object, data: st.DataObject
) -> None:
    for codec in carriers(message):
        line = bytearray(codec.encode(message))
        for _ in range(data.draw(st.integers(1, 4))):
            start = data.draw(st.integers(0, len(line)))
            end = start + data.draw(st.integers(0, 3))
            line[start:end] = data.draw(st.binary(max_size=3) | st.sampled_from([b"9" * 9, b"["]))

        arrives_or_is_refused(codec, bytes(line))


def arrives_or_is_refused(codec: Codec[Any], line: bytes) -> None:
    try:
        message = codec.decode(line)
    except LineError as error:
        complaint = str(error)
        assert len(complaint) < 600, "an error is for the log, not a copy of the line"
        return
    assert codec in carriers(message)
    assert codec.decode(codec.encode(message)) == message


EYE_LINE = EYE_EVENTS.encode(NobodySeen(12.5))


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (b'{"kind": "NobodySeen"}', "wrong fields: at_s"),
        (b'{"kind": "NobodySeen", "at_s": 1.0, "more": 1}', "wrong fields: more"),
        (b'{"kind": "NobodySeen", "at_s": "1"}', "must be a number"),
        (b'{"kind": "NobodySeen", "at_s": true}', "must be a number"),
        (b'{"kind": "NobodySeen", "at_s": null}', "must be a number"),
        (b'{"kind": "NobodySeen", "at_s": NaN}', "must be finite"),
        (b'{"kind": "NobodySeen", "at_s": 1e999}', "must be finite"),
        (b'{"kind": "NobodySeen", "at_s": 1' + b"0" * 400 + b"}", "too large"),
        (b'{"kind": "StopMusic"}', "unknown kind"),
        (b'{"kind": ["NobodySeen"]}', "unknown kind"),
        (b'{"at_s": 1.0}', "unknown kind"),
        (b'["NobodySeen"]', "unknown kind"),
        (b"[" * 60_000, "not JSON"),
        (b"", "not JSON"),
        (b'"\xff"', "not JSON"),
    ],
)
def test_a_wrong_line_is_refused_by_name(line: bytes, complaint: str) -> None:
    with pytest.raises(LineError, match=complaint):
        EYE_EVENTS.decode(line)


def test_a_number_without_a_point_is_a_number_too() -> None:
    assert EYE_EVENTS.decode(b'{"kind": "NobodySeen", "at_s": 12}') == NobodySeen(12.0)


def test_probabilities_that_break_their_rules_are_refused() -> None:
    good = EstimateArrived(1.0, (1.0,) + (0.0,) * 7, 0.5, 1)
    body = json.loads(EYE_EVENTS.encode(good)) | {"confidence": 1.5}

    with pytest.raises(LineError, match="EstimateArrived"):
        EYE_EVENTS.decode(json.dumps(body).encode())


def test_a_line_that_is_too_long_is_refused_unread() -> None:
    codec: Codec[NobodySeen] = Codec(NobodySeen, longest_line=len(EYE_LINE) - 1)

    with pytest.raises(LineError, match="longer than"):
        codec.decode(EYE_LINE)


def test_a_message_of_another_link_is_not_written() -> None:
    with pytest.raises(LineError, match="StopMusic does not travel"):
        EYE_EVENTS.encode(StopMusic())  # type: ignore[arg-type]  # the mistake under test


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_is_none_is_not_written(number: float) -> None:
    with pytest.raises(LineError, match="TrackMoved"):
        VOICE_EVENTS.encode(TrackMoved(1.0, "t", number))


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Shapes:
    """Every shape a field may have."""

    colours: frozenset[Colour]
    pair: tuple[int, str]
    many: tuple[float, ...]
    perhaps: Colour | None


SHAPES: Codec[Shapes] = Codec(Shapes)
shapes = Shapes(frozenset({Colour.RED}), (1, "a"), (0.5, 2.0), None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("colours", ["blue"]),
        ("colours", "red"),
        ("colours", [["red"]]),
        ("pair", [1]),
        ("pair", [1, "a", 2]),
        ("pair", ["a", 1]),
        ("many", {"0": 1.0}),
        ("many", [None]),
        ("perhaps", "blue"),
        ("perhaps", {}),
    ],
)
def test_a_field_of_the_wrong_shape_is_refused(field: str, value: object) -> None:
    body = json.loads(SHAPES.encode(shapes)) | {field: value}

    with pytest.raises(LineError, match=field):
        SHAPES.decode(json.dumps(body).encode())


@pytest.mark.parametrize("perhaps", [None, Colour.RED])
def test_every_shape_of_field_arrives(perhaps: Colour | None) -> None:
    sent = dataclasses.replace(shapes, perhaps=perhaps)

    assert SHAPES.decode(SHAPES.encode(sent)) == sent
