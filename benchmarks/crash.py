"""The crash harness: real processes are killed at random while people ask, and what people saw is checked.

`python -m benchmarks.crash --mode sqlite|postgres --kills N --workers W --seed S [--json]`. Bots, the Seed emulator
and the recording platform are processes of their own. Deliveries come twice, late and in the wrong order; posts are
under way for up to 3 s, and whoever looks for one finds it up to 1 s late; answers are short and long; Stop is
pressed at random. Every fifth "kill" is a SIGSTOP for up to 6 s instead. Beside that the PostgreSQL server crashes
and stays away for up to 3 s, or the disk under SQLite is full for as long. Bots are forked from a process that has
imported everything, so that a start takes a fraction of a second; that start is part of the recovery times, and so are
outages of the database that fall into them.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
from sqlmodel import col

from benchmarks.crash_bot import NAME, BotOptions, run_bot
from benchmarks.crash_outages import Outages, TestedDatabase, database
from benchmarks.crash_verdict import Kill, Question, Verdict, judge
from storage.database import parse_url
from storage.schema import migration_connection
from storage.tables import TurnRow
from tests.emulators.seed.answers import words
from tests.emulators.seed.server import seed_process

CONVERSATIONS = 40
ORDER_PAUSE_SECONDS = 2.0
START_SECONDS = 30.0
LAST_SECONDS = 90.0
ROOT = Path(__file__).parents[1]
FORK = multiprocessing.get_context("forkserver")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run does; `rest` is the mean of the seconds that a process lives before it may be killed, `outage_rest`
    that of the seconds between two outages of the database, 0 for none.
    """

    mode: str
    kills: int
    workers: int
    seed: int
    rest: float
    outage_rest: float
    questions_per_second: float


# ---------------------------------------------------------------- processes


