"""What comes of generating: a value for every way in which it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from bot.access.metered_model import MeteredModel
from bot.context.request_builder import RequestBuilder
from bot.delivery import Presenter
from bot.errors import ModelAccessDenied, ModelUnavailable, StreamCut, TurnGivenUp
from bot.summary.service import SummaryService
from bot.turns.claim import Attempt, Checkpoint
from bot.turns.error_messages import CUT_NOTICE, user_message
from bot.turns.generator import Answered, Failed, Generator, PutOff, Stopped
from bot.turns.retries import RETRY_SECONDS
from bot.types import MOST_CLAIMS, TextDelta, Turn, TurnState
from storage.in_memory.store import MemoryStore
from tests.fakes import KEY, FixedRates, ManualClock, RecordingPlatform, ScriptedModel, incoming, words


class Desk:
    """A generator over fakes, and one claimed question."""

    def __init__(self, model: ScriptedModel, store: MemoryStore, turn: Turn, clock: ManualClock) -> None:
        self.model, self.platform = model, RecordingPlatform()
        platform, rates, platforms = self.platform, FixedRates(), {self.platform.name: self.platform}
        metered = MeteredModel(model, store, rates, clock=clock)
        builder = RequestBuilder(store, model, rates, platforms, clock=clock)
        summariser = SummaryService(store, metered, rates, platforms, clock=clock)
        self.generator = Generator(store, metered, builder=builder, summariser=summariser, clock=clock)
        stop = asyncio.Event()
        checkpoint = Checkpoint(store, turn, clock, stop=stop)
        presenter = Presenter(lambda: platform.open_reply(turn), min_update_interval=0, on_shown=checkpoint.note)
        self.attempt = Attempt(turn=turn, platform=platform, presenter=presenter, stop=stop, started=clock())


@asynccontextmanager
async def desk(*script: object) -> AsyncIterator[Desk]:
    clock = ManualClock()
    store, model = MemoryStore(clock=clock), ScriptedModel(list(script))  # type: ignore[arg-type]  # events and errors
    await store.enqueue(incoming("Why?"))
    turn = await store.claim(KEY, worker="w")
    assert turn is not None
    opened = Desk(model, store, turn, clock)
    yield opened
    await opened.attempt.presenter.aclose()


async def test_an_answer_comes_with_its_request_and_is_settled_as_done() -> None:
    async with desk(*words("Because.")) as on:
        result = await on.generator.generate(on.attempt)
    assert isinstance(result, Answered)
    assert result.prepared is not None
    assert (result.settlement.state, result.settlement.draft.text) == (TurnState.DONE, "Because.")
    assert on.generator.settlement(result) is result.settlement


async def test_a_stop_in_the_middle_keeps_what_there_is() -> None:
    async with desk(TextDelta("half"), asyncio.Event()) as on:
        generating = asyncio.create_task(on.generator.generate(on.attempt))
        await on.platform.until(lambda: bool(on.platform.shown))
        on.attempt.stop.set()
        result = await generating
    assert isinstance(result, Answered)
    assert (result.settlement.state, result.settlement.draft.text) == (TurnState.CANCELLED, "half")
    assert on.model.closed == 1


async def test_what_is_stopped_before_is_not_asked() -> None:
    async with desk(*words("Because.")) as on:
        on.attempt.stop.set()
        result = await on.generator.generate(on.attempt)
    assert result == Stopped()
    assert on.model.asked == []
    assert on.generator.settlement(Stopped()).state is TurnState.CANCELLED


async def test_a_model_that_is_away_puts_the_turn_off_until_its_retries_are_spent() -> None:
    away = ModelUnavailable("busy")
    async with desk(away) as on:
        result = await on.generator.generate(on.attempt)
        assert isinstance(result, PutOff)
        assert "Trying again" in result.retry.notice
    async with desk(away) as on:
        spent = replace(on.attempt, turn=replace(on.attempt.turn, retries=len(RETRY_SECONDS)))
        assert await on.generator.generate(spent) == Failed(error=away)


async def test_other_errors_fail_the_turn_with_their_message() -> None:
    error = ModelAccessDenied("wrong key")
    async with desk(error) as on:
        result = await on.generator.generate(on.attempt)
        assert result == Failed(error=error)
        settlement = on.generator.settlement(Failed(error=error))
    assert (settlement.state, settlement.draft.notices) == (TurnState.FAILED, (user_message(error),))
    assert settlement.error == "ModelAccessDenied: wrong key"


async def test_a_poison_turn_is_given_up_unasked() -> None:
    async with desk(*words("Because.")) as on:
        poison = replace(on.attempt, turn=replace(on.attempt.turn, attempt=MOST_CLAIMS + 1))
        result = await on.generator.generate(poison)
    assert isinstance(result, Failed)
    assert isinstance(result.error, TurnGivenUp)
    assert on.model.asked == []


async def test_a_cut_stream_is_an_answer_that_says_so() -> None:
    async with desk(TextDelta("half"), StreamCut("cut")) as on:
        result = await on.generator.generate(on.attempt)
    assert isinstance(result, Answered)
    assert (result.settlement.state, result.settlement.draft.notices) == (TurnState.DONE, (CUT_NOTICE,))
    assert result.settlement.draft.is_cut


async def test_whoever_generates_may_be_cancelled_and_leaves_no_stream_open() -> None:
    async with desk(TextDelta("half"), asyncio.Event()) as on:
        generating = asyncio.create_task(on.generator.generate(on.attempt))
        await on.platform.until(lambda: bool(on.platform.shown))
        generating.cancel()
        with pytest.raises(asyncio.CancelledError):
            await generating
        assert on.model.closed == 1
