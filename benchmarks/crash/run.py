"""One run: emulators in this process, bots in theirs, people, kills; and what came of it."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import sqlalchemy as sa

from benchmarks.crash.books import Books
from benchmarks.crash.discord_people import DiscordTown
from benchmarks.crash.fleet import Fleet
from benchmarks.crash.history import Charge, History, Request, Stored, told
from benchmarks.crash.killer import Killer
from benchmarks.crash.outages import Outages, TestedDatabase, database
from benchmarks.crash.people import Crowd, Notes, Town
from benchmarks.crash.slack_people import SlackTown
from benchmarks.crash.stored import is_quiet, open_turns, read_books, read_stored
from benchmarks.crash.verdicts import judge
from benchmarks.crash.web_people import WebTown
from benchmarks.unhurried import lift_pace
from bot.app.clock import utc_now
from bot.parameters import Scope
from bot.ports import Store
from storage import migrate, open_store
from tests.emulators.discord import Options as DiscordOptions
from tests.emulators.discord import running_discord
from tests.emulators.seed.options import API_KEY
from tests.emulators.seed.options import Options as SeedOptions
from tests.emulators.seed.server import RunningSeed, running_seed
from tests.emulators.slack import Options as SlackOptions
from tests.emulators.slack import running_slack

LAST_SECONDS = 240.0
"""How long everything may take to be answered after the last kill."""

BEGIN_SECONDS = 60.0
MODEL_FAULTS = ("http_503", "http_500", "http_429", "reset", "cut_after", "text_504")
FOREVER = 10_000
REDELIVERED_SECONDS = 5.0
"""Slack delivers again at once, after a minute and after five; here it goes on, so that nothing is lost for good, and
not so often that what a busy machine is late with comes ever more often."""

LATE_SECONDS = 1.0
MOST_STARVED = 0.95
"""The share of the time for which a process waits for a processor while it wants one; with more a bot answers so late
that people, and Slack, come again and again."""

FIRST_PORT, PORTS = 20_000, 6_000
TOLD_SECONDS = 30.0
LONGEST_REDELIVERY_SECONDS = 60.0
LOOK_SECONDS = 0.1
PRESET = {"channel_context": "0", "context": "economy"}
"""Questions come without what others asked in the channel, which the emulated model would answer as well; and little is
sent of a conversation, so that there is something to trim and to condense."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Plan of a run; `life` is the mean of the seconds that a process lives, `rate` how much people do a second,
    `outage_rest` the mean of the seconds between two outages of the database, 0 for none; `calm` are the seconds before
    the first kill, and `without` is left out of it.
    """

    mode: str
    platform: str
    kills: int
    seed: int
    life: float
    rate: float
    outage_rest: float
    log: Path
    calm: float = 0.0
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Result of a run; `void` says why there is no verdict, "" where there is one.

    A process took `start` seconds to be ready, and lived for `life` where it was killed.
    """

    plan: Plan
    verdicts: Mapping[str, Sequence[str]]
    books: Books
    violations: Sequence[str]
    counts: Mapping[str, int]
    questions: int
    kills: int
    never_ready: int
    outages: int
    restarts: int
    exits: Mapping[str, int]
    start: float
    life: float
    seconds: float
    settling: float
    void: str = ""

    @property
    def is_clean(self) -> bool:
        """Return whether nothing went wrong."""
        return not any(self.verdicts.values()) and not self.violations


async def run(plan: Plan) -> Result:
    """One run from start to end."""
    with tempfile.TemporaryDirectory(prefix="seedling-crash-", ignore_cleanup_errors=True) as name:
        async with AsyncExitStack() as stack:
            base = await stack.enter_async_context(database(plan.mode, Path(name)))
            options = SeedOptions(first_token_s=0.2, tokens_per_second=400, chunk_tokens=8, keep_requests=FOREVER)
            seed = await stack.enter_async_context(running_seed(options))
            notes = Notes(plan.seed)
            town = await stack.enter_async_context(open_town(plan.platform, notes))
            await migrate(base.url)
            async with open_store(base.url, clock=utc_now) as store:
                for workspace in town.workspaces:
                    await prepare(store, workspace)
            surroundings = {
                "PORT": "0",
                **town.surroundings,
                "DATABASE_URL": base.url,
                "SEED_BASE_URL": seed.url,
                "SEED_API_KEY": API_KEY,
                "SEED_REQUESTS_PER_MINUTE": str(FOREVER),
                "SECRET_KEY": "a secret for one run",
            }
            fleet = Fleet(processes(plan), surroundings, folder=Path(name), log=plan.log, ready=ready_words(plan, town))
            return await Run(plan, base, seed, town, notes, fleet).result()


