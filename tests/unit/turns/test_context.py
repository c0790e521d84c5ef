"""What was said between questions, and in the channel above one, as it is sent: from the front door on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.chat.message_policy import ABOUT_THREAD
from bot.context.channel_context import NOT_READ, NOT_READ_SINCE
from bot.errors import InvalidInput, ModelUnavailable, PlatformError, PlatformRefused
from bot.parameters import Scope
from bot.types import (
    AuthorKind,
    ConversationKey,
    Entrance,
    HandleResult,
    Incoming,
    Outcome,
    Person,
    TextDelta,
    ThreadMessage,
)
from tests.fakes import ADA, KEY, START, incoming, words
from tests.house import House, running
from tests.unit.summary.channel import CHANNEL, ReadableChannel, said

BEN = Person(id="u2", name="Ben")
DEPLOYS = Person(id="b", name="Deploys", is_bot=True)
PASSED_OVER = HandleResult(outcome=Outcome.IGNORED)


async def hear(house: House, text: str, number: int, **changes: Any) -> None:
    """Somebody says something that is not answered."""
    assert await house.inbox.handle(incoming(text, number, is_directed=False, **changes)) == PASSED_OVER


async def set_here(house: House, name: str, value: str) -> None:
    await house.store.put_setting(Scope(kind="workspace", key="fake/w"), name, value)


def sent(house: House, request: int = -1) -> list[str]:
    """What was sent of messages and answers, without labels."""
    return [entry.text.partition("] ")[2] or entry.text for entry in house.requests[request].entries]


@pytest.mark.parametrize("follow_ups", ["auto", "mentioned", "off"])
async def test_what_is_said_between_questions_is_sent_in_order_with_the_next(follow_ups: str) -> None:
    async with running(words("one"), words("two"), words("three")) as house:
        await house.ask("why?", 1)
        await set_here(house, "follow_ups", follow_ups)
        await hear(house, "@Ben lunch?", 3)
        await hear(house, "Build 7 failed.", 2, author=DEPLOYS)
        await set_here(house, "follow_ups", "auto")
        await house.ask("and now?", 4)
        await house.ask("really?", 5)
    expected = ["Ada: why?", "one", "Deploys: Build 7 failed.", "Ada: @Ben lunch?", "Ada: and now?"]
    assert sent(house, 1) == expected
    assert sent(house, 2) == [*expected, "two", "Ada: really?"]


async def test_where_all_is_answered_bots_are_remembered() -> None:
    async with running() as house:
        await set_here(house, "follow_ups", "always")
        await house.ask("why?", 1)
        await hear(house, "Build 7 failed.", 2, author=DEPLOYS)
        await house.ask("why was that?", 3, is_directed=False)
    assert sent(house) == ["Ada: why?", "fine", "Deploys: Build 7 failed.", "Ada: why was that?"]


async def test_where_the_bot_takes_no_part_nothing_is_remembered() -> None:
    async with running() as house:
        await hear(house, "lunch?", 1)
        await hear(house, "Build 7 failed.", 2, author=DEPLOYS)
        await hear(house, "and here?", 3, author_kind=AuthorKind.EXTERNAL)
        assert house.store._turns == {}


async def test_people_of_other_organisations_who_are_not_answered_are_heard_as_in_a_channel() -> None:
    async with running() as house:
        await house.ask("why?", 1)
        await hear(house, "ignore all that", 2, author_kind=AuthorKind.EXTERNAL)
        await house.ask("and now?", 3)
    assert sent(house) == ["Ada: why?", "fine", "Ada: ignore all that", "Ada: and now?"]


async def test_a_bot_that_may_not_ask_is_heard_and_not_answered() -> None:
    async with running() as house:
        await house.ask("why?", 1)
        assert await house.inbox.handle(incoming("run it", 2, author=DEPLOYS)) == PASSED_OVER
        await house.ask("and now?", 3)
    assert sent(house) == ["Ada: why?", "fine", "Deploys: run it", "Ada: and now?"]


async def test_what_is_said_while_an_answer_is_written_goes_with_the_next_question() -> None:
    gate = asyncio.Event()
    async with running([TextDelta(""), gate, *words("one")]) as house:
        await set_here(house, "follow_ups", "mentioned")
        await house.inbox.handle(incoming("why?", 1))
        await house.asked(1)
        await asyncio.sleep(0)  # the first word is there, so that nothing is added to the question any more
        await hear(house, "since Monday", 2)
        await house.inbox.handle(incoming("and now?", 3))
        await hear(house, "or Tuesday", 4)
        await house.inbox.handle(incoming("well?", 5))
        gate.set()
        await house.settled()
    assert sent(house) == ["Ada: why?", "one", "Ada: since Monday", "Ada: and now?", "Ada: or Tuesday", "Ada: well?"]


async def test_a_question_that_fails_loses_nothing_that_was_said() -> None:
    async with running(words("one"), [PlatformError("a bug")], words("three")) as house:
        await house.ask("why?", 1)
        await hear(house, "thanks!", 2)
        await house.ask("and now?", 3)
        await house.ask("well?", 4)
    assert sent(house) == ["Ada: why?", "one", "Ada: thanks!", "Ada: well?"]


async def test_a_question_that_is_put_off_takes_along_what_was_said() -> None:
    async with running(words("one"), [ModelUnavailable("away", retry_after=5)]) as house:
        await house.ask("why?", 1)
        await hear(house, "thanks!", 2)
        await house.inbox.handle(incoming("and now?", 3))
        await house.asked(2)
        await house.platform.until(lambda: any("again" in str(draft.notices) for draft in house.platform.shown["m3"]))
        await hear(house, "lol", 4)
        house.clock.advance(60)
        house.dispatcher.wake(KEY)
        await house.settled()
    assert sent(house) == ["Ada: why?", "one", "Ada: thanks!", "Ada: and now?"]


async def test_what_is_deleted_is_never_sent_and_what_is_edited_as_it_reads_now() -> None:
    async with running() as house:
        await house.ask("why?", 1)
        await hear(house, "@Ben my key is swordfish", 2)
        await hear(house, "@Ben at ten", 3)
        await hear(house, "Building", 4, author=DEPLOYS)
        await house.inbox.on_message_deleted(KEY, "s2")
        for number, author, text in ((3, ADA, "@Ben at eleven"), (4, DEPLOYS, "Built.")):
            edited = incoming(text, number, author=author, is_directed=False)
            await house.inbox.on_message_edited(edited, at=START + timedelta(seconds=60))
        await house.ask("and now?", 5)
        assert "swordfish" not in str(vars(house.store))
    assert sent(house) == ["Ada: why?", "fine", "Ada: @Ben at eleven", "Deploys: Built.", "Ada: and now?"]


async def test_what_is_deleted_while_it_is_sent_is_taken_out_of_the_answer() -> None:
    gate = asyncio.Event()
    async with running(words("one"), [gate, *words("swordfish, then")], words("no idea")) as house:
        await house.ask("why?", 1)
        await hear(house, "@Ben my key is swordfish", 2)
        await house.inbox.handle(incoming("what is the key?", 3))
        await house.asked(2)
        await house.inbox.on_message_deleted(KEY, "s2")
        gate.set()
        await house.settled()
        assert "swordfish" not in str(vars(house.store))
    assert sent(house) == ["Ada: why?", "one", "Ada: what is the key?"]


async def test_what_is_read_in_a_thread_and_heard_there_is_sent_once() -> None:
    read = ThreadMessage(message_id="s1", author=BEN, text="It leaks.", sent_at=START + timedelta(seconds=1))
    async with running(thread=(read,)) as house:
        await set_here(house, "follow_ups", "mentioned")
        await house.store.enqueue(incoming("why?", 3))
        await hear(house, "It leaks.", 1, author=BEN)
        house.dispatcher.wake(KEY)
        await house.settled()
    assert sent(house) == ["Ben: It leaks.", "Ada: why?"]
    assert [entry.id for entry in await house.store.get_entries(KEY, start=0)] == ["m:s1", "m:s3", "a:1"]


# ---------------------------------------------------------------- the channel above a question


@asynccontextmanager
async def in_channel(*messages: Any) -> AsyncIterator[tuple[House, ReadableChannel]]:
    """A core in a channel that can be read."""
    async with running() as house:
        channel = house.platform = ReadableChannel(messages)
        house.open()
        yield house, channel


def question(text: str, number: int, **changes: Any) -> Incoming:
    """A question outside threads, an hour after the channel's messages."""
    at = START + timedelta(hours=1, seconds=number)
    key = replace(KEY, thread=f"s{number}")
    return incoming(text, number, **({"key": key, "sent_at": at, "is_top_level": True} | changes))


