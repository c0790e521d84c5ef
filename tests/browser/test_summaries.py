"""People have an imported channel summarised, watch how far it is, and open what its points rest on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from adapters.dates import DateWords
from adapters.seed import SeedOptions, open_seed
from adapters.slack.export import import_export
from adapters.web.frame import FrameOptions
from adapters.web.playground.platform import Playground, PlaygroundOptions
from bot.commands.completion import complete
from bot.turns.conversation_manager import ConversationManager
from bot.turns.dispatcher import Dispatcher
from bot.turns.inbox import Inbox
from bot.types import ChannelMessage
from storage.in_memory.store import MemoryStore
from tests.browser.test_asking import ask
from tests.emulators.seed.options import API_KEY, Options
from tests.emulators.seed.server import RunningSeed, running_seed
from tests.fakes import FixedRates, services
from tests.web_visitors import SECRET

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

EXPORT = Path("chat") / "irc-ubuntu-slack-export.zip"


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Imported:
    """A playground with an imported workspace, its channels by size, and the emulator that answers in it."""

    url: str
    workspace: str
    store: MemoryStore
    seed: RunningSeed

    async def messages(self, channel: str) -> list[ChannelMessage]:
        found = await self.store.get_messages(self.workspace, channel, limit=5_000)
        return list(found)


@pytest_asyncio.fixture(loop_scope="session")
async def imported(shared_data: Path) -> AsyncIterator[Imported]:
    """The whole product behind a real page, with an emulated model that takes its time."""
    store = MemoryStore(clock=now)
    report = await import_export(shared_data / EXPORT, store)
    options = PlaygroundOptions(
        frame=FrameOptions(host="127.0.0.1", secret=SECRET),
        port=0,
        model_name="seed-2-0-lite",
        notice="",
        complete=complete,
    )
    async with (
        running_seed(Options(tokens_per_second=200)) as seed,
        open_seed(base_url=seed.url, api_key=API_KEY, model="seed-2-0-lite", options=SeedOptions()) as model,
    ):
        playground = Playground(store, options=options, clock=now)
        platforms = {"local": playground}
        manager = ConversationManager(store, model, FixedRates(), platforms, clock=now)
        dispatcher = Dispatcher(store, manager.answer, worker="w", clock=now)
        inbox = Inbox(manager, dispatcher, services(store, manager, platforms, clock=now, times=DateWords()))
        serving = asyncio.create_task(playground.run(inbox), name="playground under test")
        yield Imported(await playground.url(), report.workspace.id, store, seed)
        await dispatcher.aclose(grace=10)
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving


async def test_an_imported_channel_is_summarised_and_its_links_open_the_messages(
    imported: Imported, page: Page
) -> None:
    channel = "C00000003"
    await page.goto(f"{imported.url}/c/{imported.workspace}/{channel}")
    await ask(page, "/summarise last 300")
    reply = page.locator(".thread .message.bot")
    await expect(reply.locator(".small-print")).to_contain_text("tokens in", timeout=60_000)
    await expect(reply.locator(".notice").first).to_contain_text("From 300 messages")
    points = reply.locator(".body li")
    count = await points.count()
    assert count >= 10
    for number in range(count):
        assert await points.nth(number).locator("a").count() >= 1

    by_id = {item.id: item for item in await imported.messages(channel)}
    links = await points.locator("a").all()
    outside_threads = [item for item in links if "#" not in (await item.get_attribute("href") or "#")]
    link = outside_threads[0]
    message = by_id[(await link.get_attribute("href") or "").rsplit("/", 1)[-1]]
    async with page.context.expect_page() as opening:
        await link.click()
    opened = await opening.value
    root = opened.locator(f'.thread [data-id="{message.id}"]')
    await expect(root).to_contain_text(message.author.name)
    await expect(root).to_contain_text(" ".join(message.text.split())[:20])


async def test_a_private_summary_is_seen_by_one_person_and_gone_when_they_leave(
    imported: Imported, page: Page, phone: Page
) -> None:
    place = f"{imported.url}/c/{imported.workspace}/C00000001"
    await page.goto(place)
    await phone.goto(place)
    await expect(phone.locator(".main .message").last).to_be_visible()
    await ask(page, "/summarise last 20 private")
    mine = page.locator(".main .message.bot")
    await expect(mine).to_contain_text("Only you see this", timeout=60_000)
    await expect(mine).to_contain_text("From 20 messages", timeout=60_000)
    await expect(phone.locator(".main .message.bot")).to_have_count(0)
    await page.reload()
    await expect(page.locator(".main .message").last).to_be_visible()
    await expect(page.locator(".main .message.bot")).to_have_count(0)


async def test_what_is_no_time_is_told_to_its_author_alone(imported: Imported, page: Page) -> None:
    await page.goto(f"{imported.url}/c/{imported.workspace}/C00000002")
    await ask(page, "/summarise since the boats came")
    await expect(page.locator(".main .note.error, .main [class*=note]").first).to_contain_text("where to start")
    assert not imported.seed.requests
