"""A process that asks questions under a budget, all at once: `python -m ... URL NAME COUNT`; may be killed."""

from __future__ import annotations

import asyncio
import random
import sys
from decimal import Decimal

from bot.app.clock import utc_now
from bot.errors import BudgetReached
from bot.types import Charge, ConversationKey, Usage
from storage import open_store
from storage.sql import SqlStore
from tests.contract.stores.samples import incoming, sent

LIKELY, GREATEST = Decimal("0.01"), Decimal("0.02")


async def ask(store: SqlStore, name: str, chance: random.Random) -> str:
    """One question, from its arrival to its end; what came of it."""
    key = ConversationKey(platform="slack", workspace="T1", channel="C1", thread=name)
    await store.enqueue(incoming(name, key=key))
    turn = await store.claim(key, worker=name)
    assert turn is not None
    try:
        id = await store.open_request(sent(turn, str(LIKELY), str(GREATEST)))
    except BudgetReached:
        return "refused"
    await store.note_progress(id, Charge(usage=Usage(input=1, estimated=True), cost=LIKELY / 2))
    await asyncio.sleep(chance.random() / 5)
    cost = GREATEST * Decimal(chance.randrange(20, 101)) / 100
    await store.settle_request(id, Charge(usage=Usage(input=1), cost=cost))
    return "answered"


async def main(url: str, name: str, count: int) -> None:
    chance = random.Random(name)
    async with open_store(url, clock=utc_now, queued=False) as store:
        print("ready", flush=True)
        outcomes = await asyncio.gather(*(ask(store, f"{name}-{number}", chance) for number in range(count)))
    print(outcomes.count("answered"), outcomes.count("refused"), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
