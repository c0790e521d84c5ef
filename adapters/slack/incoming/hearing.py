"""Messages on their way to the bot: from what somebody said to what becomes of it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from adapters.slack.api.directory import Member
from adapters.slack.api.workspace import Workspace
from adapters.slack.incoming.errands import Errands
from adapters.slack.incoming.reading import (
    PLATFORM,
    Said,
    command_in,
    dedupe_key,
    read_message,
    without_mention,
)
from adapters.slack.mrkdwn import to_markdown, to_plain
from adapters.slack.records import field, moment
from adapters.slack.replies.rendering import in_slack_words
from adapters.slack.replies.whispers import whisper
from bot.errors import InvalidInput
from bot.offload import offload
from bot.ports import Bot
from bot.types import ConversationKey, Handled, Incoming, Outcome, ThreadMessage

logger = logging.getLogger(__name__)

Event = Mapping[str, Any]

NO_FOLLOW_UPS: Final = "In this place I answer one question in each thread. Please ask in a new one."


class Hearing:
    """Hands what people say, change and delete to the bot."""

    def __init__(self, bot: Bot, errands: Errands) -> None:
        self._bot = bot
        self._errands = errands

    async def message(self, workspace: Workspace, event: Event) -> Handled | None:
        """Take one message event. Raises `StorageError` when it is not stored and must come again."""
        match event.get("subtype"):
            case "message_changed":
                await self._changed(workspace, event)
                return None
            case "message_deleted":
                await self._deleted(workspace, event)
                return None
        said = read_message(event, bot_user=workspace.bot_user)
        return None if said is None else await self.said(workspace, said)

    async def said(self, workspace: Workspace, said: Said) -> Handled | None:
        """Take one message. Raises `StorageError`."""
        member = await workspace.directory.member(said.user)
        if member.is_bot:
            return None
        incoming = await self._incoming(workspace, said, member)
        from_elsewhere = not workspace.enterprise and said.user_team not in {"", workspace.team}
        if (member.is_stranger or from_elsewhere) and not await self._answers_strangers(incoming):
            return None
        if incoming.text.startswith("!") and not incoming.addressed and not await self._takes_part(incoming):
            return None  # meant for another bot, or for nobody
        if said.thread and said.mentions_bot and not said.is_direct and await self._is_over(incoming):
            self.tell(workspace, incoming, NO_FOLLOW_UPS)
            return None
        return await self.hand_over(workspace, incoming)

    async def hand_over(self, workspace: Workspace, incoming: Incoming, *, response_url: str = "") -> Handled | None:
        """Let the bot take something; what is for the author alone is shown to them. Raises `StorageError`."""
        try:
            handled = await self._bot.handle(incoming)
        except InvalidInput as error:
            self.tell(workspace, incoming, str(error), response_url=response_url)
            return None
        if handled.outcome is Outcome.REPLIED and handled.text:
            self.tell(workspace, incoming, handled.text, response_url=response_url)
        return handled

    def tell(self, workspace: Workspace, asked: Incoming, text: str, *, response_url: str = "") -> None:
        """Show something to one person alone, beside other work."""
        telling = whisper(workspace, asked, in_slack_words(text), response_url=response_url)
        self._errands.start(telling, "message for one person")

    # ------------------------------------------------------------ what is said

    async def _incoming(self, workspace: Workspace, said: Said, member: Member) -> Incoming:
        names = await workspace.directory.names_in(said.text)
        addressed = said.is_direct or said.mentions_bot
        text = without_mention(said.text, workspace.bot_user)
        command = command_in(to_plain(text, names), addressed=addressed)
        return Incoming(
            key=said.key(workspace.team),
            dedupe_key=dedupe_key(workspace.team, said.channel, said.ts),
            author=member.person,
            text=command or await offload(len(text), to_markdown, text, names),
            at=said.at,
            source_id=said.ts,
            attachments=workspace.attachments_of(said.event),
            addressed=addressed,
            starts_thread=not said.thread,
            administers=member.administers,
            time_zone=member.time_zone,
            details=details_of(workspace, user_team=said.user_team or member.team),
        )

    async def _answers_strangers(self, incoming: Incoming) -> bool:
        """Whether people of other organisations are answered here."""
        effective = await self._bot.effective(incoming.key)
        return bool(effective["strangers"].value == "answer")

    async def _takes_part(self, incoming: Incoming) -> bool:
        """Whether somebody was answered in the conversation, or in the channel where it stands outside threads."""
        for key in _conversations(incoming.key, incoming.source_id):
            if await self._bot.requests(key, limit=1):
                return True
        return False

    async def _is_over(self, incoming: Incoming) -> bool:
        """Whether a thread has had its question, and no other is answered there; commands always are."""
        if incoming.text.startswith(("/", "!")):
            return False
        effective = await self._bot.effective(incoming.key)
        return effective["follow_ups"].value == "off" and bool(await self._bot.requests(incoming.key, limit=1))

    # ------------------------------------------------------------ what changes

    async def _changed(self, workspace: Workspace, event: Event) -> None:
        message, before = _record(event, "message"), _record(event, "previous_message")
        if field(message, "subtype") == "tombstone":
            await self._forget(workspace, field(event, "channel"), before or message)
            return
        said = read_message(
            {"type": "message", **message}, bot_user=workspace.bot_user, channel=field(event, "channel")
        )
        if said is None or (before and field(before, "text") == said.text):  # previews change messages, too
            return
        at = moment(field(message, "edited", "ts")) or moment(field(event, "event_ts")) or said.at
        member = await workspace.directory.member(said.user)
        names = await workspace.directory.names_in(said.text)
        text = await offload(len(said.text), to_markdown, without_mention(said.text, workspace.bot_user), names)
        edited = ThreadMessage(
            source_id=said.ts,
            author=member.person,
            text=text,
            at=said.at,
            attachments=workspace.attachments_of(message),
        )
        await self._edit(said.key(workspace.team), edited, at)

    async def _edit(self, key: ConversationKey, edited: ThreadMessage, at: datetime) -> None:
        for each in _conversations(key, edited.source_id):
            await self._bot.edited(each, edited, at=at)

    async def _deleted(self, workspace: Workspace, event: Event) -> None:
        before = _record(event, "previous_message")
        await self._forget(workspace, field(event, "channel"), before | {"ts": field(event, "deleted_ts")})

    async def _forget(self, workspace: Workspace, channel: str, message: Event) -> None:
        ts = field(message, "ts")
        if not channel or moment(ts) is None or workspace.is_own(message):
            return
        thread = field(message, "thread_ts") or ts
        key = ConversationKey(platform=PLATFORM, workspace=workspace.team, channel=channel, thread=thread)
        for each in _conversations(key, ts):
            await self._bot.deleted(each, ts)


def details_of(workspace: Workspace, *, user_team: str = "") -> Mapping[str, str]:
    """What replies need to know beside the conversation."""
    details = {"user_team": user_team or workspace.team, "enterprise": workspace.enterprise}
    return {name: value for name, value in details.items() if value}


def _conversations(key: ConversationKey, ts: str) -> list[ConversationKey]:
    """Where a message may have been taken up: in its thread, and in the channel when it stands outside threads."""
    return [key, replace(key, thread="")] if key.thread == ts else [key]


def _record(event: Event, name: str) -> dict[str, Any]:
    value = event.get(name)
    return dict(value) if isinstance(value, Mapping) else {}
