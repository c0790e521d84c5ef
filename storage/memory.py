"""All stores in memory: what the ports promise, without a database and gone with the process."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from itertools import count

from bot.errors import ClaimLost
from bot.ports import Clock
from bot.types import (
    EMPTY,
    EVERYTHING,
    OPEN_STATES,
    Condensation,
    Conversation,
    ConversationKey,
    Draft,
    Incoming,
    NewEntry,
    Person,
    QueueFigures,
    RequestRecord,
    Settlement,
    Spending,
    StoredEntry,
    Turn,
    TurnId,
    TurnState,
    Waiting,
    Within,
)
from storage.codec import as_utc
from storage.exact import exact_sum
from storage.memory_deliveries import MemoryDeliveries
from storage.memory_summaries import MemorySchedules, MemorySummaries
from storage.memory_workspaces import MemoryAdapterState, MemorySettings, MemoryWorkspaces
from storage.turn_rules import FORGOTTEN, NOBODY, PLAYGROUND, ending, is_plain, stands_in


class MemoryTranscripts:
    """A `TranscriptStore` in memory."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._conversations: dict[ConversationKey, Conversation] = {}
        self._entries: defaultdict[ConversationKey, dict[str, StoredEntry]] = defaultdict(dict)
        self._positions: defaultdict[ConversationKey, count[int]] = defaultdict(count)

    async def get_conversation(self, key: ConversationKey) -> Conversation | None:
        return self._conversations.get(key)

    async def get_entries(self, key: ConversationKey, *, start: int) -> Sequence[StoredEntry]:
        return [entry for entry in self._entries[key].values() if entry.position >= start]

    async def append_entries(self, key: ConversationKey, entries: Sequence[NewEntry]) -> Sequence[StoredEntry]:
        entries = [replace(new, at=as_utc(new.at)) for new in entries]
        if entries:
            self._conversations.setdefault(key, Conversation())
        kept = self._entries[key]
        stored = []
        for new in entries:
            if new.id not in kept:
                kept[new.id] = _at_position(new, next(self._positions[key]))
                stored.append(kept[new.id])
        return stored

    async def save_conversation(self, key: ConversationKey, conversation: Conversation) -> None:
        self._conversations[key] = _in_utc(conversation)

    async def remove_entries(self, key: ConversationKey, *, source_id: str) -> int:
        kept = self._entries[key]
        gone = [id for id, entry in kept.items() if source_id and entry.source_id == source_id]
        for id in gone:
            del kept[id]
        return len(gone)


