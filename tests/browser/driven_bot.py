"""A `Bot` that the tests drive: it opens a reply for each question and shows the drafts that it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from bot.errors import BotError
from bot.parameter_resolver import resolve
from bot.parameters import Effective, Scope
from bot.ports import Platform, Reply
from bot.types import (
    Again,
    ConversationKey,
    DeletionOutcome,
    Draft,
    Handled,
    Incoming,
    Outcome,
    Owed,
    RequestRecord,
    ThreadMessage,
    Turn,
    TurnId,
    TurnState,
    Within,
)


class DrivenBot:
    """Answers nothing by itself; `replies` arrive in the order of the questions."""

    def __init__(self) -> None:
        self.platform: Platform | None = None
        self.asked: list[Incoming] = []
        self.stopped: list[ConversationKey] = []
        self.acted: list[tuple[str, bool]] = []  # who stopped or went on, and whether as an administrator
        self.deletions: list[str] = []
        self.gone_on: list[tuple[TurnId, Again]] = []
        self.opinions: list[tuple[TurnId, str, bool]] = []
        self.notes: dict[str, str] = {}
        self.records: dict[ConversationKey, list[RequestRecord]] = {}
        self.refusals: dict[str, BotError] = {}
        self.on_handle: Callable[[Incoming], None] = lambda _incoming: None
        self._replies: asyncio.Queue[Reply] = asyncio.Queue()

    async def handle(self, incoming: Incoming) -> Handled:
        self.on_handle(incoming)
        if error := self.refusals.get(incoming.text):
            raise error
        if note := self.notes.get(incoming.text):
            return Handled(outcome=Outcome.REPLIED, text=note)
        if not incoming.addressed:
            return Handled(outcome=Outcome.IGNORED)
        self.asked.append(incoming)
        self._replies.put_nowait(await self.open(incoming, len(self.asked)))
        return Handled(outcome=Outcome.ANSWERING)

    async def open(self, incoming: Incoming, number: int) -> Reply:
        assert self.platform is not None
        ref = incoming.reply_ref or None
        turn = Turn(id=number, incoming=incoming, state=TurnState.RUNNING, epoch=1, attempt=1, reply_ref=ref)
        return await self.platform.open_reply(turn)

    async def begin(self, asked: Incoming) -> bool:
        return True

    async def refuse(self, asked: Incoming) -> Handled | None:
        return None

    async def reply(self, asked: Incoming, text: str) -> Handled:
        return Handled(outcome=Outcome.REPLIED, text=text)

    async def told(self, asked: Incoming) -> None:
        return None

    async def owed(self, platform: str) -> Sequence[Owed]:
        return []

    async def usage(self, asked: Incoming) -> str:
        return ""

    async def stop(self, key: ConversationKey, *, asked: Incoming, stopped: str = "", idle: str = "") -> Handled:
        if error := self.refusals.get("stop"):
            raise error
        self.stopped.append(key)
        self.acted.append((asked.author.id, asked.administers))
        return Handled(outcome=Outcome.REPLIED, text=stopped)

    async def edited(
        self, channel: ConversationKey, message: ThreadMessage, *, at: datetime, is_directed: bool = False
    ) -> None:
        raise NotImplementedError

    async def deleted(self, channel: ConversationKey, *ids: str) -> DeletionOutcome:
        self.deletions += ids
        return DeletionOutcome()

    async def place_deleted(self, place: Within) -> DeletionOutcome:
        return DeletionOutcome()

    async def again(self, id: TurnId, how: Again, *, asked: Incoming) -> Handled:
        if error := self.refusals.get(how):
            raise error
        self.gone_on.append((id, how))
        self.acted.append((asked.author.id, asked.administers))
        return Handled(outcome=Outcome.ANSWERING)

    async def feedback(self, id: TurnId, *, good: bool, asked: Incoming, answer: str = "") -> Handled:
        self.opinions.append((id, asked.author.id, good))
        return Handled(outcome=Outcome.REPLIED, text=answer)

    async def turn(self, id: TurnId) -> Turn | None:
        incoming = self.asked[id - 1]
        return Turn(id=id, incoming=incoming, state=TurnState.DONE, epoch=1, attempt=1)

    async def effective(self, key: ConversationKey) -> Mapping[str, Effective]:
        return resolve([])

    async def change(
        self, scope: Scope, values: Mapping[str, str | None], *, asked: Incoming, answer: str = ""
    ) -> Handled:
        raise NotImplementedError

    async def active(self, platform: str, *, since: datetime) -> Mapping[ConversationKey, datetime]:
        return {}

    async def requests(self, key: ConversationKey, *, limit: int) -> Sequence[RequestRecord]:
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
