"""Limit concurrent requests of a process, and its part of the requests and tokens a minute; who asks takes turns."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from adapters.seed.client_options import USED_SHARE, USUAL_REQUESTS, USUAL_TOKENS, Pace
from adapters.seed.rate_limit_headers import AccountLimits
from bot.chat.rate_limit import SlidingWindow
from bot.types import Asker

MINUTE = 60.0
HALVING_SECONDS = 1.0  # what was sent together is refused together, and that is one refusal


@dataclass(slots=True, eq=False)
class Ticket:
    """A request that waits for its turn, or has it; `asker` None is nobody whom anybody waits behind."""

    tokens: int
    asker: Asker | None
    turn: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def line(self) -> str:
        """Return the name of who asks."""
        return "" if self.asker is None else self.asker.person

    async def wait(self, seconds: float) -> bool:
        """Return whether its turn has come, as soon as it has."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.turn.wait()
        return self.turn.is_set()


class RequestLimiter:
    """Admits one request of each person after the other; one of these is shared by everything that uses an account.

    So many run at once as the server takes: one more when as many as may have gone well, half of them when it refuses.
    """

    def __init__(
        self, pace: Pace, *, monotonic: Callable[[], float], sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self._pace = pace
        self._told, self._processes = AccountLimits(), 1
        self._requests, self._tokens = SlidingWindow(0, MINUTE), SlidingWindow(0, MINUTE)
        self._most = pace.most_at_once
        self._allowed = float(min(pace.at_first, pace.most_at_once))
        self._active: set[Ticket] = set()
        self._of_person: Counter[str] = Counter()
        self._in_channel: Counter[str] = Counter()
        self._lines: OrderedDict[str, deque[Ticket]] = OrderedDict()
        self._halved_at = -HALVING_SECONDS
        self._paused_until = 0.0
        self._monotonic = monotonic
        self._sleep = sleep
        self._alarm: asyncio.Task[None] | None = None
        self.follow(AccountLimits())

    @property
    def concurrency(self) -> int:
        """Return how many requests may run at once at this moment."""
        return int(self._allowed)

    @property
    def active(self) -> int:
        """Return how many requests run at this moment."""
        return len(self._active)

    @asynccontextmanager
    async def slot(self, tokens: int, asker: Asker | None = None) -> AsyncIterator[None]:
        """Hold one place for a request of about `tokens` tokens, waiting for it as long as it takes."""
        ticket = self.queue(tokens, asker)
        try:
            await ticket.turn.wait()
            yield
        finally:
            self.leave(ticket)

    def queue(self, tokens: int, asker: Asker | None = None) -> Ticket:
        """Return a place in the queue, which has to be left in the end; its turn may have come already."""
        ticket = Ticket(tokens, asker)
        self._lines.setdefault(ticket.line, deque()).append(ticket)
        self._admit()
        return ticket

    def leave(self, ticket: Ticket) -> None:
        """Give a place back, whether its turn has come or not."""
        if ticket in self._active:
            if len(self._active) >= self.concurrency:
                self._allowed = min(float(self._most), self._allowed + 1 / self._allowed)
            self._active.remove(ticket)
            self._count(ticket, -1)
        elif ticket in self._lines.get(ticket.line, ()):
            self._take_out(ticket)
        self._admit()

    def ahead(self, ticket: Ticket) -> int:
        """Return how many others have their turn before this one, as far as that is known."""
        own = self._lines.get(ticket.line, deque())
        before = own.index(ticket) if ticket in own else 0
        names = list(self._lines)
        mine = names.index(ticket.line) if ticket.line in self._lines else 0
        others = sum(min(len(line), before + (names.index(name) < mine)) for name, line in self._lines.items())
        return before + others - min(len(own), before)

    def add_tokens(self, tokens: int) -> None:
        """Count tokens that a request turned out to have beyond its estimate."""
        if tokens > 0:
            self._tokens.take(tokens, self._monotonic())

    def follow(self, told: AccountLimits) -> None:
        """Go as fast as the server tells of the account, where nothing is set: the usual where it does not."""
        self._told = told
        requests = self._pace.requests_per_minute or _used_of(told.requests or USUAL_REQUESTS)
        tokens = self._pace.tokens_per_minute or _used_of(told.tokens or USUAL_TOKENS)
        self._requests.limit = max(1, requests // self._processes)
        self._tokens.limit = max(1, tokens // self._processes)
        self._admit()

    def share_with(self, processes: int) -> None:
        """Take the part of one among so many processes that use the account, this one included."""
        self._processes = processes
        self.follow(self._told)

    def pause(self, seconds: float) -> None:
        """Let nothing new begin for so long: the server asked for it."""
        self._paused_until = max(self._paused_until, self._monotonic() + seconds)

    def slow_down(self) -> None:
        """Halve the requests that run at once: the server refused one for being too many."""
        now = self._monotonic()
        if now - self._halved_at >= HALVING_SECONDS:
            self._halved_at = now
            self._allowed = max(1.0, self._allowed // 2)

    # ------------------------------------------------------------ whose turn it is

    def _admit(self) -> None:
        """Let in whoever may, and come back when time alone holds the next one up."""
        while (ticket := self._next()) is not None:
            now = self._monotonic()
            delay = self._delay(ticket.tokens, now)
            if delay > 0:
                self._come_back(delay)
                return
            self._take_out(ticket)
            self._requests.take(1, now)
            self._tokens.take(ticket.tokens, now)
            self._active.add(ticket)
            self._count(ticket, 1)
            ticket.turn.set()

    def _next(self) -> Ticket | None:
        """Return the first request, in the order of people, that nothing but time can hold up."""
        if len(self._active) >= self.concurrency:
            return None
        waiting = (ticket for line in self._lines.values() for ticket in line)
        return next((ticket for ticket in waiting if self._has_room(ticket.asker)), None)

    def _has_room(self, asker: Asker | None) -> bool:
        if asker is None:
            return True
        of_person, in_channel = self._of_person[asker.person], self._in_channel[asker.channel]
        return of_person < asker.most_of_person and in_channel < asker.most_in_channel

    def _take_out(self, ticket: Ticket) -> None:
        """Take a request out of its line; who is served goes to the end."""
        line = self._lines[ticket.line]
        line.remove(ticket)
        if line:
            self._lines.move_to_end(ticket.line)
        else:
            del self._lines[ticket.line]

    def _count(self, ticket: Ticket, change: int) -> None:
        if ticket.asker is None:
            return
        for counts, name in ((self._of_person, ticket.asker.person), (self._in_channel, ticket.asker.channel)):
            counts[name] += change
            if not counts[name]:
                del counts[name]

    def _delay(self, tokens: int, now: float) -> float:
        return max(self._paused_until - now, self._requests.wait(1, now), self._tokens.wait(tokens, now))

    def _come_back(self, delay: float) -> None:
        if self._alarm is None or self._alarm.done():
            self._alarm = asyncio.create_task(self._admit_after(delay), name="request limits")

    async def _admit_after(self, delay: float) -> None:
        await self._sleep(delay + 0.001)  # rounding must not wake us a moment early
        self._alarm = None
        self._admit()


def _used_of(limit: int) -> int:
    """Return how much of an account's limit is used."""
    return max(1, int(limit * USED_SHARE))
