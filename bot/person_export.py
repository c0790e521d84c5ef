"""Export all that is kept of somebody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from bot.access.audit_trail import person_key
from bot.access.rule_text import rule_text
from bot.ports import Store
from bot.types import (
    AccessRule,
    AuditRecord,
    Budget,
    KeptMessage,
    PersonData,
    Schedule,
    Spending,
    Subject,
    SubjectKind,
    Within,
)

BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
MOST_CHANGES: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonExport:
    """What is kept of somebody in words, what they changed, what was ruled about them, and what they spent."""

    person: str
    data: PersonData
    changes: Sequence[AuditRecord]
    rules: Sequence[AccessRule]
    budgets: Sequence[Budget]
    spending: Spending

    @property
    def is_empty(self) -> bool:
        """Return whether nothing is kept of them."""
        told = (*self.data.names, *self.data.messages, *self.data.ratings, *self.data.digests)
        return not (told or self.changes or self.rules or self.budgets or self.spending.requests)


async def export_person(store: Store, record: AuditRecord, platform: str, id: str) -> PersonExport:
    """Return all that is kept of somebody; `record` is who takes it out, which the audit trail tells."""
    person = person_key(platform, id)
    subject = Subject(kind=SubjectKind.PERSON, id=person)
    await store.record_audit(replace(record, place=platform, action="export", what=person))
    budgets = [use.budget for use in await store.budget_uses()]
    return PersonExport(
        person=person,
        data=await store.person_data(platform, id),
        changes=await store.audit_trail(since=BEGINNING, who=person, limit=MOST_CHANGES),
        rules=[rule for rule in await store.rules_within("") if rule.subject == subject],
        budgets=[item for item in budgets if (item.scope.platform, item.scope.person) == (platform, id)],
        spending=await store.usage_totals(
            since=BEGINNING, until=record.at, within=Within(platform=platform, author_id=id)
        ),
    )


def export_as_json(found: PersonExport) -> Mapping[str, Any]:
    """Return an export as JSON has it; times in UTC, money in US dollars, as text that loses nothing."""
    data, spent = found.data, found.spending
    return {
        "person": found.person,
        "names": list(data.names),
        "messages": [_message(item) for item in data.messages],
        "feedback": [
            {"conversation": str(item.key), "turn": item.turn, "good": item.good, "at": item.at.isoformat()}
            for item in data.ratings
        ],
        "digests": [_digest(item) for item in data.digests],
        "summaries_until": {str(place): until.isoformat() for place, until in data.summaries_until.items()},
        "changes": [_change(item) for item in found.changes],
        "access_rules": [rule_text(rule) for rule in found.rules],
        "budgets": [_budget(item) for item in found.budgets],
        "usage": {"requests": spent.requests, "input": spent.input, "output": spent.output, "cost": f"{spent.cost:f}"},
    }


def _message(item: KeptMessage) -> Mapping[str, Any]:
    return {
        "conversation": str(item.key),
        "id": item.message_id,
        "at": item.sent_at.isoformat(),
        "kind": item.kind,
        "text": item.text,
        "files": list(item.files),
        "parameters": dict(item.parameters),
        "answer": item.answer,
    }


def _digest(item: Schedule) -> Mapping[str, Any]:
    return {
        "channel": str(item.key),
        "at": f"{item.at:%H:%M}",
        "rhythm": item.rhythm,
        "weekday": item.weekday,
        "time_zone": item.time_zone,
        "paused": item.paused,
    }


def _change(item: AuditRecord) -> Mapping[str, Any]:
    return {
        "at": item.at.isoformat(),
        "place": item.place,
        "action": item.action,
        "what": item.what,
        "before": item.before,
        "after": item.after,
        "via": item.via,
    }


def _budget(item: Budget) -> Mapping[str, Any]:
    place = "/".join(filter(None, (item.scope.platform, item.scope.workspace, item.scope.channel)))
    amount = None if item.amount is None else f"{item.amount:f}"
    return {"place": place, "amount": amount, "period": item.period, "time_zone": item.time_zone}
