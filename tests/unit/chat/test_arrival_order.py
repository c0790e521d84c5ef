"""The order of what arrives: place by place, and bounded."""

from __future__ import annotations

import asyncio

from bot.chat.arrival_order import ArrivalOrder


class Messages:
    """Messages on their way: the first of all is held until `ready` is set."""

    def __init__(self, *, seconds: float) -> None:
        self.order = ArrivalOrder(seconds=seconds)
        self.ready = asyncio.Event()
        self.taken: list[str] = []

    async def take(self, name: str) -> None:
        with self.order.arrived(name[0]) as arrival:
            if name == "a1":
                await self.ready.wait()
            await arrival.turn()
            self.taken.append(name)


async def test_a_message_waits_for_those_before_it_in_its_place_alone() -> None:
    messages = Messages(seconds=60)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(messages.take(name)) for name in ("a1", "a2", "b1", "b2", "a3")]
        await asyncio.wait(tasks[2:4])
        messages.ready.set()
    assert messages.taken == ["b1", "b2", "a1", "a2", "a3"]


async def test_a_message_waits_no_longer_than_said() -> None:
    messages = Messages(seconds=0)
    async with asyncio.TaskGroup() as group:
        group.create_task(messages.take("a1"))
        await group.create_task(messages.take("a2"))
        messages.ready.set()
    assert messages.taken == ["a2", "a1"]


async def test_one_that_fails_keeps_no_other_waiting() -> None:
    messages = Messages(seconds=60)
    async with asyncio.TaskGroup() as group:
        failing = group.create_task(messages.take("a1"))
        waiting = group.create_task(messages.take("a2"))
        await asyncio.sleep(0)
        failing.cancel()
        await waiting
    assert messages.taken == ["a2"]
