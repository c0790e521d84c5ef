"""What people do on a platform, written down as they do it; what all platforms share."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, Protocol

from benchmarks.crash.history import Asked, Press, Pressed, Setting, Shown, Stored
from bot.summary.digests import TICK_SECONDS
from tests.emulators.seed.answers import called

LENGTHS = (20, 20, 60, 120, 350)  # words
LATEST_SECONDS = 3.0
"""How long a post may be under way, and how much later a delivery may come for the second time."""

ACQUAINTED = 40
"""After so many questions people begin to want digests, for whose time the run waits at its end."""

AWAY_SECONDS = 20
NEWS_SECONDS = 8
"""How far away a digest is at least, and how long before it something is said in its channel: so late that a command
which an ended process left was carried out, and so early that it arrives in time."""

NEWS = "The harbour opens at nine."

MOST_BUSY = 24
"""People who wait for something at once; no more come, or a bot that is slow for a while is never done again."""

Doing = Callable[[], Awaitable[None]]


class Notes:
    """Acts of people so far. `chance` decides; every question has a name, and a secret word that nothing repeats."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.asked: list[Asked] = []
        self.pressed: list[Pressed] = []
        self.settings: list[Setting] = []
        self.scheduled: dict[str, int] = {}
        self.due: dict[str, float] = {}  # when the digest of a place comes, where there is something to tell
        self.quiet_from = 0.0
        self.digests: dict[str, int] = {}
        self.counts: dict[str, int] = {}

    def question(self, place: str, *, is_command: bool = False) -> tuple[Asked, str]:
        """Return the next question for a place, and its text."""
        name = f"q{len(self.asked)}"
        count = self.chance.choice(LENGTHS)
        asked = Asked(
            name=name,
            place=place,
            at=time.time(),
            expected=[called(name, count).partition(": ")[2]],
            secret=f"sesame{len(self.asked)}x",
            is_command=is_command,
        )
        self.asked.append(asked)
        return asked, f"call {name}, {count} words ({asked.secret})"

    def press(self, kind: Press, place: str) -> None:
        """Note that somebody presses a button."""
        self.pressed.append(Pressed(kind=kind, place=place, at=time.time()))

    def digest_at(self, zone: tzinfo) -> datetime | None:
        """Return when the next digest may be due, None before people want any."""
        if len(self.asked) < ACQUAINTED:
            return None
        later = time.time() + 60 + AWAY_SECONDS
        due = datetime.fromtimestamp(later - later % 60, zone)
        self.quiet_from = due.timestamp() + TICK_SECONDS + 5  # each process looks for them now and then
        return due

    async def say_news(self, place: str, due: datetime, say: Callable[[str], Awaitable[object]]) -> None:
        """Say in a place what its digest will tell of; one that nobody knows to be in time may not come."""
        await asyncio.sleep(due.timestamp() - NEWS_SECONDS - time.time())
        await say(NEWS)
        if time.time() < due.timestamp():
            self.due[place] = due.timestamp()

    def set(self, place: str, value: str, *, at: float, taken_at: float | None) -> None:
        """Note what became of a value that somebody set."""
        self.settings = [item for item in self.settings if item.value != value]
        self.settings.append(Setting(place=place, value=value, at=at, taken_at=taken_at))

    def next_value(self, place: str) -> tuple[str, float]:
        """Return a value that nobody has set yet, and when somebody begins to set it in a place."""
        at, value = time.time(), str(1 + max((int(item.value) for item in self.settings), default=0))
        self.set(place, value, at=at, taken_at=None)
        return value, at

    def in_place(self, place: str) -> Sequence[Asked]:
        """Return the questions of a place."""
        return [asked for asked in self.asked if asked.place == place]


class Town(Protocol):
    """People on one platform, with the emulator that they use."""

    @property
    def surroundings(self) -> Mapping[str, str]:
        """The settings of a bot that joins it."""
        ...

    @property
    def workspaces(self) -> Sequence[str]:
        """The keys of the workspaces in which people ask, "platform/workspace"."""
        ...

    @property
    def ready(self) -> str:
        """What a process says once it listens there."""
        ...

    @property
    def doings(self) -> Mapping[str, tuple[float, Doing]]:
        """What people may do, by name, with how often they do it."""
        ...

    async def begin(self) -> None:
        """Set what has to be set before people come."""
        ...

    async def settled(self) -> None:
        """Wait until everything that people did has reached the bot, or they were told that it has not."""
        ...

    def finish(self, stored: Stored) -> None:
        """Note when each question was stored and acknowledged, once all has settled."""
        ...

    def shown(self) -> Sequence[Shown]:
        """All that people saw of the bot."""
        ...

    def left(self) -> Sequence[str]:
        """Return what still looks like work beside messages."""
        ...

    async def close(self) -> None:
        """Let everybody go home."""
        ...

    def violations(self) -> Sequence[str]:
        """Return what the platform would never have taken."""
        ...


class Crowd:
    """People who do what the town lets them, but for what is named in `without`, at random moments.

    `broken` is what ended in an error, of the harness or of its emulators: that is no verdict, and ends no run.
    """

    def __init__(self, town: Town, notes: Notes, *, per_second: float, without: Collection[str] = ()) -> None:
        self._town = town
        self._without = without
        self._notes = notes
        self._per_second = per_second
        self._tasks: set[asyncio.Task[Any]] = set()
        self.broken: list[str] = []

    async def run(self) -> None:
        """Do one thing after the other, until cancelled."""
        chance, doings = self._notes.chance, self._town.doings
        names = [name for name in doings if name not in self._without]
        weights = [doings[name][0] for name in names]
        while True:
            await asyncio.sleep(chance.expovariate(self._per_second))
            if len(self._tasks) >= MOST_BUSY:
                continue
            name = chance.choices(names, weights)[0]
            self._notes.counts[name] = self._notes.counts.get(name, 0) + 1
            task: asyncio.Task[Any] = asyncio.create_task(doings[name][1](), name=name)  # type: ignore[arg-type]
            self._tasks.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.broken.append(f"somebody who wanted a {task.get_name()} could not go on: {error!r}")

    @property
    def busy(self) -> int:
        """Return how many people wait for what they have begun."""
        return len(self._tasks)

    async def done(self, seconds: float) -> Sequence[str]:
        """Wait until everybody has done what they had begun; return what they still wait for after so long."""
        if self._tasks:
            await asyncio.wait(tuple(self._tasks), timeout=seconds)
        waiting = [task.get_name() for task in self._tasks]
        for task in tuple(self._tasks):
            task.cancel()
        return [f"somebody still waits after a {name}" for name in waiting]
