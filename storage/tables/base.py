"""Base of all tables.

Ids of platforms are text: they are names there, not numbers. Columns that a query orders by compare byte by byte on
every database, so that the order is the same everywhere. Enums keep their value, never a type of the database.
"""

from __future__ import annotations

from typing import Any, ClassVar

import sqlalchemy as sa
from sqlmodel import SQLModel, col
from sqlmodel.sql.sqltypes import AutoString

from bot.types import ConversationKey

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # only INTEGER counts by itself on SQLite
ORDERED = AutoString().with_variant(AutoString(collation="C"), "postgresql")
JSON = sa.JSON(none_as_null=True)


class BaseTable(SQLModel):
    """Base of all tables: names of constraints that migrations can rely on."""

    metadata: ClassVar[sa.MetaData] = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


KEY_COLUMNS = ("platform", "workspace", "channel", "thread")


class Keyed(BaseTable):
    """Columns that name a conversation."""

    platform: str
    workspace: str
    channel: str
    thread: str

    @property
    def key(self) -> ConversationKey:
        """The conversation that this row belongs to."""
        return ConversationKey(
            platform=self.platform, workspace=self.workspace, channel=self.channel, thread=self.thread
        )


def key_columns(key: ConversationKey) -> dict[str, Any]:
    """Return the columns that name a conversation, by name."""
    return {name: getattr(key, name) for name in KEY_COLUMNS}


def in_place(table: type[Keyed]) -> sa.ColumnElement[bool]:
    """Return whether a row of `table` belongs to the conversation that a statement is given as parameters, see
    `place_of`.
    """
    return sa.and_(*(col(getattr(table, name)) == sa.bindparam(f"of_{name}") for name in KEY_COLUMNS))


def place_of(key: ConversationKey) -> dict[str, str]:
    """Return the parameters of a statement about one conversation; no columns, which an update takes for what it is to
    set.
    """
    return {f"of_{name}": getattr(key, name) for name in KEY_COLUMNS}


def in_channel(table: type[Any], key: ConversationKey) -> tuple[sa.ColumnElement[bool], ...]:
    """Return whether a row of `table` lies in the channel that a conversation lies in."""
    return tuple(col(getattr(table, name)) == getattr(key, name) for name in ("platform", "workspace", "channel"))


def is_of(table: type[Keyed], key: ConversationKey) -> sa.ColumnElement[bool]:
    """Return whether a row of `table` belongs to a conversation."""
    return sa.and_(*(col(getattr(table, name)) == value for name, value in key_columns(key).items()))
