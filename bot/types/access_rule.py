"""Access rules, what a platform tells of somebody, and the record of who changed what."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

RuleId = int


class RuleKind(StrEnum):
    """Effect of a rule: whether somebody may use the bot at a place, or which role they have there."""

    ALLOW = "allow"
    DENY = "deny"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"


class SubjectKind(StrEnum):
    """Kind of those whom a rule is about."""

    PERSON = "person"
    GROUP = "group"  # a user group of Slack, a role of Discord
    GUESTS = "guests"
    STRANGERS = "strangers"  # people of other organisations
    BOTS = "bots"
    EVERYBODY = "everybody"


class PlaceKind(StrEnum):
    """Kind of place that a rule holds for, the widest first; direct messages and user-installed use are equally wide.

    User-installed use is where people have the bot's commands for themselves, and the bot itself is no member.
    """

    INSTALLATION = "installation"
    WORKSPACE = "workspace"
    DIRECT = "direct"
    USER_INSTALLED = "user-installed"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Those whom a rule is about; `id` is "platform/id" of a person or group, "" for the other kinds."""

    kind: SubjectKind
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePlace:
    """Place of a rule; `key` is "" for everywhere, "platform", "platform/workspace" or "platform/workspace/channel"."""

    kind: PlaceKind
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRule:
    """A rule before it has its number."""

    kind: RuleKind
    subject: Subject
    place: RulePlace


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRule(NewRule):
    """A rule that is kept; one that cannot be read is `broken`, and stands for a denial of everybody at its place."""

    id: RuleId
    broken: bool = False


class AuthorKind(StrEnum):
    """Kind of author, as the platform tells it."""

    MEMBER = "member"
    GUEST = "guest"
    UNTOLD = "untold"  # one of the two before: the platform does not tell now
    EXTERNAL = "external"  # of another organisation, in a channel that is shared with it


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """Membership of somebody at a place, as a platform tells it: the ids of their groups or roles, whether they may
    manage the channel or administer the workspace, and what they are in it.

    `shares_workspace` says that they are somewhere where the bot is a member.
    """

    groups: frozenset[str] = field(default_factory=frozenset)
    manages_channel: bool = False
    administers: bool = False
    author_kind: AuthorKind = AuthorKind.MEMBER
    shares_workspace: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """Somebody or something that a message names, as the platform tells, by the platform's own id."""

    kind: Literal["person", "group", "channel"]
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """One change that somebody made, or tried to: ids and no names.

    `who` is "platform/id", or "operator" on the command line; `place` is the key of where it holds. `what` names the
    thing that changed, `before` and `after` are "" for nothing. `via` is the way by which it came. `asked_at` is when
    somebody wanted it, as their platform tells, and `at` when it was changed, as the database does.
    """

    at: datetime
    who: str
    place: str
    action: str
    what: str = ""
    before: str = ""
    after: str = ""
    via: str = ""
    asked_at: datetime | None = None
