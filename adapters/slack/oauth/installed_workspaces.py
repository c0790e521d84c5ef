"""Workspaces in which the app was installed, from the store; nothing of one is visible to another."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from adapters.slack.api.client import SlackClient
from adapters.slack.api.errors import UnknownWorkspace
from adapters.slack.api.workspace import Connector, Origin, SlackWorkspace
from adapters.slack.oauth.installation_store import Installations, Stored
from adapters.slack.oauth.token_rotation import Rotation

logger = logging.getLogger(__name__)

REMEMBER_SECONDS: Final = 60.0
"""How long a token is used before it is looked up again: another process may have renewed or lost it."""


@dataclass(slots=True)
class _Known:
    """Entry of one workspace: its caller, and its token until when (monotonic)."""

    origin: Origin
    calls: SlackClient
    workspace: SlackWorkspace | None = None
    token: str = ""
    until: float = 0.0
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)


class InstalledWorkspaces:
    """`Workspaces` by OAuth: each has its own token, limits, names and settings."""

    def __init__(self, connector: Connector, installations: Installations, rotation: Rotation) -> None:
        self._connector = connector
        self._installations = installations
        self._rotation = rotation
        self._known: dict[str, _Known] = {}

    async def get(self, origin: Origin) -> SlackWorkspace:
        """Return a workspace. Raises `UnknownWorkspace` where the app is not installed, and `PlatformError`."""
        workspace = await self.find(origin)
        if workspace is None:
            raise UnknownWorkspace(origin.team)
        return workspace

    async def find(self, origin: Origin) -> SlackWorkspace | None:
        """Return the workspace, or None where the app is not installed. Raises `PlatformError` and `StorageError`."""
        known = self._known_as(origin)
        try:
            await self._token(known)
        except UnknownWorkspace:
            self._known.pop(origin.team, None)
            return None
        async with known.asking:
            if known.workspace is None:
                known.workspace = await self._connector.workspace(known.calls, known.origin)
        return known.workspace

    async def uninstalled(self, origin: Origin) -> Sequence[str]:
        """Forget the bot and its token; of an organisation return the workspaces that were heard of. Raises
        `StorageError`.
        """
        await self._installations.async_delete_bot(enterprise_id=origin.enterprise, team_id=origin.team)
        gone = [item for item in self._known.values() if _is_of(item.origin, origin)]
        for known in gone:
            del self._known[known.origin.team]
            if known.workspace is not None:
                await known.workspace.aclose()
        logger.info("the app was uninstalled", extra={"team": origin.team, "enterprise": origin.enterprise})
        return sorted({item.origin.team for item in gone} | ({origin.team} if origin.team else set()))

    async def everywhere(self) -> list[SlackWorkspace]:
        """Return the workspaces in which the app is installed; those of a whole organisation are known once
        they speak.
        """
        bots = [item for item in await self._installations.everywhere() if not item.is_enterprise_install]
        found = [await self.find(Origin(team=bot.team_id or "", enterprise=bot.enterprise_id or "")) for bot in bots]
        return [item for item in found if item is not None]

    async def aclose(self) -> None:
        """End what is under way."""
        for known in self._known.values():
            if known.workspace is not None:
                await known.workspace.aclose()

    def _known_as(self, origin: Origin) -> _Known:
        """Return what is known of a workspace; its organisation is remembered once it was told."""
        known = self._known.get(origin.team)
        if known is None or (origin.enterprise and not known.origin.enterprise):
            known = self._known[origin.team] = self._new(origin)
        return known

    def _new(self, origin: Origin) -> _Known:
        def on_token_refused(code: str) -> None:
            logger.warning("Slack refuses the token of a workspace", extra={"team": origin.team, "code": code})
            known.until = 0.0

        known = _Known(origin=origin, calls=self._connector.calls(lambda: self._token(known), on_token_refused))
        return known

    async def _token(self, known: _Known) -> str:
        """Return the token of a workspace, looked up once in a while. Raises `UnknownWorkspace` and `StorageError`."""
        if time.monotonic() >= known.until:
            stored = await self._installations.find(known.origin.enterprise, known.origin.team)
            if stored is None:
                raise UnknownWorkspace(known.origin.team)
            fresh: Stored = await self._rotation.fresh(stored)
            known.token, known.until = fresh.bot.bot_token or "", time.monotonic() + REMEMBER_SECONDS
        return known.token


def _is_of(place: Origin, gone: Origin) -> bool:
    """Return whether a workspace is the one, or belongs to the organisation, that the app was taken out of."""
    return place.team == gone.team if gone.team else place.enterprise == gone.enterprise
