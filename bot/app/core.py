"""Open the core of one process: storage, model, conversation manager, and the engine that runs turns."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from importlib.metadata import version
from typing import Final

from adapters.dates import DateWords
from adapters.media.charts import PillowCharts
from adapters.seed import SeedModel
from adapters.web.health.metrics import Metrics, ObservedModel
from bot.access.budget_warnings import BudgetWarnings
from bot.access.control import AccessControl
from bot.access.metered_model import PricedModel
from bot.app.clock import utc_now
from bot.app.file_rules import make_files, sounds_of
from bot.app.learned_prices import open_learned_rates
from bot.app.models import open_fallback, open_model
from bot.app.shared_pace import keep_dividing
from bot.commands.command import Services, all_commands
from bot.errors import StorageError, StorageUnavailable
from bot.learned_rates import LearnedRates
from bot.ports import Clock, Model, Platform, Rates, Store
from bot.settings import Settings
from bot.summary.digests import Digests
from bot.turns.claim import DEFAULT_TAKEOVER, TakeoverTimes
from bot.turns.conversation_manager import ConversationManager, TurnOptions
from bot.turns.dispatcher import Dispatcher, DispatchTimes
from bot.turns.inbox import Inbox
from bot.turns.missed_changes import MissedChanges
from bot.types import ConversationKey, Turn, TurnId
from storage import SqlStore, has_queue, migrate, open_clock, open_store, refuse_taken, single_instance

logger = logging.getLogger(__name__)

VERSION: Final = version("seedling")

DATABASE_PATIENCE_SECONDS = 30.0
"""How long a start waits for a database server that is away."""

LONGEST_REQUEST = timedelta(minutes=15)
"""After which no request can be under way any more: the provider's gateway cuts it then."""

SETTLING_SECONDS = 60.0

NOTES_PATIENCE_SECONDS = 10.0
"""How long a process that answers one question stays for the notes on its conversation; others go at once."""

CONVERSATIONS_AT_ONCE = 500
"""Of one process; a conversation that waits for its model or its pause counts as well."""


class EngineRole(Enum):
    """Role of a process in running turns."""

    RUNS = auto()  # takes up what anybody has accepted
    ACCEPTS = auto()  # stores them for others to run; needs a queue
    ASKS = auto()  # runs its own and no others


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """The opened core of one process."""

    store: SqlStore
    model: Model
    inbox: Inbox
    dispatcher: Dispatcher
    rates: LearnedRates
    metrics: Metrics
    worker: str
    clock: Clock


@asynccontextmanager
async def open_core(
    settings: Settings,
    open_platforms: Callable[[Store, str, Clock], AbstractAsyncContextManager[Mapping[str, Platform]]],
    *,
    grace: float | None,
    role: EngineRole = EngineRole.RUNS,
    model_of: Callable[[Settings], AbstractAsyncContextManager[tuple[Model, Rates]]] = open_model,
    takeover: TakeoverTimes = DEFAULT_TAKEOVER,
) -> AsyncIterator[Core]:
    """Migrate and open the storage, reach the model, and run turns; close all in reverse.

    `open_platforms` opens where answers go, by the clock of the database; `model_of` the model that the settings name.
    At the end running turns may finish within `grace` seconds, and the rest is handed back.
    """
    url = settings.database_url
    await asyncio.to_thread(refuse_taken, url, shared=role is EngineRole.ASKS)
    await migrate_patiently(url)
    await asyncio.to_thread(all_commands)  # imports each of them, which the first message would wait for
    async with AsyncExitStack() as stack:
        is_alone = stack.enter_context(single_instance(url, shared=role is EngineRole.ASKS))
        clock = await stack.enter_async_context(open_clock(url, utc_now))
        store = await stack.enter_async_context(open_store(url, clock=clock, queued=role is not EngineRole.ASKS))
        if not has_queue(url):  # where nobody else is, nobody else can have a request under way
            await store.settle_abandoned(before=clock() if is_alone else clock() - LONGEST_REQUEST)
        model, told = await stack.enter_async_context(model_of(settings))
        rates = await stack.enter_async_context(open_learned_rates(settings, store, model, told))
        platforms = await stack.enter_async_context(open_platforms(store, model.name, clock))
        searches = not settings.uses_local_model
        files = make_files(settings, platforms, sounds_of(settings, model, store, rates))
        metrics, worker = Metrics(version=VERSION, kind=role.name.lower()), _worker_name()
        observed = ObservedModel(model, rates, metrics)
        fallback = _observed_fallback(await stack.enter_async_context(open_fallback(settings)), metrics)
        options = TurnOptions(files=files, searches=searches, takeover=takeover, fallback=fallback)
        manager = ConversationManager(store, observed, rates, platforms, clock=clock, options=options)
        patience = NOTES_PATIENCE_SECONDS if role is EngineRole.ASKS else 0
        stack.push_async_callback(manager.aclose, patience=patience)
        run_turn = metrics.observed(manager.answer, clock)
        dispatcher = _dispatcher(settings, store, run_turn, worker=worker, clock=clock, role=role)
        inbox = Inbox(manager, dispatcher, _services(store, manager, platforms, rates, clock))
        missed = MissedChanges(inbox, store, platforms, are_apart=has_queue(url))
        await missed.begin()
        dispatcher.prepare_with(missed.follow)
        await stack.enter_async_context(_engine(url, role, dispatcher, manager, platforms, grace))
        if role is EngineRole.RUNS:
            digests = Digests(store, platforms, dispatcher.wake, admits=inbox.admits, clock=clock)
            for name, work in _upkeep(model, store, platforms, digests, clock).items():
                await stack.enter_async_context(_ticking(work, name))
        yield Core(
            store=store,
            model=model,
            inbox=inbox,
            dispatcher=dispatcher,
            rates=rates,
            metrics=metrics,
            worker=worker,
            clock=clock,
        )


