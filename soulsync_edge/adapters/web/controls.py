"""What the forms of the pages post to: an event, then back to the page."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Form, Response
from fastapi.responses import RedirectResponse

from soulsync_edge.adapters.web import asked
from soulsync_edge.domain.events import (
    LONGEST_SLEEP_MIN,
    CameraSwitched,
    DuckingChanged,
    GoalChosen,
    ModeChosen,
    MusicSwitched,
    Opinion,
    ReplayRequested,
    SkipRequested,
    SleepChosen,
    SoundTestRequested,
    TasteErased,
    VolumeChosen,
)
from soulsync_edge.domain.shifting import Goal, Mode
from soulsync_edge.ports import Clock, Post, State

STEERINGS: tuple[tuple[str, Mode | Goal, str, str], ...] = (
    ("mode", Mode.MATCH, "Match", "Music mirrors how the room looks"),
    ("goal", Goal.CALM, "Calm", "Music meets the room where it is and leads to calm"),
    ("goal", Goal.FOCUS, "Focus", "Music meets the room where it is and leads to focus"),
    ("goal", Goal.LIFT, "Lift", "Music meets the room where it is and lifts it"),
    ("goal", Goal.ENERGISE, "Energise", "Music meets the room where it is and adds energy"),
    ("goal", Goal.SLEEP, "Sleep", "Music meets the room where it is and leads to rest"),
    (
        "mode",
        Mode.SCHEDULE,
        "By the clock",
        "Music goes by the time of day, however the room looks. Settings, Choosing music, says how",
    ),
    ("mode", Mode.OFF, "Any music", "Any music, fresh and mixed, however the room looks"),
)
"""The one visible switch: the command, what is sent with it, its name, and what it means."""

CORRECTIONS: tuple[tuple[Opinion, str], ...] = (
    (Opinion.HAPPIER, "Happier"),
    (Opinion.SADDER, "Sadder"),
    (Opinion.LIVELIER, "Livelier"),
    (Opinion.CALMER, "Calmer"),
)
"""How a track may sound otherwise than it is taken for."""

NOTED: Mapping[Opinion, str] = {
    Opinion.LIKE: "Liked",
    Opinion.UNLIKE: "No longer liked",
    Opinion.NOT_THIS: "It will come less often",
    Opinion.NEVER: "It will not be played again. The library lists it, to allow it again",
    Opinion.ALLOW: "It may be played again",
    Opinion.HAPPIER: "From now on it is taken for happier",
    Opinion.SADDER: "From now on it is taken for sadder",
    Opinion.LIVELIER: "From now on it is taken for livelier",
    Opinion.CALMER: "From now on it is taken for calmer",
}
"""What is said when an opinion was taken in."""

SLEEP_MIN = (15, 30, 45, 60, 90)
"""The minutes a sleep timer offers."""


class Back(StrEnum):
    """Where an opinion was given."""

    NOW = "now"
    TRACK = "track"
    NEVER = "never"


def control_routes(state: State, post: Post, clock: Clock) -> APIRouter:
    """Return what the forms of the pages post to."""
    router = APIRouter(prefix="/controls", include_in_schema=False)
    _steering_routes(router, post, clock)
    _track_routes(router, state, post, clock)
    _sound_routes(router, state, post, clock)
    return router


def _steering_routes(router: APIRouter, post: Post, clock: Clock) -> None:
    """Add what steers music and camera."""

    @router.post("/music")
    async def music(*, is_on: Annotated[bool, Form()]) -> Response:
        post(MusicSwitched(clock(), is_on))
        return _back()

    @router.post("/steering")
    async def steering(steering: Annotated[Goal | Mode, Form()]) -> Response:
        at_s = clock()
        if isinstance(steering, Goal):
            post(GoalChosen(at_s, steering))
        else:
            post(ModeChosen(at_s, steering))
        return _back()

    @router.post("/camera")
    async def camera(*, is_on: Annotated[bool, Form()]) -> Response:
        post(CameraSwitched(clock(), is_on))
        return _back()


def _track_routes(router: APIRouter, state: State, post: Post, clock: Clock) -> None:
    """Add what concerns a track."""

    @router.post("/next")
    async def skip() -> Response:
        post(SkipRequested(clock()))
        return _back()

    @router.post("/again")
    async def again() -> Response:
        post(ReplayRequested(clock()))
        return _back()

    @router.post("/judge")
    async def judge(
        track_id: Annotated[str, Form(max_length=64)],
        opinion: Annotated[Opinion, Form()],
        back: Annotated[Back, Form()] = Back.NOW,
    ) -> Response:
        post(asked.judgement(state, clock(), track_id, opinion))
        place = {
            Back.NOW: "/?",
            Back.TRACK: f"/track/{quote(track_id)}?",
            Back.NEVER: "/library?only=never&",
        }[back]
        return RedirectResponse(place + urlencode({"noted": opinion.value}), 303)

    @router.post("/forget-taste")
    async def forget_taste(is_sure: Annotated[Literal["true"], Form()]) -> Response:  # noqa: ARG001  # has to be said
        post(TasteErased(clock()))
        return RedirectResponse("/library?forgotten=true#taste", 303)


def _sound_routes(router: APIRouter, state: State, post: Post, clock: Clock) -> None:
    """Add what concerns how loud it is, and for how long."""

    @router.post("/volume")
    async def volume(volume_pct: Annotated[int, Form(ge=0, le=100)]) -> Response:
        post(VolumeChosen(clock(), volume_pct))
        return _back()

    @router.post("/sleep")
    async def sleep(
        minutes: Annotated[int, Form(ge=0, le=LONGEST_SLEEP_MIN)],
    ) -> Response:
        post(SleepChosen(clock(), minutes))
        return _back()

    @router.post("/full-volume")
    async def full_volume() -> Response:
        """Take back every wish for room: someone who has one may be gone."""
        at_s = clock()
        for by in sorted(state()[0].ducked_by):
            post(DuckingChanged(at_s, by, is_on=False))
        return _back()

    @router.post("/sound-test")
    async def sound_test() -> Response:
        post(SoundTestRequested(clock()))
        return RedirectResponse("/settings?tested=true#player", 303)


def _back() -> Response:
    return RedirectResponse("/", 303)
