"""Maintain the database: look at the queue, forget, back up, copy."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from bot.access.audit_trail import OPERATOR, person_key
from bot.app.database import open_timed_database
from bot.errors import ConfigError, InvalidInput, StorageError
from bot.ports import Clock, Store
from bot.retention import NO_TERMS, PARAMETER, Retention
from bot.settings import Settings
from bot.turns.effects import DELIVERIES_KEPT, WORTH_TELLING
from bot.types import AuditRecord, ConversationKey, Entrance, QueueFigures
from storage import back_up, copy_database, has_queue

logger = logging.getLogger(__name__)

RETENTION_SWEEP_SECONDS = 3_600.0


async def queue_figures(settings: Settings) -> tuple[QueueFigures, float | None]:
    """Return the queue as it stands, and for how many seconds the oldest question is open; None where none is."""
    async with open_timed_database(settings) as (store, clock):
        figures = await store.queue_figures()
        oldest = figures.oldest_accepted_at
        return figures, None if oldest is None else max(0.0, (clock() - oldest).total_seconds())


async def forget_conversation(settings: Settings, key: ConversationKey) -> int:
    """Forget a conversation; how many entries are gone."""
    async with open_timed_database(settings) as (store, clock):
        gone = await store.forget_conversation(key)
        await store.record_audit(_forgotten("conversation", str(key), at=clock()))
    return gone.entries


async def forget_person(settings: Settings, platform: str, id: str) -> int:
    """Forget somebody; how many entries are gone."""
    async with open_timed_database(settings) as (store, clock):
        gone = await store.forget_person(platform, id)
        await store.record_audit(_forgotten(person_key(platform, id), platform, at=clock()))
    return gone.entries


def _forgotten(what: str, place: str, *, at: datetime) -> AuditRecord:
    via = Entrance.COMMAND_LINE.value
    return AuditRecord(at=at, who=OPERATOR, place=place, action="forget", what=what, via=via)


async def back_up_database(settings: Settings, path: Path) -> None:
    """Write a consistent copy of the SQLite database."""
    await back_up(settings.database_url, path)


async def move_database(source: str, target: str, tell: Callable[[str, int], None]) -> Mapping[str, int]:
    """Copy a whole database into another, checked. Raises `InvalidInput` for an address that is none."""
    for address in (source, target):
        try:
            has_queue(address)
        except ConfigError as error:
            raise InvalidInput(f"{error.fix[:1].upper()}{error.fix[1:]}.") from None
    return await copy_database(source, target, tell)


async def keep_retention(store: Store, days: int | None, terms: Mapping[str, int] = NO_TERMS, *, clock: Clock) -> None:
    """Forget conversations that rested for longer than people set, and the names of old deliveries, until cancelled.

    It looks once an hour, and gives the space of all that was deleted back.

    `days` hold where nothing is set; None keeps what the `terms` of its platform, by name, let be kept.
    """
    while True:
        try:
            await forget_rested(store, days, terms, clock=clock)
            await store.prune_deliveries(clock() - DELIVERIES_KEPT, untold=clock() - WORTH_TELLING)
            await store.shrink()
        except StorageError as error:
            logger.warning("retention failed", extra={"error": str(error)})
        await asyncio.sleep(RETENTION_SWEEP_SECONDS)


async def forget_rested(store: Store, days: int | None, terms: Mapping[str, int] = NO_TERMS, *, clock: Clock) -> None:
    """Forget every conversation that has rested for longer than it is kept."""
    retention = Retention(await store.get_everywhere(PARAMETER), days, terms)
    if retention.shortest is None:
        return
    now = clock()
    for key, asked_at in (await store.inactive_since(now - retention.shortest)).items():
        if retention.is_over(key, asked_at, now):
            gone = await store.forget_conversation(key, rested=True)
            logger.info(
                "conversation deleted after its retention", extra={"conversation": str(key), "entries": gone.entries}
            )
