"""The interface for programs: state, events and commands as JSON."""

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from soulsync_edge.adapters.web.live import Live
from soulsync_edge.adapters.web.view import HealthShown, StateShown, health_shown, shown
from soulsync_edge.domain.events import (
    CameraSwitched,
    GoalChosen,
    ModeChosen,
    MusicSwitched,
    SkipRequested,
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


class Next(Wish):
    """The next track; there is nothing to say about it."""


class Volume(Wish):
    """How loud."""

    volume_pct: Annotated[int, Field(strict=True, ge=0, le=100)]


class ModeWish(Wish):
    """Match the mood, or shift it."""

    mode: Mode


class GoalWish(Wish):
    """Where a shift leads; also turns shifting on."""

    goal: Goal


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


def command_routes(post: Post, clock: Clock) -> APIRouter:
    """Return the routes that ask for something."""
    router = APIRouter(prefix="/api/commands", tags=["commands"])

    @router.post("/music", status_code=202)
    async def switch_music(wish: Switch) -> Answer:
        """Turn music on or off."""
        post(MusicSwitched(clock(), wish.is_on))
        return Answer()

    @router.post("/next", status_code=202)
    async def skip_track(wish: Next | None = None) -> Answer:  # noqa: ARG001  # refuses all else
        """Go on to the next track."""
        post(SkipRequested(clock()))
        return Answer()

    @router.post("/volume", status_code=202)
    async def choose_volume(wish: Volume) -> Answer:
        """Be this loud."""
        post(VolumeChosen(clock(), wish.volume_pct))
        return Answer()

    @router.post("/mode", status_code=202)
    async def choose_mode(wish: ModeWish) -> Answer:
        """Match the mood, or shift it to the goal."""
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

    return router
