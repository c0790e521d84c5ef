"""Tell administrators of budgets that are nearly spent, once in a period."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.access.budget_text import warning_text
from bot.errors import BotError, ConfigError, PlatformRefused, StorageError
from bot.language import speaking
from bot.parameter_resolver import language_of
from bot.ports import Clock, Platform, Store
from bot.types import (
    AccessRule,
    BudgetScope,
    BudgetUse,
    ConversationKey,
    Draft,
    Incoming,
    Person,
    RuleKind,
    SubjectKind,
)

logger = logging.getLogger(__name__)

TICK_SECONDS: Final = 60.0

PATIENCE_SECONDS: Final = 120.0
"""How long a platform may take for one message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Administrator:
    """Somebody named as an administrator; `workspace` is where, "" for the whole installation."""

    platform: str
    id: str
    workspace: str


def administrators_over(scope: BudgetScope, rules: Iterable[AccessRule]) -> Sequence[Administrator]:
    """Return who is to hear of the budget of a scope, each once: the people named as administrators where it counts.

    That is in its workspace, or in the whole installation; a budget of the installation counts everywhere.
    """
    found: dict[tuple[str, str], Administrator] = {}
    for rule in rules:
        if rule.broken or rule.kind is not RuleKind.ADMINISTRATOR or rule.subject.kind is not SubjectKind.PERSON:
            continue
        platform, _, id = rule.subject.id.partition("/")
        workspace = rule.place.key.partition("/")[2]
        place = BudgetScope(platform=platform, workspace=workspace)
        if place.covers(scope) or scope.covers(place):
            before = found.get((platform, id))
            if before is None or not before.workspace:
                found[platform, id] = Administrator(platform=platform, id=id, workspace=workspace or scope.workspace)
    return list(found.values())


class BudgetWarnings:
    """Takes the warnings that are due, logs them, and sends them; what a platform cannot take now comes again.

    The store gives each warning to one process, once in a period: what is under way when that process is killed is in
    its log alone.
    """

    def __init__(self, store: Store, platforms: Mapping[str, Platform], *, clock: Clock) -> None:
        self._store = store
        self._platforms = platforms
        self._clock = clock
        self._unsent: list[tuple[Incoming, BudgetUse]] = []

    async def run(self) -> None:
        """Look for what is due, until cancelled."""
        while True:
            try:
                await self.tick()
            except StorageError as error:
                logger.warning("budget warnings are waiting for the database", extra={"error": str(error)})
            await asyncio.sleep(TICK_SECONDS)

    async def tick(self) -> None:
        """Send what is due. Raises `StorageError`."""
        rules = await self._store.rules_within("")
        for use in await self._store.take_budget_warnings():
            logger.warning("budget nearly spent", extra={"budget": warning_text(use)})
            self._unsent += [(self._asked(who, use), use) for who in administrators_over(use.budget.scope, rules)]
        unsent, self._unsent = self._unsent, []
        for asked, use in unsent:
            with speaking(await language_of(asked, self._store)):
                text = warning_text(use)
            if self._clock() < use.ends and not await self._is_sent(asked, text):
                self._unsent.append((asked, use))

    async def _is_sent(self, asked: Incoming, text: str) -> bool:
        """Send a warning; return False where that is worth another attempt."""
        extra = {"platform": asked.key.platform, "person": asked.author.id}
        platform = self._platforms.get(asked.key.platform)
        if platform is None:
            logger.info("an administrator's platform is not joined", extra=extra)
            return True
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await platform.tell(asked, Draft(status="done", text=text))
        except (BotError, TimeoutError) as error:
            logger.warning("an administrator was not told of a budget", extra=extra | {"error": str(error)})
            return isinstance(error, PlatformRefused | ConfigError)
        return True

    def _asked(self, who: Administrator, use: BudgetUse) -> Incoming:
        """Return what a warning answers: nothing that anybody wrote, under a name of its own."""
        scope = ".".join(use.budget.scope.columns.values())
        return Incoming(
            key=ConversationKey(platform=who.platform, workspace=who.workspace, channel="", thread=""),
            dedupe_key=f"budget:{scope}:{use.budget.period}:{use.begins:%Y%m%d%H}:{who.id}",
            author=Person(id=who.id, name=who.id),
            text="",
            sent_at=self._clock(),
        )
