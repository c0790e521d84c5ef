"""Secrets of links that work once, in any process; only their digests are stored.

What is kept of one is its digest and until when it holds, so that what is stored opens nothing.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Final

from bot.ports import AdapterStateStore, Clock

PENDING: Final = 100
"""Of one kind at a time: of some anybody can have one made, and what is kept of those never used has a bound."""


class OneTimeSecrets:
    """The secrets of one kind that are open; `prefix` is how the names of its state begin."""

    def __init__(
        self, state: AdapterStateStore, clock: Clock, *, platform: str, prefix: str, lifetime: timedelta
    ) -> None:
        self._state = state
        self._clock = clock
        self._platform = platform
        self._prefix = prefix
        self._lifetime = lifetime

    async def issue(self) -> str:
        """Return a new one, and drop those that are over or too many. Raises `StorageError`."""
        now = self._clock()
        pending = await self._state.list_state(self._platform, prefix=self._prefix)
        newest_first = sorted(pending.items(), key=lambda each: float(each[1]), reverse=True)
        for number, (name, until) in enumerate(newest_first, 1):
            if number >= PENDING or float(until) < now.timestamp():
                await self._state.swap_state(self._platform, name, before=until, after=None)
        secret = secrets.token_urlsafe(32)
        await self._state.put_state(self._platform, self._name(secret), str((now + self._lifetime).timestamp()))
        return secret

    async def use_up(self, secret: str) -> bool:
        """Return whether it was issued, not used before, and not long ago. Raises `StorageError`."""
        name = self._name(secret)
        until = await self._state.get_state(self._platform, name)
        if until is None or not await self._state.swap_state(self._platform, name, before=until, after=None):
            return False
        return float(until) >= self._clock().timestamp()

    def _name(self, secret: str) -> str:
        return self._prefix + hashlib.sha256(secret.encode()).hexdigest()
