"""Remove turns and entries from the stores in memory: the twin of `storage.removal`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from bot.chat.message_markdown import without_replied_to
from bot.context.new_entries import without_reply_words
from bot.context.tokens import estimate_entry
from bot.context.transcript import REMOVED_ANSWER
from bot.context.window import CacheBreak, mark_prefix_broken
from bot.types import (
    EMPTY,
    OPEN_STATES,
    SOURCES_ID,
    ConversationKey,
    DeletionOutcome,
    Draft,
    Entry,
    Incoming,
    Person,
    Settlement,
    StoredEntry,
    Task,
    Turn,
    TurnId,
    TurnState,
)
from storage.in_memory.deliveries import MemoryDeliveries
from storage.in_memory.message_changes import MemoryEdits
from storage.in_memory.summaries import MemorySchedules, MemorySummaries
from storage.in_memory.transcripts import MemoryTranscripts
from storage.turn_rules import FORGOTTEN, without_words


class MemoryRemoval(MemoryTranscripts, MemoryEdits, MemorySummaries, MemorySchedules, MemoryDeliveries):
    """Removes turns and entries, and remembers what it has reached in one deletion."""

    _accepted_at: dict[TurnId, datetime]
    _not_before: dict[TurnId, datetime]
    _stale: set[TurnId]
    _messages_of: dict[TurnId, tuple[str, ...]]
    _recorded_at: dict[TurnId, datetime]
    settlements: dict[TurnId, Settlement]
    errors: dict[TurnId, str]

    def _begin(self) -> None:
        self._interrupted: defaultdict[ConversationKey, list[TurnId]] = defaultdict(list)
        self._questions: set[TurnId] = set()
        self._removed = 0

    def _outcome(self) -> DeletionOutcome:
        return DeletionOutcome(
            interrupted={key: tuple(turns) for key, turns in self._interrupted.items()},
            questions=len(self._questions),
            entries=self._removed,
        )

    # ------------------------------------------------------------ turns

    def _remove_question(self, id: TurnId) -> None:
        turn = self._turns[id]
        is_context = turn.incoming.task is Task.CONTEXT
        if not is_context:
            self._questions.add(id)
        if id in self._merged:
            self._leave_burst(turn, self._turns[self._merged[id]])
        elif is_context:
            self._keep(replace(turn, state=TurnState.CANCELLED))
        elif _is_under_way(turn):
            self._set_free(turn)
            self._end(turn)
        else:
            if _can_begin_anew(turn):
                self._take_back_entries(turn)
                self._set_free(turn)
            self._drop_answer(turn, without=turn)
        turn = self._turns[id]
        empty = without_words(turn.incoming)
        empty = empty if turn.state in OPEN_STATES else replace(empty, platform_data=EMPTY)
        self._keep(replace(turn, incoming=empty, draft=None))
        self._empty_settlement(id)

    def _remove_answer(self, id: TurnId) -> None:
        turn = self._turns[id]
        if not turn.incoming.message_id:
            self._remove_question(id)
        elif _is_under_way(turn):
            self._withdraw(turn)
        else:
            self._drop_answer(turn)

    def _remove_summary(self, turn: Turn) -> None:
        if _can_begin_anew(turn):
            self._reopen(turn)
        else:
            self._remove_answer(turn.id)

    def _remove_shown(self, id: TurnId) -> None:
        turn = self._turns[id]
        is_shown = turn.state not in OPEN_STATES and turn.outcome is not None and turn.reply_ref
        if is_shown and not turn.withdrawn:
            self._not_before.pop(id, None)
            again = replace(turn, state=TurnState.QUEUED, attempt=turn.attempt - 1)
            self._interrupt(self._keep(replace(again, withdrawn=True, stop=True)))

    def _begin_anew(self, turn: Turn) -> None:
        if turn.state is TurnState.RUNNING and turn.outcome is None and not turn.withdrawn:
            self._stale.add(turn.id)
            self._keep(replace(turn, draft=None))
            self._break(turn.incoming.key)
            self._interrupt(turn)

    def _leave_burst(self, turn: Turn, carrier: Turn) -> None:
        if _is_under_way(carrier):
            self._begin_anew(carrier)
        elif turn.incoming.task is not Task.CONTEXT:
            if _can_begin_anew(carrier):
                self._reopen(carrier)
            else:
                self._drop_answer(carrier, without=turn)
        del self._merged[turn.id]
        self._keep(replace(turn, state=TurnState.CANCELLED))

    def _reopen(self, carrier: Turn) -> None:
        self._take_back_entries(carrier)
        self._break(carrier.incoming.key)
        if carrier.state is TurnState.RUNNING:
            self._stale.add(carrier.id)
        self._not_before.pop(carrier.id, None)
        self.settlements.pop(carrier.id, None)
        self._recorded_at.pop(carrier.id, None)
        self._keep(replace(carrier, outcome=None, draft=None))
        self._interrupted.setdefault(carrier.incoming.key, [])

    def _take_back_entries(self, carrier: Turn) -> None:
        asked = [
            carrier.incoming,
            *(self._turns[id].incoming for id, into in self._merged.items() if into == carrier.id),
        ]
        key, messages = carrier.incoming.key, {item.message_id for item in asked} - {""}
        names = {f"a:{carrier.id}", f"{SOURCES_ID}{carrier.id}", *(f"m:{item.dedupe_key}" for item in asked)}
        names |= {name for name, entry in self._entries[key].items() if entry.message_id in messages}
        self._remove_entries(key, names)

    def _set_free(self, carrier: Turn) -> None:
        for id in [id for id, into in self._merged.items() if into == carrier.id]:
            del self._merged[id]
            turn = self._turns[id]
            state = TurnState.REMEMBERED if turn.incoming.task is Task.CONTEXT else TurnState.QUEUED
            freed = self._keep(replace(turn, state=state))
            self._interrupted.setdefault(freed.incoming.key, [])

    def _end(self, turn: Turn) -> None:
        if turn.state is TurnState.QUEUED and turn.epoch == 0 and not turn.reply_ref:
            self._keep(replace(turn, state=TurnState.CANCELLED))
            self._interrupt(turn)
        else:
            self._withdraw(turn)

    def _withdraw(self, turn: Turn) -> None:
        self._keep(replace(turn, withdrawn=True, stop=True, draft=None))
        self._not_before.pop(turn.id, None)
        if turn.epoch > 0:
            self._break(turn.incoming.key)
        self._interrupt(turn)

    def _drop_answer(self, turn: Turn, *, without: Turn | None = None) -> None:
        self._keep(replace(turn, draft=None))
        self._empty_settlement(turn.id)
        if turn.state in OPEN_STATES:
            self._withdraw(turn)
        asked = turn.incoming
        names = {f"{SOURCES_ID}{turn.id}"} | ({f"m:{asked.dedupe_key}"} if not asked.message_id else set())
        if self._stays_asked(turn, without):
            self._mark_removed(asked.key, f"a:{turn.id}")
        else:
            names.add(f"a:{turn.id}")
        self._remove_entries(asked.key, names)

    def _stays_asked(self, carrier: Turn, without: Turn | None = None) -> bool:
        merged = [self._turns[id] for id, into in self._merged.items() if into == carrier.id]
        asked = [carrier, *(turn for turn in merged if turn.incoming.task is not Task.CONTEXT)]
        left = [turn.incoming for turn in asked if without is None or turn.id != without.id]
        return any(item.message_id and (item.text or item.attachments) for item in left)

    def _empty_settlement(self, id: TurnId) -> None:
        self.errors.pop(id, None)
        if id in self.settlements:
            emptied = replace(self.settlements[id], draft=Draft(status="stopped"), entries=(), parameters=EMPTY)
            self.settlements[id] = replace(emptied, error="", conversation=None)

    def _interrupt(self, turn: Turn) -> None:
        self._interrupted[turn.incoming.key].append(turn.id)

    def _forget_turns(self, turns: Iterable[Turn]) -> None:
        for turn in list(turns):
            if turn.state in OPEN_STATES:
                self._end(turn)
            now = self._turns[turn.id]
            blanked = blank(now.incoming)
            if now.state in OPEN_STATES:
                blanked = replace(blanked, platform_data=now.incoming.platform_data)
            if blanked.task is Task.CONTEXT:
                self._merged.pop(turn.id, None)
                now = replace(now, state=TurnState.CANCELLED)
            self._keep(replace(now, incoming=blanked, draft=None))
            self._empty_settlement(turn.id)

    # ------------------------------------------------------------ transcripts

    def _break(self, key: ConversationKey) -> None:
        if key in self._conversations:
            self._conversations[key] = mark_prefix_broken(self._conversations[key], CacheBreak.DELETED)

    def _remove_entries(self, key: ConversationKey, names: Collection[str]) -> None:
        """Remove entries by their ids, and the notes that rest on them, to be made anew of what is left."""
        kept = self._entries[key]
        gone = [kept[name] for name in names if name in kept]
        if not gone:
            return
        for item in gone:
            del kept[item.id]
        self._break_at(key, gone)

    def _mark_removed(self, key: ConversationKey, name: str) -> None:
        before = self._entries[key].get(name)
        if before is not None and before.entry.text != REMOVED_ANSWER:
            mark = Entry(role="assistant", text=REMOVED_ANSWER)
            self._entries[key][name] = replace(before, entry=mark, tokens=estimate_entry(mark))
            self._break_at(key, [before])

    def _remove_replies(self, turns: Sequence[Turn], keys: Sequence[ConversationKey], ids: Collection[str]) -> None:
        """Remove the words of messages from what repeats them, since it replies to them, and is not gone itself."""
        for turn in [item for item in turns if item.incoming.replies_to in ids]:
            left = without_replied_to(turn.incoming.text)
            self._keep(replace(turn, incoming=replace(turn.incoming, text=left)))
            self._begin_anew(self._turns[self._merged.get(turn.id, turn.id)])
        for key in keys:
            repeating = [entry for entry in self._entries[key].values() if entry.replies_to in ids]
            self._entries[key] |= {entry.id: without_reply_words(entry) for entry in repeating}
            if repeating:
                self._break_at(key, repeating)

    def _break_at(self, key: ConversationKey, gone: Sequence[StoredEntry]) -> None:
        first = min(item.position for item in gone)
        self._removed += len(gone)
        conversation = self._conversations[key]
        if first < self._notes_until[key]:
            conversation = replace(conversation, memory="", condensed_until=self._notes_from[key], condensed_in_vain=0)
            self._notes_until[key] = 0
        if any(conversation.window_start <= item.position < self._sent_until[key] for item in gone):
            conversation = mark_prefix_broken(conversation, CacheBreak.DELETED)
        self._conversations[key] = replace(conversation, revision=conversation.revision + 1)

    def _forget_transcript(self, key: ConversationKey) -> None:
        self._removed += len(self._entries[key])
        self._entries[key].clear()
        self._notes_until[key] = 0
        self._forget_place(key)
        self._forget_deliveries(of=lambda incoming: incoming.key == key)
        if key in self._conversations:
            known = self._conversations[key]
            end = self._next_position[key]
            self._notes_from[key] = end
            emptied = replace(known, memory="", prompt_digest="", window_start=end, condensed_until=end)
            self._conversations[key] = replace(emptied, revision=known.revision + 1)


def blank(incoming: Incoming) -> Incoming:
    """Return the delivery without anything of a person."""
    nobody = Person(id=FORGOTTEN, name="", is_bot=incoming.author.is_bot)
    return replace(without_words(incoming), author=nobody, platform_data=EMPTY)


def _is_under_way(turn: Turn) -> bool:
    return turn.outcome is None and turn.state in OPEN_STATES


def _can_begin_anew(turn: Turn) -> bool:
    return turn.state in OPEN_STATES and turn.outcome is not None and not turn.withdrawn and not turn.stop
