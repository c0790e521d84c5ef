"""Tables of summary parts and digest schedules, with the conversion of rows to values and back."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any, Self

import sqlalchemy as sa
from sqlmodel import Field

from bot.types import ConversationKey, Covered, NewSchedule, Person, Point, Schedule, Section, SummaryPart
from storage.codec import Json, as_utc
from storage.tables.base import JSON, SERIAL, BaseTable, Keyed, key_columns


class SummaryPartRow(Keyed, table=True):
    """A part of the summary of a channel (`thread` "") or of a thread."""

    __tablename__ = "summary_part"

    platform: str = Field(primary_key=True)
    workspace: str = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    thread: str = Field(primary_key=True)
    part_id: str = Field(primary_key=True)
    first_at: datetime
    headline: str
    points: dict[str, list[Json]] = Field(sa_type=JSON)
    covers: list[Json] = Field(sa_type=JSON)

    @classmethod
    def from_part(cls, place: ConversationKey, part: SummaryPart) -> Self:
        return cls(
            **key_columns(place),
            part_id=part.id,
            first_at=as_utc(part.covers[0].at),
            headline=part.headline,
            points={
                section.value: [_point_to_json(point) for point in points] for section, points in part.points.items()
            },
            covers=[_covered_to_json(cover) for cover in part.covers],
        )

    def to_part(self) -> SummaryPart:
        return SummaryPart(
            id=self.part_id,
            headline=self.headline,
            points={Section(name): tuple(map(_point_from_json, points)) for name, points in self.points.items()},
            covers=tuple(map(_covered_from_json, self.covers)),
        )


class SummaryMarkRow(Keyed, table=True):
    """Time up to which the last summary of a place reached, for everybody (`person` "") or to one."""

    __tablename__ = "summary_mark"

    platform: str = Field(primary_key=True)
    workspace: str = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    thread: str = Field(primary_key=True)
    person: str = Field(primary_key=True)
    until: datetime


class ScheduleRow(BaseTable, table=True):
    """A digest that somebody wanted; `at` is its local time as HH:MM."""

    __tablename__ = "schedule"
    __table_args__ = (sa.Index(None, "platform", "workspace", "channel"), sa.Index(None, "next_at"))

    id: int = Field(default=None, primary_key=True, sa_type=SERIAL)
    platform: str
    workspace: str
    channel: str
    author_id: str
    author_name: str
    at: str
    weekday: int | None = None
    time_zone: str
    next_at: datetime
    since: datetime
    paused: bool

    @classmethod
    def from_schedule(cls, schedule: NewSchedule) -> Self:
        return cls(
            platform=schedule.key.platform,
            workspace=schedule.key.workspace,
            channel=schedule.key.channel,
            author_id=schedule.author.id,
            author_name=schedule.author.name,
            at=f"{schedule.at:%H:%M}",
            weekday=schedule.weekday,
            time_zone=schedule.time_zone,
            next_at=as_utc(schedule.next_at),
            since=as_utc(schedule.since),
            paused=schedule.paused,
        )

    def to_schedule(self) -> Schedule:
        return Schedule(
            id=self.id,
            key=ConversationKey(platform=self.platform, workspace=self.workspace, channel=self.channel, thread=""),
            author=Person(id=self.author_id, name=self.author_name),
            at=time.fromisoformat(self.at),
            weekday=self.weekday,
            time_zone=self.time_zone,
            next_at=self.next_at,
            since=self.since,
            paused=self.paused,
        )


def _point_to_json(point: Point) -> Json:
    return {"text": point.text, "rests_on": list(point.rests_on)}


def _point_from_json(json: Json) -> Point:
    return Point(text=json["text"], rests_on=tuple(json["rests_on"]))


def _covered_to_json(covered: Covered) -> Json:
    at = as_utc(covered.at).isoformat()
    return {"id": covered.id, "version": covered.version, "at": at, "author": covered.author}


def _covered_from_json(json: dict[str, Any]) -> Covered:
    return Covered(**{**json, "at": datetime.fromisoformat(json["at"])})
