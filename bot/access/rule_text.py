"""Say rules in words: for answers, for lists and for the audit trail. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.types import NewRule, PlaceKind, RuleKind, RulePlace, Subject, SubjectKind

SUBJECTS: Final[Mapping[SubjectKind, str]] = {
    SubjectKind.GUESTS: "guests",
    SubjectKind.STRANGERS: "people of other organisations",
    SubjectKind.BOTS: "bots",
    SubjectKind.EVERYBODY: "everybody",
}
PLACES: Final[Mapping[PlaceKind, str]] = {
    PlaceKind.INSTALLATION: "everywhere",
    PlaceKind.WORKSPACE: "in the workspace",
    PlaceKind.DIRECT: "in direct messages",
    PlaceKind.USER_INSTALLED: "where people have me for themselves",
    PlaceKind.CHANNEL: "in the channel",
}
VERBS: Final[Mapping[RuleKind, str]] = {
    RuleKind.ALLOW: "may use me",
    RuleKind.DENY: "may not use me",
    RuleKind.MANAGER: "may manage me",
    RuleKind.ADMINISTRATOR: "may administer me",
}


def subject_text(subject: Subject, name: str = "") -> str:
    """Return those whom a rule is about, by `name` where it is known."""
    if subject.kind in SUBJECTS:
        return SUBJECTS[subject.kind]
    return f"@{name}" if name else f"{subject.kind.value}:{subject.id}"


def place_text(place: RulePlace) -> str:
    """Return where a rule holds, with the key of the place."""
    return f"{PLACES[place.kind]} {place.key}".rstrip()


def rule_text(rule: NewRule, name: str = "") -> str:
    """Return a rule as a sentence without its full stop."""
    return f"{subject_text(rule.subject, name)} {VERBS[rule.kind]} {place_text(rule.place)}"
