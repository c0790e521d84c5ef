"""A playground with a driven bot, and a real browser in front of it."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright

from adapters.web.frame import FrameOptions
from adapters.web.frame.visitors import VISITOR_COOKIE
from adapters.web.playground.platform import Playground, PlaygroundOptions
from bot.commands.completion import complete
from bot.types import ChannelMessage, Person
from storage.in_memory.store import MemoryStore
from tests.browser.driven_bot import DrivenBot
from tests.web_visitors import SECRET, visitor_cookie

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ADA = Person(id="ada", name="Ada Lovelace")
START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


class TickingClock:
    """A clock that moves by a millisecond each time it is read, so that messages have an order."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


@dataclass
class Stage:
    """A running playground, its store, and the bot behind it."""

    url: str
    store: MemoryStore
    bot: DrivenBot
    playground: Playground
    clock: TickingClock

    async def say(self, id: str, text: str, *, thread: str = "", author: Person = ADA) -> None:
        """Put a message into #general, as if somebody had said it before."""
        await self.store.put_messages([self.message(id, text, thread=thread, author=author)])
        self.playground.wake()

    def message(self, id: str, text: str, *, thread: str = "", author: Person = ADA) -> ChannelMessage:
        return ChannelMessage(
            workspace="local", channel="general", id=id, author=author, text=text, at=self.clock(), thread=thread
        )


Staging = Callable[..., AbstractAsyncContextManager[Stage]]


@asynccontextmanager
async def open_stage(
    store: MemoryStore | None = None, *, password: str | None = None, notice: str = ""
) -> AsyncIterator[Stage]:
    """Serve a playground on a free port."""
    clock, bot = TickingClock(), DrivenBot()
    store = store or MemoryStore(clock=clock)
    options = PlaygroundOptions(
        frame=FrameOptions(host="127.0.0.1", password=password, secret=SECRET),
        port=0,
        model_name="tiny",
        notice=notice,
        complete=complete,
        file_bytes=1_000_000,
    )
    playground = Playground(store, options=options, clock=clock)
    bot.platform, bot.store = playground, store
    serving = asyncio.create_task(playground.run(bot), name="playground under test")
    try:
        url = asyncio.create_task(playground.url())
        await asyncio.wait((serving, url), return_when=asyncio.FIRST_COMPLETED, timeout=20)
        if serving.done():
            url.cancel()
            await serving
        yield Stage(await url, store, bot, playground, clock)
    finally:
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving


@pytest.fixture
def staging() -> Staging:
    return open_stage


@pytest_asyncio.fixture(loop_scope="session")
async def stage(staging: Staging) -> AsyncIterator[Stage]:
    async with staging() as stage:
        yield stage


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium; on Debian: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


async def name_person(context: BrowserContext, person: str, name: str) -> None:
    """Let a browser come as somebody who was asked for their name before."""
    cookie = visitor_cookie(person, name)
    await context.add_cookies([{"name": VISITOR_COOKIE, "value": cookie, "domain": "127.0.0.1", "path": "/"}])


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    context = await browser.new_context(viewport={"width": 1440, "height": 900}, timezone_id="UTC", locale="en-US")
    context.set_default_timeout(15_000)
    await name_person(context, "u-page", "You")
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext) -> AsyncIterator[Page]:
    """A page on which any error of a script fails the test."""
    page = await context.new_page()
    errors: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(message.text)

    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", note)
    yield page
    await page.close()
    assert not [item for item in errors if "Failed to load resource" not in item]


@pytest_asyncio.fixture(loop_scope="session")
async def phone(browser: Browser) -> AsyncIterator[Page]:
    context = await browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    context.set_default_timeout(15_000)
    await name_person(context, "u-phone", "Phone")
    yield await context.new_page()
    await context.close()
