"""Store access rules, the roles that changes need, and the audit trail in a database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, delete, or_, select

from bot.types import AccessRule, AuditRecord, ConversationKey, NewRule, PlaceKind, RuleId
from storage.codec import as_utc
from storage.database import SqlPart, put, unit_of_work, upsert
from storage.tables import AccessRuleRow, AuditRow, ChangeRoleRow, rule_columns

_KNOWN_PLACES = [kind.value for kind in PlaceKind]


class SqlAccess(SqlPart):
    """An `AccessStore` over a database."""

    @unit_of_work
    def add_rule(self, session: Session, rule: NewRule) -> AccessRule:
        columns = rule_columns(rule)
        session.exec(upsert(session, AccessRuleRow).values(**columns).on_conflict_do_nothing())
        same = (col(getattr(AccessRuleRow, name)) == value for name, value in columns.items())
        return session.exec(select(AccessRuleRow).where(*same)).one().to_rule()

    @unit_of_work
    def remove_rule(self, session: Session, id: RuleId) -> AccessRule | None:
        row = session.get(AccessRuleRow, id)
        if row is None:
            return None
        session.exec(delete(AccessRuleRow).where(col(AccessRuleRow.id) == id))
        return row.to_rule()

    @unit_of_work
    def rules_for(self, session: Session, key: ConversationKey) -> Sequence[AccessRule]:
        workspace = key.workspace_key
        keys = ("", key.platform, workspace, f"{workspace}/{key.channel}")
        here = or_(col(AccessRuleRow.place_key).in_(keys), col(AccessRuleRow.place_kind).not_in(_KNOWN_PLACES))
        rows = session.exec(select(AccessRuleRow).where(here).order_by(col(AccessRuleRow.id)))
        return [row.to_rule() for row in rows]

    @unit_of_work
    def rules_within(self, session: Session, prefix: str) -> Sequence[AccessRule]:
        rows = session.exec(
            select(AccessRuleRow).where(_lies_in(col(AccessRuleRow.place_key), prefix)).order_by(col(AccessRuleRow.id))
        )
        return [row.to_rule() for row in rows]

    @unit_of_work
    def roles_in(self, session: Session, workspace: str) -> Mapping[str, str]:
        rows = session.exec(
            select(ChangeRoleRow).where(ChangeRoleRow.workspace == workspace).order_by(col(ChangeRoleRow.name))
        )
        return {row.name: row.role for row in rows}

    @unit_of_work
    def put_role(self, session: Session, workspace: str, name: str, word: str | None) -> str | None:
        row = session.get(ChangeRoleRow, (workspace, name))
        before = None if row is None else row.role
        if word is not None:
            put(session, ChangeRoleRow, [{"workspace": workspace, "name": name, "role": word}])
        elif row is not None:
            session.delete(row)
        return before


class SqlAudit(SqlPart):
    """An `AuditStore` over a database."""

    @unit_of_work
    def record_audit(self, session: Session, *records: AuditRecord) -> None:
        write_audit(session, records)

    @unit_of_work
    def audit_trail(
        self, session: Session, *, since: datetime, who: str = "", within: str = "", limit: int
    ) -> Sequence[AuditRecord]:
        found = select(AuditRow).where(col(AuditRow.at) >= as_utc(since), _lies_in(col(AuditRow.place), within))
        if who:
            found = found.where(AuditRow.who == who)
        rows = session.exec(found.order_by(col(AuditRow.at).desc(), col(AuditRow.id).desc()).limit(limit)).all()
        return [row.to_record() for row in reversed(rows)]


def write_audit(session: Session, records: Sequence[AuditRecord]) -> None:
    """Append records, part of a larger unit of work."""
    session.add_all([AuditRow.from_record(record) for record in records])


def _lies_in(key: sa.SQLColumnExpression[str], prefix: str) -> sa.ColumnElement[bool]:
    """Return whether a key of a place is `prefix` or lies below it."""
    below = f"{prefix}/"
    return sa.true() if not prefix else or_(key == prefix, sa.func.substr(key, 1, len(below)) == below)
