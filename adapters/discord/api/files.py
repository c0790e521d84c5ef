"""Download attachments from Discord's own file servers and from nowhere else."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

import aiohttp

from adapters.discord.api.client import DiscordClient
from adapters.discord.api.messages import attachments_of
from bot.chat.downloads import CHUNK_BYTES, read_limited
from bot.errors import FileGone, PlatformError, PlatformRefused
from bot.types import Attachment, MessageRef

CDN_HOSTS: Final = frozenset({"cdn.discordapp.com", "media.discordapp.net"})
"""Where Discord keeps attachments (reference, CDN)."""

SECONDS: Final = 60.0
NO_LONGER_THERE: Final = frozenset({403, 404, 410})
"""What the file servers answer once an address has expired, after about a day, or its file was deleted."""


async def fetch(attachment: Attachment, *, limit: int, api_url: str | None) -> bytes:
    """Return the whole file; reads at most `limit` bytes. Raises `FileTooLarge`, `FileGone` and `PlatformError`."""
    if not is_known_host(attachment.url, api_url):
        raise PlatformError("an attachment does not lie on Discord's file servers")
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(attachment.url, allow_redirects=False) as response,
        ):
            if response.status in NO_LONGER_THERE:
                raise FileGone(f"Discord has no attachment at this address: {response.status}")
            if response.status != 200:
                raise PlatformError(f"Discord did not give an attachment: {response.status}")
            return await read_limited(response.content.iter_chunked(CHUNK_BYTES), limit)
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        raise PlatformError(f"an attachment could not be fetched: {type(error).__name__}") from error


async def renewed(rest: DiscordClient, attachment: Attachment, of: MessageRef) -> Attachment:
    """Return an attachment with the address that its message has now. Raises `FileGone` and `PlatformError`.

    A thread begins with a message of the channel above it, so both are asked.
    """
    for channel in dict.fromkeys(filter(None, (of.key.thread, of.key.channel))):
        try:
            message = await rest.message(channel, of.message_id)
        except PlatformRefused:
            continue
        for found in attachments_of(message):
            if found.id == attachment.id:
                return found
    raise FileGone("an attachment and its message are gone")


def is_known_host(url: str, api_url: str | None) -> bool:
    """Return whether a file lies where Discord keeps files, or at the server that stands in for Discord."""
    parts = urlsplit(url)
    if api_url is not None and (parts.scheme, parts.netloc) == urlsplit(api_url)[:2]:
        return True
    return parts.scheme == "https" and parts.netloc in CDN_HOSTS
