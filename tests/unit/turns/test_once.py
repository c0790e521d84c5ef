"""Everything that has an effect is carried out once and told once, whatever it is and however it comes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from adapters.slack.events.event_payloads import Interaction
from adapters.web.frame.identity import PLATFORM
from adapters.web.playground.composer import ComposedMessage, prepare
from bot.app.maintenance import keep_retention
from bot.errors import AccessRevoked, InvalidInput, PlatformError, PlatformRefused, StorageUnavailable
from bot.parameter_resolver import scopes_of
from bot.parameters import Scope
from bot.turns.effects import DELIVERIES_KEPT, TELLING, WORTH_TELLING
from bot.turns.pending_answers import INTERRUPTED, LOOK_SECONDS, keep_telling
from bot.types import Channel, Outcome, PendingAnswer
from storage.in_memory.store import MemoryStore
from tests.fakes import ADA, KEY, START, ManualClock, incoming
from tests.house import House, running

HERE = scopes_of(KEY)[2]


async def value(house: House, name: str, scope: Scope = HERE) -> str | None:
    return (await house.store.get_settings([scope]))[scope].get(name)


async def test_a_command_is_carried_out_once_and_other_deliveries_of_it_pass() -> None:
    async with running() as house:
        first = incoming("/set max_tokens 40", 1)
        assert "is now `40`" in (await house.inbox.handle(first)).text
        await house.inbox.handle(incoming("/set max_tokens 50", 2))
        assert (await house.inbox.handle(first)).outcome is Outcome.DUPLICATE
        assert await value(house, "max_tokens") == "50"


async def test_a_delivery_that_cannot_be_carried_out_any_more_tells_no_mistake() -> None:
    """The second time the digest is gone, which is no mistake of whoever removed it."""
    async with running() as house:
        await house.inbox.handle(incoming("/digest add daily at 9:00", 1, manages_channel=True))
        remove = incoming("/digest remove 1", 2)
        assert "is removed" in (await house.inbox.handle(remove)).text
        assert (await house.inbox.handle(remove)).outcome is Outcome.DUPLICATE


@pytest.mark.parametrize(
    "text", ["/set max_tokens many", "/frobnicate", "/ask", "/ask max_tokens=0 why?", "/forget all"]
)
async def test_a_mistake_is_told_once(text: str) -> None:
    async with running() as house:
        with pytest.raises(InvalidInput):
            await house.inbox.handle(incoming(text))
        assert (await house.inbox.handle(incoming(text))).outcome is Outcome.DUPLICATE


async def test_a_late_stop_leaves_the_next_question_alone() -> None:
    gate = asyncio.Event()
    async with running([asyncio.Event()], [gate]) as house:
        await house.inbox.handle(incoming("first", 1))
        await house.asked(1)
        stop = incoming("", 90)
        await house.inbox.stop(KEY, asked=stop)
        await house.settled()
        await house.inbox.handle(incoming("second", 2))
        await house.asked(2)
        assert (await house.inbox.stop(KEY, asked=stop)).outcome is Outcome.DUPLICATE
        gate.set()
        await house.settled()
    assert [draft.status for draft in house.platform.finished.values()] == ["stopped", "done"]


async def test_forms_and_feedback_are_taken_once() -> None:
    async with running() as house:
        form, thumb = incoming("", 1), incoming("", 2)
        assert (await house.inbox.set_parameters(HERE, {"max_tokens": "9"}, asked=form, answer="set")).text == "set"
        await house.inbox.set_parameters(HERE, {"max_tokens": None}, asked=incoming("", 3))
        assert (await house.inbox.set_parameters(HERE, {"max_tokens": "9"}, asked=form)).outcome is Outcome.DUPLICATE
        assert await value(house, "max_tokens") is None
        await house.inbox.feedback(1, good=True, asked=thumb)
        await house.inbox.feedback(1, good=False, asked=incoming("", 4))
        assert (await house.inbox.feedback(1, good=True, asked=thumb)).outcome is Outcome.DUPLICATE
        assert list(house.store.feedback.values()) == [False]


async def test_of_a_form_all_is_set_or_nothing() -> None:
    async with running() as house:
        with pytest.raises(InvalidInput):
            await house.inbox.set_parameters(HERE, {"memory": "no", "max_tokens": "many"}, asked=incoming("", 1))
        assert await value(house, "memory") is None


async def test_what_was_begun_is_answered_once() -> None:
    async with running() as house:
        asked = incoming("/help")
        assert await house.inbox.begin(asked)
        assert not await house.inbox.begin(asked)
        assert (await house.inbox.handle(asked)).outcome is Outcome.REPLIED
        assert (await house.inbox.handle(asked)).outcome is Outcome.DUPLICATE
        assert not await house.inbox.begin(asked)


# ---------------------------------------------------------------- the playground


@pytest.mark.parametrize("direct", [False, True])
@pytest.mark.parametrize("text", ["/set channel memory no", "!set channel memory no"])
async def test_what_the_playground_sends_again_is_done_once_and_told_until_it_was_heard(
    text: str, direct: bool
) -> None:
    """The composer sends the same text under the same token until it hears that it has arrived."""
    async with running() as house:
        channel = Channel(workspace="local", id="general", name="general", direct=direct)
        written = ComposedMessage(channel=channel, thread="", author=ADA, text=text, token="t1", at=START)
        asked = prepare(written).incoming
        told = [(await house.inbox.handle(asked)).text for _ in range(3)]
        assert len(set(told)) == 1
        assert told[0]
        await house.inbox.mark_answered(asked)
        assert (await house.inbox.handle(asked)).outcome is Outcome.DUPLICATE
        assert len(await house.store.audit_trail(since=START, limit=9)) == 1
        another = replace(written, token="t2")
        assert (await house.inbox.handle(prepare(another).incoming)).outcome is Outcome.REPLIED
        assert {platform for platform, _ in house.store._deliveries} == {PLATFORM}


# ---------------------------------------------------------------- what is owed


class Rest:
    """Lets a loop look so often, with time passing in between."""

    def __init__(self, clock: ManualClock, times: int) -> None:
        self._clock = clock
        self._times = times

    async def __call__(self, seconds: float) -> None:
        assert seconds == LOOK_SECONDS
        self._times -= 1
        if self._times <= 0:
            raise asyncio.CancelledError
        self._clock.advance(TELLING.total_seconds())


async def told_of(house: House, tell: Any, *, times: int = 3) -> None:
    house.clock.advance(TELLING.total_seconds())
    with pytest.raises(asyncio.CancelledError):
        await keep_telling(house.inbox, "fake", tell, rest=Rest(house.clock, times))


async def test_what_is_owed_is_told_until_it_is_told_and_then_no_more() -> None:
    async with running() as house:
        text = (await house.inbox.handle(incoming("/help"))).text
        told: list[str | None] = []

        async def tell(owed: PendingAnswer) -> None:
            told.append(owed.answer)
            if len(told) == 1:
                raise PlatformError("away")

        await told_of(house, tell, times=4)
        assert told == [text, text]


async def test_what_was_told_is_not_told_again_though_the_database_was_away() -> None:
    async with running() as house:
        asked = incoming("/help")
        await house.inbox.handle(asked)
        note, outages = house.store.mark_answered, [StorageUnavailable("away"), StorageUnavailable("away")]

        async def mark_answered(platform: str, dedupe_key: str) -> None:
            if outages:
                raise outages.pop()
            await note(platform, dedupe_key)

        house.store.mark_answered = mark_answered  # type: ignore[method-assign]  # an outage of the database
        await house.inbox.mark_answered(asked)
        assert (await house.inbox.handle(asked)).outcome is Outcome.DUPLICATE
        told: list[str | None] = []

        async def tell(owed: PendingAnswer) -> None:
            told.append(owed.answer)

        await told_of(house, tell, times=4)
        assert told == []
        assert outages == []


@pytest.mark.parametrize(
    ("error", "times"),
    [
        pytest.param(PlatformRefused("the message is gone"), 1, id="refused"),
        pytest.param(AccessRevoked("the token is revoked"), 3, id="until the token is renewed"),
        pytest.param(PlatformError("away"), 3, id="away"),
    ],
)
async def test_what_a_platform_refuses_for_good_is_owed_no_more(error: PlatformError, times: int) -> None:
    async with running() as house:
        await house.inbox.handle(incoming("/help"))
        told: list[str | None] = []

        async def tell(owed: PendingAnswer) -> None:
            told.append(owed.answer)
            raise error

        await told_of(house, tell, times=3)
        assert len(told) == times


async def test_a_bug_in_finishing_is_told_as_an_interruption(caplog: pytest.LogCaptureFixture) -> None:
    async with running() as house:
        await house.inbox.begin(incoming("/help"))
        told: list[str | None] = []

        async def tell(owed: PendingAnswer) -> None:
            told.append(owed.answer)
            if owed.answer is None:
                raise RuntimeError("a bug")

        await told_of(house, tell)
        assert told == [None, INTERRUPTED]
        assert "a bug" in caplog.text


async def test_a_bug_in_telling_ends_with_the_delivery_and_not_with_the_loop() -> None:
    async with running() as house:
        await house.inbox.handle(incoming("/help", 1))
        told: list[str | None] = []

        async def tell(owed: PendingAnswer) -> None:
            told.append(owed.answer)
            raise RuntimeError("a bug")

        await told_of(house, tell, times=3)
        await house.inbox.handle(incoming("/help", 2))
        await told_of(house, tell, times=3)
        assert len(told) == 2


async def test_names_of_deliveries_are_pruned_by_the_time_of_the_database() -> None:
    """By that of a machine that is an hour ahead, what people wait for would be dropped."""

    class Pruned(MemoryStore):
        async def prune_deliveries(self, before: Any, *, untold: Any) -> int:
            pruned.append((before, untold))
            raise asyncio.CancelledError

    pruned: list[Any] = []
    clock = ManualClock()
    with pytest.raises(asyncio.CancelledError):
        await keep_retention(Pruned(clock=clock), None, clock=clock)
    assert pruned == [(clock() - DELIVERIES_KEPT, clock() - WORTH_TELLING)]


# ---------------------------------------------------------------- what Slack calls a delivery


@pytest.mark.parametrize(
    ("body", "name"),
    [
        pytest.param({"trigger_id": "1.2.a", "command": "/seed"}, "1.2.a", id="command"),
        pytest.param({"trigger_id": "1.2.a", "actions": [{"action_ts": "9.1"}]}, "1.2.a/9.1", id="press"),
        pytest.param({"actions": [{"action_id": "stop"}], "trigger_id": "1"}, "1/stop", id="press-without-a-time"),
        pytest.param({"type": "agent_session_stopped", "event_ts": "9.1", "user": "U1"}, "9.1", id="event"),
        pytest.param({"view": {"id": "V1", "hash": "h"}}, "V1/h", id="form-without-a-trigger"),
        pytest.param({"user_id": "U1"}, "", id="nothing"),
    ],
)
def test_one_press_command_or_form_has_one_name(body: dict[str, Any], name: str) -> None:
    assert Interaction.read(body).name == name
