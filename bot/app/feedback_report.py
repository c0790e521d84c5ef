"""Write ratings of answers as a table and as JSON, for operators. Pure."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from bot.types import RatedAnswer

INDENT = " " * 4


def report_lines(rated: Sequence[RatedAnswer]) -> Iterator[str]:
    """Yield the ratings by week and channel, then each bad one with its question and answer."""
    counts = Counter((_week_of(item), _channel_of(item), item.good) for item in rated)
    yield f"{'week from':<12}{'good':>6}{'bad':>6}  channel"
    for week, channel in sorted({(week, channel) for week, channel, _ in counts}):
        yield f"{week!s:<12}{counts[week, channel, True]:>6}{counts[week, channel, False]:>6}  {channel}"
    for item in rated:
        if not item.good:
            yield f"\n{item.at:%Y-%m-%d %H:%M} {item.key}, turn {item.turn}, by {item.person}"
            yield from _quoted("question", item.question)
            yield from _quoted("answer", item.answer)


def _week_of(item: RatedAnswer) -> date:
    """Return the Monday, in UTC, of the week in which an answer was rated."""
    day = item.at.date()
    return day - timedelta(days=day.weekday())


def _channel_of(item: RatedAnswer) -> str:
    return f"{item.key.platform}/{item.key.workspace}/{item.key.channel}"


def _quoted(name: str, text: str) -> Iterator[str]:
    """Yield words of people or the model, indented and without what a terminal would take for a command."""
    yield f"  {name}:"
    for line in (text or "(no longer kept)").splitlines():
        yield INDENT + "".join(item for item in line if item == "\t" or unicodedata.category(item) not in {"Cc", "Cf"})


def rating_as_json(item: RatedAnswer) -> Mapping[str, Any]:
    """Return a rating with its answer as JSON has it; the cost in US dollars, as text that loses nothing."""
    return {
        "turn": item.turn,
        "conversation": str(item.key),
        "at": item.at.isoformat(),
        "person": item.person,
        "verdict": "good" if item.good else "bad",
        "thread": [{"role": entry.role, "content": entry.text} for entry in item.thread],
        "question": item.question,
        "answer": item.answer,
        "model": item.model,
        "parameters": dict(item.parameters),
        "cost": f"{item.cost:f}",
    }
