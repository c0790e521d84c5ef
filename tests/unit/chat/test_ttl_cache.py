"""What is remembered for a while: asked for once, never longer than said, never more than fits."""

from __future__ import annotations

import asyncio

import pytest

from bot.chat.ttl_cache import TtlCache


class Source:
    """Counts how often it is asked; `fails` lets it raise."""

    def __init__(self) -> None:
        self.asked = 0
        self.fails = False
        self.open = asyncio.Event()
        self.open.set()

    async def load(self) -> int:
        self.asked += 1
        await self.open.wait()
        if self.fails:
            raise ValueError("away")
        return self.asked


async def test_a_value_is_loaded_once_however_many_want_it() -> None:
    cache, source = TtlCache[str, int](seconds=60, size=10), Source()
    source.open.clear()
    waiting = [asyncio.create_task(cache.get("a", source.load)) for _ in range(5)]
    await asyncio.sleep(0)
    source.open.set()
    assert await asyncio.gather(*waiting) == [1] * 5
    assert await cache.get("a", source.load) == 1


async def test_it_is_loaded_anew_when_it_is_too_old_or_forgotten() -> None:
    cache, source = TtlCache[str, int](seconds=0, size=10), Source()
    assert [await cache.get("a", source.load) for _ in range(2)] == [1, 2]
    kept = TtlCache[str, int](seconds=60, size=10)
    assert await kept.get("a", source.load) == 3
    kept.forget("a")
    assert await kept.get("a", source.load) == 4


async def test_what_failed_is_asked_again() -> None:
    cache, source = TtlCache[str, int](seconds=60, size=10), Source()
    source.fails = True
    with pytest.raises(ValueError, match="away"):
        await cache.get("a", source.load)
    source.fails = False
    assert await cache.get("a", source.load) == 2


async def test_the_least_used_goes_first() -> None:
    cache, source = TtlCache[str, int](seconds=60, size=2), Source()
    cache.put("a", 10)
    cache.put("b", 20)
    assert await cache.get("a", source.load) == 10
    cache.put("c", 30)
    assert await cache.get("a", source.load) == 10
    assert await cache.get("b", source.load) == 1


async def test_who_gives_up_takes_the_value_from_nobody() -> None:
    cache, source = TtlCache[str, int](seconds=60, size=10), Source()
    source.open.clear()
    gives_up, waits = (asyncio.create_task(cache.get("a", source.load)) for _ in range(2))
    await asyncio.sleep(0)
    gives_up.cancel()
    await asyncio.gather(gives_up, return_exceptions=True)
    source.open.set()
    assert await waits == 1


async def test_closing_ends_what_is_being_loaded() -> None:
    cache, source = TtlCache[str, int](seconds=60, size=10), Source()
    source.open.clear()
    waiting = asyncio.create_task(cache.get("a", source.load))
    await asyncio.sleep(0)
    await cache.aclose()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_some_values_are_believed_for_a_shorter_time() -> None:
    cache, source = TtlCache[str, int](seconds=60, size=10, limit=lambda value: 0 if value == 1 else None), Source()
    assert [await cache.get("a", source.load) for _ in range(3)] == [1, 2, 2]
