"""All stores in memory: what the ports promise, without a database and gone with the process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from itertools import count

from bot.access.budgets import reservation, scope_of
from bot.chat.message_markdown import without_replied_to
from bot.context.window import merge_concurrent_changes, with_notes
from bot.errors import ClaimLost
from bot.ports import Clock
from bot.types import (
    EMPTY,
    LONGEST_PUT_OFF,
    OPEN_STATES,
    Condensation,
    ConversationKey,
    Draft,
    Incoming,
    Purpose,
    QueueFigures,
    Recorded,
    RequestId,
    RequestRecord,
    SentRequest,
    Settlement,
    Task,
    Turn,
    TurnId,
    TurnState,
    Waiting,
    takes_others,
)
from storage.codec import as_utc
from storage.in_memory.budgets import MemoryBudgets
from storage.in_memory.deletion import MemoryDeletion
from storage.in_memory.deliveries import MemoryDeliveries
from storage.in_memory.events import MemoryPlayground, post
from storage.in_memory.exports import MemoryExports
from storage.in_memory.message_changes import is_deleted, is_refused, name_of
from storage.in_memory.removal import blank
from storage.in_memory.summaries import MemorySchedules, MemorySummaries
from storage.in_memory.talk import order
from storage.in_memory.transcripts import in_utc
from storage.in_memory.workspaces import MemoryAdapterState, MemorySettings, MemoryWorkspaces
from storage.turn_rules import (
    CONTEXT_KEPT,
    NOBODY,
    PLAYGROUND,
    adds_to,
    ending,
    first_answer,
    is_plain,
    stands_in,
    without_words,
)


class MemoryTurns(MemoryExports, MemoryBudgets):
    """A `TurnStore` in memory.

    `settlements` tells how each turn ended, and `errors` why it was not shown.
    """

    def __init__(self, *, clock: Clock) -> None:
        super().__init__(clock=clock)
        MemoryBudgets.__init__(self)
        self.settlements: dict[TurnId, Settlement] = {}
        self.errors: dict[TurnId, str] = {}
        self.feedback: dict[tuple[TurnId, str], bool] = {}
        self._rated_at: dict[tuple[TurnId, str], datetime] = {}
        self._recorded_at: dict[TurnId, datetime] = {}
        self._turns: dict[TurnId, Turn] = {}
        self._merged: dict[TurnId, TurnId] = {}
        self._stale: set[TurnId] = set()
        self._edited_at: dict[TurnId, datetime] = {}
        self._messages_of: dict[TurnId, tuple[str, ...]] = {}
        self._not_before: dict[TurnId, datetime] = {}
        self._accepted_at: dict[TurnId, datetime] = {}
        self._dedupe_keys: set[tuple[str, str]] = set()
        self._turn_ids = count(1)

    async def enqueue(self, incoming: Incoming, *, again: bool = False) -> TurnId | None:
        posted = incoming.posted
        incoming = replace(
            incoming, sent_at=as_utc(incoming.sent_at), typed="", posted=None
        )  # commands are told from questions before
        name = (incoming.key.platform, incoming.dedupe_key)
        if name in self._dedupe_keys or is_refused(self._changes, incoming.key, incoming.message_id, incoming.sent_at):
            return None
        await post(self, posted)
        self._dedupe_keys.add(name)
        id = next(self._turn_ids)
        edit = self._changes.pop(name_of(incoming.key, incoming.message_id), None)
        if edit is not None:
            self._edited_at[id] = edit.at
            incoming = replace(incoming, text=edit.text) if incoming.task is not Task.SUMMARY else incoming
        if is_deleted(self._changes, incoming.key, incoming.replies_to):
            incoming = replace(incoming, text=without_replied_to(incoming.text))
        self._accepted_at[id] = as_utc(self._clock())
        carrier = None if again else self._carrier_of(incoming)
        self._turns[id] = Turn(
            id=id,
            incoming=incoming,
            state=TurnState.REMEMBERED if incoming.task is Task.CONTEXT else TurnState.QUEUED,
            epoch=0,
            attempt=0,
            reply_ref=incoming.reply_ref or None,
        )
        if carrier is not None:
            self._keep(replace(self._turns[id], state=TurnState.DONE))
            self._merged[id] = carrier
            return None
        for old in self._remembered(incoming.key)[:-CONTEXT_KEPT]:
            self._keep(replace(old, incoming=without_words(old.incoming)))
        return id

    async def claim(self, key: ConversationKey, *, worker: str) -> Turn | None:
        del worker  # whoever it is, there is one process
        oldest = next(iter(self._open(key)), None)
        if oldest is None or self._waits(oldest):
            return None
        self._stale.discard(oldest.id)
        left = (oldest.post_left_at or as_utc(self._clock())) if oldest.post_begun_at else None
        self._settle_open(lambda line: line.turn == oldest.id)
        claimed = replace(oldest, state=TurnState.RUNNING, epoch=oldest.epoch + 1, attempt=oldest.attempt + 1)
        self._keep(replace(claimed, claimed_at=as_utc(self._clock()), post_left_at=left))
        if oldest.outcome is None:
            self._settle_edits(claimed)
        return self._with_merged(self._turns[oldest.id])

    async def begin_post(self, turn: Turn) -> None:
        self._keep(replace(self._claimed(turn), post_begun_at=as_utc(self._clock()), post_left_at=None))

    async def set_reply_ref(self, turn: Turn, ref: str, messages: Sequence[str] = ()) -> bool:
        noted = replace(self._claimed(turn), reply_ref=ref, post_begun_at=None, post_left_at=None)
        ending = self._is_ending(self._keep(noted))
        self._messages_of[turn.id] = tuple(messages)
        return ending

    async def save_draft(self, turn: Turn, draft: Draft) -> bool:
        current = self._claimed(turn)
        unwanted = current.outcome or current.withdrawn or current.id in self._stale
        return self._is_ending(self._keep(current if unwanted else replace(current, draft=draft)))

    async def check_claim(self, turn: Turn) -> bool:
        return self._is_ending(self._claimed(turn))

    def _is_ending(self, turn: Turn) -> bool:
        return turn.stop or turn.withdrawn or turn.id in self._stale

    async def reschedule(self, turn: Turn, until: datetime) -> None:
        until = as_utc(until)
        current = self._claimed(turn)
        recorded = current.outcome is not None
        retries, showings = current.retries + (not recorded), current.showings + recorded
        self._hand_back(replace(current, retries=retries, showings=showings))
        if recorded or not current.withdrawn:
            self._not_before[turn.id] = until

    async def release(self, turn: Turn) -> None:
        current = self._claimed(turn)
        self._hand_back(replace(current, attempt=current.attempt - 1))

    def _hand_back(self, turn: Turn) -> None:
        self._stale.discard(turn.id)
        self._keep(replace(turn, state=TurnState.QUEUED))
        self._settle_edits(turn)

    async def get_turn(self, id: TurnId) -> Turn | None:
        turn = self._turns.get(id)
        return None if turn is None else self._with_merged(turn)

    async def waiting(self, key: ConversationKey) -> Waiting | None:
        turns = self._open(key)
        if not turns:
            return None
        accepted = [self._accepted_at[turn.id] for turn in turns]
        return Waiting(
            first_accepted_at=min(accepted),
            last_accepted_at=max(accepted),
            not_before=self._not_before.get(turns[0].id),
        )

    async def queue_figures(self) -> QueueFigures:
        turns = [turn for turn in self._turns.values() if turn.incoming.task is not Task.CONTEXT]
        count = Counter(turn.state for turn in turns)
        return QueueFigures(
            queued=count[TurnState.QUEUED],
            running=count[TurnState.RUNNING],
            oldest_accepted_at=min((self._accepted_at[t.id] for t in turns if _is_unanswered(t)), default=None),
            retried=sum(turn.retries > 0 for turn in turns),
            recovered=sum(turn.attempt > turn.put_off + 1 for turn in turns),
            done=count[TurnState.DONE],
            failed=count[TurnState.FAILED],
            cancelled=count[TurnState.CANCELLED],
        )

    async def coalesce(self, turn: Turn) -> Turn:
        current = self._claimed(turn)
        key = turn.incoming.key
        taken = [item for item in self._open(key) if item.state is TurnState.QUEUED and is_plain(item)]
        taken = taken if takes_others(turn.incoming) else []
        asked = (turn.incoming, *self._with_merged(turn).coalesced, *(item.incoming for item in taken))
        until = max(item.sent_at for item in asked)
        taken += [item for item in self._remembered(key) if item.incoming.sent_at <= until]
        self._stale.discard(turn.id)
        for item in taken:
            self._keep(replace(item, state=TurnState.DONE))
            self._merged[item.id] = turn.id
        return self._with_merged(self._keep(current))

    async def was_added_to(self, turn: Turn) -> bool:
        return any(adds_to(turn, other) for other in self._open(turn.incoming.key))

    async def open_request(self, request: SentRequest) -> RequestId:
        is_late = request.purpose is Purpose.NOTES  # they are written when a turn has ended
        current = self._turns[request.turn.id] if is_late else self._claimed(request.turn)
        covering = self._uses(scope_of(current.incoming.key, current.incoming.author))
        held = reservation(covering, request.purpose, request.costs) if covering else Decimal(0)
        return self._add_line(request, held)

    async def record(self, turn: Turn, settlement: Settlement) -> Recorded:
        current = self._claimed(turn)
        if current.withdrawn or turn.id in self._stale:
            return self._leave_unwritten(current, settlement)
        recorded = replace(current, outcome=settlement.state, draft=settlement.draft)
        key, remembers = turn.incoming.key, settlement.conversation
        if remembers is not None:
            remembers = merge_concurrent_changes(in_utc(remembers), now=self._conversations.get(key))
        stored = self._append(key, settlement.entries, sent_until=settlement.sent_until)
        if remembers is not None:
            self._conversations[key] = remembers
            self._sent_until[key] = first_answer(stored, self._next_position[key])
        corrections = self._settle_edits(recorded)
        if settlement.entries:
            await self.append_entries(key, corrections)
        else:
            self._remember_again(turn.id)
        self._keep_settlement(self._turns[turn.id], settlement, recorded)
        return Recorded(conversation=remembers)

    def _keep_settlement(self, now: Turn, settlement: Settlement, recorded: Turn) -> None:
        self.settlements[now.id] = settlement
        self._recorded_at[now.id] = as_utc(self._clock())
        self._keep(replace(recorded, incoming=now.incoming))

    def _leave_unwritten(self, current: Turn, settlement: Settlement) -> Recorded:
        """Write nothing of a turn that was withdrawn or is to be answered anew."""
        empty = replace(settlement, draft=Draft(status="stopped"), entries=(), conversation=None, parameters=EMPTY)
        empty = replace(empty, state=TurnState.CANCELLED, error="")
        if current.withdrawn or current.stop:
            self._settle_edits(current)
            self._remember_again(current.id)
            self._keep_settlement(
                current, empty, replace(current, withdrawn=True, outcome=TurnState.CANCELLED, draft=None)
            )
            return Recorded(withdrawn=True)
        self._stale.discard(current.id)
        self._keep(replace(current, draft=None, stop=False))
        return Recorded(stale=True)

    async def record_memory(self, turn: Turn, condensation: Condensation) -> None:
        stored = self._conversations.get(turn.incoming.key)
        if stored is not None:
            noted = with_notes(stored, condensation)
            if noted.memory != stored.memory:
                self._notes_until[turn.incoming.key] = noted.condensed_until
            self._conversations[turn.incoming.key] = noted

    async def close(self, turn: Turn, *, error: str = "", retracted: bool = False) -> bool:
        current = self._claimed(turn)
        if error:
            self.errors[turn.id] = error
        elif turn.id in self._stale and not current.withdrawn:
            return False
        if not current.withdrawn:
            self._keep(replace(current, state=ending(current, error)))
        elif retracted or error:
            state = TurnState.FAILED if error else TurnState.CANCELLED
            self._keep(replace(current, state=state, incoming=blank(current.incoming), draft=None))
        return retracted or bool(error) or not current.withdrawn

    async def recent_requests(self, key: ConversationKey, *, limit: int) -> Sequence[RequestRecord]:
        records = [
            RequestRecord(
                turn=id,
                at=self._recorded_at[id],
                figures=item.request,
                usage=self._answer_of(id),
                error=self.errors.get(id, item.error),
            )
            for id, item in sorted(self.settlements.items())
            if item.request is not None and self._turns[id].incoming.key == key
        ]
        return records[-limit:]

    async def active_conversations(self, platform: str, *, since: datetime) -> Mapping[ConversationKey, datetime]:
        newest: dict[ConversationKey, datetime] = {}
        for item in (turn.incoming for turn in self._turns.values()):
            if item.task is not Task.CONTEXT and item.key.platform == platform and item.sent_at >= as_utc(since):
                newest[item.key] = max(newest.get(item.key, item.sent_at), item.sent_at)
        return newest

    async def note_feedback(self, id: TurnId, person: str, *, good: bool) -> None:
        self.feedback[id, person] = good
        self._rated_at[id, person] = as_utc(self._clock())

    async def request_stop(
        self, key: ConversationKey, *, author: str = "", until: datetime | None = None
    ) -> Sequence[TurnId]:
        theirs = [turn for turn in self._stoppable(key) if author in ("", turn.incoming.author.id)]
        theirs = [turn for turn in theirs if until is None or turn.incoming.sent_at <= until]
        stopped = [self._keep(replace(turn, stop=True)).id for turn in theirs]
        for id in stopped:
            self._not_before.pop(id, None)
        return stopped

    async def stoppable_by(self, key: ConversationKey) -> Set[str]:
        return {turn.incoming.author.id for turn in self._stoppable(key)}

    def _stoppable(self, key: ConversationKey) -> Sequence[Turn]:
        return [turn for turn in self._open(key) if turn.outcome is None and not turn.withdrawn]

    async def open_conversations(self) -> Sequence[ConversationKey]:
        oldest: dict[ConversationKey, tuple[datetime, TurnId]] = {}
        for turn in self._turns.values():
            if turn.state in OPEN_STATES:
                key, mark = turn.incoming.key, (turn.incoming.sent_at, turn.id)
                oldest[key] = min(oldest.get(key, mark), mark)
        return sorted(oldest, key=lambda key: oldest[key])

    def _open(self, key: ConversationKey) -> Sequence[Turn]:
        turns = (turn for turn in self._turns.values() if turn.incoming.key == key and turn.state in OPEN_STATES)
        return sorted(turns, key=order)

    def _waits(self, turn: Turn) -> bool:
        not_before = self._not_before.get(turn.id)
        now = as_utc(self._clock())
        return not_before is not None and now < not_before <= now + LONGEST_PUT_OFF

    def _claimed(self, turn: Turn) -> Turn:
        current = self._turns.get(turn.id)
        if current is None or current.epoch != turn.epoch or current.state != TurnState.RUNNING:
            raise ClaimLost(f"Turn {turn.id} is no longer run under epoch {turn.epoch}.")
        return current


class MemoryStore(
    MemoryDeletion,
    MemoryTurns,
    MemorySummaries,
    MemorySchedules,
    MemoryDeliveries,
    MemorySettings,
    MemoryAdapterState,
    MemoryWorkspaces,
):
    """A `Store` in memory."""

    def __init__(self, *, clock: Clock) -> None:
        MemoryTurns.__init__(self, clock=clock)
        MemorySettings.__init__(self)
        MemoryAdapterState.__init__(self)
        MemoryWorkspaces.__init__(self)
        MemoryPlayground.__init__(self)
        MemorySummaries.__init__(self)
        MemorySchedules.__init__(self)
        MemoryDeliveries.__init__(self)

    async def authors(self, key: ConversationKey) -> Set[str]:
        wrote = self._messages[key.workspace, key.channel].values() if key.platform == PLAYGROUND else ()
        known = [turn.incoming.author for turn in self._turns.values() if turn.incoming.key == key]
        known += [item.author for item in wrote if stands_in(item, key)]
        people = {author.id for author in known if not author.is_bot}
        people |= {entry.author for entry in self._entries[key].values() if not entry.author_is_bot}
        return people - {author.id for author in known if author.is_bot} - NOBODY


def _is_unanswered(turn: Turn) -> bool:
    return turn.state in OPEN_STATES and not turn.withdrawn
