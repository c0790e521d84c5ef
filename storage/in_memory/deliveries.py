"""Deliveries with an effect, and what is changed by them, in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import singledispatch
from typing import Any, TypeVar

from bot.access.audit_trail import audit_records, is_late, things_set
from bot.errors import ChangedMeanwhile, ChangedSince
from bot.parameters import Scope, SettingChange
from bot.ports import Clock
from bot.turns.effects import (
    TELLING,
    AcceptTurns,
    AddDigest,
    AddRule,
    CarriedOut,
    Change,
    Expected,
    ForgetConversation,
    ForgetNotes,
    ForgetPerson,
    NoteFeedback,
    Nothing,
    PauseDigest,
    RemoveBudget,
    RemoveChannel,
    RemoveDigest,
    RemoveRule,
    SetBudget,
    SetChangeRole,
    SetParameters,
    StopTurns,
    UndoChange,
    change_made,
)
from bot.types import Incoming, PendingAnswer
from storage.codec import as_utc
from storage.in_memory.access import MemoryAccess, MemoryAudit
from storage.in_memory.channels import remove_channel
from storage.in_memory.events import post
from storage.in_memory.message_changes import ChangeName, MessageChange, is_refused
from storage.turn_rules import PLAYGROUND, without_words

R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Delivery:
    """A delivery; `due` is when another process may take it over, None when no answer is pending."""

    at: datetime
    incoming: Incoming | None = None
    answer: str | None = None
    due: datetime | None = None


class MemoryDeliveries(MemoryAccess, MemoryAudit):
    """A `DeliveryStore` in memory, over the other stores: none of their methods ever waits, so this is atomic."""

    _clock: Clock
    _changes: dict[ChangeName, MessageChange]
    _setting_changes: dict[tuple[str, str, Scope], SettingChange]

    def __init__(self) -> None:
        MemoryAccess.__init__(self)
        MemoryAudit.__init__(self)
        self._deliveries: dict[tuple[str, str], _Delivery] = {}

    async def begin(self, incoming: Incoming) -> bool:
        now, known = as_utc(self._clock()), self._deliveries.get(_name(incoming))
        if self._is_deleted(incoming) or (known is not None and not (known.answer is None and _is_free(known, now))):
            return False
        at = now if known is None else known.at
        self._deliveries[_name(incoming)] = _Delivery(at=at, incoming=_in_utc(incoming), due=now + TELLING)
        return True

    async def carry_out(self, incoming: Incoming, change: Change[R], tell: Callable[[R], str]) -> CarriedOut[R] | None:
        known = self._deliveries.get(_name(incoming))
        if self._is_deleted(incoming) or (known is not None and (known.due is None or known.answer is not None)):
            return None
        now = as_utc(self._clock())
        self._check_newest(change, incoming, now=now)
        before = await _values_before(change, self)
        _check_expected(change, before, self)
        await post(self, incoming.posted)
        result: R = await _changed(change, self)
        if (undoable := change_made(change, before, at=now)) is not None:
            self._setting_changes[incoming.key.platform, incoming.author.id, undoable.scope] = undoable
        await self.record_audit(*audit_records(change, incoming, before, result, at=now))
        answer = tell(result)
        at = now if known is None else known.at
        self._deliveries[_name(incoming)] = (
            _Delivery(at=at, incoming=without_words(_in_utc(incoming)), answer=answer, due=now + TELLING)
            if answer
            else _Delivery(at=at)
        )
        return CarriedOut(result=result, answer=answer)

    def _check_newest(self, change: Change[Any], asked: Incoming, *, now: datetime) -> None:
        """Raise `ChangedSince` where what comes late would set what was set anew after it was asked for."""
        for action, what, place in things_set(change) if is_late(asked, now=now) else ():
            of_it = [item for item in self._audit if (item.action, item.what) == (action, what)]
            later = [item for item in of_it if item.asked_at is not None and item.asked_at > asked.sent_at]
            if any(place in {"", item.place} for item in later):
                raise ChangedSince

    async def take_answer(self, incoming: Incoming) -> str | None:
        now, known = as_utc(self._clock()), self._deliveries.get(_name(incoming))
        if known is None or known.answer is None or known.due is None:
            return None
        if incoming.key.platform != PLAYGROUND and not _is_free(known, now):
            return None
        self._deliveries[_name(incoming)] = replace(known, due=now + TELLING)
        return known.answer

    async def take_pending_answers(self, platform: str, *, since: datetime) -> Sequence[PendingAnswer]:
        now = as_utc(self._clock())
        free = {key: item for key, item in self._deliveries.items() if key[0] == platform and _is_free(item, now)}
        taken = []
        for key, item in free.items():
            if item.at < as_utc(since) or item.incoming is None:
                self._deliveries[key] = _Delivery(at=item.at)
            else:
                self._deliveries[key] = replace(item, due=now + TELLING)
                taken.append((item.at, key[1], PendingAnswer(incoming=item.incoming, answer=item.answer)))
        return [owed for *_, owed in sorted(taken, key=lambda each: each[:2])]

    async def mark_answered(self, platform: str, dedupe_key: str) -> None:
        known = self._deliveries.get((platform, dedupe_key))
        if known is not None:
            self._deliveries[platform, dedupe_key] = _Delivery(at=known.at)

    async def shrink(self) -> None:
        """Do nothing: memory is given back by itself."""

    async def prune_deliveries(self, before: datetime, *, untold: datetime) -> int:
        for key, item in self._deliveries.items():
            if item.at < as_utc(untold):
                self._deliveries[key] = _Delivery(at=item.at)
        self._changes = {name: item for name, item in self._changes.items() if item.kept_at >= as_utc(before)}
        gone = [key for key, item in self._deliveries.items() if item.at < as_utc(before)]
        for key in gone:
            del self._deliveries[key]
        return len(gone)

    def _is_deleted(self, incoming: Incoming) -> bool:
        """Return whether the message of a delivery, or its place, was deleted before it came."""
        return is_refused(self._changes, incoming.key, incoming.message_id, incoming.sent_at)

    def _forget_deliveries(self, *, of: Callable[[Incoming], bool]) -> None:
        """Drop what is owed to somebody or to a place that is forgotten."""
        for key, item in self._deliveries.items():
            if item.incoming is not None and of(item.incoming):
                self._deliveries[key] = _Delivery(at=item.at)


async def _values_before(change: Change[Any], store: Any) -> Mapping[str, str]:
    """Return the values that a change of parameters replaces, by name."""
    if not isinstance(change, SetParameters):
        return {}
    found: Mapping[str, str] = (await store.get_settings([change.scope]))[change.scope]
    return found


def _check_expected(change: Change[Any], before: Mapping[str, str], store: Any) -> None:
    """Raise `ChangedMeanwhile` unless what a change replaces is what was seen."""
    match change:
        case SetParameters(expected=Expected(seen)):
            is_as_seen = all(before.get(name) == value for name, value in seen.items())
        case SetBudget(expected=Expected(seen)):
            is_as_seen = store.budget_at(change.budget.scope, change.budget.period) == seen
        case RemoveBudget(expected=Expected(seen)):
            is_as_seen = store.budget_at(change.scope, change.period) == seen
        case _:
            return
    if not is_as_seen:
        raise ChangedMeanwhile


@singledispatch
async def _changed(change: Change[Any], store: Any) -> Any:
    """Make a change in the whole store; what comes of it."""
    del store
    raise TypeError(f"{type(change).__name__} is no change that is known here")


@_changed.register
async def _(_change: Nothing, _store: Any) -> None:
    return None


@_changed.register
async def _(change: SetParameters, store: Any) -> int:
    rows = 0
    for name, value in change.values.items():
        if value is None:
            rows += await store.remove_setting(change.scope, name)
        else:
            await store.put_setting(change.scope, name, value)
            rows += 1
    return rows


@_changed.register
async def _(change: UndoChange, store: Any) -> Any:
    return await store.undo_change(change.platform, change.person, change.change)


@_changed.register
async def _(change: AddRule, store: Any) -> Any:
    return await store.add_rule(change.rule)


@_changed.register
async def _(change: RemoveRule, store: Any) -> Any:
    return await store.remove_rule(change.id)


@_changed.register
async def _(change: SetChangeRole, store: Any) -> Any:
    return await store.put_role(change.workspace, change.name, change.word)


@_changed.register
async def _(change: SetBudget, store: Any) -> Any:
    return await store.put_budget(change.budget)


@_changed.register
async def _(change: RemoveBudget, store: Any) -> Any:
    return await store.remove_budget(change.scope, change.period)


@_changed.register
async def _(change: AddDigest, store: Any) -> Any:
    return await store.add_schedule(change.schedule)


@_changed.register
async def _(change: PauseDigest, store: Any) -> None:
    await store.pause_schedule(change.id, paused=change.paused, next_at=change.next_at)


@_changed.register
async def _(change: RemoveDigest, store: Any) -> None:
    await store.remove_schedule(change.id)


@_changed.register
async def _(change: ForgetNotes, store: Any) -> bool:
    return bool(await store.forget_memory(change.key))


@_changed.register
async def _(change: ForgetConversation, store: Any) -> Any:
    return await store.forget_conversation(change.key)


@_changed.register
async def _(change: RemoveChannel, store: Any) -> Any:
    return await remove_channel(store, change)


@_changed.register
async def _(change: ForgetPerson, store: Any) -> Any:
    return await store.forget_person(change.platform, change.id)


@_changed.register
async def _(change: StopTurns, store: Any) -> Any:
    return tuple(await store.request_stop(change.key, author=change.author, until=change.until))


@_changed.register
async def _(change: NoteFeedback, store: Any) -> None:
    await store.note_feedback(change.turn, change.person, good=change.good)


@_changed.register
async def _(change: AcceptTurns, store: Any) -> Any:
    return tuple([await store.enqueue(question, again=True) for question in change.questions])


def _name(incoming: Incoming) -> tuple[str, str]:
    return incoming.key.platform, incoming.dedupe_key


def _in_utc(incoming: Incoming) -> Incoming:
    return replace(incoming, sent_at=as_utc(incoming.sent_at), posted=None)


def _is_free(delivery: _Delivery, now: datetime) -> bool:
    """Return whether something is owed, and nobody has come to tell it."""
    return delivery.due is not None and delivery.due <= now
