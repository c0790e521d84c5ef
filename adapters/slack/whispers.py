"""Messages that only one person sees."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import Final

from adapters.slack.budget import Priority
from adapters.slack.errors import SlackRefusal
from adapters.slack.rendering import Block, escape_markdown, fallback_text, markdown_blocks
from adapters.slack.workspace import Workspace
from bot.commands import COMMANDS
from bot.types import Incoming

logger = logging.getLogger(__name__)

COMMAND: Final = "/seed"
NOT_THERE: Final = frozenset({"channel_not_found", "not_in_channel", "user_not_in_channel", "is_archived"})
_COMMANDS: Final = re.compile(rf"(?<=`)/(?=(?:{'|'.join(COMMANDS)})\b)")


def in_slack_words(text: str) -> str:
    """The core's own texts with their commands as they are typed in Slack: `/set` is `/seed set` there."""
    return _COMMANDS.sub(f"{COMMAND} ", text)


async def whisper(workspace: Workspace, asked: Incoming, text: str, blocks: Sequence[Block] = ()) -> None:
    """Show Markdown to the author of `asked` alone; where they cannot be reached there, in their direct message.

    Raises `SlackRefusal` and `SlackUncertain`.
    """
    escaped = escape_markdown(text)
    said = "\n".join(str(each["text"]["text"]) for each in blocks if each["type"] == "section")
    content = {"text": fallback_text(escaped or said), "blocks": [*markdown_blocks(escaped), *blocks]}
    # A thread shows such a message only once there is something in it.
    thread = None if asked.starts_thread else asked.key.thread or None
    arguments = {"channel": asked.key.channel, "user": asked.author.id, "thread_ts": thread, **content}
    try:
        await workspace.calls.call("chat.postEphemeral", arguments, priority=Priority.FIRST, patience=60)
    except SlackRefusal as refusal:
        if refusal.code not in NOT_THERE:
            raise
        channel = await workspace.direct_channel(asked.author.id)
        direct = {"channel": channel, **content, "unfurl_links": False, "unfurl_media": False}
        await workspace.calls.call("chat.postMessage", direct, priority=Priority.FIRST, patience=60)
