"""Handle reactions: a message that was left alone is answered when somebody puts the bot's emoji on it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from adapters.slack.api.history import read_one
from adapters.slack.api.workspace import SlackWorkspace
from adapters.slack.events.event_payloads import Interaction, ReactionEvent
from adapters.slack.events.messages import SlackMessageHandler, read_message
from adapters.slack.events.requests import asked_by
from adapters.slack.payloads import SlackMessage, moment
from bot.ports import Bot, Clock
from bot.types import Entrance

EMOJI: Final = "seedling"
"""The name of the emoji that asks the bot. Other reactions cost no request."""


class SlackReactionHandler:
    """Hands messages to the bot that somebody reacts to."""

    def __init__(self, bot: Bot, message_handler: SlackMessageHandler, *, clock: Clock) -> None:
        self._bot = bot
        self._message_handler = message_handler
        self._clock = clock

    async def added(self, workspace: SlackWorkspace, event: ReactionEvent) -> None:
        """Somebody reacts to something. Raises `StorageError`, and `PlatformError` for what cannot be read."""
        if not _asks(event, workspace.bot_user):
            return
        channel = event.item.channel
        message = await read_one(workspace.calls, channel, event.item.ts) or SlackMessage()
        said = read_message(message.as_message(), bot_user=workspace.bot_user, channel=channel)
        if said is None or workspace.is_own(message):
            return
        incoming = replace(await self._message_handler.incoming(workspace, said), is_directed=True)
        thread = "" if incoming.is_top_level else incoming.key.thread
        by = Interaction(user_id=event.user, event_ts=event.event_ts)
        asked = await asked_by(workspace, by, self._clock, entrance=Entrance.REACTION, channel=channel, thread=thread)
        await self._bot.on_reaction(incoming, asked=replace(asked, key=incoming.key))


def _asks(event: ReactionEvent, bot_user: str) -> bool:
    """Return whether somebody else than the bot puts its emoji on somebody else's message.

    https://docs.slack.dev/reference/events/reaction_added
    """
    is_message = event.item.type == "message" and moment(event.item.ts) is not None
    others = bot_user not in {event.user, event.item_user} and event.user != ""
    return event.reaction == EMOJI and is_message and others
