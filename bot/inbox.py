"""The front door: what an adapter delivers is stored as a turn, carried out as a command, or passed over."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot import commands, insight, schedules
from bot.again import once_more
from bot.commands import Invocation, effective_at, effective_parameters, parse, parse_question, question_in
from bot.context.transcript import correction_entry
from bot.conversation import ConversationManager
from bot.dispatcher import Dispatcher
from bot.errors import InvalidInput, PlatformError
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
    Person,
    RequestRecord,
    Task,
    ThreadMessage,
    Turn,
    TurnId,
    Within,
)

logger = logging.getLogger(__name__)

SEARCHING: Mapping[str, str] = {"enable_web_search": "yes"}

EMPTY_QUESTION = (
    "Ask me something: write your question after my name or after `/ask`. `/help` tells what else I can do."
)


class Inbox:
    """A `Bot`: durable before it says so, one turn for one incoming however often it is delivered."""

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
            case _:
                return Handled(outcome=Outcome.REPLIED, text=await self._carry_out(invocation, incoming))

    async def _carry_out(self, invocation: Invocation, incoming: Incoming) -> str:
        """Carry out a command that asks nothing; what to tell its author. Raises `InvalidInput`."""
        match invocation.name:
            case "stop":
                stopped = await self.stop(incoming.key)
                return "Stopped." if stopped else "Nothing is being answered here."
            case "usage":
                return await self._usage(invocation.arguments, incoming)
            case "forget":
                return await insight.forget(invocation.arguments, incoming, self._store, self._interrupt)
            case "digest":
                return await schedules.run(invocation.arguments, incoming, self._store, now=self._clock())
            case _:
                return await commands.run(invocation, incoming, self._store)

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

    async def stop(self, key: ConversationKey) -> bool:
        """Stop what is being answered in a conversation, the queued questions too; whether there was anything."""
        turns = await self._store.request_stop(key)
        self._manager.interrupt(turns)
        self._dispatcher.wake(key)
        return bool(turns)

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
        return self._interrupt(await self._store.delete_messages(channel, ids))

    async def place_deleted(self, place: Within) -> DeletionOutcome:
        """Remove all that was said in a place that is gone."""
        return self._interrupt(await self._store.delete_place(place))

    def _interrupt(self, outcome: DeletionOutcome) -> DeletionOutcome:
        """End what is being answered of what is gone, and let those that run it see to the rest."""
        for key, turns in outcome.interrupted.items():
            self._manager.interrupt(turns)
            self._dispatcher.wake(key)
        return outcome

    async def again(self, id: TurnId, how: Again, *, by: Person, at: datetime) -> Handled:
        """Ask once more, in another way or for the rest; the same twice is done once."""
        turn = await self._store.get_turn(id)
        if turn is None:
            raise InvalidInput("That question is not known here.")
        accepted = [await self._store.accept(each) for each in once_more(turn, how, by=by, at=at)]
        self._dispatcher.wake(turn.incoming.key)
        return Handled(outcome=Outcome.DUPLICATE if accepted[0] is None else Outcome.ANSWERING)

    async def feedback(self, id: TurnId, *, by: Person, good: bool) -> None:
        """Remember whether somebody found an answer good."""
        await self._store.note_feedback(id, by.id, good=good)

    async def turn(self, id: TurnId) -> Turn | None:
        """A turn as it stands."""
        return await self._store.get_turn(id)

    async def effective(self, key: ConversationKey) -> Mapping[str, Effective]:
        """Every parameter as it holds in a conversation."""
        return await effective_at(key, self._store)

    async def change(self, scope: Scope, values: Mapping[str, str | None]) -> None:
        """Set or unset parameters at a scope, all of them or none."""
        parsed = {name: None if text is None else find(name).parse(text) for name, text in values.items()}
        for name, value in parsed.items():
            if value is None:
                await self._store.remove_setting(scope, find(name).name)
            else:
                await self._store.put_setting(scope, find(name).name, find(name).format(value))

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
