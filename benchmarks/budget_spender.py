"""Ask questions under a budget in a process of its own, which may be killed at any moment; `budget_cap` begins them."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime
from decimal import Decimal
from multiprocessing.connection import Connection

from bot.errors import BudgetReached
from bot.types import (
    Charge,
    ConversationKey,
    Costs,
    Draft,
    Incoming,
    Person,
    Purpose,
    SentRequest,
    Settlement,
    Turn,
    TurnState,
    Usage,
)
from storage import open_store
from storage.sql import SqlStore

LIKELY, GREATEST, PROGRESS = Decimal("0.01"), Decimal("0.02"), Decimal("0.001")
LONGEST_SECONDS = 2.0


def now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


def work(url: str, slot: int, questions: int, seed: int, telling: Connection) -> None:
    """Ask every question of a slot that has not ended, all at once, and tell when all are asked."""
    asyncio.run(_ask_all(url, slot, questions, seed, telling))


async def _ask_all(url: str, slot: int, questions: int, seed: int, telling: Connection) -> None:
    chance = random.Random(seed)
    begun = asyncio.Semaphore(0)
    async with open_store(url, clock=now, queued=False) as store, asyncio.TaskGroup() as asking:
        for number in range(questions):
            asking.create_task(_ask(store, f"{slot}-{number}", chance.random(), begun))
        for _ in range(questions):
            await begun.acquire()
        telling.send(True)


async def _ask(store: SqlStore, name: str, chance: float, begun: asyncio.Semaphore) -> None:
    turn = await _claimed(store, name)
    if turn is None:  # it ended in an earlier process
        begun.release()
        return
    settled = Settlement(state=TurnState.FAILED, draft=Draft(status="failed"))
    try:
        id = await store.open_request(_request(turn))
    except BudgetReached:
        begun.release()
    else:
        await store.note_progress(id, _charge(PROGRESS))
        begun.release()
        await asyncio.sleep(chance * LONGEST_SECONDS)
        cost = LIKELY / 2 + (GREATEST - LIKELY / 2) * Decimal(f"{chance:.2f}")
        await store.settle_request(id, _charge(cost))
        settled = Settlement(state=TurnState.DONE, draft=Draft(status="done"))
    await store.record(turn, settled)
    await store.close(turn)


async def _claimed(store: SqlStore, name: str) -> Turn | None:
    key = ConversationKey(platform="slack", workspace="T1", channel="C1", thread=name)
    asked = Incoming(key=key, dedupe_key=name, author=Person(id="U1", name="Ada"), text="?", sent_at=now())
    await store.enqueue(asked)
    return await store.claim(key, worker=name)


def _request(turn: Turn) -> SentRequest:
    costs = Costs(likely=LIKELY, greatest=GREATEST)
    return SentRequest(turn=turn, purpose=Purpose.ANSWER, model="m", charge=_charge(Decimal(0)), costs=costs)


def _charge(cost: Decimal) -> Charge:
    return Charge(usage=Usage(input=1), cost=cost)
