"""Append-only transcripts, in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from bot.context.new_entries import without_reply_words
from bot.ports import Clock
from bot.types import Conversation, ConversationKey, NewEntry, StoredEntry
from storage.codec import as_utc
from storage.in_memory.message_changes import ChangeName, MessageChange, is_deleted, is_refused

UNKNOWN = 2**31 - 1
"""Of what no request is known, everything may have been sent."""


class MemoryTranscripts:
    """A `TranscriptStore` in memory."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._conversations: dict[ConversationKey, Conversation] = {}
        self._entries: defaultdict[ConversationKey, dict[str, StoredEntry]] = defaultdict(dict)
        self._next_position: defaultdict[ConversationKey, int] = defaultdict(int)
        self._notes_until: defaultdict[ConversationKey, int] = defaultdict(int)
        self._notes_from: defaultdict[ConversationKey, int] = defaultdict(int)
        self._sent_until: defaultdict[ConversationKey, int] = defaultdict(lambda: UNKNOWN)
        self._changes: dict[ChangeName, MessageChange] = {}

    async def get_conversation(self, key: ConversationKey) -> Conversation | None:
        return self._conversations.get(key)

    async def get_entries(self, key: ConversationKey, *, start: int) -> Sequence[StoredEntry]:
        return [entry for entry in self._entries[key].values() if entry.position >= start]

    async def append_entries(self, key: ConversationKey, entries: Sequence[NewEntry]) -> Sequence[StoredEntry]:
        return self._append(key, entries)

    def _append(
        self, key: ConversationKey, entries: Sequence[NewEntry], *, sent_until: int | None = None
    ) -> Sequence[StoredEntry]:
        entries = [replace(new, at=as_utc(new.at)) for new in entries]
        entries = [entry for entry in entries if not is_refused(self._changes, key, entry.message_id, entry.at)]
        entries = [
            without_reply_words(entry) if is_deleted(self._changes, key, entry.replies_to) else entry
            for entry in entries
        ]
        if entries:
            self._conversations.setdefault(key, Conversation())
        kept = self._entries[key]
        new = {entry.id: entry for entry in reversed(entries) if entry.id not in kept}
        position = self._next_position[key]
        behind = (
            [] if sent_until is None or not new else [item for item in kept.values() if item.position >= sent_until]
        )
        for item in behind:
            del kept[item.id]
        stored = [
            new[entry.id].at_position(position + place)
            for place, entry in enumerate(entry for entry in entries if new.get(entry.id) is entry)
        ]
        end = position + len(stored)
        moved = [item.at_position(item.position + end - (sent_until or 0)) for item in behind]
        kept.update((item.id, item) for item in (*stored, *moved))
        self._next_position[key] = end if not behind else end + position - (sent_until or 0)
        return stored

    async def save_conversation(self, key: ConversationKey, conversation: Conversation) -> None:
        revision = self._conversations.get(key, Conversation()).revision
        self._conversations[key] = replace(in_utc(conversation), revision=revision)


def in_utc(conversation: Conversation) -> Conversation:
    """Return the conversation with its time in UTC."""
    at = conversation.last_request_at
    return replace(conversation, last_request_at=None if at is None else as_utc(at))
