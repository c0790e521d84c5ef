"""Find the messages that an earlier runner of a turn has posted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

from adapters.discord.api.client import DiscordClient
from adapters.discord.api.limits import MESSAGES_AT_ONCE
from adapters.discord.api.snowflakes import at_time
from adapters.discord.payloads import Message
from adapters.discord.replies.components import names_turn
from adapters.discord.replies.rendering import Page
from bot.types import Turn

PAGES_SEARCHED: Final = 5
"""Requests at most; an answer stands soon after its question, and nonces find it within minutes anyway."""


@dataclass(slots=True, kw_only=True)
class _Looked:
    channel: str = ""
    messages: Sequence[Message] = field(default_factory=list)


class OwnMessages:
    """The bot's messages since a question was asked; read once."""

    def __init__(self, rest: DiscordClient, turn: Turn) -> None:
        self._rest = rest
        self._turn = turn
        self._looked = _Looked()

    async def look(self, channel: str) -> None:
        """Read them now, so that nothing need be read before a post. Raises `PlatformError`."""
        await self._read(channel)

    async def same(self, channel: str, page: Page, *, but: Collection[str]) -> str:
        """Return the id of a message that holds this very page, else of one with the turn's buttons, "" for
        none.

        Raises `PlatformError`.
        """
        left = [item for item in await self._read(channel) if item.id not in but]
        whole = [item for item in left if item.content == page.content and self._may_be(item)]
        found = whole or [item for item in left if self._is_of_turn(item)]
        return found[0].id if found else ""

    async def of_turn(self, channel: str) -> Sequence[str]:
        """Return the messages with the turn's buttons by id, the oldest first. Raises `PlatformError`."""
        return [item.id for item in await self._read(channel) if self._is_of_turn(item)]

    def _may_be(self, message: Message) -> bool:
        return not message.components or self._is_of_turn(message)

    def _is_of_turn(self, message: Message) -> bool:
        return names_turn(message.components, self._turn.id)

    async def _read(self, channel: str) -> Sequence[Message]:
        if self._looked.channel != channel:
            self._looked = _Looked(channel=channel, messages=await self._search(channel))
        return self._looked.messages

    async def _search(self, channel: str) -> Sequence[Message]:
        me = await self._rest.user_id()
        after = at_time(self._turn.incoming.sent_at)
        found: list[Message] = []
        for _ in range(PAGES_SEARCHED):
            page = await self._rest.history(channel, limit=MESSAGES_AT_ONCE, after=after)
            found += [item for item in reversed(page) if item.author.id == me]
            if len(page) < MESSAGES_AT_ONCE:
                break
            after = str(max(int(item.id) for item in page))
        return found
