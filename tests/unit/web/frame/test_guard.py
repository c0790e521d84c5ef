"""Whom the guard of the web lets in, and what strangers learn."""

from __future__ import annotations

import httpx
import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from adapters.web.frame.routes import is_plain, page
from storage.in_memory.store import MemoryStore
from tests.fakes import ManualClock
from tests.unit.web.frame.browsers import ORIGIN, PASSWORD, browser, open_web, sign_in, token_in

VERBS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "QUERY"]
NOWHERE = [
    "/nowhere",
    "/WRITE",
    "/write/",
    "//",
    "//write",
    "/rule/a%2Fb",
    "/rule/%00",
    "/rule/",
    "/%ff",
    "/static/",
    "/docs",
    "/openapi.json",
]


@pytest.mark.parametrize("target", NOWHERE)
async def test_there_is_nothing_at_any_other_address_or_spelling(
    store: MemoryStore, clock: ManualClock, target: str
) -> None:
    _, web = await open_web(store, clock)
    async with browser(web) as client:
        for method in VERBS:
            answer = await client.request(method, httpx.URL(ORIGIN).copy_with(raw_path=target.encode()))
            assert answer.status_code == 404, method
            assert "set-cookie" not in answer.headers
            assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("raw", [b"/./write", b"/rule/..", b"/rule/%2e%2e", b"write", b"*", b"/rule%2fx", b"/a//b"])
def test_an_address_has_one_spelling(raw: bytes) -> None:
    assert not is_plain({"raw_path": raw, "path": raw.decode()})


async def test_every_address_names_its_methods(store: MemoryStore, clock: ManualClock) -> None:
    _, web = await open_web(store, clock)
    expected = {"/": {"GET", "HEAD"}, "/write": {"POST"}, "/sign-in": {"GET", "HEAD", "POST"}}
    async with browser(web) as client:
        for path, methods in expected.items():
            for method in set(VERBS) - methods:
                answer = await client.request(method, path)
                assert (answer.status_code, set(answer.headers["allow"].split(", "))) == (405, methods)


async def test_strangers_do_not_learn_which_addresses_there_are(store: MemoryStore, clock: ManualClock) -> None:
    _, web = await open_web(store, clock, password=PASSWORD)
    async with browser(web) as client:
        for target in ("/", "/write", "/rule/x", "/broken", *NOWHERE):
            url = httpx.URL(ORIGIN).copy_with(raw_path=target.encode())
            for method in VERBS:
                answer = await client.request(method, url, headers={"Accept": "*/*"})
                assert answer.status_code == 401, (method, target)
                assert "set-cookie" not in answer.headers
            assert (await client.get(url)).headers["location"].startswith("/sign-in")


@pytest.mark.parametrize("password", [PASSWORD, None])
async def test_whoever_watches_the_port_needs_no_sign_in(
    store: MemoryStore, clock: ManualClock, password: str | None
) -> None:
    _, web = await open_web(store, clock, password=password)
    async with browser(web) as client:
        answer = await client.get("/healthz", headers={"Accept": "*/*"})
        assert (answer.status_code, answer.text) == (200, "ok\n")
        assert "set-cookie" not in answer.headers
        assert (await client.post("/healthz")).status_code == 405
        assert (await client.get("/healthz", headers={"Origin": "https://evil.example"})).status_code == 403


@pytest.mark.parametrize(
    ("path", "goal"),
    [
        pytest.param("/rule/x?day=2026-11-27&who=a%26b", "/rule/x?day=2026-11-27&who=a%26b", id="deep-link"),
        pytest.param("/", "/", id="the-beginning"),
    ],
)
async def test_a_deep_link_survives_the_sign_in(store: MemoryStore, clock: ManualClock, path: str, goal: str) -> None:
    _, web = await open_web(store, clock, password=PASSWORD)
    async with browser(web) as client:
        form = await client.get((await client.get(path)).headers["location"])
        wanted = {"csrf": token_in(form.text), "password": PASSWORD, "next": goal}
        assert f'value="{goal.replace("&", "&amp;")}"' in form.text
        answer = await client.post("/sign-in", data=wanted, headers={"Origin": ORIGIN})
        assert (answer.status_code, answer.headers["location"]) == (303, goal)