def _services(
    store: Store, manager: ConversationManager, platforms: Mapping[str, Platform], rates: Rates, clock: Clock
) -> Services:
    """Return what commands are carried out with."""
    return Services(
        store=store,
        access=AccessControl(store, platforms),
        rates=rates,
        clock=clock,
        check_may_summarise=manager.check_may_summarise,
        times=DateWords(),
        charts=PillowCharts(),
    )


def _observed_fallback(found: tuple[Model, Rates] | None, metrics: Metrics) -> PricedModel | None:
    if found is None:
        return None
    model, rates = found
    return PricedModel(model=ObservedModel(model, rates, metrics), rates=rates)


def _upkeep(
    model: Model, store: SqlStore, platforms: Mapping[str, Platform], digests: Digests, clock: Clock
) -> Mapping[str, Coroutine[None, None, None]]:
    """Return what a process that runs turns does beside them, by name."""
    parts: dict[str, Coroutine[None, None, None]] = {
        "accounts": _keep_accounts(store, clock),
        "budget warnings": BudgetWarnings(store, platforms, clock=clock).run(),
        "digests": digests.run(),
    }
    if isinstance(model, SeedModel):
        parts["shared pace"] = keep_dividing(model.limits, store.running_processes)
    return parts


def _dispatcher(
    settings: Settings,
    store: Store,
    run_turn: Callable[[Turn], Awaitable[None]],
    *,
    worker: str,
    clock: Clock,
    role: EngineRole,
) -> Dispatcher:
    return Dispatcher(
        store,
        run_turn,
        worker=worker,
        clock=clock,
        times=DispatchTimes(pause=0 if role is EngineRole.ASKS else settings.burst_pause_seconds),
        embedded=role is EngineRole.ASKS or not has_queue(settings.database_url),
    )


@asynccontextmanager
async def _engine(
    url: str,
    role: EngineRole,
    dispatcher: Dispatcher,
    manager: ConversationManager,
    platforms: Mapping[str, Platform],
    grace: float | None,
) -> AsyncIterator[None]:
    """Yield turns are run for as long as the context lasts: by the queue's jobs, or by wakes and a sweep."""
    if role is not EngineRole.RUNS:
        try:
            yield
        finally:
            await dispatcher.aclose(grace=grace)
        return
    if not has_queue(url):
        sweeping = asyncio.create_task(dispatcher.run(platforms.keys()), name="dispatcher")
        try:
            yield
        finally:
            sweeping.cancel()
            await dispatcher.aclose(grace=grace)
            await asyncio.gather(sweeping, return_exceptions=True)
        return

    from storage.queue import Queue  # noqa: PLC0415 - the embedded mode starts without these packages

    def stop(key: ConversationKey, turns: Sequence[TurnId]) -> None:
        manager.interrupt(turns)
        dispatcher.wake(key)

    queue = Queue(url, platforms.keys(), dispatcher.drain, stop)
    async with queue.serve(concurrency=CONVERSATIONS_AT_ONCE):
        try:
            yield
        finally:
            queue.close_entrance()
            await dispatcher.aclose(grace=grace)


async def _keep_accounts(store: Store, clock: Clock) -> None:
    """Settle what killed processes have left open, until cancelled."""
    while True:
        try:
            if count := await store.settle_abandoned(before=clock() - LONGEST_REQUEST):
                logger.warning("requests settled by estimate", extra={"requests": count})
        except StorageError as error:
            logger.warning("accounts not kept", extra={"error": str(error)})
        await asyncio.sleep(SETTLING_SECONDS)


@asynccontextmanager
async def _ticking(work: Coroutine[None, None, None], name: str) -> AsyncIterator[None]:
    """Do work that comes back again and again, for as long as the context lasts."""
    task = asyncio.create_task(work, name=name)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def migrate_patiently(url: str) -> None:
    """Bring the database to the newest schema, waiting for a server that is away. Raises `StorageUnavailable`."""
    loop = asyncio.get_running_loop()
    until = loop.time() + (DATABASE_PATIENCE_SECONDS if has_queue(url) else 0)
    told = False
    while True:
        try:
            return await migrate(url)
        except StorageUnavailable as error:
            if loop.time() >= until:
                raise
            if not told:
                logger.warning("%s Trying again for %.0f s.", error, DATABASE_PATIENCE_SECONDS)
                told = True
        await asyncio.sleep(1)


def _worker_name() -> str:
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
