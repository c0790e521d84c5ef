"""Try in a test channel what answers need: post, edit, type, upload, delete; and tell what Discord made of it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Final

from adapters.discord.api.client import DiscordClient, DiscordOptions
from adapters.discord.api.rate_limits import DiscordLimits
from adapters.discord.replies.markdown import to_discord
from adapters.discord.replies.message_targets import ChannelTarget
from adapters.discord.replies.rendering import Page
from bot.chat.rate_limit import Priority
from bot.checks import LOOK_SECONDS, Check, within
from bot.delivery.running_text import any_address
from bot.delivery.split import FILE_NAME, AnswerFile

SAMPLE: Final = "**Bold**, `a < b`, [a link](https://example.com) and a table:\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n"
"""What people can compare with the first of the pictures in docs/first-day.md."""


class DiscordLiveCheck:
    """The steps in one channel, in order; each uses what the one before has left there."""

    def __init__(self, rest: DiscordClient, limits: DiscordLimits, channel: str) -> None:
        self._rest = rest
        self._channel = channel
        self._target = ChannelTarget(rest=rest, limits=limits, channel=channel)
        self._shown = to_discord(SAMPLE, allowed=any_address)
        self._id = ""

    @property
    def steps(self) -> Mapping[str, Callable[[], Awaitable[Check]]]:
        """Return what is tried, by name."""
        return {
            "Discord typing": self.type,
            "Discord post": self.post,
            "Discord nonce": self.post_again,
            "Discord edit": self.edit,
            "Discord upload": self.upload,
            "Discord delete": self.delete,
        }

    async def type(self) -> Check:
        """Show that the bot is typing."""
        await self._target.type()
        return Check(name="Discord typing", ok=True, detail="shown for ten seconds")

    async def post(self) -> Check:
        """Post what an answer looks like."""
        self._nonce = f"live-{secrets.token_hex(6)}"
        self._id = await self._post(self._shown)
        return Check(name="Discord post", ok=True, detail=f"kept as {await self._kept()}")

    async def post_again(self) -> Check:
        """Post the same once more, as after a connection that broke: there must be one message."""
        again = await self._post(self._shown)
        one = again == self._id
        return Check(name="Discord nonce", ok=one, detail="one message" if one else "two messages of the same nonce")

    async def edit(self) -> Check:
        """Change the message."""
        await self._target.edit(self._id, Page(content=f"{self._shown}\n\nEdited."), priority=Priority.FINAL)
        return Check(name="Discord edit", ok=True, detail=f"kept as {await self._kept()}")

    async def upload(self) -> Check:
        """Put a file beside the message."""
        page = Page(content="With a file.", file=AnswerFile(name=FILE_NAME, text=SAMPLE))
        await self._target.edit(self._id, page, priority=Priority.FINAL)
        return Check(name="Discord upload", ok=True, detail=f"kept as {await self._kept()}")

    async def delete(self) -> Check:
        """Take the message away again."""
        if self._id:
            await self._target.delete(self._id)
        return Check(name="Discord delete", ok=True, detail="nothing is left")

    async def _post(self, content: str) -> str:
        return await self._target.post(Page(content=content), nonce=self._nonce, first=True, priority=Priority.FINAL)

    async def _kept(self) -> str:
        """Return how long the text is that Discord keeps, how many previews and files it has."""
        found = next(item for item in await self._rest.history(self._channel, limit=10) if item.id == self._id)
        previews, files = len(found.embeds), len(found.attachments)
        return f"{len(found.content)} characters, {previews} previews, {files} files"


async def try_out(
    options: DiscordOptions, channel: str, *, seconds: float, look: float = LOOK_SECONDS
) -> AsyncIterator[Check]:
    """Yield a row for each step, each within `seconds`; the last takes away what the others left, after `look` seconds.

    Raises nothing for what a step finds, `ConfigError` for a token that is not accepted, and `PlatformError`.
    """
    limits = DiscordLimits(options.limit_scale)
    rest = DiscordClient(options, limits)
    try:
        for name, step in DiscordLiveCheck(rest, limits, channel).steps.items():
            if name.endswith("delete"):
                await asyncio.sleep(look)
            fix = "see that the bot may view, write, attach files and read the history there (docs/discord.md)"
            yield await within(seconds, step(), name=name, fix=fix)
    finally:
        await rest.aclose()
