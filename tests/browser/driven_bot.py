"""A `Bot` that the tests drive: it opens a reply for each question and shows the drafts that it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from bot.errors import BotError, ChangedMeanwhile, StorageError
from bot.parameters import Scope
from bot.ports import Platform, Reply, Store
from bot.types import (
    ConversationKey,
    DeletionOutcome,
    Draft,
    FollowUp,
    HandleResult,
    Incoming,
    Outcome,
    RequestRecord,
    Turn,
    TurnId,
    TurnState,
)
from tests.quiet_bot import QuietBot


class DrivenBot(QuietBot):
    """Answers nothing by itself; `replies` arrive in the order of the questions."""

    def __init__(self) -> None:
        self.platform: Platform | None = None
        self.store: Store | None = None
        self.asked: list[Incoming] = []
        self.stopped: list[ConversationKey] = []
        self.acted: list[tuple[str, bool]] = []  # who stopped or went on, and whether as an administrator
        self.deletions: list[str] = []
        self.edits: list[Incoming] = []
        self.set: list[tuple[Scope, Mapping[str, str | None]]] = []
        self.gone_on: list[tuple[TurnId, FollowUp]] = []
        self.opinions: list[tuple[TurnId, str, bool]] = []
        self.notes: dict[str, str] = {}
        self.records: dict[ConversationKey, list[RequestRecord]] = {}
        self.refusals: dict[str, BotError] = {}
        self.on_handle: Callable[[Incoming], None] = lambda _incoming: None
        self._replies: asyncio.Queue[Reply] = asyncio.Queue()

    async def handle(self, incoming: Incoming) -> HandleResult:
        self.on_handle(incoming)
        error = self.refusals.get(incoming.text)
        if incoming.posted is not None and not isinstance(error, StorageError):
            assert self.store is not None
            await self.store.put_messages([incoming.posted])
        if error is not None:
            raise error
        if note := self.notes.get(incoming.text):
            return HandleResult(outcome=Outcome.REPLIED, text=note)
        if not incoming.is_directed:
            return HandleResult(outcome=Outcome.IGNORED)
        self.asked.append(incoming)
        self._replies.put_nowait(await self.open(incoming, len(self.asked)))
        return HandleResult(outcome=Outcome.ANSWERING, key=incoming.key)

    async def open(self, incoming: Incoming, number: int) -> Reply:
        assert self.platform is not None
        ref = incoming.reply_ref or None
        turn = Turn(id=number, incoming=incoming, state=TurnState.RUNNING, epoch=1, attempt=1, reply_ref=ref)
        return await self.platform.open_reply(turn)

    async def stop(self, key: ConversationKey, *, asked: Incoming, stopped: str = "", idle: str = "") -> HandleResult:
        if error := self.refusals.get("stop"):
            raise error
        self.stopped.append(key)
        self.acted.append((asked.author.id, asked.is_admin))
        return HandleResult(outcome=Outcome.REPLIED, text=stopped)

    async def on_message_edited(self, message: Incoming, *, at: datetime, by_platform: bool = False) -> HandleResult:
        self.edits.append(message)
        if message.posted is not None and self.store is not None:
            await self.store.put_messages([message.posted])
        return HandleResult(outcome=Outcome.IGNORED)

    async def on_message_deleted(self, channel: ConversationKey, *ids: str) -> DeletionOutcome:
        self.deletions += ids
        return DeletionOutcome() if self.store is None else await self.store.delete_messages(channel, ids)

    async def follow_up(self, id: TurnId, how: FollowUp, *, asked: Incoming) -> HandleResult:
        if error := self.refusals.get(how):
            raise error
        self.gone_on.append((id, how))
        self.acted.append((asked.author.id, asked.is_admin))
        return HandleResult(outcome=Outcome.ANSWERING)

    async def feedback(self, id: TurnId, *, good: bool, asked: Incoming, answer: str = "") -> HandleResult:
        self.opinions.append((id, asked.author.id, good))
        return HandleResult(outcome=Outcome.REPLIED, text=answer)

    async def set_parameters(
        self,
        scope: Scope,
        values: Mapping[str, str | None],
        *,
        asked: Incoming,
        answer: str = "",
        expected: Mapping[str, str | None] | None = None,
    ) -> HandleResult:
        if any((expected or {}).values()):  # nothing is ever set here
            raise ChangedMeanwhile
        self.set.append((scope, values))
        return HandleResult(outcome=Outcome.REPLIED, text=answer)

    async def turn(self, id: TurnId) -> Turn | None:
        incoming = self.asked[id - 1]
        return Turn(id=id, incoming=incoming, state=TurnState.DONE, epoch=1, attempt=1)

    async def request_history(self, key: ConversationKey, *, limit: int) -> Sequence[RequestRecord]:
        if error := self.refusals.get("requests"):
            raise error
        return self.records.get(key, [])[-limit:]

    async def next_reply(self) -> Reply:
        """The reply to the next question, as soon as it is asked."""
        return await asyncio.wait_for(self._replies.get(), 20)

    async def answer(self, text: str) -> None:
        """Answer the next question at once."""
        reply = await self.next_reply()
        await reply.finish(Draft(status="done", text=text))