@asynccontextmanager
async def platform_process(*arguments: str) -> AsyncIterator[str]:
    """Yield the recording platform in a process of its own; its address."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.emulators.platform", *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        yield (await process.stdout.readline()).decode().strip()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


class Fleet:
    """The bot processes: each is started again whenever it ends."""

    def __init__(self, options: BotOptions, size: int) -> None:
        self._options = options
        self._size = size
        self._bots: dict[int, tuple[Any, str, float]] = {}  # by place: process, address, ready since
        self.restarts = 0

    async def run(self) -> None:
        """Keep all of them alive, until cancelled."""
        await asyncio.gather(*(self._keep(place) for place in range(self._size)))

    async def _keep(self, place: int) -> None:
        while True:
            ours, theirs = FORK.Pipe()
            process = FORK.Process(target=run_bot, args=(self._options, theirs), daemon=True)
            await asyncio.to_thread(process.start)
            theirs.close()
            try:
                if await asyncio.to_thread(ours.poll, START_SECONDS):
                    with contextlib.suppress(EOFError):
                        self._bots[place] = (process, ours.recv(), time.time())
                await asyncio.to_thread(process.join)
            except asyncio.CancelledError:
                process.kill()
                raise
            self._bots.pop(place, None)
            self.restarts += 1

    @property
    def addresses(self) -> list[str]:
        """The gateways that are there."""
        return [address for _, address, _ in self._bots.values()]

    @property
    def pids(self) -> list[int]:
        """The processes that are ready."""
        return [process.pid for process, _, _ in self._bots.values()]

    def end(self) -> None:
        """End all processes."""
        for process, _, _ in self._bots.values():
            process.kill()


# ---------------------------------------------------------------- people


class Crowd:
    """People in many conversations, and the platform that brings the bot what they write."""

    def __init__(self, plan: Plan, fleet: Fleet, http: httpx.AsyncClient) -> None:
        self._plan = plan
        self._fleet = fleet
        self._http = http
        self._chance = random.Random(plan.seed)
        self.questions: list[Question] = []
        self._texts: dict[str, str] = {}
        self._deliveries: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Ask, until cancelled."""
        while True:
            await asyncio.sleep(self._chance.expovariate(self._plan.questions_per_second))
            conversation = f"c{self._chance.randrange(CONVERSATIONS)}"
            first = self._ask(conversation)
            if self._chance.random() < 0.15:  # a second question right after it, which is delivered before it
                self._deliver(self._ask(conversation), 0)
                self._deliver(first, self._chance.uniform(0, 1.2))
            else:
                self._deliver(first, 0)
            if self._chance.random() < 0.08:
                self._later(self._stop(conversation))

    async def all_delivered(self) -> None:
        """Wait until every delivery was taken."""
        while self._deliveries:
            await asyncio.wait(tuple(self._deliveries))

    def _ask(self, conversation: str) -> Question:
        number = len(self.questions)
        kind = self._chance.random()
        if kind < 0.5:
            text = expected = f"answer number {number}"
            text = f"echo {text}"
        elif kind < 0.8:
            text, expected = "write 120 words", words(120)
        else:
            text, expected = "write 350 words", words(350)
        question = Question(id=f"q{number}", conversation=conversation, at=time.time(), expected=expected)
        self.questions.append(question)
        self._texts[question.id] = text
        return question

    def _deliver(self, question: Question, delay: float) -> None:
        self._later(self._delivery(question, delay))
        if self._chance.random() < 0.2:
            self._later(self._delivery(question, delay + self._chance.uniform(0, 3)))

    def _later(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._deliveries.add(task)
        task.add_done_callback(self._deliveries.discard)

    async def _delivery(self, question: Question, delay: float) -> None:
        """Deliver as platforms do: again and again until somebody acknowledges."""
        body = {
            "id": question.id,
            "key": {"platform": NAME, "workspace": "w", "channel": "c", "thread": question.conversation},
            "text": self._texts[question.id],
            "at": question.at,
            "overrides": {"max_tokens": "4000"},  # with parameters of their own, questions are answered one by one
        }
        await asyncio.sleep(delay)
        while not await self._post("/deliver", body):  # noqa: ASYNC110 - as a platform tries again
            await asyncio.sleep(self._chance.uniform(0.1, 0.4))
        question.deliveries += 1
        question.acked_at = question.acked_at or time.time()

    async def _stop(self, conversation: str) -> None:
        await asyncio.sleep(self._chance.uniform(0, 5))
        self._expect_stop(conversation)
        await self._post("/stop", {"platform": NAME, "workspace": "w", "channel": "c", "thread": conversation})
        self._expect_stop(conversation)  # of what was asked while it was under way, too

    def _expect_stop(self, conversation: str) -> None:
        for question in self.questions:
            if question.conversation == conversation:
                question.stop_asked = True

    async def _post(self, path: str, body: Any) -> bool:
        addresses = self._fleet.addresses
        if not addresses:
            return False
        try:
            response = await self._http.post(f"{self._chance.choice(addresses)}{path}", json=body)
        except httpx.HTTPError:
            return False
        return response.status_code == 200


class Killer:
    """Ends processes and holds them up."""

    def __init__(self, plan: Plan, fleet: Fleet) -> None:
        self._plan = plan
        self._fleet = fleet
        self._chance = random.Random(plan.seed + 1)
        self.kills: list[Kill] = []

    async def run(self) -> None:
        """Do so as often as planned."""
        while len(self.kills) < self._plan.kills:
            await asyncio.sleep(self._chance.uniform(0.2, 2 * self._plan.rest - 0.2) / self._plan.workers)
            ready = self._fleet.pids
            if self._chance.random() * self._plan.workers >= len(ready):
                continue  # those that are just starting count, or the others would live all the shorter
            pid = self._chance.choice(ready)
            with contextlib.suppress(ProcessLookupError):
                if self._chance.random() < 0.2:
                    await self._hold_up(pid, self._chance.uniform(0.2, 6))
                else:
                    self.kills.append(Kill(at=time.time(), process=str(pid)))
                    os.kill(pid, signal.SIGKILL)

    async def _hold_up(self, pid: int, seconds: float) -> None:
        since = time.time()
        os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(seconds)
        self.kills.append(Kill(at=since, process=str(pid), until=time.time()))
        os.kill(pid, signal.SIGCONT)


# ---------------------------------------------------------------- a run


async def run(plan: Plan, log: str) -> dict[str, Any]:
    """One run; what came of it, by name, and `clean`."""
    FORK.set_forkserver_preload(["benchmarks.crash_bot"])
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="seedling-crash-", ignore_cleanup_errors=True) as folder:
        async with AsyncExitStack() as stack:
            base = await stack.enter_async_context(database(plan.mode, Path(folder)))
            seed = await stack.enter_async_context(
                seed_process("--tokens-per-second", "400", "--first-token-s", "0.1", "--chunk-tokens", "8")
            )
            platform = await stack.enter_async_context(platform_process("--seed", str(plan.seed)))
            http = await stack.enter_async_context(httpx.AsyncClient(timeout=4))
            options = BotOptions(
                database_url=base.url,
                platform_url=platform,
                seed_url=seed,
                order_pause=ORDER_PAUSE_SECONDS,
                pace=0.3,
                log=log,
            )
            verdict, outages = await _disturbed(plan, Fleet(options, plan.workers), http, platform, base)
    return {
        "mode": plan.mode,
        "kills": plan.kills,
        "workers": plan.workers,
        "seed": plan.seed,
        "outages": outages,
        "seconds": round(time.monotonic() - started),
        "clean": verdict.is_clean,
        **verdict.as_json(),
    }


