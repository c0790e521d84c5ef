"""One workspace: the bot's identity there, its Web API client and its features."""

from __future__ import annotations

from dataclasses import dataclass, replace
from weakref import WeakSet

from adapters.slack.api.client import SlackClient
from adapters.slack.api.directory import SlackDirectory
from adapters.slack.api.errors import UNAVAILABLE, SlackApiError
from adapters.slack.message_content import files
from adapters.slack.payloads import ConversationAnswer, SlackMessage
from adapters.slack.replies.reply_ref import ReplyMessage
from bot.chat.rate_limit import Priority
from bot.types import Attachment


@dataclass(frozen=True, slots=True, kw_only=True)
class BotIdentity:
    """BotIdentity of the bot in a workspace; `url` is the workspace's address, `name` what people call it."""

    team: str
    enterprise: str
    bot_user: str
    bot_id: str
    url: str
    name: str = ""


class SlackWorkspace:
    """A workspace; `streams`, `sessions`, `statuses` and `uploads` are turned off when Slack says that it has none.

    `open_streams` and `open_edits` are the messages of answers that are being written, whose ends are still to come.
    """

    def __init__(self, identity: BotIdentity, calls: SlackClient) -> None:
        self.team = identity.team
        self.enterprise = identity.enterprise
        self.bot_user = identity.bot_user
        self.bot_id = identity.bot_id
        self.url = identity.url
        self.name = identity.name
        self.calls = calls
        self.directory = SlackDirectory(calls, identity.team)
        self.streams = True
        self.sessions = True
        self.statuses = True
        self.uploads = True
        self.open_streams: WeakSet[ReplyMessage] = WeakSet()
        self.open_edits: WeakSet[ReplyMessage] = WeakSet()

    def is_own(self, message: SlackMessage) -> bool:
        """Return whether the bot itself wrote a message."""
        return message.user == self.bot_user or (bool(self.bot_id) and message.bot_id == self.bot_id)

    def attachments_of(self, message: SlackMessage) -> tuple[Attachment, ...]:
        """Return the files of a message and its forwards; their ids begin with the workspace that may fetch them."""
        return tuple(replace(attachment, id=f"{self.team}/{attachment.id}") for attachment in files(message))

    @property
    def may_stream(self) -> bool:
        """Return whether an answer may begin as a stream: it can be begun now, and ended in time beside the others."""
        if not self.streams:
            return False
        ends = self.calls.limiter("chat.stopStream")
        return self.calls.limiter("chat.startStream").free > 0 and ends.free > len(self.open_streams)

    def learn(self, refusal: SlackApiError) -> bool:
        """Turn off what Slack says it does not have; whether it was that."""
        if refusal.code not in UNAVAILABLE:
            return False
        if refusal.method in {"chat.startStream", "chat.appendStream", "chat.stopStream"}:
            self.streams = False
        elif refusal.method == "agents.sessions.setStatus":
            self.sessions = False
        elif refusal.method.startswith("assistant.threads."):
            self.statuses = False
        elif refusal.method in {"files.getUploadURLExternal", "files.completeUploadExternal"}:
            self.uploads = False
        return True

    async def direct_channel(self, user: str) -> str:
        """Return the id of the direct message with somebody. Raises `PlatformError`."""
        answer = await self.calls.call("conversations.open", {"users": user}, priority=Priority.FINAL)
        return ConversationAnswer.read(answer).channel.id

    async def aclose(self) -> None:
        """End what is being asked."""
        await self.directory.aclose()
