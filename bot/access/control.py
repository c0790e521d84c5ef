"""Control who may use the bot at a place, and with which role.

In four lines:

* Administrators always may.
* Of the rules at a place a denial wins; the rules of a narrower place win over those of a wider one.
* Where no rule speaks, members and guests may, other bots and people of other organisations if the parameters `bots`
  and `strangers` say so, and people who have the bot for themselves if they share a workspace with it.
* What is not known opens nothing: a denial of a group or of guests counts while the platform does not tell who is one.

The decisions are pure; `AccessControl` asks the stores and platforms for what they rest on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.access.roles import ROLE_WORDS, Permissions, Role, role_of
from bot.errors import PlatformError
from bot.ports import AccessStore, MembershipSource
from bot.types import (
    AccessRule,
    AuthorKind,
    ConversationKey,
    Incoming,
    Membership,
    ParameterValue,
    PlaceKind,
    RuleKind,
    RulePlace,
    Subject,
    SubjectKind,
)

logger = logging.getLogger(__name__)

DENIED: Final = "denied by a rule"
STRANGER: Final = "another organisation"
A_BOT: Final = "a bot"
NO_SHARED_WORKSPACE: Final = "no shared workspace"

ROLE_RULES: Final = frozenset({RuleKind.MANAGER, RuleKind.ADMINISTRATOR})


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessFacts:
    """Facts about the author of something: the rules that can hold there, and what the platform tells of them.

    `membership` is None where the platform tells nothing, or was not asked because nothing depends on it.
    """

    rules: Sequence[AccessRule] = ()
    membership: Membership | None = None


NO_FACTS: Final = AccessFacts()


def places_of(incoming: Incoming) -> Iterator[Sequence[RulePlace]]:
    """Yield the places that something lies in, the narrowest first; those of one step count alike."""
    key = incoming.key
    workspace = key.workspace_key
    yield [RulePlace(kind=PlaceKind.CHANNEL, key=f"{workspace}/{key.channel}")]
    wide = ("", key.platform, workspace)
    if not incoming.bot_is_member:
        yield [RulePlace(kind=PlaceKind.USER_INSTALLED, key=item) for item in wide]
    if incoming.is_direct:
        yield [RulePlace(kind=PlaceKind.DIRECT, key=item) for item in wide]
    yield [RulePlace(kind=PlaceKind.WORKSPACE, key=workspace)]
    yield [RulePlace(kind=PlaceKind.INSTALLATION)]


def needs_groups(incoming: Incoming, rules: Iterable[AccessRule]) -> bool:
    """Return whether some rule can only be judged by what groups the author is in."""
    here = {place for step in places_of(incoming) for place in step}
    return any(rule.subject.kind is SubjectKind.GROUP and rule.place in here for rule in rules)


def is_about(subject: Subject, incoming: Incoming, membership: Membership | None) -> bool | None:
    """Return whether a rule is about the author of `incoming`; None where the platform does not tell."""
    author = incoming.author
    match subject.kind:
        case SubjectKind.PERSON:
            return subject.id == f"{incoming.key.platform}/{author.id}"
        case SubjectKind.GROUP:
            return _is_in_group(subject, incoming, membership)
        case SubjectKind.GUESTS:
            kind = kind_of(incoming, membership)
            return None if kind is AuthorKind.UNTOLD else kind is AuthorKind.GUEST
        case SubjectKind.STRANGERS:
            return kind_of(incoming, membership) is AuthorKind.EXTERNAL
        case SubjectKind.BOTS:
            return author.is_bot
        case SubjectKind.EVERYBODY:
            return True


def kind_of(incoming: Incoming, membership: Membership | None) -> AuthorKind:
    """Return what the author of `incoming` is where it stands: as it tells itself, else as the platform was asked."""
    if incoming.author_kind is AuthorKind.UNTOLD and membership is not None:
        return membership.author_kind
    return incoming.author_kind


def _is_in_group(subject: Subject, incoming: Incoming, membership: Membership | None) -> bool | None:
    platform, _, group = subject.id.partition("/")
    if platform != incoming.key.platform:
        return False
    return None if membership is None else group in membership.groups


def verdict(incoming: Incoming, rules: Sequence[AccessRule], membership: Membership | None) -> RuleKind | None:
    """Return whether rules allow or deny the bot to the author of `incoming`; None where no rule speaks.

    "Everybody" is allowed without the bots, which have to be named.
    """
    for step in places_of(incoming):
        here = [rule for rule in rules if rule.place in step]
        denials = (rule for rule in here if rule.kind is RuleKind.DENY)
        if any(is_about(rule.subject, incoming, membership) is not False for rule in denials):
            return RuleKind.DENY
        allowed = (rule for rule in here if rule.kind is RuleKind.ALLOW)
        if any(_allows(rule.subject, incoming, membership) for rule in allowed):
            return RuleKind.ALLOW
    return None


def _allows(subject: Subject, incoming: Incoming, membership: Membership | None) -> bool:
    if incoming.author.is_bot and subject.kind is SubjectKind.EVERYBODY:
        return False
    return is_about(subject, incoming, membership) is True


def reason_to_refuse(
    incoming: Incoming,
    rules: Sequence[AccessRule],
    membership: Membership | None,
    parameters: Mapping[str, ParameterValue],
) -> str:
    """Return why the bot is not open to the author of `incoming`, for the log; "" where it is."""
    administers = incoming.is_admin or (membership is not None and membership.administers)
    is_administrator = administers or named_role(incoming, rules, membership) is RuleKind.ADMINISTRATOR
    if is_administrator and not incoming.author.is_bot:
        return ""
    match verdict(incoming, rules, membership):
        case RuleKind.DENY:
            return DENIED
        case RuleKind.ALLOW:
            return ""
        case _:
            return _reason_by_default(incoming, membership, parameters)


def _reason_by_default(
    incoming: Incoming, membership: Membership | None, parameters: Mapping[str, ParameterValue]
) -> str:
    if incoming.author.is_bot:
        named = parameters.get("bots")
        return "" if isinstance(named, tuple) and incoming.author.id in named else A_BOT
    if kind_of(incoming, membership) is AuthorKind.EXTERNAL and parameters.get("strangers") != "answer":
        return STRANGER
    if not incoming.bot_is_member and not (membership is not None and membership.shares_workspace):
        return NO_SHARED_WORKSPACE
    return ""


def named_role(incoming: Incoming, rules: Sequence[AccessRule], membership: Membership | None) -> RuleKind | None:
    """Return the highest role that rules give to the author of `incoming` where it stands, None for none."""
    here = {place for step in places_of(incoming) for place in step}
    held = {
        rule.kind
        for rule in rules
        if rule.kind in ROLE_RULES
        and not rule.broken
        and rule.place in here
        and is_about(rule.subject, incoming, membership) is True
    }
    return next((kind for kind in (RuleKind.ADMINISTRATOR, RuleKind.MANAGER) if kind in held), None)


# ------------------------------------------------------------ what it rests on


NOBODY_SPECIAL: Final = Membership()


class AccessControl:
    """Gathers facts and permissions; the rules are read anew each time, so that a change counts at once."""

    def __init__(self, store: AccessStore, platforms: Mapping[str, object]) -> None:
        self._store = store
        self._platforms = platforms

    async def facts(self, asked: Incoming) -> AccessFacts:
        """Return what decides whether the bot is open to the author of `asked`. Raises `StorageError`."""
        rules = await self._store.rules_for(asked.key)
        groups = needs_groups(asked, rules)
        if not groups and asked.bot_is_member and asked.author_kind is not AuthorKind.UNTOLD:
            return AccessFacts(rules=rules)
        return AccessFacts(rules=rules, membership=await self._membership(asked, groups=groups))

    async def permissions(self, asked: Incoming) -> Permissions:
        """Return what the author of `asked` may change where it stands. Raises `StorageError`."""
        words = await self._store.roles_in(asked.key.workspace_key)
        changed = {name: ROLE_WORDS.get(word, Role.ADMINISTRATOR) for name, word in words.items()}
        return Permissions(role=await self._role(asked), changed=changed)

    async def _role(self, asked: Incoming) -> Role:
        told = role_of(asked)
        if told is Role.ADMINISTRATOR or asked.author.is_bot:
            return told
        rules = await self._store.rules_for(asked.key)
        membership = await self._membership(asked, groups=needs_groups(asked, rules))
        named = named_role(asked, rules, membership)
        if named is RuleKind.ADMINISTRATOR:
            return Role.ADMINISTRATOR
        manages = named is RuleKind.MANAGER or (membership is not None and membership.manages_channel)
        return max(told, Role.MANAGER if manages else Role.MEMBER)

    def is_direct_apart(self, platform: str) -> bool:
        """Return whether direct messages of a platform belong to no workspace."""
        found = self._platforms.get(platform)
        return isinstance(found, MembershipSource) and found.direct_is_apart

    async def subject_name(self, key: ConversationKey, subject: Subject) -> str | None:
        """Return what people call somebody or a group; "" where the platform does not tell, None for nobody known."""
        platform = self._platforms.get(subject.id.partition("/")[0])
        if not isinstance(platform, MembershipSource):
            return ""
        try:
            return await platform.subject_name(key, subject)
        except PlatformError as error:
            logger.warning("could not look up who a rule is about", extra={"error": str(error)})
            return ""

    async def _membership(self, asked: Incoming, *, groups: bool) -> Membership | None:
        platform = self._platforms.get(asked.key.platform)
        if not isinstance(platform, MembershipSource):  # it has neither groups nor guests
            return NOBODY_SPECIAL
        try:
            return await platform.membership(asked, groups=groups)
        except PlatformError as error:
            extra = {"conversation": str(asked.key), "error": str(error)}
            logger.warning("could not ask the platform what somebody may", extra=extra)
            return None
