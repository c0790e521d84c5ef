"""Rules for turns and deliveries that hold in every store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from bot.errors import StorageError
from bot.types import (
    EMPTY,
    ChannelMessage,
    ConversationKey,
    Incoming,
    KeptMessage,
    StoredEntry,
    Turn,
    TurnState,
    joins_others,
)

CONTEXT_KEPT: Final = 50
"""How many messages of a conversation are remembered for its next question; of older ones the words are dropped."""

FORGOTTEN: Final = "(forgotten)"
"""The author of what was forgotten; no platform has such an id."""

PLAYGROUND: Final = "local"
"""The one platform whose messages themselves are kept here, and where whoever asks again has heard nothing: a page does
so when its connection broke, so that whoever was to tell it has nobody to tell any more.
"""

NOBODY: Final = frozenset({"", FORGOTTEN})
"""Whom nothing belongs to: "" wrote what the bot said."""

WORDLESS: Final[dict[str, Any]] = {
    "text": "",
    "attachments": [],
    "overrides": {},
    "parameters": {},
    "draft": None,
    "error": "",
}
"""The columns of a turn that can hold what people wrote, emptied."""

BLANK: Final[dict[str, Any]] = {**WORDLESS, "author_id": FORGOTTEN, "author_name": "", "details": {}}
"""The same, and those that name somebody or open a reply; what is left names the delivery."""

ANEW: Final[dict[str, Any]] = {
    "outcome": None,
    "draft": None,
    "parameters": {},
    "request": None,
    "error": "",
    "recorded_at": None,
    "stale": False,
    "stop": False,
}
"""The columns of a turn as they are before anything of its end is recorded."""


def is_plain(turn: Turn) -> bool:
    """Return whether a queued question can be answered together with another: it asks for nothing of its own."""
    return joins_others(turn.incoming) and not turn.stop


def adds_to(turn: Turn, other: Turn) -> bool:
    """Return whether `other` is a queued question of those who asked `turn`, to be answered together with it."""
    authors = {incoming.author.id for incoming in (turn.incoming, *turn.coalesced)}
    return other.state is TurnState.QUEUED and other.incoming.author.id in authors and is_plain(other)


def first_answer(entries: Sequence[StoredEntry], end: int) -> int:
    """Return the position of the answer among what was recorded: all before it was sent; `end` where there is none."""
    return next((entry.position for entry in entries if entry.entry.role == "assistant"), end)


def ending(turn: Turn, error: str = "") -> TurnState:
    """Return the state in which a turn is closed. Raises `StorageError` when nothing was recorded that it
    could end in.
    """
    if error:
        return TurnState.FAILED
    if turn.outcome is None:
        raise StorageError(f"Turn {turn.id} has no recorded outcome to be closed with.")
    return turn.outcome


def without_words(incoming: Incoming) -> Incoming:
    """Return what is needed of an incoming to tell its author something, and nothing of what they wrote."""
    return replace(incoming, text="", attachments=(), overrides=EMPTY)


def stands_in(message: ChannelMessage, key: ConversationKey) -> bool:
    """Return whether a message of the channel of `key` is part of that conversation: in its thread, or its root."""
    return message.thread == key.thread or (not message.thread and message.id == key.thread)


def posted(messages: Iterable[ChannelMessage], asked: Sequence[KeptMessage]) -> list[KeptMessage]:
    """Return the messages of the playground that stand for no turn among what their author `asked`."""
    known = {(item.key.workspace, item.key.channel, item.message_id) for item in asked}
    return [
        KeptMessage(
            key=ConversationKey(
                platform=PLAYGROUND, workspace=item.workspace, channel=item.channel, thread=item.thread
            ),
            message_id=item.id,
            sent_at=item.at,
            kind="post",
            text=item.text,
            files=tuple(file.name for file in item.attachments),
        )
        for item in messages
        if (item.workspace, item.channel, item.id) not in known
    ]
