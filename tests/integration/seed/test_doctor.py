"""The doctor's rows against the emulator: all well, and what it finds when something is wrong."""

from __future__ import annotations

import pytest

from adapters.seed import open_rates
from adapters.seed.doctor import Check, examine
from adapters.seed.wires import WIRES
from adapters.seed.wires.parameters import WireName
from tests.emulators.seed.faults import Fault
from tests.emulators.seed.options import Options
from tests.emulators.seed.server import RunningSeed, running_seed
from tests.integration.seed.test_emulator import opened

ROWS = ["key", "model", "wire", "price", "first token", "streaming", "usage", "cache", "image input", "web search"]


async def rows(emulator: RunningSeed, wire: WireName = "chat") -> list[Check]:
    async with opened(wire, emulator) as model, open_rates(model, every=3_600) as rates:
        return [check async for check in examine(model, rates)]


@pytest.mark.parametrize("wire", [pytest.param(name, id=name) for name in WIRES])
async def test_all_is_well_on_every_wire(wire: WireName) -> None:
    async with running_seed() as emulator:
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
