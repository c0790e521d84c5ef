"""The life of a turn, from the front door to the settled ledger, on the in-memory store."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.delivery.accumulator import LENGTH_NOTICE
from bot.errors import (
    ContextTooLong,
    InvalidInput,
    InvalidValue,
    ModelAccessDenied,
    Refused,
    StreamCut,
)
from bot.parameters import Scope
from bot.turns.error_messages import CUT_NOTICE, UNEXPECTED, user_message
from bot.turns.generator import BURST_NOTICE
from bot.types import (
    AuthorKind,
    Draft,
    Finish,
    Finished,
    ModelRequest,
    Outcome,
    Person,
    ReasoningDelta,
    Settlement,
    TextDelta,
    ThreadMessage,
    TurnState,
    Usage,
    UsageReported,
)
from tests.fakes import (
    ADA,
    KEY,
    START,
    ScriptedModel,
    incoming,
    settle,
    words,
)
from tests.house import House, running

# ---------------------------------------------------------------- one question


async def test_a_question_is_answered_shown_and_settled() -> None:
    usage = Usage(input=1000, cached=200, output=100, reasoning=10)
    async with running([ReasoningDelta("hm"), *words("Because of the sky.", usage)]) as house:
        settlement = await house.ask("Why?")
    assert settlement.state is TurnState.DONE
    draft = house.platform.finished["m1"]
    assert (draft.text, draft.reasoning, draft.status) == ("Because of the sky.", "hm", "done")
    assert draft.footer is not None
    assert (draft.footer.usage, draft.footer.cost) == (usage, Decimal("0.00031") + Decimal("0.00025"))
    assert next(shown.status for shown in house.platform.shown["m1"]) == "thinking"


async def test_the_effective_parameters_go_with_the_request() -> None:
    async with running() as house:
        await house.inbox.handle(incoming("/set max_tokens 50", 8))
        await house.ask("/ask reasoning_effort=low why?")
    (request,) = house.requests
    assert (request.parameters["max_tokens"], request.parameters["reasoning_effort"]) == (50, "low")
    assert "stop" not in request.parameters
    assert request.entries[-1].text.endswith("Ada: why?")


async def test_one_delivery_is_one_turn_however_often_it_comes() -> None:
    async with running() as house:
        await house.ask("Why?")
        assert (await house.inbox.handle(incoming("Why?"))).outcome is Outcome.DUPLICATE
    assert len(house.requests) == 1


async def test_what_is_not_meant_for_the_bot_is_passed_over_until_it_takes_part() -> None:
    async with running() as house:
        assert (await house.inbox.handle(incoming("lunch?", 1, is_directed=False))).outcome is Outcome.IGNORED
        await house.ask("@bot why?", 2)
        await house.ask("and now?", 3, is_directed=False)
    assert len(house.requests) == 2


async def test_what_is_passed_over_is_logged_once_an_hour_for_its_kind_and_place(
    caplog: pytest.LogCaptureFixture,
) -> None:
    elsewhere = replace(KEY, channel="d")
    bot = Person(id="b", name="Deploys", is_bot=True)
    with caplog.at_level(logging.INFO, "bot.turns.ignored_log"):
        async with running() as house:
            for number in range(3):
                for place in (KEY, replace(KEY, thread="another"), elsewhere):
                    await house.inbox.handle(incoming("my secret", number, is_directed=False, key=place))
                await house.inbox.handle(incoming("deployed", number, author=bot))
    told = [(record.levelname, record.__dict__["place"], record.__dict__["reason"]) for record in caplog.records]
    assert told == [
        ("INFO", "fake/w/c", "not meant for the bot"),
        ("INFO", "fake/w/d", "not meant for the bot"),
        ("INFO", "fake/w/c", "a bot"),
    ]
    assert "secret" not in caplog.text


async def test_a_bot_is_told_nothing_of_its_mistakes() -> None:
    bot = Person(id="b", name="Deploys", is_bot=True)
    async with running() as house:
        await house.store.put_setting(Scope(kind="workspace", key="fake/w"), "bots", "b")
        for number, text in enumerate(("/ask", "/nonsense", "/set max_tokens many", "help")):
            handled = await house.inbox.handle(incoming(text, number, author=bot))
            assert (handled.outcome, handled.text) == (Outcome.IGNORED, "")
        await house.ask("Run the report.", 9, author=bot)


async def test_strangers_are_told_of_no_command_either() -> None:
    async with running() as house:
        said = incoming("/nonsense", author_kind=AuthorKind.EXTERNAL)
        assert "people of this organisation" in (await house.inbox.handle(said)).text
        with pytest.raises(InvalidInput, match="There is no command /nonsense"):
            await house.inbox.handle(incoming("/nonsense", 2))


@pytest.mark.parametrize(("directed", "text"), [(False, "cats?"), (True, "dogs?")])
async def test_what_bots_change_counts_where_it_is_meant_for_the_bot(directed: bool, text: str) -> None:
    async with running() as house:
        id = await house.store.enqueue(incoming("cats?"))
        assert id is not None
        changed = incoming("dogs?", author=replace(ADA, is_bot=True), is_directed=directed)
        await house.inbox.on_message_edited(changed, at=START + timedelta(minutes=1))
        turn = await house.store.get_turn(id)
    assert turn is not None
    assert turn.incoming.text == text


async def test_an_empty_question_gets_a_hint() -> None:
    async with running() as house:
        with pytest.raises(InvalidInput, match="Ask me something"):
            await house.inbox.handle(incoming("  ", is_top_level=True))
        with pytest.raises(InvalidInput, match="Ask me something"):
            await house.inbox.handle(incoming("/ask max_tokens=5", 2))


async def test_a_bad_parameter_is_told_before_anything_is_stored() -> None:
    async with running() as house:
        with pytest.raises(InvalidValue):
            await house.inbox.handle(incoming("/ask max_tokens=0 why?"))
        assert not await house.store.open_conversations()


async def test_a_question_in_a_channel_is_answered_where_the_setting_says() -> None:
    async with running() as house:
        await house.ask("why?", 1, is_top_level=True)
        assert await house.store.has_participated(KEY)
        await house.inbox.handle(incoming("/set channel answer_in channel", 2, manages_channel=True))
        await house.ask("why?", 3, is_top_level=True)
        assert await house.store.has_participated(replace(KEY, thread=""))


# ---------------------------------------------------------------- the conversation


async def test_the_next_request_is_the_last_one_with_answer_and_question_appended() -> None:
    async with running(words("one"), words("two"), words("three")) as house:
        for number, text in enumerate(("first?", "second?", "third?"), 1):
            await house.ask(text, number)
    for before, after in zip(house.requests, house.requests[1:], strict=False):
        assert after.system_prompt == before.system_prompt
        assert after.entries[: len(before.entries)] == before.entries
        assert len(after.entries) == len(before.entries) + 2


async def test_a_restart_changes_no_byte_of_the_next_request() -> None:
    async with running(words("one"), words("two")) as house:
        await house.ask("first?", 1)
        await house.dispatcher.aclose(grace=10)
        house.open()
        await house.ask("second?", 2)
    before, after = house.requests
    assert after.entries[: len(before.entries)] == before.entries


async def test_an_old_thread_is_read_once_before_the_first_answer() -> None:
    bob = replace(ADA, id="u2", name="Bob")
    thread = tuple(
        ThreadMessage(
            message_id=f"old{n}", author=bob, text=f"old {n}", sent_at=START - timedelta(hours=1) + timedelta(minutes=n)
        )
        for n in range(3)
    )
    asked = ThreadMessage(message_id="s1", author=ADA, text="@bot what now?", sent_at=START + timedelta(seconds=1))
    async with running(words("one"), words("two"), thread=(*thread, asked)) as house:
        await house.ask("what now?", 1)
        await house.ask("and then?", 2)
    first, second = house.requests
    assert [entry.text.partition(": ")[2] for entry in first.entries] == ["old 0", "old 1", "old 2", "what now?"]
    assert second.entries[:4] == first.entries


async def test_a_thread_that_the_question_begins_is_not_read() -> None:
    another = ThreadMessage(message_id="old", author=ADA, text="not of this thread", sent_at=START)
    async with running(words("one"), thread=(another,)) as house:
        await house.ask("what now?", 1, message_id=KEY.thread)
    assert len(house.requests[0].entries) == 1


async def test_a_refused_turn_stays_out_of_the_context() -> None:
    async with running([Refused("filtered")], words("fine")) as house:
        assert (await house.ask("bad", 1)).state is TurnState.FAILED
        await house.ask("good", 2)
    assert all("bad" not in entry.text for entry in house.requests[1].entries)


async def test_an_answer_that_the_filter_cut_stays_out_of_the_context() -> None:
    script = [TextDelta("half"), UsageReported(Usage(input=1)), Finished(Finish.FILTERED)]
    async with running(script, words("fine")) as house:
        assert (await house.ask("bad", 1)).draft.text == "half"
        await house.ask("good", 2)
    assert all("bad" not in entry.text for entry in house.requests[1].entries)


async def test_an_answer_without_text_is_never_sent_back() -> None:
    script = [ReasoningDelta("hm"), UsageReported(Usage(input=1)), Finished(Finish.LENGTH)]
    async with running(script, words("fine")) as house:
        settlement = await house.ask("first", 1)
        await house.ask("second", 2)
    assert settlement.draft.notices == (LENGTH_NOTICE,)
    assert all(entry.text.strip() for entry in house.requests[1].entries)


async def test_conversations_share_nothing() -> None:
    async with running(words("one"), words("two")) as house:
        await house.ask("secret", 1)
        await house.ask("hello", 2, key=replace(KEY, thread="elsewhere"))
    assert len(house.requests[1].entries) == 1


async def test_a_question_that_cannot_fit_is_refused_with_the_numbers() -> None:
    async with running(words("fine")) as house:
        settlement = await house.ask("word " * 60_000)
    assert settlement.state is TurnState.FAILED
    assert "tokens long, and at most" in settlement.draft.notices[0]
    assert not house.requests


# ---------------------------------------------------------------- crashes


async def test_an_answer_that_was_recorded_but_not_shown_is_shown_without_asking_again() -> None:
    async with running(words("fine")) as house:
        await house.inbox.handle(incoming("Why?", 1))
        await house.settled()
        shown = house.platform.finished.pop("m1")
        # As after a crash between recording and closing: the turn is open again, and only its answer is left to show.
        house.store.reopen(1)
        house.open()
        house.dispatcher.wake(KEY)
        await house.settled()
    assert house.platform.finished == {"m1": shown}
    assert len(house.requests) == 1
    assert len(await house.store.get_entries(KEY, start=0)) == 2


# ---------------------------------------------------------------- stop


async def test_stop_ends_the_answer_and_keeps_what_there_is() -> None:
    never = asyncio.Event()
    async with running([TextDelta("half "), never, TextDelta("more")], words("fine")) as house:
        await house.inbox.handle(incoming("Why?", 1))
        await house.platform.until(lambda: any(d.text for drafts in house.platform.shown.values() for d in drafts))
        assert (await house.inbox.handle(incoming("!stop", 2))).text == "Stopped."
        await house.settled()
        stopped = house.platform.finished["m1"]
        await house.ask("go on", 3)
    assert (stopped.status, stopped.text) == ("stopped", "half ")
    assert house.model.closed == 2
    assert [entry.text.partition(": ")[2] or entry.text for entry in house.requests[1].entries] == [
        "Why?",
        "half ",
        "go on",
    ]


async def test_stop_reaches_the_queued_questions_too() -> None:
    async with running([asyncio.Event()]) as house:
        await house.inbox.handle(incoming("Why?", 1))
        await house.asked(1)
        for number in (2, 3):
            await house.inbox.handle(incoming("Why?", number))
        assert (await house.inbox.stop(KEY, asked=incoming("", 99), stopped="yes")).text == "yes"
        await house.settled()
    assert len(house.requests) == 1
    assert [draft.status for draft in house.platform.finished.values()] == ["stopped"] * 3


async def test_stop_where_nothing_is_answered_says_so() -> None:
    async with running() as house:
        assert "Nothing is being answered" in (await house.inbox.handle(incoming("/stop", 1))).text


# ---------------------------------------------------------------- bursts


async def test_questions_that_come_while_an_answer_is_written_are_answered_together_in_order() -> None:
    gate = asyncio.Event()
    async with running([TextDelta(""), gate, *words("one")], words("all of it")) as house:
        await house.inbox.handle(incoming("first", 1))
        await house.asked(1)
        await asyncio.sleep(0)  # the first word is there
        for number, text in ((2, "second"), (3, "third"), (4, "fourth")):
            await house.inbox.handle(incoming(text, number))
        gate.set()
        await house.settled()
    first, second = house.requests
    assert second.entries[: len(first.entries)] == first.entries
    assert [entry.text.partition(": ")[2] or entry.text for entry in second.entries] == [
        "first",
        "one",
        "second",
        "third",
        "fourth",
    ]
    assert house.platform.texts() == ["one", "all of it"]
    assert house.platform.finished["m2"].notices == (BURST_NOTICE.format(count=3),)


# ---------------------------------------------------------------- faults


async def test_a_failure_is_told_and_the_conversation_goes_on() -> None:
    error = ModelAccessDenied("wrong key")
    async with running([error], words("fine")) as house:
        failed = await house.ask("first", 1)
        done = await house.ask("second", 2)
    assert (failed.state, failed.draft.notices) == (TurnState.FAILED, (user_message(error),))
    assert done.state is TurnState.DONE


async def test_a_bug_is_told_without_its_text() -> None:
    class Broken(ScriptedModel):
        def stream(self, request: ModelRequest) -> object:  # type: ignore[override]
            raise ZeroDivisionError("very secret")

    async with running() as house:
        house.model = Broken()
        house.open()
        failed = await house.ask("first", 1)
    assert failed.draft.notices == (UNEXPECTED,)


async def test_a_cut_stream_keeps_its_text_and_says_so() -> None:
    async with running([TextDelta("half"), StreamCut("cut")], words("fine")) as house:
        settlement = await house.ask("first", 1)
    assert settlement.state is TurnState.DONE
    assert (settlement.draft.text, settlement.draft.notices) == ("half", (CUT_NOTICE,))


async def test_a_context_that_the_server_finds_too_long_is_trimmed_and_sent_once_more() -> None:
    long = "word " * 4000
    untold = Usage(estimated=True)
    async with running(*(words(text, untold) for text in "abc"), [ContextTooLong("no")], words("fine")) as house:
        for number in (1, 2, 3):
            await house.ask(long, number)
        settlement = await house.ask("short", 4)
    assert settlement.state is TurnState.DONE
    assert len(house.requests[-1].entries) < len(house.requests[-2].entries)


async def test_a_turn_that_another_runner_took_over_is_dropped_silently() -> None:
    gate = asyncio.Event()
    async with running([TextDelta("a"), gate, TextDelta("b")]) as house:
        await house.inbox.handle(incoming("Why?", 1))
        await house.platform.until(lambda: any(d.text for drafts in house.platform.shown.values() for d in drafts))
        taken = await house.store.claim(KEY, worker="another")
        assert taken is not None
        gate.set()
        await house.dispatcher.aclose(grace=10)
        await settle(house.store, taken, Settlement(state=TurnState.DONE, draft=Draft(status="done")))
    assert house.platform.finished == {}


async def test_an_answer_links_to_what_people_wrote_in_the_thread_and_to_nothing_else() -> None:
    house = House(words("fine"), words("See https://docs.example/a and https://evil.example/?q=secret"))
    await house.ask("Our page is https://docs.example/a", 1)
    settlement = await house.ask("where was it?", 2)
    assert settlement.draft.links == ("https://docs.example/a",)