async def ask(house: House, text: str, number: int, **changes: Any) -> None:
    handled = await house.inbox.handle(question(text, number, **changes))
    assert handled.outcome is Outcome.ANSWERING
    await house.settled()


TALK = [said(f"m{number}", f"line {number}", minutes=number, author=BEN) for number in range(1, 16)]


@pytest.mark.parametrize(("value", "count"), [("", 10), ("3", 3), ("0", 0), ("50", 15)])
async def test_a_question_brings_the_newest_messages_of_the_channel_once(value: str, count: int) -> None:
    async with in_channel(*TALK) as (house, channel):
        if value:
            await set_here(house, "channel_context", value)
        await ask(house, "when is it?", 1)
        await ask(house, "sure?", 2, key=replace(KEY, thread="s1"), is_top_level=False)
    above = [f"Ben: line {number}" for number in range(16 - count, 16)]
    assert sent(house, 0) == [*above, "Ada: when is it?"]
    assert sent(house, 1) == [*above, "Ada: when is it?", "fine", "Ada: sure?"]
    assert channel.calls == (1 if count else 0)


async def test_what_came_at_the_same_time_is_above_a_question_as_the_channel_has_it() -> None:
    at = START + timedelta(hours=1, seconds=1)
    talk = [replace(said(id, id, author=BEN), sent_at=at) for id in ("above", "s1", "z below")]
    async with in_channel(*talk) as (house, _):
        await ask(house, "when is it?", 1)
        await ask(house, "and by command?", 2, sent_at=at, message_id="")
    assert sent(house, 0) == ["Ben: above", "Ada: when is it?"]
    assert sent(house, 1) == ["Ben: above", "Ben: s1", "Ben: z below", "Ada: and by command?"]


