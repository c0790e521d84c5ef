"""Slow down who guesses passwords, without locking anybody out who does not.

An address may fail a few times a minute and is then refused for a while; others never notice. What is tried against one
account from many addresses is only slowed, since refusing there would let strangers lock its owner out. The tries
are a row of the database, so that guessing at several web processes gains nothing.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from adapters.web.frame.identity import PLATFORM
from bot.ports import AdapterStateStore, Clock

TRIES: Final = 5
WINDOW: Final = timedelta(minutes=1)
ACCOUNT_WINDOW: Final = timedelta(minutes=10)
STEP_SECONDS: Final = 0.1
LONGEST_SECONDS: Final = 2.0
REMEMBERED: Final = 1_000
"""Tries; of more the oldest are forgotten, so that nobody fills the database. As each costs an Argon2id digest, these
are about the last half minute of a machine that does nothing else."""

_ROW: Final = "sign-in-attempts"
_ROUNDS: Final = 20
"""Tries to write the row while other processes write it as well."""


@dataclass(frozen=True, slots=True)
class SignInAttempt:
    """One try that has not succeeded: when, from which network and of which account, as digests of both."""

    at: float
    network: str
    account: str


class Attempts:
    """The tries of the last minutes, the same for all processes. Any method can raise `StorageError`."""

    def __init__(self, state: AdapterStateStore, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    async def begin(self, address: str, account: str) -> tuple[SignInAttempt, float] | None:
        """Count a try before it is made, so that many at once are no more than one after another.

        Return it, with the seconds that it has to wait if it fails; None where this address may not try now.
        """
        now = self._clock()
        attempt = SignInAttempt(now.timestamp(), _digest(_network(address)), _digest(account))
        for _ in range(_ROUNDS):
            text, known = await self._known()
            lately = [item for item in known if item.at > (now - WINDOW).timestamp()]
            if sum(1 for item in lately if item.network == attempt.network) >= TRIES:
                return None
            if await self._swap(text, [*known, attempt]):
                return attempt, _delay(sum(1 for item in known if item.account == attempt.account))
        return None  # so many guess at once

    async def forgive(self, attempt: SignInAttempt) -> None:
        """Take back a try that succeeded."""
        for _ in range(_ROUNDS):
            text, known = await self._known()
            if attempt not in known:
                return
            left = list(known)
            left.remove(attempt)
            if await self._swap(text, left):
                return

    async def _known(self) -> tuple[str | None, Sequence[SignInAttempt]]:
        """Return the row, and what in it still counts."""
        text, since = await self._state.get_state(PLATFORM, _ROW), self._clock() - ACCOUNT_WINDOW
        return text, [item for item in _read(text) if item.at > since.timestamp()]

    async def _swap(self, text: str | None, attempts: Sequence[SignInAttempt]) -> bool:
        kept = json.dumps([[item.at, item.network, item.account] for item in attempts[-REMEMBERED:]])
        return await self._state.swap_state(PLATFORM, _ROW, before=text, after=kept)


def _delay(failed: int) -> float:
    return min(LONGEST_SECONDS, STEP_SECONDS * max(0, failed - TRIES))


def _read(text: str | None) -> Sequence[SignInAttempt]:
    """Return the tries of a row; of one that cannot be read none."""
    with suppress(ValueError, TypeError):
        return [
            SignInAttempt(float(at), str(network), str(account)) for at, network, account in json.loads(text or "[]")
        ]
    return []


def _digest(text: str) -> str:
    """Return what stands for a text: people type passwords into the field for names."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _network(address: str) -> str:
    """Return whose address it is: of IPv6 everybody has 2^64 of them."""
    with suppress(ValueError):
        if ipaddress.ip_address(address).version == 6:
            return str(ipaddress.ip_network(f"{address}/64", strict=False))
    return address
