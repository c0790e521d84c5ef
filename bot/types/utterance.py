"""Recent messages of a conversation, as far as they tell who talks with whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

BOT: Final = "<bot>"
"""The bot, among the ids of people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """One message: `speaker` is the id of who wrote it, `BOT` for the bot itself, and `name` how people call them.

    `text` has names in place of ids, as people read it; a long one may be only its beginning. `addressees` are the ids
    of those whom the platform says that it mentions or replies to, `BOT` for what was meant for the bot.
    """

    speaker: str
    text: str
    name: str = ""
    addressees: frozenset[str] = frozenset()

    @property
    def asks(self) -> bool:
        """Return whether it ends with a question, as far as its end is there."""
        return self.text.rstrip(" \n*_`)\"'").endswith(("?", "\uff1f", "\u061f"))
