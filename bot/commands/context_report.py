"""What a conversation sends and remembers, told to the people in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.context.compaction import NOTES_TITLE
from bot.context.window import CacheBreak
from bot.ports import Store, TranscriptStore, TurnStore
from bot.turns.effects import Effect, ForgetConversation, ForgetNotes, ForgetPerson
from bot.turns.ownership import check_forget
from bot.types import NOTES_ID, ConversationKey, DeletionOutcome, Incoming, RequestRecord

LOOK_BACK = 50
"""How many requests are searched for the last break."""

BREAKS = {
    CacheBreak.FIRST: "it was the first request",
    CacheBreak.TRIM: "older messages were trimmed, because keeping them had become dearer than reading the rest anew",
    CacheBreak.COLD: "the cache had expired anyway, so trimming was free",
    CacheBreak.HEAD_CHANGED: "a setting, the channel's name or topic, or the notes had changed",
    CacheBreak.DELETED: "a message was deleted, and is no longer sent",
}


async def context_text(key: ConversationKey, store: TurnStore) -> str:
    """Return what the last request carried, what of it was cached, and when the next trim is due, as Markdown."""
    records = await store.recent_requests(key, limit=LOOK_BACK)
    if not records:
        return "Nothing has been sent from here yet."
    last = records[-1]
    figures = last.figures
    tokens = figures.total if last.usage is None or last.usage.estimated else last.usage.input
    cached = "" if last.usage is None else f", {last.usage.cached:,} of them from the cache"
    lines = [
        f"- The last request carried **{figures.entries:,} entries**, {tokens:,} tokens in{cached}.",
        f"- The system prompt and the notes are about {figures.head:,} tokens of it.",
        f"- The next trim is expected in about **{figures.until_trim:,} tokens**.",
        _last_break(records),
    ]
    if last.error:
        lines.append("- The last trim left no notes; the reason is in the log.")
    return "\n".join(lines)


def _last_break(records: Sequence[RequestRecord]) -> str:
    for ago, record in enumerate(reversed(records)):
        if record.figures.broken:
            when = "The last request" if ago == 0 else f"The request {ago} before the last"
            gone = f" ({record.figures.removed:,} entries left the view)" if record.figures.removed else ""
            return f"- {when} did not extend the one before: {BREAKS[CacheBreak(record.figures.broken)]}{gone}."
    return f"- Each of the last {len(records):,} requests extended the one before."


async def memory_text(key: ConversationKey, store: TranscriptStore) -> str:
    """Return the notes on what is no longer in view, as Markdown."""
    conversation = await store.get_conversation(key)
    if conversation is None:
        return "There are no notes: nothing has left the view yet."
    entries = await store.get_entries(key, start=conversation.window_start)
    appended = [
        entry.entry.text.removeprefix(NOTES_TITLE).strip() for entry in entries if entry.id.startswith(NOTES_ID)
    ]
    notes = [item for item in (conversation.memory, *appended) if item]
    return "\n\n".join(notes) or "There are no notes: nothing has left the view yet."


async def forget(what: str, incoming: Incoming, store: Store) -> Effect[Any]:
    """Return what forgets "memory", "here" or "me". Raises `InvalidInput` to who may not forget what others wrote."""
    key = incoming.key
    if what == "me":
        return Effect(change=ForgetPerson(platform=key.platform, id=incoming.author.id), tell=_person_forgotten)
    if not incoming.is_admin:
        check_forget(incoming.author, await store.authors(key))
    if what == "here":
        return Effect(change=ForgetConversation(key=key), tell=_conversation_forgotten)
    return Effect(change=ForgetNotes(key=key), tell=_notes_forgotten)


def _notes_forgotten(there_were: bool) -> str:
    if not there_were:
        return "There are no notes to forget here."
    return "My notes on the earlier part of this conversation are gone."


def _conversation_forgotten(gone: DeletionOutcome) -> str:
    return f"Forgotten: this conversation, {gone.entries:,} entries. What was paid stays in the sums, without any text."


def _person_forgotten(gone: DeletionOutcome) -> str:
    return (
        f"Forgotten: what you asked on this platform and the conversations in which you did, {gone.entries:,} entries. "
        "What was paid stays in the sums, without any text and without your name."
    )
