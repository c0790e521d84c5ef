"""Read what came, changed and went while no process listened, in every channel that the bot is in.

What nobody acknowledged Slack sends again at once, after one minute and after five
(https://docs.slack.dev/apis/events-api, retries), over Socket Mode as soon as a connection is there; then it is lost.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from adapters.slack.api.history import BESIDE_OTHERS, read_pages
from adapters.slack.api.workspace import SlackWorkspace
from adapters.slack.events.changes import follow_changes
from adapters.slack.events.messages import SlackMessageHandler, read_message
from adapters.slack.payloads import SlackMessage, as_position, as_ts, moment
from adapters.slack.settings import PLATFORM
from bot.chat.backfill import (
    CATCHING_UP,
    LOOK_BACK,
    MOST_CHECKED,
    MOST_CONVERSATIONS,
    OLDEST,
    OVERLAP,
    Positions,
)
from bot.errors import BotError, PlatformError, StorageError
from bot.event_errors import EventErrors
from bot.ports import AdapterStateStore, Bot, Clock
from bot.types import ConversationKey

logger = logging.getLogger(__name__)

REDELIVERED: Final = timedelta(minutes=5)
"""For how long Slack keeps what it cannot deliver; a connection that was away for longer has missed something."""

THREADS_BEGAN: Final = timedelta(days=1)
"""How long before a gap a thread may have begun that is found by its newest reply; older ones only where the bot takes
part."""

PAGES: Final = 3  # of one channel or thread, 600 messages
PLACES: Final = 200  # channels and threads that are read after one gap, the latest first: about 5 minutes


@dataclass(frozen=True, slots=True)
class _Thread:
    """A thread, or a channel for the thread ""."""

    channel: str
    thread: str


class SlackBackfill:
    """Reads after a gap; the `positions` remember up to where each channel was heard."""

    def __init__(
        self,
        bot: Bot,
        message_handler: SlackMessageHandler,
        state: AdapterStateStore,
        *,
        clock: Clock,
        errors: EventErrors,
    ) -> None:
        self._bot = bot
        self._message_handler = message_handler
        self._state = state
        self._clock = clock
        self._errors = errors
        self.positions = Positions(state, PLATFORM, clock=clock)

    async def run(self, workspaces: Sequence[SlackWorkspace]) -> None:
        """Hear what was missed, workspace by workspace; trouble in one keeps nothing from the others.

        Raises `StorageError`, and then has closed no gap: what could not be stored is read once more.
        """
        await self._load(workspaces)
        while gap := self.positions.gap:
            now = self._clock()
            for workspace in workspaces:
                try:
                    await self._backfill(workspace, now)
                except StorageError:
                    raise
                except BotError as error:
                    extra = {"team": workspace.team, "error": str(error)}
                    logger.warning("backfill incomplete", extra=extra)
                except Exception as error:  # noqa: BLE001 - told by its kind; the next workspace is read
                    self._errors.note(CATCHING_UP, error)
            await self.positions.close_gap(gap, until=as_position(now))

    async def _load(self, workspaces: Iterable[SlackWorkspace]) -> None:
        """Read the positions; earlier versions kept one moment for each workspace."""
        newest = 0
        for workspace in workspaces:
            before = await self._state.get_state(PLATFORM, f"seen/{workspace.team}")
            newest = max(newest, as_position(datetime.fromisoformat(before)) if before else 0)
        await self.positions.load(now=as_position(self._clock()), newest=newest)

    async def _backfill(self, workspace: SlackWorkspace, now: datetime) -> None:
        """Follow the changes first, so that nothing that was deleted goes to the model, then hear what is new."""
        active = await self._bot.recent_conversations(PLATFORM, since=now - LOOK_BACK)
        keys = [
            key for key in sorted(active, key=lambda key: active[key], reverse=True) if key.workspace == workspace.team
        ]
        for key in keys[:MOST_CONVERSATIONS]:
            await self._follow_changes(workspace, key)
        oldest = as_position(now - OLDEST)
        read: set[_Thread] = set()
        heard = 0
        async for place in self._places(workspace, keys):
            if place in read or len(read) >= PLACES:
                continue
            read.add(place)
            start = max(self._start(workspace, place.channel), oldest)
            try:
                heard += await self._hear_since(workspace, place, start, read)
            except PlatformError as error:  # one that it was taken out of keeps nothing from the others
                extra = {"team": workspace.team, "channel": place.channel, "error": str(error)}
                logger.warning("channel not read after a gap", extra=extra)
        logger.info("backfill finished", extra={"team": workspace.team, "places": len(read), "messages": heard})

    def _start(self, workspace: SlackWorkspace, channel: str = "") -> int:
        return self.positions.start(workspace.team, channel, overlap=OVERLAP // timedelta(microseconds=1))

    async def _places(self, workspace: SlackWorkspace, keys: Sequence[ConversationKey]) -> AsyncIterator[_Thread]:
        """Yield where something may have been said, the latest conversations first. Raises `PlatformError`."""
        for key in keys:
            yield _Thread(key.channel, "")
        for key in keys:
            if moment(key.thread):
                yield _Thread(key.channel, key.thread)
        for channel in await workspace.directory.joined_channels():
            yield _Thread(channel, "")

    # ------------------------------------------------------------ what is new

    async def _hear_since(self, workspace: SlackWorkspace, place: _Thread, start: int, read: set[_Thread]) -> int:
        """Hear the messages of a place since then, and of the threads in it; return how many there were."""
        oldest = as_ts(start if place.thread else start - THREADS_BEGAN // timedelta(microseconds=1))
        found = await self._read(workspace, place, oldest)
        heard = 0
        for message in found:
            at = moment(message.ts)
            if at is not None and as_position(at) > start:
                heard += await self._hear(workspace, place.channel, message)
        for message in found if not place.thread else ():
            replied, inner = moment(message.latest_reply), _Thread(place.channel, message.ts)
            if replied is not None and as_position(replied) > start and inner not in read:
                read.add(inner)
                heard += await self._hear_since(workspace, inner, start, read)
        return heard

    async def _read(self, workspace: SlackWorkspace, place: _Thread, oldest: str) -> list[SlackMessage]:
        return await read_pages(
            workspace.calls, place.channel, place.thread, oldest=oldest, pages=PAGES, urgency=BESIDE_OTHERS
        )

    async def _hear(self, workspace: SlackWorkspace, channel: str, message: SlackMessage) -> bool:
        try:
            said = read_message(message.as_message(), bot_user=workspace.bot_user, channel=channel)
            return said is not None and await self._message_handler.on_said(workspace, said) is not None
        except BotError:
            raise
        except Exception as error:  # noqa: BLE001 - told by its kind; the next message is heard
            self._errors.note(CATCHING_UP, error)
            return False

    # ------------------------------------------------------------ what has changed

    async def _follow_changes(self, workspace: SlackWorkspace, key: ConversationKey) -> None:
        """Follow the edits and deletions of messages of a conversation, as if Slack told them now."""
        kept = await self._bot.kept_messages(key, limit=MOST_CHECKED)
        since = self._start(workspace)
        try:
            await follow_changes(self._message_handler, workspace, key, kept, since=since, urgency=BESIDE_OTHERS)
        except PlatformError as error:
            extra = {"conversation": str(key), "error": str(error)}
            logger.info("not looked at for changes", extra=extra)
