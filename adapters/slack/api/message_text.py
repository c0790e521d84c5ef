"""A message as the model reads it, with the names that only Slack knows."""

from __future__ import annotations

from typing import Final

from adapters.slack.message_content import written
from adapters.slack.payloads import SlackMessage
from adapters.slack.rich_text import Names
from bot.chat.message_rendering import MESSAGE_CHARACTERS
from bot.offload import offload

QUESTION_CHARACTERS: Final = 40_000
"""Of a question itself, which nobody may lose a part of; Slack cuts messages there.

https://docs.slack.dev/changelog/2018-truncating-really-long-messages
"""


async def message_text(
    message: SlackMessage, names: Names, *, bot_user: str = "", most: int = MESSAGE_CHARACTERS
) -> str:
    """Return a message with all its parts as Markdown, without the mention of `bot_user` that it begins or ends with.

    `names` are those of whom `mentions` finds.
    """
    return await offload(len(str(message)), written, message, names, bot_user=bot_user, most=most)
