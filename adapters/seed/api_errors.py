"""Failures of the model API as plain values, and the one place where they become errors.

Codes are those of EmpirioLabs' documentation, of BytePlus ModelArk behind it (document 1299023) and of
llama.cpp. The gateway may wrap an upstream code into its own message, so messages are searched for them too.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from enum import Enum, auto

from adapters.seed import json_coerce, overflow_errors
from bot.errors import (
    ContextTooLong,
    ModelAccessDenied,
    ModelError,
    ModelFacts,
    ModelRejected,
    ModelUnavailable,
    Refused,
)

REFUSED_CODE = re.compile(
    r"SensitiveContentDetected|RiskDetection|ContentSecurityDetectionError|content_filter|content_policy_violation"
    r"|may contain sensitive information",  # ModelArk's words, where a gateway keeps them and drops the code
    re.IGNORECASE,
)
DENIED_CODE = re.compile(
    r"invalid_api_key|missing_api_key|insufficient_(credits|quota)|model_not_found|authentication_?error"
    r"|permission_error|InvalidAccountStatus|AccountOverdueError|\bAccessDenied|OperationDenied|ModelNotOpen"
    r"|InvalidEndpointOrModel|QuotaExceeded|SetLimitExceeded|not_found_error",
    re.IGNORECASE,
)
BUSY_CODE = re.compile(
    r"rate_?limit|model_unavailable|upstream_error|overloaded|InternalServiceError|RequestBurstTooFast"
    r"|InflightBatchsizeExceeded|server_error|api_error|timeout",
    re.IGNORECASE,
)
INVALID_CODE = re.compile(r"Invalid(Parameter|Argument|Image)|MissingParameter|invalid_request", re.IGNORECASE)
BURST_CODE = re.compile(r"RequestBurstTooFast|ServerOverloaded|InflightBatchsizeExceeded", re.IGNORECASE)
DENIED_STATUS = frozenset({401, 402, 403, 404})
TOO_LONG_STATUS = frozenset({413})
BUSY_STATUS = frozenset({408, 409, 425, 429})

REQUEST_ID_IN_TEXT = re.compile(r"request id:?\s*([\w.-]{8,80})", re.IGNORECASE)
SECRET = re.compile(r"\b(sk|pk|xox[a-z]|xapp)-[\w*.-]+|bearer\s+\S+", re.IGNORECASE)
# Names of fields are shorter than what people write; an apostrophe inside a word is no quotation mark.
QUOTED = re.compile(r"\"[^\"]{25,}\"|(?<!\w)'(?:[^']|(?<=\w)'(?=\w)){25,}'(?!\w)")
HTTP_STATUS = re.compile(r"[45][0-9]{2}")
CODE_CHARACTERS = 80
DETAIL_CHARACTERS = 200


class ProblemKind(Enum):
    """Meaning of a problem for the request that met it."""

    BUSY = auto()  # the same request may pass later
    DENIED = auto()  # the operator must act
    TOO_LONG = auto()
    REFUSED = auto()
    INVALID = auto()
    CUT = auto()  # the answer stopped in the middle


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One failure as the server or the connection told it; `detail` is the server's own text, never shown unchecked.

    `sizes` is what it tells of a request that was too long.
    """

    kind: ProblemKind
    what: str = ""
    status: int | None = None
    code: str = ""
    param: str = ""
    detail: str = ""
    request_id: str | None = None
    retry_after: float | None = None
    sizes: overflow_errors.Sizes = overflow_errors.UNTOLD

    @property
    def is_burst(self) -> bool:
        """Return whether the server asks for fewer requests at once rather than for a pause."""
        return bool(BURST_CODE.search(self.code) or BURST_CODE.search(self.detail))


