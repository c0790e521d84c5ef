"""A web of a few pages over the store in memory, and browsers without a network in front of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape

import httpx
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from adapters.web.frame import Form, FrameOptions, WebRole, frame_app, identity_of, make_frame, page, read_form
from adapters.web.frame.application import Frame
from adapters.web.frame.openid import ProviderOptions
from adapters.web.frame.routes import PageRoute
from storage.in_memory.store import MemoryStore
from tests.fakes import ManualClock

PASSWORD = "leaf and branch"
ORIGIN = "http://localhost"


async def show(request: Request) -> Response:
    identity = identity_of(request)
    return PlainTextResponse(f"{identity.person.id} is {identity.role.word}")


async def write(request: Request) -> Response:
    form: Form = await read_form(request)
    return PlainTextResponse(f"wrote {form['text']}")


async def fail(request: Request) -> Response:
    raise RuntimeError("a secret that is in no page")


ROUTES: Sequence[PageRoute] = (
    page("/", show),
    page("/write", write, methods=("POST",)),
    page("/watch", show, needs=WebRole.VIEWER),
    page("/rule/{name}", show, needs=WebRole.ADMINISTRATOR),
    page("/broken", fail),
)


async def open_web(
    store: MemoryStore,
    clock: ManualClock,
    *,
    password: str | None = None,
    host: str = "127.0.0.1",
    provider: ProviderOptions | None = None,
    routes: Sequence[PageRoute] = ROUTES,
) -> tuple[Frame, httpx.ASGITransport]:
    """Return the frame of a web, and the way to it."""
    options = FrameOptions(host=host, password=password, secret="not a secret in a test", provider=provider)
    frame = await make_frame(options, store, clock)
    return frame, httpx.ASGITransport(app=frame_app(routes, frame), raise_app_exceptions=False)


def browser(transport: httpx.ASGITransport, *, address: str = "127.0.0.1", url: str = ORIGIN) -> httpx.AsyncClient:
    """Return somebody's browser at an address."""
    there = httpx.ASGITransport(app=transport.app, raise_app_exceptions=False, client=(address, 5000))
    return httpx.AsyncClient(transport=there, base_url=url, headers={"Accept": "text/html"})


def token_in(html: str) -> str:
    """Return what the forms of a page carry."""
    found = re.search(r'name="csrf" (?:content|value)="([0-9a-f]{64})"', html)
    assert found is not None
    return found[1]


async def sign_in(
    client: httpx.AsyncClient, password: str = PASSWORD, *, name: str = "", goal: str = "/"
) -> httpx.Response:
    """Fill in the sign-in form and send it."""
    form = await client.get("/sign-in")
    fields = {"csrf": token_in(form.text), "password": password, "name": name, "next": goal}
    return await client.post("/sign-in", data=fields, headers={"Origin": str(client.base_url).rstrip("/")})


async def post(client: httpx.AsyncClient, page: httpx.Response, path: str = "", **fields: str) -> httpx.Response:
    """Send a form of a page: its hidden fields at the address that it has, or at another one."""
    hidden = {"csrf": token_in(page.text)}
    before = re.search(r'name="before" value="([^"]*)"', page.text)
    if before is not None and not path:
        hidden["before"] = unescape(before[1])
    filled = {name: unescape(value) for name, value in re.findall(r'<input id="(\w+)" [^>]*value="([^"]*)"', page.text)}
    filled |= dict(re.findall(r'<select id="(\w+)".*?<option value="(\w+)" selected', page.text, re.DOTALL))
    return await client.post(
        path or page.request.url.path,
        data={**({} if path else filled), **hidden, **fields},
        headers={"Origin": ORIGIN},
    )
