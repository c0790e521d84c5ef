"""A model in place of the first: when it is asked, what people are told, what it costs, and the way back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.access.metered_model import AWAY, NOTICE, PricedModel
from bot.errors import ModelAccessDenied, ModelRejected, ModelUnavailable, Refused
from bot.pricing import RateCard, Tier
from bot.turns.retries import RETRY_SECONDS
from bot.types import TurnState, Within
from tests.fakes import FixedRates, ScriptedModel, incoming, words
from tests.house import House, put_off

DEAR = RateCard(tiers=(Tier(from_tokens=0, input=Decimal(10), output=Decimal(100)),), origin="test")
TOLD = NOTICE.format(first="scripted", fallback="second")


class SecondModel(ScriptedModel):
    """The model in place of the first, under another name."""

    name = "second"


class HouseWithFallback(House):
    """A core with a second model, which costs more."""

    def __init__(self, *scripts: object) -> None:
        self.second, self.dear = SecondModel(), FixedRates(DEAR)
        self.options = replace(House.options, fallback=PricedModel(model=self.second, rates=self.dear))
        super().__init__(*scripts)


@asynccontextmanager
async def with_fallback(*scripts: Sequence[Any]) -> AsyncIterator[HouseWithFallback]:
    house = HouseWithFallback(*scripts)
    yield house
    await house.aclose()


async def test_a_turn_whose_retries_are_used_up_is_answered_by_the_second_model_at_its_own_price() -> None:
    async with with_fallback(*[[ModelUnavailable("away")]] * (1 + len(RETRY_SECONDS))) as house:
        house.second.scripts = [words("in its place")]
        await house.inbox.handle(incoming("first", 1))
        for times in range(len(RETRY_SECONDS)):
            assert house.second.asked == []
            await put_off(house, times + 1)
        await house.settled()
    draft = house.platform.finished["m1"]
    assert (draft.text, draft.notices) == ("in its place", (TOLD,))
    assert draft.footer is not None
    assert (draft.footer.model, draft.footer.cost) == ("second", DEAR.cost(draft.footer.usage))
    assert draft.footer.split is not None
    assert draft.footer.split.written == draft.footer.usage.output * Decimal(100) / 1_000_000
    since, until = house.clock() - timedelta(days=1), house.clock() + timedelta(days=1)
    spent = await house.store.usage_totals(since=since, until=until, within=Within(model="second"))
    assert (spent.requests, spent.cost) == (1, draft.footer.cost)
    assert (await house.store.usage_totals(since=since, until=until)).requests == 1
    assert house.dear.observed == []


async def test_the_first_model_is_tried_again_by_itself_and_is_back_with_its_first_word() -> None:
    denied: list[Any] = [ModelAccessDenied("no credits")]
    async with with_fallback(denied, denied, words("back"), words("still back")) as house:
        told = [await house.ask("one", 1), await house.ask("two", 2)]
        assert len(house.requests) == 1
        for number, question in enumerate(("three", "four", "five"), 3):
            house.clock.advance(AWAY.total_seconds() + 1)
            told.append(await house.ask(question, number))
    assert [settlement.draft.footer.model for settlement in told if settlement.draft.footer] == [
        *["second"] * 3,
        *["scripted"] * 2,
    ]
    assert [settlement.draft.notices for settlement in told] == [*[(TOLD,)] * 3, (), ()]
    assert len(house.second.asked) == 3


@pytest.mark.parametrize("error", [Refused("no"), ModelRejected("bad request")], ids=lambda error: type(error).__name__)
async def test_what_another_model_would_not_mend_is_not_asked_of_it(error: Exception) -> None:
    async with with_fallback([error]) as house:
        assert (await house.ask("one", 1)).state is TurnState.FAILED
    assert house.second.asked == []


async def test_a_turn_fails_where_both_are_away() -> None:
    async with with_fallback([ModelAccessDenied("no key")]) as house:
        house.second.scripts = [[ModelAccessDenied("no key")], words("fine")]
        first, second = await house.ask("one", 1), await house.ask("two", 2)
    assert (first.state, second.state) == (TurnState.FAILED, TurnState.DONE)
    assert [len(model.asked) for model in (house.model, house.second)] == [1, 2]
