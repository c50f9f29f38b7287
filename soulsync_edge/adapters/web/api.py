"""The interface for programs: state, events and commands as JSON."""

import asyncio
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from soulsync_edge.adapters.web import asked
from soulsync_edge.adapters.web.live import Live
from soulsync_edge.adapters.web.taste import export
from soulsync_edge.adapters.web.view import HealthShown, StateShown, health_shown, shown
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


class Wish(BaseModel):
    """What someone asks for; nothing in it that is not known."""

    model_config = ConfigDict(extra="forbid")


class Switch(Wish):
    """On or off."""

    is_on: Annotated[bool, Field(strict=True)]


class Plain(Wish):
    """There is nothing more to say about it."""


class Volume(Wish):
    """How loud."""

    volume_pct: Annotated[int, Field(strict=True, ge=0, le=100)]


class ModeWish(Wish):
    """What the music does with the mood."""

    mode: Mode


class GoalWish(Wish):
    """Where a shift leads; also turns shifting on."""

    goal: Goal


class Judgement(Wish):
    """What someone thinks of a track of the library."""

    track_id: Annotated[str, Field(min_length=1, max_length=64)]
    opinion: Opinion


class SleepWish(Wish):
    """In how many minutes the music is to end; 0: not any more."""

    minutes: Annotated[int, Field(strict=True, ge=0, le=LONGEST_SLEEP_MIN)]


class DuckingWish(Wish):
    """Room for something else to be heard, until it is given back under the same name."""

    by: Annotated[str, Field(pattern=asked.NAME)]
    is_on: Annotated[bool, Field(strict=True)]


class Outcome(StrEnum):
    """What became of a command."""

    ACCEPTED = "accepted"


class Answer(BaseModel):
    """The command was taken in; what comes of it shows in the state."""

    status: Outcome = Outcome.ACCEPTED


def api_routes(state: State, live: Live) -> APIRouter:
    """Return the routes that only read."""
    router = APIRouter(prefix="/api", tags=["state"])

    @router.get("/state")
    async def read_state() -> StateShown:
        """Return how the room looks, what plays, and how all parts are."""
        return shown(*state())

    @router.get("/health")
    async def read_health() -> HealthShown:
        """Return whether all parts work."""
        return health_shown(*state())

    @router.get(
        "/events",
        responses={
            200: {"content": {"text/event-stream": {}}},
            503: {"description": "too many pages are open"},
        },
        response_class=Response,
    )
    async def watch_state() -> Response:
        """Return the state as server-sent events: one `state` now and one at every change.

        At most ten a second; of faster changes only the newest is sent. A `beat` comes after
        15 seconds without change.
        """
        return live.answer()

    return router


def export_routes(state: State) -> APIRouter:
    """Return the routes that give something to take along."""
    router = APIRouter(tags=["state"])

    @router.get("/taste.json", responses={200: {"content": {"application/json": {}}}})
    async def export_taste() -> Response:
        """Return what was learnt of what is liked and tried to lead the mood, as a file."""
        text = await asyncio.to_thread(export, state()[0])
        headers = {
            "Content-Disposition": 'attachment; filename="soulsync-taste.json"',
            "Cache-Control": "no-store",
        }
        return Response(text, media_type="application/json", headers=headers)

    return router


def command_routes(state: State, post: Post, clock: Clock) -> APIRouter:
    """Return the routes that ask for something."""
    router = APIRouter(prefix="/api/commands", tags=["commands"])
    _steering_routes(router, post, clock)
    _track_routes(router, state, post, clock)
    _sound_routes(router, post, clock)
    return router


def _steering_routes(router: APIRouter, post: Post, clock: Clock) -> None:
    """Add what steers music and camera."""

    @router.post("/music", status_code=202)
    async def switch_music(wish: Switch) -> Answer:
        """Turn music on or off."""
        post(MusicSwitched(clock(), wish.is_on))
        return Answer()

    @router.post("/mode", status_code=202)
    async def choose_mode(wish: ModeWish) -> Answer:
        """Match the mood, shift it to the goal, go by the time of day, or play any music."""
        post(ModeChosen(clock(), wish.mode))
        return Answer()

    @router.post("/goal", status_code=202)
    async def choose_goal(wish: GoalWish) -> Answer:
        """Shift the mood to this goal."""
        post(GoalChosen(clock(), wish.goal))
        return Answer()

    @router.post("/camera", status_code=202)
    async def switch_camera(wish: Switch) -> Answer:
        """Let the eye look, or close the camera."""
        post(CameraSwitched(clock(), wish.is_on))
        return Answer()


def _track_routes(router: APIRouter, state: State, post: Post, clock: Clock) -> None:
    """Add what concerns a track, and what is learnt of such."""

    @router.post("/next", status_code=202)
    async def skip_track(wish: Plain | None = None) -> Answer:  # noqa: ARG001  # refuses all else
        """Go on to the next track."""
        post(SkipRequested(clock()))
        return Answer()

    @router.post("/again", status_code=202)
    async def play_again(wish: Plain | None = None) -> Answer:  # noqa: ARG001  # refuses all else
        """Play the present track again, from its beginning."""
        post(ReplayRequested(clock()))
        return Answer()

    @router.post("/judge", status_code=202, responses={404: {"description": "no such track"}})
    async def judge_track(wish: Judgement) -> Answer:
        """Take in what someone thinks of a track, whether it plays or not."""
        post(asked.judgement(state, clock(), wish.track_id, wish.opinion))
        return Answer()

    @router.post("/forget-taste", status_code=202)
    async def forget_taste(wish: Plain | None = None) -> Answer:  # noqa: ARG001  # refuses all else
        """Forget all that was learnt of what is liked; it cannot be brought back."""
        post(TasteErased(clock()))
        return Answer()


def _sound_routes(router: APIRouter, post: Post, clock: Clock) -> None:
    """Add what concerns how loud it is, and for how long."""

    @router.post("/volume", status_code=202)
    async def choose_volume(wish: Volume) -> Answer:
        """Be this loud."""
        post(VolumeChosen(clock(), wish.volume_pct))
        return Answer()

    @router.post("/sleep", status_code=202)
    async def choose_sleep(wish: SleepWish) -> Answer:
        """Let the music fade out and end in so many minutes; 0: not any more."""
        post(SleepChosen(clock(), wish.minutes))
        return Answer()

    @router.post("/ducking", status_code=202)
    async def change_ducking(wish: DuckingWish) -> Answer:
        """Make room for something else, or give the room back; counted by name."""
        post(DuckingChanged(clock(), wish.by, wish.is_on))
        return Answer()

    @router.post("/sound-test", status_code=202)
    async def test_sound(wish: Plain | None = None) -> Answer:  # noqa: ARG001  # refuses all else
        """Let a short tone be heard, as loud as music would be."""
        post(SoundTestRequested(clock()))
        return Answer()
