"""Examine a running installation: its database, queue, model, platforms and workers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from time import monotonic
from typing import Final

from adapters.seed import SeedModel, check_account, check_reachable
from adapters.web.console.operations import ImportStep
from adapters.web.health.readiness import Readiness
from bot.app.core import VERSION
from bot.app.heartbeat import processes
from bot.app.operator_commands import check_all, reconcile
from bot.app.platform_registry import EXPORTS, ConfiguredPlatform
from bot.app.supervisor import Supervisor
from bot.checks import CHECK_SECONDS, Check
from bot.errors import StorageError
from bot.language import gettext
from bot.learned_rates import LearnedRates
from bot.ports import Clock, Model
from bot.pricing import RateCard
from bot.settings import Settings
from bot.turns.dispatcher import is_paused
from bot.types import Process, Spending
from bot.types.said import Said
from storage import SqlStore, back_up

OLD: Final = timedelta(minutes=10)
"""After which the oldest question without an answer says that something is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """Installation as a process knows it; `heard` are the platforms that it listens to itself, by title."""

    settings: Settings
    platforms: Sequence[ConfiguredPlatform]
    store: SqlStore
    model: Model
    learned: LearnedRates
    supervisor: Supervisor
    clock: Clock
    heard: Sequence[str] = ()
    _readiness: list[Readiness] = field(default_factory=list)

    @property
    def readiness(self) -> Readiness:
        """Return the checks of all parts, which are remembered."""
        if not self._readiness:
            parts = {
                "database": self._database,
                "queue": self._queue,
                "workers": self._workers,
                "model": self._model_works,
                **({} if self.settings.uses_local_model else {"account": self._account}),
                "platforms": self._platforms_work,
            }
            self._readiness.append(Readiness(parts, self.clock))
        return self._readiness[0]

    # ------------------------------------------------------------ what the console asks

    @property
    def version(self) -> str:
        """Return the version of this process."""
        return VERSION

    @property
    def time_zone(self) -> str:
        """Return where days of budgets begin."""
        return self.settings.budget_time_zone

    @property
    def retention(self) -> str:
        """Return how long conversations are kept where nothing else is set, in a sentence."""
        days = self.settings.retention_days
        if days is None:
            return gettext(
                "Conversations are kept until somebody deletes them, or as long as a platform's terms let them be."
            )
        told = gettext(
            "Conversations are deleted {days} days after the last question, unless a setting says otherwise."
        )
        return told.format(days=days)

    @property
    def database(self) -> str:
        """Return what kind of database it is."""
        return "PostgreSQL" if self.settings.database_url.startswith("postgres") else "SQLite"

    async def lights(self) -> Sequence[Check]:
        """Return whether each part works."""
        return await self.readiness.checks()

    async def examine(self) -> AsyncIterator[Check]:
        """Yield the rows of `seedling doctor`."""
        async for check in check_all(self.settings, self.platforms, seconds=CHECK_SECONDS):
            yield check

    async def reconcile(self, since: datetime) -> tuple[Spending, Spending]:
        """Return our records of the model since then, and the provider's."""
        return await reconcile(self.settings, since=since)

    def rates(self) -> tuple[RateCard, Sequence[str]]:
        """Return the prices in force, and what was learned of them."""
        card = self.learned.card()
        return card, self.learned.evidence.told(card)

    async def back_up(self, path: Path) -> None:
        """Write a copy of the SQLite database to a new file."""
        await back_up(self.settings.database_url, path)

    async def import_history(self, path: Path) -> AsyncGenerator[ImportStep]:
        """Bring an export of Slack into the playground, and yield how far that is; who stops listening stops it."""
        import_export = import_module(EXPORTS).import_export
        told: asyncio.Queue[ImportStep | None] = asyncio.Queue()

        def note(done: int, total: int) -> None:
            told.put_nowait(ImportStep(done=done, total=total))

        importing = asyncio.create_task(import_export(path, self.store, progress=note), name="import")
        importing.add_done_callback(lambda _: told.put_nowait(None))
        try:
            while (step := await told.get()) is not None:
                yield step
            report = await importing
            yield ImportStep(done=report.messages, total=report.messages, report=str(report))
        finally:
            importing.cancel()
            await asyncio.gather(importing, return_exceptions=True)

    async def processes(self) -> Sequence[Process]:
        """Return the processes that are there."""
        return await processes(self.store, self.clock)

    # ------------------------------------------------------------ the parts

    async def _database(self) -> Sequence[Check]:
        began = monotonic()
        try:
            await self.store.queue_figures()
        except StorageError as error:
            return [Check(name=Said("database"), ok=False, detail=str(error), fix=Said("see that the database runs"))]
        took = round((monotonic() - began) * 1_000)
        return [Check(name=Said("database"), ok=True, detail=Said("answers in {took} ms", took=took))]

    async def _queue(self) -> Sequence[Check]:
        figures = await self.store.queue_figures()
        oldest = figures.oldest_accepted_at
        age = timedelta(0) if oldest is None else self.clock() - oldest
        detail = Said("{queued} waiting, {running} being answered", queued=figures.queued, running=figures.running)
        if await is_paused(self.store):
            paused = Said("paused; {detail}", detail=detail)
            return [Check(name=Said("queue"), ok=None, detail=paused, fix=Said("let it go on at the console"))]
        if age < OLD:
            return [Check(name=Said("queue"), ok=True, detail=detail)]
        minutes = int(age.total_seconds() // 60)
        late = Said("{detail}; the oldest for {minutes} minutes", detail=detail, minutes=minutes)
        fix = Said("see that workers run and that the model answers")
        return [Check(name=Said("queue"), ok=False, detail=late, fix=fix)]

    async def _workers(self) -> Sequence[Check]:
        found = await processes(self.store, self.clock)
        workers = sum(process.runs_turns for process in found)
        fix = "" if workers else Said("start a worker: seedling worker")
        detail = Said("{workers} of {all} processes answer", workers=workers, all=len(found))
        return [Check(name=Said("workers"), ok=workers > 0 or not found, detail=detail, fix=fix)]

    async def _model_works(self) -> Sequence[Check]:
        if self.settings.uses_local_model or not isinstance(self.model, SeedModel):
            return [Check(name=Said("model"), ok=True, detail=self.model.name)]
        return await check_reachable(self.model)

    async def _account(self) -> Sequence[Check]:
        return [await check_account(self.model)] if isinstance(self.model, SeedModel) else []

    async def _platforms_work(self) -> Sequence[Check]:
        return [self._platform(item) for item in self.platforms]

    def _platform(self, platform: ConfiguredPlatform) -> Check:
        title = platform.spec.title
        if not platform.settings.is_joined:
            return Check(name=title, ok=None, detail=Said("not set up"))
        if title not in self.heard:
            return Check(name=title, ok=None, detail=Said("another process listens"))
        if title in self.supervisor.up:
            return Check(name=title, ok=True, detail=Said("connected"))
        fix = Said("the log says why; it is tried again by itself")
        return Check(name=title, ok=False, detail=Said("not connected"), fix=fix)
