"""Store parameter values in a database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import sqlalchemy as sa
from sqlmodel import Session, col, delete, select

from bot.access.roles import ScopeKind
from bot.parameters import Scope
from storage.database import SqlPart, put, unit_of_work
from storage.tables import SettingRow

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


def _is_at(scope: Scope) -> sa.ColumnElement[bool]:
    return sa.and_(col(SettingRow.scope_kind) == scope.kind, col(SettingRow.scope_key) == scope.key)