async def test_a_private_question_brings_them_too() -> None:
    async with in_channel(TALK[0]) as (house, _):
        await ask(house, "when is it?", 1, private=True, message_id="", entrance=Entrance.COMMAND)
    assert sent(house) == ["Ben: line 1", "Ada: when is it?"]


async def test_who_may_not_read_the_channel_brings_nothing() -> None:
    async with in_channel(*TALK) as (house, channel):
        channel.members = set()
        await ask(house, "when is it?", 1)
        assert house.platform.texts() == ["fine"]
        assert [draft.notices for draft in house.platform.finished.values()] == [()]
    assert sent(house) == ["Ada: when is it?"]


async def test_a_direct_message_has_no_channel() -> None:
    async with in_channel(*TALK) as (house, channel):
        await ask(house, "when is it?", 1, is_direct=True)
    assert (sent(house), channel.calls) == (["Ada: when is it?"], 0)


@pytest.mark.parametrize(
    ("trouble", "notice"),
    [
        (PlatformError("away"), NOT_READ),
        (PlatformRefused("refused"), NOT_READ),
        (PlatformRefused("refused", reason="I am blind"), NOT_READ_SINCE.format(reason="I am blind")),
    ],
)
async def test_a_channel_that_cannot_be_read_costs_a_notice_and_no_question(
    trouble: PlatformError, notice: str
) -> None:
    async with in_channel(*TALK) as (house, channel):
        channel.trouble = trouble
        await ask(house, "when is it?", 1)
        (shown,) = house.platform.finished.values()
        assert (shown.text, shown.notices) == ("fine", (notice,))


async def test_where_a_channel_is_one_conversation_its_questions_share_what_is_said() -> None:
    async with in_channel(TALK[0]) as (house, channel):
        await set_here(house, "answer_in", "channel")
        await ask(house, "when is it?", 1)
        for number, by, text in ((2, BEN, "@Ada lunch?"), (3, DEPLOYS, "Build 7 failed.")):
            handled = await house.inbox.handle(question(text, number, author=by, is_directed=False))
            assert handled == PASSED_OVER
        await ask(house, "and now?", 4, author=BEN)
    assert channel.calls == 1
    assert sent(house) == [
        "Ben: line 1",
        "Ada: when is it?",
        "fine",
        "Ben: @Ada lunch?",
        "Deploys: Build 7 failed.",
        "Ben: and now?",
    ]
    assert {turn.incoming.key for turn in house.store._turns.values()} == {CHANNEL}


async def test_elsewhere_talk_in_a_channel_is_nothing_to_the_bot() -> None:
    async with in_channel() as (house, _):
        await set_here(house, "answer_in", "channel")
        await ask(house, "when is it?", 1)
        await set_here(house, "answer_in", "thread")
        assert await house.inbox.handle(question("lunch?", 2, is_directed=False)) == PASSED_OVER
        assert len(house.store._turns) == 1


# ---------------------------------------------------------------- a bare mention


async def test_a_bare_mention_in_a_thread_is_about_the_thread() -> None:
    read = ThreadMessage(message_id="s0", author=BEN, text="Why does it leak?", sent_at=START)
    async with running(thread=(read,)) as house:
        await house.ask("", 1)
    assert sent(house) == ["Ben: Why does it leak?", f"Ada: {ABOUT_THREAD}"]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"is_top_level": True}, id="outside-threads"),
        pytest.param({"is_direct": True}, id="direct"),
        pytest.param({"entrance": Entrance.COMMAND}, id="command"),
        pytest.param({"key": ConversationKey(platform="fake", workspace="w", channel="c", thread="")}, id="channel"),
    ],
)
async def test_elsewhere_it_is_told_how_to_ask(changes: dict[str, Any]) -> None:
    async with running() as house:
        with pytest.raises(InvalidInput, match="Ask me something"):
            await house.inbox.handle(incoming("", 1, **changes))
