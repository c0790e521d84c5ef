"""Failures of the model API as plain values, and the one place where they become errors.

Codes are those of EmpirioLabs' documentation, of BytePlus ModelArk behind it (document 1299023) and of
llama.cpp. The gateway may wrap an upstream code into its own message, so messages are searched for them too.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from enum import Enum, auto
from http import HTTPStatus

from adapters.seed import json_coerce, overflow_errors
from adapters.seed.error_envelopes import error_in, error_of
from adapters.seed.http_library import httpx
from bot.errors import (
    BodyTooLarge,
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
    r"|may contain sensitive information"  # ModelArk's words, where a gateway keeps them and drops the code
    r"|data_?inspection_?failed|guardrail_violation|moderation_blocked|ResponsibleAIPolicyViolation"
    r"|Content Exists Risk|requires moderation|violat\w+ (?:our )?usage (?:policy|guidelines)|considered high risk"
    "|\u654f\u611f\u5185\u5bb9",  # "sensitive content" in Chinese
    re.IGNORECASE,
)
DENIED_CODE = re.compile(
    r"invalid_api_key|missing_api_key|insufficient_(credits|quota)|model_not_found|authentication_?error"
    r"|permission_error|InvalidAccountStatus|AccountOverdueError|\bAccessDenied|OperationDenied|ModelNotOpen"
    r"|InvalidEndpointOrModel|QuotaExceeded|SetLimitExceeded|not_found_error|billing_error|model_decommissioned"
    r"|exceeded_current_quota_error|API_KEY_INVALID|api key not valid|(?:incorrect|invalid) api key"
    r"|credit balance is too low|Arrearage",
    re.IGNORECASE,
)
BUSY_CODE = re.compile(
    r"rate_?limit|model_unavailable|upstream_error|overloaded|InternalServiceError|RequestBurstTooFast"
    r"|InflightBatchsizeExceeded|server_error|api_error|timeout|throttl",
    re.IGNORECASE,
)
INVALID_CODE = re.compile(r"Invalid(Parameter|Argument|Image)|MissingParameter|invalid_request", re.IGNORECASE)
DENIED_WORDS = re.compile(
    r"log.?in (fail|required)|unauthori[sz]ed|authenticat"
    r"|(invalid|incorrect|wrong|missing|expired|no) (api.?)?(key|token)\b"
    r"|balance|credit|quota|billing|arrears|forbidden|not authori[sz]ed|permission"
    r"|model\b.{0,80}\b(not|n't) (exist|found|available|supported)|(no such|unknown) model",
    re.IGNORECASE,
)
BUSY_WORDS = re.compile(
    r"busy|over.?load|time.?out|timed out|try again|retry|unavailable|internal|rate.?limit|too many|capacity|temporar"
    r"|upstream|server error",
    re.IGNORECASE,
)
INVALID_WORDS = re.compile(
    r"invalid|not (supported|permitted|allowed|valid)|unsupported|unrecogni[sz]ed|unknown|missing|required|must be",
    re.IGNORECASE,
)
"""Words of servers that name neither status nor code."""

BURST_CODE = re.compile(r"RequestBurstTooFast|ServerOverloaded|InflightBatchsizeExceeded", re.IGNORECASE)
REQUEST_ID_IN_TEXT = re.compile(r"request id:?\s*([\w.-]{8,80})", re.IGNORECASE)
SECRET = re.compile(
    r"\b(sk|pk|xox[a-z]|xapp)-[\w*.-]+|bearer\s+\S+|(?<=://)[^\s/@]{1,200}@|(?<=[?&])[^\s=&]{0,40}(?:key|token)=[^\s&]+",
    re.IGNORECASE,
)
# Names of fields are shorter than what people write; an apostrophe inside a word is no quotation mark.
QUOTED = re.compile(r"\"[^\"]{25,}\"|(?<!\w)'(?:[^']|(?<=\w)'(?=\w)){25,}'(?!\w)")
HTTP_STATUS = re.compile(r"[45][0-9]{2}")
CODE_CHARACTERS = 80
DETAIL_CHARACTERS = 200
MESSAGE = re.compile(r'"(?:message|msg|detail|error)"\s*:\s*"((?:[^"\\]|\\.){1,2000})')
WORDS_CHARACTERS = 2_000  # of a failure that are looked at for what it means


class ProblemKind(Enum):
    """Meaning of a problem for the request that met it."""

    BUSY = auto()  # the same request may pass later
    DENIED = auto()  # the operator must act
    TOO_LONG = auto()  # in tokens
    TOO_LARGE = auto()  # in bytes
    REFUSED = auto()
    INVALID = auto()
    CUT = auto()  # the answer stopped in the middle


_KINDS = {
    **dict.fromkeys((401, 402, 403, 404, 405, 407), ProblemKind.DENIED),
    **dict.fromkeys((408, 409, 425, 429), ProblemKind.BUSY),
    **dict.fromkeys((501, 505), ProblemKind.INVALID),  # faults of the server that no second try mends
}
"""What a status means that tells more than its hundred."""


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
    sizes: overflow_errors.RequestSizes = overflow_errors.UNTOLD

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
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE or overflow_errors.BODY_TOO_LARGE.search(f"{code} {detail}"):
        return ProblemKind.TOO_LONG if overflow_errors.SPEAKS_OF_TOKENS.search(detail) else ProblemKind.TOO_LARGE
    if status in _KINDS:
        return _KINDS[status]
    if (status or 0) >= 500 or BUSY_CODE.search(code):
        return ProblemKind.BUSY
    is_invalid = (status or 0) >= 400 or INVALID_CODE.search(code)
    return ProblemKind.INVALID if is_invalid else _classify_words(detail[:WORDS_CHARACTERS])


def _classify_words(detail: str) -> ProblemKind:
    """Return what a failure means of which only the words tell; one that tells nothing may pass."""
    if BUSY_WORDS.search(detail):
        return ProblemKind.BUSY
    if DENIED_WORDS.search(detail):
        return ProblemKind.DENIED
    return ProblemKind.INVALID if INVALID_WORDS.search(detail) else ProblemKind.BUSY


def problem_from_error(error: object, *, status: int | None = None, request_id: str | None = None) -> Problem:
    """Return the problem told by an error object of any of the envelopes, or by a bare string."""
    body = error_of(error)
    detail = str(body["message"])
    raw_code = body["code"]
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
        payload = json.loads(body, strict=False)
    except (ValueError, RecursionError):
        payload = _words_in(body)
    problem = problem_from_error(error_in(payload) or payload, status=status, request_id=request_id)
    if not payload:
        problem = replace(problem, what="something between here and the model answered in its place")
    return replace(problem, retry_after=retry_after)


def _words_in(body: bytes) -> str:
    """Return what a body says that is no JSON, or JSON that is cut because it repeats the request; "" for a page."""
    said = body[: 2 * WORDS_CHARACTERS].decode("utf-8", "replace").strip()
    if said[:1] in {"{", "["}:
        told = MESSAGE.search(said)
        return told[1] if told else ""
    return "" if said.startswith("<") else said[:WORDS_CHARACTERS]


UNREACHED = frozenset({httpx.ConnectError.__name__, httpx.ConnectTimeout.__name__})
"""The codes of problems with a server that could not be reached at all."""


def problem_of_connection(error: Exception, limit: float) -> Problem:
    """Return what a failed or silent connection means; names no address, since one may carry a key."""
    match error:
        case httpx.ConnectTimeout() | httpx.ConnectError():
            what = "the model API cannot be reached"
        case TimeoutError() | httpx.ReadTimeout():
            what = f"the model API said nothing for {limit:.3g} seconds"
        case _:
            what = "the connection to the model API broke"
    return Problem(kind=ProblemKind.CUT, what=what, code=type(error).__name__)


ADVICE = {
    401: "check SEED_API_KEY",
    402: "the account has no credits left: top it up",
    403: "the account may not use this model: check SEED_MODEL and the account",
    404: "check SEED_MODEL and SEED_BASE_URL",
    405: "check SEED_BASE_URL",
    407: "the proxy between here and the model asks for a name and a password",
    **dict.fromkeys((301, 302, 307, 308), "if you trust that address, put it into SEED_BASE_URL"),
    429: "the account's quota is used up: raise it or wait for the next period",
}


def to_error(problem: Problem) -> ModelError:
    """Return the error that the rest of the bot sees: status, code and what to do, never a key and never user text."""
    facts = ModelFacts(status=problem.status, code=problem.code or None, request_id=problem.request_id)
    told = _told(problem)
    match problem.kind:
        case ProblemKind.DENIED:
            advice = ADVICE.get(problem.status or 0, "check SEED_API_KEY, SEED_MODEL and the account")
            if problem.status == HTTPStatus.FORBIDDEN and problem.what:
                advice = "a firewall or proxy between here and the model may have refused: check SEED_BASE_URL"
            words = presentable(problem.detail)
            return ModelAccessDenied(
                f"the model API denied access ({told}){': ' if words else ''}{words}; {advice}", **facts
            )
        case ProblemKind.TOO_LONG:
            message = f"the request has more tokens than the model takes ({told})"
            return ContextTooLong(message, **facts, counted=problem.sizes.counted, most=problem.sizes.most)
        case ProblemKind.TOO_LARGE:
            advice = "raise the limit of the server, or of the proxy in front of it (nginx: client_max_body_size)"
            return BodyTooLarge(f"the request has more bytes than the model API takes ({told}); {advice}", **facts)
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
