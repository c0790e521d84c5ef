"""Parse and handle the messages that people write, edit and delete; malformed events never raise.

https://docs.slack.dev/reference/events/message
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from adapters.slack.api.directory import Member
from adapters.slack.api.workspace import SlackWorkspace
from adapters.slack.events.event_payloads import ChannelEvent
from adapters.slack.message_content import (
    BROADCAST,
    NOTICES,
    QUESTION_CHARACTERS,
    is_same,
    mentions,
    message_text,
    named_in,
    replied_to,
)
from adapters.slack.mrkdwn import to_plain
from adapters.slack.payloads import SlackMessage, first_line, moment
from adapters.slack.replies.ephemeral import post_ephemeral, post_with_picture
from adapters.slack.replies.markdown import Block
from adapters.slack.replies.rendering import correction_blocks, in_slack_words, undo_blocks
from adapters.slack.replies.status import forget_title
from adapters.slack.settings import PLATFORM
from bot.chat.arrival_order import ArrivalOrder
from bot.chat.background_tasks import BackgroundTasks
from bot.chat.message_markdown import without_quotes
from bot.errors import InvalidInput
from bot.language import gettext, gettext_noop
from bot.ports import Bot
from bot.turns.effects import SHOWN_WITHIN
from bot.turns.pending_answers import INTERRUPTED
from bot.types import LOCALE, ConversationKey, HandleResult, Incoming, Outcome, PendingAnswer, Picture, Within

logger = logging.getLogger(__name__)

EDITED: Final = gettext_noop(
    "You edited a question that I have answered. To have it answered as it reads now, press *Answer again* here or "
    "*Regenerate* under my answer."
)

TOMBSTONE: Final = "tombstone"
"""The subtype of what stands in place of a deleted message that others have replied to."""

ORDER_SECONDS: Final = 2.5
"""How long a message waits for those before it: within three seconds Slack wants its acknowledgement."""


class SlackMessageHandler:
    """Hands what people say, change and delete to the bot."""

    def __init__(self, bot: Bot, background: BackgroundTasks) -> None:
        self._bot = bot
        self._background = background
        self._order = ArrivalOrder(seconds=ORDER_SECONDS)

    async def on_message(self, workspace: SlackWorkspace, message: SlackMessage) -> HandleResult | None:
        """Take one message event. Raises `StorageError` when it is not stored and must come again."""
        match message.subtype:
            case "message_changed":
                await self._changed(workspace, message)
                return None
            case "message_deleted":
                await self._deleted(workspace, message)
                return None
        said = read_message(message, bot_user=workspace.bot_user)
        return None if said is None else await self.on_said(workspace, said)

    async def on_said(self, workspace: SlackWorkspace, said: MessageEvent) -> HandleResult | None:
        """Take one message; what the bot itself said comes back as an echo. Raises `StorageError`."""
        if workspace.is_own(said.message):
            return None
        with self._order.arrived(said.key(workspace.team)) as arrival:
            incoming = await self.incoming(workspace, said)
            await arrival.turn()
            return await self.hand_over(workspace, incoming)

    async def hand_over(self, workspace: SlackWorkspace, incoming: Incoming) -> HandleResult | None:
        """Let the bot take something; what is for the author alone is shown to them. Raises `StorageError`."""
        return await self.tell(workspace, incoming, self._bot.handle(incoming))

    async def reply(self, workspace: SlackWorkspace, asked: Incoming, text: str) -> None:
        """Answer something with a text for its author alone, once. Raises `StorageError`."""
        await self.tell(workspace, asked, self._bot.reply(asked, text))

    async def tell(
        self, workspace: SlackWorkspace, asked: Incoming, doing: Awaitable[HandleResult]
    ) -> HandleResult | None:
        """Show what the bot says to something to its author alone, beside other work. Raises `StorageError`."""
        try:
            handled = await doing
        except InvalidInput as error:
            self._background.start(self._tell(workspace, asked, str(error)), "message for one person")
            return None
        await self.show(workspace, asked, handled)
        return handled

    async def show(
        self, workspace: SlackWorkspace, asked: Incoming, handled: HandleResult, blocks: Sequence[Block] = ()
    ) -> None:
        """Show what somebody alone is told, if there is anything, with `blocks` below it."""
        if handled.outcome is Outcome.REPLIED and handled.text:
            below = [*blocks, *undo_blocks(handled.undo, asked.key.thread)]
            telling = self._tell(workspace, asked, handled.text, below, handled.picture)
            self._background.start(telling, "message for one person")

    async def tell_pending(self, workspace: SlackWorkspace, pending: PendingAnswer) -> None:
        """Tell what an ended process could not, or that it could not do it. Raises `PlatformError`."""
        await post_ephemeral(workspace, pending.incoming, in_slack_words(pending.answer or gettext(INTERRUPTED)))

    async def _tell(
        self,
        workspace: SlackWorkspace,
        asked: Incoming,
        text: str,
        blocks: Sequence[Block] = (),
        picture: Picture | None = None,
    ) -> None:
        async with asyncio.timeout(SHOWN_WITHIN.total_seconds()):
            await post_with_picture(workspace, asked, in_slack_words(text), blocks, picture)
        await self._bot.mark_answered(asked)

    # ------------------------------------------------------------ what is said

    async def incoming(self, workspace: SlackWorkspace, said: MessageEvent) -> Incoming:
        """Return what somebody said in the core's words. Raises `PlatformError`."""
        member = await _author(workspace, said)
        names = await workspace.directory.names([*mentions(said.message), ("@", workspace.bot_user)])
        return Incoming(
            key=said.key(workspace.team),
            dedupe_key=dedupe_key(workspace.team, said.channel, said.ts),
            author=member.person,
            author_kind=workspace.author_kind(member, said.user_team),
            text=await message_text(said.message, names, bot_user=workspace.bot_user, most=QUESTION_CHARACTERS),
            typed=to_plain(without_mention(said.text, workspace.bot_user), names),
            sent_at=said.at,
            message_id=said.ts,
            replies_to=replied_to(said.message),
            attachments=workspace.attachments_of(said.message),
            is_directed=said.is_direct or said.mentions_bot,
            bot_name=names.get(workspace.bot_user, ""),
            addressees=mentioned(said.text) - {workspace.bot_user},
            is_direct=said.is_direct,
            is_top_level=not said.thread and not said.is_direct,
            is_admin=member.is_admin,
            mentions=named_in(without_mention(said.text, workspace.bot_user), names),
            time_zone=member.time_zone,
            platform_data=details_of(workspace, user_team=said.user_team or member.team, locale=member.locale),
        )

    # ------------------------------------------------------------ what changes

    async def _changed(self, workspace: SlackWorkspace, change: SlackMessage) -> None:
        message, before = change.message or SlackMessage(), change.previous_message
        if message.subtype == TOMBSTONE:
            await self._forget(workspace, change.channel, before or message)
            return
        said = read_message(message.as_message(), bot_user=workspace.bot_user, channel=change.channel)
        by_slack = before is not None and is_same(before, message)  # previews change messages, too
        has_changed = not by_slack or before is None or before.attachments != message.attachments
        if said is None or not has_changed or workspace.is_own(message):
            return
        at = moment(message.edited.ts) or (None if by_slack else moment(change.event_ts)) or said.at
        with self._order.arrived(said.key(workspace.team)) as arrival:
            incoming = await self.incoming(workspace, said)
            handled = await self._bot.on_message_edited(incoming, at=at, by_platform=by_slack)
            if arrival.waits:  # for what may have the bot take part there, or for the message itself
                await arrival.turn()
                handled = await self._bot.on_message_edited(incoming, at=at, by_platform=by_slack)
        if handled.answered is not None:
            asked = replace(incoming, dedupe_key=f"{incoming.dedupe_key}/edited/{at.timestamp()}")
            offer = await self._bot.reply(asked, EDITED)
            await self.show(workspace, asked, offer, correction_blocks(handled.answered))

    async def _deleted(self, workspace: SlackWorkspace, deletion: SlackMessage) -> None:
        before = deletion.previous_message or SlackMessage()
        await self._forget(workspace, deletion.channel, before.model_copy(update={"ts": deletion.deleted_ts}))

    async def _forget(self, workspace: SlackWorkspace, channel: str, message: SlackMessage) -> None:
        """Let a message go, somebody's or the bot's own; the session that was named after a question loses its name."""
        ts = message.ts
        if not channel or moment(ts) is None:
            return
        thread = message.thread_ts or ts
        key = ConversationKey(platform=PLATFORM, workspace=workspace.team, channel=channel, thread=thread)
        outcome = await self._bot.on_message_deleted(key, ts)
        if outcome.questions and workspace.sessions:
            self._background.start(forget_title(workspace, key), "title of a session")

    async def on_place_gone(self, workspace: SlackWorkspace, event: ChannelEvent) -> None:
        """Handle a deleted channel, or one that the bot was taken out of. Raises `StorageError`."""
        if event.channel:
            place = Within(platform=PLATFORM, workspace=workspace.team, channel=event.channel)
            await self._bot.on_place_deleted(place)

    async def on_workspace_gone(self, team: str) -> None:
        """Handle the removal of the app from a workspace. Raises `StorageError`."""
        await self._bot.on_place_deleted(Within(platform=PLATFORM, workspace=team))


