"""What was asked, for tests to look at."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.types import Usage
from tests.emulators.seed.faults import Fault
from tests.emulators.seed.request import Ask

MOST_BYTES = 256_000_000

_SECRET_HEADERS = frozenset({"authorization", "x-api-key", "cookie"})


@dataclass(slots=True, kw_only=True)
class Recorded:
    """One request and what became of it.

    `raw` are the bytes of the body and `body` its JSON; headers have lower-case names and no secrets. `ask` is None
    when the request was refused before it was understood, `usage` when nothing was answered. `finished` says that
    the whole answer was sent, `disconnected` that the client left before.
    """

    number: int
    at: datetime
    path: str
    headers: Mapping[str, str]
    raw: bytes
    body: Mapping[str, Any]
    ask: Ask | None = None
    status: int = 0
    code: str = ""
    usage: Usage | None = None
    identity_injected: bool = False
    faults: tuple[Fault, ...] = ()
    finished: bool = False
    disconnected: bool = False

    def to_json(self) -> dict[str, Any]:
        """The record in short: what was named and what came of it, without any text."""
        return {
            "number": self.number,
            "at": self.at.isoformat(),
            "path": self.path,
            "bytes": len(self.raw),
            "status": self.status,
            "code": self.code,
            "parameters": dict(self.ask.named) if self.ask else {},
            "unknown_fields": list(self.ask.unknown) if self.ask else [],
            "input_tokens": self.usage.input if self.usage else None,
            "cached_tokens": self.usage.cached if self.usage else None,
            "output_tokens": self.usage.output if self.usage else None,
            "identity_injected": self.identity_injected,
            "faults": [fault.kind for fault in self.faults],
            "finished": self.finished,
            "disconnected": self.disconnected,
        }


def plain_headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Headers without secrets."""
    return {name: value for name, value in headers.items() if name not in _SECRET_HEADERS}


class Recorder:
    """Keeps the latest requests, bounded by number and by bytes."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._records: deque[Recorded] = deque()
        self._bytes = 0
        self.count = 0

    @property
    def records(self) -> list[Recorded]:
        """The kept requests, the oldest first."""
        return list(self._records)

    def add(self, record: Recorded) -> None:
        """Keep `record`, and drop the oldest beyond the bounds."""
        self.count += 1
        self._records.append(record)
        self._bytes += len(record.raw)
        while len(self._records) > self._keep or (self._bytes > MOST_BYTES and len(self._records) > 1):
            self._bytes -= len(self._records.popleft().raw)

    def clear(self) -> None:
        """Forget all."""
        self._records.clear()
        self._bytes = 0
