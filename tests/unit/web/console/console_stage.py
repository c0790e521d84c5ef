"""A console over a real core and a SQLite file, with people of each role in front of it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import httpx
from starlette.types import ASGIApp

from adapters.web.console import console_part
from adapters.web.console.operations import ImportStep
from adapters.web.frame import Frame, FrameOptions, WebRole, frame_app, make_frame
from bot.app.installation import Installation
from bot.checks import Check
from bot.errors import BotError, ModelRejected
from bot.pricing import SEED_CARD, RateCard
from bot.turns.conversation_manager import ConversationManager, TurnOptions
from bot.turns.dispatcher import Dispatcher
from bot.turns.inbox import Inbox
from bot.types import Outcome, Person, Process, Spending, Usage
from storage import SqlStore, open_store
from tests.fakes import FixedRates, ManualClock, RecordingPlatform, ScriptedModel, incoming, services, words
from tests.house import AT_ONCE, NoPace
from tests.unit.web.frame.browsers import PASSWORD, browser, sign_in

ADA = Person(id="U1", name="Ada <b>Lovelace</b>")
BOB = Person(id="U2", name="Bob")
SAID = 'Is <script>alert(1)</script> here & "there"?'


@dataclass
class FakeOperations:
    """An installation of which everything is known."""

    clock: ManualClock
    version: str = "0.1.0"
    time_zone: str = "UTC"
    retention: str = "Conversations are kept until somebody deletes them."
    database: str = "SQLite, seedling.db"
    seen: list[Process] = field(default_factory=list)
    error: BotError | None = None
    store: SqlStore | None = None

    async def lights(self) -> Sequence[Check]:
        return [
            Check(name="database", ok=True, detail="answers in 2 ms"),
            Check(name="Slack", ok=False, detail="the token was refused", fix="set SLACK_BOT_TOKEN"),
            Check(name="Discord", ok=None, detail="is not joined"),
        ]

    async def examine(self) -> AsyncIterator[Check]:
        for check in await self.lights():
            yield check

    async def reconcile(self, since: datetime) -> tuple[Spending, Spending]:
        if self.error is not None:
            raise self.error
        return Spending(requests=3), Spending(requests=4)

    def rates(self) -> tuple[RateCard, Sequence[str]]:
        return SEED_CARD, ["Cached tokens cost 20 % of input, as assumed."]

    async def back_up(self, path: Path) -> None:
        if self.error is not None:
            raise self.error
        await asyncio.to_thread(path.write_bytes, b"SQLite format 3")

    async def import_history(self, path: Path) -> AsyncGenerator[ImportStep]:
        assert self.store is not None
        async for step in Installation.import_history(self, path):  # type: ignore[arg-type]  # of it only the store
            yield step

    async def processes(self) -> Sequence[Process]:
        now = self.clock()
        return [Process(name="w", kind="run", version="0.1.0", started_at=now, seen_at=now)]


@dataclass
class ConsoleStage:
    """The console, what it works with, and the way to it."""

    store: SqlStore
    clock: ManualClock
    model: ScriptedModel
    platform: RecordingPlatform
    inbox: Inbox
    dispatcher: Dispatcher
    frame: Frame
    operations: FakeOperations
    app: ASGIApp

    def browser(self) -> httpx.AsyncClient:
        return browser(httpx.ASGITransport(app=self.app, raise_app_exceptions=False))

    @asynccontextmanager
    async def person(self, role: WebRole) -> AsyncIterator[httpx.AsyncClient]:
        """Somebody who is signed in with a role."""
        await self.frame.accounts.put(role.word + "-1", role, PASSWORD)
        async with self.browser() as client:
            assert (await sign_in(client, PASSWORD, name=role.word + "-1")).status_code == 303
            yield client

    async def ask(self, text: str, number: int, *, author: Person = ADA, settles: bool = True) -> None:
        """Ask something in a channel, and wait for the answer."""
        handled = await self.inbox.handle(incoming(text, number, author=author))
        assert handled.outcome is Outcome.ANSWERING
        while settles and await self.store.open_conversations():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def open_console(folder: Path, clock: ManualClock, empty: Path) -> AsyncIterator[ConsoleStage]:
    """Open a console with an empty database."""
    path = await asyncio.to_thread(shutil.copy, empty, folder / "seedling.db")
    async with open_store(f"sqlite:///{path}", clock=clock) as store:
        model, platform, operations = ScriptedModel(), RecordingPlatform(()), FakeOperations(clock, store=store)
        options = TurnOptions(takeover=AT_ONCE, sleep=clock.sleep)
        platforms = {platform.name: platform}
        manager = ConversationManager(store, model, FixedRates(), platforms, clock=clock, options=options)
        dispatcher = Dispatcher(store, manager.answer, worker="w", clock=clock)
        inbox = Inbox(manager, dispatcher, services(store, manager, platforms, clock=clock))
        inbox._pace = NoPace()
        part = console_part(store, operations, clock)
        frame = await make_frame(
            FrameOptions(host="0.0.0.0", password=PASSWORD, secret="s"),
            store,
            clock,
            parts=[part],
        )
        app = frame_app(part.routes(frame, inbox), frame)
        yield ConsoleStage(store, clock, model, platform, inbox, dispatcher, frame, operations, app)
        await dispatcher.aclose(grace=10)
        await manager.aclose()


async def fill(stage: ConsoleStage) -> None:
    """Let people ask three things: two are answered, and one fails."""
    usage = Usage(input=1_000, cached=600, output=50, reasoning=20)
    rejected = ModelRejected("the account has no credits left")
    stage.model.scripts[:] = [words("Yes, it is.", usage), words("No.", usage), [rejected]]
    await stage.ask(SAID, 1)
    await stage.ask("And now?", 2, author=BOB)
    await stage.ask("Why?", 3)
