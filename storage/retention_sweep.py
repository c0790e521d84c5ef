"""Forget conversations and people: text, media and names go, the ledger's sums stay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import exists
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, delete, select, update
from sqlmodel.sql.sqltypes import UTCDateTime

from bot.types import ConversationKey, DeletionOutcome, PlaygroundEvent, Task
from storage.codec import as_utc
from storage.daily_spend import rename_person
from storage.database import chunks, unit_of_work
from storage.deletion_fences import hold_alone
from storage.edits import forget_edits
from storage.parameter_values import forget_changes
from storage.playground import SqlPlayground, file_ids, forget_files, forget_in_events
from storage.removal import Removal, forget, forget_owed, remove_from_summaries
from storage.summaries import forget_person_in_parts
from storage.tables import (
    HAS_SOURCE,
    IS_ASKED,
    IS_CONTEXT,
    IS_KEPT,
    IS_OPEN,
    KEY_COLUMNS,
    ChannelMessageRow,
    ChannelRow,
    ConversationRow,
    DeliveryRow,
    EntryRow,
    LedgerRow,
    MessageChangeRow,
    PersonRow,
    PlaygroundEventRow,
    PlaygroundFileRow,
    TurnRow,
    WorkspaceRow,
    in_channel,
    is_of,
)
from storage.turn_rules import FORGOTTEN, NOBODY, PLAYGROUND

PAGES_AT_ONCE = 1_000  # given back while nobody else can write


class SqlUpkeep(SqlPlayground):
    """A `ForgetStore` over a database."""

    @unit_of_work
    def forget_conversation(self, session: Session, key: ConversationKey, *, rested: bool = False) -> DeletionOutcome:
        hold_alone(session, key.platform, key.workspace)
        removal = self._removal(session)
        if not (rested and session.exec(select(TurnRow.id).where(is_of(TurnRow, key), IS_OPEN)).first()):
            if key.platform == PLAYGROUND:
                self._forget_standing(session, key)
            messages = [] if rested else _messages_of(session, key)
            _forget(session, removal, key)
            if messages:  # what was told of them elsewhere in the channel
                remove_from_summaries(session, removal, key, messages)
                for some in chunks(messages):
                    quoted = col(EntryRow.source_id).in_(some)
                    removal.entries(*in_channel(ConversationRow, key), quoted, HAS_SOURCE)
        return removal.outcome()

    def _forget_standing(self, session: Session, key: ConversationKey) -> None:
        """Delete what stands in a conversation of the playground, and let its pages read the channel anew."""
        for standing in _standing_in(key):
            forget_files(session, file_ids(session.exec(select(ChannelMessageRow).where(standing))))
            session.exec(delete(ChannelMessageRow).where(standing))
        forget_in_events(session, key)
        self._record(session, [PlaygroundEvent(kind="place", workspace=key.workspace, channel=key.channel)])

    def _removal(self, session: Session) -> Removal:
        return Removal(session, as_utc(self._clock()), queued=self._database.has_queue)

    async def shrink(self) -> None:
        while await self._give_back():
            pass

    @unit_of_work
    def _give_back(self, session: Session) -> bool:
        """Give some free pages of a SQLite file back; return whether more can be."""
        if self._database.is_shared:  # PostgreSQL does so by itself
            return False
        connection = session.connection()
        before = connection.exec_driver_sql("PRAGMA freelist_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA incremental_vacuum({PAGES_AT_ONCE})")
        left = connection.exec_driver_sql("PRAGMA freelist_count").scalar_one()
        return bool(0 < left < before)

    @unit_of_work
    def authors(self, session: Session, key: ConversationKey) -> Set[str]:
        here = select(ConversationRow.id).where(is_of(ConversationRow, key))
        asked = select(TurnRow.author_id, TurnRow.author_is_bot).where(is_of(TurnRow, key))
        known = [*session.exec(asked)]  # DISTINCT would lead SQLite astray
        for standing in _standing_in(key) if key.platform == PLAYGROUND else ():
            wrote = select(ChannelMessageRow.author_id, ChannelMessageRow.author_is_bot).where(standing)
            known += session.exec(wrote)
        people = {id for id, is_bot in known if not is_bot}
        read = select(EntryRow.author).where(col(EntryRow.conversation_id).in_(here), ~col(EntryRow.author_is_bot))
        people |= set(session.exec(read))
        return people - {id for id, is_bot in known if is_bot} - NOBODY

    @unit_of_work
    def forget_person(self, session: Session, platform: str, id: str) -> DeletionOutcome:
        hold_person(session, platform, id)
        theirs = sa.and_(col(TurnRow.platform) == platform, col(TurnRow.author_id) == id)
        # Answers, and what was condensed, may repeat what they wrote: their conversations go as a whole.
        keys = {_key(place) for place in session.connection().execute(sa.select(*_KEY).where(theirs, IS_ASKED))}
        if platform == PLAYGROUND:  # what others have written stays theirs
            _forget_in_playground(session, id, theirs)
            self._record(session, _everywhere(session))
        removal = self._removal(session)
        for key in keys:
            _forget(session, removal, key)
        for row in session.exec(select(TurnRow).where(theirs, IS_CONTEXT).with_for_update()):
            removal.context(row)
        removal.entries(*_written_by(platform, id))
        session.exec(
            update(LedgerRow)
            .where(col(LedgerRow.platform) == platform, col(LedgerRow.author_id) == id)
            .values(author_id=FORGOTTEN)
        )
        rename_person(session, f"{platform}/{id}", f"{platform}/{FORGOTTEN}")
        forget_person_in_parts(session, platform, id)
        forget_changes(session, platform, id)
        forget_owed(session, col(DeliveryRow.platform) == platform, col(DeliveryRow.author_id) == id)
        forget_edits(session, col(MessageChangeRow.platform) == platform, col(MessageChangeRow.author) == id)
        return removal.outcome()

    @unit_of_work
    def inactive_since(self, session: Session, before: datetime) -> Mapping[ConversationKey, datetime]:
        found = session.connection().execute(_RESTING, {"before": as_utc(before)})
        latest: dict[ConversationKey, tuple[bool, datetime]] = {}
        for *place, is_asked, at in found:  # where all questions were forgotten, what was said since counts
            key, newest = _key(place), (bool(is_asked), at)
            latest[key] = max(latest.get(key, newest), newest)
        return {key: at for key, (_, at) in latest.items()}


def _key(place: Iterable[str]) -> ConversationKey:
    return ConversationKey(**dict(zip(KEY_COLUMNS, place, strict=True)))


_KEY = [col(getattr(TurnRow, name)) for name in KEY_COLUMNS]
_other = aliased(TurnRow)
_IS_BESIDE = sa.and_(*(col(getattr(_other, name)) == col(getattr(TurnRow, name)) for name in KEY_COLUMNS))
_BEFORE = sa.bindparam("before", type_=UTCDateTime())
# From the old turns to their conversations, not the other way round: where those are forgotten in time there are few.
# Not grouped here either, or SQLite would read every turn in the order of the groups.
_RESTING = (
    sa.select(*_KEY, col(TurnRow.task) != Task.CONTEXT, col(TurnRow.accepted_at))
    .where(IS_KEPT, col(TurnRow.accepted_at) < _BEFORE)
    .where(~exists().where(_IS_BESIDE, IS_ASKED, IS_KEPT, col(_other.accepted_at) >= _BEFORE))
    .where(~exists().where(_IS_BESIDE, IS_OPEN))
)


def hold_person(session: Session, platform: str, id: str, *workspaces: str) -> None:
    """Keep every writer out of these workspaces and of those where somebody asked or was read, until the commit."""
    asked = select(TurnRow.workspace).where(col(TurnRow.platform) == platform, col(TurnRow.author_id) == id)
    read = select(ConversationRow.workspace).join(EntryRow).where(*_written_by(platform, id))
    for workspace in sorted({*workspaces, *session.exec(asked.distinct()), *session.exec(read.distinct())}):
        hold_alone(session, platform, workspace)


def _written_by(platform: str, id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return col(ConversationRow.platform) == platform, col(EntryRow.author) == id


def _messages_of(session: Session, key: ConversationKey) -> list[str]:
    """Return the ids of the messages that are kept of a conversation."""
    here = select(ConversationRow.id).where(is_of(ConversationRow, key))
    asked = session.exec(select(TurnRow.source_id).where(is_of(TurnRow, key)))
    read = session.exec(select(EntryRow.source_id).where(col(EntryRow.conversation_id).in_(here)))
    return sorted({*asked, *read} - {""})


def _forget(session: Session, removal: Removal, key: ConversationKey) -> None:
    """Remove all that was said in a conversation, and the edits that wait in its channel."""
    forget(session, removal, lambda table: is_of(table, key))
    forget_edits(session, *in_channel(MessageChangeRow, key))


def _forget_in_playground(session: Session, id: str, theirs: sa.ColumnElement[bool]) -> None:
    """Remove what somebody wrote, what was answered to them, and their name."""
    row = ChannelMessageRow
    session.exec(delete(row).where(col(row.author_id) == id))
    session.exec(delete(row).where(col(row.turn_id).in_(select(TurnRow.id).where(theirs))))
    session.exec(delete(PlaygroundFileRow).where(col(PlaygroundFileRow.author) == id))
    session.exec(delete(PlaygroundEventRow).where(col(PlaygroundEventRow.draft).is_not(None)))
    session.exec(update(ChannelRow).where(col(ChannelRow.maker) == id).values(maker=""))
    everywhere = select(WorkspaceRow.id)  # all there are, since people are found by workspace and id
    session.exec(delete(PersonRow).where(col(PersonRow.workspace).in_(everywhere), col(PersonRow.id) == id))


def _everywhere(session: Session) -> list[PlaygroundEvent]:
    """Let every page be read anew."""
    return [PlaygroundEvent(kind="place", workspace=id) for id in session.exec(select(WorkspaceRow.id))]


def _standing_in(key: ConversationKey) -> Iterable[sa.ColumnElement[bool]]:
    """Return the playground's messages of a conversation: those in its thread, and its root; each found by an index."""
    row = ChannelMessageRow
    here = sa.and_(col(row.workspace) == key.workspace, col(row.channel) == key.channel)
    return (
        sa.and_(here, col(row.thread) == key.thread),
        sa.and_(here, col(row.id) == key.thread, col(row.thread) == ""),
    )
