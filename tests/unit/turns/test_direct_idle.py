"""A direct message begins anew after hours of silence; what was said before is left to the notes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.fakes import KEY, incoming, words
from tests.house import House, running

DIRECT = replace(KEY, thread="")
HOUR = 3_600


async def ask(house: House, text: str, number: int, **changes: Any) -> None:
    at = house.clock()
    facts = {"key": DIRECT, "is_direct": True, "sent_at": at, **changes}
    await house.ask(text, number, **facts)


def sent(house: House, request: int) -> str:
    return "\n".join(entry.text for entry in house.requests[request].entries)


@pytest.mark.parametrize(
    ("hours", "setting", "known"),
    [(9, None, False), (7, None, True), (9, "0", True), (3, "2", False), (300, "8760", True)],
)
async def test_the_talk_before_is_out_of_view_after_so_many_hours(hours: int, setting: str | None, known: bool) -> None:
    async with running() as house:
        await house.inbox.handle(incoming("/set memory no", 8, key=DIRECT, is_direct=True))
        if setting is not None:
            await house.inbox.handle(incoming(f"/set direct_idle_hours {setting}", 9, key=DIRECT, is_direct=True))
        await ask(house, "my cat is called Miso", 1)
        house.clock.advance(hours * HOUR)
        await ask(house, "what is it called?", 2)
        assert ("Miso" in sent(house, -1)) is known
        await ask(house, "and now?", 3)
    assert ("Miso" in sent(house, -1)) is known
    assert "what is it called?" in sent(house, -1)


@pytest.mark.parametrize(
    "changes",
    [{"key": KEY}, {"is_direct": False}, {"message_id": ""}],
    ids=["in-a-thread", "in-a-channel", "command"],
)
async def test_elsewhere_nothing_begins_anew(changes: dict[str, Any]) -> None:
    async with running() as house:
        await house.inbox.handle(incoming("/set memory no", 9, key=DIRECT, is_direct=True))
        await ask(house, "my cat is called Miso", 1, **changes)
        house.clock.advance(9 * HOUR)
        await ask(house, "what is it called?", 2, **changes)
    assert "Miso" in sent(house, -1)


async def test_with_memory_the_notes_are_known_from_the_next_message_on() -> None:
    async with running(words("Nice."), words("I see."), words("Miso.")) as house:
        house.model.notes = [words("The cat is called Miso.")]
        await ask(house, "my cat is called Miso", 1)
        house.clock.advance(9 * HOUR)
        await ask(house, "hello again", 2)
        assert "Miso" not in sent(house, 1)
        await house.noted()
        assert "Miso" in house.model.noted[0].entries[-1].text
        await ask(house, "what is it called?", 3)
    assert "The cat is called Miso." in sent(house, -1)
