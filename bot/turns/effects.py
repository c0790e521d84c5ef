"""What commands, buttons and forms change, as values: decided first, then carried out by the store in one transaction
with the name of the delivery that wanted it (`bot.ports.DeliveryStore`)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Generic, TypeVar

from bot.parameters import PARAMETERS, Scope, SettingChange
from bot.types import (
    NO_TURNS,
    AccessRule,
    Budget,
    BudgetScope,
    ConversationKey,
    DeletionOutcome,
    Incoming,
    NewRule,
    NewSchedule,
    Period,
    Picture,
    RuleId,
    Schedule,
    ScheduleId,
    TurnId,
)

TELLING: Final = timedelta(seconds=30)
"""How long one process may take to carry something out and tell it, before another one does in its place."""

SHOWN_WITHIN: Final = TELLING - timedelta(seconds=5)
"""How long one attempt to show an answer may take, so that it has ended before another process makes the next one."""

WORTH_TELLING: Final = timedelta(minutes=15)
"""How long an answer that a crash held back is still told: as long as an interaction of Discord can be answered."""

DELIVERIES_KEPT: Final = timedelta(days=7)
"""How long the names of deliveries are kept: platforms repeat them within hours, and so does reading after a gap."""

UNDONE_WITHIN: Final = timedelta(days=7)
"""How long the last change of a setting can be undone."""

DIGEST_MARK: Final = "sha256:"
"""How the digest of a value begins."""

R = TypeVar("R")
V = TypeVar("V")


class Change(Generic[R]):
    """One change of the stores; `R` is what comes of it."""

    __slots__ = ()

    def interrupted(self, result: R) -> Mapping[ConversationKey, tuple[TurnId, ...]]:  # noqa: ARG002 - few interrupt
        """Return the turns whose generation ends with it, by conversation; one without any has something to begin."""
        return NO_TURNS


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing(Change[None]):
    """No change, only an answer to the author."""


@dataclass(frozen=True, slots=True)
class Expected(Generic[V]):
    """Value that somebody saw who changes it: where it is another by then, nothing is changed (`ChangedMeanwhile`)."""

    value: V


@dataclass(frozen=True, slots=True, kw_only=True)
class SetParameters(Change[int]):
    """Set values at a scope as canonical text by name, or unset them with None; how many rows changed.

    `expected` are the values that were seen, by name.
    """

    scope: Scope
    values: Mapping[str, str | None]
    expected: Expected[Mapping[str, str | None]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoChange(Change[bool]):
    """Set back what somebody, by id, changed last at a scope; False, and nothing, where it is otherwise by now."""

    platform: str
    person: str
    change: SettingChange


@dataclass(frozen=True, slots=True, kw_only=True)
class AddRule(Change[AccessRule]):
    """Keep an access rule; the rule with its number."""

    rule: NewRule


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveRule(Change[AccessRule | None]):
    """Remove an access rule; what it was, None where it is gone already."""

    id: RuleId


@dataclass(frozen=True, slots=True, kw_only=True)
class SetChangeRole(Change[str | None]):
    """Open or close a parameter or command in a workspace by the word for a role, None takes that back; the word
    before.
    """

    workspace: str
    name: str
    word: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetBudget(Change[Budget | None]):
    """Set a budget; what it was before, None where there was none. `expected` is the one that was seen in its place."""

    budget: Budget
    expected: Expected[Budget | None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveBudget(Change[Budget | None]):
    """Remove a budget; what it was, None where there was none. `expected` is the one that was seen."""

    scope: BudgetScope
    period: Period
    expected: Expected[Budget | None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddDigest(Change[Schedule]):
    """Keep a new digest; the digest with its number."""

    schedule: NewSchedule


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseDigest(Change[None]):
    """Pause a digest or let it go on, with the next one due at `next_at`."""

    id: ScheduleId
    paused: bool
    next_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveDigest(Change[None]):
    """Remove a digest."""

    id: ScheduleId


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetNotes(Change[bool]):
    """Drop the notes of a conversation; whether there were any."""

    key: ConversationKey


class Deletion(Change[DeletionOutcome]):
    """A change that removes what people wrote; what it has reached."""

    __slots__ = ()

    def interrupted(self, result: DeletionOutcome) -> Mapping[ConversationKey, tuple[TurnId, ...]]:
        """Return what was waiting or being answered of what is gone."""
        return result.interrupted


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetConversation(Deletion):
    """Forget a conversation."""

    key: ConversationKey


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetPerson(Deletion):
    """Forget somebody."""

    platform: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveChannel(Deletion):
    """Remove a channel of the playground with all that was said and set there.

    With a `maker`, by id, only one that they made and in which no other person wrote; else `OthersWrote` is raised.
    """

    key: ConversationKey
    maker: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopTurns(Change[tuple[TurnId, ...]]):
    """Mark every open turn of a conversation to be stopped, or those of one author by id; the ids, oldest first.

    What was asked after `until` is left alone: a press can be on its way for long.
    """

    key: ConversationKey
    author: str = ""
    until: datetime | None = None

    def interrupted(self, result: tuple[TurnId, ...]) -> Mapping[ConversationKey, tuple[TurnId, ...]]:
        """Return those that were stopped."""
        return {self.key: result} if result else NO_TURNS


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteFeedback(Change[None]):
    """Remember whether somebody, by id, found an answer good."""

    turn: TurnId
    person: str
    good: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptTurns(Change[tuple[TurnId | None, ...]]):
    """Store questions as queued turns; the id of each, None for one that is known."""

    questions: tuple[Incoming, ...]

    def interrupted(self, result: tuple[TurnId | None, ...]) -> Mapping[ConversationKey, tuple[TurnId, ...]]:
        """Return the conversations in which there is something new to answer."""
        return {item.key: () for item, id in zip(self.questions, result, strict=True) if id is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect(Generic[R]):
    """Effect of a command: one change, and the answer to its author about its result ("" for none).

    `picture` goes with the answer; after a crash the answer alone is told.
    """

    change: Change[R]
    tell: Callable[[R], str]
    picture: Picture | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedOut(Generic[R]):
    """Result of a change, and the pending answer to its author ("" for none)."""

    result: R
    answer: str


def telling(text: str) -> Effect[None]:
    """Return the effect of what only tells something."""
    return Effect(change=Nothing(), tell=lambda _: text)


def change_made(change: Change[Any], values: Mapping[str, str], *, at: datetime) -> SettingChange | None:
    """Return what a change makes of the `values` before it that can be undone; None where it makes nothing new."""
    if not isinstance(change, SetParameters):
        return None
    new = {name: value for name, value in change.values.items() if values.get(name) != value}
    before, after = {name: values.get(name) for name in new}, {name: as_known(name, new[name]) for name in new}
    return SettingChange(scope=change.scope, before=before, after=after, at=at) if new else None


def as_known(name: str, value: str | None) -> str | None:
    """Return a value as it is known again later: of what people write only a digest, which says nothing."""
    if not value or name not in PARAMETERS or PARAMETERS[name].kind != "text":
        return value
    return f"{DIGEST_MARK}{hashlib.sha256(value.encode('utf-8', 'replace')).hexdigest()}"
