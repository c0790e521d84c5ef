"""Keep how far an import is where every process reads it: one at a time is under way, whoever looks on."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

from adapters.web.frame.identity import PLATFORM
from bot.intervals import has_passed
from bot.ports import AdapterStateStore, Clock

NAME: Final = "import"
ABANDONED: Final = timedelta(minutes=2)
"""How long nothing is heard of an import before the process that ran it is taken for gone; a step takes seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Progress of the import of a file, in messages; `report` or `error` says how it ended, `at` when that was told."""

    file: str
    at: datetime
    done: int = 0
    total: int = 0
    report: str = ""
    error: str = ""

    @property
    def is_over(self) -> bool:
        """Return whether it has ended."""
        return bool(self.report or self.error)


class ImportProgress:
    """The progress of the newest import. Any method can raise `StorageError`."""

    def __init__(self, store: AdapterStateStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def read(self) -> Progress | None:
        """Return it as it is known, None before the first import."""
        return _decoded(await self._store.get_state(PLATFORM, NAME))

    def is_under_way(self, progress: Progress | None) -> bool:
        """Return whether a process is at work on it."""
        if progress is None or progress.is_over:
            return False
        return not has_passed(ABANDONED, since=progress.at, now=self._clock())

    async def begin(self, file: str, *, total: int) -> bool:
        """Begin another one, unless one is under way in any process; return whether it is begun."""
        before = await self._store.get_state(PLATFORM, NAME)
        if self.is_under_way(_decoded(before)):
            return False
        after = _encoded(Progress(file=file, at=self._clock(), total=total))
        return await self._store.swap_state(PLATFORM, NAME, before=before, after=after)

    async def tell(self, file: str, *, done: int = 0, total: int = 0, report: str = "", error: str = "") -> None:
        """Say how far it is."""
        progress = Progress(file=file, at=self._clock(), done=done, total=total, report=report, error=error)
        await self._store.put_state(PLATFORM, NAME, _encoded(progress))


def _encoded(progress: Progress) -> str:
    return json.dumps({**asdict(progress), "at": progress.at.isoformat()})


def _decoded(text: str | None) -> Progress | None:
    if text is None:
        return None
    kept = json.loads(text)
    return Progress(**{**kept, "at": datetime.fromisoformat(kept["at"])})
