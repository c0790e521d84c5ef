"""Slow down who guesses passwords, without locking anybody out who does not.

An address may fail a few times a minute and is then refused for a while; others never notice. What is tried against one
account from many addresses is only slowed, since refusing there would let strangers lock its owner out.
"""

from __future__ import annotations

import ipaddress
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

TRIES: Final = 5
WINDOW: Final = timedelta(minutes=1)
ACCOUNT_WINDOW: Final = timedelta(minutes=10)
STEP_SECONDS: Final = 0.1
LONGEST_SECONDS: Final = 2.0
REMEMBERED: Final = 10_000
"""Failures; of more the oldest are forgotten, so that nobody fills the memory."""


class Attempts:
    """The failed sign-ins of the last minutes, in this process."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._failures: deque[tuple[datetime, str, str]] = deque(maxlen=REMEMBERED)

    def allows(self, address: str) -> bool:
        """Return whether somebody at this address may try now."""
        since, network = self._clock() - WINDOW, _network(address)
        return sum(1 for at, place, _ in self._failures if place == network and at > since) < TRIES

    def delay(self, account: str) -> float:
        """Return the seconds that a try of this account has to wait."""
        since = self._clock() - ACCOUNT_WINDOW
        failed = sum(1 for at, _, name in self._failures if name == account and at > since)
        return min(LONGEST_SECONDS, STEP_SECONDS * max(0, failed - TRIES))

    def note_failure(self, address: str, account: str) -> None:
        """Remember a wrong try."""
        self._failures.append((self._clock(), _network(address), account))


def _network(address: str) -> str:
    """Return whose address it is: of IPv6 everybody has 2^64 of them."""
    with suppress(ValueError):
        if ipaddress.ip_address(address).version == 6:
            return str(ipaddress.ip_network(f"{address}/64", strict=False))
    return address
