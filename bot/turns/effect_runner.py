"""Carry out effects once for each delivery, and see that its author is told once."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final, TypeVar

from bot.access.audit_trail import person_key
from bot.errors import InvalidInput, StorageError
from bot.ports import Clock, Store
from bot.turns.conversation_manager import ConversationManager
from bot.turns.dispatcher import Dispatcher
from bot.turns.effects import (
    WORTH_TELLING,
    CarriedOut,
    Change,
    Deletion,
    Effect,
    Nothing,
    RemoveChannel,
    SetParameters,
    telling,
)
from bot.types import (
    AuditRecord,
    ConversationKey,
    DeletionOutcome,
    HandleResult,
    Incoming,
    Outcome,
    PendingAnswer,
    TurnId,
    Within,
)

logger = logging.getLogger(__name__)

R = TypeVar("R")

UNINSTALL: Final = "uninstall"
TOLD_TWICE: Final = timedelta(minutes=5)
"""How long the end of a workspace may be told again: Slack has two events for it, and repeats what is not taken."""

REFUSED_EVERY_SECONDS: Final = 3_600
"""How often somebody to whom the bot is not open is told so, whatever they write."""


class EffectRunner:
    """Runs effects over the stores, and ends or begins what is being answered because of them."""

    def __init__(self, store: Store, manager: ConversationManager, dispatcher: Dispatcher, *, clock: Clock) -> None:
        self._store = store
        self._manager = manager
        self._dispatcher = dispatcher
        self._clock = clock
        self._told: dict[tuple[str, str], None] = {}  # by platform and delivery; what the database does not know yet

    async def once(self, asked: Incoming, effect: Effect[R]) -> HandleResult:
        """Carry out an effect unless its delivery has had one; what its author is to be told."""
        done = await self._carry_out(asked, effect)
        if done is None:
            return await self._told_before(asked)
        undo = undo_command(effect.change) if done.result else ""
        return HandleResult(outcome=Outcome.REPLIED, text=done.answer, undo=undo, picture=effect.picture)

    async def refuse(self, asked: Incoming, error: InvalidInput) -> HandleResult:
        """Raise an error that is to be told, unless its delivery was told something before."""
        if await self._carry_out(asked, telling(str(error))) is not None:
            raise error
        return await self._told_before(asked)

    async def mark_answered(self, asked: Incoming) -> None:
        """Note that the author of an incoming was told; where the database is away, before anything is told again.

        That it could not be noted is no failure of what was done and told.
        """
        self._told[asked.key.platform, asked.dedupe_key] = None
        try:
            await self._note_told()
        except StorageError as error:
            extra = {"delivery": asked.dedupe_key, "error": str(error)}
            logger.warning("not noted yet that a command was answered", extra=extra)

    async def _note_told(self) -> None:
        for platform, dedupe_key in tuple(self._told):
            await self._store.mark_answered(platform, dedupe_key)
            self._told.pop((platform, dedupe_key), None)

    async def take_pending_answers(self, platform: str) -> Sequence[PendingAnswer]:
        """Take over what a crash kept from its authors, as long as somebody may wait for it."""
        await self._note_told()
        return await self._store.take_pending_answers(platform, since=self._clock() - WORTH_TELLING)

    async def is_first_refusal(self, asked: Incoming) -> bool:
        """Return whether this is the first message within an hour that somebody is refused, in any process."""
        hour = int(self._clock().timestamp()) // REFUSED_EVERY_SECONDS
        name = f"refused:{asked.key.workspace}:{asked.author.id}:{hour}"
        counted = replace(asked, dedupe_key=name, posted=None)
        return await self._store.carry_out(counted, Nothing(), lambda _: "") is not None

    async def remove_place(self, place: Within) -> DeletionOutcome:
        """Remove all that was said in a place, and record it once of a workspace, however often its end is told."""
        outcome = self.end(await self._store.delete_place(place))
        if not place.channel:
            since, within = self._clock() - TOLD_TWICE, f"{place.platform}/{place.workspace}"
            last = await self._store.audit_trail(since=since, within=within, limit=1)
            if [item.action for item in last] != [UNINSTALL]:
                await self.record_platform(UNINSTALL, place)
        return outcome

    async def remove_channel(self, key: ConversationKey, asked: Incoming) -> HandleResult:
        """Remove a channel, for its maker as long as nobody else wrote there; administrators any."""
        change = RemoveChannel(key=key, maker="" if asked.is_admin else asked.author.id)
        return await self.once(asked, Effect(change=change, tell=lambda _: ""))

    async def record_platform(self, action: str, place: Within, *, by: str = "") -> None:
        """Record what a platform tells of a workspace; `by` is the id of who did it, "" where that is not told."""
        who = person_key(place.platform, by) if by else place.platform
        where = f"{place.platform}/{place.workspace}"
        await self._store.record_audit(AuditRecord(at=self._clock(), who=who, place=where, action=action, via="event"))

    def end(self, outcome: DeletionOutcome) -> DeletionOutcome:
        """End the generation of what a deletion has reached; return what it came to."""
        self.interrupt(outcome.interrupted)
        self._take_back(outcome.interrupted)
        return outcome

    def _take_back(self, turns: Mapping[ConversationKey, Sequence[TurnId]]) -> None:
        """Show no more that questions have come in which are gone."""
        for key, ids in turns.items():
            if ids:
                self._manager.take_back(key)

    def interrupt(self, turns: Mapping[ConversationKey, Sequence[TurnId]]) -> None:
        """End the generation of turns by conversation, and let whoever runs them see to the rest."""
        for key, ids in turns.items():
            self._manager.interrupt(ids)
            self._dispatcher.wake(key)

    async def _carry_out(self, asked: Incoming, effect: Effect[R]) -> CarriedOut[R] | None:
        """Carry out an effect, and end or begin what is being answered because of it; None if its delivery had one."""
        done = await self._store.carry_out(asked, effect.change, effect.tell)
        if done is not None:
            gone = effect.change.interrupted(done.result)
            self.interrupt(gone)
            if isinstance(effect.change, Deletion):
                self._take_back(gone)
        return done

    async def _told_before(self, asked: Incoming) -> HandleResult:
        """Return what a delivery that comes again still has to tell, if anything."""
        is_told = (asked.key.platform, asked.dedupe_key) in self._told
        answer = None if is_told else await self._store.take_answer(asked)
        if answer is None:
            return HandleResult(outcome=Outcome.DUPLICATE)
        return HandleResult(outcome=Outcome.REPLIED, text=answer)


def undo_command(change: Change[Any]) -> str:
    """Return the command that takes back a change, "" for one that cannot be."""
    if not isinstance(change, SetParameters):
        return ""
    names = tuple(change.values)
    return f"/undo {names[0]}" if len(names) == 1 else "/undo"
