"""Say what a change was, for the audit trail. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import singledispatch
from typing import Any, Final, NamedTuple

from bot.access.rule_text import rule_text
from bot.language import ENGLISH, quantity, speaking
from bot.parameters import PARAMETERS, Scope
from bot.turns.effects import (
    DIGEST_MARK,
    AddDigest,
    AddRule,
    Change,
    ForgetConversation,
    ForgetNotes,
    ForgetPerson,
    PauseDigest,
    RemoveBudget,
    RemoveChannel,
    RemoveDigest,
    RemoveRule,
    SetBudget,
    SetChangeRole,
    SetParameters,
    UndoChange,
)
from bot.types import AuditRecord, Budget, BudgetScope, Entrance, Incoming, NewRule, RuleKind

OPERATOR: Final = "operator"
"""Who changes something on the command line."""

WEB: Final = "local"
"""The platform of people who sign in to the web."""

EVERYWHERE: Final = "*"
"""The place of what holds for the whole installation."""


class _Entry(NamedTuple):
    """Record of one change; `place` is "" for where it was asked for."""

    action: str
    what: str = ""
    place: str = ""
    before: str = ""
    after: str = ""


PROMPT: Final = timedelta(seconds=3)
"""What comes within this time of being asked for is carried out as it comes: so long platforms wait at least."""


class Changed(NamedTuple):
    """What the trail calls a thing that a change sets anew; `place` is "" where `what` says which one it is."""

    action: str
    what: str
    place: str = ""


def is_late(asked: Incoming, *, now: datetime) -> bool:
    """Return whether something comes so late that the same may have been set meanwhile.

    What a platform gives no time for is as old as it is here, and never late; what is typed on the command line, on
    whose machine another time may be told, is carried out at once.
    """
    return asked.entrance is not Entrance.COMMAND_LINE and now - asked.sent_at > PROMPT


def things_set(change: Change[Any]) -> Sequence[Changed]:
    """Return what a change sets so that nothing of an earlier change of the same is left; () for all other changes.

    Of two such changes the one that was asked for later counts, whichever comes first. Budgets of one place are one.
    """
    match change:
        case SetParameters(scope=scope, values=values):
            return [Changed("setting", name, scope.key) for name in values]
        case UndoChange(change=undone):
            return [Changed("setting", name, undone.scope.key) for name in undone.before]
        case SetChangeRole(name=name, workspace=workspace):
            return [Changed("role", name, workspace)]
        case SetBudget(budget=Budget(scope=place)) | RemoveBudget(scope=place):
            entry = _of_budget(place)
            return [Changed(entry.action, entry.what, entry.place)]
        case PauseDigest(id=id) | RemoveDigest(id=id):
            return [Changed("digest", f"digest {id}")]
        case _:
            return []


def person_key(platform: str, id: str) -> str:
    """Return how the audit trail names somebody."""
    return f"{platform}/{id}"


def audit_records(
    change: Change[Any], asked: Incoming, before: Mapping[str, str], result: Any, *, at: datetime
) -> Sequence[AuditRecord]:
    """Return what a change is recorded as; () for what changes nothing that an administrator asks about.

    `before` are the values that parameters had, by name, and `result` is what came of the change. It is recorded in
    English, whoever made it.
    """
    key = asked.key
    with speaking(ENGLISH):
        entries = _entries(change, before, result)
    return tuple(
        AuditRecord(
            at=at,
            who=_who(asked),
            place=entry.place or str(key),
            action=entry.action,
            what=entry.what,
            before=entry.before,
            after=entry.after,
            via=asked.entrance.value,
            asked_at=at if asked.entrance is Entrance.COMMAND_LINE else asked.sent_at,
        )
        for entry in entries
    )


def _who(asked: Incoming) -> str:
    """Return who wants a change; at the console people of the web change things on every platform."""
    match asked.entrance:
        case Entrance.COMMAND_LINE:
            return OPERATOR
        case Entrance.CONSOLE:
            return person_key(WEB, asked.author.id)
        case _:
            return person_key(asked.key.platform, asked.author.id)


@singledispatch
def _entries(_change: Change[Any], _before: Mapping[str, str], _result: Any) -> Sequence[_Entry]:
    return ()


@_entries.register
def _(change: SetParameters, before: Mapping[str, str], _result: Any) -> Sequence[_Entry]:
    return _of_settings(change.scope, before, change.values)


@_entries.register
def _(change: UndoChange, _before: Mapping[str, str], result: bool) -> Sequence[_Entry]:
    undone = change.change
    return _of_settings(undone.scope, undone.after, undone.before) if result else []


def _of_settings(
    scope: Scope, before: Mapping[str, str | None] | Mapping[str, str], after: Mapping[str, str | None]
) -> Sequence[_Entry]:
    return [
        _Entry("setting", name, scope.key, _shown(name, before.get(name)), _shown(name, now))
        for name, now in after.items()
        if (before.get(name) or "") != (now or "")
    ]


def _shown(name: str, value: str | None) -> str:
    """Return a value as the trail keeps it: of what people write there only the length, since the trail outlives it."""
    if value and value.startswith(DIGEST_MARK):
        return "a text"
    if value and name in PARAMETERS and PARAMETERS[name].kind == "text":
        return f"a text of {quantity(len(value), 'character')}"
    return value or ""


@_entries.register
def _(change: AddRule, _before: Mapping[str, str], _result: Any) -> Sequence[_Entry]:
    return [_of_rule(change.rule)._replace(after=rule_text(change.rule))]


@_entries.register
def _(_change: RemoveRule, _before: Mapping[str, str], result: NewRule | None) -> Sequence[_Entry]:
    return [] if result is None else [_of_rule(result)._replace(before=rule_text(result))]


def _of_rule(rule: NewRule) -> _Entry:
    gives_role = rule.kind in {RuleKind.MANAGER, RuleKind.ADMINISTRATOR}
    return _Entry("role" if gives_role else "rule", place=rule.place.key or EVERYWHERE)


@_entries.register
def _(change: SetChangeRole, _before: Mapping[str, str], result: str | None) -> Sequence[_Entry]:
    return [_Entry("role", change.name, change.workspace, result or "", change.word or "")]


@_entries.register
def _(change: SetBudget, _before: Mapping[str, str], result: Budget | None) -> Sequence[_Entry]:
    before, after = _limit(result), _limit(change.budget)
    return [] if before == after else [_of_budget(change.budget.scope)._replace(before=before, after=after)]


@_entries.register
def _(change: RemoveBudget, _before: Mapping[str, str], result: Budget | None) -> Sequence[_Entry]:
    return [] if result is None else [_of_budget(change.scope)._replace(before=_limit(result))]


def _limit(budget: Budget | None) -> str:
    if budget is None:
        return ""
    limit = "no limit" if budget.amount is None else f"{budget.amount} dollars"
    return f"{limit} a {budget.period} ({budget.time_zone})"


def _of_budget(scope: BudgetScope) -> _Entry:
    return _Entry("budget", person_key(scope.platform, scope.person) if scope.person else "", scope.place or EVERYWHERE)


@_entries.register
def _(change: AddDigest, _before: Mapping[str, str], result: Any) -> Sequence[_Entry]:
    schedule = change.schedule
    days = "daily" if schedule.weekday is None else f"weekday {schedule.weekday}"
    return [_Entry("digest", f"digest {result.id}", after=f"{days} at {schedule.at:%H:%M} {schedule.time_zone}")]


@_entries.register
def _(change: PauseDigest, _before: Mapping[str, str], _result: Any) -> Sequence[_Entry]:
    return [_Entry("digest", f"digest {change.id}", after="paused" if change.paused else "resumed")]


@_entries.register
def _(change: RemoveDigest, _before: Mapping[str, str], _result: Any) -> Sequence[_Entry]:
    return [_Entry("digest", f"digest {change.id}", after="removed")]


@_entries.register
def _(change: ForgetNotes, _before: Mapping[str, str], _result: Any) -> Sequence[_Entry]:
    return [_Entry("forget", "notes", str(change.key))]


@_entries.register
def _(change: ForgetConversation, _before: Mapping[str, str], _result: Any) -> Sequence[_Entry]:
    return [_Entry("forget", "conversation", str(change.key))]


@_entries.register
def _(change: RemoveChannel, _before: Mapping[str, str], _result: Any) -> Sequence[_Entry]:
    return [_Entry("channel", change.key.channel, str(change.key).rstrip("/"), after="removed")]


@_entries.register
def _(change: ForgetPerson, _before: Mapping[str, str], _result: Any) -> Sequence[_Entry]:
    return [_Entry("forget", person_key(change.platform, change.id))]
