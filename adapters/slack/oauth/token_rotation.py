"""Rotate expiring tokens in time, by one process for all, since a refresh token works once."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from slack_sdk.oauth.installation_store.models.bot import Bot

from adapters.slack.api.client import SlackClient
from adapters.slack.oauth.installation_store import Installations, Stored, facts_of
from adapters.slack.payloads import Authorization
from adapters.slack.settings import PLATFORM
from bot.errors import PlatformError
from bot.ports import AdapterStateStore, Clock

logger = logging.getLogger(__name__)

BEFORE: Final = timedelta(hours=2)
"""How long before its end a token is renewed; Slack's last twelve hours."""

LEASE: Final = timedelta(seconds=60)
"""How long one process may take to renew a token, before another one tries."""

POLL_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSecrets:
    """Secrets by which Slack knows the app."""

    client_id: str
    client_secret: str = field(repr=False)


class Rotation:
    """Renews tokens under a lease, and replaces them only where nobody else did."""

    def __init__(
        self,
        installations: Installations,
        state: AdapterStateStore,
        calls: SlackClient,
        app: AppSecrets,
        clock: Clock,
    ) -> None:
        self._installations = installations
        self._state = state
        self._calls = calls
        self._app = app
        self._clock = clock

    async def fresh(self, stored: Stored) -> Stored:
        """Return the bot with a token that is good for a while. Raises `PlatformError` and `StorageError`."""
        while self._left(stored.bot) < BEFORE:
            lease = await self._lease(stored)
            if lease is not None:
                return await self._renew_under(lease, stored)
            if self._left(stored.bot) > timedelta(0):
                return stored  # good enough until the other process is done
            await asyncio.sleep(POLL_SECONDS)
            newer = await self._installations.find(stored.bot.enterprise_id, stored.bot.team_id)
            if newer is None:
                raise PlatformError("the app was uninstalled")
            stored = newer
        return stored

    def _left(self, bot: Bot) -> timedelta:
        """Return how long the token is good; for ever where tokens do not rotate."""
        if bot.bot_token_expires_at is None or not bot.bot_refresh_token:
            return timedelta.max
        return timedelta(seconds=bot.bot_token_expires_at - self._clock().timestamp())

    async def _lease(self, stored: Stored) -> str | None:
        """Return the right to renew a token; None while another process has it."""
        name, now = f"rotating/{stored.name}", self._clock()
        held = await self._state.get_state(PLATFORM, name)
        if held is not None and float(held) > now.timestamp():
            return None
        until = str((now + LEASE).timestamp())
        return until if await self._state.swap_state(PLATFORM, name, before=held, after=until) else None

    async def _renew_under(self, lease: str, stored: Stored) -> Stored:
        try:
            newest = await self._installations.find(stored.bot.enterprise_id, stored.bot.team_id)
            if newest is not None and newest.text != stored.text and self._left(newest.bot) >= BEFORE:
                return newest
            return await self._renew(newest or stored)
        finally:
            await self._state.swap_state(PLATFORM, f"rotating/{stored.name}", before=lease, after=None)

    async def _renew(self, stored: Stored) -> Stored:
        arguments = {
            "client_id": self._app.client_id,
            "client_secret": self._app.client_secret,
            "grant_type": "refresh_token",
            "refresh_token": stored.bot.bot_refresh_token,
        }
        patience = LEASE.total_seconds() / 2
        told = Authorization.read(await self._calls.call("oauth.v2.access", arguments, patience=patience))
        renewed = {
            "bot_token": told.access_token,
            "bot_refresh_token": told.refresh_token,
            "bot_token_expires_at": expiry(told, self._clock),
        }
        bot = Bot(**facts_of(stored.bot) | renewed)
        if not await self._installations.replace(stored, bot):
            logger.warning("token renewed, but its installation has changed", extra={"installation": stored.name})
        logger.info("token renewed", extra={"installation": stored.name})
        newest = await self._installations.find(bot.enterprise_id, bot.team_id)
        if newest is None:
            raise PlatformError("the app was uninstalled")
        return newest


def expiry(told: Authorization, clock: Clock) -> int | None:
    """Return when a token ends that Slack just gave, in seconds since 1970; None for never."""
    return round(clock().timestamp()) + told.expires_in if told.expires_in else None