@pytest.mark.parametrize("goal", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:x", "/a\nb"])
async def test_nobody_is_sent_elsewhere_after_signing_in(store: MemoryStore, clock: ManualClock, goal: str) -> None:
    _, web = await open_web(store, clock, password=PASSWORD)
    async with browser(web) as client:
        assert (await sign_in(client, goal=goal)).headers["location"] == "/"


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        pytest.param("GET", {"Host": "rebound.example"}, 403, id="rebinding"),
        pytest.param("GET", {"Host": "bad host"}, 403, id="malformed-host"),
        pytest.param("GET", {"Host": "127.0.0.1:8080"}, 200, id="this-machine"),
        pytest.param("POST", {"Origin": "https://evil.example"}, 403, id="form-from-elsewhere"),
        pytest.param("POST", {"Origin": "null"}, 403, id="sandboxed-form"),
        pytest.param("POST", {"Sec-Fetch-Site": "cross-site"}, 403, id="no-origin-but-cross-site"),
        pytest.param("GET", {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"}, 403, id="events-of-a-neighbour"),
        pytest.param("GET", {"Origin": "http://localhost:9090"}, 403, id="another-port"),
        pytest.param("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 200, id="followed-link"),
    ],
)
async def test_what_comes_from_elsewhere_is_refused(
    store: MemoryStore, clock: ManualClock, method: str, headers: dict[str, str], status: int
) -> None:
    _, web = await open_web(store, clock)
    async with browser(web) as client:
        path = "/" if method == "GET" else "/write"
        assert (await client.request(method, path, headers=headers)).status_code == status


async def test_a_form_needs_the_token_of_its_page(store: MemoryStore, clock: ManualClock) -> None:
    _, web = await open_web(store, clock, password=PASSWORD)
    async with browser(web) as ada, browser(web) as eve:
        for client in (ada, eve):
            await sign_in(client)
        theirs, own = [token_in((await client.get("/nowhere")).text) for client in (eve, ada)]
        assert (await ada.post("/write", data={"text": "x", "csrf": theirs})).status_code == 403
        assert (await ada.post("/write", data={"text": "x"})).status_code == 403
        assert (await ada.post("/write", data={"text": "x", "csrf": own})).text == "wrote x"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"text=" + b"a" * 300_000, 413, id="too-long"),
        pytest.param(b"&".join(b"a=1" for _ in range(5000)), 400, id="too-many-fields"),
        pytest.param(b"text=\xff\xfe", 400, id="no-text"),
    ],
)
async def test_odd_forms_are_refused(store: MemoryStore, clock: ManualClock, body: bytes, status: int) -> None:
    _, web = await open_web(store, clock)
    async with browser(web) as client:
        assert (await client.post("/write", content=body)).status_code == status


async def test_a_browser_that_leaves_while_it_sends_is_no_bug(store: MemoryStore, clock: ManualClock) -> None:
    async def leave(request: Request) -> Response:
        raise ClientDisconnect

    _, web = await open_web(store, clock, routes=[page("/left", leave)])
    strict = httpx.ASGITransport(app=web.app)  # what reaches the server is raised here
    async with httpx.AsyncClient(transport=strict, base_url=ORIGIN) as client:
        assert (await client.get("/left")).status_code == 400


async def test_a_bug_is_told_without_what_it_says(store: MemoryStore, clock: ManualClock) -> None:
    _, web = await open_web(store, clock)
    async with browser(web) as client:
        answer = await client.get("/broken")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "script-src 'self';" in answer.headers["content-security-policy"]


async def test_files_are_kept_for_good_under_an_address_that_changes_with_them(
    store: MemoryStore, clock: ManualClock
) -> None:
    frame, web = await open_web(store, clock, password=PASSWORD)
    async with browser(web) as client:
        address = frame.files.address("frame/base.css")
        fresh = await client.get(address)
        assert "immutable" in fresh.headers["cache-control"]
        assert fresh.headers["content-encoding"] == "gzip"
        assert "--ground" in fresh.text
        plain = await client.get(address, headers={"Accept-Encoding": "identity"})
        assert plain.text == fresh.text
        assert "content-encoding" not in plain.headers
        older = await client.get("/static/000000000000/frame/base.css")
        assert (older.status_code, older.headers["cache-control"]) == (200, "no-cache")
        assert (await client.get("/static/x/frame/application.py")).status_code == 404