class MemoryTurns(MemoryTranscripts):
    """A `TurnStore` in memory.

    `settlements` tells how each turn ended, `condensations` what its trim left, `errors` why it was not shown.
    """

    def __init__(self, *, clock: Clock) -> None:
        super().__init__(clock=clock)
        self.settlements: dict[TurnId, Settlement] = {}
        self.errors: dict[TurnId, str] = {}
        self.condensations: dict[TurnId, Condensation] = {}
        self.feedback: dict[tuple[TurnId, str], bool] = {}
        self._recorded_at: dict[TurnId, datetime] = {}
        self._turns: dict[TurnId, Turn] = {}
        self._not_before: dict[TurnId, datetime] = {}
        self._accepted_at: dict[TurnId, datetime] = {}
        self._dedupe_keys: set[tuple[str, str]] = set()
        self._turn_ids = count(1)

    async def accept(self, incoming: Incoming) -> TurnId | None:
        incoming = replace(incoming, at=as_utc(incoming.at))
        name = (incoming.key.platform, incoming.dedupe_key)
        if name in self._dedupe_keys:
            return None
        self._dedupe_keys.add(name)
        id = next(self._turn_ids)
        self._accepted_at[id] = as_utc(self._clock())
        self._turns[id] = Turn(
            id=id,
            incoming=incoming,
            state=TurnState.QUEUED,
            epoch=0,
            attempt=0,
            reply_ref=incoming.reply_ref or None,
        )
        return id

    async def claim(self, key: ConversationKey, *, worker: str) -> Turn | None:
        del worker  # whoever it is, there is one process
        oldest = next(iter(self._open(key)), None)
        if oldest is None or self._waits(oldest):
            return None
        return self._keep(replace(oldest, state=TurnState.RUNNING, epoch=oldest.epoch + 1, attempt=oldest.attempt + 1))

    async def note_reply(self, turn: Turn, ref: str) -> bool:
        return self._keep(replace(self._claimed(turn), reply_ref=ref)).stop

    async def save_draft(self, turn: Turn, draft: Draft) -> bool:
        current = self._claimed(turn)
        return self._keep(current if current.outcome else replace(current, draft=draft)).stop

    async def check_claim(self, turn: Turn) -> bool:
        return self._claimed(turn).stop

    async def postpone(self, turn: Turn, until: datetime) -> None:
        until = as_utc(until)
        current = self._claimed(turn)
        recorded = current.outcome is not None
        retries, showings = current.retries + (not recorded), current.showings + recorded
        self._keep(replace(current, state=TurnState.QUEUED, retries=retries, showings=showings))
        self._not_before[turn.id] = until

    async def release(self, turn: Turn) -> None:
        current = self._claimed(turn)
        self._keep(replace(current, state=TurnState.QUEUED, attempt=current.attempt - 1))

    async def get_turn(self, id: TurnId) -> Turn | None:
        return self._turns.get(id)

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
        turns = list(self._turns.values())
        count = Counter(turn.state for turn in turns)
        return QueueFigures(
            queued=count[TurnState.QUEUED],
            running=count[TurnState.RUNNING],
            oldest_accepted_at=min((self._accepted_at[t.id] for t in turns if t.state in OPEN_STATES), default=None),
            retried=sum(turn.retries > 0 for turn in turns),
            recovered=sum(turn.attempt > turn.put_off + 1 for turn in turns),
            done=count[TurnState.DONE],
            failed=count[TurnState.FAILED],
            cancelled=count[TurnState.CANCELLED],
        )

    async def gather(self, turn: Turn) -> Turn:
        current = self._claimed(turn)
        taken = [each for each in self._open(turn.incoming.key) if each.state is TurnState.QUEUED and is_plain(each)]
        for each in taken:
            self._keep(replace(each, state=TurnState.DONE))
        burst = (*current.burst, *(each.incoming for each in taken))
        return self._keep(replace(current, burst=burst))

    async def record(self, turn: Turn, settlement: Settlement) -> None:
        recorded = replace(self._claimed(turn), outcome=settlement.state, draft=settlement.draft)
        remembered = settlement.conversation and _in_utc(settlement.conversation)
        await self.append_entries(turn.incoming.key, settlement.entries)
        if remembered is not None:
            self._conversations[turn.incoming.key] = remembered
        self.settlements[turn.id] = settlement
        self._recorded_at[turn.id] = as_utc(self._clock())
        self._keep(recorded)

    async def record_memory(self, turn: Turn, condensation: Condensation) -> None:
        self._claimed(turn)
        await self.append_entries(turn.incoming.key, condensation.entries)
        await self.save_conversation(turn.incoming.key, condensation.conversation)
        self.condensations[turn.id] = condensation
        if condensation.error:
            self.errors[turn.id] = condensation.error

    async def close(self, turn: Turn, *, error: str = "", cancelled: bool = False) -> None:
        current = self._claimed(turn)
        if error:
            self.errors[turn.id] = error
        self._keep(replace(current, state=ending(current, error, cancelled)))

    async def recent_requests(self, key: ConversationKey, *, limit: int) -> Sequence[RequestRecord]:
        records = [
            RequestRecord(
                turn=id,
                at=self._recorded_at[id],
                figures=each.request,
                usage=each.usage,
                error=self.errors.get(id, each.error),
            )
            for id, each in sorted(self.settlements.items())
            if each.request is not None and self._turns[id].incoming.key == key
        ]
        return records[-limit:]

    async def spent(self, *, since: datetime, until: datetime, within: Within = EVERYTHING) -> Spending:
        ended: list[tuple[TurnId, Settlement | Condensation]] = [*self.settlements.items(), *self.condensations.items()]
        lines = [
            (each.usage, each.cost or Decimal(0))
            for id, each in ended
            if each.usage is not None
            and as_utc(since) <= self._recorded_at[id] < as_utc(until)
            and self._is_within(within, id, each.model)
        ]
        return Spending(
            requests=sum(usage.requests for usage, _ in lines),
            input=sum(usage.input for usage, _ in lines),
            cached=sum(usage.cached for usage, _ in lines),
            output=sum(usage.output for usage, _ in lines),
            cost=exact_sum(cost for _, cost in lines),
        )

    def _is_within(self, within: Within, id: TurnId, model: str) -> bool:
        incoming = self._turns[id].incoming
        key = incoming.key
        line = {
            "platform": key.platform,
            "workspace": key.workspace,
            "channel": key.channel,
            "thread": key.thread,
            "author_id": incoming.author.id,
            "model": model,
        }
        return all(line[name] == value for name, value in within.columns.items())

    async def active_conversations(self, platform: str, *, since: datetime) -> Mapping[ConversationKey, datetime]:
        newest: dict[ConversationKey, datetime] = {}
        for each in (turn.incoming for turn in self._turns.values()):
            if each.key.platform == platform and each.at >= as_utc(since):
                newest[each.key] = max(newest.get(each.key, each.at), each.at)
        return newest

    async def note_feedback(self, id: TurnId, person: str, *, good: bool) -> None:
        self.feedback[id, person] = good

    async def request_stop(self, key: ConversationKey, *, author: str = "") -> Sequence[TurnId]:
        theirs = [turn for turn in self._stoppable(key) if author in ("", turn.incoming.author.id)]
        stopped = [self._keep(replace(turn, stop=True)).id for turn in theirs]
        for id in stopped:
            self._not_before.pop(id, None)
        return stopped

    async def stoppable_by(self, key: ConversationKey) -> Set[str]:
        return {turn.incoming.author.id for turn in self._stoppable(key)}

    def _stoppable(self, key: ConversationKey) -> Sequence[Turn]:
        return [turn for turn in self._open(key) if turn.outcome is None]

    async def takes_part(self, key: ConversationKey) -> bool:
        return any(turn.incoming.key == key for turn in self._turns.values())

    async def open_conversations(self) -> Sequence[ConversationKey]:
        oldest: dict[ConversationKey, tuple[datetime, TurnId]] = {}
        for turn in self._turns.values():
            if turn.state in OPEN_STATES:
                key, mark = turn.incoming.key, (turn.incoming.at, turn.id)
                oldest[key] = min(oldest.get(key, mark), mark)
        return sorted(oldest, key=lambda key: oldest[key])

    def _open(self, key: ConversationKey) -> Sequence[Turn]:
        turns = (turn for turn in self._turns.values() if turn.incoming.key == key and turn.state in OPEN_STATES)
        return sorted(turns, key=lambda turn: (turn.incoming.at, turn.id))

    def _waits(self, turn: Turn) -> bool:
        not_before = self._not_before.get(turn.id)
        return not_before is not None and not_before > as_utc(self._clock())

    def _claimed(self, turn: Turn) -> Turn:
        current = self._turns.get(turn.id)
        if current is None or current.epoch != turn.epoch or current.state != TurnState.RUNNING:
            raise ClaimLost(f"Turn {turn.id} is no longer run under epoch {turn.epoch}.")
        return current

    def _keep(self, turn: Turn) -> Turn:
        self._turns[turn.id] = turn
        return turn


