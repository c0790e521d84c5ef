"""Store parts of summaries, and the schedules of digests, in a database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlmodel import Session, col, delete, select, update

from bot.types import ConversationKey, NewSchedule, Schedule, ScheduleId, SummaryPart
from storage.codec import as_utc
from storage.database import SqlPart, put, unit_of_work, upsert
from storage.deletion_fences import Changes, hold_together
from storage.tables import in_channel, is_of, key_columns
from storage.tables.summaries import ScheduleRow, SummaryMarkRow, SummaryPartRow


class SqlSummaries(SqlPart):
    """A `SummaryStore` over a database."""

    @unit_of_work
    def get_parts(self, session: Session, place: ConversationKey) -> Sequence[SummaryPart]:
        rows = session.exec(
            select(SummaryPartRow)
            .where(is_of(SummaryPartRow, place))
            .order_by(col(SummaryPartRow.first_at), col(SummaryPartRow.part_id))
        )
        return [row.to_part() for row in rows]

    @unit_of_work
    def put_part(
        self, session: Session, place: ConversationKey, part: SummaryPart, *, replaces: Sequence[str] = ()
    ) -> None:
        hold_together(session, place)
        _remove(session, place, replaces)
        changes = Changes(session, place, {cover.id for cover in part.covers})
        if any(changes.refuse(cover.id, cover.at) for cover in part.covers):
            return
        put(session, SummaryPartRow, [SummaryPartRow.from_part(place, part).model_dump()])

    @unit_of_work
    def remove_parts(self, session: Session, place: ConversationKey, ids: Sequence[str]) -> None:
        _remove(session, place, ids)

    @unit_of_work
    def get_mark(self, session: Session, place: ConversationKey, person: str) -> datetime | None:
        rows = session.exec(
            select(SummaryMarkRow.until).where(
                is_of(SummaryMarkRow, place), col(SummaryMarkRow.person).in_({"", person})
            )
        )
        return max(rows.all(), default=None)

    @unit_of_work
    def put_mark(self, session: Session, place: ConversationKey, person: str, until: datetime) -> None:
        row = SummaryMarkRow
        insert = upsert(session, row).values(**key_columns(place), person=person, until=as_utc(until))
        later = insert.excluded.until
        session.exec(
            insert.on_conflict_do_update(
                index_elements=["platform", "workspace", "channel", "thread", "person"],
                set_={"until": later},
                where=col(row.until) < later,
            )
        )


class SqlSchedules(SqlPart):
    """A `ScheduleStore` over a database."""

    @unit_of_work
    def add_schedule(self, session: Session, schedule: NewSchedule) -> Schedule:
        row = ScheduleRow.from_schedule(schedule)
        session.add(row)
        session.flush()
        return row.to_schedule()

    @unit_of_work
    def get_schedules(self, session: Session, channel: ConversationKey) -> Sequence[Schedule]:
        rows = session.exec(select(ScheduleRow).where(*in_channel(ScheduleRow, channel)).order_by(col(ScheduleRow.id)))
        return [row.to_schedule() for row in rows]

    @unit_of_work
    def due_schedules(self, session: Session, now: datetime) -> Sequence[Schedule]:
        rows = session.exec(
            select(ScheduleRow)
            .where(col(ScheduleRow.next_at) <= as_utc(now), ~col(ScheduleRow.paused))
            .order_by(col(ScheduleRow.next_at), col(ScheduleRow.id))
        )
        return [row.to_schedule() for row in rows]

    @unit_of_work
    def advance_schedule(self, session: Session, schedule: Schedule, *, next_at: datetime, since: datetime) -> bool:
        still = (col(ScheduleRow.id) == schedule.id, col(ScheduleRow.next_at) == as_utc(schedule.next_at))
        change = update(ScheduleRow).where(*still).values(next_at=as_utc(next_at), since=as_utc(since))
        return session.exec(change).rowcount > 0

    @unit_of_work
    def pause_schedule(self, session: Session, id: ScheduleId, *, paused: bool, next_at: datetime) -> None:
        change = update(ScheduleRow).where(col(ScheduleRow.id) == id)
        session.exec(change.values(paused=paused, next_at=as_utc(next_at)))

    @unit_of_work
    def remove_schedule(self, session: Session, id: ScheduleId) -> None:
        session.exec(delete(ScheduleRow).where(col(ScheduleRow.id) == id))


def forget_in_parts(session: Session, channel: ConversationKey, ids: Collection[str]) -> datetime | None:
    """Drop every part of a channel and of its threads that covers one of these messages.

    Return when the earliest of them was written, None when no part covers any.
    """
    rows = session.exec(select(SummaryPartRow).where(*in_channel(SummaryPartRow, channel)))
    gone: list[datetime] = []
    for row in rows:
        covered = [cover.at for cover in row.to_part().covers if cover.id in ids]
        if covered:
            gone += covered
            session.delete(row)
    return min(gone, default=None)


def forget_person_in_parts(session: Session, platform: str, id: str) -> None:
    """Drop every part that covers a message of somebody, and the digests that they wanted."""
    of_platform = session.exec(select(SummaryPartRow).where(SummaryPartRow.platform == platform))
    for row in of_platform:
        if any(cover["author"] == id for cover in row.covers):
            session.delete(row)
    theirs = (col(ScheduleRow.platform) == platform, col(ScheduleRow.author_id) == id)
    session.exec(delete(ScheduleRow).where(*theirs))
    marks = (col(SummaryMarkRow.platform) == platform, col(SummaryMarkRow.person) == id)
    session.exec(delete(SummaryMarkRow).where(*marks))


def _remove(session: Session, place: ConversationKey, ids: Sequence[str]) -> None:
    gone = delete(SummaryPartRow).where(is_of(SummaryPartRow, place), col(SummaryPartRow.part_id).in_(ids))
    session.exec(gone)
