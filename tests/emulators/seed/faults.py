"""Faults: what a robust client must survive (API reference, section 9), each by name.

A fault waits in a queue until a request takes it, `times` times. A fault that replaces the whole reply is taken alone;
all others are combined. `KINDS` tells what each one does.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from tests.emulators.seed.completion import Tweaks
from tests.emulators.seed.errors import ApiError
from tests.emulators.seed.wires.frames import Change, Frame, Style, with_body

Stage = Literal["reply", "answer", "stream", "bytes"]

KINDS: Mapping[str, tuple[Stage, str]] = {
    "http_429": ("reply", "rate limit of the gateway, with the header Retry-After when `retry_after` is given"),
    "burst_429": ("reply", "RequestBurstTooFast of the provider"),
    "http_500": ("reply", "InternalServiceError of the provider"),
    "http_502": ("reply", "upstream_error of the gateway"),
    "http_503": ("reply", "model_unavailable of the gateway"),
    "html_502": ("reply", "a page of HTML from a proxy"),
    "text_504": ("reply", "a line of plain text from a proxy"),
    "string_error": ("reply", "HTTP 500 with a JSON error that is a string"),
    "error_in_200": ("reply", "HTTP 200 whose body is an error, as the only event of a stream"),
    "reset": ("reply", "the connection is closed before any answer"),
    "no_credits": ("reply", "HTTP 402"),
    "cache_400": ("reply", "caching is refused, only for requests with enable_caching"),
    "sensitive_400": ("reply", "SensitiveContentDetected"),
    "context_400": ("reply", "OutofContextError"),
    "length_without_text": ("answer", "thinking eats the whole budget"),
    "content_filter": ("answer", "the filter stops the answer after `after` tokens of text"),
    "media_dropped": ("answer", "media are silently passed over and not counted"),
    "think_tags": ("answer", "the reasoning stands in the text between <think> tags"),
    "think_header": ("answer", "the reasoning stands in the text below a Markdown header, in an assumed form"),
    "cut_before_text": ("stream", "the connection breaks after the reasoning"),
    "cut_after": ("stream", "the connection breaks after `after` chunks of text (`clean`: the body ends properly)"),
    "no_done": ("stream", "the stream ends without its last event"),
    "no_finish": ("stream", "no chunk tells why the answer ended"),
    "error_in_stream": ("stream", "an error object comes after `after` chunks of text"),
    "failed_in_stream": ("stream", "as error_in_stream, on the responses wire by the event response.failed"),
    "silence": ("stream", "nothing comes for `seconds` (0: for ever) after `after` chunks of any kind"),
    "slow": ("stream", "each chunk waits `seconds`"),
    "missing_usage": ("stream", "no usage anywhere"),
    "usage_on_choice": ("stream", "the usage comes with the last choice and not alone"),
    "null_content": ("stream", "content is null in place of an empty string"),
    "null_delta": ("stream", "a chunk whose delta is null comes before the end"),
    "missing_choices": ("stream", "the usage chunk has no choices at all"),
    "repeated_role": ("stream", "each delta repeats the role, in every shape"),
    "tool_fragments": ("stream", "pieces of a tool call without index, id and name come before the text"),
    "unknown_fields": ("stream", "fields and an event that nobody has heard of"),
    "comments": ("bytes", "a comment stands before each event"),
    "crlf": ("bytes", "lines end with CR LF"),
    "cr": ("bytes", "lines end with CR"),
    "no_space": ("bytes", "no space after the colon"),
    "multiline": ("bytes", "JSON is spread over two data lines"),
    "split_bytes": ("bytes", "the network delivers `size` bytes at a time, also inside a character"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault and how often it happens; `times` 0 is always, `path` "" is every endpoint."""

    kind: str
    times: int = 1
    path: str = ""
    after: int = 3
    seconds: float = 0.0
    retry_after: str | None = None
    clean: bool = False
    size: int = 1

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"there is no fault {self.kind!r}; there are: {', '.join(KINDS)}")

    @property
    def stage(self) -> Stage:
        """What it bends: the whole reply, the answer, its stream or its bytes."""
        return KINDS[self.kind][0]


