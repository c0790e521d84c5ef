"""The official clients, as strict as they can be, read every stream and every body of the emulator."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.emulators.seed import API_KEY, MODEL, Options, RunningSeed, running_seed
from tests.emulators.seed.options import SourceShape

if TYPE_CHECKING:  # loading both takes seconds, and every worker reads this file
    import anthropic
    import openai

# The provider's flat annotations are no valid annotations of OpenAI's formats.
STRICT_SOURCES: tuple[SourceShape, ...] = (
    "annotations",
    "citations",
    "search_results",
    "references",
    "mcp",
    "block",
    "prose",
    "none",
)
QUESTION: list[Any] = [{"role": "user", "content": "long markdown 1"}]


@dataclass(frozen=True, slots=True)
class Clients:
    """Both clients of one emulator."""

    seed: RunningSeed
    openai: openai.AsyncOpenAI
    anthropic: anthropic.AsyncAnthropic


@asynccontextmanager
async def clients(*, strict: bool = True, **options: Any) -> AsyncIterator[Clients]:
    """An emulator with these options and the official clients of it."""
    import anthropic
    import openai

    shared: dict[str, Any] = {"api_key": API_KEY, "max_retries": 0, "_strict_response_validation": strict}
    async with (
        running_seed(Options(**options)) as seed,
        openai.AsyncOpenAI(base_url=seed.url, **shared) as first,
        anthropic.AsyncAnthropic(base_url=seed.origin, **shared) as second,
    ):
        yield Clients(seed, first, second)


@pytest.mark.parametrize("sources", STRICT_SOURCES)
async def test_openai_reads_chat_completions_strictly(sources: SourceShape) -> None:
    async with clients(shape="openai", sources=sources, cost="usage.cost_usd") as each:
        create = each.openai.chat.completions
        for extra in ({}, {"enable_web_search": True}, {"enable_thinking": False}):
            whole = await create.create(model=MODEL, messages=QUESTION, extra_body=extra)
            stream = create.stream(
                model=MODEL, messages=QUESTION, extra_body=extra, stream_options={"include_usage": True}
            )
            async with stream as events:
                async for _ in events:
                    pass
                final = await events.get_final_completion()
            assert final.choices[0].message.content == whole.choices[0].message.content
            assert final.choices[0].finish_reason == "stop"
            assert final.usage == whole.usage


@pytest.mark.parametrize("sources", STRICT_SOURCES)
async def test_openai_reads_responses_strictly(sources: SourceShape) -> None:
    async with clients(shape="openai", sources=sources, cost="usage.cost_usd") as each:
        for extra in ({}, {"enable_web_search": True}, {"enable_thinking": False}):
            whole = await each.openai.responses.create(model=MODEL, input=QUESTION, extra_body=extra)
            async with each.openai.responses.stream(model=MODEL, input=QUESTION, extra_body=extra) as events:
                async for _ in events:
                    pass
                final = await events.get_final_response()
            assert final.output_text == whole.output_text
            assert [item.type for item in final.output] == [item.type for item in whole.output]
            assert final.status == "completed"
            assert final.usage == whole.usage


@pytest.mark.parametrize("sources", STRICT_SOURCES)
async def test_anthropic_reads_messages_strictly(sources: SourceShape) -> None:
    async with clients(shape="openai", sources=sources, cost="usage.cost_usd") as each:
        for extra in ({}, {"enable_web_search": True}, {"enable_thinking": False}):
            asked: dict[str, Any] = {"model": MODEL, "max_tokens": 4_096, "messages": QUESTION, "extra_body": extra}
            whole = await each.anthropic.messages.create(**asked)
            async with each.anthropic.messages.stream(**asked) as events:
                async for _ in events:
                    pass
                final = await events.get_final_message()
            assert final.stop_reason == whole.stop_reason == "end_turn"
            assert [_plain(block) for block in final.content] == [_plain(block) for block in whole.content]
            assert final.usage.output_tokens == whole.usage.output_tokens
            assert final.usage.input_tokens == whole.usage.input_tokens


def _plain(block: Any) -> dict[str, Any]:
    """A block without the ids that differ from answer to answer."""
    fields: dict[str, Any] = block.model_dump()
    return {name: value for name, value in fields.items() if name not in {"id", "signature", "tool_use_id"}}


async def test_both_clients_read_limits_and_filters_strictly() -> None:
    async with clients(shape="openai") as each:
        for text, limit, expected in (
            ("write 500 words", 60, ("length", "max_output_tokens", "max_tokens")),
            ("write 500 words [filter after 4]", 4_096, ("content_filter", "content_filter", "refusal")),
            ("write 500 words [filter]", 4_096, ("content_filter", "content_filter", "refusal")),
        ):
            asked: list[Any] = [{"role": "user", "content": text}]
            chat = await each.openai.chat.completions.create(model=MODEL, messages=asked, max_tokens=limit)
            stream = await each.openai.chat.completions.create(
                model=MODEL, messages=asked, max_tokens=limit, stream=True
            )
            reasons = [chunk.choices[0].finish_reason async for chunk in stream]
            response = await each.openai.responses.create(model=MODEL, input=asked, max_output_tokens=limit)
            message = await each.anthropic.messages.create(model=MODEL, messages=asked, max_tokens=limit)
            assert (chat.choices[0].finish_reason, reasons[-1]) == (expected[0], expected[0])
            assert response.status == "incomplete"
            assert response.incomplete_details is not None
            assert (response.incomplete_details.reason, message.stop_reason) == expected[1:]


async def test_openai_reads_the_shape_of_the_provider_when_it_is_not_strict() -> None:
    async with clients(strict=False) as each:
        stream = each.openai.chat.completions.stream(model=MODEL, messages=QUESTION)
        async with stream as events:
            text = "".join([event.delta async for event in events if event.type == "content.delta"])
        assert text.startswith("## Section 1")


async def test_strictness_notices_the_shape_of_the_provider() -> None:
    import anthropic
    import openai

    async with clients() as each:
        events = await each.openai.responses.create(model=MODEL, input=QUESTION, stream=True)
        with pytest.raises(openai.APIResponseValidationError):
            _ = [event async for event in events]
        parts = await each.anthropic.messages.create(model=MODEL, messages=QUESTION, max_tokens=100, stream=True)
        with pytest.raises(anthropic.APIResponseValidationError):
            _ = [part async for part in parts]


async def test_the_catalogue_can_be_read_strictly() -> None:
    async with clients() as each:
        models = [model.id async for model in each.openai.models.list()]
        assert models == [MODEL]
        assert (await each.openai.models.retrieve(MODEL)).owned_by == "bytedance"


async def test_errors_become_the_exceptions_of_both_clients() -> None:
    import anthropic
    import openai

    async with clients() as each:
        for kind, first, second in (
            ("http_429", openai.RateLimitError, anthropic.RateLimitError),
            ("http_500", openai.InternalServerError, anthropic.InternalServerError),
            ("html_502", openai.InternalServerError, anthropic.InternalServerError),
            ("sensitive_400", openai.BadRequestError, anthropic.BadRequestError),
            ("reset", openai.APIConnectionError, anthropic.APIConnectionError),
        ):
            each.seed.fault(kind, times=2)
            with pytest.raises(first):
                await each.openai.chat.completions.create(model=MODEL, messages=QUESTION)
            with pytest.raises(second):
                await each.anthropic.messages.create(model=MODEL, messages=QUESTION, max_tokens=10)
        with pytest.raises(openai.NotFoundError):
            await each.openai.chat.completions.create(model="other", messages=QUESTION)


async def test_an_error_inside_a_stream_becomes_an_exception_of_both_clients() -> None:
    import anthropic
    import openai

    async with clients(shape="openai") as each:
        each.seed.fault("error_in_stream", times=2)
        stream = await each.openai.chat.completions.create(model=MODEL, messages=QUESTION, stream=True)
        with pytest.raises(openai.APIError, match="internal error"):
            _ = [chunk async for chunk in stream]
        events = await each.anthropic.messages.create(model=MODEL, messages=QUESTION, max_tokens=100, stream=True)
        with pytest.raises(anthropic.APIStatusError, match="internal error"):
            _ = [event async for event in events]
