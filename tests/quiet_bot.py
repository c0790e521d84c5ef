"""A `Bot` for tests of what stands around it: it takes everything and does nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.access.roles import Permissions, role_of
from bot.parameter_resolver import resolve
from bot.parameters import Effective, Scope
from bot.ports import WorkspaceStore
from bot.types import (
    ConversationKey,
    DeletionOutcome,
    FollowUp,
    HandleResult,
    Incoming,
    Outcome,
    PendingAnswer,
    RequestRecord,
    Turn,
    TurnId,
    Within,
)


class QuietBot:
    """Knows no turn, and keeps nothing but messages where it has a store; what else a test needs is its subclass's."""

    def __init__(self, store: WorkspaceStore | None = None) -> None:
        self._posts_to = store

    async def handle(self, incoming: Incoming) -> HandleResult:
        if incoming.posted is not None and self._posts_to is not None:
            await self._posts_to.put_messages([incoming.posted])
        return HandleResult(outcome=Outcome.ANSWERING, key=incoming.key)

    async def begin(self, asked: Incoming) -> bool:
        return True

    async def refuse(self, asked: Incoming) -> HandleResult | None:
        return None

    async def reply(self, asked: Incoming, text: str) -> HandleResult:
        return HandleResult(outcome=Outcome.REPLIED, text=text)

    async def mark_answered(self, asked: Incoming) -> None:
        return None

    async def take_pending_answers(self, platform: str) -> Sequence[PendingAnswer]:
        return []

    async def usage(self, asked: Incoming) -> str:
        return ""

    async def stop(self, key: ConversationKey, *, asked: Incoming, stopped: str = "", idle: str = "") -> HandleResult:
        return HandleResult(outcome=Outcome.REPLIED, text=stopped)

    async def on_message_edited(self, message: Incoming, *, at: datetime, by_platform: bool = False) -> HandleResult:
        return HandleResult(outcome=Outcome.IGNORED)

    async def on_reaction(self, message: Incoming, *, asked: Incoming) -> HandleResult:
        return HandleResult(outcome=Outcome.ANSWERING)

    async def on_message_deleted(self, channel: ConversationKey, *ids: str) -> DeletionOutcome:
        return DeletionOutcome()

    async def on_workspace_joined(self, workspace: Within, *, by: str) -> None: ...

    async def on_place_deleted(self, place: Within) -> DeletionOutcome:
        return DeletionOutcome()

    async def remove_channel(self, key: ConversationKey, *, asked: Incoming) -> HandleResult:
        return HandleResult(outcome=Outcome.REPLIED)

    async def follow_up(self, id: TurnId, how: FollowUp, *, asked: Incoming) -> HandleResult:
        return HandleResult(outcome=Outcome.ANSWERING)

    async def feedback(self, id: TurnId, *, good: bool, asked: Incoming, answer: str = "") -> HandleResult:
        return HandleResult(outcome=Outcome.REPLIED, text=answer)

    async def turn(self, id: TurnId) -> Turn | None:
        return None

    async def get_parameters(self, key: ConversationKey) -> Mapping[str, Effective]:
        return resolve([])

    async def permissions(self, asked: Incoming) -> Permissions:
        return Permissions(role=role_of(asked))

    async def set_parameters(
        self,
        scope: Scope,
        values: Mapping[str, str | None],
        *,
        asked: Incoming,
        answer: str = "",
        expected: Mapping[str, str | None] | None = None,
    ) -> HandleResult:
        return HandleResult(outcome=Outcome.REPLIED, text=answer)

    async def recent_conversations(self, platform: str, *, since: datetime) -> Mapping[ConversationKey, datetime]:
        return {}

    async def kept_messages(self, key: ConversationKey, *, limit: int) -> Sequence[str]:
        return []

    async def request_history(self, key: ConversationKey, *, limit: int) -> Sequence[RequestRecord]:
        return []
