"""Every route there is, walked through with what must not get past the guard."""

import asyncio
import logging
from dataclasses import replace

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from soulsync_edge.adapters.web import guard
from soulsync_edge.adapters.web.guard import MOST_BODY_BYTES, Guard
from soulsync_edge.adapters.web.hosts import OwnNames
from soulsync_edge.domain.session import Ducking
from soulsync_edge.settings import Settings
from tests.page_house import StillHouse, routes_of

HEADERS = {
    "content-security-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "permissions-policy",
    "referrer-policy",
    "x-content-type-options",
    "cache-control",
}


ALL = [
    (method, route.path.replace("{name}", "page.css").replace("{track_id}", f"{1:020x}"))
    for route in routes_of(StillHouse().app)
    for method in sorted(route.methods or ())
    if route.path != "/api/events"  # never ends; walked in tests/integration
]
UNSAFE = [(method, path) for method, path in ALL if method not in {"GET", "HEAD", "OPTIONS"}]

GOOD_BODIES = {
    "/api/commands/music": '{"is_on": false}',
    "/api/commands/next": "{}",
    "/api/commands/volume": '{"volume_pct": 3}',
    "/api/commands/mode": '{"mode": "shift"}',
    "/api/commands/goal": '{"goal": "sleep"}',
    "/api/commands/camera": '{"is_on": false}',
    "/api/commands/again": "{}",
    "/api/commands/judge": '{"track_id": "00000000000000000001", "opinion": "never"}',
    "/api/commands/forget-taste": "{}",
    "/api/commands/sleep": '{"minutes": 30}',
    "/api/commands/ducking": '{"by": "doorbell", "is_on": true}',
    "/api/commands/sound-test": "{}",
    "/controls/music": "is_on=false",
    "/controls/next": "",
    "/controls/volume": "volume_pct=3",
    "/controls/steering": "steering=sleep",
    "/controls/camera": "is_on=false",
    "/controls/again": "",
    "/controls/judge": "track_id=00000000000000000001&opinion=not+this",
    "/controls/sleep": "minutes=0",
    "/controls/full-volume": "",
    "/controls/sound-test": "",
    "/controls/forget-taste": "is_sure=true",
    "/settings": "camera.rate_hz=1",
}

# There is nothing to say about these, so a form may say anything.
PLAIN = ("/next", "/again", "commands/forget-taste", "/full-volume", "/sound-test")


def _kind(path: str) -> dict[str, str]:
    is_json = path.startswith("/api/")
    kind = "application/json" if is_json else "application/x-www-form-urlencoded"
    return {"Content-Type": kind}


def _is_untouched(house: StillHouse) -> bool:
    return not house.posted and house.desk.settings == Settings()


def test_the_walk_reaches_every_route_there_is() -> None:
    assert {path for _, path in UNSAFE} == set(GOOD_BODIES)
    assert len(ALL) - len(UNSAFE) >= 9


@pytest.mark.parametrize(("method", "path"), ALL)
@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "a b"])
def test_a_foreign_host_is_misdirected_everywhere(method: str, path: str, host: str) -> None:
    house = StillHouse()

    answer = house.browser().request(
        method,
        path,
        content=GOOD_BODIES.get(path),
        headers={"Host": host, "X-Forwarded-Host": "localhost", **_kind(path)},
    )

    assert answer.status_code == 421
    assert _is_untouched(house)


@pytest.mark.parametrize(("method", "path"), UNSAFE)
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://localhost"},
        {"Origin": "http://localhost:8080"},
        {"Origin": "http://localhost.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://evil.example", "Sec-Fetch-Site": "same-origin"},
        {},
    ],
)
def test_another_site_cannot_change_anything(
    method: str, path: str, headers: dict[str, str]
) -> None:
    house = StillHouse()
    browser = house.browser()
    del browser.headers["Origin"]

    answer = browser.request(
        method, path, content=GOOD_BODIES[path], headers={**headers, **_kind(path)}
    )

    assert answer.status_code == 403
    assert _is_untouched(house)


@pytest.mark.parametrize(("method", "path"), UNSAFE)
def test_our_own_page_gets_through(method: str, path: str) -> None:
    house = StillHouse()
    house.session = replace(house.session, duckings=(Ducking("radio", 0.0),))

    answer = house.browser().request(
        method,
        path,
        content=GOOD_BODIES[path],
        headers={"Sec-Fetch-Site": "same-origin", **_kind(path)},
    )

    # A form for the settings that does not say what it was made from is out of date.
    assert answer.status_code == (409 if path == "/settings" else 202 if "api" in path else 303)
    assert len(house.posted) == (0 if path == "/settings" else 1)


