"""What a server's complaint is taken for, and what of it may be shown."""

from __future__ import annotations

import pytest

from adapters.seed.api_errors import ProblemKind, classify, presentable, problem_from_body, problem_from_error
from adapters.seed.retry_policy import objected_parameters
from tests.unit.seed.streams import ask

THROUGH_LITELLM = (
    "litellm.UnsupportedParamsError: seed-2-0-lite doesn't support `reasoning.effort` (its model cost map entry lacks "
    "`supports_reasoning`). LiteLLM: model group 'seed-2-0-lite' failed with the error above."
)


@pytest.mark.parametrize(
    ("detail", "shown"),
    [
        pytest.param(THROUGH_LITELLM[:60], THROUGH_LITELLM[:60], id="an-apostrophe-is-no-quotation-mark"),
        pytest.param("`x` isn't 'a' or 'b' here, nor anything like 'c'", None, id="names-stay"),
        pytest.param("cannot read 'the secret plan of our company' here", "cannot read '...' here", id="content-goes"),
        pytest.param("cannot read 'it's the secret plan of ours' here", "cannot read '...' here", id="apostrophe"),
        pytest.param('cannot read "the secret plan of our company"', "cannot read '...'", id="double-quotes"),
        pytest.param("key sk-abc-123 is\nwrong", "key *** is wrong", id="a-key"),
        pytest.param("x" * 300, "x" * 200 + "...", id="long"),
    ],
)
def test_a_servers_words_are_shown_without_keys_and_quotations(detail: str, shown: str | None) -> None:
    assert presentable(detail) == (detail if shown is None else shown)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        pytest.param(
            {"code": "400", "message": "text may contain sensitive information"}, ProblemKind.REFUSED, id="said"
        ),
        pytest.param({"code": "SensitiveContentDetected.Violence", "message": "m"}, ProblemKind.REFUSED, id="by-code"),
        pytest.param(
            {"code": "400", "message": "OpenAIException - OutofContextError"}, ProblemKind.TOO_LONG, id="wrapped"
        ),
        pytest.param({"code": "429", "message": "m"}, ProblemKind.BUSY, id="status-as-code"),
        pytest.param({"code": 503, "message": "m"}, ProblemKind.BUSY, id="status-as-number"),
        pytest.param({"code": "400", "message": "m"}, ProblemKind.INVALID, id="invalid"),
        pytest.param({}, ProblemKind.BUSY, id="nothing-told"),
    ],
)
def test_an_error_object_means_one_thing(error: object, kind: ProblemKind) -> None:
    assert problem_from_error(error).kind is kind


def test_a_status_alone_means_something_too() -> None:
    told = {status: classify(status, "", "") for status in (400, 401, 402, 404, 408, 413, 429, 500, 529)}
    denied = dict.fromkeys((401, 402, 404), ProblemKind.DENIED)
    busy = dict.fromkeys((408, 429, 500, 529), ProblemKind.BUSY)
    assert told == {400: ProblemKind.INVALID, 413: ProblemKind.TOO_LARGE} | denied | busy


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        pytest.param(413, b"<html>413 Request Entity Too Large</html>", ProblemKind.TOO_LARGE, id="nginx"),
        pytest.param(413, b"", ProblemKind.TOO_LARGE, id="nothing"),
        pytest.param(400, b"request entity too large", ProblemKind.TOO_LARGE, id="express-behind-a-gateway"),
        pytest.param(
            413,
            b'{"error": {"type": "request_too_large", "message": "exceeds the maximum number of bytes"}}',
            ProblemKind.TOO_LARGE,
            id="anthropic",
        ),
        pytest.param(
            400,
            b'{"error": {"message": "Request payload size exceeds the limit: 20971520 bytes."}}',
            ProblemKind.TOO_LARGE,
            id="gemini",
        ),
        pytest.param(
            413,
            b'{"error": {"message": "Request too large on tokens per minute (TPM): Limit 6000, Requested 8000"}}',
            ProblemKind.TOO_LONG,
            id="groq",
        ),
    ],
)
def test_bytes_are_no_tokens(status: int, body: bytes, kind: ProblemKind) -> None:
    assert problem_from_body(body, status=status, request_id=None, retry_after=None).kind is kind


@pytest.mark.parametrize(
    ("detail", "names"),
    [
        pytest.param(THROUGH_LITELLM, {"reasoning_effort"}, id="litellms-name"),
        pytest.param("unknown field `reasoning_effort`", {"reasoning_effort"}, id="own-name"),
        pytest.param("caching is not supported", {"enable_caching"}, id="caching"),
        pytest.param("please stop", set(), id="a-word-that-is-also-a-name"),
    ],
)
def test_a_complaint_names_its_parameters(detail: str, names: set[str]) -> None:
    request = ask(reasoning_effort="low", enable_caching=True, stop=("x",))
    problem = problem_from_error({"code": "400", "message": detail})
    assert objected_parameters(problem, request) == names
