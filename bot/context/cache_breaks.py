"""Why a request does not extend the one before, noted where it is decided or suffered: exactly one reason each."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Final

from bot.types import Condensation, Conversation

TRIES: Final = 3
"""How often messages are condensed in vain before they are left out without notes."""


class CacheBreak(StrEnum):
    """Reason why a request does not extend the one before."""

    FIRST = "first"
    TRIM = "trim"
    COLD = "cold"
    PROMPT_CHANGED = "head changed"  # the earlier name, under which it is stored
    MODE_CHANGED = "mode changed"
    DELETED = "deleted"
    DROPPED = "dropped"
    MEDIA = "media"


# After these nothing of the history is cached, so that leaving out what is in the notes costs nothing.
FREE: Final = frozenset({CacheBreak.FIRST, CacheBreak.TRIM, CacheBreak.COLD, CacheBreak.PROMPT_CHANGED})


def known_break(conversation: Conversation) -> CacheBreak | None:
    """Return the break that was decided or suffered before the next request; None for none."""
    if conversation.last_request_at is None:
        return CacheBreak.FIRST
    return CacheBreak(conversation.prompt_digest) if conversation.prompt_digest in set(CacheBreak) else None


def mark_prefix_broken(conversation: Conversation, reason: CacheBreak) -> Conversation:
    """Return the conversation, remembering that its next request cannot extend the last one, and why.

    The reason stands in place of the digest, which it cannot be mistaken for. The first reason stays.
    """
    if known_break(conversation) is not None:
        return conversation
    return replace(conversation, prompt_digest=reason.value)


def with_notes(conversation: Conversation, condensed: Condensation) -> Conversation:
    """Return the conversation with what was condensed of it; the next request carries the notes, and so is a trim.

    What was made of entries that were removed since, or are in other notes already, changes nothing. Without notes the
    entries wait for the next ones, unless they were paid for in vain too often.
    """
    if (condensed.revision, condensed.begin) != (conversation.revision, conversation.condensed_until):
        return conversation
    if condensed.notes:
        noted = replace(conversation, memory=condensed.notes, condensed_until=condensed.until, condensed_in_vain=0)
        return noted if known_break(noted) is CacheBreak.FIRST else replace(noted, prompt_digest=CacheBreak.TRIM.value)
    if not condensed.in_vain:
        return conversation
    if conversation.condensed_in_vain + 1 < TRIES:
        return replace(conversation, condensed_in_vain=conversation.condensed_in_vain + 1)
    return replace(conversation, condensed_until=condensed.until, condensed_in_vain=0)


def merge_concurrent_changes(after: Conversation, *, now: Conversation | None) -> Conversation:
    """Return `after`, what an answer leaves behind, with what happened to the conversation while it was written.

    What people had removed is gone, and notes that were stored meanwhile stay: the next request cannot extend the last
    one then.
    """
    if now is None:
        return after
    kept = replace(
        after,
        memory=now.memory,
        revision=now.revision,
        condensed_until=now.condensed_until,
        condensed_in_vain=now.condensed_in_vain,
    )
    if now.revision != after.revision:
        return replace(kept, prompt_digest=CacheBreak.DELETED.value)
    if now.memory != after.memory:
        return replace(kept, prompt_digest=CacheBreak.TRIM.value)
    return kept
