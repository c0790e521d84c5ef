"""Administer from the command line: rules and roles, the audit trail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from bot.access.audit import OPERATOR
from bot.access.control import AccessControl
from bot.app.core import utc_now
from bot.app.operator_commands import open_database
from bot.commands.access import decide
from bot.errors import InvalidInput
from bot.ports import Store
from bot.settings import Settings
from bot.turns.effects import Effect
from bot.types import AuditRecord, ConversationKey, Entrance, Incoming, Person

NOWHERE: Final = ConversationKey(platform="", workspace="", channel="", thread="")
"""The key of what is about the whole installation."""

MOST_RECORDS: Final = 100_000
"""How many records of the audit trail are printed at once; whoever has more names a later start."""


def place_named(text: str) -> ConversationKey:
    """Return the place of "PLATFORM[/WORKSPACE[/CHANNEL]]", "" for the whole installation. Raises `InvalidInput`."""
    platform, workspace, channel, *more = [*text.split("/"), "", ""] if text else ["", "", ""]
    if any(more) or (channel and not workspace) or (workspace and not platform):
        raise InvalidInput("Write a place as PLATFORM[/WORKSPACE[/CHANNEL]], as the log does.")
    return ConversationKey(platform=platform, workspace=workspace, channel=channel, thread="")


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


async def change_access(settings: Settings, place: str, words: str) -> str:
    """Show or change access rules as `/access` does; what there is to tell. Raises `InvalidInput`."""
    asked = by_operator(place_named(place))
    async with open_database(settings) as store:
        return await carry_out(store, await decide(words, asked, store, AccessControl(store, {})), asked)


async def audit_trail(settings: Settings, *, since: datetime, who: str, within: str) -> Sequence[AuditRecord]:
    """Return what was changed since then, oldest first."""
    async with open_database(settings) as store:
        return await store.audit_trail(since=since, who=who, within=within, limit=MOST_RECORDS)
