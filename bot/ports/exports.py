"""What operators take out of the database. Nothing of it is shown on a platform."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

from bot.types import PersonData, RatedAnswer

THREAD_LENGTH: Final = 20
"""How many entries before a question a rated answer brings at most."""


class ExportStore(Protocol):
    """Reads for operators, each in one transaction. Any method can raise `StorageError`."""

    async def rated_answers(self, *, since: datetime, limit: int) -> Sequence[RatedAnswer]:
        """Return the newest `limit` ratings given from `since` on, oldest first, by turn and person where at once."""
        ...

    async def person_data(self, platform: str, id: str) -> PersonData:
        """Return what is kept of somebody, each kind of thing from the oldest on. Nothing is changed."""
        ...
