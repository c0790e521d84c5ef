"""Queries over many turns: lists of conversations and requests, and figures for operators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select
from sqlmodel.sql.sqltypes import UTCDateTime

from bot.types import (
    NAMES_OF_ANSWERS,
    ConversationKey,
    Purpose,
    QueueFigures,
    RequestRecord,
    Task,
    Turn,
    TurnId,
    TurnState,
    Utterance,
)
from storage import jobs
from storage.codec import as_utc
from storage.database import SqlPart, unit_of_work
from storage.tables import (
    IS_ASKED,
    IS_CONTEXT,
    IS_MERGED,
    IS_OPEN,
    IS_REMARKABLE,
    IS_REMEMBERED,
    KEY_COLUMNS,
    ConversationRow,
    EntryRow,
    LedgerRow,
    TurnRow,
    in_place,
    is_of,
    place_of,
)
from storage.talk import LONGEST, Heard, Line, recent_talk

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
CLOCKS_APART = timedelta(hours=1)
"""How much earlier than the platform our own clock may say that a message came."""


def _counted(*conditions: sa.ColumnElement[bool] | sa.TextClause) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.count()).select_from(TurnRow).where(*conditions).scalar_subquery()


# Each from an index over few turns, but for the number of all. What was asked is counted as all but what was only said,
# which waits, was sent with a question, or was cancelled: to look at the task of each turn reads the whole table. One
# statement, so that the figures are of one moment.
_SAID = (
    _counted(IS_REMEMBERED)
    + _counted(col(TurnRow.merged_into).is_not(None), IS_CONTEXT)
    + _counted(IS_REMARKABLE, col(TurnRow.merged_into).is_(None), IS_CONTEXT)
)
_IS_UNANSWERED = IS_OPEN & ~col(TurnRow.withdrawn)  # what is only taken back may have been asked long ago
_FIGURES = sa.select(
    (_counted(sa.true()) - _SAID).label("turns"),
    _counted(IS_OPEN, IS_ASKED, col(TurnRow.state) == TurnState.QUEUED).label("queued"),
    _counted(IS_OPEN, IS_ASKED, col(TurnRow.state) == TurnState.RUNNING).label("running"),
    sa.select(sa.func.min(TurnRow.accepted_at)).where(_IS_UNANSWERED).scalar_subquery().label("oldest_accepted_at"),
    _counted(IS_REMARKABLE, IS_ASKED, col(TurnRow.retries) > 0).label("retried"),
    _counted(IS_REMARKABLE, IS_ASKED, col(TurnRow.attempt) > TurnRow.retries + TurnRow.showings + 1).label("recovered"),
    _counted(IS_REMARKABLE, IS_ASKED, col(TurnRow.state) == TurnState.FAILED).label("failed"),
    _counted(IS_REMARKABLE, IS_ASKED, col(TurnRow.state) == TurnState.CANCELLED).label("cancelled"),
)

_NEWEST_LINES = (
    sa.select(
        col(EntryRow.entry_id).label("id"),
        col(EntryRow.role),
        col(EntryRow.author),
        sa.func.substr(col(EntryRow.text), 1, LONGEST).label("text"),
        col(EntryRow.at),
    )
    .where(
        col(EntryRow.conversation_id)
        == sa.select(col(ConversationRow.id)).where(in_place(ConversationRow)).scalar_subquery()
    )
    .order_by(col(EntryRow.position).desc())
    .limit(sa.bindparam("most"))
)
_NEWEST_TURNS = (
    sa.select(
        col(TurnRow.id),
        col(TurnRow.merged_into),
        sa.or_(IS_OPEN & col(TurnRow.outcome).is_(None) & ~col(TurnRow.withdrawn), IS_REMEMBERED).label("waits"),
        (col(TurnRow.task) != Task.CONTEXT).label("is_asked"),
        col(TurnRow.dedupe_key),
        col(TurnRow.source_id),
        col(TurnRow.author_id),
        col(TurnRow.author_name),
        sa.func.substr(col(TurnRow.text), 1, LONGEST).label("text"),
    )
    # PostgreSQL would read all turns of a long conversation without the time, rather than use the order of the index.
    .where(in_place(TurnRow), col(TurnRow.accepted_at) >= sa.bindparam("since", type_=UTCDateTime()))
    .order_by(col(TurnRow.accepted_at).desc(), col(TurnRow.id).desc())  # as their index has them
    .limit(sa.bindparam("most"))
)

# As `adds_to` has it.
_IS_PLAIN = (
    (col(TurnRow.task) == Task.ANSWER)
    & ~col(TurnRow.private)
    & ~col(TurnRow.stop)
    & (col(TurnRow.first_ref) == sa.literal_column("''"))
    & (sa.cast(col(TurnRow.overrides), sa.Text) == "{}")
    & sa.and_(*(~col(TurnRow.dedupe_key).startswith(name, autoescape=True) for name in NAMES_OF_ANSWERS))
)
_ADDED = sa.select(
    sa.exists().where(
        in_place(TurnRow),
        IS_OPEN,
        col(TurnRow.state) == TurnState.QUEUED,
        col(TurnRow.author_id).in_(sa.bindparam("of_authors", expanding=True)),
        _IS_PLAIN,
    )
)

# Where it took several requests, the figures are those of the last.
_ANSWER_OF_TURN = (
    sa.select(sa.func.max(col(LedgerRow.id)))
    .where(col(LedgerRow.turn_id) == TurnRow.id, col(LedgerRow.purpose) == Purpose.ANSWER)
    .where(col(LedgerRow.settled_at).is_not(None))
    .scalar_subquery()
    .correlate(TurnRow)
)


def _heard(turn: Any, waiting: Set[TurnId]) -> Heard:
    """Return the message of a turn; one that is answered together with another waits as long as that does."""
    return Heard(
        dedupe_key=turn.dedupe_key,
        source_id=turn.source_id,
        author=turn.author_id,
        name=turn.author_name,
        text=turn.text,
        waits=(turn.merged_into or turn.id) in waiting,
        is_asked=turn.is_asked,
    )


def _newest(*conditions: sa.ColumnElement[bool] | sa.TextClause) -> sa.Executable:
    """Select messages by what waits, each condition from its own index."""
    wanted = (col(TurnRow.at), col(TurnRow.id), col(TurnRow.source_id), col(TurnRow.text), col(TurnRow.attachments))
    newest_first = col(TurnRow.at).desc(), col(TurnRow.id).desc()
    query: sa.Select[Any] = sa.select(*wanted)  # type: ignore[assignment]  # the columns are known, their tuple is not
    return query.where(*conditions).order_by(*newest_first).limit(sa.bindparam("most"))


_OPEN_HERE = _newest(in_place(TurnRow), IS_OPEN)
_REMEMBERED_HERE = _newest(in_place(TurnRow), IS_REMEMBERED)
_ANSWERED_WITH = _newest(IS_MERGED, col(TurnRow.merged_into).in_(sa.bindparam("ids", expanding=True)))
_ANY = select(TurnRow.id).where(in_place(TurnRow), IS_ASKED).limit(1)


class SqlTurnQueries(SqlPart):
    """Those methods of a `TurnStore` that look at many turns and change none."""

    @unit_of_work
    def recent_requests(self, session: Session, key: ConversationKey, *, limit: int) -> Sequence[RequestRecord]:
        rows = session.exec(
            select(TurnRow, LedgerRow)
            .join(LedgerRow, col(LedgerRow.id) == _ANSWER_OF_TURN, isouter=True)
            .where(is_of(TurnRow, key), col(TurnRow.recorded_at).is_not(None), col(TurnRow.request).is_not(None))
            .order_by(col(TurnRow.accepted_at).desc(), col(TurnRow.id).desc())  # as their index has them
            .limit(limit)
        )
        return [row.to_record(line) for row, line in reversed(rows.all())]

    @unit_of_work
    def recent_talk(
        self, session: Session, key: ConversationKey, *, limit: int, without: str = ""
    ) -> Sequence[Utterance]:
        connection, where = session.connection(), {**place_of(key), "most": limit}
        entries = connection.execute(_NEWEST_LINES, where).all()
        since = min((entry.at for entry in entries), default=BEGINNING) - CLOCKS_APART
        turns = connection.execute(_NEWEST_TURNS, {**where, "since": since}).all()
        lines = [Line(id=entry.id, role=entry.role, author=entry.author, text=entry.text) for entry in entries]
        waiting = {turn.id for turn in turns if turn.waits}
        heard = [_heard(turn, waiting) for turn in turns]
        return recent_talk(lines[::-1], heard[::-1], without=without)

    @unit_of_work
    def was_added_to(self, session: Session, turn: Turn) -> bool:
        authors = list({asked.author.id for asked in (turn.incoming, *turn.coalesced)})
        where = {**place_of(turn.incoming.key), "of_authors": authors}
        return bool(session.connection().execute(_ADDED, where).scalar_one())

    @unit_of_work
    def queue_figures(self, session: Session) -> QueueFigures:
        row = session.connection().execute(_FIGURES).one()._asdict()
        others = row["queued"] + row["running"] + row["failed"] + row["cancelled"]
        return QueueFigures(done=row.pop("turns") - others, **row)

    @unit_of_work
    def running_processes(self, session: Session) -> int:
        """Return how many processes run turns on this database; of a file it is one."""
        return jobs.living(session) if self._database.has_queue else 1

    @unit_of_work
    def unsent_messages(self, session: Session, key: ConversationKey, *, limit: int) -> Sequence[str]:
        connection, where = session.connection(), {**place_of(key), "most": limit}
        found = [*connection.execute(_OPEN_HERE, where)]
        found += connection.execute(_ANSWERED_WITH, {"ids": [row.id for row in found], "most": limit})
        found += connection.execute(_REMEMBERED_HERE, where)
        said = sorted(
            (row for row in found if row.source_id and (row.text or row.attachments)), key=lambda row: row[:2]
        )
        return [row.source_id for row in said[-limit:]]

    @unit_of_work
    def active_conversations(
        self, session: Session, platform: str, *, since: datetime
    ) -> Mapping[ConversationKey, datetime]:
        key = [col(getattr(TurnRow, name)) for name in KEY_COLUMNS]
        newest = (
            sa.select(*key, sa.func.max(col(TurnRow.at)))
            .where(col(TurnRow.platform) == platform, IS_ASKED, col(TurnRow.at) >= as_utc(since))
            .group_by(*key)
        )
        found = session.connection().execute(newest)
        return {ConversationKey(**dict(zip(KEY_COLUMNS, place, strict=True))): at for *place, at in found}

    @unit_of_work
    def open_conversations(self, session: Session) -> Sequence[ConversationKey]:
        row = TurnRow
        oldest_first = (
            select(row.platform, row.workspace, row.channel, row.thread)
            .where(IS_OPEN)
            .group_by(col(row.platform), col(row.workspace), col(row.channel), col(row.thread))
            .order_by(sa.func.min(row.at), sa.func.min(row.id))
        )
        rows = session.exec(oldest_first)
        return [
            ConversationKey(platform=platform, workspace=workspace, channel=channel, thread=thread)
            for platform, workspace, channel, thread in rows
        ]

    @unit_of_work
    def has_participated(self, session: Session, key: ConversationKey) -> bool:
        return session.exec(_ANY, params=place_of(key)).first() is not None

    @unit_of_work
    def asked_by_bots(self, session: Session, key: ConversationKey, *, limit: int) -> int:
        newest = col(TurnRow.accepted_at).desc(), col(TurnRow.id).desc()  # as their index has them
        asked = select(TurnRow.author_is_bot).where(is_of(TurnRow, key), IS_ASKED)
        askers = session.exec(asked.order_by(*newest).limit(limit))
        return sum(takewhile(bool, askers))
