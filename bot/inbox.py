"""The front door: what an adapter delivers is stored as a turn, carried out as a command, or passed over."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from bot import commands, schedules
from bot.again import UNDER_WAY, once_more
from bot.commands import Invocation, parse, parse_question, question_in
from bot.context.transcript import correction_entry
from bot.conversation import ConversationManager
from bot.dispatcher import Dispatcher
from bot.effects import (
    WORTH_TELLING,
    AcceptTurns,
    CarriedOut,
    Effect,
    NoteFeedback,
    SetParameters,
    StopTurns,
    telling,
)
from bot.errors import InvalidInput, PlatformError
from bot.ownership import check_again, check_stop
from bot.parameter_resolver import effective_at, effective_parameters
from bot.parameters import Effective, Scope, find
from bot.ports import Clock, Rates, Store, TimeWords
from bot.spending import usage_text
from bot.summary.wanted import IsoTimes, read_wanted
from bot.types import (
    EMPTY,
    Again,
    ConversationKey,
    DeletionOutcome,
    Edit,
    Handled,
    Incoming,
    Outcome,
    Owed,
    RequestRecord,
    Task,
    ThreadMessage,
    Turn,
    TurnId,
    Within,
)

logger = logging.getLogger(__name__)

R = TypeVar("R")

SEARCHING: Mapping[str, str] = {"enable_web_search": "yes"}

STOPPED = "Stopped."
IDLE = "Nothing is being answered here."
EMPTY_QUESTION = (
    "Ask me something: write your question after my name or after `/ask`. `/help` tells what else I can do."
)


class Inbox:
    """A `Bot`: durable before it says so, everything once however often it is delivered."""

    def __init__(
        self,
        store: Store,
        manager: ConversationManager,
        dispatcher: Dispatcher,
        *,
        rates: Rates,
        clock: Clock,
        times: TimeWords | None = None,
    ) -> None:
        self._store = store
        self._rates = rates
        self._clock = clock
        self._times = times or IsoTimes()
        self._manager = manager
        self._dispatcher = dispatcher

    async def handle(self, incoming: Incoming) -> Handled:
        """Store a question, carry out a command, or pass over what is not meant for the bot."""
        try:
            return await self._handle(incoming)
        except InvalidInput as error:
            return await self._refuse(incoming, error)

    async def _handle(self, incoming: Incoming) -> Handled:
        invocation = parse(incoming.text)
        if invocation is None:
            return await self._take(incoming)
        match invocation.name:
            case "ask" | "search":
                given, question = parse_question(invocation.arguments)
                searching = SEARCHING if invocation.name == "search" else EMPTY
                overrides = {**incoming.overrides, **given, **searching}
                return await self._take(replace(incoming, text=question, overrides=overrides, addressed=True))
            case "summarise":
                return await self._summarise(incoming, invocation.arguments)
            case "stop":
                return await self._stop(incoming.key, asked=incoming, stopped=STOPPED, idle=IDLE)
            case _:
                return await self._once(incoming, await self._decide(invocation, incoming))

    async def _decide(self, invocation: Invocation, incoming: Incoming) -> Effect[Any]:
        """Return what a command does that asks nothing. Raises `InvalidInput`."""
        match invocation.name:
            case "usage":
                return telling(await self._usage(invocation.arguments, incoming))
            case "digest":
                return await schedules.decide(invocation.arguments, incoming, self._store, now=self._clock())
            case _:
                return await commands.decide(invocation, incoming, self._store)

    # ------------------------------------------------------------ once, and told once

    async def _once(self, asked: Incoming, effect: Effect[R]) -> Handled:
        """Carry out an effect unless its delivery has had one; what its author is to be told."""
        done = await self._carry_out(asked, effect)
        return await self._told_before(asked) if done is None else Handled(outcome=Outcome.REPLIED, text=done.answer)

    async def _carry_out(self, asked: Incoming, effect: Effect[R]) -> CarriedOut[R] | None:
        """Carry out an effect, and end or begin what is being answered because of it; None if its delivery had one."""
        done = await self._store.carry_out(asked, effect.change, effect.tell)
        if done is not None:
            self._interrupt(effect.change.interrupted(done.result))
        return done

    async def _told_before(self, asked: Incoming) -> Handled:
        """Return what a delivery that comes again still has to tell, if anything."""
        answer = await self._store.take_answer(asked)
        if answer is None:
            return Handled(outcome=Outcome.DUPLICATE)
        return Handled(outcome=Outcome.REPLIED, text=answer)

    async def _refuse(self, asked: Incoming, error: InvalidInput) -> Handled:
        """Raise an error that is to be told, unless its delivery was told something before."""
        if await self._carry_out(asked, telling(str(error))) is not None:
            raise error
        return await self._told_before(asked)

    def _interrupt(self, turns: Mapping[ConversationKey, Sequence[TurnId]]) -> None:
        """End the generation of turns by conversation, and let whoever runs them see to the rest."""
        for key, ids in turns.items():
            self._manager.interrupt(ids)
            self._dispatcher.wake(key)

    async def begin(self, asked: Incoming) -> bool:
        """Store what the platform is about to be told is under way; False when somebody else has it."""
        return await self._store.begin(asked)

    async def reply(self, asked: Incoming, text: str) -> Handled:
        """Answer an incoming with `text` and nothing else."""
        return await self._once(asked, telling(text))

    async def told(self, asked: Incoming) -> None:
        """Note that the author of an incoming was told what there is to tell."""
        await self._store.told(asked.key.platform, asked.dedupe_key)

    async def owed(self, platform: str) -> Sequence[Owed]:
        """Take over what a crash kept from its authors, as long as somebody may wait for it."""
        return await self._store.take_owed(platform, since=self._clock() - WORTH_TELLING)

    # ------------------------------------------------------------ commands with a turn

    async def _summarise(self, incoming: Incoming, arguments: str) -> Handled:
        """Store what is wanted in exact words, for those who may read the channel."""
        wanted, private = await read_wanted(
            arguments,
            now=incoming.at,
            time_zone=incoming.time_zone,
            outside=incoming.starts_thread or not incoming.key.thread,
            times=self._times,
        )
        try:
            await self._manager.summariser.check_access(incoming)
        except PlatformError as error:  # asked again before anything is read
            logger.warning("access not known yet", extra={"conversation": str(incoming.key), "error": str(error)})
        private = private or incoming.private
        asked = replace(incoming, text=str(wanted), task=Task.SUMMARY, private=private, attachments=(), addressed=True)
        return await self._take(asked)

    async def _usage(self, arguments: str, incoming: Incoming) -> str:
        return await usage_text(arguments, incoming, self._store, self._rates.card(), now=self._clock())

    async def usage(self, asked: Incoming) -> str:
        """What somebody's own questions used and cost."""
        return await self._usage("me", asked)

    async def stop(self, key: ConversationKey, *, asked: Incoming, stopped: str = "", idle: str = "") -> Handled:
        """Stop what is being answered to the author of `asked`, the queued questions too; administrators stop all."""
        try:
            return await self._stop(key, asked=asked, stopped=stopped, idle=idle)
        except InvalidInput as error:
            return await self._refuse(asked, error)

    async def _stop(self, key: ConversationKey, *, asked: Incoming, stopped: str, idle: str) -> Handled:
        author = "" if asked.administers else asked.author.id
        if author:
            check_stop(asked.author, await self._store.stoppable_by(key))
        effect = Effect(change=StopTurns(key=key, author=author), tell=lambda turns: stopped if turns else idle)
        return await self._once(asked, effect)

    async def edited(
        self, channel: ConversationKey, message: ThreadMessage, *, at: datetime, is_directed: bool = False
    ) -> None:
        """Follow an edited message: a question that waits is asked as it reads now, what was sent is corrected."""
        text = question_in(message.text)
        correction = correction_entry(replace(message, text=text), at)
        edit = Edit(source_id=message.source_id, text=text, at=at, correction=correction)
        await self._store.edit_message(channel, edit, is_directed=is_directed)

    async def deleted(self, channel: ConversationKey, *ids: str) -> DeletionOutcome:
        """Remove deleted messages at once, knowingly breaking the cached prefix: people's wish beats the price."""
        outcome = await self._store.delete_messages(channel, ids)
        self._interrupt(outcome.interrupted)
        return outcome

    async def place_deleted(self, place: Within) -> DeletionOutcome:
        """Remove all that was said in a place that is gone."""
        outcome = await self._store.delete_place(place)
        self._interrupt(outcome.interrupted)
        return outcome

    async def again(self, id: TurnId, how: Again, *, asked: Incoming) -> Handled:
        """Ask once more, in another way or for the rest; the same twice is done once."""
        try:
            questions = await self._once_more(id, how, asked)
        except InvalidInput as error:
            return await self._refuse(asked, error)
        effect = Effect(change=AcceptTurns(questions=questions), tell=lambda ids: UNDER_WAY if ids[0] is None else "")
        handled = await self._once(asked, effect)
        is_begun = handled.outcome is Outcome.REPLIED and not handled.text
        return replace(handled, outcome=Outcome.ANSWERING) if is_begun else handled

    async def _once_more(self, id: TurnId, how: Again, asked: Incoming) -> tuple[Incoming, ...]:
        turn = await self._store.get_turn(id)
        if turn is None:
            raise InvalidInput("That question is not known here.")
        questions = tuple(once_more(turn, how, by=asked.author, at=asked.at))
        check_again(asked.author, turn, administers=asked.administers)
        return questions

    async def feedback(self, id: TurnId, *, good: bool, asked: Incoming, answer: str = "") -> Handled:
        """Remember whether somebody found an answer good."""
        change = NoteFeedback(turn=id, person=asked.author.id, good=good)
        return await self._once(asked, Effect(change=change, tell=lambda _: answer))

    async def turn(self, id: TurnId) -> Turn | None:
        """A turn as it stands."""
        return await self._store.get_turn(id)

    async def effective(self, key: ConversationKey) -> Mapping[str, Effective]:
        """Every parameter as it holds in a conversation."""
        return await effective_at(key, self._store)

    async def change(
        self, scope: Scope, values: Mapping[str, str | None], *, asked: Incoming, answer: str = ""
    ) -> Handled:
        """Set or unset parameters at a scope, all of them or none."""
        try:
            formatted = dict(_formatted(name, text) for name, text in values.items())
        except InvalidInput as error:
            return await self._refuse(asked, error)
        effect = Effect(change=SetParameters(scope=scope, values=formatted), tell=lambda _: answer)
        return await self._once(asked, effect)

    async def active(self, platform: str, *, since: datetime) -> Mapping[ConversationKey, datetime]:
        """The conversations with questions since then, and when the newest was asked."""
        return await self._store.active_conversations(platform, since=since)

    async def requests(self, key: ConversationKey, *, limit: int) -> Sequence[RequestRecord]:
        """The newest requests of a conversation in figures, oldest first."""
        return await self._store.recent_requests(key, limit=limit)

    async def _take(self, incoming: Incoming) -> Handled:
        if not incoming.addressed and not await self._follows_up(incoming):
            return Handled(outcome=Outcome.IGNORED)
        if not incoming.text.strip() and not incoming.attachments:
            raise InvalidInput(EMPTY_QUESTION)
        incoming = await self._placed(incoming)
        if await self._store.accept(incoming) is None:
            return Handled(outcome=Outcome.DUPLICATE)
        self._dispatcher.wake(incoming.key)
        return Handled(outcome=Outcome.ANSWERING)

    async def _follows_up(self, incoming: Incoming) -> bool:
        """Whether a message that does not mention the bot is meant for it all the same."""
        if not await self._store.takes_part(incoming.key):
            return False
        return (await effective_parameters(incoming, self._store))["follow_ups"].value == "always"

    async def _placed(self, incoming: Incoming) -> Incoming:
        """A question outside threads belongs to the thread it starts, or to the channel by setting."""
        if not incoming.starts_thread:
            return incoming
        effective = await effective_parameters(incoming, self._store)
        if effective["answer_in"].value == "channel":
            return replace(incoming, key=replace(incoming.key, thread=""))
        return incoming


def _formatted(name: str, text: str | None) -> tuple[str, str | None]:
    """Return a parameter's own name and its value as canonical text, None to take it back. Raises `InvalidValue`."""
    parameter = find(name)
    value = None if text is None else parameter.parse(text)
    return parameter.name, None if value is None else parameter.format(value)
