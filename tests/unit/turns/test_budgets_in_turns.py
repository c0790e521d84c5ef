"""Near a budget's cap answers cost less, at it people read when it opens again."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from bot.access.budgets import SHORT_TOKENS
from bot.context.attachments import AttachmentLoader
from bot.errors import FileGone
from bot.pricing import SEED_CARD
from bot.types import INSTALLATION, Attachment, Budget, MessageRef, Period, TurnState, Usage
from bot.types.model_request import FileTerms, UnreadableFile
from tests.fakes import KEY, words
from tests.house import House, running

GREATEST = SEED_CARD.cost(Usage(output=4_096))  # of an answer with the usual max_tokens, without its question


async def budget(house: House, answers: float) -> None:
    amount = GREATEST * Decimal(answers)
    await house.store.put_budget(Budget(scope=INSTALLATION, period=Period.DAY, amount=amount, time_zone="UTC"))


async def test_far_from_the_cap_nothing_is_different() -> None:
    async with running() as house:
        await budget(house, 20)
        settlement = await house.ask("Why?")
    assert settlement.draft.notices == ()
    assert house.requests[0].parameters["max_tokens"] == 4_096


async def test_near_the_cap_the_answer_is_cheaper_and_says_so() -> None:
    async with running(words("first"), words("second")) as house:
        await budget(house, 2.5)
        first = await house.ask("Why?")
        (use,) = await house.store.budget_uses()
        assert use.step == 3
        house.store._steps.clear()
        await budget(house, 20)
        second = await house.ask("And?", 2)
    assert house.requests[0].parameters["max_tokens"] == SHORT_TOKENS
    assert house.requests[0].parameters["reasoning_effort"] == "low"
    assert "answers are short: little is left of the budget of this whole installation." in first.draft.notices[0]
    assert second.draft.notices == ()
    assert house.requests[1].parameters["reasoning_effort"] == "medium"


async def test_at_the_cap_the_model_is_not_asked_and_people_read_when_it_opens() -> None:
    async with running() as house:
        await budget(house, 0.01)
        settlement = await house.ask("Why?")
        assert settlement.state is TurnState.FAILED
        assert "is used up" in settlement.draft.notices[0]
        assert "I answer again from Tuesday 06 January, 00:00 UTC." in settlement.draft.notices[0]
        assert house.store.lines == {}
        house.clock.advance(86_400)
        await budget(house, 20)
        assert (await house.ask("Why?", 2)).state is TurnState.DONE


class Files:
    """The files of a platform, which are gone, noting which were asked for."""

    file_bytes = 1_000

    def __init__(self) -> None:
        self.fetched: list[str] = []

    async def fetch(self, attachment: Attachment, *, limit: int, of: MessageRef | None = None) -> bytes:
        self.fetched.append(attachment.id)
        raise FileGone("gone")

    async def read(self, name: str, data: bytes, terms: FileTerms, *, owner: str = "") -> UnreadableFile:
        raise AssertionError


async def test_where_nothing_is_left_no_file_is_read_for_a_question() -> None:
    files = Files()
    loader = AttachmentLoader(reader=files, sources={KEY.platform: files}, media_bytes=1_000)
    house = House()
    house.options = replace(house.options, files=loader)
    house.open()
    for number, left in enumerate(("5", "-1")):
        await house.store.put_budget(
            Budget(scope=INSTALLATION, period=Period.DAY, amount=Decimal(left), time_zone="UTC")
        )
        sound = Attachment(id=f"f{number}", name="talk.mp3")
        settlement = await house.ask("What is said?", number, attachments=(sound,))
    await house.aclose()
    assert "is used up" in settlement.draft.notices[0]
    assert files.fetched == ["f0"]
