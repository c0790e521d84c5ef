"""Health tells machines what is so, and never waits long for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import httpx
import pytest

from adapters.web.health.health_app import health_app
from adapters.web.health.metrics import Metrics, ObservedModel
from adapters.web.health.readiness import REMEMBERED, Readiness
from bot.checks import Check
from bot.errors import ModelUnavailable, StorageUnavailable
from bot.types import ModelRequest, ReasoningDelta, Turn, Usage
from storage.in_memory.store import MemoryStore
from tests.fakes import KEY, FixedRates, ManualClock, ScriptedModel, incoming, words

REQUEST = ModelRequest(system_prompt="", entries=(), parameters={})


class Part:
    """A part of an installation that is as it is told to be."""

    def __init__(self, *checks: Check) -> None:
        self.checks: Sequence[Check] = checks
        self.asked = 0

    async def __call__(self) -> Sequence[Check]:
        self.asked += 1
        return self.checks


async def broken() -> Sequence[Check]:
    raise RuntimeError("a secret")


@pytest.fixture
def store(clock: ManualClock) -> MemoryStore:
    return MemoryStore(clock=clock)


def client(
    readiness: Readiness, store: MemoryStore, clock: ManualClock, metrics: Metrics | None = None
) -> httpx.AsyncClient:
    app = health_app(readiness, metrics or Metrics(version="1", kind="run"), store, clock)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://10.0.0.1:8081")


async def test_a_process_that_answers_is_alive_whatever_is_broken(store: MemoryStore, clock: ManualClock) -> None:
    async with client(Readiness({"x": broken}, clock), store, clock) as http:
        answer = await http.get("/healthz")
        assert (answer.status_code, answer.text) == (200, "ok\n")


async def test_what_is_broken_is_told_with_503_and_its_reason(store: MemoryStore, clock: ManualClock) -> None:
    database = Part(Check(name="database", ok=True, detail="answers"))
    slack = Part(Check(name="Slack", ok=None, detail="not set up"))
    async with client(Readiness({"database": database, "Slack": slack}, clock), store, clock) as http:
        assert (await http.get("/readyz")).status_code == 200
        database.checks = [Check(name="database", ok=False, detail="it is away", fix="start it")]
        assert (await http.get("/readyz")).status_code == 200, "it is remembered for a while"
        assert database.asked == 1
        clock.advance(REMEMBERED.total_seconds())
        answer = await http.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["reasons"] == ["database: it is away"]
    assert answer.json()["checks"][0]["fix"] == "start it"


@pytest.mark.parametrize("hours", [-1, 1])
async def test_what_is_broken_is_told_though_the_clock_is_set(
    store: MemoryStore, clock: ManualClock, hours: float
) -> None:
    part = Part(Check(name="database", ok=True, detail="answers"))
    async with client(Readiness({"database": part}, clock), store, clock) as http:
        assert (await http.get("/readyz")).status_code == 200
        part.checks = [Check(name="database", ok=False, detail="it is away", fix="start it")]
        clock.advance(hours * 3_600)
        assert (await http.get("/readyz")).status_code == 503


async def test_a_question_is_never_open_for_less_than_no_time(store: MemoryStore, clock: ManualClock) -> None:
    await store.enqueue(incoming("why?"))
    clock.advance(-3_600)
    async with client(Readiness({}, clock), store, clock) as http:
        told = (await http.get("/metrics")).text
    (line,) = [line for line in told.splitlines() if line.startswith("seedling_") and "oldest" in line]
    assert float(line.rpartition(" ")[2]) == 0


async def test_a_check_that_breaks_is_a_row_without_its_words(store: MemoryStore, clock: ManualClock) -> None:
    async with client(Readiness({"model": broken}, clock), store, clock) as http:
        answer = await http.get("/readyz")
    assert answer.status_code == 503
    assert "RuntimeError" in answer.text
    assert "secret" not in answer.text


async def test_many_who_ask_at_once_make_one_examination(store: MemoryStore, clock: ManualClock) -> None:
    part = Part(Check(name="x", ok=True, detail=""))
    async with client(Readiness({"x": part}, clock), store, clock) as http:
        await asyncio.gather(*(http.get("/readyz") for _ in range(20)))
    assert part.asked == 1


@pytest.mark.parametrize("path", ["/", "/console", "/sign-in", "/docs", "/healthz/", "/static/x/frame/base.css"])
async def test_nothing_else_is_there(store: MemoryStore, clock: ManualClock, path: str) -> None:
    async with client(Readiness({}, clock), store, clock) as http:
        assert (await http.get(path)).status_code == 404
        assert (await http.post("/healthz")).status_code == 405


def value(text: str, name: str) -> float:
    """One figure as Prometheus reads it."""
    return next(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(f"seedling_{name} "))


async def test_requests_are_counted_with_tokens_cost_and_errors(store: MemoryStore, clock: ManualClock) -> None:
    metrics = Metrics(version="1", kind="run")
    usage = Usage(input=1_000, cached=600, output=50, reasoning=20)
    model = ScriptedModel(
        [ReasoningDelta("hm"), *words("It is so.", usage)], [ModelUnavailable("slow down", status=429)]
    )
    observed = ObservedModel(model, FixedRates(), metrics)
    assert [event async for event in observed.stream(REQUEST)]
    with pytest.raises(ModelUnavailable):
        assert [event async for event in observed.stream(REQUEST)]
    async with client(Readiness({}, clock), store, clock, metrics) as http:
        text = (await http.get("/metrics")).text
    assert value(text, 'model_tokens_total{kind="cached"}') == 600
    assert value(text, 'model_tokens_total{kind="reasoned"}') == 20
    assert value(text, "model_cost_dollars_total") == float(FixedRates().card().cost(usage))
    assert value(text, 'model_requests_total{end="answered"}') == 1
    assert value(text, 'model_errors_total{kind="ModelUnavailable"}') == 1
    assert value(text, "model_rate_limited_total") == 1
    assert value(text, "model_first_byte_seconds_count") == 1


async def test_the_queue_is_read_at_each_look_and_nobody_is_named(store: MemoryStore, clock: ManualClock) -> None:
    metrics = Metrics(version="1", kind="run")
    await store.enqueue(incoming("What is Ada's secret?"))
    clock.advance(90)

    async def run(turn: Turn) -> None:
        raise RuntimeError

    turn = await store.claim(KEY, worker="w")
    assert turn is not None
    with pytest.raises(RuntimeError):
        await metrics.observed(run, clock)(turn)
    async with client(Readiness({}, clock), store, clock, metrics) as http:
        text = (await http.get("/metrics")).text
    assert value(text, 'turns{state="running"}') == 1
    assert value(text, "queue_oldest_seconds") == 90
    assert value(text, "turn_waited_seconds_sum") == 89
    assert value(text, 'turns_run_total{end="raised"}') == 1
    assert value(text, "database_up") == 1
    assert "Ada" not in text
    assert KEY.thread not in text.split()


async def test_without_the_database_there_are_still_metrics(
    store: MemoryStore, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away() -> AsyncIterator[None]:
        raise StorageUnavailable("away")

    monkeypatch.setattr(store, "queue_figures", away)
    async with client(Readiness({}, clock), store, clock) as http:
        answer = await http.get("/metrics")
    assert answer.status_code == 200
    assert value(answer.text, "database_up") == 0
