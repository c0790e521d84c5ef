"""Downloads: whole, or refused as soon as they are known to be too large."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.chat.downloads import read_limited
from bot.errors import FileTooLarge


class Body:
    """Chunks of a download; counts those that were read."""

    def __init__(self, *chunks: bytes) -> None:
        self._chunks = chunks
        self.read = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            self.read += 1
            yield chunk


async def test_a_download_of_exactly_the_limit_is_whole() -> None:
    assert await read_limited(Body(b"ab", b"cd"), 4) == b"abcd"


async def test_one_that_announces_too_much_is_not_begun() -> None:
    body = Body(b"ab")
    with pytest.raises(FileTooLarge):
        await read_limited(body, 4, announced=5)
    assert body.read == 0


async def test_one_that_grows_too_large_is_left() -> None:
    body = Body(b"abc", b"de", b"f")
    with pytest.raises(FileTooLarge):
        await read_limited(body, 4, announced=3)
    assert body.read == 2
