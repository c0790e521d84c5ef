"""Parts of summaries, and the schedules of digests, in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import fields, replace
from datetime import datetime
from itertools import count

from bot.types import ConversationKey, NewSchedule, Schedule, ScheduleId, SummaryPart, Within
from storage.codec import as_utc
from storage.in_memory.message_changes import ChangeName, MessageChange, is_refused


class MemorySummaries:
    """A `SummaryStore` in memory."""

    _changes: dict[ChangeName, MessageChange]

    def __init__(self) -> None:
        self._parts: defaultdict[ConversationKey, dict[str, SummaryPart]] = defaultdict(dict)
        self._marks: dict[tuple[ConversationKey, str], datetime] = {}

    async def get_parts(self, place: ConversationKey) -> Sequence[SummaryPart]:
        return sorted(self._parts[place].values(), key=lambda part: (part.covers[0].at, part.id))

    async def put_part(self, place: ConversationKey, part: SummaryPart, *, replaces: Sequence[str] = ()) -> None:
        await self.remove_parts(place, replaces)
        if any(is_refused(self._changes, place, cover.id, cover.at) for cover in part.covers):
            return
        covers = tuple(replace(cover, at=as_utc(cover.at)) for cover in part.covers)
        self._parts[place][part.id] = replace(part, covers=covers)

    async def remove_parts(self, place: ConversationKey, ids: Sequence[str]) -> None:
        for id in ids:
            self._parts[place].pop(id, None)

    def _forget_in_parts(self, channel: ConversationKey, ids: Collection[str]) -> datetime | None:
        """Drop the parts that cover one of these messages; return when the earliest of them was written."""
        gone: list[datetime] = []
        for place, parts in self._parts.items():
            if replace(place, thread="") == replace(channel, thread=""):
                for part in list(parts.values()):
                    covered = [cover.at for cover in part.covers if cover.id in ids]
                    if covered:
                        del parts[part.id]
                    gone += covered
        return min(gone, default=None)

    async def get_mark(self, place: ConversationKey, person: str) -> datetime | None:
        marks = (self._marks.get((place, item)) for item in {"", person})
        return max((mark for mark in marks if mark is not None), default=None)

    async def put_mark(self, place: ConversationKey, person: str, until: datetime) -> None:
        until = as_utc(until)
        self._marks[place, person] = max(until, self._marks.get((place, person), until))

    def _forget_place(self, place: ConversationKey) -> None:
        self._parts.pop(place, None)

    def _forget_marks_in(self, place: Within) -> None:
        self._marks = {(key, person): at for (key, person), at in self._marks.items() if not lies_in(key, place)}

    def _forget_person_in_parts(self, platform: str, id: str) -> None:
        for place, parts in self._parts.items():
            if place.platform == platform:
                for name in [part.id for part in parts.values() if any(one.author == id for one in part.covers)]:
                    del parts[name]
        self._marks = {
            (place, person): until
            for (place, person), until in self._marks.items()
            if (place.platform, person) != (platform, id)
        }


class MemorySchedules:
    """A `ScheduleStore` in memory."""

    def __init__(self) -> None:
        self._schedules: dict[ScheduleId, Schedule] = {}
        self._schedule_ids = count(1)

    async def add_schedule(self, schedule: NewSchedule) -> Schedule:
        given = {field.name: getattr(schedule, field.name) for field in fields(NewSchedule)}
        kept = Schedule(id=next(self._schedule_ids), **given)
        kept = replace(kept, next_at=as_utc(kept.next_at), since=as_utc(kept.since))
        self._schedules[kept.id] = kept
        return kept

    async def get_schedules(self, channel: ConversationKey) -> Sequence[Schedule]:
        here = replace(channel, thread="")
        return [item for _, item in sorted(self._schedules.items()) if replace(item.key, thread="") == here]

    async def due_schedules(self, now: datetime) -> Sequence[Schedule]:
        due = (
            schedule for schedule in self._schedules.values() if schedule.next_at <= as_utc(now) and not schedule.paused
        )
        return sorted(due, key=lambda each: (each.next_at, each.id))

    async def advance_schedule(self, schedule: Schedule, *, next_at: datetime, since: datetime) -> bool:
        kept = self._schedules.get(schedule.id)
        if kept is None or kept.next_at != as_utc(schedule.next_at):
            return False
        self._schedules[kept.id] = replace(kept, next_at=as_utc(next_at), since=as_utc(since))
        return True

    async def pause_schedule(self, id: ScheduleId, *, paused: bool, next_at: datetime) -> None:
        if id in self._schedules:
            self._schedules[id] = replace(self._schedules[id], paused=paused, next_at=as_utc(next_at))

    def _forget_schedules_of(self, platform: str, id: str) -> None:
        kept = self._schedules.items()
        self._schedules = {key: item for key, item in kept if (item.key.platform, item.author.id) != (platform, id)}

    def _forget_schedules_in(self, place: Within) -> None:
        self._schedules = {id: item for id, item in self._schedules.items() if not lies_in(item.key, place)}

    async def remove_schedule(self, id: ScheduleId) -> None:
        self._schedules.pop(id, None)


def lies_in(key: ConversationKey, place: Within) -> bool:
    """Return whether a conversation, or a channel, is part of a place."""
    return all(getattr(key, name) == value for name, value in place.columns.items())
