"""What servers answer that are not the one we know: other labels, envelopes, names and ends."""

from __future__ import annotations

import gzip
import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.seed import SeedModel
from adapters.seed.inline import CLOSING, LoneClosing
from adapters.seed.protocols.response import _log_disbelief
from bot.delivery.accumulator import AnswerAccumulator
from bot.errors import ModelAccessDenied, ModelError, ModelRejected
from bot.types import Finish
from tests.data import data_folder
from tests.unit.seed.scripted import Pieces, ScriptedApi, answered, gather, streamed
from tests.unit.seed.streams import DONE, ask, chunk, sse

CASES: dict[str, dict[str, Any]] = {
    case["id"]: case for case in json.loads((data_folder() / "cases" / "responses.json").read_text())
}
COUNTED = {"prompt_tokens": 100, "completion_tokens": 5}
STOP = sse({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
HELLO = chunk("Hel") + chunk("lo") + STOP + sse({"choices": [], "usage": COUNTED}) + DONE


def reply(
    body: bytes | str, status: int = 200, label: str | None = "text/event-stream", **headers: str
) -> httpx.Response:
    """A response as it came over the wire; `label` None sends no content type."""
    content = body.encode() if isinstance(body, str) else body
    labels = {name.replace("_", "-"): value for name, value in headers.items()}
    if label is not None:
        labels["content-type"] = label
    pieces = [content[at : at + 7] for at in range(0, len(content), 7)]  # no answer comes in one piece
    return httpx.Response(status, headers=labels, stream=Pieces(*pieces))


def recorded(name: str) -> httpx.Response:
    case = CASES[name]
    return reply(case["body"], int(case["status"]), str(case["content_type"]), **case["headers"])


async def asked(
    api: ScriptedApi, wire: Any = "chat", model: str = "seed-2-0-lite"
) -> tuple[AnswerAccumulator, ModelError | None]:
    async with api.open(wire=wire, model=model) as opened:
        return await asked_of(opened)


async def asked_of(model: SeedModel, **parameters: Any) -> tuple[AnswerAccumulator, ModelError | None]:
    answer = AnswerAccumulator()
    events, error = await gather(model, ask(**parameters))
    for event in events:
        answer.add(event)
    return answer, error


def whole(**message: Any) -> str:
    choice = {"index": 0, "message": {"role": "assistant", "content": "Hello", **message}, "finish_reason": "stop"}
    return json.dumps({"object": "chat.completion", "choices": [choice], "usage": COUNTED})


HELLOS = {
    **{name: recorded(name) for name in CASES if "Hello" in CASES[name]["expect"]},
    **{name: recorded(name) for name in ("zero-usage", "deepseek-cache-names")},
    "stream-labelled-html": reply(HELLO, label="text/html"),
    "stream-without-label": reply(HELLO, label=None),
    "stream-behind-a-mark-and-blanks": reply(b"\xef\xbb\xbf\r\n\n" + HELLO),
    "stream-that-begins-with-a-comment": reply(b": keep-alive\n\n" + HELLO, label="application/json"),
    "stream-with-status-206": reply(HELLO, 206),
    "whole-labelled-as-a-stream": reply(whole()),
    "whole-without-label-over-lines": reply(json.dumps(json.loads(whole()), indent=2), label=None),
    "whole-with-status-202": reply(whole(), 202, "application/json"),
    "json-lines": reply(
        HELLO.replace(b"data: [DONE]", b"").replace(b"data: ", b"").replace(b"\n\n", b"\n"), label=None
    ),
    "gzip-without-a-word": reply(gzip.compress(HELLO)),
    "gzip-as-it-says": reply(gzip.compress(HELLO), content_encoding="gzip"),
    "whole-message-after-all-pieces": streamed(
        chunk("Hel"),
        chunk("lo"),
        sse({"choices": [{"message": {"content": "Hello"}, "delta": {}, "finish_reason": "stop"}]}),
        DONE,
    ),
    "message-that-grows": streamed(
        *(sse({"choices": [{"message": {"content": said}, "delta": None}]}) for said in ("Hel", "Hello")), STOP, DONE
    ),
    "second-choice-first": streamed(
        sse({"choices": [{"index": 1, "delta": {"content": "NO"}}, {"index": 0, "delta": {"content": "Hello"}}]}),
        sse({"choices": [{"index": 1, "delta": {}, "finish_reason": "length"}]}),
        STOP,
        DONE,
    ),
    "fine-beside-a-good-answer": streamed(
        sse({"choices": [{"delta": {"content": "Hello"}}], "base_resp": {"status_code": 0, "status_msg": ""}}),
        sse({"choices": [{"delta": {}, "finish_reason": "stop"}], "success": True, "error": None, "status": "ok"}),
    ),
    "thinking-parts": streamed(
        sse(
            {"choices": [{"delta": {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]}}]}
        ),
        sse({"choices": [{"delta": {"content": [{"type": "text", "text": "Hello"}]}}]}),
        STOP,
    ),
}


@pytest.mark.parametrize("name", HELLOS)
async def test_it_is_read_with_one_request(name: str) -> None:
    api = ScriptedApi(HELLOS[name])
    answer, error = await asked(api)
    assert error is None
    assert answer.text.rstrip() in {"Hello", "Hello there"}
    assert answer.finish is Finish.STOP
    assert len(api.requests) == 1


@pytest.mark.parametrize("name", ["done-without-finish", "zero-usage", "full-message-in-last-event"])
async def test_what_was_not_counted_is_estimated(name: str) -> None:
    answer, _ = await asked(ScriptedApi(recorded(name)))
    assert answer.reported is not None
    assert answer.reported.estimated
    assert answer.reported.input > 0 < answer.reported.output


@pytest.mark.parametrize(
    ("usage", "cached"),
    [
        ({"prompt_tokens": 1000, "completion_tokens": 5, "prompt_cache_hit_tokens": 900}, 900),
        ({"prompt_tokens": 1000, "completion_tokens": 5, "cached_tokens": 800}, 800),
        ({"input_tokens": 1000, "output_tokens": 5, "input_token_details": {"cache_read": 700}}, 700),
        ({"prompt_tokens": 1000, "completion_tokens": 5, "cache_read_input_tokens": 600}, 600),
        ({"input_tokens": 400, "cache_read_input_tokens": 600, "output_tokens": 5}, 600),
        (
            {
                "input_tokens": 100,
                "cache_read_input_tokens": 600,
                "cache_creation_input_tokens": 300,
                "output_tokens": 5,
                "total_tokens": 1005,
            },
            600,
        ),
        ({"input_tokens": 1000, "cache_read_input_tokens": 600, "output_tokens": 5, "total_tokens": 1005}, 600),
    ],
)
async def test_what_was_cached_is_read_under_its_other_names(usage: dict[str, Any], cached: int) -> None:
    answer, _ = await asked(ScriptedApi(streamed(chunk("Hello"), STOP, sse({"choices": [], "usage": usage}), DONE)))
    assert answer.reported is not None
    assert (answer.reported.input, answer.reported.output, answer.reported.cached) == (1000, 5, cached)


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": 10**12, "completion_tokens": 5},
        {"prompt_tokens": 1000, "completion_tokens": 10**9},
        {"input_tokens": 40, "cache_read_input_tokens": 10**12, "output_tokens": 5},
    ],
)
async def test_counts_that_no_model_can_read_are_estimated_and_logged_once(
    usage: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    _log_disbelief.cache_clear()
    last = sse({"choices": [], "usage": usage})
    answer, _ = await asked(ScriptedApi(streamed(chunk("Hello"), STOP, last, last, DONE)))
    assert answer.reported is not None
    assert answer.reported.estimated
    assert answer.reported.input < 1000
    assert [record.message for record in caplog.records if "more tokens than" in record.message] == [
        "the model API counts more tokens than any model can read; its counts are estimated instead"
    ]


@pytest.mark.parametrize(
    ("last", "read"),
    [
        (
            {"choices": [{"delta": {}, "finish_reason": "stop", "usage": {**COUNTED, "cached_tokens": 40}}]},
            (100, 5, 40),
        ),
        ({"choices": [], "x_groq": {"usage": COUNTED}}, (100, 5, 0)),
        ({"choices": [], "usageMetadata": {"promptTokenCount": 100, "candidatesTokenCount": 5}}, (100, 5, 0)),
        ({"choices": [], "timings": {"prompt_n": 60, "cache_n": 40, "predicted_n": 5}}, (100, 5, 40)),
    ],
)
async def test_usage_is_found_in_its_other_places(last: dict[str, Any], read: tuple[int, int, int]) -> None:
    answer, _ = await asked(ScriptedApi(streamed(chunk("Hello"), STOP, sse(last), DONE)))
    assert answer.reported is not None
    assert (answer.reported.input, answer.reported.output, answer.reported.cached) == read


REFUSALS: dict[str, tuple[httpx.Response, type[ModelError], str]] = {
    "base-resp": (recorded("base-resp"), ModelAccessDenied, "login fail"),
    "success-false": (
        reply('{"success": false, "message": "Invalid model id"}', label="application/json"),
        ModelRejected,
        "Invalid model id",
    ),
    "detail": (reply('{"detail": "Model not found"}', 404, "application/json"), ModelAccessDenied, "Model not found"),
    "detail-list": (
        reply('{"detail": [{"loc": ["body", "messages"], "msg": "Field required"}]}', 422, "application/json"),
        ModelRejected,
        "messages: Field required",
    ),
    "array": (
        reply(
            '[{"error": {"code": 400, "message": "API key not valid", "status": "INVALID_ARGUMENT"}}]',
            400,
            "text/plain",
        ),
        ModelAccessDenied,
        "API key not valid",
    ),
    "string": (reply('{"error": "unauthorized: bad token"}', label=None), ModelAccessDenied, "unauthorized: bad token"),
    "error-code": (
        reply('{"error_code": 6, "error_msg": "No permission to access data"}'),
        ModelAccessDenied,
        "No permission",
    ),
    "in-a-stream": (
        streamed(sse({"base_resp": {"status_code": 2013, "status_msg": "invalid params"}})),
        ModelRejected,
        "invalid params",
    ),
    "not-implemented": (
        reply('{"message": "no streaming here"}', 501, "application/json"),
        ModelRejected,
        "no streaming",
    ),
    "unread-compression": (reply(b"\x0b\x02\x80", content_encoding="br"), ModelRejected, "br"),
    "elsewhere": (
        reply("", 308, "text/html", location="https://user:pw@other.test/v1/chat/completions?key=secret"),
        ModelAccessDenied,
        "https://other.test/v1/chat/completions",
    ),
    "downgrade-to-another-port": (
        reply("", 307, None, location="http://api.test:8080/v1/chat/completions"),
        ModelAccessDenied,
        "http://api.test:8080",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
async def test_a_refusal_is_told_in_the_servers_words_and_not_asked_again(name: str) -> None:
    response, kind, words = REFUSALS[name]
    api = ScriptedApi(response)
    _, error = await asked(api)
    assert type(error) is kind
    assert words in str(error)
    assert "secret" not in str(error)
    assert "pw" not in str(error)
    assert len(api.requests) == 1


@pytest.mark.parametrize(
    ("location", "lands"),
    [
        ("/v1/other/chat/completions", "http://api.test/v1/other/chat/completions"),
        ("https://api.test/v1/chat/completions", "https://api.test/v1/chat/completions"),
        ("completions/", "http://api.test/v1/chat/completions/"),
    ],
)
async def test_a_redirect_within_the_server_is_followed_with_all_that_was_asked(location: str, lands: str) -> None:
    api = ScriptedApi(reply("", 308, "text/html", location=location), answered("Hello"))
    answer, error = await asked(api)
    assert error is None
    assert answer.text == "Hello"
    assert [str(request.url) for request in api.requests] == ["http://api.test/v1/chat/completions", lands]
    assert api.bodies[0] == api.bodies[1]
    assert api.requests[1].headers["authorization"] == api.requests[0].headers["authorization"]


async def test_redirects_in_a_circle_end() -> None:
    api = ScriptedApi(*(reply("", 307, None, location="/v1/chat/completions") for _ in range(9)))
    _, error = await asked(api)
    assert isinstance(error, ModelAccessDenied)
    assert len(api.requests) == 4


@pytest.mark.parametrize(
    "pieces", [("plan\n</think>\n\nHello",), ("plan ", "it out\n", "</th", "ink>\n", "\nHel", "lo"), ("</think>Hello",)]
)
async def test_a_lone_closing_tag_parts_reasoning_from_the_answer(pieces: tuple[str, ...]) -> None:
    api = ScriptedApi(streamed(*map(chunk, pieces), STOP, DONE), streamed(*map(chunk, pieces), STOP, DONE))
    async with api.open() as model:
        for _ in range(2):
            answer, error = await asked_of(model)
            assert error is None
            assert answer.text == "Hello"
            assert answer.draft().reasoning.strip() == "".join(pieces).partition(CLOSING)[0].strip()


async def test_who_was_taken_for_a_server_that_reasons_first_may_answer_at_once() -> None:
    api = ScriptedApi(streamed(chunk("hm\n</think>\nHello"), STOP, DONE), answered("Good", " bye"), answered("Hello"))
    async with api.open() as model:
        assert [(await asked_of(model))[0].text for _ in range(3)] == ["Hello", "Good bye", "Hello"]


@pytest.mark.parametrize(
    "text",
    ["Write `</think>` at the end.", "<think> opens it and\n</think>\ncloses it", "a </think> b", "1 < 2\n</thinking>"],
)
async def test_an_answer_about_the_tag_keeps_it(text: str) -> None:
    answer, _ = await asked(ScriptedApi(streamed(*map(chunk, ["So: ", *text]), STOP, DONE)))
    assert answer.text == f"So: {text}"


@given(st.lists(st.sampled_from(["a", "\n", "<", "</", "think", ">", "</think>", "<think>", "b "])), st.data())
def test_a_closing_tag_is_found_however_the_text_is_cut(parts: list[str], data: st.DataObject) -> None:
    text = "".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    whole, cut = _closing_in([text]), _closing_in(pieces)
    assert cut == whole


def _closing_in(pieces: list[str]) -> tuple[bool, str, str]:
    closing, before, after = LoneClosing(), "", ""
    for piece in pieces:
        more_before, more_after = closing.feed(piece)
        before, after = before + more_before, after + more_after
    return closing.found, before + closing.end(), after


async def test_a_field_under_another_name_is_remembered() -> None:
    told = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    refusal = httpx.Response(
        400, json={"error": {"message": told, "code": "unsupported_parameter", "param": "max_tokens"}}
    )
    api = ScriptedApi(refusal, answered("Hello"), answered("Hello"))
    async with api.open(model="gpt-5") as model:
        for _ in range(2):
            answer, error = await asked_of(model, max_tokens=500)
            assert error is None
            assert not answer.draft().notices
    assert [body.get("max_tokens") for body in api.bodies] == [500, None, None]
    assert [body.get("max_completion_tokens") for body in api.bodies] == [None, 500, 500]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"error": {"message": "Unrecognized request argument supplied: stream_options"}}, "stream_options"),
        (
            {"detail": [{"type": "extra_forbidden", "loc": ["body", "stream_options"], "msg": "Extra inputs"}]},
            "stream_options",
        ),
        (
            {
                "detail": [
                    {
                        "type": "extra_forbidden",
                        "loc": ["body", "presence_penalty"],
                        "msg": "Extra inputs are not permitted",
                    }
                ]
            },
            "presence_penalty",
        ),
        ({"error": "presence_penalty is not supported"}, "presence_penalty"),
    ],
)
async def test_a_field_that_a_server_does_not_know_is_left_out_from_then_on(body: Any, field: str) -> None:
    api = ScriptedApi(httpx.Response(422, json=body), answered("Hello"), answered("Hello"))
    async with api.open(model="llama") as model:
        for _ in range(2):
            answer, error = await asked_of(model, presence_penalty=0.5)
            assert error is None
            notices = answer.draft().notices
            assert any(field in notice for notice in notices) is (field == "presence_penalty")
    assert [field in body for body in api.bodies] == [True, False, False]


async def test_one_long_event_in_many_pieces_is_read() -> None:
    long = "x" * (6 << 20)
    event = sse({"choices": [{"delta": {"content": long}, "finish_reason": "stop"}]})
    answer, error = await asked(
        ScriptedApi(streamed(*(event[at : at + 65_536] for at in range(0, len(event), 65_536))))
    )
    assert error is None
    assert len(answer.text) == len(long)
