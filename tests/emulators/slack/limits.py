"""Rate limits, by method and workspace, and how much of them was used."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.emulators.slack.errors import Limited

# Calls per minute (docs.slack.dev, Web API rate limits). The special ones: Slack's Java SDK counts 600 for auth.test,
# and a workspace may take "several hundred" posts; 300 is assumed.
TIERS = {1: 1, 2: 20, 3: 50, 4: 100}
AUTH_TEST_PER_MINUTE = 600
POSTS_PER_MINUTE = 300
STATUSES_PER_MINUTE = 60  # per thread (Java SDK)

# One message per second and channel, "short bursts tolerated"; how many is not published.
POSTS_PER_SECOND = 1.0
POST_BURST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodUse:
    """Calls of one method in one workspace: all, refused ones, the most within a minute, and what is allowed."""

    team: str
    method: str
    calls: int
    refused: int
    busiest_minute: int
    allowed: int


@dataclass(slots=True)
class _Counter:
    allowed: int
    calls: list[float] = field(default_factory=list)
    refused: int = 0


class RateLimits:
    """Counts every call within a sliding minute; `now` is the emulator's clock and `minute` how long a minute lasts."""

    def __init__(self, now: Callable[[], float], *, minute: float, enforced: bool) -> None:
        self._now = now
        self._minute = minute
        self._enforced = enforced
        self._counters: dict[tuple[str, str, str], _Counter] = {}
        self._credits: dict[str, tuple[float, float]] = defaultdict(lambda: (float(POST_BURST), now()))

    def enter(self, team: str, method: str, allowed: int, key: str = "") -> None:
        """Count a call; `key` separates what is counted apart, as threads for a status. Raises `Limited`."""
        counter = self._counters.setdefault((team, method, key), _Counter(allowed))
        now = self._now()
        recent = counter.calls[-allowed:]
        if self._enforced and len(recent) == allowed and now - recent[0] < self._minute:
            counter.refused += 1
            raise Limited(_whole(recent[0] + self._minute - now))
        counter.calls.append(now)

    def post(self, team: str, method: str, channel: str) -> None:
        """Count a message in a channel, of a call that has been counted. Raises `Limited`."""
        second = self._minute / 60
        credit, since = self._credits[channel]
        now = self._now()
        credit = min(POST_BURST, credit + (now - since) / second * POSTS_PER_SECOND)
        if self._enforced and credit < 1:
            counter = self._counters[team, method, ""]
            counter.calls.pop()
            counter.refused += 1
            raise Limited(_whole((1 - credit) * second))
        self._credits[channel] = (max(0.0, credit - 1), now)

    def uses(self) -> list[MethodUse]:
        """What was called so far, by workspace and method; the busiest of what is counted apart."""
        together: dict[tuple[str, str], list[_Counter]] = defaultdict(list)
        for (team, method, _), counter in self._counters.items():
            together[team, method].append(counter)
        return [
            MethodUse(
                team=team,
                method=method,
                calls=sum(len(item.calls) for item in counters),
                refused=sum(item.refused for item in counters),
                busiest_minute=max(self._busiest(item.calls) for item in counters),
                allowed=counters[0].allowed,
            )
            for (team, method), counters in sorted(together.items())
        ]

    def _busiest(self, calls: list[float]) -> int:
        most = first = 0
        for last, at in enumerate(calls):
            while at - calls[first] >= self._minute:
                first += 1
            most = max(most, last - first + 1)
        return most


def _whole(seconds: float) -> int:
    return max(1, math.ceil(seconds))