class MemoryForgetting(MemoryTurns, MemorySummaries, MemorySchedules, MemoryDeliveries):
    """A `ForgetStore` in memory; the playground's own messages stay, which only a database keeps."""

    async def forget_conversation(self, key: ConversationKey) -> int:
        gone = len(self._entries[key])
        self._entries[key].clear()
        self._forget_place(key)
        self._forget_deliveries(of=lambda incoming: incoming.key == key)
        if key in self._conversations:
            self._conversations[key] = Conversation(
                window_start=next(self._positions[key]), token_ratio=self._conversations[key].token_ratio
            )
        for turn in self._ended(key):
            self._keep(replace(turn, incoming=_blank(turn.incoming), draft=None))
        return gone

    async def forget_person(self, platform: str, id: str) -> int:
        theirs = [turn.incoming for turn in self._turns.values() if turn.incoming.author.id == id]
        keys = {incoming.key for incoming in theirs if incoming.key.platform == platform}
        gone = sum([await self.forget_conversation(key) for key in keys])
        self._forget_person_in_parts(platform, id)
        self._forget_schedules_of(platform, id)
        self._forget_deliveries(of=lambda incoming: (incoming.key.platform, incoming.author.id) == (platform, id))
        for key, kept in self._entries.items():
            written = [name for name, entry in kept.items() if entry.author == id and key.platform == platform]
            for name in written:
                del kept[name]
            gone += len(written)
        return gone

    async def resting_since(self, before: datetime) -> Mapping[ConversationKey, datetime]:
        latest: dict[ConversationKey, datetime] = {}
        for id, turn in self._turns.items():
            if turn.incoming.author.id != FORGOTTEN:
                key = turn.incoming.key
                latest[key] = max(latest.get(key, self._accepted_at[id]), self._accepted_at[id])
        return {key: at for key, at in latest.items() if at < as_utc(before) and not self._open(key)}

    def _ended(self, key: ConversationKey) -> Sequence[Turn]:
        return [t for t in self._turns.values() if t.incoming.key == key and t.state not in OPEN_STATES]


