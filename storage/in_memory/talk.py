"""What was said lately in conversations, and what of it waits for the next question, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import takewhile

from bot.context.transcript import MESSAGE_ID, answering_turn
from bot.types import (
    OPEN_STATES,
    ConversationKey,
    Incoming,
    NewEntry,
    StoredEntry,
    Task,
    Turn,
    TurnId,
    TurnState,
    Utterance,
    joins_others,
    takes_others,
)
from storage.in_memory.message_changes import MemoryEdits
from storage.in_memory.transcripts import MemoryTranscripts
from storage.talk import Heard, Line, recent_talk


def order(turn: Turn) -> tuple[datetime, TurnId]:
    """Return the place of a turn among others."""
    return turn.incoming.sent_at, turn.id


class MemoryTalk(MemoryTranscripts, MemoryEdits):
    """Messages remembered between questions, and who said what."""

    _dedupe_keys: set[tuple[str, str]]

    async def append_entries(self, key: ConversationKey, entries: Sequence[NewEntry]) -> Sequence[StoredEntry]:
        return await super().append_entries(key, self._unasked(key, entries))

    async def is_known(self, incoming: Incoming) -> bool:
        name = (incoming.key.platform, incoming.dedupe_key)
        return name in self._dedupe_keys and self._context_named(incoming) is None

    async def turn_of(self, incoming: Incoming) -> TurnId | None:
        asked = [(turn.incoming.key.platform, turn.incoming.dedupe_key, id) for id, turn in self._turns.items()]
        name = incoming.key.platform, incoming.dedupe_key
        return next((self._merged.get(id, id) for *its_name, id in asked if tuple(its_name) == name), None)

    async def has_participated(self, key: ConversationKey) -> bool:
        return bool(self._asked(key))

    def _carrier_of(self, incoming: Incoming) -> TurnId | None:
        """Return the turn whose request carried a question that is told only now, None for none."""
        here = self._entries[incoming.key]
        entry = here.get(f"{MESSAGE_ID}{incoming.message_id}")
        if entry is None or not joins_others(incoming):
            return None
        behind = [item for item in here.values() if item.position > entry.position and item.entry.role == "assistant"]
        if behind:
            answer = min(behind, key=lambda item: item.position)
            carrier = self._turns.get(answering_turn(answer.id) or 0)
        else:
            running = (turn for turn in self._asked(incoming.key) if turn.state is TurnState.RUNNING)
            carrier = next((turn for turn in running if turn.outcome is None and not turn.withdrawn), None)
        return carrier.id if carrier is not None and takes_others(carrier.incoming) else None

    def _unasked(self, key: ConversationKey, entries: Sequence[NewEntry]) -> Sequence[NewEntry]:
        """Return entries of messages that were read but for those that wait as questions."""
        waiting = {turn.incoming.message_id for turn in self._asked(key) if turn.state is TurnState.QUEUED} - {""}
        return [entry for entry in entries if not (entry.message_id in waiting and entry.id.startswith(MESSAGE_ID))]

    def _asked(self, key: ConversationKey) -> list[Turn]:
        turns = (turn for turn in self._turns.values() if turn.incoming.key == key)
        return [turn for turn in turns if turn.incoming.task is not Task.CONTEXT]

    async def asked_by_bots(self, key: ConversationKey, *, limit: int) -> int:
        newest = sorted(self._asked(key), key=lambda turn: turn.id, reverse=True)[:limit]
        return sum(takewhile(bool, (turn.incoming.author.is_bot for turn in newest)))

    async def drop_context(self, incoming: Incoming) -> bool:
        kept = self._context_named(incoming)
        if kept is not None:
            self._dedupe_keys.discard((incoming.key.platform, incoming.dedupe_key))
            self._merged.pop(kept.id, None)
            del self._turns[kept.id]
        return kept is not None

    async def unsent_messages(self, key: ConversationKey, *, limit: int) -> Sequence[str]:
        here = [turn for turn in self._turns.values() if turn.incoming.key == key and turn.incoming.message_id]
        unsent = [
            turn
            for turn in here
            if self._is_unsent(turn) or self._is_unsent(self._turns.get(self._merged.get(turn.id, 0)))
        ]
        newest = sorted(unsent, key=order)[-limit:]
        return [turn.incoming.message_id for turn in newest if turn.incoming.text or turn.incoming.attachments]

    def _is_unsent(self, turn: Turn | None) -> bool:
        return turn is not None and (turn.state in OPEN_STATES or turn.state is TurnState.REMEMBERED)

    async def set_aside(self, incoming: Incoming) -> bool:
        id = await self.turn_of(incoming)
        turn = self._turns.get(id) if id is not None else None
        waits = turn is not None and turn.state is TurnState.QUEUED and turn.incoming.task is Task.ANSWER
        if turn is None or not waits or turn.incoming.dedupe_key != incoming.dedupe_key:
            return False
        if turn.attempt or turn.reply_ref or turn.post_begun_at:
            return False
        said = replace(turn.incoming, task=Task.CONTEXT)
        self._turns[turn.id] = replace(turn, state=TurnState.REMEMBERED, incoming=said)
        return True

    def _context_named(self, incoming: Incoming) -> Turn | None:
        """Return what is kept of a message as context, by its dedupe key."""
        name = (incoming.key.platform, incoming.dedupe_key)
        kept = (turn for turn in self._turns.values() if turn.incoming.task is Task.CONTEXT)
        return next((turn for turn in kept if (turn.incoming.key.platform, turn.incoming.dedupe_key) == name), None)

    def _with_merged(self, turn: Turn) -> Turn:
        merged = [self._turns[item] for item, into in self._merged.items() if into == turn.id]
        said = [item.incoming for item in sorted(merged, key=order)]
        return replace(
            turn,
            coalesced=tuple(item for item in said if item.task is not Task.CONTEXT),
            context=tuple(item for item in said if item.task is Task.CONTEXT),
        )

    def _remembered(self, key: ConversationKey) -> list[Turn]:
        """Return what waits for the next question of a conversation, in order."""
        here = (turn for turn in self._turns.values() if turn.incoming.key == key)
        return sorted((turn for turn in here if turn.state is TurnState.REMEMBERED), key=order)

    def _remember_again(self, id: TurnId) -> None:
        """Keep what was sent with a turn that ends without an answer for the next one."""
        for item in [item for item, into in self._merged.items() if into == id]:
            if self._turns[item].incoming.task is Task.CONTEXT:
                del self._merged[item]
                self._keep(replace(self._turns[item], state=TurnState.REMEMBERED))

    async def recent_talk(self, key: ConversationKey, *, limit: int, without: str = "") -> Sequence[Utterance]:
        entries = await self.get_entries(key, start=0)
        lines = [Line(id=e.id, role=e.entry.role, author=e.author, text=e.entry.text) for e in entries[-limit:]]
        turns = [turn for turn in self._turns.values() if turn.incoming.key == key]
        is_open = [turn for turn in turns if turn.state in OPEN_STATES and turn.outcome is None and not turn.withdrawn]
        waiting = {turn.id for turn in (*is_open, *self._remembered(key))}
        heard = [
            Heard(
                dedupe_key=turn.incoming.dedupe_key,
                source_id=turn.incoming.message_id,
                author=turn.incoming.author.id,
                name=turn.incoming.author.name,
                text=turn.incoming.text,
                waits=self._merged.get(turn.id, turn.id) in waiting,
                is_asked=turn.incoming.task is not Task.CONTEXT,
            )
            for turn in turns[-limit:]
        ]
        return recent_talk(lines, heard, without=without)
