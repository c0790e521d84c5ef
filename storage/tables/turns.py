"""Tables of the turns, with the conversion of rows to values and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Self

import sqlalchemy as sa
from sqlmodel import Field

from bot.types import (
    OPEN_STATES,
    Incoming,
    Person,
    RequestRecord,
    Task,
    Turn,
    TurnState,
)
from storage.codec import Json, as_utc, attachments_from_json, attachments_to_json, draft_from_json, figures_from_json
from storage.tables.base import JSON, KEY_COLUMNS, SERIAL, BaseTable, Keyed, key_columns
from storage.tables.ledger import LedgerRow
from storage.tables.transcripts import HAS_SOURCE, IS_REPLY
from storage.turn_rules import FORGOTTEN

TASK = sa.Enum(Task, native_enum=False, values_callable=lambda tasks: [task.value for task in tasks], length=20)
STATE = sa.Enum(TurnState, native_enum=False, values_callable=lambda states: [s.value for s in states], length=20)

# Written out, since an index over a part of a table serves only queries that repeat its condition literally.
IS_OPEN = sa.text("state IN ({})".format(", ".join(f"'{state.value}'" for state in sorted(OPEN_STATES))))

IS_MERGED = sa.text("merged_into IS NOT NULL")

IS_KEPT = sa.text(f"author_id <> '{FORGOTTEN}'")
IS_REMARKABLE = sa.text("(attempt > 1 OR retries > 0 OR state IN ('cancelled', 'failed'))")
"""Whether a turn did not simply end at its first attempt; few are so."""

IS_REMEMBERED = sa.text(f"state = '{TurnState.REMEMBERED.value}'")

IS_CONTEXT = sa.text(f"task = '{Task.CONTEXT.value}'")
IS_ASKED = sa.text(f"task <> '{Task.CONTEXT.value}'")
"""Whether something is a question, and not what is only sent with the next one."""

IS_SUMMARY = sa.text(f"task = '{Task.SUMMARY.value}'")


class TurnRow(Keyed, table=True):
    """An incoming and how far its answer has come; `at` is the time of the incoming.

    `withdrawn` turns are not answered, and `stale` ones anew, since something was deleted while they were open.
    """

    __tablename__ = "turn"
    __table_args__ = (
        sa.UniqueConstraint("platform", "dedupe_key"),
        sa.Index("ix_turn_merged_into", "merged_into", sqlite_where=IS_MERGED, postgresql_where=IS_MERGED),
        sa.Index(
            "ix_turn_source_id",
            "platform",
            "workspace",
            "channel",
            "source_id",
            sqlite_where=HAS_SOURCE,
            postgresql_where=HAS_SOURCE,
        ),
        sa.Index(
            "ix_turn_replies_to",
            "platform",
            "workspace",
            "channel",
            "replies_to",
            sqlite_where=IS_REPLY,
            postgresql_where=IS_REPLY,
        ),
        sa.Index(
            "ix_turn_summaries",
            "platform",
            "workspace",
            "channel",
            "at",
            sqlite_where=IS_SUMMARY,
            postgresql_where=IS_SUMMARY,
        ),
        sa.Index("ix_turn_open", *KEY_COLUMNS, "at", "id", sqlite_where=IS_OPEN, postgresql_where=IS_OPEN),
        sa.Index(
            "ix_turn_remembered",
            *KEY_COLUMNS,
            "at",
            "id",
            sqlite_where=IS_REMEMBERED,
            postgresql_where=IS_REMEMBERED,
        ),
        sa.Index("ix_turn_conversation", *KEY_COLUMNS, "accepted_at", "id"),
        sa.Index(None, "platform", "at"),
        sa.Index(None, "platform", "author_id"),
        sa.Index("ix_turn_kept", "accepted_at", sqlite_where=IS_KEPT, postgresql_where=IS_KEPT),
        sa.Index("ix_turn_remarkable", "state", sqlite_where=IS_REMARKABLE, postgresql_where=IS_REMARKABLE),
    )

    id: int = Field(default=None, primary_key=True, sa_type=SERIAL)
    dedupe_key: str
    author_id: str
    author_name: str
    author_is_bot: bool
    text: str
    at: datetime
    source_id: str
    replies_to: str = ""
    attachments: list[Json] = Field(sa_type=JSON)
    overrides: dict[str, str] = Field(sa_type=JSON)
    addressed: bool
    starts_thread: bool
    direct: bool = False
    task: Task = Field(sa_type=TASK)
    private: bool
    administers: bool
    time_zone: str
    details: dict[str, str] = Field(sa_type=JSON)
    first_ref: str
    state: TurnState = Field(default=TurnState.QUEUED, sa_type=STATE)
    epoch: int = 0
    attempt: int = 0
    retries: int = 0
    showings: int = 0
    worker: str = ""
    reply_ref: str | None = None
    draft: Json | None = Field(default=None, sa_type=JSON)
    stop: bool = False
    withdrawn: bool = False
    stale: bool = False
    edited_at: datetime | None = None
    not_before: datetime | None = None
    parameters: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    error: str = ""
    outcome: TurnState | None = Field(default=None, sa_type=STATE)
    merged_into: int | None = Field(default=None, sa_type=sa.BigInteger)
    post_begun_at: datetime | None = None
    post_left_at: datetime | None = None
    request: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    accepted_at: datetime
    claimed_at: datetime | None = None
    shown_at: datetime | None = None
    recorded_at: datetime | None = None
    ended_at: datetime | None = None

    @classmethod
    def from_incoming(cls, incoming: Incoming, *, accepted_at: datetime) -> Self:
        return cls(
            **key_columns(incoming.key),
            dedupe_key=incoming.dedupe_key,
            author_id=incoming.author.id,
            author_name=incoming.author.name,
            author_is_bot=incoming.author.is_bot,
            text=incoming.text,
            at=as_utc(incoming.sent_at),
            source_id=incoming.message_id,
            replies_to=incoming.replies_to,
            attachments=attachments_to_json(incoming.attachments),
            overrides=dict(incoming.overrides),
            addressed=incoming.is_directed,
            starts_thread=incoming.is_top_level,
            direct=incoming.is_direct,
            task=incoming.task,
            private=incoming.private,
            administers=incoming.is_admin,
            time_zone=incoming.time_zone,
            details=dict(incoming.platform_data),
            first_ref=incoming.reply_ref,
            state=TurnState.REMEMBERED if incoming.task is Task.CONTEXT else TurnState.QUEUED,
            reply_ref=incoming.reply_ref or None,
            accepted_at=as_utc(accepted_at),
        )

    def to_incoming(self) -> Incoming:
        overrides: Mapping[str, str] = MappingProxyType(self.overrides)
        return Incoming(
            key=self.key,
            dedupe_key=self.dedupe_key,
            author=Person(id=self.author_id, name=self.author_name, is_bot=self.author_is_bot),
            text=self.text,
            sent_at=self.at,
            message_id=self.source_id,
            replies_to=self.replies_to,
            attachments=attachments_from_json(self.attachments),
            overrides=overrides,
            is_directed=self.addressed,
            is_top_level=self.starts_thread,
            is_direct=self.direct,
            task=self.task,
            reply_ref=self.first_ref,
            private=self.private,
            is_admin=self.administers,
            time_zone=self.time_zone,
            platform_data=MappingProxyType(self.details),
        )

    def to_turn(self) -> Turn:
        return Turn(
            id=self.id,
            incoming=self.to_incoming(),
            state=self.state,
            epoch=self.epoch,
            attempt=self.attempt,
            retries=self.retries,
            showings=self.showings,
            reply_ref=self.reply_ref,
            draft=None if self.draft is None else draft_from_json(self.draft),
            stop=self.stop,
            outcome=self.outcome,
            withdrawn=self.withdrawn,
            claimed_at=self.claimed_at,
            post_begun_at=self.post_begun_at,
            post_left_at=self.post_left_at,
        )

    def to_record(self, line: LedgerRow | None) -> RequestRecord:
        """Return the request that was made for this turn; only of a recorded turn that made one."""
        if self.request is None or self.recorded_at is None:
            raise ValueError(f"turn {self.id} has made no request")
        return RequestRecord(
            turn=self.id,
            at=self.recorded_at,
            figures=figures_from_json(self.request),
            usage=None if line is None else line.to_usage(),
            error=self.error,
        )


class FeedbackRow(BaseTable, table=True):
    """Rating of an answer by somebody; it outlives its turn, and names no words."""

    __tablename__ = "feedback"

    turn_id: int = Field(primary_key=True, sa_type=sa.BigInteger, sa_column_kwargs={"autoincrement": False})
    person: str = Field(primary_key=True)
    good: bool
    at: datetime
