import json

import pytest

from soulsync_edge.adapters.web.view import StateShown
from soulsync_edge.domain.events import (
    CameraSwitched,
    Event,
    GoalChosen,
    ModeChosen,
    MusicSwitched,
    SkipRequested,
    VolumeChosen,
)
from soulsync_edge.domain.shifting import Goal, Mode
from tests.page_house import StillHouse

AT_S = 1000.0


@pytest.mark.parametrize(
    ("command", "wish", "event"),
    [
        ("music", {"is_on": False}, MusicSwitched(AT_S, is_on=False)),
        ("next", {}, SkipRequested(AT_S)),
        ("next", None, SkipRequested(AT_S)),
        ("volume", {"volume_pct": 0}, VolumeChosen(AT_S, 0)),
        ("volume", {"volume_pct": 100}, VolumeChosen(AT_S, 100)),
        ("mode", {"mode": "shift"}, ModeChosen(AT_S, Mode.SHIFT)),
        ("goal", {"goal": "lift"}, GoalChosen(AT_S, Goal.LIFT)),
        ("camera", {"is_on": True}, CameraSwitched(AT_S, is_on=True)),
    ],
)
def test_a_command_is_posted_as_its_event(command: str, wish: object, event: Event) -> None:
    house = StillHouse()

    body = "" if wish is None else json.dumps(wish)
    kind = {"Content-Type": "application/json"}
    answer = house.browser().post(f"/api/commands/{command}", content=body, headers=kind)

    assert (answer.status_code, answer.json()) == (202, {"status": "accepted"})
    assert house.posted == [event]


def test_a_wrong_wish_is_told_what_is_wrong_with_it() -> None:
    answer = StillHouse().browser().post("/api/commands/volume", json={"volume_pct": 101})

    assert answer.status_code == 422
    assert answer.json()["problems"] == ["volume_pct: Input should be less than or equal to 100"]


def test_the_state_is_as_documented() -> None:
    house = StillHouse()

    answer = house.browser().get("/api/state")
    description = house.browser().get("/openapi.json").json()

    assert StateShown.model_validate(answer.json()).library.tracks == 3
    documented = description["components"]["schemas"]["StateShown"]["properties"]
    assert set(documented) == set(answer.json())
    assert {path for path in description["paths"] if "commands" in path} == {
        f"/api/commands/{name}" for name in ("music", "next", "volume", "mode", "goal", "camera")
    }


def test_no_page_draws_the_interface_with_scripts_from_elsewhere() -> None:
    browser = StillHouse().browser()

    assert (browser.get("/docs").status_code, browser.get("/redoc").status_code) == (404, 404)


def test_health_lists_every_part() -> None:
    health = StillHouse().browser().get("/api/health").json()

    assert health["status"] == "ok"
    assert len(health["parts"]) == 12
