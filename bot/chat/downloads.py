"""Read a download up to a limit."""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import Final

from bot.errors import FileTooLarge

CHUNK_BYTES: Final = 65_536


async def read_limited(chunks: AsyncIterable[bytes], limit: int, *, announced: int | None = None) -> bytes:
    """Return all bytes of `chunks`; `announced` is the length that the server gave.

    Raises `FileTooLarge` as soon as it is known that there are more than `limit` bytes.
    """
    if announced is not None and announced > limit:
        raise FileTooLarge(limit)
    data = bytearray()
    async for chunk in chunks:
        data += chunk
        if len(data) > limit:
            raise FileTooLarge(limit)
    return bytes(data)
