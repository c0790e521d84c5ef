"""Keep writers and deletions apart: nothing of a message is stored after it was deleted.

Whoever writes what people said holds its workspace together with other writers, whoever deletes holds it alone, until
the commit. So a writer sees every deletion before it, and a deletion all that was written. SQLite has one writer.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from bot.context.new_entries import without_reply_words
from bot.types import ConversationKey, Incoming, NewEntry
from storage.codec import as_utc
from storage.database import ERASES, begin_writing
from storage.tables import MessageChangeRow

_TOGETHER = sa.text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:place, 0))")
_ALONE = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:place, 0))")

_CHANGES = select(MessageChangeRow).where(
    col(MessageChangeRow.platform) == sa.bindparam("of_platform"),
    col(MessageChangeRow.workspace) == sa.bindparam("of_workspace"),
    col(MessageChangeRow.channel).in_(sa.bindparam("channels", expanding=True)),
    col(MessageChangeRow.thread).in_(sa.bindparam("threads", expanding=True)),
    col(MessageChangeRow.message_id).in_(sa.bindparam("ids", expanding=True)),
)


def hold_together(session: Session, key: ConversationKey) -> None:
    """Keep deletions out of a workspace until the commit."""
    _hold(session, _TOGETHER, key.platform, key.workspace)


def hold_alone(session: Session, platform: str, workspace: str) -> None:
    """Keep every writer out of a workspace until the commit, to take away or change what was said there."""
    session.info[ERASES] = True
    _hold(session, _ALONE, platform, workspace)


def hold_apart(session: Session, name: str) -> None:
    """Keep everybody else who holds this name waiting until the commit; SQLite has one writer from here on."""
    begin_writing(session)
    _lock(session, _ALONE, f"apart: {name}")


def _hold(session: Session, lock: sa.TextClause, platform: str, workspace: str) -> None:
    _lock(session, lock, f"{platform}/{workspace}")


def _lock(session: Session, lock: sa.TextClause, place: str) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(lock, {"place": place})


class Changes:
    """Deletions and edits of one channel's messages, and of the places around them."""

    def __init__(self, session: Session, key: ConversationKey, ids: Collection[str]) -> None:
        given = {
            "of_platform": key.platform,
            "of_workspace": key.workspace,
            "channels": ["", key.channel],
            "threads": sorted({"", key.thread}),
            "ids": ["", *ids],
        }
        rows = session.exec(_CHANGES, params=given).all()
        self.messages = {row.message_id: row for row in rows if row.message_id and row.channel == key.channel}
        self._gone_at = max((row.at for row in rows if not row.message_id), default=None)

    def is_deleted(self, id: str) -> bool:
        """Return whether a message was deleted by itself."""
        change = self.messages.get(id)
        return change is not None and change.deleted

    def refuse(self, id: str, at: datetime) -> bool:
        """Return whether a message was deleted, or was said before its place was."""
        if self.is_deleted(id):
            return True
        return self._gone_at is not None and as_utc(at) <= self._gone_at


def change_of(session: Session, incoming: Incoming) -> Changes:
    """Read what happened to an incoming before it came."""
    return Changes(session, incoming.key, {incoming.message_id, incoming.replies_to} - {""})


def standing(session: Session, key: ConversationKey, entries: Sequence[NewEntry]) -> Sequence[NewEntry]:
    """Return the entries whose messages were not deleted, without the words of those that were and they reply to."""
    ids = {id for entry in entries for id in (entry.message_id, entry.replies_to)}
    changes = Changes(session, key, ids - {""})
    left = [entry for entry in entries if not changes.refuse(entry.message_id, entry.at)]
    return [without_reply_words(entry) if changes.is_deleted(entry.replies_to) else entry for entry in left]
