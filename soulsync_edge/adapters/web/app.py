"""The web application: pages, interface and guard put together."""

import hashlib
import mimetypes
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.types import Scope

from soulsync_edge import __version__
from soulsync_edge.adapters.web.api import api_routes, command_routes, export_routes
from soulsync_edge.adapters.web.controls import control_routes
from soulsync_edge.adapters.web.guard import Guard
from soulsync_edge.adapters.web.hosts import OwnNames
from soulsync_edge.adapters.web.live import Live
from soulsync_edge.adapters.web.pages import page_routes
from soulsync_edge.adapters.web.pieces import Pieces
from soulsync_edge.ports import Clock, Post, SettingsDesk, State

_STATIC = Path(__file__).with_name("static")

_WHY: Mapping[int, str] = {
    404: "There is no such page here.",
    405: "This address does not take that.",
    422: "Something in the request is not as it should be.",
}


def make_app(*, state: State, post: Post, clock: Clock, desk: SettingsDesk, live: Live) -> FastAPI:
    """Return the web application.

    Args:
        state: Gives the present state; called on the loop that serves.
        post: Told what people ask for.
        clock: Stamps that.
        desk: Where settings are read and changed.
        live: Pushes changes to open pages; its `show` is the observer to register.
    """
    files = {path.name: path.read_bytes() for path in sorted(_STATIC.iterdir())}
    mark = hashlib.blake2b(b"".join(files.values()), digest_size=6).hexdigest()
    pieces = Pieces(static_mark=mark)
    app = FastAPI(
        title="SoulSync Edge",
        version=__version__,
        docs_url=None,  # the pages that draw the interface load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
    )
    app.include_router(page_routes(state, desk, pieces))
    app.include_router(control_routes(state, post, clock))
    app.include_router(api_routes(state, live))
    app.include_router(export_routes(state))
    app.include_router(command_routes(state, post, clock))
    app.add_api_route(
        "/static/{name}", _static(files, mark), methods=["GET", "HEAD"], include_in_schema=False
    )
    _answer_errors(app, pieces)
    app.add_middleware(
        Guard,
        names=OwnNames(lambda: desk.settings.web.names),
        refuse=lambda scope, status, why: _error(scope, status, why, pieces),
    )
    return app


def _static(files: Mapping[str, bytes], mark: str) -> Callable[..., object]:
    """Return the route for style, script and icon: read once, kept in memory."""

    async def static_file(name: str, v: str = "") -> Response:
        if name not in files:
            raise HTTPException(404)
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        # Under its mark a file never changes, so the browser need not ask again for a year.
        keep = "public, max-age=31536000, immutable" if v == mark else "no-cache"
        return Response(files[name], media_type=kind, headers={"Cache-Control": keep})

    return static_file


def _answer_errors(app: FastAPI, pieces: Pieces) -> None:
    """Answer every error in a line: JSON for programs, a page for people."""

    async def on_http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, StarletteHTTPException)  # noqa: S101  # registered for it alone
        phrase = HTTPStatus(error.status_code).phrase
        is_ours = error.detail != phrase  # a route of ours has said more than the status
        why = error.detail if is_ours else _WHY.get(error.status_code, phrase)
        answer = _error(request.scope, error.status_code, why, pieces)
        answer.headers.update(error.headers or {})
        return answer

    async def on_invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101  # registered for it alone
        problems = [
            f"{'.'.join(str(step) for step in detail['loc'][1:]) or 'body'}: {detail['msg']}"
            for detail in error.errors()
        ]
        return _error(request.scope, 422, _WHY[422], pieces, problems)

    app.add_exception_handler(StarletteHTTPException, on_http_error)
    app.add_exception_handler(RequestValidationError, on_invalid)


def _error(
    scope: Scope, status: int, why: str, pieces: Pieces, problems: list[str] | None = None
) -> Response:
    if scope["path"].startswith("/api/"):
        body: dict[str, object] = {"error": why}
        if problems:
            body["problems"] = problems
        return JSONResponse(body, status)
    page = pieces.page(
        "error.html",
        here="",
        title=HTTPStatus(status).phrase,
        status=status,
        why=why,
        problems=problems or [],
    )
    return HTMLResponse(page, status)
