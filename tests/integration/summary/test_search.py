"""A search from the command to its sources: what is looked for is shown, and what it cost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from adapters.seed import SeedOptions, open_seed
from adapters.seed.client import NO_SEARCH_NOTE
from adapters.seed.protocols.wire_parameters import Dialect, WireName
from bot.context.system_prompt import Abilities, system_prompt
from bot.context.transcript import SEARCH
from bot.delivery.footer import footer_parts
from bot.types import Draft, Entry, ModelRequest, SearchStarted, Settlement
from tests.emulators.seed.options import API_KEY, Options
from tests.emulators.seed.server import RunningSeed, running_seed
from tests.fakes import PLACE, words
from tests.house import House, running

QUESTION = "When do spring tides come?"
TIDES = "https://tides.example.org/spring-and-neap"


class SearchHouse(House):
    """A core that asks an emulated model."""

    def __init__(self, model: object) -> None:
        self.given = model
        super().__init__()

    def open(self) -> None:
        self.model = self.given  # type: ignore[assignment]  # any model
        super().open()

    async def settled(self) -> None:
        for key in await self.store.open_conversations():
            await self.dispatcher.drain(key)


@asynccontextmanager
async def asked(
    text: str, wire: WireName = "responses", dialect: Dialect = "gateway"
) -> AsyncIterator[tuple[Settlement, list[Draft], RunningSeed]]:
    options = SeedOptions(dialect=dialect)
    async with (
        running_seed(Options(sources="annotations", tokens_per_second=400)) as seed,
        open_seed(base_url=seed.url, api_key=API_KEY, model="seed-2-0-lite", wire=wire, options=options) as model,
    ):
        house = SearchHouse(model)
        settlement = await house.ask(text)
        yield settlement, [draft for shown in house.platform.shown.values() for draft in shown], seed
        await house.dispatcher.aclose(grace=10)


async def test_what_is_searched_is_shown_while_it_runs() -> None:
    gate = asyncio.Event()
    async with running([SearchStarted(""), SearchStarted("spring tides"), gate, *words("Soon.")]) as house:
        asking = asyncio.create_task(house.ask(f"/search {QUESTION}"))
        await house.platform.until(lambda: "Searching: spring tides" in str(house.platform.shown))
        gate.set()
        settlement = await asking
    assert settlement.draft.notices == ()


@pytest.mark.parametrize("wire", ["responses", "messages"])
async def test_what_is_searched_for_is_read_where_a_wire_tells_it(wire: WireName) -> None:
    async with (
        running_seed(Options(sources="annotations")) as seed,
        open_seed(base_url=seed.url, api_key=API_KEY, model="seed-2-0-lite", wire=wire) as model,
    ):
        entries = (Entry(role="user", text=QUESTION),)
        request = ModelRequest(system_prompt="Be brief.", entries=entries, parameters={"enable_web_search": True})
        events = [event async for event in model.stream(request)]
    assert SearchStarted(QUESTION) in events


async def test_its_sources_and_what_it_took_are_told_at_the_end() -> None:
    async with asked(f"/search {QUESTION}") as (settlement, _, seed):
        record = seed.requests[-1]
    urls = [source.url for source in settlement.draft.sources]
    assert urls[0] == TIDES
    assert len(urls) == len(set(urls))
    assert settlement.draft.footer is not None
    assert "1 web search" in footer_parts(settlement.draft.footer)
    assert record.ask is not None
    assert record.ask.settings.enable_web_search
    assert record.ask.messages[0].text == system_prompt(None, place=PLACE, abilities=Abilities(files=False))
    assert record.ask.question.text.endswith(f"{QUESTION}\n{SEARCH}")


@pytest.mark.parametrize("wire", ["chat", "messages"])
async def test_every_wire_tells_its_sources(wire: WireName) -> None:
    async with asked(f"/search {QUESTION}", wire) as (settlement, _, _):
        assert TIDES in [source.url for source in settlement.draft.sources]


async def test_a_model_that_cannot_search_says_so() -> None:
    async with asked(f"/search {QUESTION}", "chat", "plain") as (settlement, _, seed):
        assert NO_SEARCH_NOTE in settlement.draft.notices
        assert seed.requests[-1].ask is not None
        assert not seed.requests[-1].ask.settings.enable_web_search


async def test_a_question_without_search_costs_and_tells_none() -> None:
    async with asked(f"/ask {QUESTION}") as (settlement, drafts, _):
        assert not [draft for draft in drafts if draft.status == "searching"]
        assert settlement.draft.sources == ()
        assert settlement.draft.footer is not None
        assert not [part for part in footer_parts(settlement.draft.footer) if "search" in part]
