"""Workspaces of this process: one by its bot token, or all in which the app was installed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.api.client import SlackClient
from adapters.slack.api.errors import TOKEN_GONE, SlackApiError, UnknownWorkspace
from adapters.slack.api.limits import MINUTE_SECONDS
from adapters.slack.api.workspace import BotIdentity, SlackWorkspace
from adapters.slack.payloads import TokenOwner
from bot.errors import ConfigError, PlatformError

logger = logging.getLogger(__name__)

Token = Callable[[], Awaitable[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A workspace by its id, and the organisation that it belongs to, "" for none."""

    team: str
    enterprise: str = ""


class Workspaces(Protocol):
    """Directory of the workspaces."""

    async def get(self, origin: Origin) -> SlackWorkspace:
        """Return a workspace. Raises `PlatformError`."""
        ...

    async def find(self, origin: Origin) -> SlackWorkspace | None:
        """Return the workspace that a delivery comes from, if the app is installed there. Raises `PlatformError`."""
        ...

    async def uninstalled(self, origin: Origin) -> Sequence[str]:
        """Forget the app's tokens, which were taken away there; return the workspaces by id. Raises `StorageError`."""
        ...

    async def everywhere(self) -> list[SlackWorkspace]:
        """All of them. Raises `PlatformError`."""
        ...

    async def aclose(self) -> None:
        """End what is under way in all of them."""
        ...


class Connector:
    """Makes the callers of Slack's Web API, all over one HTTP session; `url` is the API's address."""

    def __init__(self, session: aiohttp.ClientSession, *, url: str | None, minute: float = MINUTE_SECONDS) -> None:
        self.session = session
        self._url = url
        self._minute = minute

    def client(self) -> AsyncWebClient:
        """Return a client of Slack's SDK; retries are made by `SlackClient`, which knows what may be repeated."""
        if self._url is None:
            return AsyncWebClient(session=self.session, retry_handlers=[])
        return AsyncWebClient(session=self.session, retry_handlers=[], base_url=f"{self._url}/")

    def calls(self, token: Token, spurned: Callable[[str], None] = lambda _code: None) -> SlackClient:
        """Return a caller with this token."""
        return SlackClient(self.client(), token, spurned=spurned, minute=self._minute)

    async def workspace(self, calls: SlackClient, origin: Origin | None = None) -> SlackWorkspace:
        """Return the workspace that a token belongs to, as Slack tells it; `origin` for one of an
        organisation.

        Raises `PlatformError`.
        """
        told = TokenOwner.read(await calls.call("auth.test", {}, patience=30))
        identity = BotIdentity(
            team=origin.team if origin else told.team_id,
            enterprise=origin.enterprise if origin else told.enterprise_id,
            bot_user=told.user_id,
            bot_id=told.bot_id,
            url=told.url,
            name=told.team,
        )
        return SlackWorkspace(identity, calls)


class SingleWorkspace:
    """The workspace of SLACK_BOT_TOKEN; Slack is asked once who that is."""

    def __init__(self, connector: Connector, token: str) -> None:
        async def constant() -> str:
            return token

        self._connector = connector
        self._calls = connector.calls(constant)
        self._workspace: SlackWorkspace | None = None
        self._asking = asyncio.Lock()

    async def the(self) -> SlackWorkspace:
        """Return the workspace. Raises `ConfigError` when Slack does not take the token, and `PlatformError`."""
        async with self._asking:  # or the first deliveries would all ask
            if self._workspace is None:
                try:
                    self._workspace = await self._connector.workspace(self._calls)
                except PlatformError as error:
                    if isinstance(error, SlackApiError) and error.code in TOKEN_GONE:
                        raise ConfigError("SLACK_BOT_TOKEN", f"is not accepted by Slack ({error})") from error
                    raise
            return self._workspace

    async def get(self, origin: Origin) -> SlackWorkspace:
        """Return the workspace, if it is that one. Raises `UnknownWorkspace`."""
        workspace = await self.find(origin)
        if workspace is None:
            raise UnknownWorkspace(origin.team)
        return workspace

    async def find(self, origin: Origin) -> SlackWorkspace | None:
        """Return the workspace, if the delivery comes from there."""
        workspace = await self.the()
        return workspace if origin.team == workspace.team else None

    async def uninstalled(self, origin: Origin) -> Sequence[str]:
        """Return the workspace, whose token is a setting and is not stored."""
        logger.warning("the app was uninstalled or its tokens were revoked", extra={"team": origin.team})
        return [origin.team] if origin.team else []

    async def everywhere(self) -> list[SlackWorkspace]:
        """Return the one workspace."""
        return [await self.the()]

    async def aclose(self) -> None:
        """End what is under way."""
        if self._workspace is not None:
            await self._workspace.aclose()
