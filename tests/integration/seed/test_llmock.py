"""The verdict of llmock, a server that breaks itself on purpose and judges how its clients take it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from adapters.seed import Retries, SeedOptions, Timeouts, open_seed
from adapters.seed.protocols import WIRES
from adapters.seed.protocols.wire_parameters import WireName
from bot.errors import ModelError, ModelRejected, StreamCut
from bot.types import Entry, Finished, ModelRequest

llmock = pytest.importorskip("llmock", reason="llmock is not installed")
scenarios = pytest.importorskip("llmock.scenarios")
testing = pytest.importorskip("llmock.testing")
verdict = pytest.importorskip("llmock.verdict")

pytestmark = pytest.mark.slow  # it asks for real waits

# llmock takes a try for a new call when it has not yet seen the end of the one before: the waits leave it the time.
QUICK = SeedOptions(retries=Retries(first=0.5), timeouts=Timeouts(idle=1, first_byte=1, linger=0.1))


@pytest.fixture
def server() -> Iterator[Any]:
    with testing.LLMockServer() as running:
        yield running


def fault(kind: str, **details: Any) -> Any:
    """A stream that breaks after `after_chunks` events."""
    return scenarios.StreamFault(kind, **details)


MENDED: dict[str, Any] = {
    "429-with-retry-after": lambda: scenarios.Fail(429, retry_after=0.3),
    "429": lambda: scenarios.Fail(429, times=2),
    "500": lambda: scenarios.Fail(500, times=3),
    "503": lambda: scenarios.Fail(503),
    "529": lambda: scenarios.Fail(529),
    "dropped": lambda: fault("disconnect", after_chunks=0),
    "truncated": lambda: fault("truncate", after_chunks=0),
    "malformed": lambda: fault("malformed", after_chunks=0),
    "stalled": lambda: fault("stall", after_chunks=0, stall_seconds=2.5),
}


@pytest.mark.parametrize("wire", [pytest.param(name, id=name) for name in WIRES])
async def test_llmock_finds_nothing_to_say(server: Any, wire: WireName) -> None:
    base = server.base_url("anthropic") + "/v1" if wire == "messages" else server.base_url("openai")
    async with open_seed(base_url=base, api_key="k", model="gpt-4o", wire=wire, options=QUICK) as model:
        for name, make in MENDED.items():
            server.state.scenarios.add(make())
            events = [event async for event in model.stream(ask(name))]
            assert isinstance(events[-1], Finished)
        for status in (400, 401, 403, 404, 422):
            server.state.scenarios.add(scenarios.Fail(status))
            with pytest.raises(ModelRejected):
                assert [event async for event in model.stream(ask(str(status)))]
        server.state.scenarios.add(scenarios.Fail(503, times=4))
        with pytest.raises(ModelError):
            assert [event async for event in model.stream(ask("given up"))]
    told = verdict.judge(server.state.journal.records())
    assert told.faults >= len(MENDED) + 5
    told.assert_ok(strict=True)


async def test_a_cut_after_visible_text_is_not_taken_for_an_answer(server: Any) -> None:
    server.state.scenarios.add(scenarios.Reply(text="one two three four five six"))
    server.state.scenarios.add(fault("truncate", after_chunks=4))
    async with open_seed(base_url=server.base_url("openai"), api_key="k", model="gpt-4o", options=QUICK) as model:
        with pytest.raises(StreamCut):
            assert [event async for event in model.stream(ask("cut"))]


def ask(text: str) -> ModelRequest:
    """A question unlike all others, so that its retries can be told from them."""
    entry = Entry(role="user", text=text)
    return ModelRequest(system_prompt="h", entries=(entry,), parameters={"max_tokens": 200})
