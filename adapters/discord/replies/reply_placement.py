"""Choose the place of an answer: a new thread, a reply, or the channel."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import Final

from adapters.discord.api.errors import DiscordApiError
from adapters.discord.api.limits import THREAD_EXISTS
from adapters.discord.context import DiscordContext
from adapters.discord.payloads import ChannelPayload
from adapters.discord.replies.reply_ref import ChannelRef, ReplyRef, read_ref
from bot.chat.message_markdown import typed_text
from bot.language import gettext
from bot.types import ANSWER_IN, Incoming, Turn

logger = logging.getLogger(__name__)

# Details of an incoming: where it stands, what to reply to, and whether a thread can be opened at it.
CHANNEL: Final = "channel"
MESSAGE: Final = "message"
OPENS_THREAD: Final = "opens_thread"

_NAME: Final = 90
"""Characters of a thread's name as it is given; Discord takes 100 (resources/channel)."""

_READ: Final = 1_000
"""Characters of a question that its thread's name is made of."""

_MENTION: Final = re.compile(r"(?<![\w@])@[\w.'-]+")
_GAP: Final = re.compile(r"[\s,;:]+(?=[?!.])|\s+(?=[,;:])")  # what a mention leaves before a sign
_MARKS: Final = re.compile(
    r"\*\*|~~|\|\||`+|(?<!\w)[*_]{1,2}(?=\w)|(?<=\w)[*_]{1,2}(?!\w)|^\s{0,3}(?:#{1,3}|-#)\s", re.MULTILINE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyPlacement:
    """Place of an answer; `reply_to` is the message that it replies to."""

    ref: ReplyRef
    reply_to: str = ""


async def target_of(turn: Turn, context: DiscordContext) -> ReplyPlacement:
    """Return the messages that the turn has already, or the place for new ones. Raises `PlatformError`."""
    incoming = turn.incoming
    known = read_ref(turn.reply_ref or incoming.reply_ref)
    if known is not None:
        return ReplyPlacement(ref=known)
    if incoming.private:
        return ReplyPlacement(ref=ChannelRef(channel=await direct_channel(incoming.author.id, context)))
    key, details = incoming.key, incoming.platform_data
    here = details.get(CHANNEL) or key.thread or key.channel
    message = details.get(MESSAGE) or (key.thread if incoming.is_top_level else "")
    opens = details.get(OPENS_THREAD) and details.get(ANSWER_IN, "thread") == "thread" and key.thread
    if opens and await _opened(incoming, here, context):
        return ReplyPlacement(ref=ChannelRef(channel=key.thread))
    return ReplyPlacement(ref=ChannelRef(channel=here), reply_to=message)


async def direct_channel(person: str, context: DiscordContext) -> str:
    """Return the channel of direct messages with somebody, for what nobody else may see. Raises `PlatformError`."""
    return ChannelPayload.read(await context.rest.call("POST", "/users/@me/channels", body={"recipient_id": person})).id


async def _opened(incoming: Incoming, channel: str, context: DiscordContext) -> bool:
    """Open the thread of the message that began the conversation, which then has that message's id."""
    if not await _may_open(channel, context):
        return False
    path = "/channels/{channel_id}/messages/{message_id}/threads"
    body = {"name": thread_name(incoming.text)}
    try:
        await context.rest.call("POST", path, body=body, channel_id=channel, message_id=incoming.key.thread)
    except DiscordApiError as error:
        if error.code == THREAD_EXISTS:
            return True
        logger.warning("thread not created", extra={"channel": channel, "status": error.status, "code": error.code})
        return False
    return True


async def _may_open(channel: str, context: DiscordContext) -> bool:
    """Return whether the bot may open threads there and write in them: refused requests are counted against it."""
    try:
        held = await context.directory.own_permissions(channel)
    except DiscordApiError:
        return True  # the request itself will tell
    return held.create_public_threads and held.send_messages_in_threads


def thread_name(text: str) -> str:
    """Return a thread's name from a question: what was typed, without mentions, quotes and marks of Markdown."""
    typed = _MARKS.sub("", _MENTION.sub("", typed_text(text)[:_READ]))
    words = _GAP.sub("", " ".join(typed.split())).lstrip(",;:.- ") or gettext("Question")
    return words if len(words) <= _NAME else f"{words[: _NAME - 1].rsplit(' ', 1)[0]}…"