async def _disturbed(
    plan: Plan, fleet: Fleet, http: httpx.AsyncClient, platform: str, base: TestedDatabase
) -> tuple[Verdict, int]:
    """Return what came of it, and how many outages of the database there were."""
    crowd, killer = Crowd(plan, fleet, http), Killer(plan, fleet)
    outages = Outages(base, lambda: fleet.pids, rest=plan.outage_rest, seed=plan.seed + 2)
    tasks = [asyncio.create_task(item.run()) for item in (fleet, crowd, outages)]
    _, asking, failing = tasks

    async def kill() -> None:
        await killer.run()
        outages.end()

    try:
        await asyncio.gather(kill(), failing)
        asking.cancel()
        await crowd.all_delivered()
        accepted = await asyncio.to_thread(_acceptances, base.url)
        for question in crowd.questions:
            question.accepted_at = accepted.get(question.id, 0.0)
        return await _settled(crowd, killer, http, platform), outages.count
    finally:
        fleet.end()
        for task in tasks:
            task.cancel()
        fleet.end()
        await asyncio.gather(*tasks, return_exceptions=True)


def _acceptances(url: str) -> dict[str, float]:
    """Return when each question was stored."""
    with migration_connection(parse_url(url)) as connection:
        rows = connection.execute(sa.select(col(TurnRow.dedupe_key), col(TurnRow.accepted_at)))
        return {id: at.timestamp() for id, at in rows}


async def _settled(crowd: Crowd, killer: Killer, http: httpx.AsyncClient, platform: str) -> Verdict:
    """Return the verdict once everything is answered and second messages are withdrawn, or after the longest time for
    it.
    """
    until = time.monotonic() + LAST_SECONDS
    while True:
        record = (await http.get(f"{platform}/record", timeout=30)).json()
        verdict = judge(crowd.questions, record, killer.kills)
        if not (verdict.lost or verdict.hanging or verdict.double) or time.monotonic() > until:
            return verdict
        await asyncio.sleep(1)


def main() -> int:
    """Print what came of a run; 1 when anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mode", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--workers", type=int, help="processes; 1 on SQLite, by default 3 on PostgreSQL")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rest", type=float, help="mean seconds between two kills of a process: 5 on SQLite, 3 else")
    parser.add_argument("--rate", type=float, help="questions a second: 1 on SQLite, 1.5 else")
    parser.add_argument(
        "--outage-rest", type=float, default=20.0, help="mean seconds between two outages of the database, 0 for none"
    )
    parser.add_argument("--log", default=os.devnull, help="file for the bots' log")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    alone = given.mode == "sqlite"
    workers = 1 if alone else given.workers or 3
    # A process alone must sometimes live longer than a post may be under way, or nothing would ever be posted.
    plan = Plan(
        mode=given.mode,
        kills=given.kills,
        workers=workers,
        seed=given.seed,
        rest=given.rest or (5.0 if alone else 3.0),
        outage_rest=given.outage_rest,
        questions_per_second=given.rate or (1.0 if alone else 1.5),
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that everything that was started is ended
    told = asyncio.run(run(plan, given.log))
    if given.json:
        print(json.dumps(told))
    else:
        for name, value in told.items():
            print(f"{name:16} {round(value, 2) if isinstance(value, float) else value}")
    return 0 if told["clean"] else 1


if __name__ == "__main__":
    sys.exit(main())
