"""Tables of settings and of adapter state."""

from __future__ import annotations

from datetime import datetime
from typing import cast

import sqlalchemy as sa
from sqlmodel import Field

from bot.access.roles import ScopeKind
from bot.parameters import Scope, SettingChange
from storage.tables.base import JSON, ORDERED, BaseTable


class SettingRow(BaseTable, table=True):
    """One value that people set, as canonical text."""

    __tablename__ = "setting"
    __table_args__ = (sa.Index(None, "name"),)

    scope_kind: str = Field(primary_key=True)
    scope_key: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    value: str


class SettingChangeRow(BaseTable, table=True):
    """Last change of somebody at a scope, by name of the parameter, so that they can undo it."""

    __tablename__ = "setting_change"
    __table_args__ = (sa.Index(None, "at"),)

    platform: str = Field(primary_key=True)
    person: str = Field(primary_key=True)
    scope_kind: str = Field(primary_key=True)
    scope_key: str = Field(primary_key=True)
    before: dict[str, str | None] = Field(sa_type=JSON)
    after: dict[str, str | None] = Field(sa_type=JSON)
    at: datetime

    def to_change(self) -> SettingChange:
        scope = Scope(kind=cast("ScopeKind", self.scope_kind), key=self.scope_key)
        return SettingChange(scope=scope, before=self.before, after=self.after, at=self.at)


class AdapterStateRow(BaseTable, table=True):
    """One thing that an adapter remembers between starts."""

    __tablename__ = "adapter_state"

    platform: str = Field(primary_key=True)
    name: str = Field(primary_key=True, sa_type=ORDERED)
    value: str
