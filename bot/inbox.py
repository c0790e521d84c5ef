"""The front door: what an adapter delivers is stored as a turn, carried out as a command, or passed over."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from bot import commands, schedules
from bot.again import UNDER_WAY, once_more
from bot.commands import Invocation, parse, parse_question
from bot.context.transcript import correction_entry
from bot.context.window import Break, interrupted
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
    Conversation,
    ConversationKey,
    Handled,
    Incoming,
    Outcome,
    Owed,
    RequestRecord,
    Task,
    ThreadMessage,
    Turn,
    TurnId,
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
                handled, _ = await self._once(incoming, await self._decide(invocation, incoming))
                return handled

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

    async def _once(self, asked: Incoming, effect: Effect[R]) -> tuple[Handled, CarriedOut[R] | None]:
        """Carry out an effect unless its delivery has had one; what came of it, None when it had."""
        done = await self._store.carry_out(asked, effect.change, effect.tell)
        if done is not None:
            return Handled(outcome=Outcome.REPLIED, text=done.answer), done
        answer = await self._store.take_answer(asked)
        if answer is None:
            return Handled(outcome=Outcome.DUPLICATE), None
        return Handled(outcome=Outcome.REPLIED, text=answer), None

    async def _refuse(self, asked: Incoming, error: InvalidInput) -> Handled:
        """Raise an error that is to be told, unless its delivery was told something before."""
        handled, done = await self._once(asked, telling(str(error)))
        if done is not None:
            raise error
        return handled

    async def begin(self, asked: Incoming) -> bool:
        """Store what the platform is about to be told is under way; False when somebody else has it."""
        return await self._store.begin(asked)

    async def reply(self, asked: Incoming, text: str) -> Handled:
        """Answer an incoming with `text` and nothing else."""
        handled, _ = await self._once(asked, telling(text))
        return handled

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
        handled, done = await self._once(asked, effect)
        if done is not None and done.result:
            self._manager.interrupt(done.result)
            self._dispatcher.wake(key)
        return handled

    async def edited(self, key: ConversationKey, message: ThreadMessage, *, at: datetime) -> None:
        """Follow an edited message with a correction, if it is in view; what was sent stays as it was."""
        if await self._in_view(key, message.source_id):
            await self._store.append_entries(key, [correction_entry(message, at)])

    async def deleted(self, key: ConversationKey, source_id: str) -> None:
        """Remove a deleted message at once, knowingly breaking the cached prefix: people's wish beats the price."""
        await self._store.forget_in_parts(key, source_id)
        conversation = await self._in_view(key, source_id)
        await self._store.remove_entries(key, source_id=source_id)
        if conversation is not None:
            await self._store.save_conversation(key, interrupted(conversation, Break.DELETED))

    async def _in_view(self, key: ConversationKey, source_id: str) -> Conversation | None:
        """The conversation, if a message is part of what its next request would carry."""
        conversation = await self._store.get_conversation(key)
        if conversation is None:
            return None
        entries = await self._store.get_entries(key, start=conversation.window_start)
        return conversation if any(each.source_id == source_id for each in entries) else None

    async def again(self, id: TurnId, how: Again, *, asked: Incoming) -> Handled:
        """Ask once more, in another way or for the rest; the same twice is done once."""
        try:
            questions = await self._once_more(id, how, asked)
        except InvalidInput as error:
            return await self._refuse(asked, error)
        effect = Effect(change=AcceptTurns(questions=questions), tell=lambda ids: UNDER_WAY if ids[0] is None else "")
        handled, done = await self._once(asked, effect)
        if done is None or done.answer:
            return handled
        self._dispatcher.wake(questions[0].key)
        return Handled(outcome=Outcome.ANSWERING)

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
        handled, _ = await self._once(asked, Effect(change=change, tell=lambda _: answer))
        return handled

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
        handled, _ = await self._once(asked, effect)
        return handled

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
