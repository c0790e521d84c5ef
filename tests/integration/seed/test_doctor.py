"""The doctor's rows against the emulator: all well, and what it finds when something is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.seed import open_rates
from adapters.seed.doctor import examine
from adapters.seed.protocols import WIRES
from adapters.seed.protocols.wire_parameters import WireName
from bot.checks import Check
from tests.emulators.seed.faults import Fault
from tests.emulators.seed.options import Options
from tests.emulators.seed.server import RunningSeed, running_seed
from tests.integration.seed.test_emulator import opened

ROWS = [
    "server", "price", "account", "key", "model", "wire", "first token", "streaming", "usage", "cache", "image input",
    "web search", "sound",
]  # fmt: skip


async def rows(emulator: RunningSeed, wire: WireName = "chat", **options: Any) -> list[Check]:
    async with opened(wire, emulator) as model, open_rates(model, every=None) as rates:
        return [check async for check in examine(model, rates, **options)]


@pytest.mark.parametrize("wire", [pytest.param(name, id=name) for name in WIRES])
async def test_all_is_well_on_every_wire(wire: WireName) -> None:
    async with running_seed(Options(sound="transcriptions")) as emulator:
        checks = await rows(emulator, wire)
    assert [check.name for check in checks] == ROWS
    assert [check.name for check in checks if not check.ok] == []


@pytest.mark.parametrize(
    ("options", "fault", "wrong"),
    [
        pytest.param(Options(pricing="none"), None, {"price": None}, id="no-prices"),
        pytest.param(Options(cache_block_tokens=100_000), None, {"cache": False}, id="no-cache"),
        pytest.param(Options(), "media_dropped", {"image input": False}, id="pictures-passed-over"),
        pytest.param(Options(), "missing_usage", {"usage": False, "cache": None}, id="usage-missing"),
    ],
)
async def test_what_is_wrong_is_named(options: Options, fault: str | None, wrong: dict[str, bool | None]) -> None:
    async with running_seed(options) as emulator:
        if fault is not None:
            emulator.faults.add(Fault(kind=fault, times=0))
        checks = await rows(emulator)
    found = {check.name: check.ok for check in checks if not check.ok}
    assert found.items() >= wrong.items()
    assert all(check.fix for check in checks if check.ok is False)


async def test_each_check_ends_with_its_time_and_says_so() -> None:
    async with running_seed() as emulator:
        emulator.faults.add(Fault(kind="silence", times=0))
        checks = await rows(emulator, seconds=0.3)
    assert checks[-1] == Check(name="answer", ok=False, detail="none came within 0.3 s", fix=checks[-1].fix)
    assert [check.name for check in checks] == ["server", "price", "account", "answer"]
    assert "--seconds" in checks[-1].fix


async def test_a_later_check_that_hangs_leaves_the_others_whole() -> None:
    checks: dict[str, Check] = {}
    async with (
        running_seed(Options(sound="model")) as emulator,
        opened("chat", emulator) as model,
        open_rates(model, every=None) as rates,
    ):
        async for check in examine(model, rates, seconds=2):
            checks[check.name] = check
            if check.name == "usage":
                emulator.faults.add(Fault(kind="silence"))
    assert checks["cache"].detail == "stopped after 2 s without an answer"
    assert [name for name, check in checks.items() if not check.ok] == ["cache"]


async def test_of_the_embedded_model_nothing_is_asked_that_it_has_not() -> None:
    async with running_seed() as emulator:
        checks = await rows(emulator, is_local=True)
        asked = [request.body for request in emulator.requests]
    assert {check.name: check.ok for check in checks if check.ok is None} == dict.fromkeys(
        ("price", "account", "image input", "web search", "sound")
    )
    assert "key" not in {check.name for check in checks}
    assert all(check.detail for check in checks)
    assert len(asked) == 3
    assert {item["max_tokens"] for item in asked} == {40}
