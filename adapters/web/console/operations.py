"""What the pages of the console work with."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from starlette.requests import Request

from adapters.web.frame import Frame, WebRole, identity_of
from adapters.web.frame.identity import PLATFORM
from bot.checks import Check
from bot.ports import Bot, Clock, ConsoleStore
from bot.pricing import RateCard
from bot.turns.effects import Change
from bot.types import AuditRecord, ConversationKey, Entrance, Incoming, Process, Spending


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportStep:
    """Progress of an import, in messages; `report` says what came of it, "" before its end."""

    done: int
    total: int
    report: str = ""


class Operations(Protocol):
    """Operations of the installation that the console asks for, beside its database."""

    @property
    def version(self) -> str: ...
    @property
    def time_zone(self) -> str: ...
    @property
    def retention(self) -> str: ...
    @property
    def database(self) -> str: ...

    async def lights(self) -> Sequence[Check]:
        """Return whether each part works, as found within the last half minute."""
        ...

    def examine(self) -> AsyncIterator[Check]:
        """Yield a row for each thing that can be wrong, as it is found out; some cost a fraction of a cent."""
        ...

    async def reconcile(self, since: datetime) -> tuple[Spending, Spending]:
        """Return our records of the model since then, and the provider's. Raises `BotError`."""
        ...

    def rates(self) -> tuple[RateCard, Sequence[str]]:
        """Return the prices in force, and what was learned where none are told, a sentence each."""
        ...

    async def back_up(self, path: Path) -> None:
        """Write a copy of the database to a new file. Raises `BotError` where that is not the way to do it."""
        ...

    def import_history(self, path: Path) -> AsyncGenerator[ImportStep]:
        """Bring an export of Slack into the playground, and yield how far that is; at the end what came of it.

        Raises `InvalidInput`, before the first step, for a file that is none.
        """
        ...

    async def processes(self) -> Sequence[Process]:
        """Return the processes that were there within the last minutes. Raises `StorageError`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """Collaborators of every page."""

    store: ConsoleStore
    bot: Bot
    operations: Operations
    frame: Frame
    clock: Clock

    def today(self) -> date:
        """Return the present day in UTC, as spending is counted."""
        return self.clock().date()

    def asked(self, request: Request, key: ConversationKey, text: str = "") -> Incoming:
        """Return what somebody wants at the console, once, with the rights of an administrator of that place.

        The guard has seen that their role suffices for the page.
        """
        identity = identity_of(request)
        return Incoming(
            key=key,
            dedupe_key=f"{PLATFORM}-console:{uuid4().hex}",
            author=identity.person,
            text=text,
            sent_at=self.clock(),
            is_directed=True,
            entrance=Entrance.CONSOLE,
            is_admin=identity.may(WebRole.OPERATOR),
        )

    async def change(self, request: Request, change: Change[Any], place: ConversationKey) -> None:
        """Make a change, with its line in the audit trail. Raises `StorageError`."""
        asked = self.asked(request, place)
        await self.store.carry_out(asked, change, lambda _: "")
        await self.store.mark_answered(asked.key.platform, asked.dedupe_key)

    def noted(self, request: Request, action: str, what: str, **more: str) -> AuditRecord:
        """Return the record of something that is no change of a delivery; `more` are its place, before and after."""
        who, via = identity_of(request).who, Entrance.CONSOLE.value
        before, after = more.get("before", ""), more.get("after", "")
        place = more.get("place", PLATFORM)
        return AuditRecord(
            at=self.clock(), who=who, place=place, action=action, what=what, before=before, after=after, via=via
        )

    async def record(self, request: Request, action: str, what: str, **more: str) -> None:
        """Append such a record to the audit trail. Raises `StorageError`."""
        await self.store.record_audit(self.noted(request, action, what, **more))
