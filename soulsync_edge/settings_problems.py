"""Settings from plain values, with every mistake told at once in words."""

import copy
import difflib
import json
from collections.abc import Mapping
from enum import Enum
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from soulsync_edge.errors import ConfigError
from soulsync_edge.settings import PrivacySettings, Section, Settings, WebSettings


def settings_from(values: Mapping[str, Any], source: str) -> Settings:
    """Return the settings `values` describe; what they leave out has its default.

    Args:
        values: Section name -> field name -> value.
        source: What to call the place the values came from.

    Raises:
        ConfigError: With every mistake: key, value, rule and the nearest valid key.
    """
    try:
        return Settings.model_validate(dict(values))
    except ValidationError as error:
        raise ConfigError(source, tuple(_problem(detail) for detail in error.errors())) from error


def salvaged(values: Mapping[str, Any]) -> Settings:
    """Return the settings `values` describe, with what is wrong in them left out.

    Where a wrong value could have kept something shut, it stays shut: a wrong address of the page
    listens on this machine alone, and a wrong `[privacy]` leaves the camera closed until someone
    opens it.
    """
    kept = copy.deepcopy(dict(values))
    wrong: set[tuple[int | str, ...]] = set()
    # Each round drops every mistake found; a rule between settings may show up in the next.
    for _ in range(3):
        try:
            settings = Settings.model_validate(kept)
            break
        except ValidationError as error:
            for detail in error.errors():
                steps = [step for step in detail["loc"] if step != "[key]"]
                wrong.add(tuple(steps))
                _drop(kept, steps)
    else:
        return Settings(web=WebSettings(host=LOOPBACK), privacy=CLOSED)
    changes: dict[str, Section] = {}
    if wrong & {("web",), ("web", "host")}:
        changes["web"] = settings.web.model_copy(update={"host": LOOPBACK})
    if any(steps[0] == "privacy" for steps in wrong):
        changes["privacy"] = CLOSED
    return settings.model_copy(update=changes)


LOOPBACK = "127.0.0.1"
CLOSED = PrivacySettings(camera_at_first_start=False)


def _drop(values: Any, steps: list[int | str]) -> None:
    """Remove the value that lies at `steps`, or as much of the way there as exists."""
    *way, last = steps
    for step in way:
        inside = values.get(step) if isinstance(values, dict) else None
        if not isinstance(inside, dict):
            last = step
            break
        values = inside
    if isinstance(values, dict):
        values.pop(last, None)


def _problem(detail: ErrorDetails) -> str:
    *sections, key = [str(step) for step in detail["loc"] if step != "[key]"] or ["settings"]
    place = f"[{'.'.join(sections)}] {key}" if sections else key
    if detail["type"] == "extra_forbidden":
        return f"{place} = {detail['input']!r:.80} is not a setting{_nearest(sections, key)}"
    value = detail["input"]
    rule = detail["msg"].removeprefix("Value error, ").removeprefix("Input ")
    if detail["type"] == "string_pattern_mismatch" and sections[-1:] == ["schedule"]:
        return f"{place} = {value!r:.80}: the key should be a time of day, such as 07:30"
    if detail["type"] == "value_error" and isinstance(value, dict):
        return f"{place}: {rule}"  # a rule between settings; all of them are no value to show
    if detail["type"].startswith("bool"):
        rule = "should be true or false"
    return f"{place} = {value!r:.80}: {rule}{_bounds(sections, key)}"


def _nearest(sections: list[str], key: str) -> str:
    """Return the valid keys most like `key`, or where to look when none is."""
    model = _section(sections)
    known = list(model.model_fields) if model is not None else []
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    if near:
        return f" (did you mean {near[0]}?)"
    elsewhere = [
        f"[{name}] {key}"
        for name in Settings.model_fields
        if (other := _section([name])) is not None and key in other.model_fields
    ]
    if elsewhere:
        return f" (did you mean {' or '.join(elsewhere)}?)"
    return f" (known here: {', '.join(known)})" if known else ""


def _bounds(sections: list[str], key: str) -> str:
    """Return what the field is for, as a hint what a right value would be."""
    model = _section(sections)
    field = model.model_fields.get(key) if model is not None else None
    if field is None:
        return ""
    extra = field.json_schema_extra
    unit = extra.get("unit", "") if isinstance(extra, dict) else ""
    if isinstance(field.default, BaseModel):
        return " (a section of its own: write its settings below its name in brackets)"
    default = field.default.value if isinstance(field.default, Enum) else field.default
    written = json.dumps(default, ensure_ascii=False)  # as TOML writes them too
    return f" ({field.title}{f', in {unit}' if unit else ''}; default {written})"


def _section(sections: list[str]) -> type[BaseModel] | None:
    if not sections:
        return Settings
    field = Settings.model_fields.get(sections[0])
    kind = field.annotation if field is not None else None
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None
