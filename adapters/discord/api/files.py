"""Download attachments from Discord's own file servers and from nowhere else."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

import aiohttp

from bot.chat.downloads import CHUNK_BYTES, read_limited
from bot.errors import PlatformError
from bot.types import Attachment

CDN_HOSTS: Final = frozenset({"cdn.discordapp.com", "media.discordapp.net"})
"""Where Discord keeps attachments (reference, CDN)."""

SECONDS: Final = 60.0


async def fetch(attachment: Attachment, *, limit: int, api_url: str | None) -> bytes:
    """Return the whole file; reads at most `limit` bytes. Raises `FileTooLarge` and `PlatformError`."""
    if not is_known_host(attachment.url, api_url):
        raise PlatformError("an attachment does not lie on Discord's file servers")
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(attachment.url, allow_redirects=False) as response,
        ):
            if response.status != 200:
                raise PlatformError(f"Discord did not give an attachment: {response.status}")
            return await read_limited(response.content.iter_chunked(CHUNK_BYTES), limit)
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        raise PlatformError(f"an attachment could not be fetched: {type(error).__name__}") from error


def is_known_host(url: str, api_url: str | None) -> bool:
    """Return whether a file lies where Discord keeps files, or at the server that stands in for Discord."""
    parts = urlsplit(url)
    if api_url is not None and (parts.scheme, parts.netloc) == urlsplit(api_url)[:2]:
        return True
    return parts.scheme == "https" and parts.netloc in CDN_HOSTS
