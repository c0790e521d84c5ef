"""Decide what to do after each attempt at one question. Pure, so that every path can be tested without a network."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass, field, replace

from adapters.seed.api_errors import UNREACHED, Problem, ProblemKind, presentable, to_error
from adapters.seed.client_options import Retries
from adapters.seed.estimate import estimated_usage, media_seem_dropped, request_tokens
from adapters.seed.overflow_errors import TEXT_CHARACTERS
from adapters.seed.protocols.response import ResponseState
from adapters.seed.protocols.sources import sources_in_text
from adapters.seed.protocols.wire_parameters import OPTIONAL_PARAMETERS
from adapters.seed.server_habits import OPTIONAL_FIELDS, PLAIN_HABITS, ServerHabits, is_unknown
from bot.context.tokens import below
from bot.errors import ModelError, ModelUnavailable, Refused, StreamCut
from bot.parameters import PARAMETERS
from bot.types import (
    Finish,
    Finished,
    ModelEvent,
    ModelRequest,
    NoteFound,
    ReasoningDelta,
    RequestNotBilled,
    SourceFound,
    UsageReported,
)

MORE_ROOM = 16_384  # the reference's second max_tokens after reasoning used up the first
LONGEST_ANSWER = int(PARAMETERS["max_tokens"].high or 0)

MAX_TOKENS = re.compile(r"\bmax_(?:output_|completion_|new_)?tokens\b")
TOO_MANY = re.compile(
    r"above|at most|exceed|larg|less than|<=|\u2264|maximum|range|should be \[|between", re.IGNORECASE
)
NO_MEDIA = re.compile(
    r"(?:not|n't) support\w* .{0,30}(?:image|vision|audio|video|multi-?modal)"
    r"|(?:images?|image_url|vision|audio|videos?|multi-?modal)\b(?: \w+){0,3} (?:is|are) "
    r"(?:not|only) (?:supported|available|allowed)"
    r"|not a (?:multi-?modal|vision) model|endpoints found that support \w+ input|`image_url`, expected `text`"
    r"|content must be a string|missing data required for image input|at most 0 (?:image|video|audio)",
    re.IGNORECASE,
)
"""Refusals of models that read text alone: vLLM, llama.cpp, Ollama, OpenRouter, DeepSeek, Groq and gateways."""

MEDIA = "media"  # beside the names of parameters, in what a request was sent without
CAMEL = re.compile(r"(?<=[a-z])[A-Z](?=[a-z])")
STOP = r"[`'\"]stop[`'\"]|: stop\W*$"  # the word by itself stands in many complaints
PENALTY = re.compile(r"\bpenalty is not (?:enabled|supported)", re.IGNORECASE)  # Gemini's, of either
CHECKED_AGAIN = frozenset({"enable_caching"})  # of what a server refused: tried again after a while
BODY_FIELDS = OPTIONAL_FIELDS | {"max_tokens"}
LEAST_ANSWER = 16  # smaller numbers in a complaint are no bound of an answer

MORE_ROOM_NOTE = "Reasoning used up all of max_tokens, so it was asked once more with more room; both are counted."
NO_ROOM_NOTE = "Reasoning used up all of max_tokens. Raise max_tokens or lower reasoning_effort."
NO_SOURCES_NOTE = "The web was searched, but no sources were reported."
NO_MEDIA_NOTE = "The model in use does not take the attached pictures or files, so it was asked without them."
DROPPED_MEDIA_NOTE = "The model seems not to have looked at the attached files: it counted too few tokens for them."


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptState:
    """One question over all of its tries.

    `tokens` is the estimate of the request; `seen` the addresses of sources already told; `habits` how the server wants
    its bodies; the rest says what has been tried.
    """

    request: ModelRequest
    tokens: int
    failures: int = 0
    widened: bool = False
    was_empty: bool = False
    dropped: frozenset[str] = frozenset()
    seen: frozenset[str] = frozenset()
    habits: ServerHabits = PLAIN_HABITS


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryContext:
    """Context of a decision besides the question: rules, chance (0 to 1), seconds that are left and that are spent."""

    retries: Retries
    context_tokens: int
    chance: float
    seconds_left: float
    seconds_spent: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryDecision:
    """Next step: `events` first; then `error`, or another try as `course` after `delay` seconds, or the end."""

    events: Sequence[ModelEvent] = field(default=())
    error: ModelError | None = None
    course: AttemptState | None = None
    delay: float = 0.0


def begin(request: ModelRequest, habits: ServerHabits = PLAIN_HABITS) -> AttemptState:
    """Return a question that has not been asked yet, without the parameters that this server does not know."""
    without = _unknown_parameters(request, habits)
    if without:
        parameters = {name: value for name, value in request.parameters.items() if name not in without}
        request = replace(request, parameters=parameters)
    return AttemptState(request=request, tokens=request_tokens(request), habits=habits, dropped=without)


def told_beforehand(request: ModelRequest, habits: ServerHabits) -> list[ModelEvent]:
    """Return the notice of the values that somebody set and this server does not take."""
    without = _unknown_parameters(request, habits)
    return _told_without({name for name in without if request.parameters[name] != PARAMETERS[name].default})


def _unknown_parameters(request: ModelRequest, habits: ServerHabits) -> frozenset[str]:
    given = request.parameters
    return frozenset(name for name in habits.left_out & given.keys() if given[name] not in {None, False})


def bill_of(course: AttemptState, answer: ResponseState) -> UsageReported | RequestNotBilled:
    """Return what one try that has ended as `answer` is billed: what was counted, else an estimate.

    Errors in the place of an answer cost nothing; what had begun to be answered does, however it ended.
    """
    usage = answer.usage
    if usage is not None and answer.has_text and not usage.output:  # a text of no tokens: the server did not count it
        written = estimated_usage(course.tokens, answer)
        return UsageReported(replace(usage, output=written.output, reasoning=written.reasoning, estimated=True))
    if usage is not None:
        return UsageReported(usage)
    was_told = answer.problem is not None and answer.problem.kind is not ProblemKind.CUT
    if answer.has_said_anything or (answer.has_begun and not was_told):
        return UsageReported(estimated_usage(course.tokens, answer))
    return RequestNotBilled()


def after(course: AttemptState, answer: ResponseState, terms: RetryContext) -> RetryDecision:
    """Return what to do now that one try has ended as `answer`."""
    if answer.problem is None:
        return _after_finish(course, answer, terms)
    if answer.has_text:
        return _after_cut(course, answer, answer.problem)
    return _after_failure(course, answer, answer.problem, terms)


# ---------------------------------------------------------------- the server said that it was finished


def _after_finish(course: AttemptState, answer: ResponseState, terms: RetryContext) -> RetryDecision:
    if answer.has_text:
        return RetryDecision(events=_ending(course, answer, answer.finish or Finish.STOP))
    if answer.finish is Finish.FILTERED:
        return RetryDecision(error=Refused("a safety filter stopped the answer"))
    if answer.finish is Finish.LENGTH:
        return _after_no_room(course, answer, terms)
    if not course.was_empty:
        return RetryDecision(course=_again(course, answer, was_empty=True), events=_between(answer))
    error = ModelUnavailable("the model gave an empty answer; try again later", request_id=answer.request_id)
    return RetryDecision(error=error)


def longest_answer(request: ModelRequest) -> int:
    """Return the most tokens that the answer to a request can have."""
    asked = request.parameters.get("max_tokens")
    return asked if isinstance(asked, int) else LONGEST_ANSWER


def _after_no_room(course: AttemptState, answer: ResponseState, terms: RetryContext) -> RetryDecision:
    """Reasoning took all the tokens: once with more of them, where the request has room for that, or without it."""
    parameters, had = dict(course.request.parameters), longest_answer(course.request)
    left = below(terms.context_tokens - course.tokens)
    room = min(max(MORE_ROOM, 4 * had), LONGEST_ANSWER, left, course.request.room or had)
    if room > had:
        parameters["max_tokens"] = room
    elif parameters.get("enable_thinking", True) is not False:
        parameters["enable_thinking"] = False
    if course.widened or parameters == course.request.parameters:
        return RetryDecision(events=[NoteFound(NO_ROOM_NOTE), *_ending(course, answer, Finish.LENGTH)])
    request = replace(course.request, parameters=parameters)
    return RetryDecision(
        events=[*_between(answer), NoteFound(MORE_ROOM_NOTE)],
        course=_again(course, answer, request=request, widened=True),
    )


def _ending(course: AttemptState, answer: ResponseState, finish: Finish) -> list[ModelEvent]:
    events: list[ModelEvent] = []
    if answer.usage is not None and media_seem_dropped(course.request, answer.usage):
        events.append(NoteFound(DROPPED_MEDIA_NOTE))
    wanted = course.request.parameters.get("enable_web_search") is True
    if (answer.searched or wanted) and not answer.seen:
        named = sources_in_text(answer.text)
        events += [SourceFound(source) for source in named]
        if not named and (answer.searched or (answer.usage is not None and answer.usage.tools)):
            events.append(NoteFound(NO_SOURCES_NOTE))
    return [*events, Finished(finish)]


# ---------------------------------------------------------------- something failed


def _after_cut(course: AttemptState, answer: ResponseState, problem: Problem) -> RetryDecision:
    """Text is visible, so there is no second try: a blind one would say it twice."""
    if problem.kind is ProblemKind.REFUSED:
        return RetryDecision(events=_ending(course, answer, Finish.FILTERED))
    what = problem.what or "the model API stopped in the middle of the answer"
    error = StreamCut(
        f"{what} ({presentable(problem.code) or 'cut'}); the text so far was kept",
        status=problem.status,
        code=problem.code or None,
        request_id=problem.request_id or answer.request_id,
    )
    return RetryDecision(error=error)


def _after_failure(course: AttemptState, answer: ResponseState, problem: Problem, terms: RetryContext) -> RetryDecision:
    if problem.request_id is None:
        problem = replace(problem, request_id=answer.request_id)
    if MEDIA not in course.dropped and NO_MEDIA.search(problem.detail[:TEXT_CHARACTERS]):
        text_alone = tuple(replace(entry, media=()) for entry in course.request.entries)
        if text_alone != course.request.entries:
            request = replace(course.request, entries=text_alone)
            dropped = course.dropped | {MEDIA}
            following = _again(course, answer, request=request, tokens=request_tokens(request), dropped=dropped)
            return RetryDecision(events=[NoteFound(NO_MEDIA_NOTE)], course=following)
    if problem.kind is ProblemKind.INVALID or course.habits.after(problem, ()).alternates != course.habits.alternates:
        return _after_invalid(course, answer, problem)
    delay = _delay(course.failures, problem, terms)
    if problem.kind not in {ProblemKind.BUSY, ProblemKind.CUT} or delay is None:
        return RetryDecision(error=to_error(problem))
    return RetryDecision(
        events=_between(answer), course=_again(course, answer, failures=course.failures + 1), delay=delay
    )


def _after_invalid(course: AttemptState, answer: ResponseState, problem: Problem) -> RetryDecision:
    """Return an optional parameter that the server does not take is left out, once each; `max_tokens` is
    made smaller.
    """
    fewer = fewer_tokens(problem, course.request)
    if fewer and "max_tokens" not in course.dropped:
        request = replace(course.request, parameters={**course.request.parameters, "max_tokens": fewer})
        return RetryDecision(course=_again(course, answer, request=request, dropped=course.dropped | {"max_tokens"}))
    habits = course.habits.after(problem, {*BODY_FIELDS, *course.request.parameters})
    if habits != course.habits:
        return RetryDecision(course=_again(course, answer, habits=habits))
    names = objected_parameters(problem, course.request) - course.dropped
    if not names:
        return RetryDecision(error=to_error(problem))
    parameters = {name: value for name, value in course.request.parameters.items() if name not in names}
    request = replace(course.request, parameters=parameters)
    known = replace(habits, left_out=habits.left_out | (names - CHECKED_AGAIN)) if is_unknown(problem) else habits
    return RetryDecision(
        events=_told_without(names),
        course=_again(course, answer, request=request, dropped=course.dropped | names, habits=known),
    )


def _told_without(names: Set[str]) -> list[ModelEvent]:
    """Return the notice of the parameters that a request was sent without."""
    told = sorted(names - {"enable_caching"})  # caching changes the price and not the answer
    return [NoteFound(f"The model does not accept {' and '.join(told)} here, so it was asked without.")] if told else []


def fewer_tokens(problem: Problem, request: ModelRequest) -> int | None:
    """Return a `max_tokens` that the server may take where it complains that there are too many, else None.

    Servers bound the answer by itself: "expected a value <= 4096, but got 8192 instead", "should be [1, 8192]".
    """
    asked = request.parameters.get("max_tokens")
    complaint = f"{problem.param} {problem.detail[:TEXT_CHARACTERS]}"
    if not isinstance(asked, int) or not MAX_TOKENS.search(complaint) or not TOO_MANY.search(complaint):
        return None
    named = [int(match) for match in re.findall(r"\d{1,9}", problem.detail[:TEXT_CHARACTERS])]
    return max((item for item in named if LEAST_ANSWER <= item < asked), default=asked // 2) or None


def objected_parameters(problem: Problem, request: ModelRequest) -> frozenset[str]:
    """Return the optional parameters of `request` that the server's complaint is about."""
    complaint = f"{problem.code} {problem.detail}".replace("reasoning.effort", "reasoning_effort")  # litellm's name
    complaint = CAMEL.sub(lambda capital: f"_{capital[0].lower()}", complaint)  # xAI's "presencePenalty"
    names = {
        name
        for name in OPTIONAL_PARAMETERS
        if problem.param == name or re.search(STOP if name == "stop" else rf"\b{name}\b", complaint)
    }
    if PENALTY.search(complaint):
        names |= {"frequency_penalty", "presence_penalty"}
    if re.search(r"cach", f"{complaint} {problem.param}", re.IGNORECASE):
        names.add("enable_caching")
    return frozenset(name for name in names if request.parameters.get(name) not in {None, False})


def _delay(failures: int, problem: Problem, terms: RetryContext) -> float | None:
    """Seconds until the next try; None when there must be none."""
    is_away = problem.code in UNREACHED and terms.seconds_spent >= terms.retries.reach
    if failures + 1 >= terms.retries.tries or is_away:
        return None
    own = min(terms.retries.first * 2.0**failures, terms.retries.longest)
    delay = max(problem.retry_after or 0.0, own) + own * 0.25 * terms.chance
    if (problem.retry_after or 0.0) > terms.retries.patience or delay >= terms.seconds_left:
        return None
    return delay


# ---------------------------------------------------------------- between tries


def _again(course: AttemptState, answer: ResponseState, **changes: object) -> AttemptState:
    return replace(course, seen=course.seen | answer.seen, **changes)  # type: ignore[arg-type]  # field names


def _between(answer: ResponseState) -> list[ModelEvent]:
    """Return what keeps the reasoning of two tries apart."""
    return [ReasoningDelta("\n\n")] if answer.reasoning else []
