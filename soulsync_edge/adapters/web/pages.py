"""The pages for people, and the forms on them: all of it works without a script."""

import asyncio
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute
from pydantic import ValidationError

from soulsync_edge.adapters.web import forms
from soulsync_edge.adapters.web.broker_password import keep_password_here
from soulsync_edge.adapters.web.pieces import Pieces
from soulsync_edge.adapters.web.server import bound_socket
from soulsync_edge.adapters.web.tracks import Shelf, skipped_rows
from soulsync_edge.adapters.web.view import shown
from soulsync_edge.adapters.web.words import readable, sentence_case
from soulsync_edge.domain.events import (
    CameraSwitched,
    GoalChosen,
    ModeChosen,
    MusicSwitched,
    SkipRequested,
    VolumeChosen,
)
from soulsync_edge.domain.shifting import Goal, Mode
from soulsync_edge.errors import ConfigError, Unavailable
from soulsync_edge.ports import Clock, Post, SettingsDesk, State
from soulsync_edge.settings import WebSettings

STEERINGS: tuple[tuple[str, str, str], ...] = (
    (Mode.MATCH.value, "Match", "Music mirrors how the room looks"),
    (Goal.CALM.value, "Calm", "Music meets the room where it is and leads to calm"),
    (Goal.FOCUS.value, "Focus", "Music meets the room where it is and leads to focus"),
    (Goal.LIFT.value, "Lift", "Music meets the room where it is and lifts it"),
    (Goal.ENERGISE.value, "Energise", "Music meets the room where it is and adds energy"),
    (Goal.SLEEP.value, "Sleep", "Music meets the room where it is and leads to rest"),
)

_OUT_OF_DATE = (
    "Settings were changed elsewhere meanwhile. What you entered is still here: look it through "
    "and save again."
)


def page_routes(state: State, desk: SettingsDesk, pieces: Pieces) -> APIRouter:
    """Return the pages; the settings page also takes its form back."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    shelf = Shelf()

    @router.get("/")
    async def now() -> str:
        return pieces.page("now.html", here="/", state=shown(*state()), steerings=STEERINGS)

    @router.get("/library")
    async def library(
        q: Annotated[str, Query(max_length=200)] = "",
        page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    ) -> str:
        session, context = state()
        return pieces.page(
            "library.html",
            here="/library",
            library=shown(session, context).library,
            folder=readable(desk.settings.library.folder),
            table=await asyncio.to_thread(shelf.table, context.catalogue, query=q, page=page),
            skipped=skipped_rows(session, context, desk.settings.library.folder),
        )

    @router.get("/settings")
    async def settings(saved: Annotated[str | None, Query(max_length=4000)] = None) -> str:
        titles = None if saved is None else forms.titles(saved.split())
        return _settings_page(desk, pieces, forms.entries_of(desk.settings), saved=titles)

    @router.post("/settings")
    async def save_settings(request: Request) -> Response:
        return await _save(request, desk, pieces)

    @router.get("/privacy")
    async def privacy() -> str:
        session, context = state()
        return pieces.page(
            "privacy.html",
            here="/privacy",
            state=shown(session, context),
            settings=desk.settings,
        )

    @router.get("/health")
    async def health() -> str:
        return pieces.page("health.html", here="/health", state=shown(*state()))

    _answer_heads(router)
    return router


def control_routes(post: Post, clock: Clock) -> APIRouter:
    """Return what the forms of the first page post to: an event, then back to the page."""
    router = APIRouter(prefix="/controls", include_in_schema=False)

    @router.post("/music")
    async def music(*, is_on: Annotated[bool, Form()]) -> Response:
        post(MusicSwitched(clock(), is_on))
        return _back()

    @router.post("/next")
    async def skip() -> Response:
        post(SkipRequested(clock()))
        return _back()

    @router.post("/volume")
    async def volume(volume_pct: Annotated[int, Form(ge=0, le=100)]) -> Response:
        post(VolumeChosen(clock(), volume_pct))
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

    return router


def _answer_heads(router: APIRouter) -> None:
    """Let every page be asked for its head alone; the routes of FastAPI leave that out."""
    for route in router.routes:
        if isinstance(route, APIRoute) and route.methods == {"GET"}:
            route.methods = {"GET", "HEAD"}


async def _save(request: Request, desk: SettingsDesk, pieces: Pieces) -> Response:
    """Save what the form changes; on any mistake give the form back as it was sent."""
    form = await request.form()
    before = forms.entries_of(desk.settings)
    entries = {**before, **forms.entries_in(form)}
    changes = forms.changes_between(before, entries)
    old_port = desk.settings.web.port
    problems, complaint, status = forms.Placed(), "", 422
    try:
        if form.get("edition") != forms.edition(desk.settings):
            complaint, status = _OUT_OF_DATE, 409
        elif changes:
            await _check_address(changes, desk.settings.web)
            changes = keep_password_here(changes, desk.settings.mqtt)
            await desk.change(changes)
    except ConfigError as error:
        problems = forms.placed(error.problems)
    except Unavailable as error:
        complaint, status = sentence_case(str(error)), 503
    if complaint or problems.at or problems.elsewhere:
        page = _settings_page(desk, pieces, entries, problems=problems, complaint=complaint)
        return HTMLResponse(page, status)
    if desk.settings.web.port != old_port:
        address = str(request.url.replace(path="/", query="", port=desk.settings.web.port))
        return HTMLResponse(pieces.page("moved.html", here="/settings", address=address))
    names = [f"{section}.{key}" for section, keys in changes.items() for key in keys]
    return RedirectResponse(f"/settings?{urlencode({'saved': ' '.join(names)})}", 303)


async def _check_address(changes: forms.Changes, now: WebSettings) -> None:
    """See that the page can be served at its new address, before the old one is given up.

    Without its page nobody could take the change back.

    Raises:
        Unavailable: It cannot.
    """
    try:
        wanted = WebSettings.model_validate(now.model_dump() | changes.get("web", {}))
    except ValidationError:
        return  # told with all other mistakes, when the settings are checked as a whole
    if (wanted.host, wanted.port) != (now.host, now.port):
        # Its own port is taken, by this very page.
        listening = await bound_socket(wanted.host, 0 if wanted.port == now.port else wanted.port)
        listening.close()


def _settings_page(  # what can stand on it
    desk: SettingsDesk,
    pieces: Pieces,
    entries: forms.Entries,
    *,
    problems: forms.Placed | None = None,
    complaint: str = "",
    saved: tuple[str, ...] | None = None,
) -> str:
    problems = problems or forms.Placed()
    return pieces.page(
        "settings.html",
        here="/settings",
        edition=forms.edition(desk.settings),
        groups=forms.groups(entries, problems),
        mistakes=len(problems.at) + len(problems.elsewhere),
        elsewhere=problems.elsewhere,
        complaint=readable(complaint),
        saved=saved,
        goals=[goal.value for goal in Goal],
    )


def _back() -> Response:
    return RedirectResponse("/", 303)