async def _author(workspace: SlackWorkspace, said: MessageEvent) -> Member:
    """Return who said something; Slack is not asked about apps, whose messages name them."""
    if said.bot_name:
        return Member(id=said.user, name=said.bot_name, is_bot=True)
    return await workspace.directory.member(said.user)


def details_of(workspace: SlackWorkspace, *, user_team: str = "", locale: str = "") -> Mapping[str, str]:
    """Return what replies need to know beside the conversation."""
    details = {"user_team": user_team or workspace.team, "enterprise": workspace.enterprise, LOCALE: locale}
    return {name: value for name, value in details.items() if value}


# ------------------------------------------------------------ what an event says; pure


SPOKEN: Final = frozenset({"", "file_share", BROADCAST, "me_message", "bot_message"})
"""Subtypes of messages that people and apps write."""

DIRECT: Final = frozenset({"im"})
SYSTEM_USERS: Final = frozenset({"USLACK", "USLACKBOT"})
_MENTION: Final = re.compile(r"<[@!]([UW][A-Z0-9]{1,30}|subteam\^[A-Z0-9]{1,30}|here|channel|everyone)[|>]", re.ASCII)
_CHANNEL: Final = re.compile(r"[A-Z][A-Z0-9]{1,30}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEvent:
    """One message: `thread` is the thread it stands in, "" outside; `text` is mrkdwn as it came.

    `user` is the id of a person, or of an app's user or bot, whose name is `bot_name` then ("" for people). `message`
    is all of it.
    """

    channel: str
    ts: str
    thread: str
    user: str
    user_team: str
    bot_name: str
    text: str
    at: datetime
    is_direct: bool
    mentions_bot: bool
    message: SlackMessage

    def key(self, team: str) -> ConversationKey:
        """Return the conversation it belongs to: a thread, the direct message, or the thread that it would start."""
        thread = self.thread or ("" if self.is_direct else self.ts)
        return ConversationKey(platform=PLATFORM, workspace=team, channel=self.channel, thread=thread)


def read_message(message: SlackMessage, *, bot_user: str, channel: str = "") -> MessageEvent | None:
    """Return what a person or another app said; None for what Slack itself, nobody or the bot's own user said."""
    channel = message.channel or channel
    user = message.user or message.bot_id
    at = moment(message.ts)
    by_somebody = user and user not in SYSTEM_USERS and user != bot_user
    is_said = _is_said(message.type, message.subtype) and not message.hidden
    if not is_said or not by_somebody or at is None or not _CHANNEL.fullmatch(channel):
        return None
    thread, text, kind = message.thread_ts, message.text, message.channel_type
    bot_name = first_line(message.username, message.bot_profile.name, user) if message.bot_id else ""
    return MessageEvent(
        channel=channel,
        ts=message.ts,
        thread=thread if thread != message.ts and moment(thread) is not None else "",
        user=user,
        user_team=message.user_team or message.team,
        bot_name=bot_name,
        text=text,
        at=at,
        is_direct=kind in DIRECT or (not kind and is_direct(channel)),
        mentions_bot=_calls(bot_user, text) or (message.type == "app_mention" and not _names(bot_user, text)),
        message=message,
    )


def _is_said(type_: str, subtype: str) -> bool:
    """Return whether an event is what somebody says; Slack tells a mention apart from its own messages by itself."""
    return subtype in SPOKEN if type_ == "message" else type_ == "app_mention" and subtype not in NOTICES


def is_direct(channel: str) -> bool:
    """Return whether a channel is the direct message of one person with the bot, as its id tells."""
    return channel.startswith("D")


def dedupe_key(team: str, channel: str, ts: str) -> str:
    """Return the name of a message: a mention arrives as `app_mention` and as `message`, with the same one."""
    return f"{team}/{channel}/{ts}"


def without_mention(text: str, bot_user: str) -> str:
    """Return the text without the bot's name where it only calls it: at the beginning and at the end."""
    mention = _mention_of(bot_user)
    text = re.sub(rf"^(?:\s*+{mention.pattern}[\s,:]*+)++", "", text)
    end = len(text.rstrip())
    while (at := text.rfind("<@", 0, end)) >= 0 and mention.fullmatch(text, at, end):
        end = at
        while end and text[end - 1].isspace():
            end -= 1
    return text[:end].strip()


def mentioned(text: str) -> frozenset[str]:
    """Return the ids of the people and groups whom a text mentions, outside of code and quotations."""
    return frozenset(_MENTION.findall(_said(text)))


def _said(text: str) -> str:
    return without_quotes(text.replace("&gt;", ">"))


def _names(bot_user: str, text: str) -> bool:
    return _mention_of(bot_user).search(text) is not None


def _calls(bot_user: str, text: str) -> bool:
    """Return whether a text mentions the bot outside of code and quotations."""
    return _names(bot_user, text) and _names(bot_user, _said(text))


def _mention_of(bot_user: str) -> re.Pattern[str]:
    return re.compile(rf"<@{re.escape(bot_user)}(?:\|[^<>]*)?>")
