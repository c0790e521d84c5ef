"""Change who may sign in to the web, and record it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from adapters.web.frame.accounts import Account, Accounts
from adapters.web.frame.identity import PLATFORM
from adapters.web.frame.sessions import Sessions
from adapters.web.roles import WebRole
from bot.access.audit_trail import OPERATOR
from bot.app.database import open_database, open_timed_database
from bot.ports import Store
from bot.settings import Settings
from bot.types import AuditRecord, Entrance


async def all_accounts(settings: Settings) -> Sequence[Account]:
    """Return every account."""
    async with open_database(settings) as store:
        return await Accounts(store).list()


async def put_account(settings: Settings, name: str, role: WebRole, password: str | None) -> Account:
    """Add or change an account; its sign-ins end, since they have the role and stand on the password of before."""
    async with open_timed_database(settings) as (store, clock):
        before = await Accounts(store).find(name)
        account = await Accounts(store).put(name, role, password)
        await Sessions(store, clock).end_of(account.name)
        await _record(store, account.name, before.role.word if before else "", role.word, at=clock())
        return account


async def remove_account(settings: Settings, name: str) -> tuple[bool, int]:
    """Return whether there was such an account, which is gone, and how many of its sign-ins were ended."""
    async with open_timed_database(settings) as (store, clock):
        before = await Accounts(store).find(name)
        if before is None or not await Accounts(store).remove(name):
            return False, 0
        await _record(store, before.name, before.role.word, "", at=clock())
        return True, await Sessions(store, clock).end_of(before.name)


async def _record(store: Store, what: str, before: str, after: str, *, at: datetime) -> None:
    record = AuditRecord(
        at=at,
        who=OPERATOR,
        place=PLATFORM,
        action="account",
        what=what,
        before=before,
        after=after,
        via=Entrance.COMMAND_LINE.value,
    )
    await store.record_audit(record)