@pytest.mark.parametrize(("method", "path"), UNSAFE)
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{"),
        ("application/json", b"[" * 60_000),
        ("application/json", b'{"is_on": "yes", "volume_pct": 1e999, "mode": 3, "goal": null}'),
        ("application/json", b'{"is_on": true, "is_on2": 1, "volume_pct": 101}'),
        ("application/json", b'{"volume_pct": true}'),
        ("application/json", b'{"volume_pct": 50.5, "is_on": 1}'),
        ("application/json", b"\xff\xfe\x00"),
        ("application/json", b'"\\ud800"'),
        ("application/json", b"null"),
        ("application/x-www-form-urlencoded", b"is_on=perhaps&volume_pct=-1&steering=%ff%fe"),
        ("application/x-www-form-urlencoded", b"volume_pct=101&is_on=&steering=joy"),
        ("application/x-www-form-urlencoded", b"&" * 60_000),
        ("application/x-www-form-urlencoded", b"a=1&" * 15_000),
        ("application/x-www-form-urlencoded; charset=nonsense", b"%00=%zz&\xf0\x9f"),
        ("multipart/form-data; boundary=x", b"--x\r\n"),
        ("text/plain", b'{"is_on": true}'),
        ("image/png", b"\x89PNG"),
        ("", b"is_on"),
    ],
)
def test_nonsense_is_refused_and_changes_nothing(
    method: str, path: str, kind: str, body: bytes
) -> None:
    house = StillHouse()

    answer = house.browser().request(method, path, content=body, headers={"Content-Type": kind})

    if path.endswith(PLAIN) and answer.status_code in {202, 303}:
        return
    assert 400 <= answer.status_code < 500
    assert _is_untouched(house)


@pytest.mark.parametrize(("method", "path"), UNSAFE)
@pytest.mark.parametrize("is_announced", [True, False])
def test_a_body_over_64_kib_is_refused_unread(
    method: str, path: str, *, is_announced: bool
) -> None:
    house = StillHouse()
    body = b"x" * (MOST_BODY_BYTES + 1)

    answer = house.browser().request(
        method, path, content=body if is_announced else iter([body]), headers=_kind(path)
    )

    assert answer.status_code == 413
    assert _is_untouched(house)


@pytest.mark.parametrize(("method", "path"), [*ALL, ("GET", "/nowhere"), ("PUT", "/api/state")])
@pytest.mark.parametrize("host", ["localhost", "evil.example"])
def test_every_answer_carries_the_security_headers(method: str, path: str, host: str) -> None:
    answer = StillHouse().browser().request(method, path, headers={"Host": host})

    assert set(answer.headers) >= HEADERS
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    if path.startswith("/api/"):
        assert answer.headers["cache-control"] == "no-store"


def test_no_route_gives_a_picture_of_the_room() -> None:
    for method, path in ALL:
        kind = StillHouse().browser().request(method, path).headers.get("content-type", "")
        assert not kind.startswith(("image/", "video/", "multipart/"))


def test_what_is_missing_is_said_in_json_to_programs_and_as_a_page_to_people() -> None:
    browser = StillHouse().browser()

    assert browser.get("/api/nowhere").json() == {"error": "There is no such page here."}
    assert "<h1>Not Found</h1>" in browser.get("/nowhere").text
    assert browser.put("/api/state").status_code == 405


def test_a_mistake_of_ours_is_a_plain_500_with_headers_and_no_trace(
    caplog: pytest.LogCaptureFixture,
) -> None:
    house = StillHouse()
    house.context = None  # type: ignore[assignment]  # makes every drawing fail

    with caplog.at_level(logging.CRITICAL):
        page, answer = house.browser().get("/"), house.browser().get("/api/state")

    assert (page.status_code, answer.status_code) == (500, 500)
    assert answer.json() == {"error": "Something went wrong here. It is in the log."}
    assert "Traceback" not in page.text
    assert "AttributeError" not in page.text
    assert set(page.headers) >= HEADERS


def _answer_to(chunks: list[Message], method: str = "POST") -> tuple[int | None, bool]:
    """Return the status a bare guard gives to these messages, and whether the app was reached."""
    was_reached = False
    status: int | None = None

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal was_reached
        was_reached = True
        await PlainTextResponse("")(scope, receive, send)

    async def receive() -> Message:
        return chunks.pop(0) if chunks else await asyncio.Future()

    async def send(message: Message) -> None:
        nonlocal status
        status = message.get("status", status)

    scope: Scope = {
        "type": "http",
        "method": method,
        "scheme": "http",
        "path": "/",
        "server": ("127.0.0.1", 80),
        "headers": [(b"host", b"localhost"), (b"origin", b"http://localhost")],
    }
    names = OwnNames(lambda: ())
    refuse = lambda _scope, status, why: PlainTextResponse(why, status)  # noqa: E731
    asyncio.run(Guard(app, names, refuse)(scope, receive, send))
    return status, was_reached


def test_a_body_that_never_comes_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "BODY_WITHIN_S", 0.01)
    started: Message = {"type": "http.request", "body": b"a", "more_body": True}

    assert _answer_to([started]) == (408, False)


def test_a_body_that_breaks_off_reaches_nobody() -> None:
    started: Message = {"type": "http.request", "body": b"is_on=", "more_body": True}

    assert _answer_to([started, {"type": "http.disconnect"}]) == (400, False)


def test_a_body_in_pieces_gets_through() -> None:
    pieces: list[Message] = [
        {"type": "http.request", "body": b"a", "more_body": True},
        {"type": "http.request", "body": b"b", "more_body": False},
    ]

    assert _answer_to(pieces) == (200, True)
