"""Store parameter values in a database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import sqlalchemy as sa
from sqlmodel import Session, col, delete, select

from bot.access.roles import ScopeKind
from bot.parameters import Scope, SettingChange
from bot.turns.effects import UNDONE_WITHIN, as_known
from storage.codec import as_utc
from storage.database import SqlPart, put, unit_of_work, within
from storage.tables import SettingChangeRow, SettingRow

# Not by pairs, for which SQLite reads the whole table; so what it finds may be of a scope that nobody asked for.
_AT_SCOPES = select(SettingRow).where(
    col(SettingRow.scope_kind).in_(sa.bindparam("kinds", expanding=True)),
    col(SettingRow.scope_key).in_(sa.bindparam("keys", expanding=True)),
)


class SqlSettings(SqlPart):
    """A `SettingStore` over a database."""

    @unit_of_work
    def get_settings(self, session: Session, scopes: Sequence[Scope]) -> Mapping[Scope, Mapping[str, str]]:
        values: dict[Scope, dict[str, str]] = {scope: {} for scope in scopes}
        given = {"kinds": list({item.kind for item in scopes}), "keys": list({item.key for item in scopes})}
        for row in session.exec(_AT_SCOPES, params=given):
            scope = Scope(kind=cast("ScopeKind", row.scope_kind), key=row.scope_key)
            if scope in values:
                values[scope][row.name] = row.value
        return values

    @unit_of_work
    def put_setting(self, session: Session, scope: Scope, name: str, value: str) -> None:
        put(session, SettingRow, [{"scope_kind": scope.kind, "scope_key": scope.key, "name": name, "value": value}])

    @unit_of_work
    def remove_setting(self, session: Session, scope: Scope, name: str) -> bool:
        removed = session.exec(delete(SettingRow).where(_is_at(scope), col(SettingRow.name) == name))
        return removed.rowcount > 0

    @unit_of_work
    def get_everywhere(self, session: Session, name: str) -> Mapping[Scope, str]:
        rows = session.exec(select(SettingRow).where(SettingRow.name == name))
        return {Scope(kind=cast("ScopeKind", row.scope_kind), key=row.scope_key): row.value for row in rows}

    @unit_of_work
    def last_change(
        self, session: Session, platform: str, person: str, scopes: Sequence[Scope]
    ) -> SettingChange | None:
        row = SettingChangeRow
        theirs = select(row).where(row.platform == platform, row.person == person)
        here = sa.or_(*((col(row.scope_kind) == item.kind) & (col(row.scope_key) == item.key) for item in scopes))
        recent = theirs.where(here, col(row.at) > as_utc(self._clock()) - UNDONE_WITHIN)
        found = session.exec(recent.order_by(col(row.at).desc(), col(row.scope_kind)).limit(1)).one_or_none()
        return None if found is None else found.to_change()


def undo_change(store: SqlSettings, session: Session, platform: str, person: str, change: SettingChange) -> bool:
    """Set back a change of which nothing was changed or undone since; whether that was so. Part of a larger unit of
    work.
    """
    scope = change.scope
    row = session.get(SettingChangeRow, (platform, person, scope.kind, scope.key), with_for_update=True)
    if row is None or row.to_change() != change:
        return False
    session.delete(row)
    now = within(SqlSettings.get_settings)(store, session, [scope])[scope]
    if any(as_known(name, now.get(name)) != value for name, value in change.after.items()):
        return False
    for name, value in change.before.items():
        if value is None:
            within(SqlSettings.remove_setting)(store, session, scope, name)
        else:
            within(SqlSettings.put_setting)(store, session, scope, name, value)
    return True


def note_change(session: Session, platform: str, person: str, change: SettingChange) -> None:
    """Keep a change so that it can be undone, and drop what cannot be any more; part of a larger unit of work."""
    row = SettingChangeRow
    session.exec(delete(row).where(col(row.at) <= as_utc(change.at) - UNDONE_WITHIN))
    where = {"platform": platform, "person": person, "scope_kind": change.scope.kind, "scope_key": change.scope.key}
    put(session, row, [{**where, "before": change.before, "after": change.after, "at": as_utc(change.at)}])


def forget_changes(session: Session, platform: str, person: str) -> None:
    """Forget what somebody changed; part of a larger unit of work."""
    row = SettingChangeRow
    session.exec(delete(row).where(col(row.platform) == platform, col(row.person) == person))


def _is_at(scope: Scope) -> sa.ColumnElement[bool]:
    return sa.and_(col(SettingRow.scope_kind) == scope.kind, col(SettingRow.scope_key) == scope.key)
