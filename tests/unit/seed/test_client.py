"""The client over all that can happen to one question."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from adapters.seed import Environment, SeedOptions, Timeouts, open_seed
from bot.context.tokens import estimate
from bot.errors import (
    BodyTooLarge,
    ConfigError,
    ContextTooLong,
    ModelAccessDenied,
    ModelRejected,
    ModelUnavailable,
    Refused,
    StreamCut,
)
from bot.types import (
    Finish,
    Finished,
    TextDelta,
    Usage,
    UsageReported,
)
from tests.unit.seed.scripted import KEY, ScriptedApi, answered, failed, gather, streamed
from tests.unit.seed.streams import (
    DONE,
    LONG,
    ask,
    bills_in,
    chat_stream,
    chunk,
    reasoning_in,
    sse,
    text_in,
    usage_chunk,
)


async def test_a_question_is_answered() -> None:
    api = ScriptedApi(answered("Hello", " you"))
    async with api.open() as model:
        events, error = await gather(model, ask())
        assert (model.name, model.context_tokens) == ("seed-2-0-lite", 224_000)
    assert error is None
    assert events == [
        TextDelta("Hello"),
        TextDelta(" you"),
        UsageReported(Usage(input=10, output=5)),
        Finished(Finish.STOP),
    ]
    assert str(api.requests[0].url) == "http://api.test/v1/chat/completions"
    assert api.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert api.requests[0].headers["content-type"] == "application/json"


async def test_no_key_is_sent_when_there_is_none() -> None:
    api = ScriptedApi(answered("Hi"))
    options = SeedOptions(surroundings=api.surroundings())
    async with open_seed(base_url="http://api.test", api_key=None, model="m", options=options) as model:
        await gather(model, ask())
    assert "authorization" not in api.requests[0].headers
    assert str(api.requests[0].url) == "http://api.test/v1/chat/completions"


@pytest.mark.parametrize("key", ["", " ", "sk-ü", "sk a", "sk\na"])
async def test_a_key_that_cannot_be_one_is_named_without_being_shown(key: str) -> None:
    with pytest.raises(ConfigError, match="SEED_API_KEY") as caught:
        async with open_seed(base_url="http://api.test/v1", api_key=key, model="m"):
            pass
    assert not key.strip() or key not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("api.test/v1", id="no-scheme"),
        pytest.param("ftp://api.test", id="another-scheme"),
        pytest.param("http:///v1", id="no-server"),
        pytest.param("http://[::1", id="half-an-address"),
        pytest.param("http://api.test:http", id="no-port"),
        pytest.param("http://api.test:99999", id="port-too-high"),
        pytest.param("http://api..test", id="empty-label"),
        pytest.param("http://xn--", id="no-international-name"),
        pytest.param("http://" + "a" * 300, id="label-too-long"),
    ],
)
async def test_an_address_that_is_none_is_named(address: str) -> None:
    with pytest.raises(ConfigError, match="SEED_BASE_URL"):
        async with open_seed(base_url=address, api_key=None, model="m"):
            pass


# ---------------------------------------------------------------- tries


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(failed(429), id="429"),
        pytest.param(failed(500, {"code": "InternalServiceError", "message": "m"}), id="500"),
        pytest.param(failed(502, "a string"), id="error-as-a-string"),
        pytest.param(httpx.Response(502, html="<html>Bad gateway</html>"), id="html"),
        pytest.param(httpx.Response(503, text="upstream connect error"), id="plain-text"),
        pytest.param(httpx.Response(200, html="<html>Welcome</html>"), id="html-with-status-200"),
        pytest.param(httpx.ConnectError("refused"), id="no-connection"),
        pytest.param(httpx.ReadTimeout("slow"), id="silence"),
        pytest.param(httpx.RemoteProtocolError("gone"), id="hung-up"),
        pytest.param(streamed(), id="empty-stream"),
        pytest.param(streamed(chunk("", reasoning_content="hm"), httpx.ReadError("reset")), id="cut-while-reasoning"),
        pytest.param(streamed(b"data: {\n\n"), id="broken-json"),
        pytest.param(streamed(sse({"error": {"code": "model_unavailable", "message": "m"}})), id="error-in-the-stream"),
        pytest.param(streamed(sse({"error": {"message": "m"}}, "error")), id="error-event"),
    ],
)
async def test_before_any_text_it_is_asked_again(trouble: httpx.Response | Exception) -> None:
    api = ScriptedApi(trouble, answered("Hello"))
    async with api.open() as model:
        events, error = await gather(model, ask())
    assert error is None
    assert text_in(events) == "Hello"
    assert api.slept == [0.4]


async def test_a_server_that_cannot_be_reached_is_told_long_before_people_give_up() -> None:
    """As where its name is not answered: each try takes the whole time that a connection has."""
    api = ScriptedApi(*[httpx.ConnectTimeout("no name")] * 4)
    began = api.now
    around = replace(api.surroundings(), monotonic=lambda: began + 10 * len(api.requests))
    async with api.open(surroundings=around) as model:
        _, error = await gather(model, ask())
    assert isinstance(error, ModelUnavailable)
    assert 10 * len(api.requests) < 30


async def test_tries_end_after_four_with_doubled_waits_between_them() -> None:
    api = ScriptedApi(*[failed(503, {"code": "model_unavailable", "message": "m"}, **{"x-request-id": "r1"})] * 4)
    async with api.open(surroundings=api.surroundings(chance=lambda: 1.0)) as model:
        events, error = await gather(model, ask())
    assert isinstance(error, ModelUnavailable)
    assert (error.status, error.code, error.request_id) == (503, "model_unavailable", "r1")
    assert "HTTP 503" in str(error)
    assert events == []
    assert api.slept == [0.5, 1.0, 2.0]


@pytest.mark.parametrize(
    ("header", "waited"),
    [
        pytest.param("7", 7.0, id="seconds"),
        pytest.param("0.1", 0.4, id="never-less-than-our-own"),
        pytest.param(format_datetime(datetime(2026, 1, 5, 9, 0, 9, tzinfo=UTC), usegmt=True), 9.0, id="http-date"),
        pytest.param("soon", 0.4, id="nonsense"),
        pytest.param("nan", 0.4, id="no-number"),
    ],
)
async def test_retry_after_is_honoured(header: str, waited: float) -> None:
    api = ScriptedApi(failed(429, **{"retry-after": header}), answered("Hi"))
    around = api.surroundings()
    around = Environment(
        chance=around.chance,
        monotonic=around.monotonic,
        sleep=around.sleep,
        transport=around.transport,
        now=lambda: datetime(2026, 1, 5, 9, 0, tzinfo=UTC),
    )
    async with api.open(surroundings=around) as model:
        _, error = await gather(model, ask())
    assert error is None
    assert sum(api.slept) == pytest.approx(waited, abs=0.01)


async def test_a_server_that_asks_for_a_long_wait_is_left_to_the_caller() -> None:
    api = ScriptedApi(failed(429, **{"retry-after": "120"}))
    async with api.open() as model:
        _, error = await gather(model, ask())
    assert isinstance(error, ModelUnavailable)
    assert error.retry_after == 120
    assert api.slept == []


async def test_no_try_begins_when_no_time_is_left() -> None:
    api = ScriptedApi(failed(503))
    async with api.open(timeouts=Timeouts(total=0.3)) as model:
        _, error = await gather(model, ask())
    assert isinstance(error, ModelUnavailable)


async def test_reasoning_of_two_tries_is_kept_apart() -> None:
    api = ScriptedApi(
        streamed(chunk("", reasoning_content="first")),
        streamed(chunk("", reasoning_content="second"), chat_stream("Hi")),
    )
    async with api.open() as model:
        events, _ = await gather(model, ask())
    assert reasoning_in(events) == "first\n\nsecond"


@pytest.mark.parametrize(
    ("reply", "kind", "says"),
    [
        pytest.param(
            failed(401, {"code": "invalid_api_key", "message": f"bad key {KEY}"}),
            ModelAccessDenied,
            "SEED_API_KEY",
            id="401",
        ),
        pytest.param(
            failed(402, {"code": "insufficient_credits", "message": "m"}), ModelAccessDenied, "credits", id="402"
        ),
        pytest.param(
            failed(403, {"code": "AccountOverdueError", "message": "m"}), ModelAccessDenied, "account", id="403"
        ),
        pytest.param(
            failed(404, {"code": "model_not_found", "message": "m"}), ModelAccessDenied, "SEED_MODEL", id="404"
        ),
        pytest.param(failed(429, {"code": "QuotaExceeded", "message": "m"}), ModelAccessDenied, "quota", id="quota"),
        pytest.param(failed(429, {"code": "SetLimitExceeded", "message": "m"}), ModelAccessDenied, "quota", id="limit"),
        pytest.param(
            failed(400, {"code": "OutofContextError", "message": "m"}), ContextTooLong, "tokens", id="context"
        ),
        pytest.param(failed(413), BodyTooLarge, "client_max_body_size", id="too-large"),
        pytest.param(
            failed(400, {"code": "InputTextSensitiveContentDetected", "message": "m"}), Refused, "safety", id="refused"
        ),
        pytest.param(
            failed(502, {"code": "upstream_error", "message": "InputImageSensitiveContentDetected: m"}),
            Refused,
            "safety",
            id="refused-upstream",
        ),
        pytest.param(
            failed(400, {"code": "MissingParameter", "message": "is missing `messages.content` parameter"}),
            ModelRejected,
            "messages.content",
            id="400",
        ),
    ],
)
async def test_what_would_fail_again_is_not_asked_again(reply: httpx.Response, kind: type, says: str) -> None:
    api = ScriptedApi(reply)
    async with api.open() as model:
        events, error = await gather(model, ask())
    assert type(error) is kind
    assert says in str(error)
    assert KEY not in f"{error!r}{vars(error)}"
    assert events == []
    assert len(api.requests) == 1


async def test_no_message_shows_the_key_or_what_people_wrote() -> None:
    detail = f"Invalid header Bearer {KEY}: '{LONG[:60]}'"
    api = ScriptedApi(failed(400, {"code": "InvalidParameter", "message": detail}))
    async with api.open() as model:
        _, error = await gather(model, ask(LONG))
    assert KEY not in str(error)
    assert "word word" not in str(error)


# ---------------------------------------------------------------- cuts


@pytest.mark.parametrize(
    "end",
    [
        pytest.param((), id="end-of-the-stream"),
        pytest.param((httpx.ReadError("reset"),), id="reset"),
        pytest.param((sse({"error": {"code": "InternalServiceError", "message": "m"}}),), id="error-in-the-stream"),
        pytest.param((b'data: {"choices": [{"del',), id="half-a-chunk"),
    ],
)
async def test_after_visible_text_a_cut_is_told_and_not_repaired(end: tuple[Any, ...]) -> None:
    api = ScriptedApi(streamed(chunk("Hello"), *end, **{"x-request-id": "r1"}))
    async with api.open() as model:
        events, error = await gather(model, ask())
    assert isinstance(error, StreamCut)
    assert error.request_id == "r1"
    assert text_in(events) == "Hello"
    last = events[-1]
    assert isinstance(last, UsageReported)
    assert last.usage.estimated
    assert len(api.requests) == 1


async def test_a_filter_that_stops_a_visible_answer_ends_it() -> None:
    error = {"code": "OutputTextSensitiveContentDetected", "message": "m"}
    api = ScriptedApi(streamed(chunk("Hello"), sse({"error": error})))
    async with api.open() as model:
        events, failure = await gather(model, ask())
    assert failure is None
    assert events[-1] == Finished(Finish.FILTERED)


async def test_a_filter_before_any_text_is_a_refusal_that_was_billed() -> None:
    api = ScriptedApi(streamed(chunk("", finish="content_filter"), usage_chunk(), DONE))
    async with api.open() as model:
        events, error = await gather(model, ask())
    assert isinstance(error, Refused)
    assert events == [UsageReported(Usage(input=10, output=5))]


async def test_a_stream_that_said_it_is_finished_may_end_anyhow() -> None:
    api = ScriptedApi(streamed(chunk("Hello", finish="stop"), httpx.ReadError("reset")))
    async with api.open() as model:
        events, error = await gather(model, ask())
    assert error is None
    assert events[-1] == Finished(Finish.STOP)


async def test_missing_usage_is_estimated_and_marked() -> None:
    api = ScriptedApi(streamed(chunk("x" * 400, reasoning_content="y" * 40), chunk(finish="stop"), DONE))
    async with api.open() as model:
        events, _ = await gather(model, ask("z" * 4_000))
    usage = next(event.usage for event in events if isinstance(event, UsageReported))
    assert usage.estimated
    reasoned = estimate("y" * 40)
    assert (usage.output, usage.reasoning) == (estimate("x" * 400) + reasoned, reasoned)
    assert estimate("z" * 4_000) < usage.input < estimate("z" * 4_000) + 100


async def test_an_answer_in_one_piece_is_taken_too() -> None:
    whole = {"choices": [{"message": {"content": "Hello\nyou"}, "finish_reason": "stop"}], "usage": None}
    api = ScriptedApi(httpx.Response(200, json=whole))
    async with api.open() as model:
        events, error = await gather(model, ask())
    assert error is None
    assert text_in(events) == "Hello\nyou"


async def test_an_empty_answer_is_asked_for_once_more() -> None:
    api = ScriptedApi(answered(""), answered("Hi"))
    async with api.open() as model:
        events, error = await gather(model, ask())
    assert error is None
    assert bills_in(events) == [Usage(input=10, output=5)] * 2
    again = ScriptedApi(answered(""), answered(""))
    async with again.open() as model:
        _, error = await gather(model, ask())
    assert isinstance(error, ModelUnavailable)
