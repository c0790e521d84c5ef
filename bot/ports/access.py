"""Ports for access rules, the roles that changes need, the audit trail, and what a platform tells of somebody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from bot.types import (
    AccessRule,
    AuditRecord,
    ConversationKey,
    Incoming,
    Membership,
    NewRule,
    RuleId,
    Subject,
)


class AccessStore(Protocol):
    """Store of access rules and changed roles. Any method can raise `StorageError`; each is one transaction."""

    async def add_rule(self, rule: NewRule) -> AccessRule:
        """Keep a rule; the one that is there already when nothing is new about it."""
        ...

    async def remove_rule(self, id: RuleId) -> AccessRule | None:
        """Remove a rule; what it was, None where there is none of that number."""
        ...

    async def rules_for(self, key: ConversationKey) -> Sequence[AccessRule]:
        """Return the rules that can hold for something in a conversation, by number: those of its channel, and wider.

        A row that cannot be read comes back as `broken`, at its place, or everywhere when that cannot be read either.
        """
        ...

    async def rules_within(self, prefix: str) -> Sequence[AccessRule]:
        """Return the rules of places whose key is `prefix` or lies below it, by number; all of them for ""."""
        ...

    async def roles_in(self, workspace: str) -> Mapping[str, str]:
        """Return what administrators of "platform/workspace" have opened and closed: words of roles by name."""
        ...

    async def put_role(self, workspace: str, name: str, word: str | None) -> str | None:
        """Open or close something for a workspace, or take that back with None; the word before, None for none."""
        ...


class AuditStore(Protocol):
    """Append-only record of changes; nothing of it is ever changed or deleted. Can raise `StorageError`."""

    async def record_audit(self, *records: AuditRecord) -> None:
        """Append records of what was not done by a delivery; `carry_out` records what deliveries change."""
        ...

    async def audit_trail(
        self, *, since: datetime, who: str = "", within: str = "", limit: int
    ) -> Sequence[AuditRecord]:
        """Return the newest `limit` records from `since` on, oldest first.

        `who` is a person as in the records, `within` a key of a place that theirs equals or lies below.
        """
        ...


@runtime_checkable
class MembershipSource(Protocol):
    """A platform that tells what somebody is and may at a place. Any method can raise `PlatformError`."""

    @property
    def direct_is_apart(self) -> bool:
        """Return whether direct messages belong to no workspace."""
        ...

    async def membership(self, asked: Incoming, *, groups: bool) -> Membership:
        """Return what is so now, or was at most 30 seconds ago; their groups only if they are asked for."""
        ...

    async def subject_name(self, key: ConversationKey, subject: Subject) -> str | None:
        """Return what people call a person or group in the workspace of `key`; None where it knows none of that id."""
        ...
