"""Options of the client; the defaults come from the provider's documents and from measurements."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from adapters.seed.http_library import httpx
from adapters.seed.protocols.wire_parameters import Dialect
from bot.pricing import SEED_CARD, RateCard


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds. Minutes of reasoning are normal, so silence and the whole are bounded apart.

    `first_byte` bounds the wait for the answer's head, `idle` any silence after it, `linger` the wait for the end of
    the stream once the model said that it is done, `total` all tries together: the gateway cuts after 15 minutes.
    """

    connect: float = 10
    first_byte: float = 120
    idle: float = 120
    linger: float = 2
    total: float = 600

    @property
    def read(self) -> float:
        """The bound on any single read, which the connection itself keeps; shorter ones need a timer each."""
        return max(self.first_byte, self.idle)


USUAL_REQUESTS, USUAL_TOKENS = 50, 2_000_000
"""A minute's limits of an account at EmpirioLabs, for all of its keys together."""

USED_SHARE = 0.9
"""How much of an account's limits one process uses, so that clocks that differ and other users bring no refusal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Limits of concurrent work.

    What is given for a minute is never exceeded; None follows what the server tells of the account, the usual
    until it does. So many requests run at once `at_first`, and never more than `most_at_once`.
    """

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    at_first: int = 16
    most_at_once: int = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """Tries and seconds between them: `first`, twice that, up to `longest`; up to a quarter longer by chance.

    A server that asks for more than `patience` seconds gets no second try from here: the caller waits better, as
    it does where the server could not be reached for `reach` seconds, as without its name.
    """

    tries: int = 4
    first: float = 0.4
    longest: float = 8
    patience: float = 30
    reach: float = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Surroundings that a test replaces: chance, the clocks, waiting and the network."""

    chance: Callable[[], float] = random.random
    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    transport: httpx.AsyncBaseTransport | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedOptions:
    """Everything about the client that is not an address, a key, a model or a wire.

    `context_tokens` is what a request and its answer may have together; None: the server is asked (`watched_size`).
    `longest_answer` bounds what `max_tokens` may ask for (None: nothing does).
    `dialect` None: the host and the model tell (`dialect_of`). `fallback_card` has the prices that hold until the
    server has told its own.
    """

    context_tokens: int | None = None
    longest_answer: int | None = None
    dialect: Dialect | None = None
    timeouts: Timeouts = Timeouts()
    pace: Pace = Pace()
    retries: Retries = Retries()
    fallback_card: RateCard = SEED_CARD
    surroundings: Environment = Environment()
