"""Tables of settings and of adapter state."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Field

from storage.tables.base import ORDERED, BaseTable


class SettingRow(BaseTable, table=True):
    """One value that people set, as canonical text."""

    __tablename__ = "setting"
    __table_args__ = (sa.Index(None, "name"),)

    scope_kind: str = Field(primary_key=True)
    scope_key: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    value: str


class AdapterStateRow(BaseTable, table=True):
    """One thing that an adapter remembers between starts."""

    __tablename__ = "adapter_state"

    platform: str = Field(primary_key=True)
    name: str = Field(primary_key=True, sa_type=ORDERED)
    value: str
