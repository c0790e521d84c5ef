"""Handle buttons and lists by their ids, so that those of an earlier process still work."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import discord

from adapters.discord.events.requests import Interaction

Used = Callable[[Interaction, re.Match[str], Any], Awaitable[None]]
"""What is done when one is used: with what its id says, and the component itself."""


def dynamic_item(ids: re.Pattern[str], used: Used) -> type[discord.ui.DynamicItem[Any]]:
    """Return the kind of components whose ids match; a client that is given it brings every use to `used`."""

    class ItemById(discord.ui.DynamicItem[discord.ui.Item[Any]], template=ids):
        """A button or a list of a message."""

        def __init__(self, match: re.Match[str], item: discord.ui.Item[Any]) -> None:
            super().__init__(item)
            self.match = match

        @classmethod
        async def from_custom_id(cls, _: Interaction, item: discord.ui.Item[Any], match: re.Match[str], /) -> ItemById:
            return cls(match, item)

        async def callback(self, interaction: Interaction) -> None:
            await used(interaction, self.match, self.item)

    return ItemById
