"""Events, commands and their kin as lines of JSON: one message, one line."""

import dataclasses
import json
import logging
import math
import types
from collections.abc import Callable
from enum import Enum
from functools import cache
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")

LONGEST_LINE = 64 * 1024
"""Bytes. The longest honest line between programs holds two long file names."""


class LineError(ValueError):
    """A line that is not a message: says what is wrong with it."""


class Codec(Generic[T]):
    """Turns the members of a union of frozen dataclasses into lines and back.

    A line is a JSON object with the class name under `kind` and the fields beside it. Reading is
    strict: unknown or missing fields, wrong types, NaN and infinity are refused.

    Args:
        union: The union, or a single dataclass; its members have different names.
        longest_line: Bytes; a longer line is refused unread.
    """

    def __init__(
        self, union: Any, longest_line: int = LONGEST_LINE
    ) -> None:  # a union is no type to mypy
        self.longest_line = longest_line
        members = get_args(union) or (union,)
        self._classes: dict[str, type[T]] = {member.__name__: member for member in members}

    def encode(self, message: T) -> bytes:
        """Return `message` as one line, ending in a newline.

        Raises:
            LineError: It does not belong on this link, or holds a number that is none.
        """
        kind = type(message).__name__
        if kind not in self._classes:
            raise LineError(f"{kind} does not travel on this link")
        body = {"kind": kind} | _plain(message)
        try:
            # ASCII carries file names that are no UTF-8: their bytes travel as lone surrogates.
            return json.dumps(body, ensure_ascii=True, allow_nan=False).encode() + b"\n"
        except ValueError as error:
            raise LineError(f"{kind} cannot be written: {error}") from error

    def decode(self, line: bytes) -> T:
        """Return the message a line holds.

        Raises:
            LineError: The line is no such message.
        """
        if len(line) > self.longest_line:
            raise LineError(f"line of {len(line)} bytes is longer than {self.longest_line}")
        try:
            body = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise LineError(f"not JSON: {line[:80]!r}") from error
        kind = body.pop("kind", None) if isinstance(body, dict) else None
        if not isinstance(kind, str) or kind not in self._classes:
            raise LineError(f"unknown kind of message {kind!r:.80}")
        return _built(self._classes[kind], body)


class LineCutter:
    """Cuts a stream of bytes into lines, of `longest_line` bytes at most."""

    def __init__(self, longest_line: int) -> None:
        self._longest_line = longest_line
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines that `data` completes.

        Raises:
            LineError: A line is too long; what follows it cannot be trusted.
        """
        *lines, self._rest = (self._rest + data).split(b"\n")
        longest = max(map(len, (*lines, self._rest)))
        if longest > self._longest_line:
            raise LineError(f"a line is longer than {self._longest_line} bytes")
        return lines


class WarnOnce:
    """Tells the first trouble of a connection as a warning, the rest to the curious."""

    def __init__(self, logger: logging.Logger, name: str) -> None:
        self._logger = logger
        self._name = name
        self._level = logging.WARNING

    def __call__(self, trouble: str) -> None:
        self._logger.log(self._level, "%s: %s", self._name, trouble)
        self._level = logging.DEBUG


def _plain(value: Any) -> Any:  # JSON in the making
    if dataclasses.is_dataclass(value):
        return {
            field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple | frozenset):
        members = [_plain(member) for member in value]
        return sorted(members) if isinstance(value, frozenset) else members
    return value


@cache
def _hints(cls: Any) -> dict[str, Any]:  # a class, which mypy cannot know is hashable
    return get_type_hints(cls)


def _built(cls: type[T], body: Any) -> T:  # whatever JSON held
    """Return a `cls` from its JSON object; defaults do not stand in for missing fields."""
    if not isinstance(body, dict):
        raise LineError(f"{cls.__name__} must be an object, got {body!r:.80}")
    hints = _hints(cls)  # type: ignore[arg-type]  # a class is hashable; mypy asks its instances
    if body.keys() != hints.keys():
        odd = ", ".join(sorted(body.keys() ^ hints.keys()))
        raise LineError(f"{cls.__name__} has wrong fields: {odd:.200}")
    values = {
        name: _value(hint, body[name], f"{cls.__name__}.{name}") for name, hint in hints.items()
    }
    try:
        return cls(**values)
    except ValueError as error:
        raise LineError(f"{cls.__name__}: {error!s:.200}") from error


def _value(hint: Any, raw: Any, where: str) -> Any:  # whatever the field holds
    """Return the field's value from its JSON form."""
    origin = get_origin(hint)
    if origin in {Union, types.UnionType}:
        return None if raw is None else _value(_without_none(hint), raw, where)
    if origin in {tuple, frozenset}:
        return _members(hint, raw, where)
    if dataclasses.is_dataclass(hint):
        return _built(hint, raw)  # type: ignore[arg-type]  # an instance never stands in a hint
    if issubclass(hint, Enum):
        return _member(hint, raw, where)
    if hint is float:
        return _finite(raw, where)
    if type(raw) is not hint:
        raise LineError(f"{where} must be {hint.__name__}, got {raw!r:.80}")
    return raw


def _without_none(hint: Any) -> Any:  # a type hint
    """Return what an optional field holds when it holds something."""
    [hint] = [member for member in get_args(hint) if member is not type(None)]
    return hint


def _member(hint: type[Enum], raw: Any, where: str) -> Enum:  # whatever JSON held
    try:
        return hint(raw)
    except ValueError as error:
        raise LineError(f"{where} is not one of its values: {raw!r:.80}") from error


def _finite(raw: Any, where: str) -> float:  # whatever JSON held
    if not isinstance(raw, int | float) or isinstance(raw, bool):
        raise LineError(f"{where} must be a number, got {raw!r:.80}")
    try:
        value = float(raw)
    except OverflowError as error:
        raise LineError(f"{where} is too large") from error
    if not math.isfinite(value):
        raise LineError(f"{where} must be finite, got {raw}")
    return value


def _members(hint: Any, raw: Any, where: str) -> Any:  # tuple or frozenset of anything
    if not isinstance(raw, list):
        raise LineError(f"{where} must be a list, got {raw!r:.80}")
    inner = get_args(hint)
    if get_origin(hint) is frozenset or (len(inner) == 2 and inner[1] is Ellipsis):  # noqa: PLR2004
        make: Callable[[Any], Any] = get_origin(hint)
        return make(_value(inner[0], member, where) for member in raw)
    if len(raw) != len(inner):
        raise LineError(f"{where} must have {len(inner)} members, got {len(raw)}")
    return tuple(_value(kind, member, where) for kind, member in zip(inner, raw, strict=True))