async def prepare(store: Store, workspace: str) -> None:
    """Set what holds in a workspace before people come."""
    await lift_pace(store, workspace)  # few people ask much here
    for name, value in PRESET.items():
        await store.put_setting(Scope(kind="workspace", key=workspace), name, value)
    await store.put_role(workspace, "digest", "everyone")  # nobody administers the playground here


def processes(plan: Plan) -> Sequence[str]:
    """Return the commands of the processes, as the Procfile has them, with two workers."""
    if plan.mode == "sqlite":
        return ("run",)
    return ("web", *([] if plan.platform == "web" else [plan.platform]), "worker", "worker")


def ready_words(plan: Plan, town: Town) -> str:
    """Return what a process says when it is ready."""
    return town.ready if plan.mode == "sqlite" else "ready"


def lasting_port() -> int:
    """Return a port that nobody takes while the bot is down: below those that the kernel gives to clients."""
    for port in range(FIRST_PORT + os.getpid() % PORTS, FIRST_PORT + 2 * PORTS):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise RuntimeError("no port is free")


@asynccontextmanager
async def open_town(platform: str, notes: Notes) -> AsyncIterator[Town]:
    """Yield people on a platform that the harness itself serves, so that it outlives every bot."""
    if platform == "slack":
        options = SlackOptions(
            redeliver_after_s=REDELIVERED_SECONDS,
            redeliver_longest_s=LONGEST_REDELIVERY_SECONDS,
            redeliveries=FOREVER,
            history_lag_s=0.5,
            keep_requests=1_000,
        )
        async with running_slack(options) as slack:
            yield SlackTown(slack, notes)
    elif platform == "web":
        yield WebTown(lasting_port(), notes)
    else:
        async with running_discord(DiscordOptions(identify_interval_s=1.0, keep_requests=1_000)) as discord:
            yield DiscordTown(discord, notes)


