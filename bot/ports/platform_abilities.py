"""Ports for what not every chat platform can do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from bot.ports.platforms import Bot
from bot.types import ConversationKey, Incoming, Turn


@runtime_checkable
class Acknowledging(Protocol):
    """A platform that can show at once that a question has come in."""

    async def acknowledge(self, asked: Incoming) -> None:
        """Show where `asked` stands that it is being answered, for a moment and without a message.

        Nothing rests on it: it may be left out where there is no room. Raises `PlatformError`.
        """
        ...

    async def take_back(self, key: ConversationKey) -> None:
        """Show no more of it in a conversation whose question is gone before anybody ran it. Raises `PlatformError`."""
        ...


@runtime_checkable
class Notifying(Protocol):
    """A platform whose people are notified of new messages, and not of edits."""

    async def notify(self, turn: Turn, text: str) -> None:
        """Post `text` beside the answer of `turn` so that its asker is notified, once. Raises `PlatformError`."""
        ...


@runtime_checkable
class ChangeReader(Protocol):
    """A platform that can be asked afterwards which messages people have edited or deleted."""

    async def follow_changes(self, bot: Bot, key: ConversationKey, messages: Sequence[str]) -> None:
        """Tell `bot` of each edit and deletion of these messages of a conversation, by their ids, as if it came now.

        What was told before may be told again. Raises `PlatformError` for what cannot be looked at, `StorageError`.
        """
        ...