class ProblemError(Exception):  # internal: becomes one of bot.errors before it leaves this package
    """Carries a problem up to where it is decided what to do about it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.what)
        self.problem = problem


def classify(status: int | None, code: str, detail: str) -> ProblemKind:
    """Return what a status, a code and a message mean together; the most telling of them wins."""
    for words in (code, detail):
        for pattern, kind in (
            (REFUSED_CODE, ProblemKind.REFUSED),
            (overflow_errors.TOO_LONG, ProblemKind.TOO_LONG),
            (DENIED_CODE, ProblemKind.DENIED),
        ):
            if pattern.search(words):
                return kind
    if status in DENIED_STATUS:
        return ProblemKind.DENIED
    if status in TOO_LONG_STATUS:
        return ProblemKind.TOO_LONG
    if status in BUSY_STATUS or (status or 0) >= 500 or BUSY_CODE.search(code):
        return ProblemKind.BUSY
    is_invalid = status >= 400 if status else INVALID_CODE.search(code) is not None
    return ProblemKind.INVALID if is_invalid else ProblemKind.BUSY


def problem_from_error(error: object, *, status: int | None = None, request_id: str | None = None) -> Problem:
    """Return the problem told by an error object of any of the envelopes, or by a bare string."""
    body = json_coerce.mapping(error)
    detail = json_coerce.text(body.get("message")) or json_coerce.text(error)
    raw_code = body.get("code")
    code = str(raw_code)[:CODE_CHARACTERS] if isinstance(raw_code, int) else json_coerce.text(raw_code)
    if status is None and HTTP_STATUS.fullmatch(code):
        status = int(code)
    kind_of_error = json_coerce.text(body.get("type"))
    if not code or code.isdigit():
        code = kind_of_error or code
    kind = classify(status, f"{code} {kind_of_error}", detail)
    found = REQUEST_ID_IN_TEXT.search(detail)
    return Problem(
        kind=kind,
        status=status,
        code=code[:CODE_CHARACTERS],
        param=json_coerce.text(body.get("param")),
        detail=detail,
        request_id=request_id or (found.group(1) if found else None),
        sizes=overflow_errors.sizes_in(body, detail) if kind is ProblemKind.TOO_LONG else overflow_errors.UNTOLD,
    )


def problem_from_body(body: bytes, *, status: int, request_id: str | None, retry_after: float | None) -> Problem:
    """Return the problem told by a whole response that is no answer: JSON in any envelope, HTML or plain text."""
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        return Problem(
            kind=classify(status, "", ""),
            what="something between here and the model answered in its place",
            status=status,
            request_id=request_id,
            retry_after=retry_after,
        )
    error = json_coerce.mapping(payload).get("error", payload)
    problem = problem_from_error(error, status=status, request_id=request_id)
    return replace(problem, retry_after=retry_after)


ADVICE = {
    401: "check SEED_API_KEY",
    402: "the account has no credits left: top it up",
    403: "the account may not use this model: check SEED_MODEL and the account",
    404: "check SEED_MODEL and SEED_BASE_URL",
    429: "the account's quota is used up: raise it or wait for the next period",
}


def to_error(problem: Problem) -> ModelError:
    """Return the error that the rest of the bot sees: status, code and what to do, never a key and never user text."""
    facts = ModelFacts(status=problem.status, code=problem.code or None, request_id=problem.request_id)
    told = _told(problem)
    match problem.kind:
        case ProblemKind.DENIED:
            advice = ADVICE.get(problem.status or 0, "check SEED_API_KEY, SEED_MODEL and the account")
            return ModelAccessDenied(f"the model API denied access ({told}); {advice}", **facts)
        case ProblemKind.TOO_LONG:
            message = f"the request has more tokens than the model takes ({told})"
            return ContextTooLong(message, **facts, counted=problem.sizes.counted, most=problem.sizes.most)
        case ProblemKind.REFUSED:
            return Refused(f"a safety filter stopped this request ({told})", **facts)
        case ProblemKind.INVALID:
            detail = presentable(problem.detail)
            return ModelRejected(
                f"the model API rejected the request ({told}){': ' if detail else ''}{detail}", **facts
            )
        case ProblemKind.BUSY | ProblemKind.CUT:
            what = problem.what or "the model API cannot answer now"
            return ModelUnavailable(f"{what} ({told}); try again later", retry_after=problem.retry_after, **facts)


def presentable(detail: str) -> str:
    """Return the server's own words on one short line, without anything that looks like a key or like quoted
    content.
    """
    line = QUOTED.sub("'...'", SECRET.sub("***", " ".join(detail.split())))
    return line if len(line) <= DETAIL_CHARACTERS else line[:DETAIL_CHARACTERS] + "..."


def _told(problem: Problem) -> str:
    parts = []
    if problem.status is not None:
        parts.append(f"HTTP {problem.status}")
    if problem.code:
        parts.append(presentable(problem.code))
    if problem.request_id:
        parts.append(f"request {problem.request_id}")
    return ", ".join(parts) or "no status"
