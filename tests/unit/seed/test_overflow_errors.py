"""What is learned where a server finds a request too long, or the answer that was asked for."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.seed.overflow_errors import TOO_LONG, sizes_in
from bot.errors import ContextTooLong, ModelRejected
from tests.unit.seed.scripted import ScriptedApi, answered, failed, gather
from tests.unit.seed.streams import ask, text_in

OPENAI = "This model's maximum context length is 8192 tokens. However, "
TOLD = [
    (f"{OPENAI}your messages resulted in 10000 tokens. Please reduce the length of the messages.", 8_192, 10_000),
    (f"{OPENAI}you requested 9196 tokens (8000 in the messages, 1196 in the completion).", 8_192, 8_000),
    (
        "'max_tokens' or 'max_completion_tokens' is too large: 8192. This model's maximum context length is 4096 "
        "tokens and your request has 100 input tokens (8192 > 4096 - 100).",
        4_096,
        100,
    ),
    (f"{OPENAI}you requested 1 output tokens and your prompt contains at least 8192 input tokens", 8_192, 8_192),
    ("The decoder prompt (length 5000) is longer than the maximum model length of 4096.", 4_096, 5_000),
    ("The input (9000 tokens) is longer than the model's context length (8192 tokens).", 8_192, 9_000),
    ("request (9031 tokens) exceeds the available context size (8192 tokens), try increasing it", 8_192, 9_031),
    ("the request exceeds the available context size. try increasing the context size", None, None),
    ("prompt is too long: 210000 tokens > 200000 maximum", 200_000, 210_000),
    ("input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input", 200_000, 190_000),
    ("Total tokens of image and text exceed max message tokens.", None, None),
    ("Prompt exceeds max length", None, None),
    ("inputs tokens + max_new_tokens must be <= 8193. Given: 9000 inputs tokens and 100 max_new_tokens", 8_193, 9_000),
    ("the number of input tokens 9000 cannot exceed the total tokens limit 8192 for this model", 8_192, 9_000),
    ("\u8f93\u5165\u7684\u957f\u5ea6\u8d85\u8fc7\u4e86\u6a21\u578b\u7684\u6700\u5927\u957f\u5ea6", None, None),
    ("The input token count (1100000) exceeds the maximum number of tokens allowed (1048576).", 1_048_576, 1_100_000),
    (
        "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
        32_768,
        40_000,
    ),
    ("This model's maximum prompt length is 131072 but the request contains 140000 tokens.", 131_072, 140_000),
    ("Input validation error: `inputs` must have less than 4096 tokens. Given: 5000", 4_096, 5_000),
    (
        "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 3000 `inputs` tokens and 2000 `max_new_tokens`",
        4_096,
        3_000,
    ),
    ("too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 5000.", 4_081, 5_000),
    ("Invalid request: Your request exceeded model token limit: 8192 (requested: 9000)", 8_192, 9_000),
    ("<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 30720]", 30_720, None),
    (
        "This endpoint's maximum context length is 131072 tokens. However, you requested about 140000 tokens (132000 "
        "of text input, 8000 in the output).",
        131_072,
        132_000,
    ),
    (
        "Trying to keep the first 9000 tokens when context the overflows. However, the model is loaded with context "
        "length of only 4096 tokens, which is not enough.",
        4_096,
        9_000,
    ),
    (
        "litellm.ContextWindowExceededError: maximum context length is 8,192 tokens. However, your messages resulted "
        "in 10,000 tokens.",
        8_192,
        10_000,
    ),
    ("Please reduce the length of the messages or completion.", None, None),
]


@pytest.mark.parametrize(("words", "most", "counted"), TOLD)
async def test_a_refusal_tells_its_numbers(words: str, most: int | None, counted: int | None) -> None:
    api = ScriptedApi(failed(400, {"message": words, "type": "invalid_request_error"}))
    async with api.open() as model:
        _, error = await gather(model, ask())
        assert isinstance(error, ContextTooLong)
        assert (error.most, error.counted) == (most, counted)
        assert model.context_tokens == min(most or 224_000, 224_000)
    assert len(api.requests) == 1


@pytest.mark.parametrize("wire", ["chat", "responses", "messages"])
async def test_llama_cpp_tells_them_in_fields(wire: Any) -> None:
    error = {
        "code": 400,
        "message": "too long",
        "type": "exceed_context_size_error",
        "n_prompt_tokens": 9_031,
        "n_ctx": 8_192,
    }
    api = ScriptedApi(failed(400, error))
    async with api.open(wire=wire) as model:
        _, failure = await gather(model, ask())
        assert isinstance(failure, ContextTooLong)
        assert (failure.most, failure.counted, model.context_tokens) == (8_192, 9_031, 8_192)


@pytest.mark.parametrize("words", ["word " * 100_000, "1" * 100_000, "context length " * 7_000, "[" * 100_000])
def test_a_long_refusal_is_read_as_far_as_it_is_one(words: str) -> None:
    sizes_in({"n_ctx": "many", "n_prompt_tokens": None}, words)


@pytest.mark.parametrize(
    "words",
    [
        "The parameter `max_tokens` specified in the request are not valid: integer above maximum value, expected a "
        "value <= 4096, but got 8192 instead.",
        "Range of max_tokens should be [1, 4096]",
        "max_tokens is too large: 8192. This model supports at most 4096 completion tokens, whereas you provided 8192.",
        "max_output_tokens must be less than or equal to 4096",
    ],
)
async def test_an_answer_that_a_server_finds_too_long_is_asked_for_shorter(words: str) -> None:
    assert not TOO_LONG.search(words)
    api = ScriptedApi(failed(400, {"message": words, "code": "InvalidParameter"}), answered("Hi"), answered("Hi"))
    async with api.open() as model:
        events, error = await gather(model, ask(max_tokens=8_192))
        await gather(model, ask(max_tokens=8_192))
    assert error is None
    assert text_in(events) == "Hi"
    assert [body["max_tokens"] for body in api.bodies] == [8_192, 4_096, 4_096]  # and it is remembered


async def test_a_server_that_never_takes_the_answers_length_is_left_alone() -> None:
    words = "max_tokens exceeds the maximum"
    api = ScriptedApi(*[failed(400, {"message": words, "code": "InvalidParameter"}) for _ in range(2)])
    async with api.open() as model:
        _, error = await gather(model, ask(max_tokens=8_192))
    assert type(error) is ModelRejected
    assert [body["max_tokens"] for body in api.bodies] == [8_192, 4_096]


async def test_a_small_server_is_asked_for_no_more_than_half_of_what_it_takes() -> None:
    api = ScriptedApi(answered("Hi"))
    async with api.open(context_tokens=4_096) as model:
        await gather(model, ask(max_tokens=8_192))
    assert api.bodies[0]["max_tokens"] == 2_048
