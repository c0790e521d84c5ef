"""Store what open pages of the playground hear of, its files, and search its messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlmodel import Session, col, delete, insert, select, update

from bot.types import ChannelMessage, ConversationKey, PlaygroundEvent, PlaygroundFile
from storage import jobs
from storage.codec import as_utc
from storage.database import SqlPart, put, unit_of_work
from storage.tables import ChannelMessageRow, PlaygroundEventRow, PlaygroundFileRow, event_columns

_ORDER_LOCK: Final = 0x5EED_0001
"""Held from an event's id to its commit on PostgreSQL, so that ids become visible in their order."""


class SqlPlayground(SqlPart):
    """The part of a `WorkspaceStore` that pages live on, over a database."""

    @unit_of_work
    def add_playground_events(self, session: Session, events: Sequence[PlaygroundEvent]) -> None:
        if self._database.is_shared:  # a crash may lose a step of an answer that is stored whole a second later
            session.connection().exec_driver_sql("SET LOCAL synchronous_commit TO OFF")
        self._record(session, events)

    def _record(self, session: Session, events: Sequence[PlaygroundEvent]) -> None:
        """Add events as the last thing that a transaction does, since others wait for it from then on."""
        if not events:
            return
        if self._database.is_shared:
            session.connection().execute(sa.select(sa.func.pg_advisory_xact_lock(_ORDER_LOCK)))
        now = as_utc(self._clock())
        session.connection().execute(insert(PlaygroundEventRow), [event_columns(event, now) for event in events])
        if self._database.is_shared:
            jobs.announce_playground(session)

    @unit_of_work
    def get_playground_events(self, session: Session, after: int, *, limit: int) -> Sequence[PlaygroundEvent]:
        row = PlaygroundEventRow
        rows = session.exec(select(row).where(col(row.id) > after).order_by(col(row.id)).limit(limit))
        return [item.to_event() for item in rows]

    @unit_of_work
    def get_playground_positions(self, session: Session) -> tuple[int, int]:
        # Apart, since each alone is the end of an index and both together are read from all of it.
        oldest, newest = (session.exec(select(end(PlaygroundEventRow.id))).one() for end in (sa.func.min, sa.func.max))
        return oldest or 0, newest or 0

    @unit_of_work
    def prune_playground(self, session: Session, before: datetime) -> None:
        newest = select(sa.func.max(PlaygroundEventRow.id)).scalar_subquery()
        old = col(PlaygroundEventRow.at) < as_utc(before)
        session.exec(delete(PlaygroundEventRow).where(old, col(PlaygroundEventRow.id) < newest))
        unsent = col(PlaygroundFileRow.is_sent).is_(False)
        session.exec(delete(PlaygroundFileRow).where(unsent, col(PlaygroundFileRow.at) < as_utc(before)))

    @unit_of_work
    def search_messages(
        self, session: Session, places: Sequence[tuple[str, str]], words: Sequence[str], *, limit: int
    ) -> Sequence[ChannelMessage]:
        row = ChannelMessageRow
        here = sa.or_(sa.false(), *(sa.and_(col(row.workspace) == w, col(row.channel) == c) for w, c in places))
        has_all = [sa.func.lower(col(row.text)).contains(word.lower(), autoescape=True) for word in words]
        newest_first = select(row).where(here, *has_all).order_by(col(row.at).desc(), col(row.id).desc()).limit(limit)
        return [item.to_message() for item in session.exec(newest_first)]

    @unit_of_work
    def put_playground_file(self, session: Session, file: PlaygroundFile) -> None:
        columns = {name: getattr(file, name) for name in PlaygroundFile.__slots__}
        put(session, PlaygroundFileRow, [{**columns, "at": as_utc(file.at), "is_sent": False}])

    @unit_of_work
    def get_playground_file(self, session: Session, id: str) -> PlaygroundFile | None:
        row = session.get(PlaygroundFileRow, id)
        return None if row is None else row.to_file()


def forget_in_events(session: Session, channel: ConversationKey) -> None:
    """Drop the words of answers that pages of a channel may have heard already."""
    row = PlaygroundEventRow
    here = (col(row.workspace) == channel.workspace, col(row.channel) == channel.channel)
    session.exec(delete(row).where(*here, col(row.draft).is_not(None)))


def file_ids(messages: Iterable[ChannelMessageRow]) -> list[str]:
    """Return the ids of all files beside messages."""
    return [str(file["id"]) for message in messages for file in message.attachments]


def keep_files(session: Session, messages: Iterable[ChannelMessage]) -> None:
    """Keep the files beside messages, which are sent with them."""
    ids = [file.id for message in messages for file in message.attachments]
    if ids:
        session.exec(update(PlaygroundFileRow).where(col(PlaygroundFileRow.id).in_(ids)).values(is_sent=True))


def forget_files(session: Session, ids: Iterable[str]) -> None:
    """Delete files by id."""
    session.exec(delete(PlaygroundFileRow).where(col(PlaygroundFileRow.id).in_(list(ids))))
