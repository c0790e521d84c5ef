"""What is not an address of the playground is not there, and strangers neither learn nor leave anything."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from nicegui import Client, __version__, core

from tests.browser.conftest import Stage, open_stage

pytestmark = pytest.mark.asyncio(loop_scope="session")

VERBS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "PURGE", "QUERY"]
SOCKET = "/_nicegui_ws/socket.io/?EIO=4&transport=polling"
PAGE = {"GET": 200, "HEAD": 200}
ADDRESSES: dict[str, dict[str, int]] = {  # what is not named is 405
    "/": PAGE,
    "/c/local/general": PAGE,
    "/c/local/general/welcome": PAGE,
    "/login": {"GET": 303, "HEAD": 303, "POST": 403},
    "/administrator/wrong": {"GET": 403},
    "/assets/chat.js": PAGE,
    f"/_nicegui/{__version__}/static/nicegui.js": PAGE,
    SOCKET: {"GET": 200, "POST": 400},
}
NOWHERE = [
    "/healthz",
    "/metrics",
    "/docs",
    "/openapi.json",
    "/favicon.ico",
    "/c",
    "/c/local",
    "/c/local/general/welcome/more",
    "/LOGIN",
    "/Assets/chat.js",
    "/login/",
    "/c/local/general/",
    "//",
    "//login",
    "/c//general",
    "/c/local//welcome",
    "/./login",
    "/assets/",
    "/assets",
    "/assets/../login",
    "/assets/%2e%2e/login",
    "/assets/..%2fsecurity.py",
    "/assets/%2e%2e%2fsecurity.py",
    "/assets%2fchat.js",
    "/c/local%2fgeneral",
    "/login%00",
    "/login%0a",
    "/login%20",
    "/login;x",
    "/%ff",
    "/%2flogin",
    "/administrator",
    "/administrator/",
    "/administrator/a/b",
    f"/_nicegui/{__version__}/static/",
    f"/_nicegui/{__version__}/static/sass.dart.js",
    f"/_nicegui/{__version__}/static/../../storage.py",
    f"/_nicegui/{__version__}/components/missing.js",
    f"/_nicegui/{__version__}/libraries/any",
    f"/_nicegui/{__version__}/esm/any/index.js",
    f"/_nicegui/{__version__}/dynamic_resources/any",
    "/_nicegui/auto/static/nicegui.js",
    "/_nicegui_ws/socket.io",
    "/_nicegui_ws/",
    "/_nicegui_ws/other/",
]


@pytest_asyncio.fixture(loop_scope="session")
async def stage() -> AsyncIterator[Stage]:
    async with open_stage() as stage:
        yield stage


@pytest_asyncio.fixture(loop_scope="session")
async def locked() -> AsyncIterator[Stage]:
    async with open_stage(password="leaf") as stage:
        yield stage


async def ask(stage: Stage, method: str, target: str, *headers: str) -> tuple[int, dict[str, str]]:
    """Send a request exactly as it is spelled here; its status and headers."""
    host, port = stage.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}:{port}", "Connection: close", *headers, "", ""]
    writer.write("\r\n".join(lines).encode("latin-1"))
    answer = (await reader.read()).decode("latin-1")
    writer.close()
    await writer.wait_closed()
    start, *rest = answer.partition("\r\n\r\n")[0].split("\r\n")
    return int(start.split()[1]), {name.lower(): value for name, _, value in (line.partition(": ") for line in rest)}


def left_by_visitors(stage: Stage) -> dict[str, object]:
    """Everything that visitors can leave behind."""
    state = stage.store._state  # nobody else looks into all of it
    return {
        "clients": set(Client.instances),
        "storage": dict(core.app.storage._users),
        "tabs": dict(core.app.storage._tabs),
        "sockets": set(core.sio.eio.sockets),
        "files": list(Path.cwd().rglob("*")),
        "state": {name: value for (_, name), value in state.items() if not name.startswith("administrator-link/")},
        "tasks": {task.get_name() for task in asyncio.all_tasks() if "Task-" not in task.get_name()},
    }


# ---------------------------------------------------------------- addresses and methods


@pytest.mark.parametrize("address", ADDRESSES)
async def test_every_address_has_its_methods_and_names_them(stage: Stage, address: str) -> None:
    expected = ADDRESSES[address]
    for method in VERBS:
        status, headers = await ask(stage, method, address)
        assert status == expected.get(method, 405), method
        if status == 405:
            assert set(headers["allow"].split(", ")) == set(expected), method
            assert "set-cookie" not in headers


@pytest.mark.parametrize("target", NOWHERE)
async def test_there_is_nothing_at_any_other_address_or_spelling(stage: Stage, target: str) -> None:
    before = left_by_visitors(stage)
    for method in VERBS:
        for accept in ("Accept: text/html", "Accept: */*"):
            status, headers = await ask(stage, method, target, accept)
            assert status == 404, (method, target)
            assert "set-cookie" not in headers
            assert headers["x-content-type-options"] == "nosniff"
    assert left_by_visitors(stage) == before


@pytest.mark.parametrize(
    ("method", "target", "statuses"),
    [
        pytest.param("GET", "/" + "a" * 5000, {414}, id="overlong"),
        pytest.param("GET", "/?" + "a" * 5000, {414}, id="overlong-query"),
        pytest.param("POST", "/login?" + "a" * 5000, {414}, id="overlong-login"),
        pytest.param("OPTIONS", "*", {400, 404}, id="asterisk"),
        pytest.param("CONNECT", "example.org:443", {400, 404}, id="authority"),
        pytest.param("GET", "http://127.0.0.1/healthz", {404}, id="absolute-nowhere"),
        pytest.param("PUT", "http://127.0.0.1/login", {404, 405}, id="absolute-login"),
        pytest.param("GET", "login", {400, 404}, id="no-slash"),
        pytest.param("NONSENSE", "/", {400, 405}, id="unknown-verb"),
        pytest.param("get", "/", {400, 405}, id="small-letters"),
        pytest.param("GET", "/\xe9", {400, 404}, id="raw-bytes"),
        pytest.param("GET", "/#/../login", {200, 400, 404}, id="fragment"),
    ],
)
async def test_odd_requests_are_turned_away(stage: Stage, method: str, target: str, statuses: set[int]) -> None:
    assert (await ask(stage, method, target))[0] in statuses


async def test_another_spelling_of_the_same_letters_is_the_same_address(stage: Stage) -> None:
    assert (await ask(stage, "GET", "/%6cogin"))[0] == 303
    assert (await ask(stage, "PUT", "/%6cogin"))[0] == 405
    assert (await ask(stage, "GET", "/c/local/%67eneral"))[0] == 200


async def test_a_page_sets_one_cookie_and_its_files_none(stage: Stage) -> None:
    _, headers = await ask(stage, "GET", "/", "Accept: text/html")
    assert headers["set-cookie"].startswith("seedling=")
    for path in ("/assets/chat.js", f"/_nicegui/{__version__}/static/nicegui.js", "/login"):
        assert "set-cookie" not in (await ask(stage, "GET", path))[1]
    assert "set-cookie" not in (await ask(stage, "HEAD", "/"))[1]


@pytest.mark.parametrize(
    ("header", "is_secure"),
    [
        pytest.param("X-Forwarded-Proto: https", True, id="tls"),
        pytest.param("X-Forwarded-Proto: HTTPS, http", True, id="tls-and-a-second-proxy"),
        pytest.param("X-Forwarded-Proto: http", False, id="plain"),
        pytest.param("X-Other: 1", False, id="no-proxy"),
    ],
)
async def test_the_cookie_is_for_the_server_alone_and_for_tls_where_it_came_by_it(
    stage: Stage, header: str, is_secure: bool
) -> None:
    cookie = (await ask(stage, "GET", "/", header))[1]["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert ("secure" in cookie) is is_secure


# ---------------------------------------------------------------- strangers


@pytest.mark.parametrize("target", [*ADDRESSES, *NOWHERE])
async def test_strangers_do_not_learn_which_addresses_there_are(locked: Stage, target: str) -> None:
    is_open = target in {"/login", "/administrator/wrong"}
    before = left_by_visitors(locked)
    for method in VERBS:
        status, headers = await ask(locked, method, target)
        if not is_open:
            assert status == 401, method
        elif method not in ADDRESSES[target]:
            assert status == 405, method
        assert "set-cookie" not in headers
    if not is_open:
        assert (await ask(locked, "GET", target, "Accept: text/html"))[1]["location"] == "/login"
        assert (await ask(locked, "PUT", target, "Accept: text/html"))[0] == 401
    assert left_by_visitors(locked) == before


async def test_no_method_at_the_login_shows_what_is_behind_it(locked: Stage) -> None:
    """What was found: HEAD, PUT and the others were answered with the chat, workspaces, channels and topics."""
    async with httpx.AsyncClient(base_url=locked.url) as client:
        for method in VERBS:
            for path in ("/login", "/login?x=1", "/login/"):
                answer = await client.request(method, path)
                assert "Questions and answers" not in answer.text
                assert "general" not in answer.text


async def test_six_hundred_calls_of_strangers_leave_nothing(locked: Stage) -> None:
    before = left_by_visitors(locked)
    async with httpx.AsyncClient(base_url=locked.url) as client:
        for number in range(50):
            for method in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"):
                await client.request(method, "/login")
                await client.request(method, f"/nowhere/{number}")
    assert left_by_visitors(locked) == before


async def test_without_a_password_what_is_nowhere_leaves_nothing_either(stage: Stage) -> None:
    before = left_by_visitors(stage)
    async with httpx.AsyncClient(base_url=stage.url) as client:
        for number in range(100):
            for method in ("GET", "PUT"):
                assert (await client.request(method, f"/nowhere/{number}")).status_code == 404
            assert (await client.head("/")).status_code == 200
    assert left_by_visitors(stage) == before


async def test_visits_leave_no_file(stage: Stage) -> None:
    async with httpx.AsyncClient(base_url=stage.url) as client:
        for _ in range(20):
            assert (await client.get("/c/local/random")).status_code == 200
            client.cookies.clear()
    assert not await asyncio.to_thread(os.listdir, Path.cwd())
    assert core.app.storage._users == {}


# ---------------------------------------------------------------- sockets


async def upgrade(stage: Stage, target: str, **more: str) -> int:
    given = [
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        f"Origin: {stage.url}",
        *(f"{name}: {value}" for name, value in more.items()),
    ]
    host, port = stage.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = [f"GET {target} HTTP/1.1", f"Host: {host}:{port}", "Connection: Upgrade", *given, "", ""]
    writer.write("\r\n".join(lines).encode())
    status = int((await reader.readline()).split()[1])
    writer.close()
    return status


@pytest.mark.parametrize(
    "target", ["/", "/login", "/assets/chat.js", "/nowhere", "/_nicegui_ws/other/", "//_nicegui_ws/socket.io/"]
)
async def test_sockets_are_opened_at_their_address_alone(stage: Stage, target: str) -> None:
    assert await upgrade(stage, target) == 404


async def test_strangers_open_no_socket(locked: Stage) -> None:
    for target in ("/_nicegui_ws/socket.io/?EIO=4&transport=websocket", "/nowhere", "/login"):
        assert await upgrade(locked, target) in (401, 404)
    for method in VERBS:
        assert (await ask(locked, method, SOCKET))[0] == 401


async def test_the_socket_of_the_page_opens(stage: Stage) -> None:
    assert await upgrade(stage, "/_nicegui_ws/socket.io/?EIO=4&transport=websocket") == 101
    other = {"Cookie": "seedling=forged"}
    assert await upgrade(stage, "/_nicegui_ws/socket.io/?EIO=4&transport=websocket", **other) == 101
