"""Read fields of Discord's JSON; a missing field or one of another type reads as empty. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Record = Mapping[str, Any]


def field(of: Record, *path: str) -> str:
    """Return the text at `path`, of which a database can store every character; "" when there is none."""
    value: Any = of
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 1 << 64 else ""  # an id that was not sent as text
    return value.replace("\x00", "").encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def number(of: Record, name: str) -> int:
    """Return the whole number `name` of a record, 0 when there is none."""
    value = of.get(name)
    return value if isinstance(value, int) else 0


def record(of: Record, name: str) -> Record:
    """Return the record `name` of a record, an empty one when there is none."""
    value = of.get(name)
    return value if isinstance(value, Mapping) else {}


def records(of: Record, name: str) -> list[Record]:
    """Return the records in the list `name` of a record."""
    value = of.get(name)
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list | tuple) else []
