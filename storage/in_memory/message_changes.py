"""Deletions, and edits that wait, in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.types import ConversationKey, NewEntry, Task, Turn, TurnId

ChangeName = tuple[str, str, str, str, str]
"""Platform, workspace, channel, thread ("" for a message) and message ("" for a place)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageChange:
    """A deletion, or the newest edit that waits; `author` wrote the edit."""

    deleted: bool
    at: datetime
    kept_at: datetime
    text: str = ""
    author: str = ""
    correction: NewEntry | None = None


def name_of(channel: ConversationKey, message: str) -> ChangeName:
    """Return the name of a message of a channel."""
    return (channel.platform, channel.workspace, channel.channel, "", message)


def channel_of(name: ChangeName) -> ConversationKey:
    """Return the channel of a message, or the place, that has a name."""
    platform, workspace, channel, thread, _ = name
    return ConversationKey(platform=platform, workspace=workspace, channel=channel, thread=thread)


def is_deleted(changes: Mapping[ChangeName, MessageChange], key: ConversationKey, message: str) -> bool:
    """Return whether a message was deleted by itself."""
    change = changes.get(name_of(key, message)) if message else None
    return change is not None and change.deleted


def is_refused(changes: Mapping[ChangeName, MessageChange], key: ConversationKey, message: str, at: datetime) -> bool:
    """Return whether a message was deleted, or was said before its place was."""
    if is_deleted(changes, key, message):
        return True
    places = [("", ""), (key.channel, ""), (key.channel, key.thread)]
    gone = [changes.get((key.platform, key.workspace, channel, thread, "")) for channel, thread in places]
    return any(item is not None and at <= item.at for item in gone)


class MemoryEdits:
    """The edits that wait for turns."""

    _turns: dict[TurnId, Turn]
    _merged: dict[TurnId, TurnId]
    _changes: dict[ChangeName, MessageChange]

    def _settle_edits(self, turn: Turn) -> Sequence[NewEntry]:
        """Change the text of a turn's questions to what they say now; return the corrections of what was sent."""
        found: list[MessageChange] = []
        for id in (turn.id, *(item for item, into in self._merged.items() if into == turn.id)):
            asked = self._turns[id].incoming
            name = name_of(asked.key, asked.message_id)
            if name in self._changes and not self._changes[name].deleted:
                found.append(self._changes.pop(name))
                if asked.text and asked.task is not Task.SUMMARY:
                    self._keep(replace(self._turns[id], incoming=replace(asked, text=found[-1].text)))
        return [item.correction for item in sorted(found, key=lambda each: each.at) if item.correction is not None]

    def _forget_edits(self, of: Callable[[ChangeName, MessageChange], bool]) -> None:
        self._changes = {n: item for n, item in self._changes.items() if item.deleted or not of(n, item)}

    def _keep(self, turn: Turn) -> Turn:
        self._turns[turn.id] = turn
        return turn
