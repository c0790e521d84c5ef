"""Export all that is kept of somebody."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from zipfile import ZIP_DEFLATED, ZipFile

from bot.access.audit_trail import person_key
from bot.access.rule_text import rule_text
from bot.ports import Store, WorkspaceStore
from bot.types import (
    AccessRule,
    AuditRecord,
    Budget,
    KeptFile,
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
LONGEST_NAME: Final = 100
"""Characters of a file's name that it keeps in an archive; its id stands in front."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonExport:
    """Everything that is kept of somebody: their words, their changes, the rules about them, their spending."""

    person: str
    data: PersonData
    changes: Sequence[AuditRecord]
    rules: Sequence[AccessRule]
    budgets: Sequence[Budget]
    spending: Spending

    @property
    def is_empty(self) -> bool:
        """Return whether nothing is kept of them."""
        data = self.data
        told = (*data.names, *data.messages, *data.ratings, *data.digests, *data.files)
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


async def write_archive(path: Path, found: PersonExport, store: WorkspaceStore) -> None:
    """Write an export as a ZIP archive: person.json, and the files that they put into the playground, one by one.

    Raises `StorageError` and `OSError`.
    """
    text = json.dumps(export_as_json(found), ensure_ascii=False, indent=1).encode("utf-8", "surrogatepass")
    archive = await asyncio.to_thread(ZipFile, path, "w", ZIP_DEFLATED)
    try:
        await asyncio.to_thread(archive.writestr, "person.json", text)
        for kept in found.data.files:
            file = await store.get_playground_file(kept.id)
            if file is not None:
                await asyncio.to_thread(archive.writestr, file_in_archive(kept), file.data)
    finally:
        await asyncio.to_thread(archive.close)


def file_in_archive(kept: KeptFile) -> str:
    """Return where a file lies in an archive, by a name that no system takes for anything but a name."""
    name = "".join(sign if sign.isalnum() or sign in "-_. " else "_" for sign in kept.name[-LONGEST_NAME:])
    return f"files/{kept.id}-{name.strip(' .')}"


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
        "files": [_file(item) for item in data.files],
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


def _file(item: KeptFile) -> Mapping[str, Any]:
    return {
        "channel": str(item.channel),
        "name": item.name,
        "type": item.media_type,
        "bytes": item.size,
        "at": item.at.isoformat(),
        "in_archive": file_in_archive(item),
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
