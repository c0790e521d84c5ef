"""Files of several people are read in turn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from adapters.media.slots import Slots


def reading(slots: Slots, order: list[str]) -> Callable[[str, asyncio.Event], asyncio.Task[None]]:
    async def read(owner: str, done: asyncio.Event) -> None:
        async with slots.slot(owner):
            order.append(owner)
            await done.wait()

    return lambda owner, done: asyncio.ensure_future(read(owner, done))


async def test_one_person_never_holds_every_place() -> None:
    order: list[str] = []
    read, done = reading(Slots(2), order), asyncio.Event()
    tasks = [read("eve", done) for _ in range(9)]
    await asyncio.sleep(0)
    tasks.append(read("ada", done))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert order == ["eve", "ada"]
    done.set()
    await asyncio.gather(*tasks)
    assert order.count("eve") == 9


async def test_places_go_round() -> None:
    order: list[str] = []
    held, done = asyncio.Event(), asyncio.Event()
    read = reading(Slots(1), order)
    first = read("eve", held)
    await asyncio.sleep(0)
    done.set()
    tasks = [first, *(read(owner, done) for owner in ("eve", "eve", "ada", "bob", "ada"))]
    await asyncio.sleep(0)
    held.set()
    await asyncio.gather(*tasks)
    assert order == ["eve", "eve", "ada", "bob", "eve", "ada"]


async def test_who_gives_up_waiting_takes_no_place() -> None:
    order: list[str] = []
    read, held, done = reading(Slots(1), order), asyncio.Event(), asyncio.Event()
    first, second, third = read("eve", held), read("ada", done), read("bob", done)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    second.cancel()
    held.set()
    done.set()
    await asyncio.gather(first, third)
    assert order == ["eve", "bob"]
    assert second.cancelled()
