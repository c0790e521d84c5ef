"""Make the entries that a question adds to the transcript. Pure.

They are what was said and not answered since the last answer, what stands above the first question of a channel, and
what is asked. A message that stands in the transcript already, and is asked by an edit or a reaction, is pointed to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from heapq import merge
from typing import Final, TypeVar

from bot.chat.message_markdown import MESSAGE_CHARACTERS, cut, without_replied_to
from bot.context.tokens import estimate_entry
from bot.context.transcript import (
    ATTACHED,
    ATTACHED_AND_READ,
    CORRECTION_ID,
    CORRECTS_TO,
    NO_FILES,
    user_entry,
    without_label,
)
from bot.types import Entry, FileOutcome, Incoming, NewEntry, StoredEntry, ThreadMessage

AnyEntry = TypeVar("AnyEntry", bound=NewEntry)

ASKED_ID: Final = ":asked"
"""How the ids of entries end that ask what stands in the transcript under its own id."""

ANSWER_NOW: Final = "(This message stands above{which}. Answer it now.)"
WHICH: Final = ", as number {number} of those with this time and name"

BETWEEN_TOKENS: Final = 4_000
"""What is said between two questions may have about so many tokens; of more the newest is sent."""

CHANNEL_TOKENS: Final = 1_000
"""The same for what stands in a channel above a question."""

LEFT_OUT: Final = "({count} earlier messages are left out here.)"


def as_asked(asked: Sequence[NewEntry], history: Sequence[StoredEntry]) -> tuple[NewEntry, ...]:
    """Return the entries of what is asked; one of a message that stands in `history` has a name of its own.

    Under the same name it would be sent and never stored. It only points to what it says, unless that has changed.
    """
    return tuple(_as_asked(entry, history) for entry in asked)


def with_kept_files(asked: NewEntry, message: Incoming, history: Sequence[StoredEntry]) -> NewEntry | None:
    """Return a question, whose files are no longer to be had, as the transcript kept it; None where it has not.

    It has where the message stands there with all its files and has not been changed since.
    """
    known = next((stored for stored in history if stored.id == asked.id), None)
    if known is None or not message.attachments:
        return None
    lines = asked.entry.text.split("\n")
    kept = known.entry.text.split("\n")
    said = next((number for number, line in enumerate(lines) if line.startswith(ATTACHED)), len(lines))
    files = kept[said : said + len(message.attachments)]
    if lines[:said] != kept[:said] or not all(line.startswith(ATTACHED_AND_READ) for line in files):
        return None
    return replace(asked, entry=known.entry, tokens=known.tokens)


def _as_asked(asked: NewEntry, history: Sequence[StoredEntry]) -> NewEntry:
    known = next((stored for stored in history if stored.id == asked.id), None)
    if known is None:
        return under_a_free_name(asked, history)
    asked_again = replace(asked, id=f"{asked.id}{ASKED_ID}")
    if _label_of(known) != _label_of(asked) or not _says_the_same(asked, known, history):
        return asked_again
    label = _label_of(asked)
    alike = [stored.id for stored in history if _label_of(stored) == label]
    which = WHICH.format(number=alike.index(known.id) + 1) if len(alike) > 1 else ""
    entry = Entry(role="user", text=f"{label}: {ANSWER_NOW.format(which=which)}")
    return replace(asked_again, entry=entry, tokens=estimate_entry(entry))


def under_a_free_name(entry: NewEntry, history: Sequence[StoredEntry]) -> NewEntry:
    """Return an entry that is not in view under a name under which it can be stored: it may have left the view."""
    may_be_stored = bool(history) and history[0].position > 0 and entry.at < history[0].at
    return replace(entry, id=f"{entry.id}{ASKED_ID}") if may_be_stored else entry


def _says_the_same(asked: NewEntry, known: StoredEntry, history: Sequence[StoredEntry]) -> bool:
    """Return whether what is known of a message, with its newest correction, is all that is asked."""
    begins = f"{CORRECTION_ID}{known.message_id}:"
    corrections = [stored for stored in history if stored.id.startswith(begins)]
    if not corrections:
        return known.entry == asked.entry
    text = without_label(asked.entry.text)[1]
    return known.entry.media == asked.entry.media and corrections[-1].entry.text.partition(CORRECTS_TO)[2] == text


def _label_of(entry: NewEntry) -> str:
    name, text = without_label(entry.entry.text)
    return entry.entry.text[: len(entry.entry.text) - len(text)].rstrip(": ") if name else ""


def without_reply_words(entry: AnyEntry) -> AnyEntry:
    """Return an entry without the words of the message that it replies to, which was deleted."""
    left = replace(entry.entry, text=without_replied_to(entry.entry.text))
    return replace(entry, entry=left, tokens=estimate_entry(left))


# ------------------------------------------------------------ what was said and not answered


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
