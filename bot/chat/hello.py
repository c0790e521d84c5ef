"""Decide whether who brings the bot to a place is greeted: the same on every platform."""

from __future__ import annotations

from bot.ports import Bot
from bot.types import ConversationKey


async def greets(bot: Bot, place: ConversationKey) -> bool:
    """Return whether people want that at a place, by the parameter `hello`. Raises `StorageError`."""
    return bool((await bot.get_parameters(place))["hello"].value)
