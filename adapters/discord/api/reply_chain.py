"""Follow replies to replies, back to what began a conversation outside threads, and to what a question is about."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from adapters.discord.api.client import DiscordClient
from adapters.discord.payloads import Message
from bot.errors import PlatformError

DEEPEST: Final = 20
"""Messages that are gone back at most, each a request; what is known is not asked for again."""

MOST_ABOVE: Final = 10
"""Messages above a question that it is asked with."""

KEPT: Final = 10_000


class ReplyChains:
    """The first message of a chain of replies by any of its messages."""

    def __init__(self, rest: DiscordClient) -> None:
        self._rest = rest
        self._roots: OrderedDict[str, str] = OrderedDict()

    def known(self, message: str) -> str:
        """Return the root of a message that was seen lately, "" for others."""
        return self._roots.get(message, "")

    async def root(self, message: Message, me: str) -> str:
        """Return the message that the exchange with the bot began with, by id; itself where it replies to no answer."""
        passed: list[str] = []
        current: Message | None = message
        while current is not None and len(passed) < DEEPEST:
            if known := self._roots.get(current.id):
                return self._keep(passed, known)
            passed.append(current.id)
            before = await self._before(current)
            if before is None or me not in {before.author.id, current.author.id}:
                break
            current = before
        return self._keep(passed, passed[-1])

    async def above(self, message: Message) -> list[Message]:
        """Return the message that one replies to, the one which that replies to, and so on, the nearest first."""
        found: list[Message] = []
        for _ in range(MOST_ABOVE):
            before = await self._before(found[-1] if found else message)
            if before is None:
                break
            if found and not found[-1].tells("referenced_message"):
                found[-1] = found[-1].model_copy(update={"referenced_message": before})
            found.append(before)
        return found

    async def _before(self, message: Message) -> Message | None:
        """Return the message that one replies to, if it is there and can be read."""
        if not message.is_answer:
            return None
        if message.tells("referenced_message"):  # None for one that is gone (resources/message)
            return message.referenced_message
        try:
            return await self._rest.message(message.channel_id, message.message_reference.message_id)
        except PlatformError:
            return None

    def _keep(self, passed: list[str], root: str) -> str:
        for id in passed:
            self._roots[id] = root
            self._roots.move_to_end(id)
        while len(self._roots) > KEPT:
            self._roots.popitem(last=False)
        return root