class Run:
    """The parts of a run."""

    def __init__(
        self, plan: Plan, base: TestedDatabase, seed: RunningSeed, town: Town, notes: Notes, fleet: Fleet
    ) -> None:
        self._plan = plan
        self._base = base
        self._seed = seed
        self._town = town
        self._notes = notes
        self._fleet = fleet
        self._crowd = Crowd(town, notes, per_second=plan.rate, without=plan.without)
        self._killer = Killer(fleet, kills=plan.kills, life=plan.life, seed=plan.seed + 1)
        self._outages = Outages(base, lambda: fleet.pids, rest=plan.outage_rest, seed=plan.seed + 2)
        self._waiting: Sequence[str] = ()
        self._starvation = Starvation()
        self._delays: list[float] = []

    async def result(self) -> Result:
        """Let everything happen, and say what came of it."""
        started = time.monotonic()
        keeping = asyncio.create_task(self._fleet.run(), name="fleet")
        watching = [asyncio.create_task(each) for each in (self._watch_delays(), self._tell(started))]
        try:
            async with asyncio.timeout(BEGIN_SECONDS):
                await self._fleet.all_ready()
                await self._town.begin()
            await self._disturbed()
            disturbed = time.monotonic()
            self._starvation.begin_end()
            await self._settled()
            void = self._void()
            settling = time.monotonic() - disturbed
        finally:
            for task in watching:
                task.cancel()
            await self._town.close()
            await self._fleet.end(keeping)
        history = await self._history()
        start, life = self._fleet.figures()
        if self._plan.log != Path(os.devnull):
            self._plan.log.with_suffix(".seen").write_text("\n".join(told(history)))
            self._plan.log.with_suffix(".stored").write_text("\n".join(history.stored.texts))
        return Result(
            plan=self._plan,
            verdicts=judge(history),
            books=await asyncio.to_thread(read_books, self._base.url, billed=self._billed()),
            violations=[*self._town.violations(), *self._crowd.broken],
            counts=dict(self._notes.counts),
            questions=len(self._notes.asked),
            kills=len(self._killer.kills),
            never_ready=self._killer.never_ready,
            outages=self._outages.count,
            restarts=len(self._fleet.past),
            exits=dict(self._fleet.exits),
            start=start,
            life=life,
            seconds=time.monotonic() - started,
            settling=settling,
            void=void,
        )

    async def _disturbed(self) -> None:
        """People act while processes are ended, until all kills are done and people have finished."""
        crowd = asyncio.create_task(self._crowd.run(), name="crowd")
        outages = asyncio.create_task(self._outages.run(), name="outages")
        model = asyncio.create_task(self._fail_now_and_then(), name="failing model")
        try:
            await asyncio.sleep(self._plan.calm)
            await self._killer.run()
            self._outages.end()
            await outages
        finally:
            for task in (crowd, outages, model):
                task.cancel()
            await asyncio.gather(crowd, outages, model, return_exceptions=True)
        self._seed.faults.clear()
        self._waiting = await self._crowd.done(LAST_SECONDS)

    async def _fail_now_and_then(self) -> None:
        chance = random.Random(self._plan.seed + 3)
        while True:
            await asyncio.sleep(chance.uniform(5, 25))
            self._seed.fault(chance.choice(MODEL_FAULTS), times=chance.randint(1, 2))

    def _void(self) -> str:
        """Return why the run says nothing: the machine is too busy to start processes while they live."""
        start, life = self._fleet.figures()
        if life < start:
            return f"processes live for {life:.1f} s and take {start:.1f} s to start"
        late = sorted(self._delays)[int(len(self._delays) * 0.95)] if self._delays else 0.0
        if late > LATE_SECONDS:
            return f"the platforms themselves answer {late:.1f} s late"
        starved = self._starvation.share()
        return f"a processor is waited for {starved:.0%} of the time" if starved > MOST_STARVED else ""

    async def _tell(self, started: float) -> None:
        """Tell on standard error how far the run is, now and then, until cancelled."""
        while True:
            await asyncio.sleep(TOLD_SECONDS)
            with suppress(sa.exc.SQLAlchemyError):  # the database may be away
                left = await asyncio.to_thread(open_turns, self._base.url)
                print(
                    f"{time.monotonic() - started:.0f} s: {len(self._killer.kills)} of {self._plan.kills} kills, "
                    f"{self._outages.count} outages, {len(self._notes.asked)} questions, {left} turns open, "
                    f"{self._crowd.busy} people wait, a processor is waited for {self._starvation.share():.0%}",
                    file=sys.stderr,
                    flush=True,
                )

    async def _watch_delays(self) -> None:
        """Note how late this program is, in which the platforms run, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            before = loop.time()
            await asyncio.sleep(LOOK_SECONDS)
            self._delays.append(loop.time() - before - LOOK_SECONDS)

    async def _settled(self) -> None:
        """Wait until nothing is left to do, or until the longest time for it has passed."""
        until = time.monotonic() + LAST_SECONDS
        quiet = 0
        while quiet < 3 and time.monotonic() < until:  # what a new message asks for is stored a moment later
            await asyncio.sleep(1)
            try:
                async with asyncio.timeout(max(0.1, until - time.monotonic())):
                    await asyncio.sleep(self._notes.quiet_from - time.time())
                    await self._town.settled()
            except TimeoutError:
                return
            quiet = quiet + 1 if await asyncio.to_thread(is_quiet, self._base.url) else 0

    def _billed(self) -> Decimal:
        return self._seed.options.balance - self._seed.account.balance

    async def _history(self) -> History:
        stored = await asyncio.to_thread(read_stored, self._base.url)
        self._town.finish(stored)
        return History(
            asked=self._notes.asked,
            shown=self._town.shown(),
            pressed=self._notes.pressed,
            settings=self._notes.settings,
            scheduled=self._notes.scheduled,
            due=digests_due(self._notes.due, stored),
            digests=self._notes.digests,
            requests=requests_of(self._seed),
            stored=stored,
            left=[
                *self._waiting,
                *self._town.left(),
                *([f"{stored.open_turns} turns are still open"] if stored.open_turns else []),
            ],
            killed=[kill.at for kill in self._killer.kills],
            resumed=[kill.until for kill in self._killer.kills if kill.until is not None],
            ended_at=time.time(),
        )


class Starvation:
    """Time that this program, in which the platforms run, waits for a processor: in all of a run, and at its end.

    From /proc/self/schedstat: nanoseconds that it ran, and that it could have run and did not.
    """

    def __init__(self) -> None:
        self._begin = self._end = _scheduled()

    def begin_end(self) -> None:
        """Let the end of the run begin, which counts for itself."""
        self._end = _scheduled()

    def share(self) -> float:
        """Return the larger share of the two."""
        now = _scheduled()
        spans = [(now[0] - since[0], now[1] - since[1]) for since in (self._begin, self._end)]
        return max(waited / (ran + waited) if ran + waited else 0.0 for ran, waited in spans)


def _scheduled() -> tuple[int, int]:
    ran, waited, _ = Path("/proc/self/schedstat").read_text().split()
    return int(ran), int(waited)


def digests_due(due: Mapping[str, float], stored: Stored) -> Mapping[str, int]:
    """Return how many digests each place is owed: none where the command was carried out too late for it."""
    return {place: int(stored.told_until.get(place, float("inf")) <= at) for place, at in due.items()}


def requests_of(seed: RunningSeed) -> Sequence[Request]:
    """Return what was asked of the model, and what it billed."""
    return [
        Request(
            at=record.at.timestamp(),
            messages=[(message.role, message.text) for message in record.ask.messages],
            charge=Charge(input=record.usage.input, cached=record.usage.cached, output=record.usage.output)
            if record.usage
            else None,
            whole=record.finished,
        )
        for record in seed.requests
        if record.ask is not None
    ]
