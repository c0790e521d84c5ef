"""Error for a file that cannot be read, inside this package; outside it is a value."""

from __future__ import annotations

from bot.types.said import Said, Value


class Unreadable(Exception):
    """The file cannot be read; `why` is a clause that goes on from "it" and names the limit that it breaks."""

    def __init__(self, message: str, /, **values: Value) -> None:
        self.why = Said(message, **values)
        super().__init__(self.why)
