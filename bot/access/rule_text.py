"""Say rules in words: for answers, for lists and for the audit trail. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.language import gettext, gettext_noop
from bot.types import NewRule, PlaceKind, RuleKind, RulePlace, Subject, SubjectKind

SUBJECTS: Final[Mapping[SubjectKind, str]] = {
    SubjectKind.GUESTS: gettext_noop("guests"),
    SubjectKind.STRANGERS: gettext_noop("people of other organisations"),
    SubjectKind.BOTS: gettext_noop("bots"),
    SubjectKind.EVERYBODY: gettext_noop("everybody"),
}
PLACES: Final[Mapping[PlaceKind, str]] = {
    PlaceKind.INSTALLATION: gettext_noop("everywhere"),
    PlaceKind.WORKSPACE: gettext_noop("in the workspace"),
    PlaceKind.DIRECT: gettext_noop("in direct messages"),
    PlaceKind.USER_INSTALLED: gettext_noop("where people have me for themselves"),
    PlaceKind.CHANNEL: gettext_noop("in the channel"),
}
VERBS: Final[Mapping[RuleKind, str]] = {
    RuleKind.ALLOW: gettext_noop("may use me"),
    RuleKind.DENY: gettext_noop("may not use me"),
    RuleKind.MANAGER: gettext_noop("may manage me"),
    RuleKind.ADMINISTRATOR: gettext_noop("may administer me"),
}


def subject_text(subject: Subject, name: str = "") -> str:
    """Return those whom a rule is about, by `name` where it is known."""
    if subject.kind in SUBJECTS:
        return gettext(SUBJECTS[subject.kind])
    return f"@{name}" if name else f"{subject.kind.value}:{subject.id}"


def place_text(place: RulePlace) -> str:
    """Return where a rule holds, with the key of the place."""
    return f"{gettext(PLACES[place.kind])} {place.key}".rstrip()


def rule_text(rule: NewRule, name: str = "") -> str:
    """Return a rule as a sentence without its full stop."""
    return gettext("{who} {verb} {where}").format(
        who=subject_text(rule.subject, name), verb=gettext(VERBS[rule.kind]), where=place_text(rule.place)
    )
