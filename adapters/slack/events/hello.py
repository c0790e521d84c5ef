"""Say hello in a channel that the bot was added to, to who added it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from adapters.slack.api.workspace import SlackWorkspace
from adapters.slack.events.event_payloads import ChannelEvent, Interaction
from adapters.slack.events.messages import SlackMessageHandler
from adapters.slack.events.reactions import EMOJI
from adapters.slack.events.requests import asked_by
from bot.chat.hello import greets
from bot.language import gettext, gettext_noop, speaking
from bot.parameter_resolver import known_language
from bot.ports import Bot, Clock
from bot.types import Entrance, Incoming

HELLO: Final = gettext_noop(
    "Hello! Mention me with a question and I answer in a thread. I also answer a message that you put :{emoji}: on.\n"
    "`/help` tells what else I can do."
)


class HelloHandler:
    """Tells who adds the bot to a channel how to ask it."""

    def __init__(self, bot: Bot, message_handler: SlackMessageHandler, *, clock: Clock) -> None:
        self._bot = bot
        self._message_handler = message_handler
        self._clock = clock

    async def joined(self, workspace: SlackWorkspace, event: ChannelEvent) -> None:
        """Somebody has come into a channel: the bot itself, if somebody else has brought it. Raises `StorageError`.

        https://docs.slack.dev/reference/events/member_joined_channel
        """
        inviter, channel = event.inviter, event.channel
        if event.user != workspace.bot_user or inviter in {"", workspace.bot_user} or not channel:
            return
        by = Interaction(user_id=inviter)
        asked = await asked_by(workspace, by, self._clock, entrance=Entrance.MESSAGE, channel=channel)
        if await greets(self._bot, asked.key):
            once = replace(asked, dedupe_key=f"{workspace.team}/{channel}/hello")
            await self._message_handler.reply(workspace, once, hello(once))


def hello(asked: Incoming) -> str:
    """Return the greeting in the language of who brought the bot."""
    with speaking(known_language(asked)):
        return gettext(HELLO).format(emoji=EMOJI)
