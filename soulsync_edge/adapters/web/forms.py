"""The settings as a form: made from the model, read back, mistakes next to their fields."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Any, Literal, get_args, get_origin

import annotated_types
from pydantic.fields import FieldInfo
from starlette.datastructures import FormData

from soulsync_edge.adapters.web.words import SECTIONS, readable, sentence_case
from soulsync_edge.domain.shifting import Goal
from soulsync_edge.settings import Section, Settings, TimeOfDay, TimeOrNone

Entries = Mapping[str, tuple[str, ...]]
"""What stands in the form: `section.field` -> the texts entered, several for a list."""

_TIMES_OF_DAY = tuple(rule for kind in (TimeOfDay, TimeOrNone) for rule in get_args(kind)[1:])
"""What marks a setting as a time of day."""

Changes = dict[str, dict[str, object]]


class Kind(StrEnum):
    """How a setting is entered."""

    SWITCH = "switch"
    CHOICE = "choice"
    NUMBER = "number"
    TEXT = "text"
    LINES = "lines"
    TIME = "time"
    TIMES = "times"


@dataclass(frozen=True, slots=True)
class Field:
    """One setting, ready to be drawn.

    Attributes:
        name: `section.field`, the name in the form.
        title: What it is called.
        text: What it means.
        unit: What a number counts; may be empty.
        kind: How it is entered.
        entries: What stands in it.
        options: What can be chosen: the value as text and the value itself.
        least: Smallest number, or empty.
        most: Largest number, or empty.
        step: Between numbers: `1` or `any`.
        problem: What is wrong with it, or empty.
    """

    name: str
    title: str
    text: str
    unit: str
    kind: Kind
    entries: tuple[str, ...]
    options: tuple[tuple[str, object], ...] = ()
    least: str = ""
    most: str = ""
    step: str = ""
    problem: str = ""

    @property
    def entry(self) -> str:
        """The only text that stands in it, or the first."""
        return self.entries[0] if self.entries else ""

    @property
    def rows(self) -> tuple[tuple[str, str], ...]:
        """For times: time of day and goal of each row, with an empty one to add another."""
        pairs = [entry.rpartition(" ") for entry in self.entries]
        return (*((time, goal) for time, _, goal in pairs), ("", Goal.CALM.value))


@dataclass(frozen=True, slots=True)
class Group:
    """One section of the settings.

    Attributes:
        key: Its name in the file.
        title: What it is called.
        fields: Its settings.
        problem: What is wrong with it as a whole, or empty.
    """

    key: str
    title: str
    fields: tuple[Field, ...]
    problem: str = ""

    @property
    def has_problems(self) -> bool:
        """Something in it is wrong."""
        return bool(self.problem) or any(field.problem for field in self.fields)


@dataclass(frozen=True, slots=True)
class Placed:
    """Mistakes, where they belong.

    Attributes:
        at: `section.field` or `section` -> what is wrong there.
        elsewhere: What belongs nowhere on the form.
    """

    at: Mapping[str, str] = field(default_factory=dict)
    elsewhere: tuple[str, ...] = ()


def edition(settings: Settings) -> str:
    """Return a short mark of `settings`: a form made from others is out of date."""
    return hashlib.blake2b(settings.model_dump_json().encode(), digest_size=8).hexdigest()


def entries_of(settings: Settings) -> Entries:
    """Return what stands in the form for `settings`."""
    return {
        f"{section}.{key}": _texts(getattr(getattr(settings, section), key))
        for section, model in _sections()
        for key in model.model_fields
    }


def entries_in(form: FormData) -> Entries:
    """Return what was entered, of the settings there are; what the form leaves out is left out."""
    entered: dict[str, tuple[str, ...]] = {}
    for section, model in _sections():
        for key, info in model.model_fields.items():
            name = f"{section}.{key}"
            kind = _kind(info)
            texts = _sent(form, name)
            if kind is Kind.TIMES:
                rows = zip(_sent(form, f"{name}.time"), _sent(form, f"{name}.goal"), strict=False)
                texts = [f"{time.strip()} {goal}" for time, goal in rows if time.strip()]
                if f"{name}.time" in form:
                    entered[name] = tuple(sorted(texts))
            elif kind is Kind.LINES and texts:
                lines = (line.strip() for line in texts[0].splitlines())
                entered[name] = tuple(line for line in lines if line)
            elif texts:
                # A switch sends "off" from a hidden field, and "on" after it when it is on.
                entered[name] = (texts[-1].strip(),)
    return entered


def changes_between(before: Entries, after: Entries) -> Changes:
    """Return the settings whose entry is another in `after`, as values to be checked."""
    changes: Changes = {}
    for section, model in _sections():
        for key, info in model.model_fields.items():
            name = f"{section}.{key}"
            if name in after and after[name] != before[name]:
                changes.setdefault(section, {})[key] = _value(info, after[name])
    return changes


def groups(entries: Entries, problems: Placed) -> tuple[Group, ...]:
    """Return the form with `entries` in it."""
    return tuple(
        Group(
            key=section,
            title=SECTIONS.get(section, section.capitalize()),
            fields=tuple(
                _field(f"{section}.{key}", info, entries, problems)
                for key, info in model.model_fields.items()
            ),
            problem=problems.at.get(section, ""),
        )
        for section, model in _sections()
    )


def titles(names: Sequence[str]) -> tuple[str, ...]:
    """Return `Section: Title` for every one of `names` that is a setting."""
    known = {
        f"{section}.{key}": f"{SECTIONS.get(section, section)}: {info.title}"
        for section, model in _sections()
        for key, info in model.model_fields.items()
    }
    return tuple(known[name] for name in dict.fromkeys(names) if name in known)


_PLACE = re.compile(r"\[(?P<section>\w+)(?:\.(?P<inner>\w+))?[^\]]*\] (?P<key>.+?)(?= = |: )")
_HINT = re.compile(r" \([^()]*; default (.*)\)$")
_VALUE = re.compile(r""" = (?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^'":]*): """)


def placed(problems: Sequence[str]) -> Placed:
    """Return the sentences of a `ConfigError` at the fields they speak of."""
    models = dict(_sections())
    at: dict[str, str] = {}
    elsewhere = []
    for problem in problems:
        if found := _PLACE.match(problem):
            section, key = found["section"], found["inner"] or found["key"]
            rest = problem[found.end() :]
            value = _VALUE.match(rest)
            rule = rest[value.end() :] if value else rest.removeprefix(": ").removeprefix(" = ")
        else:
            section, _, rule = problem.partition(": ")
            key = rule.partition(" ")[0]
        model = models.get(section)
        if model is None:
            elsewhere.append(problem)
            continue
        place = f"{section}.{key}" if key in model.model_fields else section
        # Next to the field, its title and unit need not be said again.
        said = sentence_case(_with_titles(_HINT.sub(r" (default \1)", rule), model))
        at[place] = f"{at[place]} {said}" if place in at else said
    return Placed(at, tuple(elsewhere))


def _with_titles(rule: str, model: type[Section]) -> str:
    """Return `rule` with settings called what they are called on the page."""
    for key, info in model.model_fields.items():
        if "_" in key:
            rule = re.sub(rf"\b{key}\b", f"“{info.title}”", rule)
    return readable(rule)


def _sections() -> Iterator[tuple[str, type[Section]]]:
    for name, info in Settings.model_fields.items():
        if isinstance(info.annotation, type) and issubclass(info.annotation, Section):
            yield name, info.annotation


def _kind(info: FieldInfo) -> Kind:
    kind = info.annotation
    origin = get_origin(kind)
    if kind is bool:
        return Kind.SWITCH
    if origin is dict:
        return Kind.TIMES
    if origin is tuple:
        return Kind.LINES
    if any(rule in _TIMES_OF_DAY for rule in info.metadata):
        return Kind.TIME
    if origin is Literal or (isinstance(kind, type) and issubclass(kind, Enum)):
        return Kind.CHOICE
    return Kind.NUMBER if kind in {int, float} else Kind.TEXT


def _options(info: FieldInfo) -> tuple[tuple[str, object], ...]:
    if _kind(info) is not Kind.CHOICE:
        return ()
    kind: Any = info.annotation
    if get_origin(kind) is Literal:
        return tuple((str(value), value) for value in get_args(kind))
    return tuple((str(member.value), member.value) for member in kind)


def _field(name: str, info: FieldInfo, entries: Entries, problems: Placed) -> Field:
    extra = info.json_schema_extra
    unit = str(extra.get("unit", "")) if isinstance(extra, dict) else ""
    kind = _kind(info)
    least = next((rule.ge for rule in info.metadata if isinstance(rule, annotated_types.Ge)), "")
    most = next((rule.le for rule in info.metadata if isinstance(rule, annotated_types.Le)), "")
    return Field(
        name=name,
        title=info.title or name,
        text=sentence_case(info.description or ""),
        unit=unit,
        kind=kind,
        entries=entries.get(name, ()),
        options=_options(info),
        least=str(least),
        most=str(most),
        step="1" if info.annotation is int else "any",
        problem=problems.at.get(name, ""),
    )


def _texts(value: object) -> tuple[str, ...]:
    """Return a setting's value as it stands in the form."""
    if isinstance(value, bool):
        return ("on" if value else "off",)
    if isinstance(value, dict):
        return tuple(f"{time} {goal}" for time, goal in sorted(value.items()))
    if isinstance(value, tuple):
        return tuple(str(line) for line in value)
    return (f"{value:g}" if isinstance(value, float) else str(value),)


def _value(info: FieldInfo, texts: tuple[str, ...]) -> object:
    """Return what was entered as the settings take it; what makes no sense stays text."""
    kind = _kind(info)
    if kind is Kind.TIMES:
        return {time: goal for time, _, goal in (text.rpartition(" ") for text in texts)}
    if kind is Kind.LINES:
        return list(texts)
    if kind is Kind.SWITCH:
        return texts[0] == "on"
    return dict(_options(info)).get(texts[0], texts[0])


def _sent(form: FormData, name: str) -> list[str]:
    return [text for text in form.getlist(name) if isinstance(text, str)]
