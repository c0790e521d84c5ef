"""Count what a process does, for Prometheus. Labels are names of ours, never words or ids of people."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from time import monotonic
from typing import Any, Final, Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import generate_latest

from bot.errors import ModelError, StorageError
from bot.ports import Clock, Model, Rates
from bot.types import ModelEvent, ModelRequest, QueueFigures, ReasoningDelta, TextDelta, Turn, UsageReported

READ_SECONDS: Final = 3.0
TOO_MANY_REQUESTS: Final = 429
_SECONDS: Final = (0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300, 900)


class QueueSource(Protocol):
    """Source of the figures of the queue."""

    async def queue_figures(self) -> QueueFigures: ...


class Metrics:
    """The counters of one process; what all processes share is read from the database at each look."""

    def __init__(self, *, version: str, kind: str) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        made: dict[str, Any] = {"registry": self.registry, "namespace": "seedling"}
        self._info = Gauge("process", "What this process is.", ["version", "kind"], **made)
        self._info.labels(version, kind).set(1)
        self.turns = Counter("turns_run", "Turns that this process has run, by how it left them.", ["end"], **made)
        self.turn_seconds = Histogram("turn_seconds", "From the claim of a turn to its end.", buckets=_SECONDS, **made)
        self.waited = Histogram(
            "turn_waited_seconds", "From the question to the claim of its turn.", buckets=_SECONDS, **made
        )
        self.requests = Counter("model_requests", "Requests to the model, by how they ended.", ["end"], **made)
        self.first_byte = Histogram(
            "model_first_byte_seconds", "To the first word of an answer, of reasoning too.", buckets=_SECONDS, **made
        )
        self.first_text = Histogram(
            "model_first_text_seconds", "To the first word of the text.", buckets=_SECONDS, **made
        )
        self.request_seconds = Histogram("model_request_seconds", "To the end of a request.", buckets=_SECONDS, **made)
        self.tokens = Counter("model_tokens", "Tokens that the provider counted.", ["kind"], **made)
        self.cost = Counter("model_cost_dollars", "US dollars at the prices in force.", **made)
        self.errors = Counter("model_errors", "Failures of the model, by kind.", ["kind"], **made)
        self.limited = Counter("model_rate_limited", "Answers 429 of the provider that ended a request.", **made)
        self._queue = Gauge("turns", "Questions in the database, by state.", ["state"], **made)
        self._oldest = Gauge("queue_oldest_seconds", "Age of the oldest question that has no answer yet.", **made)
        self._database = Gauge("database_up", "Whether the database answered at the last look.", **made)

    async def text(self, source: QueueSource, clock: Clock) -> bytes:
        """Return everything as Prometheus reads it."""
        try:
            async with asyncio.timeout(READ_SECONDS):
                figures = await source.queue_figures()
        except (StorageError, TimeoutError):
            self._database.set(0)
        else:
            self._database.set(1)
            for state in ("queued", "running", "done", "failed", "cancelled", "retried", "recovered"):
                self._queue.labels(state).set(getattr(figures, state))
            oldest = figures.oldest_accepted_at
            self._oldest.set(0 if oldest is None else max(0.0, (clock() - oldest).total_seconds()))
        return await asyncio.to_thread(generate_latest, self.registry)  # which reads files of the system

    def observed(self, run_turn: Callable[[Turn], Awaitable[None]], clock: Clock) -> Callable[[Turn], Awaitable[None]]:
        """Return what runs turns as `run_turn` does, and is counted."""

        async def run(turn: Turn) -> None:
            self.waited.observe(max(0.0, (clock() - turn.incoming.sent_at).total_seconds()))
            began, end = monotonic(), "raised"
            try:
                await run_turn(turn)
                end = "ran"
            finally:
                self.turns.labels(end).inc()
                self.turn_seconds.observe(monotonic() - began)

        return run


class ObservedModel:
    """A `Model` whose requests are counted."""

    def __init__(self, model: Model, rates: Rates, metrics: Metrics) -> None:
        self._model = model
        self._rates = rates
        self._metrics = metrics

    @property
    def name(self) -> str:
        """Return the model's name."""
        return self._model.name

    @property
    def context_tokens(self) -> int:
        """Return how many tokens a request and its answer may have together."""
        return self._model.context_tokens

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """As `Model.stream`."""
        metrics, began, end = self._metrics, monotonic(), "stopped"
        heard: set[str] = set()
        try:
            async with aclosing(self._model.stream(request)) as events:
                async for event in events:
                    self._note(event, heard, monotonic() - began)
                    yield event
            end = "answered"
        except ModelError as error:
            end = "failed"
            metrics.errors.labels(type(error).__name__).inc()
            if error.status == TOO_MANY_REQUESTS:
                metrics.limited.inc()
            raise
        finally:
            metrics.requests.labels(end).inc()
            metrics.request_seconds.observe(monotonic() - began)

    def _note(self, event: ModelEvent, heard: set[str], seconds: float) -> None:
        metrics = self._metrics
        match event:
            case TextDelta() | ReasoningDelta():
                if "byte" not in heard:
                    metrics.first_byte.observe(seconds)
                if isinstance(event, TextDelta) and "text" not in heard:
                    metrics.first_text.observe(seconds)
                heard |= {"byte", "text"} if isinstance(event, TextDelta) else {"byte"}
            case UsageReported(usage):
                kinds = {
                    "read": usage.input - usage.cached,
                    "cached": usage.cached,
                    "reasoned": usage.reasoning,
                    "written": usage.output - usage.reasoning,
                }
                for kind, count in kinds.items():
                    metrics.tokens.labels(kind).inc(max(0, count))
                metrics.cost.inc(max(0.0, float(self._rates.card().cost(usage))))
