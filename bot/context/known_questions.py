"""Messages that stand in the transcript already when they become questions: by an edit, or by a reaction. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bot.context.tokens import estimate_entry
from bot.context.transcript import ATTACHED, ATTACHED_AND_READ, CORRECTION_ID, CORRECTS_TO, without_label
from bot.types import Entry, Incoming, NewEntry, StoredEntry

ASKED_ID: Final = ":asked"
"""How the ids of entries end that ask what stands in the transcript under its own id."""

ANSWER_NOW: Final = "(This message stands above{which}. Answer it now.)"
WHICH: Final = ", as number {number} of those with this time and name"


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
