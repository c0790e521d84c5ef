"""Table of deliveries with an effect, with the conversion of rows to values and back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from bot.types import Incoming, PendingAnswer
from storage.codec import Json, incoming_from_json, incoming_to_json
from storage.tables.base import JSON, Keyed, key_columns

IS_OWED = sa.text("due IS NOT NULL")


class DeliveryRow(Keyed, table=True):
    """A delivery by its name.

    `incoming` and `answer` are what is owed to its author, and gone once nothing is. `due` is when another process
    than `teller` may take it over, NULL when nothing is owed.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        sa.Index("ix_delivery_owed", "platform", "due", sqlite_where=IS_OWED, postgresql_where=IS_OWED),
        sa.Index(None, "at"),
    )

    platform: str = Field(primary_key=True)
    dedupe_key: str = Field(primary_key=True)
    author_id: str
    at: datetime
    incoming: Json | None = Field(default=None, sa_type=JSON)
    answer: str | None = None
    due: datetime | None = None
    teller: str = ""

    def to_owed(self) -> PendingAnswer:
        """Return what is owed; only of a row where something is."""
        if self.incoming is None:
            raise ValueError(f"nothing is owed for {self.dedupe_key!r}")
        return PendingAnswer(incoming=incoming_from_json(self.incoming), answer=self.answer)


NOTHING_OWED: dict[str, Any] = {"author_id": "", "incoming": None, "answer": None, "due": None, "teller": ""}


def owing(incoming: Incoming) -> dict[str, Any]:
    """Return the columns of a delivery whose author is owed something."""
    return {
        **key_columns(incoming.key),
        "dedupe_key": incoming.dedupe_key,
        "author_id": incoming.author.id,
        "incoming": incoming_to_json(incoming),
    }
