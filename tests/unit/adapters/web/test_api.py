import json

import pytest

from soulsync_edge.adapters.web.view import StateShown
from soulsync_edge.domain.events import (
    CameraSwitched,
    DuckingChanged,
    Event,
    GoalChosen,
    ModeChosen,
    MusicSwitched,
    Opinion,
    ReplayRequested,
    SkipRequested,
    SleepChosen,
    SoundTestRequested,
    TasteErased,
    TrackJudged,
    VolumeChosen,
)
from soulsync_edge.domain.session import Session
from soulsync_edge.domain.shifting import Goal, Mode
from soulsync_edge.domain.taste import Regard, Taste
from soulsync_edge.domain.taste_form import taste_from
from tests.page_house import StillHouse

AT_S = 1000.0
TRACK = f"{1:020x}"


@pytest.mark.parametrize(
    ("command", "wish", "event"),
    [
        ("music", {"is_on": False}, MusicSwitched(AT_S, is_on=False)),
        ("next", {}, SkipRequested(AT_S)),
        ("next", None, SkipRequested(AT_S)),
        ("volume", {"volume_pct": 0}, VolumeChosen(AT_S, 0)),
        ("volume", {"volume_pct": 100}, VolumeChosen(AT_S, 100)),
        ("mode", {"mode": "shift"}, ModeChosen(AT_S, Mode.SHIFT)),
        ("mode", {"mode": "schedule"}, ModeChosen(AT_S, Mode.SCHEDULE)),
        ("mode", {"mode": "off"}, ModeChosen(AT_S, Mode.OFF)),
        ("again", None, ReplayRequested(AT_S)),
        ("sleep", {"minutes": 0}, SleepChosen(AT_S, 0)),
        ("sleep", {"minutes": 240}, SleepChosen(AT_S, 240)),
        ("ducking", {"by": "hub", "is_on": True}, DuckingChanged(AT_S, "hub", is_on=True)),
        (
            "ducking",
            {"by": "A b.c-d_9", "is_on": False},
            DuckingChanged(AT_S, "A b.c-d_9", is_on=False),
        ),
        ("sound-test", {}, SoundTestRequested(AT_S)),
        ("forget-taste", {}, TasteErased(AT_S)),
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


@pytest.mark.parametrize("opinion", Opinion)
def test_every_opinion_can_be_had_of_any_track(opinion: Opinion) -> None:
    house = StillHouse()

    wish = {"track_id": TRACK, "opinion": opinion.value}
    answer = house.browser().post("/api/commands/judge", json=wish)

    assert answer.status_code == 202
    assert house.posted == [TrackJudged(AT_S, TRACK, opinion)]


def test_an_opinion_of_a_track_that_is_not_there_is_refused() -> None:
    house = StillHouse()

    wish = {"track_id": "feed", "opinion": "like"}
    answer = house.browser().post("/api/commands/judge", json=wish)

    assert answer.status_code == 404
    assert answer.json() == {"error": "There is no such track in the library."}
    assert house.posted == []


@pytest.mark.parametrize(
    ("command", "wish"),
    [
        ("judge", {"track_id": TRACK}),
        ("judge", {"track_id": TRACK, "opinion": "adore"}),
        ("judge", {"track_id": "", "opinion": "like"}),
        ("judge", {"track_id": TRACK, "opinion": "like", "by": "Ann"}),
        ("sleep", {"minutes": 241}),
        ("sleep", {"minutes": -1}),
        ("sleep", {"minutes": 1.5}),
        ("sleep", {}),
        ("ducking", {"is_on": True}),
        ("ducking", {"by": "", "is_on": True}),
        ("ducking", {"by": "a,b", "is_on": True}),
        ("ducking", {"by": "a" * 41, "is_on": True}),
        ("ducking", {"by": "hub", "is_on": 1}),
        ("again", {"track_id": TRACK}),
        ("sound-test", {"volume_pct": 100}),
        ("forget-taste", {"track_id": TRACK}),
        ("mode", {"mode": "dance"}),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(command: str, wish: object) -> None:
    house = StillHouse()

    answer = house.browser().post(f"/api/commands/{command}", json=wish)

    assert answer.status_code == 422
    assert answer.json()["problems"]
    assert house.posted == []


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
        f"/api/commands/{name}"
        for name in (
            *("music", "next", "volume", "mode", "goal", "camera"),
            *("again", "judge", "forget-taste", "sleep", "ducking", "sound-test"),
        )
    }


def test_no_page_draws_the_interface_with_scripts_from_elsewhere() -> None:
    browser = StillHouse().browser()

    assert (browser.get("/docs").status_code, browser.get("/redoc").status_code) == (404, 404)


def test_what_was_learnt_can_be_taken_along() -> None:
    house = StillHouse()
    house.session = Session(taste=Taste((Regard("t", "Kites", is_never=True),)))

    answer = house.browser().get("/taste.json")

    assert taste_from(answer.json()) == house.session.taste


def test_health_lists_every_part() -> None:
    health = StillHouse().browser().get("/api/health").json()

    assert health["status"] == "ok"
    assert len(health["parts"]) == 12
