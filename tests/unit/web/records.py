"""Requests in figures, as a conversation of some length leaves them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.types import RequestFigures, RequestRecord, Usage

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def record(
    number: int = 1, *, total: int = 1000, cached: int = 600, broken: str = "", usage: Usage | None = None
) -> RequestRecord:
    """One request; without `usage` it was counted as the figures say."""
    figures = RequestFigures(
        broken=broken,
        entries=2 * number,
        removed=14 if broken in ("trim", "cold") else 0,
        system_prompt=400,
        question=30,
        total=total,
        cached=cached,
        until_trim=2500,
    )
    counted = usage or Usage(input=total, cached=cached, output=50)
    return RequestRecord(turn=number, at=START + timedelta(minutes=number), figures=figures, usage=counted)


def conversation(count: int) -> Sequence[RequestRecord]:
    """A conversation that grows, and is trimmed, paused and changed on its way."""
    records: list[RequestRecord] = []
    total, breaks = 0, {0: "first", 11: "trim", 20: "cold", 27: "head changed", 33: "trim", 41: "deleted", 52: "trim"}
    for index in range(count):
        broken = breaks.get(index, "")
        before = total
        total = 900 if broken in ("first", "cold") else 2100 if broken == "trim" else total + 180 + 90 * (index % 4)
        kept = {"": before, "trim": 400, "deleted": before // 2}.get(broken, 0)
        records.append(record(index + 1, total=total, cached=min(kept, total), broken=broken))
    return records
