"""The story of a summary, from the command to the ledger, over fakes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.context.tokens import estimate_entry, estimate_request
from bot.errors import InvalidInput, ModelError, ModelUnavailable, PlatformError, Refused, StreamCut
from bot.pricing import SEED_CARD
from bot.summary.prompts import MERGE, SYSTEM_PROMPT
from bot.summary.service import NO_ACCESS, UNCHANGED
from bot.types import (
    ConversationKey,
    Finish,
    Finished,
    FollowUp,
    ModelEvent,
    ModelRequest,
    Outcome,
    Person,
    Purpose,
    ReadMessage,
    RequestNotBilled,
    TextDelta,
    TurnState,
    Usage,
    UsageReported,
)
from tests.fakes import ADA, incoming, sent
from tests.unit.summary.channel import ASKED_AT, CHANNEL, SummaryHouse, summarising, talk

STRANGER = Person(id="u66", name="Eve")


def told(text: str, counted: int = 1000) -> list[ModelEvent]:
    return [TextDelta(text), UsageReported(Usage(input=counted, output=100)), Finished(Finish.STOP)]


ASKED = incoming(
    "/summarise", key=replace(CHANNEL, thread="asked1"), sent_at=ASKED_AT, is_top_level=True, message_id="asked1"
)


class AnyOrder:
    """A model that answers by what it is asked, since parts are asked for side by side; one point for each request."""

    name = "scripted"

    def __init__(self, context_tokens: int = 32_000) -> None:
        self.context_tokens = context_tokens
        self.asked: list[ModelRequest] = []
        self.fail: dict[str, int] = {}
        self.factor = 1.0  # real tokens for each estimated one
        self.counted: list[int] = []

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        self.asked.append(request)
        yield sent(request)
        text = request.entries[-1].text
        for mark, times in self.fail.items():
            if mark in text and times:
                self.fail[mark] -= 1
                yield RequestNotBilled()
                raise Refused("not this one")
        numbers = [line.split("]")[0].strip(" [") for line in text.splitlines() if line.strip().startswith("[")]
        if MERGE.split("{")[0].strip() in text:
            numbers = [line.rsplit("[", 1)[1].strip("]") for line in text.splitlines() if line.startswith("- ")]
        estimated = estimate_request(request.system_prompt, map(estimate_entry, request.entries))
        self.counted.append(int(estimated * self.factor))
        points = "\n".join(f"- point [{number}]" for number in numbers[:3])
        for event in told(f"Headline: {len(numbers)} lines\n{points}", self.counted[-1]):
            yield event


class WideHouse(SummaryHouse):
    """A house whose model answers in any order."""

    def __init__(self, messages: Sequence[object], context_tokens: int) -> None:
        self.wide = AnyOrder(context_tokens)
        super().__init__(messages)  # type: ignore[arg-type]  # messages

    def open(self) -> None:
        self.model = self.wide  # type: ignore[assignment]  # another fake of the same port
        super().open()


# ---------------------------------------------------------------- what is shown


async def test_each_point_ends_with_links_to_the_messages_that_it_rests_on() -> None:
    script = told("Headline: Boats\nMain points\n- The tide is high [2] [1]\n- So they say\nDecisions\n- Sail [3]")
    async with summarising(talk(4), script) as house:
        settlement = await house.summarise()
    assert settlement.state is TurnState.DONE
    assert settlement.draft.text.splitlines() == [
        "**Boats**",
        "",
        "**Main points**",
        "",
        "- The tide is high [2](https://chat.example/c/m2) [1](https://chat.example/c/m1)",
        "- So they say *(no message given)*",
        "",
        "**Decisions**",
        "",
        "- Sail [3](https://chat.example/c/m3)",
    ]
    assert set(settlement.draft.links) == {f"https://chat.example/c/m{number}" for number in (1, 2, 3)}
    assert settlement.draft.notices == (
        "From 4 messages, 2026-01-05 09:01 to 09:04.",
        "1 of 3 points without a link to a message.",
    )


async def test_a_message_that_was_not_read_cannot_be_named() -> None:
    async with summarising(talk(2), told("- one [1] [77] [4]")) as house:
        draft = (await house.summarise()).draft
    assert draft.text == "- one [1](https://chat.example/c/m1)"
    assert "Left out: 2 links to messages that were not read." in draft.notices


async def test_progress_is_shown_while_reading_and_summarising_and_the_models_own_words_never() -> None:
    gate = asyncio.Event()
    script = [TextDelta("- raw words"), gate, *told(" [1]")]
    async with summarising(talk(150), script) as house:
        asking = asyncio.create_task(house.summarise())
        await house.platform.until(
            lambda: any(
                "Summarising 150 messages" in str(draft) for shown in house.platform.shown.values() for draft in shown
            )
        )
        gate.set()
        await asking
        drafts = [draft for shown in house.platform.shown.values() for draft in shown]
    assert all("raw words" not in draft.text for draft in drafts if draft.status != "done")


async def test_a_short_channel_is_asked_for_a_short_summary() -> None:
    async with summarising(talk(3), told("- one [1]")) as house:
        await house.summarise()
        (request,) = house.requests
    assert "at most 2 points" in request.entries[0].text
    assert request.system_prompt == SYSTEM_PROMPT
    assert request.parameters["enable_thinking"] is False
    assert request.parameters["enable_web_search"] is False


async def test_nothing_to_tell_is_said_without_asking_the_model() -> None:
    async with summarising(talk(2), told("- one [1]")) as house:
        await house.summarise()
        again = await house.summarise("since last summary", 2)
        own = await house.summarise("since 2026-01-14", 3)
        assert len(house.requests) == 1
    assert again.draft.text == "Nothing new: there are no messages since the last summary."
    assert own.draft.text == "Nothing new: there are no messages since 2026-01-14 00:00."
    assert (again.entries, again.draft.footer) == ((), None)


# ---------------------------------------------------------------- who may


async def test_who_may_not_read_the_channel_is_told_so_alone_and_nothing_is_stored_or_read() -> None:
    async with summarising(talk(2)) as house:
        for number, words_ in enumerate(("", "private", "last 5")):
            with pytest.raises(InvalidInput) as refused:
                await house.summarise(words_, number, author=STRANGER)
            assert str(refused.value) == NO_ACCESS
        assert not house.channel.calls
        assert not house.platform.shown
        assert not house.requests


async def test_who_lost_access_before_the_turn_ran_gets_nothing_either() -> None:
    async with summarising(talk(2)) as house:
        house.channel.trouble = PlatformError("down")
        await house.summarise(number=1)  # stored, since nobody could tell; asked again when it runs
        house.channel.trouble = None
        house.channel.members.clear()
        with pytest.raises(InvalidInput):
            await house.summarise(number=2)
        settlement = house.store.settlements[1]
    assert settlement.state is TurnState.FAILED
    assert not house.requests


async def test_a_private_summary_leaves_nothing_in_the_conversation() -> None:
    async with summarising(talk(2), told("- one [1]"), told("- two [2]")) as house:
        settlement = await house.summarise("private")
        turn = await house.store.get_turn(1)
        assert turn is not None
        assert turn.incoming.private
        assert settlement.entries == ()
        assert await house.store.get_mark(CHANNEL, STRANGER.id) is None
        assert await house.store.get_mark(CHANNEL, ADA.id) is not None


async def test_a_summary_stays_in_its_channel() -> None:
    async with summarising(talk(2), told("- one [1]")) as house:
        await house.summarise()
        turn = await house.store.get_turn(1)
        assert turn is not None
        assert (turn.incoming.key.channel, turn.incoming.text) == (CHANNEL.channel, "channel")
        other = ConversationKey(platform="fake", workspace="w", channel="elsewhere", thread="")
        assert await house.store.get_parts(other) == []


# ---------------------------------------------------------------- what it costs


async def test_usage_and_cost_are_those_of_all_requests_together_on_one_line() -> None:
    house = WideHouse([item for day in range(3) for item in talk(40, first=1 + 1440 * day)], context_tokens=3_000)
    settlement = await house.summarise("last 1000")
    requests = len(house.wide.asked)
    assert requests > 2
    footer = settlement.draft.footer
    assert footer is not None
    assert (footer.usage.requests, footer.usage.input) == (requests, sum(house.wide.counted))
    assert footer.cost == sum(SEED_CARD.cost(Usage(input=item, output=100)) for item in house.wide.counted)
    assert [line.purpose for line in house.store.lines.values()] == [Purpose.SUMMARY] * requests
    await house.dispatcher.aclose(grace=10)


async def test_each_request_of_a_divided_summary_fits_the_model() -> None:
    house = WideHouse(talk(400), context_tokens=4_000)
    await house.summarise("last 1000")
    for request in house.wide.asked:
        assert len(request.entries[0].text) / 3 + int(str(request.parameters["max_tokens"])) < 4_000
    assert "Merge them" in house.wide.asked[-1].entries[0].text
    await house.dispatcher.aclose(grace=10)


async def test_a_model_that_counts_more_tokens_than_estimated_gets_smaller_parts() -> None:
    for factor, is_one in ((1.0, True), (3.0, False)):
        house = WideHouse(talk(100), context_tokens=5_600)
        house.wide.factor = factor
        await house.summarise("last 60")  # what was counted here is known from now on
        house.channel.messages.extend(talk(140, first=2_000))
        before = len(house.wide.asked)
        await house.summarise("since 2026-01-06", 2)
        assert (len(house.wide.asked) - before == 1) is is_one
        assert max(house.wide.counted) < 5_000
        await house.dispatcher.aclose(grace=10)


async def test_the_next_summary_pays_for_what_is_new_alone() -> None:
    async with summarising(talk(60), told("Headline: First\n- one [1]"), told("Headline: More\n- nine [61]")) as house:
        await house.summarise()
        house.channel.messages.extend(talk(2, first=61))
        second = await house.summarise(number=2)
        assert len(house.requests) == 2
        asked = house.requests[1].entries[0].text
        third = await house.summarise(number=3)
        assert len(house.requests) == 2
    assert "[61] 10:01 Bea: text of m61" in asked
    assert "text of m60" not in asked
    assert "*Since then:* More" in second.draft.text
    assert "- one [1](https://chat.example/c/m1)" in second.draft.text
    assert UNCHANGED in third.draft.notices
    assert third.draft.text == second.draft.text
    assert third.draft.footer is None


async def test_an_edited_message_is_read_again_and_a_deleted_one_is_gone() -> None:
    first = told("Headline: Secrets\n- the key is 42 [2]\n- boats [3]\n- chatter")
    async with summarising(talk(5), first, told("- the key is lost [4]")) as house:
        await house.summarise()
        house.channel.without("m2")
        gone = await house.summarise(number=2)
        assert len(house.requests) == 1
        house.channel.edit("m5", "new words")
        edited = await house.summarise(number=3)
        assert "new words" in house.requests[1].entries[0].text
        assert "text of m3" not in house.requests[1].entries[0].text
    assert gone.draft.text == "- boats [2](https://chat.example/c/m3)"
    assert "the key is lost [4](https://chat.example/c/m5)" in edited.draft.text


async def test_a_deletion_that_the_platform_tells_leaves_no_part_that_covers_it() -> None:
    async with summarising(talk(3), told("- one [1]")) as house:
        await house.summarise()
        assert await house.store.get_parts(CHANNEL)
        await house.inbox.on_message_deleted(replace(CHANNEL, thread="whatever"), "m2")
        assert await house.store.get_parts(CHANNEL) == []


async def test_what_was_told_of_a_deleted_message_leaves_transcript_and_draft() -> None:
    async with summarising(talk(3), told("- one [1]\n- the key is 42 [2]"), told("later")) as house:
        await house.summarise()
        key = replace(CHANNEL, thread="asked1")
        await house.inbox.on_message_deleted(CHANNEL, "m2")
        await house.ask("and now?", 9, key=key, sent_at=house.clock() + timedelta(hours=1))
        turn = await house.store.get_turn(1)
    assert turn is not None
    assert turn.draft is None
    assert not any("the key is 42" in entry.text or "text of m2" in entry.text for entry in house.requests[1].entries)


async def test_a_summary_under_way_begins_anew_when_a_message_is_deleted() -> None:
    never = asyncio.Event()
    async with summarising(talk(3), [never], told("- one [1]")) as house:
        asking = asyncio.create_task(house.summarise())
        await house.asked(1)
        house.channel.without("m2")
        await house.inbox.on_message_deleted(CHANNEL, "m2")
        settlement = await asking
    assert settlement.draft.text == "- one [1](https://chat.example/c/m1)"
    assert "text of m2" not in house.requests[1].entries[0].text


# ---------------------------------------------------------------- when something fails


async def test_a_part_that_fails_is_tried_again_and_else_named() -> None:
    days = [item for day in range(3) for item in talk(40, first=1 + 1440 * day)]
    house = WideHouse(days, context_tokens=3_000)
    house.wide.fail = {"text of m1\n": 1, "text of m2881\n": 9}
    settlement = await house.summarise("last 1000")
    assert settlement.state is TurnState.DONE
    (named,) = [notice for notice in settlement.draft.notices if "Missing here" in notice]
    assert "2026-01-07" in named
    assert "2026-01-05" not in named
    assert await house.store.get_mark(CHANNEL, ADA.id) is None
    house.wide.fail = {}
    before = len(house.wide.asked)
    again = await house.summarise("last 1000", 2)
    assert all("text of m1\n" not in request.entries[0].text for request in house.wide.asked[before:])
    assert not [notice for notice in again.draft.notices if "Missing here" in notice]
    await house.dispatcher.aclose(grace=10)


@pytest.mark.parametrize("error", [ModelUnavailable("away"), StreamCut("broke off")], ids=["away", "broken off"])
async def test_a_model_that_is_away_puts_the_summary_off_like_any_question(error: ModelError) -> None:
    async with summarising(talk(2), [error], [error], told("- one [1]")) as house:
        handled = await house.inbox.handle(ASKED)
        assert handled.outcome is Outcome.ANSWERING
        await house.platform.until(
            lambda: any("Trying again" in str(draft) for shown in house.platform.shown.values() for draft in shown)
        )
        turn = await house.store.get_turn(1)
        assert turn is not None
        assert turn.state is TurnState.QUEUED


async def test_where_messages_cannot_be_linked_their_numbers_stand_alone() -> None:
    async with summarising(talk(2), told("- one [2]")) as house:

        async def away(*_: object) -> str:
            raise PlatformError("away")

        house.channel.link = away  # type: ignore[method-assign,assignment]  # for this test
        settlement = await house.summarise()
    assert (settlement.draft.text, settlement.draft.links) == ("- one (2)", ())


async def test_a_channel_that_cannot_be_read_is_said_so() -> None:
    async with summarising(talk(2)) as house:

        async def away(*_: object, **__: object) -> list[ReadMessage]:
            raise PlatformError("away")

        house.channel.read_channel = away  # type: ignore[method-assign]  # for this test
        settlement = await house.summarise()
    assert settlement.state is TurnState.FAILED
    assert "could not read" in settlement.draft.notices[0]


async def test_a_stopped_summary_says_so_and_counts_what_was_used() -> None:
    never = asyncio.Event()
    async with summarising(talk(2), [TextDelta("- one "), never]) as house:
        await house.inbox.handle(ASKED)
        await house.asked(1)
        await house.inbox.stop(replace(CHANNEL, thread="asked1"), asked=incoming("", 99))
        await house.settled()
        settlement = house.store.settlements[1]
    assert (settlement.state, settlement.draft.status, settlement.entries) == (TurnState.CANCELLED, "stopped", ())


async def test_after_a_crash_parts_that_were_there_are_not_paid_again() -> None:
    house = WideHouse([item for day in range(3) for item in talk(40, first=1 + 1440 * day)], context_tokens=3_000)
    await house.summarise("last 1000")
    kept = await house.store.get_parts(CHANNEL)
    assert [len(part.covers) for part in kept] == [120]
    asked = len(house.wide.asked)
    await house.summarise("last 1000", 2)
    assert len(house.wide.asked) == asked
    await house.dispatcher.aclose(grace=10)


async def test_a_failed_summary_can_be_retried() -> None:
    async with summarising(talk(2), [Refused("no")], [Refused("no")], told("- one [1]")) as house:
        failed = await house.summarise()
        assert failed.state is TurnState.FAILED
        await house.inbox.follow_up(1, FollowUp.RETRY, asked=incoming("", 99))
        await house.settled()
        again = house.store.settlements[2]
    assert again.draft.text == "- one [1](https://chat.example/c/m1)"
