"""Remove a channel of the playground with all that is kept of it: names come back there, and find nothing."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa
from sqlmodel import Session, col, delete, select

from bot.errors import OthersWrote
from bot.turns.effects import RemoveChannel
from bot.types import ConversationKey, DeletionOutcome, PlaygroundEvent, Within
from storage.database import within
from storage.deletion import SqlDeletion
from storage.tables import (
    AccessRuleRow,
    BudgetRow,
    ChannelMessageRow,
    ChannelRow,
    PlaygroundEventRow,
    SettingChangeRow,
    SettingRow,
)


class SqlChannelRemoval(SqlDeletion):
    """A `DeletionStore` over a database that removes whole channels of the playground."""

    def _remove_channel(self, session: Session, change: RemoveChannel) -> DeletionOutcome:
        """Remove a channel, part of a larger unit of work. Raises `OthersWrote`."""
        key = replace(change.key, thread="")
        row = session.get(ChannelRow, (key.workspace, key.channel), with_for_update=True)
        if row is None:
            return DeletionOutcome()
        if change.maker and (row.maker != change.maker or _have_others_written(session, key, change.maker)):
            raise OthersWrote
        place = Within(platform=key.platform, workspace=key.workspace, channel=key.channel)
        outcome = within(SqlDeletion.delete_place)(self, session, place)
        _remove_what_was_set(session, key)
        here = (col(PlaygroundEventRow.workspace) == key.workspace, col(PlaygroundEventRow.channel) == key.channel)
        session.exec(delete(PlaygroundEventRow).where(*here))
        # Messages and files go with their channel.
        session.exec(delete(ChannelRow).where(col(ChannelRow.workspace) == row.workspace, col(ChannelRow.id) == row.id))
        self._record(session, [PlaygroundEvent(kind="place", workspace=key.workspace)])
        return outcome


def _have_others_written(session: Session, key: ConversationKey, person: str) -> bool:
    row = ChannelMessageRow
    here = (col(row.workspace) == key.workspace, col(row.channel) == key.channel)
    theirs = select(row.id).where(*here, col(row.author_is_bot).is_(False), col(row.author_id) != person)
    return session.exec(theirs.limit(1)).first() is not None


def _remove_what_was_set(session: Session, key: ConversationKey) -> None:
    """Remove settings, rules and budgets of a channel and of its threads."""
    channel = f"{key.workspace_key}/{key.channel}"
    for table in (SettingRow, SettingChangeRow):
        kind, name = col(table.scope_kind), col(table.scope_key)
        of_thread = sa.and_(kind == "conversation", name.startswith(f"{channel}/", autoescape=True))
        session.exec(delete(table).where(sa.or_(sa.and_(kind == "channel", name == channel), of_thread)))
    session.exec(delete(AccessRuleRow).where(col(AccessRuleRow.place_key) == channel))
    columns = {"platform": key.platform, "workspace": key.workspace, "channel": key.channel}
    session.exec(delete(BudgetRow).where(*(col(getattr(BudgetRow, name)) == value for name, value in columns.items())))
