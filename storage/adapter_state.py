"""Store the state of adapters in a database."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import sqlalchemy as sa
from sqlmodel import Session, col, delete, select, update

from bot.types import PLACE_STATE, Within
from storage.database import SqlPart, put, unit_of_work, upsert
from storage.tables import AdapterStateRow


class SqlAdapterState(SqlPart):
    """An `AdapterStateStore` over a database."""

    @unit_of_work
    def get_state(self, session: Session, platform: str, name: str) -> str | None:
        row = session.get(AdapterStateRow, (platform, name))
        return None if row is None else row.value

    @unit_of_work
    def list_state(self, session: Session, platform: str, *, prefix: str = "") -> Mapping[str, str]:
        rows = session.exec(
            select(AdapterStateRow).where(*_named(platform, prefix)).order_by(col(AdapterStateRow.name))
        )
        return {row.name: row.value for row in rows}

    @unit_of_work
    def put_state(self, session: Session, platform: str, name: str, value: str) -> None:
        put(session, AdapterStateRow, [{"platform": platform, "name": name, "value": value}])

    @unit_of_work
    def swap_state(self, session: Session, platform: str, name: str, *, before: str | None, after: str | None) -> bool:
        if before is None:
            if after is None:
                return session.get(AdapterStateRow, (platform, name)) is None
            insert = upsert(session, AdapterStateRow).values(platform=platform, name=name, value=after)
            added = session.exec(insert.on_conflict_do_nothing().returning(col(AdapterStateRow.name)))
            return added.scalar_one_or_none() is not None
        mine = (
            col(AdapterStateRow.platform) == platform,
            col(AdapterStateRow.name) == name,
            col(AdapterStateRow.value) == before,
        )
        changed = delete(AdapterStateRow) if after is None else update(AdapterStateRow).values(value=after)
        return session.exec(changed.where(*mine)).rowcount > 0


def forget_places(session: Session, place: Within) -> None:
    """Drop what a channel is called that is gone, or all channels of a workspace."""
    channel = f"{PLACE_STATE}{place.workspace}/{place.channel}"
    named = (col(AdapterStateRow.platform) == place.platform, col(AdapterStateRow.name) == channel)
    whose = named if place.channel else _named(place.platform, channel)
    session.exec(delete(AdapterStateRow).where(*whose))


def _named(platform: str, prefix: str) -> tuple[sa.ColumnElement[bool], ...]:
    """Return whether a row is of a platform and has a name that begins so."""
    name = col(AdapterStateRow.name)  # compared by code points; LIKE would read every name of the platform
    return col(AdapterStateRow.platform) == platform, name >= prefix, name <= prefix + chr(sys.maxunicode)
