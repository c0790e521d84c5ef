"""Whatever a server does, in whatever order: what comes out keeps the promises of the port."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ModelUnavailable, StreamCut
from bot.types import Finished, RequestNotBilled, RequestSent, UsageReported
from tests.unit.seed.scripted import KEY, Reply, ScriptedApi, answered, failed, heard, streamed
from tests.unit.seed.streams import DONE, ask, chunk, sse, text_in, usage_chunk

MOST_REQUESTS = 4 + 1 + 1 + 2  # tries, one with more room, one after an empty answer, one for each refused parameter

SILENT: dict[str, Callable[[], Reply]] = {
    "429": lambda: failed(429, **{"retry-after": "2"}),
    "burst": lambda: failed(429, {"code": "RequestBurstTooFast", "message": "m"}),
    "500": lambda: failed(500),
    "401": lambda: failed(401),
    "refused": lambda: failed(400, {"code": "SensitiveContentDetected", "message": "m"}),
    "no-cache": lambda: failed(400, {"code": "InvalidParameter", "message": "caching is not supported"}),
    "no-stop": lambda: failed(400, {"code": "InvalidParameter", "param": "stop", "message": "m"}),
    "html": lambda: httpx.Response(502, html="<html>"),
    "away": lambda: httpx.ConnectError("away"),
    "reasoning": lambda: streamed(chunk("", reasoning_content="hm"), httpx.ReadError("reset")),
    "no-room": lambda: streamed(chunk("", finish="length"), usage_chunk(), DONE),
    "empty": lambda: answered(""),
    "filtered": lambda: streamed(chunk("", finish="content_filter"), usage_chunk(), DONE),
    "error": lambda: streamed(sse({"error": {"code": "model_unavailable", "message": "m"}})),
    "garbage": lambda: streamed(b"data: {{{\n\n"),
}
SPEAKING: dict[str, Callable[[], Reply]] = {
    "answer": lambda: answered("Hi", " you"),
    "cut": lambda: streamed(chunk("Hi")),
    "reset": lambda: streamed(chunk("Hi"), httpx.ReadError("reset")),
    "cut-by-an-error": lambda: streamed(chunk("Hi"), sse({"error": "x"})),
    "filtered-text": lambda: streamed(chunk("Hi", finish="content_filter"), usage_chunk(), DONE),
}


@given(st.lists(st.sampled_from(sorted(SILENT)), max_size=10), st.sampled_from(sorted(SPEAKING)))
def test_one_question_has_one_end(silent: list[str], last: str) -> None:
    async def run() -> None:
        api = ScriptedApi(*(SILENT[name]() for name in silent), SPEAKING[last](), *[answered("twice")] * 10)
        parameters = {"enable_caching": True, "stop": ("END",), "max_tokens": 100}
        async with api.open() as model:
            events, error = await heard(model, ask("word " * 2_000, **parameters))
            assert model.limits.active == 0
        finished = [index for index, event in enumerate(events) if isinstance(event, Finished)]
        if error is None:
            assert finished == [len(events) - 1]
        else:
            assert finished == []
            assert KEY not in str(error)
        sent = [index for index, event in enumerate(events) if isinstance(event, RequestSent)]
        billed = [index for index, event in enumerate(events) if isinstance(event, UsageReported | RequestNotBilled)]
        assert len(sent) == len(billed) == len(api.requests)
        assert sorted((*sent, *billed)) == [index for pair in zip(sent, billed, strict=True) for index in pair]
        assert text_in(events) in {"", "Hi", "Hi you"}
        assert len(api.requests) <= min(MOST_REQUESTS, len(silent) + 1)
        if text_in(events):
            assert len(api.requests) == len(silent) + 1
        assert isinstance(error, StreamCut) is (bool(text_in(events)) and last in {"cut", "reset", "cut-by-an-error"})
        if isinstance(error, ModelUnavailable):
            assert not text_in(events)

    asyncio.run(run())
