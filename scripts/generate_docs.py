"""Writes the documents that are made from code and from figures: nothing is written twice.

Run as `python -m scripts.generate_docs`; `--check` says what is out of date and exits 1.
"""

import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from models.recipes.emotion import card
from models.recipes.music import card as music_card
from scripts.simulate import document as simulation
from soulsync_edge.adapters.mqtt_topics import mqtt_document
from soulsync_edge.settings import Settings

ROOT = Path(__file__).parents[1]


def example_toml() -> str:
    """Return an example file: every setting with its help, unit and default."""
    lines = [
        "# SoulSync Edge: every setting with its default. Made by `make docs` from the settings",
        "# model; check your own copy with `soulsync check --config FILE`.",
        "",
        "schema_version = 1",
    ]
    for name, section in sections():
        lines += ["", f"# {(section.__doc__ or '').strip()}", f"[{name}]"]
        for key, field in section.model_fields.items():
            if isinstance(field.default, dict):
                continue  # a table of its own, after the plain keys
            lines += [f"# {describe(field)}", f"{key} = {_literal(field.default)}"]
        for key, field in section.model_fields.items():
            if isinstance(field.default, dict):
                lines += ["", f"# {describe(field)}", f"[{name}.{key}]"]
                lines += [f"{_literal(k)} = {_literal(v)}" for k, v in field.default.items()]
    return "\n".join(lines) + "\n"


def settings_document() -> str:
    """Return docs/settings.md: every setting in a table per section."""
    lines = [
        "# Settings",
        "",
        "Made by `make docs` from the settings model. The file is TOML; the page writes the same",
        "file. `soulsync check --config FILE` reports every mistake at once and exits 78.",
    ]
    for name, section in sections():
        lines += ["", f"## [{name}]", "", (section.__doc__ or "").strip(), ""]
        lines += ["| setting | default | what it is |", "| --- | --- | --- |"]
        for key, field in section.model_fields.items():
            lines.append(f"| `{key}` | `{_literal(field.default)}` | {describe(field)} |")
    return "\n".join(lines) + "\n"


def sections() -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield each section's name and model, in order."""
    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield name, field.annotation


def describe(field: FieldInfo) -> str:
    """Return title, help, unit and bounds of a field in one line."""
    extra = field.json_schema_extra
    unit = extra.get("unit") if isinstance(extra, dict) else None
    bounds = [
        f"{word} {value:g}"
        for word, name in (("at least", "ge"), ("at most", "le"))
        for value in [next((getattr(m, name) for m in field.metadata if hasattr(m, name)), None)]
        if isinstance(value, int | float)
    ]
    choices = getattr(field.annotation, "__args__", ())
    if choices and all(isinstance(choice, str | int) for choice in choices):
        bounds.append("one of " + ", ".join(str(choice) for choice in choices))
    elif isinstance(field.annotation, type) and hasattr(field.annotation, "__members__"):
        bounds.append("one of " + ", ".join(str(m.value) for m in field.annotation))
    facts = [f"in {unit}"] if unit else []
    tail = "; ".join(facts + bounds)
    return f"{field.title}: {field.description}" + (f" ({tail})" if tail else "")


def _literal(value: Any) -> str:  # any default
    if isinstance(value, dict):
        pairs = ", ".join(f"{_literal(k)} = {_literal(v)}" for k, v in value.items())
        return f"{{ {pairs} }}"
    if isinstance(value, tuple):
        return "[" + ", ".join(_literal(member) for member in value) + "]"
    return str(tomlkit.item(value.value if isinstance(value, Enum) else value).as_string())


def documents() -> dict[Path, str]:
    """Return every document made from code by its place."""
    return {
        ROOT / "config" / "soulsync.example.toml": example_toml(),
        ROOT / "docs" / "settings.md": settings_document(),
        ROOT / "docs" / "mqtt.md": mqtt_document(),
    }


def main() -> int:
    """Write the documents, or with `--check` only compare them."""
    cards = card.documents(ROOT) | music_card.documents(ROOT)
    wanted = documents() | cards | simulation.documents(ROOT)
    stale = [
        path
        for path, text in wanted.items()
        if not path.exists() or path.read_text("utf-8") != text
    ]
    for path in stale:
        name = path.relative_to(ROOT)
        if "--check" in sys.argv:
            sys.stderr.write(f"{name} is out of date: run `make docs`\n")
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path], "utf-8")
        sys.stderr.write(f"wrote {name}\n")
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
