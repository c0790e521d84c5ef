"""Servers with a small context: each try is smaller than what was refused, and people are told what they can do."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.context.attachments import media_bytes
from bot.context.overflow import LEAST_ANSWER, MOST_TRIES, check_shorter, shorter
from bot.context.tokens import estimate_entry, estimate_request
from bot.context.window import Window, plan
from bot.errors import BodyTooLarge, ContextTooLong, QuestionTooLong
from bot.turns.error_messages import user_message
from bot.types import ModelEvent, ModelRequest, RequestNotBilled, TurnState, Usage
from tests.fakes import sent, words
from tests.house import House, running
from tests.unit.context.conversations import limits
from tests.unit.context.test_window_properties import planned, views

TALK = "word " * 1_600  # 2,000 tokens by the estimate


@dataclass
class SmallServer:
    """A `Model` behind which `takes` tokens fit, prompt and answer together; `factor` real ones for an estimated one.

    `context_tokens` is what the client believes; it learns from a refusal that `tells` numbers, as the real one does.
    """

    takes: int
    context_tokens: int = 224_000
    tells: bool = False
    factor: float = 1.0
    bytes: int = 10**9  # of entries; a proxy in front of it takes no more
    name: str = "small"
    sent: list[tuple[int, int]] = field(default_factory=list)
    asked: list[ModelRequest] = field(default_factory=list)
    notes: list[int] = field(default_factory=list)

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        prompt = int(estimate_request(request.system_prompt, map(estimate_entry, request.entries)) * self.factor)
        answer = min(int(str(request.parameters["max_tokens"])), self.context_tokens // 2)
        if "Update your notes" in request.entries[-1].text:
            self.notes.append(prompt + answer)
        else:
            self.asked.append(request)
            self.sent.append((prompt, answer))
        yield sent(request)
        if sum(len(entry.text) + media_bytes(entry) for entry in request.entries) > self.bytes:
            yield RequestNotBilled()
            raise BodyTooLarge("the body is too large")
        if prompt + answer > self.takes:
            yield RequestNotBilled()
            if not self.tells:
                raise ContextTooLong("Total tokens of image and text exceed max message tokens.")
            self.context_tokens = min(self.context_tokens, self.takes)
            raise ContextTooLong("too long", counted=prompt, most=self.takes)
        for event in words("fine", Usage(input=prompt, output=1)):
            yield event


def behind(house: House, server: SmallServer) -> None:
    house.model = server  # type: ignore[assignment]  # another fake of the same port
    house.open()


small_servers = pytest.mark.parametrize(
    "make",
    [
        pytest.param(partial(SmallServer, takes=takes, tells=tells, factor=factor), id=f"{takes}-{tells}-{factor}")
        for takes, factor in ((4_096, 1.0), (8_192, 1.0), (8_192, 2.2), (32_000, 3.5), (16_000, 0.6))
        for tells in (True, False)
    ],
)


@small_servers
async def test_a_long_talk_goes_on_with_less_of_its_past(make: Callable[[], SmallServer]) -> None:
    server = make()
    talk = TALK[: int(server.takes / server.factor)]  # a quarter of what fits, in characters of which four are a token
    async with running() as house:
        behind(house, server)
        for number in range(1, 16):
            settlement = await house.ask(talk, number)
            assert settlement.state is TurnState.DONE, settlement.draft.notices
    refused = sum(sum(sizes) > server.takes for sizes in server.sent)
    assert len(server.sent) == 15 + refused
    assert refused <= (3 if server.tells else 30)  # what was told is remembered
    assert any(size <= server.takes for size in server.notes) or not server.notes


@small_servers
async def test_each_try_is_smaller_than_what_was_refused(make: Callable[[], SmallServer]) -> None:
    server = make()
    async with running() as house:
        behind(house, SmallServer(takes=10**9))
        for number in range(1, 9):
            await house.ask(TALK, number)
        behind(house, server)
        await house.ask("and now?", 9)
    totals = [sum(sizes) for sizes in server.sent]
    assert all(later < earlier for earlier, later in pairwise(totals))
    assert len(totals) <= MOST_TRIES
    assert totals[-1] <= server.takes


@small_servers
async def test_a_question_that_is_itself_too_long_is_told_so(make: Callable[[], SmallServer]) -> None:
    server = make()
    async with running() as house:
        behind(house, server)
        await house.ask("hello", 1)
        settlement = await house.ask("word " * int(server.takes / server.factor), 2)
        again = await house.ask("and shorter?", 3)
    (notice,) = settlement.draft.notices
    assert settlement.state is TurnState.FAILED
    assert notice.startswith("That question is about")
    assert "shorten it or ask in parts" in notice
    assert "thread" not in notice
    if server.tells:
        assert "at most" in notice
    assert again.state is TurnState.DONE


async def test_both_sizes_are_those_of_the_server() -> None:
    async with running() as house:
        behind(house, SmallServer(takes=8_192, tells=True, factor=4.5, context_tokens=8_192))
        settlement = await house.ask("word " * 2_000)
    (notice,) = settlement.draft.notices
    told = [int(word.replace(",", "")) for word in notice.split() if word.replace(",", "").isdigit()]
    assert told[0] > 8_192 > told[1] > 2_000


async def test_an_answer_that_leaves_no_room_is_made_shorter_and_the_question_is_kept() -> None:
    server = SmallServer(takes=4_096, tells=False)
    async with running() as house:
        behind(house, server)
        assert (await house.ask("why?")).state is TurnState.DONE
    assert len({request.entries for request in server.asked}) == 1
    assert server.sent[-1][1] >= LEAST_ANSWER


async def test_a_server_that_refuses_everything_is_asked_a_bounded_number_of_times() -> None:
    server = SmallServer(takes=0)
    async with running() as house:
        behind(house, server)
        settlement = await house.ask("why?")
    assert len(server.asked) <= MOST_TRIES
    assert settlement.state is TurnState.FAILED
    assert "thread" not in settlement.draft.notices[0]


async def test_what_has_too_many_bytes_is_told_to_who_can_mend_it() -> None:
    proxy = SmallServer(takes=10**9, bytes=0)
    async with running() as house:
        behind(house, proxy)
        tiny = await house.ask("why?", 1)
        tries = len(proxy.asked)
        large = await house.ask("word " * 30_000, 2)
        proxy.bytes, before = 30_000, len(proxy.asked)
        for number in range(3, 8):
            small = await house.ask("word " * 2_000, number)
    assert "raise its limit" in tiny.draft.notices[0]
    assert tries == 1  # nothing of it can be left out
    assert "smaller files or ask in parts" in large.draft.notices[0]
    assert small.state is TurnState.DONE  # with less of its past
    assert len(proxy.asked) > before + 5


def test_nobody_is_sent_away() -> None:
    assert "new thread" not in user_message(ContextTooLong("m"))


@given(views(), st.integers(1_000, 300_000), st.none() | st.integers(1, 10**6), st.none() | st.integers(256, 300_000))
def test_what_follows_a_refusal_is_smaller_or_the_question_is_told(
    view: object, size: int, counted: int | None, most: int | None
) -> None:
    before = limits(context_tokens=size)
    refused: Window = planned(view, before)  # type: ignore[arg-type]  # a view
    now = limits(context_tokens=min(size, most or size))
    error = ContextTooLong("m", counted=counted, most=most)
    bounded = shorter(now, refused, before, error)
    try:
        chosen = plan(view, bounded)  # type: ignore[arg-type]  # a view
        check_shorter(chosen, bounded, refused, before, error)
    except QuestionTooLong as told:
        assert told.limit is None or told.tokens > told.limit >= 0
        return
    assert chosen.estimated + bounded.reserved < refused.estimated + before.reserved
