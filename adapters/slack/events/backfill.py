"""Read the messages that came while no process listened, in the channels of recent conversations."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from adapters.slack.api.channels import as_ts
from adapters.slack.api.history import read_pages
from adapters.slack.api.workspace import SlackWorkspace
from adapters.slack.events.messages import SlackMessageHandler
from adapters.slack.events.parse import PLATFORM, read_message
from adapters.slack.payloads import SlackMessage, moment
from bot.errors import BotError, StorageError
from bot.event_errors import EventErrors
from bot.ports import AdapterStateStore, Bot, Clock

logger = logging.getLogger(__name__)

REMEMBER_EVERY: Final = timedelta(seconds=10)
OVERLAP: Final = timedelta(minutes=2)
"""Read again before the gap: deliveries come out of order, and what was taken is known by its name."""

OLDEST: Final = timedelta(hours=12)
"""What is older is not answered any more: nobody waits for it."""

LOOK_BACK: Final = timedelta(days=7)
"""Conversations that rested longer are not looked at."""

CATCHING_UP: Final = "catching up"
"""The kind of what goes wrong here."""

PAGES: Final = 3
PLACES: Final = 100  # channels and threads that are read after one gap, the latest first


@dataclass(slots=True)
class _Seen:
    newest: datetime
    remembered: datetime | None = None


class SlackBackfill:
    """Remembers the newest message of each workspace, and reads on from it after a gap."""

    def __init__(
        self, bot: Bot, hearing: SlackMessageHandler, state: AdapterStateStore, *, clock: Clock, errors: EventErrors
    ) -> None:
        self._bot = bot
        self._hearing = hearing
        self._state = state
        self._clock = clock
        self._errors = errors
        self._seen: dict[str, _Seen] = {}

    async def note(self, workspace: SlackWorkspace, message: SlackMessage) -> None:
        """Note a delivered message; what cannot be remembered now is remembered with a later one."""
        at = moment(message.ts) or moment(message.event_ts)
        if at is None:
            return
        seen = self._seen.setdefault(workspace.team, _Seen(newest=at))
        seen.newest = max(seen.newest, at)
        if seen.remembered is None or seen.newest - seen.remembered >= REMEMBER_EVERY:
            await self._remember(workspace.team, seen)

    async def close(self) -> None:
        """Remember all that was not."""
        for team, seen in self._seen.items():
            if seen.remembered != seen.newest:
                await self._remember(team, seen)

    async def _remember(self, team: str, seen: _Seen) -> None:
        try:
            await self._state.put_state(PLATFORM, f"seen/{team}", seen.newest.isoformat())
            seen.remembered = seen.newest
        except StorageError as error:
            logger.warning("position of the newest message not stored", extra={"error": str(error)})

    async def run(self, workspaces: Iterable[SlackWorkspace]) -> None:
        """Hear what was missed, workspace by workspace; trouble in one keeps nothing from the others."""
        for workspace in workspaces:
            try:
                await self._catch_up(workspace)
            except BotError as error:
                extra = {"team": workspace.team, "error": str(error)}
                logger.warning("backfill incomplete", extra=extra)
            except Exception as error:  # noqa: BLE001 - told by its kind; the next workspace is read
                self._errors.note(CATCHING_UP, error)

    async def _catch_up(self, workspace: SlackWorkspace) -> None:
        text = await self._state.get_state(PLATFORM, f"seen/{workspace.team}")
        if text is None:
            return
        now = self._clock()
        since = as_ts(max(datetime.fromisoformat(text) - OVERLAP, now - OLDEST))
        active = await self._bot.recent_conversations(PLATFORM, since=now - LOOK_BACK)
        keys = [
            key for key in sorted(active, key=lambda key: active[key], reverse=True) if key.workspace == workspace.team
        ]
        threads = [(key.channel, key.thread) for key in keys if moment(key.thread)]
        places = dict.fromkeys([(key.channel, "") for key in keys] + threads)
        heard = 0
        for channel, thread in list(places)[:PLACES]:
            for message in await read_pages(workspace.calls, channel, thread, oldest=since, pages=PAGES):
                heard += await self._hear(workspace, channel, message)
        if heard:
            logger.info("backfill finished", extra={"team": workspace.team, "messages": heard})

    async def _hear(self, workspace: SlackWorkspace, channel: str, message: SlackMessage) -> bool:
        try:
            said = read_message(message.as_message(), bot_user=workspace.bot_user, channel=channel)
            return said is not None and await self._hearing.said(workspace, said) is not None
        except BotError:
            raise
        except Exception as error:  # noqa: BLE001 - told by its kind; the next message is heard
            self._errors.note(CATCHING_UP, error)
            return False
