"""Read from memory what operators take out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.ports.exports import THREAD_LENGTH
from bot.types import Entry, Purpose, RatedAnswer, Settlement, Turn, TurnId
from storage.codec import as_utc
from storage.exact_sum import exact_sum
from storage.in_memory.ledger import LedgerLine
from storage.in_memory.talk import MemoryTalk
from storage.turn_rules import FORGOTTEN


class MemoryExports(MemoryTalk):
    """An `ExportStore` in memory."""

    lines: dict[int, LedgerLine]
    settlements: dict[TurnId, Settlement]
    feedback: dict[tuple[TurnId, str], bool]
    _rated_at: dict[tuple[TurnId, str], datetime]

    async def rated_answers(self, *, since: datetime, limit: int) -> Sequence[RatedAnswer]:
        rated = [self._rated(id, person) for (id, person), at in self._rated_at.items() if at >= as_utc(since)]
        return sorted(rated, key=lambda item: (item.at, item.turn, item.person))[max(0, len(rated) - limit) :]

    def _rated(self, id: TurnId, person: str) -> RatedAnswer:
        turn = self._with_merged(self._turns[id])
        asked = [turn.incoming, *turn.burst]
        lines = [line for line in self.lines.values() if line.turn == id and line.purpose is not Purpose.NOTES]
        is_kept = turn.incoming.author.id != FORGOTTEN and id in self.settlements
        return RatedAnswer(
            turn=id,
            key=turn.incoming.key,
            person=person,
            good=self.feedback[id, person],
            at=self._rated_at[id, person],
            question="\n\n".join(filter(None, (item.text for item in asked))),
            answer=turn.draft.text if turn.draft else "",
            model=lines[-1].model if lines else "",
            parameters=self.settlements[id].parameters if is_kept else {},
            cost=exact_sum(line.charge.cost for line in lines),
            thread=self._thread_before(turn),
        )

    def _thread_before(self, turn: Turn) -> tuple[Entry, ...]:
        names = {f"a:{turn.id}", *(f"m:{item.dedupe_key}" for item in (turn.incoming, *turn.burst))}
        entries = sorted(self._entries[turn.incoming.key].values(), key=lambda entry: entry.position)
        begin = next((number for number, entry in enumerate(entries) if entry.id in names), 0)
        before = entries[max(0, begin - THREAD_LENGTH) : begin]
        return tuple(Entry(role=item.entry.role, text=item.entry.text) for item in before)
