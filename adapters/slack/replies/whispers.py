"""Messages that only one person sees."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from adapters.slack.api.budget import Priority
from adapters.slack.api.errors import SlackRefusal
from adapters.slack.api.workspace import Workspace
from adapters.slack.replies.rendering import PIECE_CHARACTERS, Block, escape_markdown, fallback_text, markdown_blocks
from bot.delivery import split
from bot.offload import offload
from bot.types import Incoming

logger = logging.getLogger(__name__)

NOT_THERE: Final = frozenset({"channel_not_found", "not_in_channel", "user_not_in_channel", "is_archived"})


async def whisper(
    workspace: Workspace, asked: Incoming, text: str, blocks: Sequence[Block] = (), *, response_url: str = ""
) -> None:
    """Show Markdown to the author of `asked` alone; where they cannot be reached there, in their direct message.

    `response_url` is where Slack takes an answer to what they pressed or typed, also in channels without the bot.
    Raises `SlackRefusal` and `SlackUncertain`.
    """
    pieces = await offload(len(text), split, text, limit=PIECE_CHARACTERS, size=lambda each: len(escape_markdown(each)))
    for number, shown in enumerate([each.shown for each in pieces] or [""], start=1):
        below = blocks if number >= len(pieces) else ()
        await _whisper_one(workspace, asked, _content(shown, below), response_url)


async def _whisper_one(workspace: Workspace, asked: Incoming, content: Mapping[str, Any], response_url: str) -> None:
    # A thread shows such a message only once there is something in it.
    thread = None if asked.starts_thread else asked.key.thread or None
    arguments = {"channel": asked.key.channel, "user": asked.author.id, "thread_ts": thread, **content}
    try:
        await workspace.calls.call("chat.postEphemeral", arguments, priority=Priority.FIRST, patience=60)
    except SlackRefusal as refusal:
        if refusal.code not in NOT_THERE:
            raise
        if response_url and await workspace.calls.respond(response_url, content):
            return
        channel = await workspace.direct_channel(asked.author.id)
        direct = {"channel": channel, **content, "unfurl_links": False, "unfurl_media": False}
        await workspace.calls.call("chat.postMessage", direct, priority=Priority.FIRST, patience=60)


def _content(text: str, blocks: Sequence[Block]) -> Mapping[str, Any]:
    escaped = escape_markdown(text)
    said = "\n".join(str(each["text"]["text"]) for each in blocks if each["type"] == "section")
    return {"text": fallback_text(escaped or said), "blocks": [*markdown_blocks(escaped), *blocks]}
