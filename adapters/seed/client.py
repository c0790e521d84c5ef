"""Client of the Seed API, as a `Model`: it asks, decodes, retries where that is safe, and raises model errors only."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Any

from adapters.seed.api_errors import Problem, ProblemError, ProblemKind
from adapters.seed.client_options import SeedOptions
from adapters.seed.context_size import ContextSize
from adapters.seed.http import SeedHttp, open_http
from adapters.seed.http_library import httpx
from adapters.seed.protocols import WIRES, Wire, read_event
from adapters.seed.protocols.response import ResponseState
from adapters.seed.protocols.wire_parameters import Dialect, WireName
from adapters.seed.request_limits import RequestLimiter, Ticket
from adapters.seed.retry_policy import (
    AttemptState,
    RetryContext,
    after,
    begin,
    bill_of,
    longest_answer,
    told_beforehand,
)
from adapters.seed.server_habits import PLAIN_HABITS
from adapters.seed.sse import EventParser, EventTooLarge
from bot.context.view import RESERVED_AT_MOST
from bot.types import ModelEvent, ModelRequest, NoteFound, QueuePlace, RequestSent

CACHE_MIN_TOKENS = 1_024  # upstream's block size: shorter prefixes are never cached
QUEUE_SECONDS = 5.0  # after which who waits is told their place, and again after as many
CACHE_PAUSE_SECONDS = 600.0  # after the server refused to cache
NO_SEARCH_NOTE = (
    "This was answered without the web: the server of this model does not search. "
    "Web search needs the Seed endpoint (SEED_API_KEY)."
)
ARK_HOST = re.compile(r"(^|\.)(volces|bytepluses|volcengineapi|byteplusapi)\.com$", re.IGNORECASE)
SEED_FAMILY = re.compile(r"(^|[/_-])(doubao|seed)-", re.IGNORECASE)


class SeedModel:
    """A model behind the Seed API or any OpenAI-compatible server.

    `http`, `limits` and `options` are shared with what else talks to the same account: rates, account and doctor.
    `dialect` tells how the parameters are sent.
    """

    def __init__(self, http: SeedHttp, *, model: str, wire: Wire, limits: RequestLimiter, options: SeedOptions) -> None:
        self.http = http
        self._name = model
        self._wire = wire
        self.limits = limits
        self.options = options
        self.dialect: Dialect = options.dialect or dialect_of(http.base_url, model)
        self.context = ContextSize(options.context_tokens)
        self._longest_answer = options.longest_answer
        self._no_cache_until = 0.0
        self._habits = PLAIN_HABITS

    @property
    def name(self) -> str:
        """The model's name at the server."""
        return self._name

    @property
    def carries_sound(self) -> bool:
        """Return whether the protocol has a place for sound."""
        return self._wire.carries_sound

    @property
    def context_tokens(self) -> int:
        """Return how many tokens a request and its answer may have together."""
        return self.context.tokens

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """As the port says; tries again only while nothing of the answer is visible."""
        around = self.options.surroundings
        for event in self._told_beforehand(request):
            yield event
        course = self._with_caching_decided(begin(self._bounded(request), self._habits))
        deadline: float | None = None
        while True:
            ticket = self.limits.queue(course.tokens, request.asker)
            try:
                async for place in self._queued(ticket):
                    yield place
                deadline = deadline or around.monotonic() + self.options.timeouts.total  # waiting does not count
                answer = ResponseState(seen=course.seen, opens_reasoning=self._habits.opens_reasoning)
                async with aclosing(self._tried(course, answer, deadline)) as events:
                    async for event in events:
                        yield event
            finally:
                self.limits.leave(ticket)
            step = after(course, answer, self._terms(deadline))
            self._learn(course, answer, step.course)
            for event in step.events:
                yield event
            if step.error is not None:
                raise step.error
            if step.course is None:
                return
            course = step.course
            if step.delay:
                await around.sleep(step.delay)

    async def _queued(self, ticket: Ticket) -> AsyncIterator[QueuePlace]:
        """Yield how many are before a request, now and then until its turn has come."""
        while not await ticket.wait(QUEUE_SECONDS):
            yield QueuePlace(self.limits.ahead(ticket))

    async def _tried(
        self, course: AttemptState, answer: ResponseState, deadline: float
    ) -> AsyncGenerator[ModelEvent, None]:
        """One try as the port tells it: that it is sent, what came of it, and what it is billed."""
        yield RequestSent(tokens=course.tokens, most=longest_answer(course.request))
        async with aclosing(self._ask(course, answer, deadline)) as batches:
            async for batch in batches:
                for event in batch:
                    yield event
        yield bill_of(course, answer)

    async def _ask(
        self, course: AttemptState, answer: ResponseState, deadline: float
    ) -> AsyncGenerator[list[ModelEvent], None]:
        """One try: what each piece of the stream brought. How it ended stands in `answer`; raises nothing."""
        wire, parser, monotonic = self._wire, EventParser(), self.options.surroundings.monotonic
        timeouts = self.options.timeouts
        content = encode(course.habits.apply(wire.build_body(course.request, self._name, self.dialect)))
        try:
            async with self.http.open(wire.path, content, wire.headers, deadline - monotonic()) as body:
                answer.request_id, answer.has_begun = body.request_id, True
                idle = timeouts.idle
                while piece := await body.read(min(idle, deadline - monotonic())):
                    for event in parser.feed(piece):
                        read_event(wire, answer, event)
                    if answer.events:
                        yield answer.take()
                    if answer.problem is not None:
                        break
                    if answer.is_ending:
                        idle = timeouts.linger
            for event in parser.end():
                read_event(wire, answer, event)
        except ProblemError as trouble:
            late = monotonic() >= deadline
            what = f"the answer took longer than {timeouts.total:g} seconds" if late else trouble.problem.what
            answer.fail(replace(trouble.problem, what=what))
        except EventTooLarge:
            answer.fail(Problem(kind=ProblemKind.CUT, what="the model API sent an event without an end"))
        answer.close()
        if answer.events:
            yield answer.take()

    def _told_beforehand(self, request: ModelRequest) -> list[ModelEvent]:
        """Return what people are told of a request that asks for more than this server does."""
        searches = self.dialect != "gateway" and request.parameters.get("enable_web_search") is True
        return [*([NoteFound(NO_SEARCH_NOTE)] if searches else []), *told_beforehand(request, self._habits)]

    def _bounded(self, request: ModelRequest) -> ModelRequest:
        """Return the request with no more room for the answer than this model is given, or a small server has beside
        it.
        """
        longest, asked = self._longest_answer, request.parameters.get("max_tokens")
        if isinstance(asked, int):
            longest = min(longest or asked, int(self.context_tokens * RESERVED_AT_MOST))
        if longest is None or (isinstance(asked, int) and asked <= longest):
            return request
        room = None if request.room is None else min(request.room, longest)
        return replace(request, parameters={**request.parameters, "max_tokens": longest}, room=room)

    def _with_caching_decided(self, course: AttemptState) -> AttemptState:
        """Ask for caching only where it can work: a prefix long enough, and no recent refusal."""
        parameters = course.request.parameters
        if parameters.get("enable_caching") is not True:
            return course
        refused = self.options.surroundings.monotonic() < self._no_cache_until
        if not refused and course.tokens >= CACHE_MIN_TOKENS:
            return course
        request = replace(course.request, parameters={**parameters, "enable_caching": False})
        return replace(course, request=request)

    def _terms(self, deadline: float) -> RetryContext:
        around = self.options.surroundings
        return RetryContext(
            retries=self.options.retries,
            context_tokens=self.context_tokens,
            chance=around.chance(),
            seconds_left=deadline - around.monotonic(),
            seconds_spent=self.options.timeouts.total - (deadline - around.monotonic()),
        )

    def _learn(self, course: AttemptState, answer: ResponseState, following: AttemptState | None) -> None:
        """Let what this try showed change how later requests are sent."""
        problem = answer.problem
        self.limits.follow(self.http.account_limits)
        if answer.usage is not None:
            self.limits.add_tokens(answer.usage.input + answer.usage.output - course.tokens)
        if problem is not None and (problem.is_burst or (problem.status, problem.kind) == (429, ProblemKind.BUSY)):
            self.limits.slow_down()
        if problem is not None and problem.status == 429 and problem.retry_after:
            self.limits.pause(min(problem.retry_after, self.options.retries.patience))
        if problem is not None:
            self.context.refuse(problem.sizes.most)
        habits = self._habits if following is None else following.habits
        self._habits = replace(habits, opens_reasoning=answer.opens_reasoning)
        refused = frozenset() if following is None else following.dropped - course.dropped
        if "enable_caching" in refused:
            self._no_cache_until = self.options.surroundings.monotonic() + CACHE_PAUSE_SECONDS
        if following is not None and "max_tokens" in refused:
            self._longest_answer = int(str(following.request.parameters["max_tokens"]))


@asynccontextmanager
async def open_seed(
    *,
    base_url: str,
    api_key: str | None,
    model: str,
    wire: WireName = "chat",
    options: SeedOptions | None = None,
) -> AsyncIterator[SeedModel]:
    """Yield a model ready to be asked, over one pool of connections for its whole life. Raises
    `ConfigError`.

    `base_url` ends in the version (".../v1"); a bare host means version 1. `api_key` None sends no key.
    """
    options = options or SeedOptions()
    around = options.surroundings
    limits = RequestLimiter(options.pace, monotonic=around.monotonic, sleep=around.sleep)
    async with open_http(base_url, api_key, options) as http:
        yield SeedModel(http, model=model, wire=WIRES[wire], limits=limits, options=options)


def dialect_of(base_url: str, model: str) -> Dialect:
    """Return how a server wants the parameters: its host tells, and where it cannot, the family of the model."""
    if ARK_HOST.search(httpx.URL(base_url).host):
        return "ark"
    return "gateway" if SEED_FAMILY.search(model) else "plain"


def encode(body: dict[str, Any]) -> bytes:
    """Return the bytes to send: the same for the same body; halves of surrogate pairs become question marks."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
