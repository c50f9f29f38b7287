"""docs/api.md tells of everything the page's server answers, and shows what is so."""

import re
from pathlib import Path

import pytest

from tests.page_house import StillHouse, routes_of

DOCUMENT = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")
BODIES = [
    (path, body)
    for path, bodies in re.findall(r"^\| `POST (/\S+)` \| (.+) \|$", DOCUMENT, re.MULTILINE)
    for body in re.findall(r"`(\{.*?\})`", bodies)
]


def test_every_route_is_named() -> None:
    named = set(re.findall(r"`(?:GET |POST )?(/[^`\s]*)`", DOCUMENT))

    assert named >= {route.path for route in routes_of(StillHouse().app)}


def test_no_route_is_named_that_does_not_exist() -> None:
    named = re.findall(r"`(GET|POST) (/\S+)`", DOCUMENT)

    there = {(method, route.path) for route in routes_of(StillHouse().app)
             for method in route.methods or ()}  # fmt: skip
    assert len(named) >= 9
    assert set(named) <= there


@pytest.mark.parametrize(("path", "body"), BODIES)
def test_a_body_that_is_shown_is_taken(path: str, body: str) -> None:
    house = StillHouse()

    answer = house.browser().post(path, content=body, headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()) == (202, {"status": "accepted"})
    assert len(house.posted) == 1


def test_every_command_is_shown_with_a_body() -> None:
    commands = {route.path for route in routes_of(StillHouse().app) if "commands" in route.path}

    assert {path for path, _ in BODIES} == commands
