"""Access rules, the roles that changes need, and the audit trail, in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from itertools import count

from bot.types import AccessRule, AuditRecord, ConversationKey, NewRule, RuleId
from storage.codec import as_utc


class MemoryAccess:
    """An `AccessStore` in memory."""

    def __init__(self) -> None:
        self._rules: dict[RuleId, AccessRule] = {}
        self._rule_ids = count(1)
        self._roles: defaultdict[str, dict[str, str]] = defaultdict(dict)

    async def add_rule(self, rule: NewRule) -> AccessRule:
        given = {item.name: getattr(rule, item.name) for item in fields(NewRule)}
        same = (kept for kept in self._rules.values() if all(getattr(kept, name) == given[name] for name in given))
        if (known := next(same, None)) is not None:
            return known
        kept = AccessRule(id=next(self._rule_ids), **given)
        self._rules[kept.id] = kept
        return kept

    async def remove_rule(self, id: RuleId) -> AccessRule | None:
        return self._rules.pop(id, None)

    async def rules_for(self, key: ConversationKey) -> Sequence[AccessRule]:
        workspace = key.workspace_key
        keys = {"", key.platform, workspace, f"{workspace}/{key.channel}"}
        return [rule for rule in self._rules.values() if rule.place.key in keys]

    async def rules_within(self, prefix: str) -> Sequence[AccessRule]:
        return [rule for rule in self._rules.values() if _lies_in(rule.place.key, prefix)]

    async def roles_in(self, workspace: str) -> Mapping[str, str]:
        return dict(sorted(self._roles[workspace].items()))

    async def put_role(self, workspace: str, name: str, word: str | None) -> str | None:
        before = self._roles[workspace].pop(name, None)
        if word is not None:
            self._roles[workspace][name] = word
        return before


class MemoryAudit:
    """An `AuditStore` in memory."""

    def __init__(self) -> None:
        self._audit: list[AuditRecord] = []

    async def record_audit(self, *records: AuditRecord) -> None:
        for record in records:
            asked_at = record.asked_at and as_utc(record.asked_at)
            self._audit.append(replace(record, at=as_utc(record.at), asked_at=asked_at))

    async def audit_trail(
        self, *, since: datetime, who: str = "", within: str = "", limit: int
    ) -> Sequence[AuditRecord]:
        found = [
            record
            for record in sorted(self._audit, key=lambda each: each.at)
            if record.at >= as_utc(since) and who in {"", record.who} and _lies_in(record.place, within)
        ]
        return found[max(0, len(found) - limit) :]


def _lies_in(key: str, prefix: str) -> bool:
    """Return whether a key of a place is `prefix` or lies below it."""
    return not prefix or key == prefix or key.startswith(f"{prefix}/")
