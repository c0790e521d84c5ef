"""`python -m benchmarks.crash --kills N --seed S --mode sqlite|postgres --platform slack|discord|web`: one run.

The emulators live in this process and survive the kills; the bots are `seedling run` on SQLite, and on PostgreSQL the
processes of the Procfile with two workers. A run says "void" by itself where the machine is so busy that processes live
shorter than they take to start, or wait for a processor nearly always. It tells on standard error how far it is. With
`--json` it prints one line, and `python -m benchmarks.crash.sums FILE...` makes a table of many.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Any

from benchmarks.crash.run import Plan, Result, run

EXAMPLES = 5
LIVES = {"sqlite": 6.0, "postgres": 12.0}


def main() -> int:
    """Print what came of a run; 1 when anything went wrong, 2 when it says nothing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mode", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--platform", choices=("slack", "discord", "web"), default="slack")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--life", type=float, help="mean seconds that a process lives: 6 on SQLite, 12 else")
    parser.add_argument("--rate", type=float, default=0.8, help="how much people do a second")
    parser.add_argument("--outage-rest", type=float, default=45.0, help="mean seconds between two outages, 0 for none")
    parser.add_argument("--calm", type=float, default=0.0, help="seconds before the first kill")
    parser.add_argument(
        "--log", type=Path, default=Path(os.devnull), help="file for what the bots tell; what people saw goes beside it"
    )
    parser.add_argument(
        "--without", action="append", default=[], help="a kind of work to leave out, as the table has it"
    )
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    for server in ("aiohttp.server", "uvicorn.error"):
        logging.getLogger(server).setLevel(logging.CRITICAL + 1)  # requests of processes that are gone
    os.environ["PYTHONWARNINGS"] = "ignore::UserWarning"  # whoever is killed leaves semaphores behind
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that everything that was started is ended
    plan = Plan(
        mode=given.mode,
        platform=given.platform,
        kills=given.kills,
        seed=given.seed,
        life=given.life or LIVES[given.mode],
        rate=given.rate,
        outage_rest=given.outage_rest,
        log=given.log.absolute(),
        calm=given.calm,
        without=tuple(given.without),
    )
    result = asyncio.run(run(plan))
    print(json.dumps(summary(result), default=str) if given.json else table(result))
    return 2 if result.void else 0 if result.is_clean else 1


def summary(result: Result) -> dict[str, Any]:
    """Return a run as one object: what `python -m benchmarks.crash.sums` adds up."""
    plan = result.plan
    return {
        "platform": plan.platform,
        "mode": plan.mode,
        "seed": plan.seed,
        "void": result.void,
        "kills": result.kills,
        "never_ready": result.never_ready,
        "outages": result.outages,
        "questions": result.questions,
        "seconds": round(result.seconds),
        "settling": round(result.settling),
        "start": round(result.start, 1),
        "life": round(result.life, 1),
        "counts": result.counts,
        "verdicts": result.verdicts,
        "books": result.books.to_json(),
        "violations": result.violations,
    }


def table(result: Result) -> str:
    """Return a run as lines: what was done, and each verdict with some examples, and the sums of the books."""
    plan = result.plan
    lines = [
        f"{plan.platform}, {plan.mode}, seed {plan.seed}: {result.kills} kills, {result.outages} outages, "
        f"{result.questions} questions in {result.seconds:.0f} s, the last {result.settling:.0f} s undisturbed",
        f"processes took {result.start:.1f} s to start and lived for {result.life:.1f} s",
        ", ".join(f"{name} {count}" for name, count in sorted(result.counts.items())),
    ]
    lines += [f"not ready in time: {result.never_ready} processes"] if result.never_ready else []
    lines += [f"ended by themselves, by exit code: {result.exits}"] if result.exits else []
    if result.void:
        return "\n".join([*lines, f"void: {result.void}"])
    for name, wrong in {**result.verdicts, "violations": result.violations}.items():
        lines.append(f"{name:18} {len(wrong)}")
        lines += [f"    {example}" for example in wrong[:EXAMPLES]]
    return "\n".join([*lines, str(result.books)])


if __name__ == "__main__":
    sys.exit(main())
