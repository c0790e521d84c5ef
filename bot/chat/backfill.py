"""Know up to where every channel was heard, so that what came while nobody listened can be read; shared by platforms.

A position is a whole number that grows with time: Discord's snowflakes are, Slack's timestamps are in microseconds.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from bot.chat.gap import Gap
from bot.errors import StorageError
from bot.intervals import has_passed
from bot.ports import AdapterStateStore, Clock

logger = logging.getLogger(__name__)

CATCHING_UP: Final = "catching up"
"""The kind of what goes wrong here."""

LOOK_BACK: Final = timedelta(days=7)
"""Conversations that rested longer are not looked at for what was edited or deleted."""

OVERLAP: Final = timedelta(minutes=2)
"""Read again before a gap where a channel has no position of its own: deliveries come out of order, and what was taken
is known by its name."""

MOST_CONVERSATIONS: Final = 50
MOST_CHECKED: Final = 100
"""Conversations, the latest first, and messages of each, that are looked at for edits and deletions after one gap."""

CHANNELS_KEPT: Final = 300
"""Channels of one workspace, the latest first, whose position is stored; all others were heard up to the newest."""

PREFIX: Final = "heard/"
"""Of the names under which positions are stored, each followed by its workspace."""

REMEMBER_EVERY: Final = timedelta(seconds=10)


@dataclass(slots=True)
class WorkspacePositions:
    """Positions of one workspace: up to where all of it was heard, and the newest message of each channel."""

    newest: int = 0
    channels: dict[str, int] = field(default_factory=dict)

    def note(self, channel: str, position: int) -> None:
        """Note a message that was heard."""
        self.newest = max(self.newest, position)
        self.channels[channel] = max(self.channels.get(channel, 0), position)

    def add(self, other: WorkspacePositions) -> None:
        """Note all that another one knows."""
        self.newest = max(self.newest, other.newest)
        for channel, position in other.channels.items():
            self.channels[channel] = max(self.channels.get(channel, 0), position)

    def until(self, position: int) -> WorkspacePositions:
        """Return what of it is no later."""
        channels = {id: at for id, at in self.channels.items() if at <= position}
        return WorkspacePositions(self.newest if self.newest <= position else 0, channels)

    def to_text(self) -> str:
        """Return it as it is stored."""
        kept = sorted(self.channels.items(), key=lambda item: item[1], reverse=True)[:CHANNELS_KEPT]
        return json.dumps({"newest": self.newest, "channels": dict(kept)}, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> WorkspacePositions:
        """Return what was stored; nothing where that cannot be read."""
        try:
            told: Any = json.loads(text)
            channels = {str(id): int(position) for id, position in told["channels"].items()}
            return cls(newest=int(told["newest"]), channels=channels)
        except (ValueError, TypeError, KeyError, AttributeError):
            return cls()


EVERYWHERE: Final = ""
"""The workspace whose newest position holds for all of them: the beginning of the last gap that was read."""


class Positions:
    """Positions of the workspaces of a platform, stored once in a while; `clock` tells the time of the platform.

    After a gap (the start is one) what is heard is kept apart until the gap was read, or a message behind it would hide
    what lies in it.
    """

    def __init__(
        self, state: AdapterStateStore, platform: str, *, clock: Clock, position_of: Callable[[datetime], int]
    ) -> None:
        self._state = state
        self._platform = platform
        self._clock = clock
        self._position_of = position_of
        self._known: dict[str, WorkspacePositions] = {}
        self._since_gap: dict[str, WorkspacePositions] = {}
        self._changed: set[str] = set()
        self._is_loaded = False
        self._gap: Gap | None = Gap()
        self._remembered_at = clock() - REMEMBER_EVERY

    @property
    def gap(self) -> Gap | None:
        """Return the newest gap that was not read, None where all were."""
        return self._gap

    def open_gap(self) -> None:
        """Note that from here on something may have been missed."""
        self._gap = Gap()

    async def close_gap(self, gap: Gap) -> None:
        """Note that a gap was read, up to when that began; a newer one stays open."""
        if gap is not self._gap:
            return
        if gap.trouble:
            logger.warning("gap closed, not all of it could be read", extra={"error": gap.trouble})
        self._gap = None
        everywhere = self._of(EVERYWHERE)
        everywhere.newest = max(everywhere.newest, self._position_of(gap.began or self._clock()))
        self._changed.add(EVERYWHERE)
        for workspace, heard in self._since_gap.items():
            self._of(workspace).add(heard)
            self._changed.add(workspace)
        self._since_gap.clear()
        await self.remember()

    async def heard(self, workspace: str, channel: str, position: int) -> None:
        """Note a message that was heard; what cannot be stored now is stored with a later one."""
        if self._gap:
            self._since_gap.setdefault(workspace, WorkspacePositions()).note(channel, position)
            self._of(workspace).channels.setdefault(
                channel, 0
            )  # that there is such a channel may be told by nothing else
        else:
            self._of(workspace).note(channel, position)
        self._changed.add(workspace)
        if has_passed(REMEMBER_EVERY, since=self._remembered_at, now=self._clock()):
            await self.remember()

    async def load(self, *, newest: int = 0) -> None:
        """Read what was stored, once; where nothing ever was, nothing was missed before.

        `newest` is what an earlier version kept for all. Raises `StorageError`.
        """
        if self._is_loaded:
            return
        stored = await self._state.list_state(self._platform, prefix=PREFIX)
        for name, text in stored.items():
            self._of(name.removeprefix(PREFIX)).add(self._trusted(WorkspacePositions.from_text(text)))
        self._of(EVERYWHERE).add(self._trusted(WorkspacePositions(newest)))
        self._is_loaded = True
        if self._gap is not None and not stored and not newest:
            await self.close_gap(self._gap)

    def _trusted(self, stored: WorkspacePositions) -> WorkspacePositions:
        """Return what was heard by now: earlier versions took the time of this machine, which may have been ahead."""
        return stored.until(self._position_of(self._clock() + OVERLAP))

    def channels(self, workspace: str) -> list[str]:
        """Return the channels of a workspace in which something was heard."""
        return list(self._of(workspace).channels)

    def start(self, workspace: str, channel: str = "", *, overlap: int) -> int:
        """Return the position up to which a channel was heard before any open gap.

        One without a position of its own was heard as long as anything was; `overlap` is taken off for what comes out
        of order.
        """
        heard, everywhere = self._of(workspace), self._of(EVERYWHERE).newest
        return max(heard.channels.get(channel, 0), max(heard.newest, everywhere) - overlap)

    async def remember(self) -> None:
        """Store what has changed, over what other processes have stored since."""
        self._remembered_at = self._clock()
        try:
            for workspace in list(self._changed):
                name, known = f"{PREFIX}{workspace}", self._of(workspace)
                stored = WorkspacePositions.from_text(await self._state.get_state(self._platform, name) or "")
                known.add(self._trusted(stored))
                await self._state.put_state(self._platform, name, known.to_text())
                self._changed.discard(workspace)
        except StorageError as error:
            logger.warning("position of the newest message not stored", extra={"error": str(error)})

    def _of(self, workspace: str) -> WorkspacePositions:
        return self._known.setdefault(workspace, WorkspacePositions())


def edited_since(edits: Mapping[str, int], kept: Iterable[str], since: int) -> list[str]:
    """Return those of the `kept` messages that were edited at or after the position `since`, by `edits`."""
    return [id for id in kept if edits.get(id, 0) >= since]
