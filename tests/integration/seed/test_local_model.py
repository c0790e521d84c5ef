"""The client against a real model behind llama.cpp, which knows nothing of Seed."""

from __future__ import annotations

import pytest

from adapters.local import LocalServer
from adapters.seed import SeedOptions, open_seed
from adapters.seed.protocols import WIRES
from adapters.seed.protocols.wire_parameters import WireName
from bot.types import Entry, Finish, Finished, ModelRequest, ParameterValue, TextDelta, UsageReported

pytestmark = pytest.mark.local_model

ALL: dict[str, ParameterValue] = {
    "max_tokens": 24,
    "frequency_penalty": 0.5,
    "stop": ("NEVER",),
    "enable_thinking": True,
    "reasoning_effort": "medium",
    "enable_caching": True,
    "image_detail": "high",
}


@pytest.mark.parametrize("dialect", ["gateway", "plain"])
@pytest.mark.parametrize("wire", [pytest.param(name, id=name) for name in WIRES])
async def test_a_real_model_answers_on_every_wire(local_model: LocalServer, wire: WireName, dialect: str) -> None:
    options = SeedOptions(dialect=dialect, context_tokens=local_model.context_tokens)  # type: ignore[arg-type]  # one of the two
    entries = (Entry(role="user", text="Name a colour."), Entry(role="assistant", text="Blue."))
    question = ModelRequest(
        system_prompt="You are brief.", entries=(*entries, Entry(role="user", text="Another one?")), parameters=ALL
    )
    async with open_seed(
        base_url=local_model.base_url, api_key=None, model=local_model.model_name, wire=wire, options=options
    ) as model:
        events = [event async for event in model.stream(question)]
        again = [event async for event in model.stream(question)]
    assert any(isinstance(event, TextDelta) and event.text for event in events)
    assert isinstance(events[-1], Finished)
    assert events[-1].reason in {Finish.STOP, Finish.LENGTH}
    usage = next(event.usage for event in events if isinstance(event, UsageReported))
    assert not usage.estimated
    assert usage.input > 20
    assert 0 < usage.output <= 24
    cached = next(event.usage.cached for event in again if isinstance(event, UsageReported))
    assert 0 < cached <= usage.input
