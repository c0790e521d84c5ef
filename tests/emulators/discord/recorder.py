"""What the bot asked of the REST interface, with its secrets taken out."""

from __future__ import annotations

import re
from collections import Counter, deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any

REDACTED = "[redacted]"
_TOKEN_IN_PATH = re.compile(r"(/(?:webhooks|interactions)/\d+/)[^/]+")


@dataclass(slots=True, kw_only=True)
class Recorded:
    """One request and what became of it. `status` is 0 for a connection that was broken; `effect` says whether
    the request was carried out.
    """

    number: int
    at: datetime
    method: str
    path: str
    query: str
    template: str = ""
    body: Any = None
    files: int = 0
    status: int = 0
    code: int | None = None
    effect: bool = False
    fault: str = ""

    def to_json(self) -> dict[str, Any]:
        """The record without any text."""
        names = ("number", "method", "path", "template", "files", "status", "code", "effect", "fault")
        return {name: getattr(self, name) for name in names} | {"at": self.at.isoformat()}


def without_secrets(path: str) -> str:
    """A path in which tokens of interactions and webhooks are not told."""
    return _TOKEN_IN_PATH.sub(rf"\1{REDACTED}", path)


class Recorder:
    """Keeps the latest requests and counts all."""

    def __init__(self, keep: int) -> None:
        self.records: deque[Recorded] = deque(maxlen=keep)
        self.count = 0
        self.statuses: Counter[int] = Counter()

    def add(self, at: datetime, method: str, path: str, query: str) -> Recorded:
        """Note that a request came in."""
        self.count += 1
        record = Recorded(number=self.count, at=at, method=method, path=without_secrets(path), query=query)
        self.records.append(record)
        return record

    def of(self, method: str, template: str) -> list[Recorded]:
        """The kept requests to one operation, named as in the specification."""
        return [record for record in self.records if (record.method, record.template) == (method, template)]
