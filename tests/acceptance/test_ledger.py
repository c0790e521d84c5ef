"""The ledger equals the provider's bill, also of processes that are killed in the middle of an answer."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

from tests.acceptance.test_ending_early import SECONDS, SLOW, closed, end_of, rows, to
from tests.emulators.seed import running_seed
from tests.processes import seedling

QUESTION = "Write 20000 words. " + "The garden has a pond, and a path around it. " * 300
KILLS = (20, 600, 1_500)  # after so many characters


async def test_what_was_killed_in_mid_stream_is_in_the_ledger_as_the_provider_bills_it(tmp_path: Path) -> None:
    async with running_seed(SLOW) as seed:
        for number, characters in enumerate(KILLS):
            thread = f"killed-{number}"
            async with seedling("ask", "--thread", thread, QUESTION, folder=tmp_path, **to(seed)) as process:
                assert process.stdout is not None
                await asyncio.wait_for(process.stdout.readexactly(characters), SECONDS)
                process.kill()
            await closed(seed)
        async with seedling("ask", "--thread", "last", "Hello", folder=tmp_path, **to(seed)) as process:
            assert (await end_of(process))[0] == 0
        billed = [event for event in seed.account.events if event.cost]
    lines = rows(tmp_path, "SELECT settled_at IS NOT NULL, estimated, input, output, cost FROM ledger ORDER BY id")
    assert [tuple(line[:2]) for line in lines] == [*[(1, 1)] * len(KILLS), (1, 0)]
    assert lines[-1][2:4] == (billed[-1].usage.input, billed[-1].usage.output)
    ours = sum((Decimal(line[4]) for line in lines), Decimal(0))
    theirs = sum((event.cost for event in billed), Decimal(0))
    assert abs(ours - theirs) < Decimal("0.15") * theirs, (lines, billed)
