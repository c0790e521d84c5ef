"""Which unaddressed messages of a thread are answered by default, from the front door on."""

from __future__ import annotations

from bot.types import Outcome, Person
from tests.fakes import incoming, words
from tests.house import running

BEN = Person(id="U2", name="Ben")
CARL = Person(id="U3", name="Carl")


async def test_by_default_what_goes_on_with_the_talk_is_answered_and_thanks_are_not() -> None:
    async with running() as house:
        await house.ask("When is it open?", 1)
        await house.ask("and on Sundays?", 2, is_directed=False)
        assert (await house.inbox.handle(incoming("thanks!", 3, is_directed=False))).outcome is Outcome.IGNORED
        assert (await house.inbox.handle(incoming("@Ben lunch?", 4, is_directed=False))).outcome is Outcome.IGNORED
    assert len(house.requests) == 2


async def test_who_joins_in_is_answered_when_they_ask_or_mention_the_bot() -> None:
    async with running(*(words(item) for item in ("one", "two", "three"))) as house:
        await house.ask("When is it open?", 1)
        await house.ask("and on Sundays?", 2, is_directed=False, author=CARL)
        said = incoming("I can do it on Monday", 3, is_directed=False, author=BEN)
        assert (await house.inbox.handle(said)).outcome is Outcome.IGNORED
        await house.ask("what is Monday?", 4, author=BEN)
    assert len(house.requests) == 3


async def test_a_message_while_the_answer_is_still_to_come_goes_on_with_the_talk() -> None:
    async with running() as house:
        await house.inbox.handle(incoming("When is it open?", 1))
        handled = await house.inbox.handle(incoming("in summer, I mean", 2, is_directed=False))
        assert handled.outcome is Outcome.ANSWERING
        await house.settled()


async def test_where_all_is_answered_thanks_are_too() -> None:
    async with running() as house:
        await house.inbox.handle(incoming("/set follow_ups always", 1))
        await house.ask("When is it open?", 2)
        await house.ask("thanks!", 3, is_directed=False)
    assert len(house.requests) == 2