class Cut(Exception):
    """Raised inside a stream of frames where the connection shall break; `clean` ends the body properly."""

    def __init__(self, *, clean: bool) -> None:
        super().__init__("the stream is cut")
        self.clean = clean


@dataclass(slots=True)
class FaultQueue:
    """The faults that wait for requests."""

    _waiting: list[Fault] = field(default_factory=list)

    def add(self, fault: Fault) -> None:
        """Let `fault` happen after those that wait already."""
        self._waiting.append(fault)

    def clear(self) -> None:
        """No more faults."""
        self._waiting.clear()

    @property
    def waiting(self) -> tuple[Fault, ...]:
        """What has not happened yet."""
        return tuple(self._waiting)

    def take(self, path: str, *, caching: bool) -> tuple[Fault, ...]:
        """The faults of one request: the first that replaces its reply, or else all others that wait for it."""
        due = [fault for fault in self._waiting if path.endswith(fault.path)]
        due = [fault for fault in due if caching or fault.kind != "cache_400"]
        replies = [fault for fault in due if fault.stage == "reply"]
        taken = replies[:1] or due
        for fault in taken:
            self._use(fault)
        return tuple(taken)

    def _use(self, fault: Fault) -> None:
        place = next(place for place, item in enumerate(self._waiting) if item is fault)
        if fault.times == 1:
            del self._waiting[place]
        elif fault.times > 1:
            self._waiting[place] = replace(fault, times=fault.times - 1)


def error_of(fault: Fault) -> ApiError | None:
    """The API error that a fault stands for; None when it is none."""
    found = _ERRORS.get(fault.kind)
    if found is None:
        return None
    status, code, kind, message = found
    return ApiError(status, code, message, kind=kind, retry_after=fault.retry_after)


_ERRORS: Mapping[str, tuple[int, str, str, str]] = {
    "http_429": (429, "rate_limit_exceeded", "rate_limit_error", "Rate limit exceeded"),
    "burst_429": (429, "RequestBurstTooFast", "TooManyRequests", "The traffic of this account grows too fast."),
    "http_500": (500, "InternalServiceError", "InternalServerError", "The service met an unexpected internal error."),
    "error_in_200": (500, "InternalServiceError", "InternalServerError", "The service met an internal error."),
    "http_502": (502, "upstream_error", "api_error", "The model provider returned an error"),
    "http_503": (503, "model_unavailable", "api_error", "The worker is temporarily offline, retry shortly"),
    "no_credits": (402, "insufficient_credits", "insufficient_credits_error", "Insufficient credits"),
    "cache_400": (400, "InvalidParameter", "BadRequest", "caching is not supported for this request."),
    "sensitive_400": (
        400,
        "SensitiveContentDetected",
        "BadRequest",
        "The request failed because the input text may contain sensitive information.",
    ),
    "context_400": (
        400,
        "OutofContextError",
        "BadRequest",
        "Total tokens of image and text exceed max message tokens.",
    ),
}


def tweaks_of(faults: tuple[Fault, ...]) -> Tweaks:
    """How `faults` bend the answer."""
    kinds = {fault.kind: fault for fault in faults}
    return Tweaks(
        thinking_eats_all="length_without_text" in kinds,
        filter_after=kinds["content_filter"].after if "content_filter" in kinds else None,
        drop_media="media_dropped" in kinds,
        think_tags="think_tags" in kinds,
        think_header="think_header" in kinds,
    )


def style_of(faults: tuple[Fault, ...]) -> Style:
    """How `faults` bend the lines of the stream."""
    kinds = {fault.kind for fault in faults}
    newline = "\r\n" if "crlf" in kinds else "\r" if "cr" in kinds else "\n"
    return Style(newline=newline, space="no_space" not in kinds, split_data="multiline" in kinds)


def changes_of(faults: tuple[Fault, ...]) -> Iterator[Change]:
    """How `faults` bend the events of the stream."""
    for fault in faults:
        if fault.kind in _CHANGES:
            yield _Bend(fault)


