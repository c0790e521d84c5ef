"""How much a server takes: in the words of many servers, set by the operator, and learned from refusals."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest

from adapters.seed import watched_size
from adapters.seed.context_size import AGAIN_SECONDS, ASSUMED_TOKENS, HOUR, ContextSize, size_in, size_in_props
from tests.unit.seed.scripted import Reply, ScriptedApi, failed


@pytest.mark.parametrize(
    ("row", "size"),
    [
        pytest.param({"context_length": 8_192}, 8_192, id="gateway"),
        pytest.param({"context_window": 131_072, "max_completion_tokens": 32_768}, 131_072, id="groq"),
        pytest.param({"max_model_len": 4_096}, 4_096, id="vllm"),
        pytest.param({"context_length": 262_144, "top_provider": {"context_length": 32_768}}, 32_768, id="openrouter"),
        pytest.param({"max_context_length": 131_072, "loaded_context_length": 4_096}, 4_096, id="lm-studio"),
        pytest.param(
            {"meta": {"n_ctx_train": 8_192, "n_vocab": 49_152, "n_params": 134_515_008}}, 8_192, id="llama.cpp"
        ),
        pytest.param({"meta": {"n_ctx": 2_048, "n_ctx_train": 8_192}}, 2_048, id="newer-llama.cpp"),
        pytest.param(
            {"token_limits": {"context_window": 262_144, "max_input_token_length": 229_376}}, 229_376, id="ark"
        ),
        pytest.param({"max_input_tokens": 200_000, "max_tokens": 64_000}, 200_000, id="anthropic"),
        pytest.param({"capabilities": {"limits": {"max_prompt_tokens": 12_288}}}, 12_288, id="copilot"),
        pytest.param({"context_length": "32k"}, 32_000, id="words"),
        pytest.param({"context_length": "131,072"}, 131_072, id="digits"),
        pytest.param({"id": "m"}, None, id="untold"),
        pytest.param({"context_length": 0, "context_window": None, "max_model_len": "much"}, None, id="nonsense"),
        pytest.param({"pricing_rows": [{"max_prompt_tokens": 128_000}], "max_tokens": 4_096}, None, id="other-limits"),
        pytest.param({"context_length": True, "n_ctx": -1, "context_size": 1e300, "meta": [1]}, None, id="odd-types"),
        pytest.param("row", None, id="no-row"),
    ],
)
def test_a_size_is_read_in_the_words_of_any_server(row: Any, size: int | None) -> None:
    assert size_in(row) == size


@pytest.mark.parametrize(
    ("props", "size"),
    [
        pytest.param({"default_generation_settings": {"n_ctx": 2_048}, "total_slots": 4}, 2_048, id="of-a-slot"),
        pytest.param({"n_ctx": 8_192, "total_slots": 4}, 2_048, id="of-all-slots"),
        pytest.param({"default_generation_settings": {"n_ctx": 2_048}, "n_ctx": 8_192}, 2_048, id="both"),
        pytest.param({}, None, id="untold"),
        pytest.param([], None, id="no-object"),
    ],
)
def test_the_slots_of_llama_cpp_share_its_context(props: Any, size: int | None) -> None:
    assert size_in_props(props) == size


def row(**fields: Any) -> httpx.Response:
    return httpx.Response(200, json={"id": "seed-2-0-lite", **fields})


LLAMA = {"object": "list", "data": [{"id": "weights.gguf", "owned_by": "llamacpp", "meta": {"n_ctx_train": 8_192}}]}
PROPS = {"default_generation_settings": {"n_ctx": 2_048}, "total_slots": 4}


@pytest.mark.parametrize(
    ("replies", "size", "paths"),
    [
        pytest.param([row(context_length=8_192)], 8_192, ["/v1/models/seed-2-0-lite"], id="own-address"),
        pytest.param(
            [failed(404), httpx.Response(200, json=LLAMA), httpx.Response(200, json=PROPS)],
            2_048,
            ["/v1/models/seed-2-0-lite", "/v1/models", "/props"],
            id="llama.cpp-under-any-name",
        ),
        pytest.param(
            [failed(404), httpx.Response(200, json=LLAMA), failed(401)],
            8_192,
            ["/v1/models/seed-2-0-lite", "/v1/models", "/props"],
            id="llama.cpp-that-keeps-its-props",
        ),
        pytest.param(
            [row(), failed(404)],
            ASSUMED_TOKENS,
            ["/v1/models/seed-2-0-lite", "/props"],
            id="a-server-that-tells-nothing",
        ),
        pytest.param([httpx.ConnectError("away")], ASSUMED_TOKENS, ["/v1/models/seed-2-0-lite"], id="away"),
        pytest.param([httpx.Response(200, html="<html>")], ASSUMED_TOKENS, ["/v1/models/seed-2-0-lite"], id="a-page"),
    ],
)
async def test_the_server_is_asked_at_the_start(replies: list[Reply], size: int, paths: list[str]) -> None:
    api = ScriptedApi(*replies)
    async with api.open(surroundings=quiet(api)) as model, watched_size(model):
        assert model.context_tokens == size
    assert [request.url.path for request in api.requests] == paths


def quiet(api: ScriptedApi, sleeps: list[float] | None = None) -> Any:
    """Surroundings in which nothing is asked again, unless so often as `sleeps` has room."""
    left = [] if sleeps is None else sleeps

    async def sleep(seconds: float) -> None:
        if api.replies and sleeps is not None:
            left.append(seconds)
            return
        await asyncio.Event().wait()

    return replace(api.surroundings(), sleep=sleep)


async def test_what_the_operator_sets_is_not_asked_for() -> None:
    api = ScriptedApi()
    async with api.open(context_tokens=12_000) as model, watched_size(model):
        assert model.context_tokens == 12_000
    assert not api.requests


async def test_a_server_that_was_away_is_asked_again_soon_and_later_every_hour() -> None:
    api = ScriptedApi(httpx.ConnectError("away"), row(context_length=8_192), row(context_length=16_384))
    slept: list[float] = []
    async with api.open(surroundings=quiet(api, slept)) as model, watched_size(model):
        async with asyncio.timeout(10):
            while model.context_tokens != 16_384:
                await asyncio.sleep(0)
    assert slept == [AGAIN_SECONDS, HOUR]


async def test_the_props_stand_beside_the_version() -> None:
    api = ScriptedApi(httpx.Response(200, json=PROPS))
    async with api.open() as model:
        assert await model.http.get_at_root("/props") == PROPS
    assert str(api.requests[0].url) == "http://api.test/props"


def test_a_refusal_is_believed_until_the_server_tells_something_else() -> None:
    size = ContextSize()
    size.tell(8_192)
    size.refuse(4_096)
    assert size.tokens == 4_096
    size.tell(8_192)
    size.refuse(None)
    size.refuse(6_000)
    size.refuse(5)  # no size of anything
    assert size.tokens == 4_096
    size.tell(16_384)
    assert size.tokens == 16_384


def test_a_refusal_lowers_what_was_set_and_never_raises_it() -> None:
    size = ContextSize(32_000)
    size.tell(1_000_000)
    size.refuse(64_000)
    assert size.tokens == 32_000
    size.refuse(8_192)
    assert size.tokens == 8_192
