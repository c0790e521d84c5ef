"""The table of settings."""

from __future__ import annotations

from sqlmodel import Field

from storage.tables.base import Table


class SettingRow(Table, table=True):
    """One value that people set, as canonical text."""

    __tablename__ = "setting"

    scope_kind: str = Field(primary_key=True)
    scope_key: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    value: str
