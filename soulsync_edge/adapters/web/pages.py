"""The pages for people, and the forms on them: all of it works without a script."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute

from soulsync_edge.adapters.web.asked import NO_TRACK
from soulsync_edge.adapters.web.controls import CORRECTIONS, NOTED, SLEEP_MIN, STEERINGS
from soulsync_edge.adapters.web.pieces import Pieces
from soulsync_edge.adapters.web.settings_page import SettingsPage
from soulsync_edge.adapters.web.taste import learnt, met
from soulsync_edge.adapters.web.tracks import Only, Shelf, away, row, skipped_rows
from soulsync_edge.adapters.web.view import shown
from soulsync_edge.adapters.web.words import readable
from soulsync_edge.domain.events import Opinion
from soulsync_edge.domain.loudness import SLEEP_FADE_S
from soulsync_edge.domain.sound import KEYS
from soulsync_edge.ports import SettingsDesk, State


def page_routes(state: State, desk: SettingsDesk, pieces: Pieces) -> APIRouter:
    """Return the pages; the settings page also takes its form back."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    settings_page = SettingsPage(state, desk, pieces)

    @router.get("/")
    async def now(noted: Opinion | None = None) -> str:
        return pieces.page(
            "now.html",
            here="/",
            state=shown(*state()),
            steerings=STEERINGS,
            corrections=CORRECTIONS,
            noted="" if noted is None else NOTED[noted],
            noted_of=NOTED,
            sleep_min=SLEEP_MIN,
            sleep_fade_min=f"{SLEEP_FADE_S / 60:g}",
        )

    @router.get("/settings")
    async def settings(
        *, saved: Annotated[str | None, Query(max_length=4000)] = None, tested: bool = False
    ) -> str:
        return settings_page.drawn(saved=saved, is_tested=tested)

    @router.post("/settings")
    async def save_settings(request: Request) -> Response:
        return await settings_page.save(request)

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

    _library_routes(router, state, desk, pieces)
    _answer_heads(router)
    return router


def _library_routes(router: APIRouter, state: State, desk: SettingsDesk, pieces: Pieces) -> None:
    """Add the library, and a page for each of its tracks."""
    shelf = Shelf()

    @router.get("/library")
    async def library(
        q: Annotated[str, Query(max_length=200)] = "",
        page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
        only: Only | None = None,
        noted: Opinion | None = None,
        *,
        forgotten: bool = False,
    ) -> str:
        session, context = state()
        taste = session.taste
        return pieces.page(
            "library.html",
            here="/library",
            library=shown(session, context).library,
            folder=readable(desk.settings.library.folder),
            table=await asyncio.to_thread(
                shelf.table, context.catalogue, taste, query=q, only=only, page=page
            ),
            likes=sum(regard.is_liked for regard in taste.regards),
            never_played=len(taste.never),
            never_played_away=away(context.catalogue, taste) if only is Only.NEVER else (),
            learnt=learnt(session),
            learns=desk.settings.shifting.learns,
            is_forgotten=forgotten,
            noted="" if noted is None else NOTED[noted],
            skipped=skipped_rows(session, context, desk.settings.library.folder),
        )

    @router.get("/track/{track_id}")
    async def track(track_id: str, noted: Opinion | None = None) -> str:
        session, context = state()
        known = context.catalogue.by_id.get(track_id)
        if known is None:
            raise HTTPException(404, NO_TRACK)
        return pieces.page(
            "track.html",
            here="/library",
            track=row(known, session.taste),
            year=known.year,
            sound=known.sound,
            key="" if known.sound is None else KEYS[known.sound.key],
            met=tuple(filter(None, met(session.taste.regard_of(known)))),
            corrections=CORRECTIONS,
            noted="" if noted is None else NOTED[noted],
        )


def _answer_heads(router: APIRouter) -> None:
    """Let every page be asked for its head alone; the routes of FastAPI leave that out."""
    for route in router.routes:
        if isinstance(route, APIRoute) and route.methods == {"GET"}:
            route.methods = {"GET", "HEAD"}
