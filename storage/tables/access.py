"""Tables of access rules, of what administrators have opened and closed, and of the audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import Self

import sqlalchemy as sa
from sqlmodel import Field

from bot.types import AccessRule, AuditRecord, NewRule, PlaceKind, RuleKind, RulePlace, Subject, SubjectKind
from storage.codec import as_utc
from storage.tables.base import ORDERED, SERIAL, BaseTable

_RULE = ("place_key", "place_kind", "kind", "subject_kind", "subject_id")
PLACE_KINDS = frozenset(PlaceKind)


class AccessRuleRow(BaseTable, table=True):
    """Rule about who may, or may not, use the bot at a place."""

    __tablename__ = "access_rule"
    __table_args__ = (sa.UniqueConstraint(*_RULE, name="uq_access_rule"),)

    id: int = Field(default=None, primary_key=True, sa_type=SERIAL)
    kind: str
    subject_kind: str
    subject_id: str
    place_kind: str
    place_key: str = Field(sa_type=ORDERED)

    def to_rule(self) -> AccessRule:
        """Return the rule; one that cannot be read denies everybody at its place, so that it opens no door."""
        try:
            return AccessRule(
                id=self.id,
                kind=RuleKind(self.kind),
                subject=Subject(kind=SubjectKind(self.subject_kind), id=self.subject_id),
                place=RulePlace(kind=PlaceKind(self.place_kind), key=self.place_key),
            )
        except ValueError:
            known = self.place_kind in PLACE_KINDS
            place = RulePlace(kind=PlaceKind(self.place_kind), key=self.place_key) if known else EVERYWHERE
            everybody = Subject(kind=SubjectKind.EVERYBODY)
            return AccessRule(id=self.id, kind=RuleKind.DENY, subject=everybody, place=place, broken=True)


EVERYWHERE = RulePlace(kind=PlaceKind.INSTALLATION)


def rule_columns(rule: NewRule) -> dict[str, str]:
    """Return the columns of a rule, by name."""
    return {
        "kind": rule.kind.value,
        "subject_kind": rule.subject.kind.value,
        "subject_id": rule.subject.id,
        "place_kind": rule.place.kind.value,
        "place_key": rule.place.key,
    }


class ChangeRoleRow(BaseTable, table=True):
    """Role that a parameter or command needs in a workspace ("platform/workspace")."""

    __tablename__ = "change_role"

    workspace: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    role: str


class AuditRow(BaseTable, table=True):
    """One change, by ids; rows are only ever added."""

    __tablename__ = "audit"
    __table_args__ = (sa.Index(None, "at"), sa.Index(None, "who", "at"))

    id: int = Field(default=None, primary_key=True, sa_type=SERIAL)
    at: datetime
    who: str
    place: str = Field(sa_type=ORDERED)
    action: str
    what: str
    before: str
    after: str
    via: str
    asked_at: datetime | None = None

    @classmethod
    def from_record(cls, record: AuditRecord) -> Self:
        return cls(
            at=as_utc(record.at),
            who=record.who,
            place=record.place,
            action=record.action,
            what=record.what,
            before=record.before,
            after=record.after,
            via=record.via,
            asked_at=record.asked_at and as_utc(record.asked_at),
        )

    def to_record(self) -> AuditRecord:
        return AuditRecord(
            at=self.at,
            who=self.who,
            place=self.place,
            action=self.action,
            what=self.what,
            before=self.before,
            after=self.after,
            via=self.via,
            asked_at=self.asked_at,
        )
