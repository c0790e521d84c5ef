"""Ports for parts of summaries, schedules of digests, and words that tell a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.types import ConversationKey, NewSchedule, Schedule, ScheduleId, SummaryPart


class TimeWords(Protocol):
    """Reads the words in which people tell a time."""

    async def read(self, words: str, *, now: datetime, time_zone: str) -> datetime | None:
        """Return the time that `words` mean to somebody in `time_zone` (an IANA name), in UTC; None when they mean
        none.

        A day without a time begins at its midnight there. What could lie in the past or the future lies in the past.
        """
        ...


class SummaryStore(Protocol):
    """Parts of summaries by place: a channel is the key without its thread. Any method can raise `StorageError`."""

    async def get_parts(self, place: ConversationKey) -> Sequence[SummaryPart]:
        """Return the parts of a place, in the order of the first message that each covers."""
        ...

    async def put_part(self, place: ConversationKey, part: SummaryPart, *, replaces: Sequence[str] = ()) -> None:
        """Keep a part in place of those with the ids `replaces`, and of one with its own id; all or nothing.

        A part that covers a message which was deleted meanwhile is not kept.
        """
        ...

    async def remove_parts(self, place: ConversationKey, ids: Sequence[str]) -> None:
        """Drop parts; those that are not there are passed over."""
        ...

    async def get_mark(self, place: ConversationKey, person: str) -> datetime | None:
        """Up to when the last summary told: the later of everybody's and that of `person` alone."""
        ...

    async def put_mark(self, place: ConversationKey, person: str, until: datetime) -> None:
        """Remember up to when a summary told; `person` is "" when it was for everybody. Never goes back."""
        ...


class ScheduleStore(Protocol):
    """Digests that people wanted. Any method can raise `StorageError`."""

    async def add_schedule(self, schedule: NewSchedule) -> Schedule:
        """Keep a new one."""
        ...

    async def get_schedules(self, channel: ConversationKey) -> Sequence[Schedule]:
        """Those of a channel, the oldest first."""
        ...

    async def due_schedules(self, now: datetime) -> Sequence[Schedule]:
        """Those that are due and not paused, of every channel, the longest due first."""
        ...

    async def advance_schedule(self, schedule: Schedule, *, next_at: datetime, since: datetime) -> bool:
        """Let the next one be due at `next_at`, if that of `schedule` is still the one due; whether it was."""
        ...

    async def pause_schedule(self, id: ScheduleId, *, paused: bool, next_at: datetime) -> None:
        """Pause one or let it go on, with the next one due at `next_at`."""
        ...

    async def remove_schedule(self, id: ScheduleId) -> None:
        """Remove one."""
        ...