class _Bend:
    """One fault applied to a stream."""

    def __init__(self, fault: Fault) -> None:
        self._fault = fault

    def __call__(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        return _CHANGES[self._fault.kind](frames, self._fault)


def _cut(frames: Iterator[Frame], fault: Fault) -> Iterator[Frame]:
    limit = 0 if fault.kind == "cut_before_text" else fault.after
    for frame, texts in _counted(frames):
        if _is_due(frame, texts, limit):
            raise Cut(clean=fault.clean)
        yield frame


def _counted(frames: Iterator[Frame]) -> Iterator[tuple[Frame, int]]:
    """Each frame and how many with text came before it."""
    texts = 0
    for frame in frames:
        yield frame, texts
        texts += frame.part == "text"


def _no_done(frames: Iterator[Frame], _: Fault) -> Iterator[Frame]:
    return (frame for frame in frames if frame.part != "end")


def _no_finish(frames: Iterator[Frame], _: Fault) -> Iterator[Frame]:
    return (frame for frame in frames if frame.part != "finish")


def _error_in_stream(frames: Iterator[Frame], fault: Fault) -> Iterator[Frame]:
    opening: dict[str, Any] = {}
    for frame, texts in _counted(frames):
        if isinstance(frame.body, dict) and not opening:
            opening = frame.body
        if _is_due(frame, texts, fault.after):
            yield failed_frame(frame, opening) if fault.kind == "failed_in_stream" else error_frame(frame)
            return
        yield frame


def _is_due(frame: Frame, texts: int, after: int) -> bool:
    """Whether `after` chunks of text have passed, or there are no more of them."""
    return frame.part in {"close", "finish"} or (frame.part == "text" and texts >= after)


FAILURE = "The service met an unexpected internal error."


def error_frame(like: Frame) -> Frame:
    """An error event as the wire of the frame `like` writes it."""
    body: dict[str, Any]
    if not like.name:
        body = {"error": {"code": "InternalServiceError", "message": FAILURE, "type": "InternalServerError"}}
        return Frame(part="failure", body=body)
    if like.name.startswith("response."):
        body = {"type": "error", "code": "InternalServiceError", "message": FAILURE, "param": None}
        return Frame(part="failure", name="error", body=body | _sequence(like))
    body = {"type": "error", "error": {"type": "api_error", "message": FAILURE}}
    return Frame(part="failure", name="error", body=body)


def failed_frame(like: Frame, opening: Mapping[str, Any]) -> Frame:
    """The event response.failed, or an error event where a wire has no such thing."""
    if not like.name.startswith("response."):
        return error_frame(like)
    error = {"code": "server_error", "message": FAILURE}
    body = {"type": "response.failed", "response": {**opening["response"], "status": "failed", "error": error}}
    return Frame(part="failure", name="response.failed", body=body | _sequence(like))


def _sequence(like: Frame) -> dict[str, Any]:
    return {"sequence_number": like.body["sequence_number"]} if isinstance(like.body, dict) else {}


def _silence(frames: Iterator[Frame], fault: Fault) -> Iterator[Frame]:
    for place, frame in enumerate(frames):
        yield replace(frame, pause=fault.seconds or math.inf) if place == fault.after else frame


def _slow(frames: Iterator[Frame], fault: Fault) -> Iterator[Frame]:
    return (replace(frame, pause=fault.seconds) for frame in frames)


def _missing_usage(frames: Iterator[Frame], _: Fault) -> Iterator[Frame]:
    for frame in frames:
        if frame.part != "usage":
            yield replace(frame, body=without_usage(frame.body))


def without_usage(body: Any) -> Any:
    """`body` without any field named usage, wherever it stands."""
    if isinstance(body, dict):
        return {name: without_usage(value) for name, value in body.items() if name != "usage"}
    return body


def _usage_on_choice(frames: Iterator[Frame], _: Fault) -> Iterator[Frame]:
    last: Frame | None = None
    for frame in frames:
        if frame.part == "usage" and last is not None and isinstance(frame.body, dict):
            last = with_body(last, usage=frame.body["usage"])
            continue
        if last is not None:
            yield last
        last = frame
    if last is not None:
        yield last


def _deltas(frames: Iterator[Frame], change: Mapping[str, Any], *, only_empty: bool) -> Iterator[Frame]:
    """Frames of a chat stream with fields of each delta replaced, where they are empty or anyhow."""
    for frame in frames:
        choices = frame.body.get("choices") if isinstance(frame.body, dict) else None
        if not choices:
            yield frame
            continue
        delta = choices[0]["delta"]
        fields = {name: value for name, value in change.items() if not only_empty or not delta.get(name)}
        yield with_body(frame, choices=[{**choices[0], "delta": {**delta, **fields}}])


def _null_content(frames: Iterator[Frame], _: Fault) -> Iterator[Frame]:
    return _deltas(frames, {"content": None}, only_empty=True)


def _repeated_role(frames: Iterator[Frame], _: Fault) -> Iterator[Frame]:
    return _deltas(frames, {"role": "assistant"}, only_empty=False)


def _null_delta(frames: Iterator[Frame], _: Fault) -> Iterator[Frame]:
    for frame in frames:
        if frame.part == "finish" and isinstance(frame.body, dict) and frame.body.get("choices"):
            yield with_body(frame, choices=[{"delta": None, "index": 0}])
        yield frame


def _missing_choices(frames: Iterator[Frame], _: Fault) -> Iterator[Frame]:
    for frame in frames:
        if frame.part == "usage" and isinstance(frame.body, dict) and "choices" in frame.body:
            yield replace(frame, body={name: value for name, value in frame.body.items() if name != "choices"})
        else:
            yield frame


def _unknown_fields(frames: Iterator[Frame], _: Fault) -> Iterator[Frame]:
    for place, frame in enumerate(frames):
        if place == 1 and frame.name:
            yield Frame(part="open", name="seed.novelty", body={"type": "seed.novelty", "novel": [1, {"a": None}]})
        yield with_body(frame, moderation_hit_type="", novel={"a": [None]}) if isinstance(frame.body, dict) else frame


def _tool_fragments(frames: Iterator[Frame], _: Fault) -> Iterator[Frame]:
    told = False
    for frame in frames:
        if frame.part == "text" and not told:
            told = True
            yield from tool_frames(frame)
        yield frame


def tool_frames(like: Frame) -> Iterator[Frame]:
    """Pieces of a tool call that name neither it nor their place, as the wire of the frame `like` writes them."""
    arguments = '{"query": 1}'
    if not like.name:
        calls: list[Any] = [[{"function": {"arguments": arguments}}], [{"type": "function", "function": None}], [None]]
        for call in calls:
            yield with_body(like, choices=[{"delta": {"content": "", "tool_calls": call}, "index": 0}])
    elif like.name.startswith("response."):
        body = {"type": "response.function_call_arguments.delta", "delta": arguments, **_sequence(like)}
        yield Frame(part="open", name=body["type"], body=body)
    else:
        body = {"type": "content_block_delta", "delta": {"type": "input_json_delta", "partial_json": arguments}}
        yield Frame(part="open", name=body["type"], body=body)


def _comments(frames: Iterator[Frame], _: Fault) -> Iterator[Frame]:
    return (replace(frame, before="keep-alive") for frame in frames)


_CHANGES = {
    "cut_before_text": _cut,
    "cut_after": _cut,
    "no_done": _no_done,
    "no_finish": _no_finish,
    "error_in_stream": _error_in_stream,
    "failed_in_stream": _error_in_stream,
    "silence": _silence,
    "slow": _slow,
    "missing_usage": _missing_usage,
    "usage_on_choice": _usage_on_choice,
    "null_content": _null_content,
    "null_delta": _null_delta,
    "missing_choices": _missing_choices,
    "repeated_role": _repeated_role,
    "tool_fragments": _tool_fragments,
    "unknown_fields": _unknown_fields,
    "comments": _comments,
}
