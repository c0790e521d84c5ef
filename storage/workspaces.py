"""Store the playground's workspaces in a database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select, update
from sqlmodel.sql.sqltypes import UTCDateTime

from bot.errors import StorageError
from bot.types import Channel, ChannelMessage, Person, Workspace
from storage import jobs
from storage.codec import as_utc
from storage.database import SqlPart, chunks, put, unit_of_work
from storage.tables import ChannelMessageRow, ChannelRow, PersonRow, WorkspaceRow, message_columns


class SqlWorkspaces(SqlPart):
    """A `WorkspaceStore` over a database."""

    @unit_of_work
    def put_workspace(
        self, session: Session, workspace: Workspace, channels: Sequence[Channel], people: Sequence[Person]
    ) -> None:
        put(session, WorkspaceRow, [asdict(workspace)])
        put(session, ChannelRow, [asdict(channel) for channel in channels])
        put(session, PersonRow, [{"workspace": workspace.id, **asdict(person)} for person in people])

    @unit_of_work
    def put_messages(self, session: Session, messages: Sequence[ChannelMessage]) -> int:
        by_channel: defaultdict[tuple[str, str], dict[str, ChannelMessage]] = defaultdict(dict)
        for message in messages:
            by_channel[message.workspace, message.channel][message.id] = message
        new = 0
        for (workspace, channel), item in sorted(by_channel.items()):
            _lock(session, workspace, channel)
            before = _threads(session, workspace, channel, item)
            put(session, ChannelMessageRow, [message_columns(message) for message in item.values()])
            roots = {*item, *before.values(), *(message.thread for message in item.values())} - {""}
            _count_replies(session, workspace, channel, roots)
            new += len(item) - len(before)
            if self._database.has_queue:
                jobs.announce_messages(session, self.origin, list(item.values()), before)
        return new

    @unit_of_work
    def get_workspaces(self, session: Session) -> Sequence[Workspace]:
        rows = session.exec(select(WorkspaceRow).order_by(col(WorkspaceRow.name), col(WorkspaceRow.id)))
        return [row.to_workspace() for row in rows]

    @unit_of_work
    def get_channels(self, session: Session, workspace: str) -> Sequence[Channel]:
        rows = session.exec(
            select(ChannelRow)
            .where(ChannelRow.workspace == workspace)
            .order_by(col(ChannelRow.direct), col(ChannelRow.name), col(ChannelRow.id))
        )
        return [row.to_channel() for row in rows]

    @unit_of_work
    def get_people(self, session: Session, workspace: str) -> Sequence[Person]:
        rows = session.exec(
            select(PersonRow).where(PersonRow.workspace == workspace).order_by(col(PersonRow.name), col(PersonRow.id))
        )
        return [row.to_person() for row in rows]

    @unit_of_work
    def get_message(self, session: Session, workspace: str, channel: str, id: str) -> ChannelMessage | None:
        row = session.get(ChannelMessageRow, (workspace, channel, id))
        return None if row is None else row.to_message()

    @unit_of_work
    def get_messages(
        self,
        session: Session,
        workspace: str,
        channel: str,
        *,
        before: ChannelMessage | None = None,
        limit: int,
    ) -> Sequence[ChannelMessage]:
        return _page(session, (workspace, channel, ""), before, limit)

    @unit_of_work
    def get_thread(
        self,
        session: Session,
        workspace: str,
        channel: str,
        thread: str,
        *,
        before: ChannelMessage | None = None,
        limit: int,
    ) -> Sequence[ChannelMessage]:
        return _page(session, (workspace, channel, thread), before, limit)


def _page(
    session: Session, place: tuple[str, str, str], before: ChannelMessage | None, limit: int
) -> Sequence[ChannelMessage]:
    """Return the newest messages of (workspace, channel, thread), oldest first."""
    workspace, channel, thread = place
    row = ChannelMessageRow
    newest_first = (
        select(row)
        .where(row.workspace == workspace, row.channel == channel, row.thread == thread)
        .order_by(col(row.at).desc(), col(row.id).desc())
        .limit(limit)
    )
    if before is not None:
        mark = sa.tuple_(sa.literal(as_utc(before.at), UTCDateTime()), sa.literal(before.id))
        newest_first = newest_first.where(sa.tuple_(col(row.at), col(row.id)) < mark)
    rows = session.exec(newest_first).all()
    return [item.to_message() for item in reversed(rows)]


def _lock(session: Session, workspace: str, channel: str) -> None:
    """Let nobody else write to a channel until the commit, so that replies are counted right."""
    unchanged = (
        update(ChannelRow)
        .where(col(ChannelRow.workspace) == workspace, col(ChannelRow.id) == channel)
        .values(name=ChannelRow.name)
    )
    if session.exec(unchanged).rowcount == 0:
        raise StorageError(f"There is no channel {channel!r} in the workspace {workspace!r}.")


def _threads(session: Session, workspace: str, channel: str, ids: Iterable[str]) -> dict[str, str]:
    """Return the thread of each message that is there, by id."""
    row = ChannelMessageRow
    threads: dict[str, str] = {}
    for chunk in chunks(ids):
        here = (row.workspace == workspace, row.channel == channel, col(row.id).in_(chunk))
        # `turn_id` is read for SQLite, which takes an index that tells all that is asked, and reads the whole channel.
        found = session.exec(select(row.id, row.thread, row.turn_id).where(*here))
        threads.update((id, thread) for id, thread, _ in found)
    return threads


def _count_replies(session: Session, workspace: str, channel: str, roots: Iterable[str]) -> None:
    root, reply = ChannelMessageRow, aliased(ChannelMessageRow)
    hangs_on = sa.and_(
        col(reply.workspace) == workspace, col(reply.channel) == channel, col(reply.thread) == col(root.id)
    )
    for chunk in chunks(roots):
        session.exec(
            update(root)
            .where(col(root.workspace) == workspace, col(root.channel) == channel, col(root.id).in_(chunk))
            .values(
                replies=sa.select(sa.func.count()).select_from(reply).where(hangs_on).scalar_subquery(),
                last_reply_at=sa.select(sa.func.max(reply.at)).where(hangs_on).scalar_subquery(),
            )
            .execution_options(synchronize_session=False)
        )
