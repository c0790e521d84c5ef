"""Read what came, changed and went while no process listened, in every channel that the bot is in.

What nobody acknowledged Slack sends again at once, after one minute and after five
(https://docs.slack.dev/apis/events-api, retries), over Socket Mode as soon as a connection is there; then it is lost.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from adapters.slack.api.errors import UNREADABLE, SlackAccessRevoked, SlackApiError
from adapters.slack.api.history import BESIDE_OTHERS, read_pages
from adapters.slack.api.workspace import SlackWorkspace
from adapters.slack.events.changes import follow_changes
from adapters.slack.events.messages import SlackMessageHandler, read_message
from adapters.slack.payloads import SlackMessage, as_position, as_ts, moment, position_of
from adapters.slack.settings import PLATFORM
from bot.backoff import Backoff
from bot.chat.backfill import (
    CATCHING_UP,
    LOOK_BACK,
    MOST_CHECKED,
    MOST_CONVERSATIONS,
    OVERLAP,
    Positions,
)
from bot.chat.gap import OLDEST, RESTS, Read, Reading
from bot.errors import BotError, ConfigError, PlatformError, PlatformRefused, StorageError
from bot.event_errors import EventErrors
from bot.ports import AdapterStateStore, Bot, Clock
from bot.types import ConversationKey

logger = logging.getLogger(__name__)

REDELIVERED: Final = timedelta(minutes=5)
"""For how long Slack keeps what it cannot deliver; a connection that was away for longer has missed something."""

THREADS_BEGAN: Final = timedelta(days=1)
"""How long before a gap a thread may have begun that is found by its newest reply; older ones only where the bot takes
part."""

HOPELESS: Final = 3
"""So many places that cannot be read one after another end an attempt: each may be tried for two minutes."""

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
        self.positions = Positions(state, PLATFORM, clock=clock, position_of=as_position)

    async def keep_reading(self, everywhere: Callable[[], Awaitable[list[SlackWorkspace]]], gap: asyncio.Event) -> None:
        """Hear what was missed, once Slack can be reached, and again after each `gap` that Slack does not bridge.

        Raises `ConfigError` for a token that it does not take.
        """
        rest = Backoff(RESTS)
        while True:
            try:
                await self.run(await everywhere())
            except (PlatformError, StorageError) as error:
                logger.warning("backfill not complete yet", extra={"error": str(error)})
                await asyncio.sleep(rest.delay())
                continue
            except ConfigError:
                raise
            except Exception as error:  # noqa: BLE001 - told by its kind; what is said now is heard all the same
                self._errors.note(CATCHING_UP, error)
            rest = Backoff(RESTS)
            await gap.wait()
            gap.clear()
            self.positions.open_gap()

    async def run(self, workspaces: Sequence[SlackWorkspace]) -> None:
        """Hear what was missed, workspace by workspace; trouble in one keeps nothing from the others.

        Raises `StorageError` and `PlatformError`, and then has closed no gap: the next run reads what is left.
        """
        await self._load(workspaces)
        while gap := self.positions.gap:
            gap.begin(self._clock())
            for workspace in workspaces:
                try:
                    await self._backfill(workspace, gap.reading(workspace.team))
                except StorageError:
                    raise
                except Exception as error:  # noqa: BLE001 - told by its kind; the next workspace is read
                    self._errors.note(CATCHING_UP, error)
            if not gap.is_over(self._clock()):
                raise PlatformError(gap.trouble)
            await self.positions.close_gap(gap)

    async def _load(self, workspaces: Iterable[SlackWorkspace]) -> None:
        """Read the positions; earlier versions kept one moment for each workspace."""
        newest = 0
        for workspace in workspaces:
            before = await self._state.get_state(PLATFORM, f"seen/{workspace.team}")
            newest = max(newest, as_position(datetime.fromisoformat(before)) if before else 0)
        await self.positions.load(newest=newest)

    async def _backfill(self, workspace: SlackWorkspace, reading: Reading) -> None:
        """Follow the changes first, so that nothing that was deleted goes to the model, then hear what is new."""
        if reading.is_complete:
            return
        active = await self._bot.recent_conversations(PLATFORM, since=self._clock() - LOOK_BACK)
        keys = [
            key for key in sorted(active, key=lambda key: active[key], reverse=True) if key.workspace == workspace.team
        ]
        recent = keys[:MOST_CONVERSATIONS]
        await self._read_each(reading, {key: partial(self._follow_changes, workspace, key) for key in recent})
        known = [_Thread(key.channel, "") for key in keys]
        known += [_Thread(key.channel, key.thread) for key in keys if moment(key.thread)]
        heard = await self._hear_each(workspace, reading, known)
        heard += await self._hear_each(workspace, reading, await self._joined(workspace, reading))
        extra = {"team": workspace.team, "places": reading.tried(_Thread), "messages": heard}
        logger.info("backfill finished", extra=extra)

    async def _read_each(self, reading: Reading, places: Mapping[Hashable, Read]) -> int:
        """Read places until one after another cannot be; return how much was heard."""
        heard, in_a_row = 0, 0
        for place in reading.in_order(places):
            if in_a_row < HOPELESS and reading.has_room(place, PLACES):
                heard += await reading.read(place, places[place])
                in_a_row = in_a_row + 1 if place in reading.failed else 0
        return heard

    async def _hear_each(self, workspace: SlackWorkspace, reading: Reading, places: Iterable[_Thread]) -> int:
        return await self._read_each(
            reading, {place: partial(self._hear_since, workspace, reading, place) for place in places}
        )

    async def _joined(self, workspace: SlackWorkspace, reading: Reading) -> list[_Thread]:
        try:
            return [_Thread(channel, "") for channel in await workspace.directory.joined_channels()]
        except PlatformError as error:
            reading.fail("channels", error)
            return []

    def _start(self, workspace: SlackWorkspace, channel: str = "") -> int:
        return self.positions.start(workspace.team, channel, overlap=OVERLAP // timedelta(microseconds=1))

    # ------------------------------------------------------------ what is new

    async def _hear_since(self, workspace: SlackWorkspace, reading: Reading, place: _Thread) -> int:
        """Hear what is new in a place, and in the threads in it; return how many messages that were.

        Raises `PlatformError` where it must be read once more, with everything heard that can be.
        """
        start = max(self._start(workspace, place.channel), as_position(self._clock() - OLDEST))
        found = await self._readable(workspace, place, start)
        heard, trouble = 0, []
        for message in found:
            if position_of(message.ts) > start:
                try:
                    heard += await self._hear(workspace, place.channel, message)
                except PlatformError as error:
                    trouble.append(error)
        if not place.thread:
            threads = [_Thread(place.channel, item.ts) for item in found if position_of(item.latest_reply) > start]
            heard += await self._hear_each(workspace, reading, threads)
            # Nothing but their channel tells of them, so it is read once more with them.
            trouble += [reading.failed[thread] for thread in threads if thread in reading.failed]
        if trouble:
            raise trouble[0]
        return heard

    async def _readable(self, workspace: SlackWorkspace, place: _Thread, start: int) -> list[SlackMessage]:
        """Return what may be new in a place, oldest first; nothing where Slack does not give it to the bot.

        Raises `PlatformError`.
        """
        oldest = as_ts(start if place.thread else start - THREADS_BEGAN // timedelta(microseconds=1))
        try:
            return await self._read(workspace, place, oldest)
        except SlackApiError as refusal:
            if refusal.code not in UNREADABLE:
                raise
            extra = {"team": workspace.team, "channel": place.channel, "error": str(refusal)}
            logger.warning("channel not read after a gap", extra=extra)
            return []

    async def _read(self, workspace: SlackWorkspace, place: _Thread, oldest: str) -> list[SlackMessage]:
        return await read_pages(
            workspace.calls, place.channel, place.thread, oldest=oldest, pages=PAGES, urgency=BESIDE_OTHERS
        )

    async def _hear(self, workspace: SlackWorkspace, channel: str, message: SlackMessage) -> bool:
        try:
            said = read_message(message.as_message(), bot_user=workspace.bot_user, channel=channel)
            return said is not None and await self._message_handler.on_said(workspace, said) is not None
        except SlackAccessRevoked:
            raise
        except PlatformRefused as error:  # it would be refused again
            logger.warning("missed message not taken", extra={"ts": message.ts, "error": str(error)})
            return False
        except BotError:
            raise
        except Exception as error:  # noqa: BLE001 - told by its kind; the next message is heard
            self._errors.note(CATCHING_UP, error)
            return False

    # ------------------------------------------------------------ what has changed

    async def _follow_changes(self, workspace: SlackWorkspace, key: ConversationKey) -> None:
        """Follow the edits and deletions of messages of a conversation. Raises `PlatformError`."""
        kept = await self._bot.kept_messages(key, limit=MOST_CHECKED)
        since = self._start(workspace)
        try:
            await follow_changes(self._message_handler, workspace, key, kept, since=since, urgency=BESIDE_OTHERS)
        except SlackApiError as refusal:
            if refusal.code not in UNREADABLE:
                raise
            extra = {"conversation": str(key), "error": str(refusal)}
            logger.info("not looked at for changes", extra=extra)
