"""The ledger in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import count

from bot.ports import Clock
from bot.types import (
    EVERYTHING,
    MOST_KEYS,
    Charge,
    DaySpending,
    Dimension,
    KeySpending,
    Purpose,
    RequestId,
    SentRequest,
    Spending,
    Turn,
    TurnId,
    Usage,
    Within,
    kind_of,
)
from storage.codec import as_utc
from storage.exact_sum import exact_sum


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """One request: what it was for, when it was sent and settled, and what it came to."""

    turn: TurnId
    purpose: Purpose
    model: str
    at: datetime
    charge: Charge
    reserved: Decimal = Decimal(0)
    settled_at: datetime | None = None

    @property
    def estimated(self) -> Decimal:
        """Return the part of the cost that nobody has told."""
        return self.charge.cost if self.charge.usage.estimated else Decimal(0)


class MemoryLedger:
    """A `Ledger` in memory; `lines` are its requests."""

    _turns: dict[TurnId, Turn]
    _clock: Clock

    def __init__(self) -> None:
        self.lines: dict[RequestId, LedgerLine] = {}
        self._request_ids = count(1)

    async def note_progress(self, id: RequestId, charge: Charge) -> None:
        if (line := self.lines.get(id)) and line.settled_at is None:
            self.lines[id] = replace(line, charge=charge)

    async def settle_request(self, id: RequestId, charge: Charge) -> None:
        if line := self.lines.get(id):
            self.lines[id] = replace(line, charge=charge, settled_at=as_utc(self._clock()))

    async def drop_request(self, id: RequestId) -> None:
        self.lines.pop(id, None)

    async def settle_abandoned(self, *, before: datetime) -> int:
        return self._settle_open(lambda line: line.at < as_utc(before))

    async def usage_totals(self, *, since: datetime, until: datetime, within: Within = EVERYTHING) -> Spending:
        since, until = as_utc(since), as_utc(until)
        return _added(
            line for line in self.lines.values() if since <= line.at < until and self._is_within(within, line)
        )

    async def cost_by_day(
        self, *, since: datetime, until: datetime, within: Within = EVERYTHING
    ) -> Mapping[date, Decimal]:
        days: defaultdict[date, list[Decimal]] = defaultdict(list)
        for line in self.lines.values():
            if as_utc(since) <= line.at < as_utc(until) and self._is_within(within, line):
                days[line.at.date()].append(line.charge.cost)
        return {day: exact_sum(costs) for day, costs in sorted(days.items())}

    async def spending_by_day(
        self, *, since: date, until: date, of: tuple[Dimension, str] = (Dimension.TOTAL, "")
    ) -> Sequence[DaySpending]:
        dimension, key = of
        days: defaultdict[date, list[LedgerLine]] = defaultdict(list)
        for line in self.lines.values():
            if since <= line.at.date() < until and self._key_of(line, dimension) == key:
                days[line.at.date()].append(line)
        return [DaySpending(day=day, spent=_added(lines)) for day, lines in sorted(days.items())]

    async def spending_by_key(
        self, dimension: Dimension, *, since: date, until: date, limit: int = MOST_KEYS
    ) -> Sequence[KeySpending]:
        keys: defaultdict[str, list[LedgerLine]] = defaultdict(list)
        for line in self.lines.values():
            if since <= line.at.date() < until:
                keys[self._key_of(line, dimension)].append(line)
        totals = [KeySpending(key=key, spent=_added(lines)) for key, lines in keys.items()]
        return sorted(totals, key=lambda total: (-total.spent.cost, total.key))[:limit]

    async def recent_keys(self, dimension: Dimension, *, limit: int) -> Sequence[str]:
        newest: dict[str, date] = {}
        for line in sorted(self.lines.values(), key=lambda each: each.at):
            if line.settled_at is not None:
                newest[self._key_of(line, dimension)] = line.at.date()
        return sorted(newest, key=lambda key: (-newest[key].toordinal(), key))[:limit]

    def _key_of(self, line: LedgerLine, dimension: Dimension) -> str:
        incoming = self._turns[line.turn].incoming
        key = incoming.key
        return {
            Dimension.TOTAL: "",
            Dimension.WORKSPACE: key.workspace_key,
            Dimension.CHANNEL: f"{key.workspace_key}/{key.channel}",
            Dimension.PERSON: f"{key.platform}/{incoming.author.id}",
            Dimension.KIND: kind_of(line.purpose, line.charge.usage.tools, incoming.dedupe_key).value,
            Dimension.MODEL: line.model,
        }[dimension]

    def _add_line(self, request: SentRequest, reserved: Decimal) -> RequestId:
        id, now = next(self._request_ids), as_utc(self._clock())
        self.lines[id] = LedgerLine(
            turn=request.turn.id,
            purpose=request.purpose,
            model=request.model,
            at=now,
            charge=request.charge,
            reserved=reserved,
        )
        return id

    def _settle_open(self, which: Callable[[LedgerLine], bool]) -> int:
        """Settle open requests as they stand, since nobody is left who could; return how many there were."""
        found = {id: line for id, line in self.lines.items() if line.settled_at is None and which(line)}
        for id, line in found.items():
            charge = replace(line.charge, usage=replace(line.charge.usage, estimated=True))
            self.lines[id] = replace(line, charge=charge, settled_at=as_utc(self._clock()))
        return len(found)

    def _answer_of(self, turn: TurnId) -> Usage | None:
        """Return what the last settled request for an answer used."""
        answers = [
            line.charge.usage
            for line in self.lines.values()
            if (line.turn, line.purpose) == (turn, Purpose.ANSWER) and line.settled_at is not None
        ]
        return answers[-1] if answers else None

    def _is_within(self, within: Within, line: LedgerLine) -> bool:
        incoming = self._turns[line.turn].incoming
        key = incoming.key
        columns: Mapping[str, str] = {
            "platform": key.platform,
            "workspace": key.workspace,
            "channel": key.channel,
            "thread": key.thread,
            "author_id": incoming.author.id,
            "model": line.model,
        }
        return all(columns[name] == value for name, value in within.columns.items())


def _added(lines: Iterable[LedgerLine]) -> Spending:
    counted = list(lines)
    usages = [line.charge.usage for line in counted]
    return Spending(
        requests=sum(usage.requests for usage in usages),
        input=sum(usage.input for usage in usages),
        cached=sum(usage.cached for usage in usages),
        output=sum(usage.output for usage in usages),
        reasoning=sum(usage.reasoning for usage in usages),
        cost=exact_sum(line.charge.cost for line in counted),
        under_way=sum(line.settled_at is None for line in counted),
        estimated=exact_sum(line.estimated for line in counted),
    )
