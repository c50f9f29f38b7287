"""The templates, compiled once."""

import functools
import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from soulsync_edge.adapters.web.words import clock_time

_TEMPLATES = Path(__file__).with_name("templates")

# The map's drawing is MAP_WIDTH x MAP_HEIGHT, with the plane's corners this far inside its edges.
MAP_WIDTH, MAP_HEIGHT, MAP_MARGIN = 320.0, 224.0, 24.0


class Pieces:
    """Makes pages from templates.

    Every value is escaped; a name a template does not know is an error, not an empty place.

    Args:
        static_mark: Changes when style or script do, so that browsers fetch the new ones.
    """

    def __init__(self, static_mark: str) -> None:
        self._static_mark = static_mark
        self._templates = _templates()

    def page(self, template: str, **values: Any) -> str:  # templates take what they name
        """Return the page `template` makes of `values`."""
        return self._templates.get_template(template).render(
            {"static_mark": self._static_mark, **values}
        )


@functools.cache
def _templates() -> Environment:
    templates = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    templates.filters.update(clock_time=clock_time, map_x=map_x, map_y=map_y, told=told)
    for name in templates.list_templates():
        templates.get_template(name)  # compiled now, not at the first visit
    return templates


# What a message sets between backticks is to be typed, or is a name. live.js does the same.
_TYPED = re.compile("`([^`\n]+)`")


def told(message: str) -> Markup:
    """Return a message as markup: escaped, and what it sets between backticks as code."""
    return Markup(_TYPED.sub(r"<code>\1</code>", str(escape(message))))  # noqa: S704  # escaped


def map_x(valence: float) -> str:
    """Return where a valence lies on the map, from its left edge."""
    return f"{MAP_WIDTH / 2 + valence * (MAP_WIDTH / 2 - MAP_MARGIN):.1f}"


def map_y(arousal: float) -> str:
    """Return where an arousal lies on the map, from its top edge."""
    return f"{MAP_HEIGHT / 2 - arousal * (MAP_HEIGHT / 2 - MAP_MARGIN):.1f}"
