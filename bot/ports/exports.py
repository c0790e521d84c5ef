"""What operators take out of the database. Nothing of it is shown on a platform."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

from bot.types import RatedAnswer

THREAD_LENGTH: Final = 20
"""How many entries before a question a rated answer brings at most."""


class ExportStore(Protocol):
    """Reads for operators, each in one transaction. Any method can raise `StorageError`."""

    async def rated_answers(self, *, since: datetime, limit: int) -> Sequence[RatedAnswer]:
        """Return the newest `limit` ratings given from `since` on, oldest first, by turn and person where at once."""
        ...
