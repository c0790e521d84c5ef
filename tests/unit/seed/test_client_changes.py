"""What the client changes in a question that the server does not take as it is, and how fast it asks."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from adapters.seed import Pace, Retries
from adapters.seed.retry_policy import DROPPED_MEDIA_NOTE, MORE_ROOM_NOTE, NO_ROOM_NOTE, NO_SOURCES_NOTE
from bot.errors import (
    ModelRejected,
)
from bot.types import (
    Entry,
    Finish,
    Finished,
    Media,
    ModelRequest,
    NoteFound,
    RequestSent,
    TextDelta,
    Usage,
)
from tests.unit.seed.scripted import ScriptedApi, answered, failed, gather, streamed
from tests.unit.seed.streams import DONE, LONG, ask, bills_in, chunk, urls_in, usage_chunk

# ---------------------------------------------------------------- no room for the answer

NO_TEXT = (
    chunk("", reasoning_content="hm"),
    chunk("", finish="length"),
    usage_chunk(10, 50, reasoning=50, cost_usd=0.25),
    DONE,
)


@pytest.mark.parametrize(("room", "more"), [(100_000, 16_384), (400, 400)])
async def test_reasoning_that_took_all_the_room_gets_more_of_it_once(room: int, more: int) -> None:
    last = (chunk("Hi"), chunk(finish="stop"), usage_chunk(10, 60, reasoning=50, cost_usd=0.5), DONE)
    api = ScriptedApi(streamed(*NO_TEXT), streamed(*last))
    async with api.open() as model:
        events, error = await gather(model, replace(ask(max_tokens=50, enable_thinking=True), room=room))
    assert error is None
    assert [body["max_tokens"] for body in api.bodies] == [50, more]
    assert NoteFound(MORE_ROOM_NOTE) in events
    assert bills_in(events) == [
        Usage(input=10, output=50, reasoning=50, reported_cost=Decimal("0.25")),
        Usage(input=10, output=60, reasoning=50, reported_cost=Decimal("0.5")),
    ]


@pytest.mark.parametrize(("most", "room"), [(65_536, 200_000), (1_024, None), (1_024, 1_000)])
async def test_where_there_is_no_more_room_it_is_asked_without_thinking(most: int, room: int | None) -> None:
    api = ScriptedApi(streamed(*NO_TEXT), answered("Hi"))
    question = replace(ask(max_tokens=most, enable_thinking=True, reasoning_effort="high"), room=room)
    async with api.open() as model:
        await gather(model, question)
    assert [body["max_tokens"] for body in api.bodies] == [most, most]
    assert api.bodies[1]["enable_thinking"] is False
    assert "reasoning_effort" not in api.bodies[1]


async def test_no_room_a_second_time_is_told() -> None:
    api = ScriptedApi(streamed(*NO_TEXT), streamed(*NO_TEXT))
    async with api.open() as model:
        events, error = await gather(model, replace(ask(max_tokens=50), room=65_536))
    assert error is None
    assert NoteFound(NO_ROOM_NOTE) in events
    assert events[-1] == Finished(Finish.LENGTH)
    assert len(api.requests) == 2


# ---------------------------------------------------------------- parameters that the server does not take

CACHE_ERROR = {"code": "InvalidParameter", "message": "caching is not supported for instructions"}


async def test_caching_that_is_refused_is_left_out_and_not_asked_for_during_ten_minutes() -> None:
    api = ScriptedApi(failed(400, CACHE_ERROR), answered("1"), answered("2"), answered("3"))
    question = ask(LONG, enable_caching=True)
    async with api.open() as model:
        events, error = await gather(model, question)
        assert error is None
        assert not [event for event in events if isinstance(event, NoteFound)]
        await gather(model, question)
        api.now += 601
        await gather(model, question)
    assert [body.get("enable_caching") for body in api.bodies] == [True, None, False, True]


async def test_caching_is_asked_for_only_where_a_prefix_can_be_cached() -> None:
    api = ScriptedApi(answered("1"), answered("2"))
    async with api.open() as model:
        await gather(model, ask("short", enable_caching=True))
        await gather(model, ask(LONG, enable_caching=True))
    assert [body["enable_caching"] for body in api.bodies] == [False, True]


async def test_a_parameter_that_is_refused_is_left_out_and_said() -> None:
    error = {"code": "InvalidParameter.UnsupportedParameter", "param": "stop", "message": "stop is not supported"}
    api = ScriptedApi(failed(400, error), answered("Hi"))
    async with api.open() as model:
        events, failure = await gather(model, ask(stop=("END",), max_tokens=9))
    assert failure is None
    assert "stop" not in api.bodies[1]
    assert any(isinstance(event, NoteFound) and "stop" in event.text for event in events)


async def test_a_parameter_is_left_out_only_once() -> None:
    error = {"code": "InvalidParameter", "param": "image_detail", "message": "m"}
    api = ScriptedApi(failed(400, error), failed(400, error))
    async with api.open() as model:
        _, failure = await gather(model, ask(image_detail="low"))
    assert isinstance(failure, ModelRejected)


# ---------------------------------------------------------------- media and sources


def with_picture(tokens: int = 1280) -> ModelRequest:
    picture = Media(kind="image", media_type="image/png", name="a.png", data=b"x", tokens=tokens)
    return ModelRequest(system_prompt="h", entries=(Entry(role="user", text="What?", media=(picture,)),), parameters={})


@pytest.mark.parametrize(
    ("reported", "noted"),
    [pytest.param(42, True, id="dropped"), pytest.param(1340, False, id="seen"), pytest.param(700, False, id="unsure")],
)
async def test_media_that_the_server_dropped_are_noticed(reported: int, noted: bool) -> None:
    api = ScriptedApi(streamed(chunk("Hi", finish="stop"), usage_chunk(reported, 1), DONE))
    async with api.open() as model:
        events, _ = await gather(model, with_picture())
    assert (NoteFound(DROPPED_MEDIA_NOTE) in events) is noted


async def test_sources_in_the_text_stand_in_for_reported_ones() -> None:
    api = ScriptedApi(answered("As https://a.example/x says."), answered("As https://a.example/x says."))
    async with api.open() as model:
        events, _ = await gather(model, ask(enable_web_search=True))
        assert urls_in(events) == ["https://a.example/x"]
        events, _ = await gather(model, ask())
        assert urls_in(events) == []


async def test_a_search_without_sources_is_said() -> None:
    searched = streamed(chunk("Hi", finish="stop"), usage_chunk(tool_usage={"web_search": 1}), DONE)
    api = ScriptedApi(searched, answered("Hi"))
    async with api.open() as model:
        events, _ = await gather(model, ask(enable_web_search=True))
        assert NoteFound(NO_SOURCES_NOTE) in events
        events, _ = await gather(model, ask(enable_web_search=True))
        assert NoteFound(NO_SOURCES_NOTE) not in events


# ---------------------------------------------------------------- pace


async def test_requests_wait_for_their_minute() -> None:
    api = ScriptedApi(*[answered("Hi") for _ in range(5)])
    async with api.open(pace=Pace(requests_per_minute=2)) as model:
        for _ in range(5):
            await gather(model, ask())
    assert api.slept == [pytest.approx(60, abs=0.01)] * 2


async def test_a_burst_that_is_too_fast_halves_what_runs_at_once() -> None:
    error = {"code": "RequestBurstTooFast", "message": "m"}
    api = ScriptedApi(failed(429, error), answered("Hi"))
    async with api.open() as model:
        _, failure = await gather(model, ask())
        assert failure is None
        assert model.limits.concurrency == 8


async def test_a_plain_server_gets_no_parameters_of_seed() -> None:
    api = ScriptedApi(answered("Hi"), answered("Hi"))
    async with api.open(model="SmolLM2-135M-Instruct") as model:
        await gather(model, ask(enable_thinking=True, max_tokens=9))
    async with api.open(model="SmolLM2-135M-Instruct", dialect="gateway") as model:
        await gather(model, ask(enable_thinking=True, max_tokens=9))
    assert ["enable_thinking" in body for body in api.bodies] == [False, True]


async def test_closing_the_stream_early_raises_nothing() -> None:
    api = ScriptedApi(streamed(*[chunk("Hi")] * 50))
    async with api.open(retries=Retries(tries=1)) as model:
        stream = model.stream(ask())
        assert isinstance(await anext(stream), RequestSent)
        assert await anext(stream) == TextDelta("Hi")
        await stream.aclose()


async def test_an_answer_gets_no_more_room_than_the_model_is_given() -> None:
    api = ScriptedApi(*[answered("Hi")] * 3)
    async with api.open(longest_answer=400) as model:
        for request in (ask(max_tokens=4096), ask(max_tokens=50), ask()):
            await gather(model, request)
    assert [body["max_tokens"] for body in api.bodies] == [400, 50, 400]
