"""Nothing lost, nothing twice: a small run of the crash harness in each mode."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VOID = 2


@pytest.mark.timeout(400)
@pytest.mark.parametrize("mode", ["sqlite"])
async def test_what_people_see_is_whole_however_often_processes_are_killed(mode: str) -> None:
    """At a pace that leaves room for the tests beside it."""
    given = ("--mode", mode, "--kills", "20", "--seed", "7", "--life", "1.5", "--rate", "1", "--outage-rest", "10")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.crash", *given, "--json", cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    told = json.loads(out)
    if process.returncode == VOID:
        pytest.skip(f"the machine is too busy: {told['void']}")
    wrong = {name: found for name, found in told["verdicts"].items() if found}
    assert wrong == {}
    assert told["violations"] == []
