"""Transcript of a conversation, and the notes on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.types.model_request import Entry

EntryId = str

SOURCES_ID = "s:"
"""How the ids of entries begin that list the sources of an answer; they belong to it, and go with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """An entry about to be stored; `id` is unique in its conversation, so that storing it twice stores it once.

    `tokens` is the uncorrected estimate, `author` the id of who wrote it ("" for this bot), another bot where
    `author_is_bot`, `message_id` the platform message that it came from ("" for an answer), `replies_to` the one whose
    first words it repeats ("" for none).
    """

    id: EntryId
    entry: Entry
    tokens: int
    at: datetime
    author: str = ""
    author_is_bot: bool = False
    message_id: str = ""
    replies_to: str = ""

    def at_position(self, position: int) -> StoredEntry:
        """Return the entry at its place in the transcript."""
        return StoredEntry(
            id=self.id,
            entry=self.entry,
            tokens=self.tokens,
            at=self.at,
            author=self.author,
            author_is_bot=self.author_is_bot,
            message_id=self.message_id,
            replies_to=self.replies_to,
            position=position,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEntry(NewEntry):
    """An entry at its place in the transcript; positions grow by one and are never used again."""

    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """State of a conversation between two requests.

    `window_start` is the position of the first entry that the last request carried, `token_ratio` real tokens
    per estimated one, `prompt_digest` names the system prompt, the notes and the mode of the last request. `memory` are
    the notes, on all that stands before `condensed_until`; what has left the window and stands behind that waits to be
    condensed, which was tried `condensed_in_vain` so often. The media of entries before `media_start` are not sent any
    more. `revision` counts what people had removed: the store keeps it, and so tells what was made of removed text.
    """

    window_start: int = 0
    last_request_at: datetime | None = None
    prompt_digest: str = ""
    token_ratio: float = 1.0
    memory: str = ""
    condensed_until: int = 0
    condensed_in_vain: int = 0
    media_start: int = 0
    revision: int = 0