class MemoryStore(MemoryForgetting, MemorySettings, MemoryAdapterState, MemoryWorkspaces):
    """A `Store` in memory."""

    def __init__(self, *, clock: Clock) -> None:
        MemoryTurns.__init__(self, clock=clock)
        MemorySettings.__init__(self)
        MemoryAdapterState.__init__(self)
        MemoryWorkspaces.__init__(self)
        MemorySummaries.__init__(self)
        MemorySchedules.__init__(self)
        MemoryDeliveries.__init__(self)

    async def authors(self, key: ConversationKey) -> Set[str]:
        asked = [turn.incoming for turn in self._turns.values()]
        burst = [each for turn in self._turns.values() for each in turn.burst]
        wrote = self._messages[key.workspace, key.channel].values() if key.platform == PLAYGROUND else ()
        found = {each.author.id for each in (*asked, *burst) if each.key == key}
        found |= {entry.author for entry in self._entries[key].values()}
        found |= {each.author.id for each in wrote if not each.author.is_bot and stands_in(each, key)}
        return found - NOBODY


def _blank(incoming: Incoming) -> Incoming:
    """The delivery without anything of a person."""
    nobody = Person(id=FORGOTTEN, name="", is_bot=incoming.author.is_bot)
    return replace(incoming, text="", author=nobody, attachments=(), overrides=EMPTY, details=EMPTY)


def _in_utc(conversation: Conversation) -> Conversation:
    at = conversation.last_request_at
    return replace(conversation, last_request_at=None if at is None else as_utc(at))


def _at_position(new: NewEntry, position: int) -> StoredEntry:
    return StoredEntry(
        id=new.id,
        entry=new.entry,
        tokens=new.tokens,
        at=new.at,
        author=new.author,
        source_id=new.source_id,
        position=position,
    )
