"""What was said and not answered, as entries of the transcript: between questions, and in a channel above one. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from heapq import merge
from typing import Final

from bot.chat.message_rendering import MESSAGE_CHARACTERS, cut
from bot.context.known_questions import ASKED_ID, under_a_free_name
from bot.context.tokens import estimate_entry
from bot.context.transcript import NO_FILES, user_entry
from bot.types import Entry, FileOutcome, Incoming, NewEntry, StoredEntry, ThreadMessage

BETWEEN_TOKENS: Final = 4_000
"""What is said between two questions may have about so many tokens; of more the newest is sent."""

CHANNEL_TOKENS: Final = 1_000
"""The same for what stands in a channel above a question."""

LEFT_OUT: Final = "({count} earlier messages are left out here.)"


def said_between(
    context: Sequence[Incoming], history: Sequence[StoredEntry], *, files: Mapping[str, FileOutcome] = NO_FILES
) -> Sequence[NewEntry]:
    """Return the newest of what was said between questions, in order, and before it a line for what is left out.

    What stands in `history` already is not said again: messages of a thread can be read and heard, and be what several
    questions are about.
    """
    known = {entry.id for entry in history}
    entries = [
        user_entry(replace(message, text=cut(message.text, MESSAGE_CHARACTERS)), files=files) for message in context
    ]
    new = [*{entry.id: entry for entry in entries if not {entry.id, f"{entry.id}{ASKED_ID}"} & known}.values()]
    worded = {entry.id for entry, item in zip(entries, context, strict=True) if item.text.strip() or item.attachments}
    kept = newest_within([entry for entry in new if entry.id in worded], BETWEEN_TOKENS)
    count = len(new) - len(kept)
    kept = [under_a_free_name(entry, history) for entry in kept]
    return [_left_out(count, kept[0]), *kept] if count and kept else kept


def said_above(messages: Sequence[ThreadMessage]) -> Sequence[NewEntry]:
    """Return the newest messages of a channel as entries, in order; of files the names, and of a long newest message
    the beginning.
    """
    worded = [message for message in messages if message.text.strip() or message.attachments]
    entries = [user_entry(message) for message in worded]
    length = len(worded[-1].text) if worded else 0
    while length and entries[-1].tokens > CHANNEL_TOKENS:
        length //= 2
        entries[-1] = user_entry(replace(worded[-1], text=cut(worded[-1].text, length)))
    return newest_within(entries, CHANNEL_TOKENS)


def newest_within(entries: Sequence[NewEntry], tokens: int) -> Sequence[NewEntry]:
    """Return the newest entries that have so many tokens together, in order; the newest of all in any case."""
    start = len(entries)
    while start > 0 and (tokens >= entries[start - 1].tokens or start == len(entries)):
        start -= 1
        tokens -= entries[start].tokens
    return entries[start:]


def in_order(said: Sequence[NewEntry], questions: Sequence[NewEntry]) -> tuple[Sequence[NewEntry], Sequence[NewEntry]]:
    """Return what was said before the first question, and the questions with what was said between them, by time."""
    ordered = list(merge(said, questions, key=lambda entry: entry.at))
    first = ordered.index(questions[0])
    return ordered[:first], ordered[first:]


def placed(entries: Sequence[NewEntry], start: int) -> Sequence[StoredEntry]:
    """Return entries at the places, from `start` on, that they will have in the transcript."""
    return [entry.at_position(position) for position, entry in enumerate(entries, start)]


def _left_out(count: int, before: NewEntry) -> NewEntry:
    """Return the line that tells how many messages are left out before an entry."""
    entry = Entry(role="user", text=LEFT_OUT.format(count=count))
    return NewEntry(id=f"o:{before.id}", entry=entry, tokens=estimate_entry(entry), at=before.at)
