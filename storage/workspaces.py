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
from bot.types import Channel, ChannelMessage, Person, PlaygroundEvent, Workspace
from storage.codec import as_utc
from storage.database import chunks, put, unit_of_work, within
from storage.deletion_fences import hold_apart
from storage.playground import SqlPlayground, keep_files
from storage.playground_rules import events_of, events_of_channels
from storage.tables import ChannelMessageRow, ChannelRow, PersonRow, WorkspaceRow, message_columns


class SqlWorkspaces(SqlPlayground):
    """A `WorkspaceStore` over a database."""

    @unit_of_work
    def put_workspace(
        self, session: Session, workspace: Workspace, channels: Sequence[Channel], people: Sequence[Person]
    ) -> None:
        put(session, WorkspaceRow, [asdict(workspace)])
        put(session, ChannelRow, [asdict(channel) for channel in channels])
        put(session, PersonRow, [{"workspace": workspace.id, **asdict(person)} for person in people])
        self._record(session, events_of_channels(workspace.id, channels))

    @unit_of_work
    def add_channel(self, session: Session, channel: Channel, *, most: int | None = None) -> bool:
        hold_apart(session, "channels of the playground")
        if session.get(ChannelRow, (channel.workspace, channel.id)) is not None:
            return True
        made = select(sa.func.count()).select_from(ChannelRow).where(ChannelRow.maker == channel.maker)
        if most is not None and session.exec(made).one() >= most:
            return False
        put(session, ChannelRow, [asdict(channel)])
        self._record(session, events_of_channels(channel.workspace, [channel]))
        return True

    @unit_of_work
    def put_messages(self, session: Session, messages: Sequence[ChannelMessage]) -> int:
        by_channel: defaultdict[tuple[str, str], dict[str, ChannelMessage]] = defaultdict(dict)
        for message in messages:
            by_channel[message.workspace, message.channel][message.id] = message
        new, told = 0, list[PlaygroundEvent]()
        for (workspace, channel), item in sorted(by_channel.items()):
            _lock(session, workspace, channel)
            before = _threads(session, workspace, channel, item)
            put(session, ChannelMessageRow, [message_columns(message) for message in item.values()])
            roots = {*item, *before.values(), *(message.thread for message in item.values())} - {""}
            _count_replies(session, workspace, channel, roots)
            new += len(item) - len(before)
            keep_files(session, item.values())
            told += events_of(item.values(), before)
        self._record(session, told)
        return new

    def _post(self, session: Session, message: ChannelMessage | None) -> None:
        """Store a message, if there is one, as the last thing that a transaction does."""
        if message is not None:
            within(SqlWorkspaces.put_messages)(self, session, [message])

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
        after: ChannelMessage | None = None,
        limit: int,
    ) -> Sequence[ChannelMessage]:
        return _page(session, (workspace, channel, ""), (before, after), limit)

    @unit_of_work
    def get_thread(  # noqa: PLR0913 - as the port has it, and a session
        self,
        session: Session,
        workspace: str,
        channel: str,
        thread: str,
        *,
        before: ChannelMessage | None = None,
        after: ChannelMessage | None = None,
        limit: int,
    ) -> Sequence[ChannelMessage]:
        return _page(session, (workspace, channel, thread), (before, after), limit)


def _page(
    session: Session,
    place: tuple[str, str, str],
    bounds: tuple[ChannelMessage | None, ChannelMessage | None],
    limit: int,
) -> Sequence[ChannelMessage]:
    """Return the newest messages of (workspace, channel, thread) before the first of `bounds`, oldest first.

    With the second of them these are the oldest ones behind it.
    """
    (workspace, channel, thread), (before, after) = place, bounds
    row = ChannelMessageRow
    here = select(row).where(row.workspace == workspace, row.channel == channel, row.thread == thread).limit(limit)
    order = (col(row.at), col(row.id))
    if before is not None:
        here = here.where(sa.tuple_(*order) < _mark(before))
    if after is not None:
        rows = session.exec(here.where(sa.tuple_(*order) > _mark(after)).order_by(*order)).all()
        return [item.to_message() for item in rows]
    rows = session.exec(here.order_by(*(column.desc() for column in order))).all()
    return [item.to_message() for item in reversed(rows)]


def _mark(message: ChannelMessage) -> sa.Tuple:
    return sa.tuple_(sa.literal(as_utc(message.at), UTCDateTime()), sa.literal(message.id))


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
