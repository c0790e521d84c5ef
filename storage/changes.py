"""Apply the changes of `bot.turns.effects` to a database, within the session of a larger unit of work."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import singledispatch
from typing import Any

from sqlmodel import Session, col, select

from bot.access.audit_trail import is_late, things_set
from bot.errors import ChangedMeanwhile, ChangedSince
from bot.parameters import SettingChange
from bot.turns.effects import (
    AcceptTurns,
    AddDigest,
    AddRule,
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
)
from bot.types import AccessRule, Budget, DeletionOutcome, Incoming, Schedule, TurnId
from storage.access import SqlAccess, SqlAudit
from storage.budgets import SqlBudgets, budget_at
from storage.channel_removal import SqlChannelRemoval
from storage.codec import as_utc
from storage.database import within
from storage.deletion import SqlDeletion
from storage.deletion_fences import hold_alone, hold_apart, hold_together
from storage.parameter_values import SqlSettings, undo_change
from storage.retention_sweep import SqlUpkeep, hold_person
from storage.summaries import SqlSchedules
from storage.tables import AuditRow
from storage.transcripts import SqlTranscripts
from storage.turn_queries import CLOCKS_APART
from storage.turns import SqlTurns


class SqlGovernance(SqlAccess, SqlAudit, SqlBudgets):
    """The stores of who may, who changed what, and what may be spent."""


class SqlChanges(SqlTurns, SqlTranscripts, SqlSettings, SqlSchedules, SqlChannelRemoval, SqlUpkeep, SqlGovernance):
    """The stores that commands, buttons and forms change."""


def hold(session: Session, change: Change[Any], asked: Incoming) -> None:
    """Keep deletions and what they delete apart, before any row is locked; part of a larger unit of work."""
    match change:
        case ForgetPerson():
            hold_person(session, change.platform, change.id, asked.key.workspace)
        case ForgetConversation() | ForgetNotes() | RemoveChannel():
            hold_alone(session, change.key.platform, change.key.workspace)
        case _:
            hold_together(session, asked.key)
            _hold_replaced(session, change)


def _hold_replaced(session: Session, change: Change[Any]) -> None:
    """Let whoever changes the same values wait until the commit, so that what is seen here is what is replaced."""
    match change:
        case SetParameters(scope=scope) | UndoChange(change=SettingChange(scope=scope)):
            hold_apart(session, f"settings of {scope.kind} {scope.key}")
        case SetBudget() | RemoveBudget():
            hold_apart(session, "budgets")


def values_before(session: Session, change: Change[Any], store: SqlChanges) -> Mapping[str, str]:
    """Return the values that a change of parameters replaces, by name; part of a larger unit of work."""
    if not isinstance(change, SetParameters):
        return {}
    return within(SqlSettings.get_settings)(store, session, [change.scope])[change.scope]


def check_expected(session: Session, change: Change[Any], before: Mapping[str, str]) -> None:
    """Raise `ChangedMeanwhile` unless what a change replaces is what was seen; part of a larger unit of work."""
    match change:
        case SetParameters(expected=Expected(seen)):
            is_as_seen = all(before.get(name) == value for name, value in seen.items())
        case SetBudget(expected=Expected(seen)):
            is_as_seen = budget_at(session, change.budget.scope, change.budget.period) == seen
        case RemoveBudget(expected=Expected(seen)):
            is_as_seen = budget_at(session, change.scope, change.period) == seen
        case _:
            return
    if not is_as_seen:
        raise ChangedMeanwhile


def check_newest(session: Session, change: Change[Any], asked: Incoming, *, now: datetime) -> None:
    """Raise `ChangedSince` where what comes late would set what was set anew after it was asked for; part of a larger
    unit of work.
    """
    if not is_late(asked, now=now):
        return
    row, asked_at = AuditRow, as_utc(asked.sent_at)
    since = col(row.at) >= asked_at - CLOCKS_APART, col(row.asked_at) > asked_at
    for action, what, place in things_set(change):
        of_it = (row.action == action, row.what == what, *((row.place == place,) if place else ()))
        if session.exec(select(row.id).where(*since, *of_it).limit(1)).first() is not None:
            raise ChangedSince


@singledispatch
def changed(change: Change[Any], store: SqlChanges, session: Session) -> Any:  # noqa: ARG001 - what each one gets
    """Make a change, part of a larger unit of work; what comes of it."""
    raise TypeError(f"{type(change).__name__} is no change that is known here")


@changed.register
def _(_change: Nothing, _store: SqlChanges, _session: Session) -> None:
    return None


@changed.register
def _(change: SetParameters, store: SqlChanges, session: Session) -> int:
    rows = 0
    for name, value in change.values.items():
        if value is None:
            rows += within(SqlSettings.remove_setting)(store, session, change.scope, name)
        else:
            within(SqlSettings.put_setting)(store, session, change.scope, name, value)
            rows += 1
    return rows


@changed.register
def _(change: UndoChange, store: SqlChanges, session: Session) -> bool:
    return undo_change(store, session, change.platform, change.person, change.change)


@changed.register
def _(change: AddRule, store: SqlChanges, session: Session) -> AccessRule:
    return within(SqlAccess.add_rule)(store, session, change.rule)


@changed.register
def _(change: RemoveRule, store: SqlChanges, session: Session) -> AccessRule | None:
    return within(SqlAccess.remove_rule)(store, session, change.id)


@changed.register
def _(change: SetChangeRole, store: SqlChanges, session: Session) -> str | None:
    return within(SqlAccess.put_role)(store, session, change.workspace, change.name, change.word)


@changed.register
def _(change: SetBudget, store: SqlChanges, session: Session) -> Budget | None:
    return within(SqlBudgets.put_budget)(store, session, change.budget)


@changed.register
def _(change: RemoveBudget, store: SqlChanges, session: Session) -> Budget | None:
    return within(SqlBudgets.remove_budget)(store, session, change.scope, change.period)


@changed.register
def _(change: AddDigest, store: SqlChanges, session: Session) -> Schedule:
    return within(SqlSchedules.add_schedule)(store, session, change.schedule)


@changed.register
def _(change: PauseDigest, store: SqlChanges, session: Session) -> None:
    within(SqlSchedules.pause_schedule)(store, session, change.id, paused=change.paused, next_at=change.next_at)


@changed.register
def _(change: RemoveDigest, store: SqlChanges, session: Session) -> None:
    within(SqlSchedules.remove_schedule)(store, session, change.id)


@changed.register
def _(change: ForgetNotes, store: SqlChanges, session: Session) -> bool:
    return within(SqlDeletion.forget_memory)(store, session, change.key)


@changed.register
def _(change: ForgetConversation, store: SqlChanges, session: Session) -> DeletionOutcome:
    return within(SqlUpkeep.forget_conversation)(store, session, change.key)


@changed.register
def _(change: RemoveChannel, store: SqlChanges, session: Session) -> DeletionOutcome:
    return store._remove_channel(session, change)


@changed.register
def _(change: ForgetPerson, store: SqlChanges, session: Session) -> DeletionOutcome:
    return within(SqlUpkeep.forget_person)(store, session, change.platform, change.id)


@changed.register
def _(change: StopTurns, store: SqlChanges, session: Session) -> tuple[TurnId, ...]:
    return tuple(within(SqlTurns.request_stop)(store, session, change.key, author=change.author, until=change.until))


@changed.register
def _(change: NoteFeedback, store: SqlChanges, session: Session) -> None:
    within(SqlTurns.note_feedback)(store, session, change.turn, change.person, good=change.good)


@changed.register
def _(change: AcceptTurns, store: SqlChanges, session: Session) -> tuple[TurnId | None, ...]:
    return tuple(within(SqlTurns.enqueue)(store, session, question, again=True) for question in change.questions)
