"""Who may ask Discord next."""

from __future__ import annotations

import asyncio

from adapters.discord.budget import Budget, Line, Urgency


async def test_the_end_of_an_answer_goes_before_the_middle_of_others() -> None:
    line, order = Line(1, 0.01), list[str]()

    async def ask(name: str, urgency: Urgency) -> None:
        await line.turn(urgency)
        order.append(name)

    await ask("first", Urgency.GOING_ON)
    await asyncio.gather(
        ask("middle", Urgency.GOING_ON), ask("beginning", Urgency.BEGINNING), ask("end", Urgency.ENDING)
    )
    assert order == ["first", "end", "beginning", "middle"]


async def test_within_the_window_no_more_turns_than_slots_are_given() -> None:
    line = Line(2, 3_600)
    await line.turn(Urgency.ENDING)
    await line.turn(Urgency.ENDING)
    third = asyncio.create_task(line.turn(Urgency.ENDING))
    await asyncio.sleep(0)
    assert not third.done()
    third.cancel()
    await asyncio.gather(third, return_exceptions=True)


async def test_who_gave_up_waiting_takes_no_turn() -> None:
    line = Line(1, 0.01)
    await line.turn(Urgency.ENDING)
    gone = asyncio.create_task(line.turn(Urgency.ENDING))
    stays = asyncio.create_task(line.turn(Urgency.GOING_ON))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait_for(stays, 10)
    assert gone.cancelled()


async def test_channels_do_not_wait_for_each_other() -> None:
    budget = Budget()
    for channel in map(str, range(20)):
        for _ in range(5):
            await asyncio.wait_for(budget.editing(channel, Urgency.GOING_ON), 1)
            await asyncio.wait_for(budget.posting(channel, Urgency.GOING_ON), 1)
