"""A `Bot` for tests of what stands around it: it takes everything and does nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.parameter_resolver import resolve
from bot.parameters import Effective, Scope
from bot.types import (
    Again,
    ConversationKey,
    DeletionOutcome,
    Handled,
    Incoming,
    Outcome,
    Owed,
    RequestRecord,
    ThreadMessage,
    Turn,
    TurnId,
    Within,
)


class QuietBot:
    """Knows no turn, and keeps nothing; what else a test needs of it is its subclass's."""

    async def handle(self, incoming: Incoming) -> Handled:
        return Handled(outcome=Outcome.ANSWERING)

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
        return Handled(outcome=Outcome.REPLIED, text=stopped)

    async def edited(
        self, channel: ConversationKey, message: ThreadMessage, *, at: datetime, is_directed: bool = False
    ) -> None:
        return None

    async def deleted(self, channel: ConversationKey, *ids: str) -> DeletionOutcome:
        return DeletionOutcome()

    async def place_deleted(self, place: Within) -> DeletionOutcome:
        return DeletionOutcome()

    async def again(self, id: TurnId, how: Again, *, asked: Incoming) -> Handled:
        return Handled(outcome=Outcome.ANSWERING)

    async def feedback(self, id: TurnId, *, good: bool, asked: Incoming, answer: str = "") -> Handled:
        return Handled(outcome=Outcome.REPLIED, text=answer)

    async def turn(self, id: TurnId) -> Turn | None:
        return None

    async def effective(self, key: ConversationKey) -> Mapping[str, Effective]:
        return resolve([])

    async def change(
        self, scope: Scope, values: Mapping[str, str | None], *, asked: Incoming, answer: str = ""
    ) -> Handled:
        return Handled(outcome=Outcome.REPLIED, text=answer)

    async def active(self, platform: str, *, since: datetime) -> Mapping[ConversationKey, datetime]:
        return {}

    async def requests(self, key: ConversationKey, *, limit: int) -> Sequence[RequestRecord]:
        return []
