"""Ask the stores and platforms for what decisions about access rest on."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final

from bot.access.decision import AccessFacts, named_role, needs_groups
from bot.access.roles import ROLE_WORDS, Permissions, Role, role_of
from bot.errors import PlatformError
from bot.ports import AccessStore, MembershipSource
from bot.types import AuthorKind, ConversationKey, Incoming, Membership, RuleKind, Subject

logger = logging.getLogger(__name__)


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
