"""Open the database for one command, and change it in the name of whoever runs the bot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import uuid4

from bot.access.audit_trail import OPERATOR
from bot.app.clock import utc_now
from bot.ports import Clock, Store
from bot.settings import Settings
from bot.turns.effects import Effect
from bot.types import ConversationKey, Entrance, Incoming, Person

NOWHERE: Final = ConversationKey(platform="", workspace="", channel="", thread="")
"""The key of what is about the whole installation."""


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Store]:
    """Yield the database at the newest schema."""
    async with open_timed_database(settings) as (store, _):
        yield store


@asynccontextmanager
async def open_timed_database(settings: Settings) -> AsyncIterator[tuple[Store, Clock]]:
    """Yield the database at the newest schema, and its clock: that of this machine may be wrong."""
    from storage import migrate, open_clock, open_store  # noqa: PLC0415 - commands without a database start faster

    url = settings.database_url
    await migrate(url)
    async with open_clock(url, utc_now) as clock, open_store(url, clock=clock) as store:
        yield store, clock


def by_operator(key: ConversationKey = NOWHERE) -> Incoming:
    """Return what whoever runs the bot wants of a place, once."""
    return Incoming(
        key=key,
        dedupe_key=f"{OPERATOR}:{uuid4().hex}",
        author=Person(id=OPERATOR, name=OPERATOR),
        text="",
        sent_at=utc_now(),
        entrance=Entrance.COMMAND_LINE,
        is_admin=True,
    )


async def carry_out(store: Store, effect: Effect[Any], asked: Incoming) -> str:
    """Carry out what the operator wants, with its line in the audit trail; what there is to tell."""
    done = await store.carry_out(asked, effect.change, effect.tell)
    await store.mark_answered(asked.key.platform, asked.dedupe_key)
    return done.answer if done is not None else ""
