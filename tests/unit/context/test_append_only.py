"""Requests are append-only: whatever people do, a request extends the one before or has exactly one recorded reason."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import event, given
from hypothesis import strategies as st

from bot.context.transcript import SOURCES_MARK
from bot.types import (
    ModelEvent,
    ModelRequest,
    Outcome,
    Person,
    RequestRecord,
    SearchStarted,
    Source,
    SourceFound,
    Usage,
)
from tests.examples import examples
from tests.fakes import ADA, KEY, START, incoming, words
from tests.house import House, running

UNTOLD = Usage(estimated=True)
OTHER_BOT = Person(id="b", name="Deploys", is_bot=True)

ask = st.tuples(st.just("ask"), st.integers(1, 4000))
actions = st.one_of(
    *[ask] * 8,  # so that threads grow long enough to be trimmed
    *[st.tuples(st.just("hear"), st.integers(1, 400))] * 4,
    st.tuples(st.just("pause"), st.sampled_from([30, 590, 610, 90_000])),
    st.tuples(st.just("edit"), st.integers(0, 30)),
    st.tuples(st.just("delete"), st.integers(0, 30)),
    st.tuples(st.just("persona"), st.integers(0, 3)),
    st.tuples(st.just("context"), st.sampled_from(["economy", "normal"])),
    st.tuples(st.just("memory"), st.sampled_from(["yes", "no"])),
    st.tuples(st.just("restart"), st.just(0)),
)


async def act(house: House, name: str, value: object, number: int) -> None:
    match name:
        case "ask":
            await house.ask(f"{number} " + "lorem " * int(str(value)), number)
        case "hear":
            said = incoming(f"{number} " + "dolor " * int(str(value)), number, author=OTHER_BOT, is_directed=False)
            assert (await house.inbox.handle(said)).outcome is Outcome.IGNORED
        case "pause":
            house.clock.advance(float(str(value)))
        case "edit":
            edited = incoming(f"better {number}", int(str(value)), is_directed=False)
            await house.inbox.on_message_edited(edited, at=START + timedelta(seconds=number))
        case "delete":
            await house.inbox.on_message_deleted(
                KEY, f"s{min(int(str(value)), number)}"
            )  # what is still to come would not be taken
        case "restart":
            await house.dispatcher.aclose(grace=10)
            house.open()
        case _:
            await house.inbox.handle(incoming(f"/set {name} {value}", 1000 + number))


def answering(requests: list[ModelRequest]) -> list[ModelRequest]:
    return [request for request in requests if "Update your notes" not in request.entries[-1].text]


def extends(before: ModelRequest, after: ModelRequest) -> bool:
    return after.head == before.head and after.entries[: len(before.entries)] == before.entries


async def played(script: Sequence[tuple[str, object]]) -> list[RequestRecord]:
    """What was recorded of a conversation's requests, each checked against the one before it."""
    answers = [words(f"answer {n} " + "ipsum " * 50, UNTOLD) for n in range(2 * len(script) + 2)]
    async with running(*answers) as house:
        await act(house, "context", "economy", 999)
        for number, (name, value) in enumerate(script):
            await act(house, name, value, number)
        records = list(await house.store.recent_requests(KEY, limit=1000))
    requests = answering(house.requests)
    assert len(requests) == len(records)
    assert [item.figures.broken for item in records[:1]] in ([], ["first"])
    for before, after, record in zip(requests, requests[1:], records[1:], strict=False):
        assert extends(before, after) == (record.figures.broken == ""), record.figures.broken
    return records


@examples(150)
@given(st.lists(actions, min_size=15, max_size=40))
def test_every_request_extends_the_one_before_or_says_why(script: list[tuple[str, object]]) -> None:
    for record in asyncio.run(played(script)):
        event(f"break: {record.figures.broken or 'none'}")


@examples(50)
@given(st.lists(st.sampled_from(["ask", "hear", "fail", "delete"]), min_size=5, max_size=20))
def test_all_that_was_said_and_stands_is_sent_in_order(script: list[str]) -> None:
    async def scenario() -> tuple[list[str], ModelRequest]:
        async with running() as house:
            standing = ["0"]
            await house.ask("0", 0)
            for number, name in enumerate([*script, "ask"], 1):
                match name:
                    case "hear":
                        await house.inbox.handle(incoming(f"{number}", number, author=OTHER_BOT, is_directed=False))
                        standing.append(f"{number}")
                    case "delete":  # the newest that somebody only said
                        gone = next((n for n in reversed(standing) if n != "0" and script[int(n) - 1] == "hear"), "")
                        await house.inbox.on_message_deleted(KEY, f"s{gone}")
                        standing = [item for item in standing if item != gone]
                    case _:
                        house.model.scripts = [words("")] if name == "fail" else []
                        await house.ask(f"{number}", number)
                        standing += [f"{number}"] if name == "ask" else []
            return standing, house.requests[-1]

    standing, request = asyncio.run(scenario())
    assert [entry.text.rpartition(": ")[2] for entry in request.entries if entry.role == "user"] == standing


async def test_each_reason_for_a_break_is_told() -> None:
    lively = [("ask", 800)] * 20
    colder = [step for asks in range(2, 6) for step in [*[("ask", 800)] * asks, ("pause", 700)]]
    rare = [*colder, ("ask", 5), ("delete", len(lively) + len(colder)), ("ask", 5), ("persona", 1), ("ask", 5)]
    records = await played([*lively, *rare])
    assert {record.figures.broken for record in records} == {"first", "", "trim", "cold", "deleted", "head changed"}


@given(st.text(max_size=200), st.text(max_size=40))
def test_the_rendered_question_is_the_same_after_a_crash(text: str, name: str) -> None:
    async def scenario() -> tuple[ModelRequest, ...]:
        seen = []
        for _ in range(2):
            async with running(words("fine")) as house:
                await house.ask(f"x{text}", author=replace(ADA, name=name))
                seen += house.requests
        return tuple(seen)

    first, second = asyncio.run(scenario())
    assert first == second


async def test_the_sources_of_an_answer_stay_with_it_and_may_be_linked_later() -> None:
    page = Source(url="https://tides.example/spring", title="Spring tides")
    found: list[ModelEvent] = [SearchStarted("tides"), SourceFound(page), *words("At new moon.", UNTOLD)]
    linked = words("It was [this page](https://tides.example/spring), not https://other.example.", UNTOLD)
    async with running(found, linked) as house:
        await house.ask("/search When do spring tides come?", 1)
        settlement = await house.ask("Which source said that?", 2)
    first, second = house.requests
    assert extends(first, second)
    assert [entry.role for entry in second.entries] == ["user", "assistant", "user", "user"]
    assert second.entries[1].text == "At new moon."
    assert second.entries[2].text == f"{SOURCES_MARK}\n1. Spring tides <https://tides.example/spring>"
    assert settlement.draft.links == ("https://tides.example/spring",)


async def test_sources_go_with_their_answer() -> None:
    page = SourceFound(Source(url="https://tides.example/spring", title="Spring tides"))
    async with running([SearchStarted("tides"), page, *words("At new moon.", UNTOLD)]) as house:
        await house.ask("/search When do spring tides come?", 1)
        await house.inbox.on_message_deleted(KEY, "s1")
        await house.ask("hello", 2)
    assert not any("tides" in entry.text for entry in house.requests[-1].entries)
