"""The one-time link that makes who opens it administrator of the playground.

What is kept of a link is its digest and until when it holds, in the store: any web process takes it, and one alone.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import Final

from adapters.web.writing import PLATFORM
from bot.ports import AdapterStateStore, Clock

LINK_LIFETIME: Final = timedelta(minutes=15)
_PREFIX: Final = "administrator-link/"


class OneTimeLinks:
    """The secrets of links that are open."""

    def __init__(self, state: AdapterStateStore, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    async def issue(self) -> str:
        """Return a new secret, and drop those that are over. Raises `StorageError`."""
        now = self._clock()
        for name, until in (await self._open()).items():
            if float(until) < now.timestamp():
                await self._state.swap_state(PLATFORM, name, before=until, after=None)
        secret = secrets.token_urlsafe(32)
        await self._state.put_state(PLATFORM, _name(secret), str((now + LINK_LIFETIME).timestamp()))
        return secret

    async def use_up(self, secret: str) -> bool:
        """Return whether a secret was issued, not used before, and not long ago. Raises `StorageError`."""
        given = _name(secret)
        for name, until in (await self._open()).items():
            if hmac.compare_digest(name.encode(), given.encode()):
                used = await self._state.swap_state(PLATFORM, name, before=until, after=None)
                return used and float(until) >= self._clock().timestamp()
        return False

    async def _open(self) -> dict[str, str]:
        return dict(await self._state.list_state(PLATFORM, prefix=_PREFIX))


def _name(secret: str) -> str:
    return _PREFIX + hashlib.sha256(secret.encode()).hexdigest()
