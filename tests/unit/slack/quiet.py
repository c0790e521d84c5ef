"""The adapter without a network: Slack answers as in recorded traffic, the bot remembers what it was handed."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.api.client import SlackClient
from adapters.slack.api.workspace import BotIdentity, Origin, SlackWorkspace
from adapters.slack.connection.bolt_app import EventDispatcher, make_app, make_handlers
from bot.chat.background_tasks import BackgroundTasks
from bot.commands.parser import refuse_unknown, unknown_command
from bot.errors import InvalidInput, StorageUnavailable
from bot.event_errors import EventErrors
from bot.parameter_resolver import effective_at
from bot.parameters import Effective, Scope
from bot.types import (
    ConversationKey,
    DeletionOutcome,
    FollowUp,
    HandleResult,
    Incoming,
    Outcome,
    TurnId,
    Within,
)
from storage.in_memory.store import MemoryStore
from tests.fakes import ManualClock
from tests.quiet_bot import QuietBot

TEAM, BOT, BOT_ID = "T111", "U0BOT", "B0BOT"
ANSWERS: Mapping[str, Any] = {
    "users.info": {"user": {"id": "U1", "team_id": TEAM, "name": "ada", "tz": "Europe/Berlin", "is_admin": True}},
    "conversations.info": {"channel": {"id": "C1", "name": "general", "is_private": False}},
    "conversations.open": {"channel": {"id": "D1"}},
    "chat.postMessage": {"ts": "1700000000.000100"},
}


class QuietCalls(SlackClient):
    """The Web API without a server; `made` are the calls, in order."""

    def __init__(self) -> None:
        async def token() -> str:
            return "xoxb-1"

        super().__init__(AsyncWebClient(), token, minute=0.001)
        self.made: list[tuple[str, Mapping[str, Any]]] = []

    async def _once(self, method: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        self.made.append((method, arguments))
        answer: Mapping[str, Any] = {"ok": True, **ANSWERS.get(method, {})}
        return answer


class RememberingBot(QuietBot):
    """A `Bot` that takes everything and does nothing; `fails` lets it be unable to store."""

    def __init__(self) -> None:
        self.heard: list[Incoming] = []
        self.edits: list[Incoming] = []
        self.deletions: list[tuple[ConversationKey, str]] = []
        self.places: list[Within] = []
        self.stopped: list[ConversationKey] = []
        self.changes: list[tuple[Scope, Mapping[str, str | None]]] = []
        self.fails = False
        self._settings = MemoryStore(clock=ManualClock())

    async def handle(self, incoming: Incoming) -> HandleResult:
        if self.fails:
            raise StorageUnavailable("the disk is full")
        if unknown_command(words := incoming.typed or incoming.text):
            raise refuse_unknown(words)
        self.heard.append(incoming)
        return HandleResult(outcome=Outcome.ANSWERING)

    async def stop(self, key: ConversationKey, *, asked: Incoming, stopped: str = "", idle: str = "") -> HandleResult:
        self.stopped.append(key)
        return HandleResult(outcome=Outcome.REPLIED, text=stopped)

    async def on_message_edited(self, message: Incoming, *, at: datetime, by_platform: bool = False) -> HandleResult:
        self.edits.append(message)
        return HandleResult(outcome=Outcome.IGNORED)

    async def on_message_deleted(self, channel: ConversationKey, *ids: str) -> DeletionOutcome:
        self.deletions += [(channel, id) for id in ids]
        return DeletionOutcome()

    async def on_workspace_joined(self, workspace: Within, *, by: str) -> None: ...

    async def on_place_deleted(self, place: Within) -> DeletionOutcome:
        self.places.append(place)
        return DeletionOutcome()

    async def follow_up(self, id: TurnId, how: FollowUp, *, asked: Incoming) -> HandleResult:
        raise InvalidInput("I do not know that question any more.")

    async def get_parameters(self, key: ConversationKey) -> Mapping[str, Effective]:
        return await effective_at(key, self._settings)

    async def set_parameters(
        self,
        scope: Scope,
        values: Mapping[str, str | None],
        *,
        asked: Incoming,
        answer: str = "",
        expected: Mapping[str, str | None] | None = None,
    ) -> HandleResult:
        self.changes.append((scope, values))
        return HandleResult(outcome=Outcome.REPLIED, text=answer)


class OneWorkspace:
    """`Workspaces` with one in it; `uninstalls` counts."""

    def __init__(self) -> None:
        self.calls = QuietCalls()
        identity = BotIdentity(team=TEAM, enterprise="", bot_user=BOT, bot_id=BOT_ID, url="https://x.slack.com/")
        self.workspace = SlackWorkspace(identity, self.calls)
        self.uninstalls = 0

    async def get(self, origin: Origin) -> SlackWorkspace:
        return self.workspace

    async def find(self, origin: Origin) -> SlackWorkspace | None:
        return self.workspace if origin.team == TEAM else None

    async def uninstalled(self, origin: Origin) -> Sequence[str]:
        self.uninstalls += 1
        return [origin.team]

    async def everywhere(self) -> list[SlackWorkspace]:
        return [self.workspace]

    async def aclose(self) -> None:
        await self.workspace.aclose()


class Desk:
    """Entrance of deliveries; made inside of a running loop."""

    def __init__(self) -> None:
        self.bot = RememberingBot()
        self.workspaces = OneWorkspace()
        self.errors = EventErrors("slack", logging.getLogger(__name__))
        self.background = BackgroundTasks(self.errors)
        clock = ManualClock()
        handlers = make_handlers(
            self.bot,
            MemoryStore(clock=clock),
            clock=clock,
            slack_clock=clock,
            background=self.background,
            errors=self.errors,
        )
        self.dispatcher = EventDispatcher(make_app(self.workspaces, handlers, self.errors), self.errors)

    async def deliver(self, kind: str, payload: Any) -> bool:
        """Deliver something as over Socket Mode; whether it was acknowledged."""
        envelope = {"type": kind, "envelope_id": "e1", "payload": payload}
        return (await self.dispatcher.envelope(envelope)).taken

    async def aclose(self) -> None:
        await self.background.aclose(grace=5)
        await self.workspaces.aclose()
