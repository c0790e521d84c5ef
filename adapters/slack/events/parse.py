"""Parse Slack's message events: text, place, addressee; malformed events never raise. Pure.

https://docs.slack.dev/reference/events/message
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from adapters.slack.message_content import BROADCAST, NOTICES
from adapters.slack.payloads import SlackMessage, first_line, moment
from bot.chat.follow_ups import without_quotes
from bot.types import ConversationKey

PLATFORM: Final = "slack"
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
