"""What the app asked, for tests to look at."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

_SECRET = re.compile(r"\bx(?:oxb|oxp|oxe|app)[\w.-]*")
_SECRET_NAMES = frozenset({"client_secret", "refresh_token", "code"})


@dataclass(slots=True, kw_only=True)
class Recorded:
    """One call: its arguments without tokens, and what came of it. `fault` says that the mishap was on purpose."""

    number: int
    at: datetime
    method: str
    team: str = ""
    arguments: Mapping[str, Any]
    ok: bool = False
    error: str = ""
    status: int = 0
    fault: bool = False
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A request that Slack refuses whenever it comes, or of which its specification disapproves."""

    method: str
    error: str
    why: str


class Recorder:
    """Keeps the latest calls."""

    def __init__(self, keep: int) -> None:
        self.records: deque[Recorded] = deque(maxlen=keep)
        self.violations: list[Violation] = []
        self.warnings: list[Violation] = []
        self._count = 0

    def add(self, method: str, arguments: Mapping[str, Any], at: datetime) -> Recorded:
        """Note that a call came in."""
        self._count += 1
        record = Recorded(number=self._count, at=at, method=method, arguments=redacted(arguments))
        self.records.append(record)
        return record


def redacted(value: Any) -> Any:
    """`value` without tokens, wherever they stand."""
    match value:
        case dict():
            return {n: "[secret]" if n in _SECRET_NAMES else redacted(item) for n, item in value.items()}
        case list():
            return [redacted(item) for item in value]
        case str():
            return _SECRET.sub("[token]", value)
    return value
