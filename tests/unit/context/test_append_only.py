"""Requests are append-only: whatever people do, a request extends the one before or has exactly one recorded reason."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from bot.context.attachments import AttachmentLoader
from bot.context.transcript import SOURCES_MARK
from bot.context.window import CacheBreak
from bot.errors import BotError, ModelRejected, ModelUnavailable, Refused, StorageUnavailable, StreamCut
from bot.turns.conversation_manager import TurnOptions
from bot.types import (
    Attachment,
    Finish,
    Finished,
    ModelEvent,
    ModelRequest,
    Outcome,
    Person,
    Recorded,
    RequestRecord,
    SearchStarted,
    Settlement,
    Source,
    SourceFound,
    TextDelta,
    Turn,
    Usage,
)
from tests.examples import examples
from tests.fakes import ADA, KEY, START, incoming, words
from tests.house import AT_ONCE, House, running
from tests.unit.media import samples
from tests.unit.media.readers import PlainReader, Shelf

UNTOLD = Usage(estimated=True)
OTHER_BOT = Person(id="b", name="Deploys", is_bot=True)
PICTURE = samples.saved(samples.drawing(), "PNG")
MISHAPS = ("edit", "edit it", "delete", "delete it", "stop", "kill")
SWITCHES = ("enable_thinking", "enable_web_search")

Script = Sequence[ModelEvent | BotError | asyncio.Event]
ENDINGS: dict[str, Script] = {
    "filtered": [TextDelta("I will"), Finished(Finish.FILTERED)],
    "empty": words("", UNTOLD),
    "cut": [TextDelta("so far"), StreamCut("cut")],
    "refused": [Refused("no")],
    "failed": [ModelRejected("no")],
}

ask = st.tuples(st.just("ask"), st.integers(1, 4000))
actions = st.one_of(
    *[ask] * 8,  # so that threads grow long enough to be trimmed
    *[st.tuples(st.just("hear"), st.integers(1, 400))] * 3,
    st.tuples(st.just("pause"), st.sampled_from([30, 590, 610, 90_000])),
    st.tuples(st.just("edit"), st.integers(0, 30)),
    st.tuples(st.just("delete"), st.integers(0, 30)),
    st.tuples(st.just("persona"), st.integers(0, 3)),
    st.tuples(st.just("context"), st.sampled_from(["economy", "normal"])),
    st.tuples(st.just("memory"), st.sampled_from(["yes", "no"])),
    st.tuples(st.just("restart"), st.just(0)),
    *[st.tuples(st.just("end"), st.sampled_from(sorted(ENDINGS)))] * 2,
    st.tuples(st.just("switch"), st.sampled_from(SWITCHES)),
    st.tuples(st.just("picture"), st.just(0)),
    st.tuples(st.just("no notes"), st.integers(1, 4)),
    *[st.tuples(st.just("meanwhile"), st.lists(st.sampled_from(MISHAPS), min_size=1, max_size=2))] * 3,
)


class LivelyHouse(House):
    """A core that reads pictures, of which a few fit a request; `recorded` are the requests that turns ended with."""

    def __init__(self, *scripts: object) -> None:
        shelf = Shelf({"p": PICTURE})
        loader = AttachmentLoader(reader=PlainReader(), sources={"fake": shelf}, media_bytes=int(2.5 * len(PICTURE)))
        self.options = TurnOptions(files=loader, takeover=AT_ONCE)
        self.recorded: list[int] = []
        super().__init__(*scripts)
        record = self.store.record

        async def noted(turn: Turn, settlement: Settlement) -> Recorded:
            result = await record(turn, settlement)
            if settlement.request is not None and not result.stale:
                self.recorded.append(len(self.requests) - 1)
            return result

        self.store.record = noted  # type: ignore[method-assign]  # listens beside it

    async def kill(self) -> None:
        """End as a killed process does, handing nothing back, and begin again."""

        async def away(_turn: Turn) -> None:
            raise StorageUnavailable("killed")

        self.store.release = away  # type: ignore[method-assign,assignment]  # nobody is there to do it
        await self.dispatcher.aclose(grace=0)
        await self.manager.aclose()
        del self.store.release
        self.open()
        self.dispatcher.wake(KEY)


@asynccontextmanager
async def living(*scripts: object) -> AsyncIterator[LivelyHouse]:
    house = LivelyHouse(*scripts)
    yield house
    await house.aclose()


async def act(house: LivelyHouse, name: str, value: Any, number: int) -> None:
    """One thing that people or the world do; `number` names its message."""
    match name:
        case "ask" | "end" | "switch" | "picture":
            await ask_so(house, name, value, number)
        case "hear":
            said = incoming(f"{number} " + "dolor " * value, number, author=OTHER_BOT, is_directed=False)
            assert (await house.inbox.handle(said)).outcome is Outcome.IGNORED
        case "pause":
            await house.pause(value)
        case "edit":
            await edit(house, value, number)
        case "delete":  # what is still to come would not be taken
            await house.inbox.on_message_deleted(KEY, f"s{min(value, number)}")
        case "restart":
            await house.aclose()
            house.open()
        case "no notes":
            house.model.notes = [[ModelUnavailable("away")] for _ in range(value)]
        case "meanwhile":
            await meanwhile(house, value, number)
        case _:
            await house.inbox.handle(incoming(f"/set {name} {value}", 1000 + number))


async def ask_so(house: LivelyHouse, how: str, value: Any, number: int) -> None:
    text = f"{number} lorem ipsum"
    match how:
        case "ask":
            await house.ask(f"{number} " + "lorem " * value, number)
        case "end":
            house.model.scripts.insert(0, ENDINGS[value])
            await house.ask(text, number)
        case "switch":
            changed = {value: "no" if value == "enable_thinking" else "yes"}
            await house.ask(text, number, overrides=changed)
        case "picture":
            await house.ask(text, number, attachments=(Attachment(id="p", name="p.png", size=0),))


async def edit(house: House, which: int, number: int) -> None:
    edited = incoming(f"better {number}", which, is_directed=False)
    await house.inbox.on_message_edited(edited, at=START + timedelta(seconds=number))


async def meanwhile(house: LivelyHouse, happenings: Sequence[str], number: int) -> None:
    """Ask, and let something happen while the answer is being written."""
    gate, asked = asyncio.Event(), len(house.requests)
    house.model.scripts.insert(0, [TextDelta("so far "), gate, *words(f"and {number}", UNTOLD)])
    await house.inbox.handle(incoming(f"{number} what now", number))
    await house.asked(asked + 1)
    for step, what in enumerate(happenings):
        match what:
            case "edit":
                await edit(house, max(0, number - 2 - step), number)
            case "edit it":
                await edit(house, number, number + step)
            case "delete":
                await house.inbox.on_message_deleted(KEY, f"s{max(0, number - 1 - step)}")
            case "delete it":
                await house.inbox.on_message_deleted(KEY, f"s{number}")
            case "stop":
                await house.inbox.stop(KEY, asked=incoming("", 5000 + 2 * number + step))
            case "kill":
                await house.kill()
    gate.set()
    await house.settled()


def begins_like(before: ModelRequest, after: ModelRequest) -> bool:
    return after.system_prompt == before.system_prompt and after.entries[: len(before.entries)] == before.entries


def extends(before: ModelRequest, after: ModelRequest) -> bool:
    return begins_like(before, after) and all(before.parameters[name] == after.parameters[name] for name in SWITCHES)


async def played(script: Sequence[tuple[str, object]]) -> list[RequestRecord]:
    """What was recorded of a conversation's requests, each checked against the one before it."""
    answers = [words(f"answer {n} " + "ipsum " * 50, UNTOLD) for n in range(3 * len(script) + 2)]
    async with living(*answers) as house:
        await act(house, "context", "economy", -1)
        for number, (name, value) in enumerate(script):
            await act(house, name, value, number)
        records = list(await house.store.recent_requests(KEY, limit=1000))
        entries = await house.store.get_entries(KEY, start=0)
    assert len(house.recorded) == len(records)
    assert [item.figures.broken for item in records[:1]] in ([], ["first"])
    for (before, after), record in zip(pairwise(house.recorded), records[1:], strict=False):
        since = [extends(request, house.requests[after]) for request in house.requests[before:after]]
        # A request that was cut off by a kill or a deletion may be gone on with or not: it was sent, and not recorded.
        assert since[0] if record.figures.broken == "" else not all(since), record.figures.broken
    assert not any(a.entry.role == b.entry.role == "assistant" for a, b in pairwise(entries))
    return records


@examples(80)
@given(st.lists(actions, min_size=15, max_size=40))
def test_every_request_extends_the_one_before_or_says_why(script: list[tuple[str, object]]) -> None:
    for kind, count in Counter(record.figures.broken for record in asyncio.run(played(script))).items():
        event(f"break: {kind or 'none'}", payload=count)


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
    odd = [*[("picture", 0)] * 4, ("end", "filtered"), ("ask", 5), ("switch", SWITCHES[0]), ("ask", 5)]
    lively = [("ask", 800)] * 20
    colder = [step for asks in range(5, 9) for step in [*[("ask", 800)] * asks, ("pause", 700)]]
    course = [*odd, *lively, *colder, ("ask", 5)]
    records = await played([*course, ("delete", len(course) - 1), ("ask", 5), ("persona", 1), ("ask", 5)])
    assert {record.figures.broken for record in records} - {""} == set(CacheBreak)


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
    assert begins_like(first, second)
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
