"""The front door: what an adapter delivers is stored as a turn, carried out as a command, or passed over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from bot.access.pace import QuestionPace
from bot.access.roles import Permissions, Role
from bot.chat.message_policy import (
    NO_PART,
    Action,
    Decision,
    PolicyState,
    about_thread,
    as_stored,
    context_above,
    decide,
    placed,
    policy_state,
)
from bot.commands.command import Call, Result, Services
from bot.commands.parser import Invocation, parse, refuse_unknown, unknown_command
from bot.commands.scope_args import values_to_set
from bot.commands.stop import stop_turns
from bot.commands.usage_report import DAYS, last_days, usage_text
from bot.context.transcript import message_ids
from bot.errors import InvalidInput, UsageError
from bot.language import gettext
from bot.parameter_resolver import effective_at, effective_parameters, spoken, values_of
from bot.parameters import Effective, Scope
from bot.turns.conversation_manager import ConversationManager
from bot.turns.corrections import answered_before, asks_no_more, edit_of, last_repeat, would_be_kept
from bot.turns.dispatcher import Dispatcher
from bot.turns.effect_runner import EffectRunner
from bot.turns.effects import AcceptTurns, Effect, Expected, NoteFeedback, SetParameters, telling
from bot.turns.followups import UNDER_WAY, once_more
from bot.turns.ignored_log import IgnoredLog
from bot.turns.ownership import check_again
from bot.types import (
    ConversationKey,
    DeletionOutcome,
    Entrance,
    FollowUp,
    HandleResult,
    Incoming,
    Outcome,
    PendingAnswer,
    RequestRecord,
    Task,
    Turn,
    TurnId,
    Within,
)

ASKED_BY_EDIT: Final = timedelta(days=1)
"""How long after it was written an edit can make a message a question; what is older may have been one, and be gone."""

PASSED_OVER: Final = HandleResult(outcome=Outcome.IGNORED)


class Inbox:
    """A `Bot`: durable before it says so, everything once however often it is delivered."""

    def __init__(self, manager: ConversationManager, dispatcher: Dispatcher, services: Services) -> None:
        self._store = services.store
        self._access = services.access
        self._services = services
        self._manager = manager
        self._dispatcher = dispatcher
        self._effects = EffectRunner(services.store, manager, dispatcher, clock=services.clock)
        self._ignored = IgnoredLog()
        self._pace = QuestionPace()

    @spoken
    async def handle(self, incoming: Incoming) -> HandleResult:
        """Store a question, carry out a command, or pass over what is not meant for the bot."""
        try:
            return await self._handle(incoming)
        except InvalidInput as error:
            if incoming.author.is_bot:  # it would answer what it is told
                return await self._pass_over(incoming, "a bot's mistake")
            return await self._effects.refuse(incoming, error)

    async def _handle(self, incoming: Incoming) -> HandleResult:
        words = incoming.typed or incoming.text
        invocation = parse(words, directed=incoming.is_directed)
        self._manager.note_said(incoming)
        added = self._manager.addition(incoming)
        if added is not None and invocation is None:
            state = await self._state(added)
            if (decision := decide(added, state)).action is Action.ANSWER:
                return await self._follow(decision, added, state)
        unknown = unknown_command(words) if invocation is None and incoming.is_directed else ""
        state = await self._state(incoming, marked=invocation is not None)
        decision = decide(incoming, state, command=invocation.command.name if invocation else unknown)
        if decision.action is Action.COMMAND and unknown:
            raise refuse_unknown(words)
        if invocation is None or decision.action is not Action.COMMAND:
            return await self._follow(decision, about_thread(incoming), state)
        try:
            result = await self._call(invocation, incoming)
        except UsageError:
            if invocation.marked:
                raise
            result = incoming  # what does not fit was a question
        if not isinstance(result, Incoming):
            return await self._effects.once(incoming, result)
        return await self._follow(decide(result, state), result, state)

    async def _call(self, invocation: Invocation, incoming: Incoming) -> Result:
        """Return what a command comes to; nothing is changed yet. Raises `InvalidInput`."""
        command, arguments = invocation.command, invocation.arguments
        if command.elsewhere and not incoming.bot_is_member:
            raise InvalidInput(gettext(command.elsewhere))
        return await command.handler(
            Call(
                command=command,
                incoming=incoming,
                arguments=arguments,
                values=command.read(arguments),
                services=self._services,
                permissions=await self._access.permissions(incoming),
            )
        )

    # ------------------------------------------------------------ what is done with it

    async def _state(self, incoming: Incoming, *, marked: bool = False) -> PolicyState:
        return await policy_state(incoming, self._store, self._access, marked=marked)

    async def _follow(self, decision: Decision, incoming: Incoming, state: PolicyState) -> HandleResult:
        """Do what was decided of something that is no command."""
        if decision.action is Action.ANSWER:
            return await self._take(incoming, state)
        if decision.action is Action.TELL:
            return await self._tell(decision, incoming)
        if decision.action is Action.CONTEXT and (incoming.text.strip() or incoming.attachments):
            await self._store.enqueue(replace(placed(incoming, state), task=Task.CONTEXT))  # for the next question
            incoming = replace(incoming, posted=None)  # it was stored with it
        is_noted = decision.action is Action.IGNORE or incoming.is_directed or decision.is_refusal
        return await self._pass_over(incoming, decision.reason if is_noted else "")

    async def _tell(self, decision: Decision, incoming: Incoming) -> HandleResult:
        """Tell the author why not, once; to whom the bot is not open that is said once an hour, whatever they write."""
        if await self._store.is_known(incoming):  # the question itself, delivered again
            return HandleResult(outcome=Outcome.DUPLICATE)
        is_said = decision.is_refusal and incoming.entrance is Entrance.MESSAGE
        if is_said and not await self._effects.is_first_refusal(incoming):
            return await self._pass_over(incoming, decision.reason)
        return replace(await self._effects.once(incoming, telling(decision.text)), is_refusal=decision.is_refusal)

    async def _pass_over(self, incoming: Incoming, reason: str) -> HandleResult:
        """Let nothing come of a message; one that no platform keeps is stored, and a reason is counted."""
        if incoming.posted is not None:
            await self._store.put_messages([incoming.posted])
        if reason:
            await self._ignored.note(incoming.key, reason)
        return PASSED_OVER

    async def _control(self, asked: Incoming, effect: Effect[Any]) -> HandleResult:
        """Carry out what somebody does with a control, if that is open to them."""
        return await self.refuse(asked) or await self._effects.once(asked, effect)

    @spoken
    async def refuse(self, asked: Incoming) -> HandleResult | None:
        """Tell whoever uses a command or a control that it is not open to them; None when it is."""
        state = await self._state(asked)
        decision = decide(asked, state, command=asked.entrance)
        return None if decision.action is Action.COMMAND else await self._follow(decision, asked, state)

    async def begin(self, asked: Incoming) -> bool:
        """Store what the platform is about to be told is under way; False when somebody else has it."""
        return await self._store.begin(asked)

    async def admits(self, scheduled: Incoming) -> bool:
        """Return whether what somebody has put on a schedule may still be asked for them."""
        return decide(scheduled, await self._state(scheduled)).action is Action.ANSWER

    @spoken
    async def reply(self, asked: Incoming, text: str) -> HandleResult:
        """Answer an incoming with `text`, in its author's language, if what it came by is open to them."""
        return await self._control(asked, telling(gettext(text)))

    async def mark_answered(self, asked: Incoming) -> None:
        """Note that the author of an incoming was told what there is to tell."""
        await self._effects.mark_answered(asked)

    async def take_pending_answers(self, platform: str) -> Sequence[PendingAnswer]:
        """Take over what a crash kept from its authors, as long as somebody may wait for it."""
        return await self._effects.take_pending_answers(platform)

    # ------------------------------------------------------------ controls

    async def usage(self, asked: Incoming) -> str:
        """Return what somebody's own questions used and cost."""
        services = self._services
        return await usage_text("me", last_days(DAYS, services.clock()), asked, self._store, services.rates.card())

    @spoken
    async def stop(self, key: ConversationKey, *, asked: Incoming, stopped: str = "", idle: str = "") -> HandleResult:
        """Stop what is being answered to the author of `asked`, the queued questions too; managers stop all."""
        if refusal := await self.refuse(asked):
            return refusal
        try:
            change = await stop_turns(key, asked, (await self._access.permissions(asked)).role, self._store)
        except InvalidInput as error:
            return await self._effects.refuse(asked, error)
        return await self._effects.once(asked, Effect(change=change, tell=lambda turns: stopped if turns else idle))

    async def on_message_edited(self, message: Incoming, *, at: datetime, by_platform: bool = False) -> HandleResult:
        """Follow an edited message: a question that waits is asked as it reads now, what was sent is corrected.

        What was no question before, as its mention was forgotten, is asked; one that waits and is none any more, as
        its mention went, is not.
        """
        edit = edit_of(message, at)
        if by_platform or (message.author.is_bot and not message.is_directed):  # who edits once a second while writing
            await self._store.edit_waiting(message.key, edit, asked=by_platform)
            return PASSED_OVER
        is_recent = self._services.clock() - message.sent_at <= ASKED_BY_EDIT
        is_awaited = is_recent and await would_be_kept(message, self._services, self._manager)
        await self._store.edit_message(message.key, edit, is_awaited=is_awaited)
        message = replace(message, posted=None)  # it was stored with the edit
        if not is_recent:
            return PASSED_OVER
        if await self._store.is_known(message):
            if await asks_no_more(message, self._services, self._manager):
                return PASSED_OVER
            return replace(PASSED_OVER, answered=await answered_before(message, self._store))
        return await self._ask_edited(message) if message.is_directed else PASSED_OVER

    @spoken
    async def on_reaction(self, message: Incoming, *, asked: Incoming) -> HandleResult:
        """Answer a message that somebody reacts to, unless it was asked before; they decide, not its author.

        It is stored under its own name, so that it is one question however it comes in.
        """
        state = await self._state(asked)
        decision = decide(asked, state)
        if decision.action is not Action.ANSWER:
            return await self._follow(decision, asked, state)
        question = await self._question(message)
        return PASSED_OVER if question is None else await self._take_up(question, await self._state(question), asked)

    async def _ask_edited(self, message: Incoming) -> HandleResult:
        """Answer what an edit has made a question."""
        question = await self._question(message)
        state = NO_PART if question is None else await self._state(question)
        if question is None or decide(question, state).action is not Action.ANSWER:
            return PASSED_OVER
        return await self._take_up(question, state, question)

    async def _take_up(self, question: Incoming, state: PolicyState, by: Incoming) -> HandleResult:
        """Store as a question what was none when it was sent; whoever wants that of too many waits for no words."""
        try:
            return await self._take(question, state, by=by)
        except InvalidInput:
            return await self._pass_over(question, "pace")

    async def _question(self, message: Incoming) -> Incoming | None:
        """Return what a message asks that was none to answer as it was sent; None for nothing, and for commands.

        Those count only as they were sent, but for the ones that ask the model.
        """
        if not (message.text.strip() or message.attachments):
            return None
        words = message.typed or message.text
        invocation = parse(words, directed=True)
        if invocation is None:
            return None if unknown_command(words) else message
        try:
            result = await self._call(invocation, message)
        except InvalidInput as error:
            return message if isinstance(error, UsageError) and not invocation.marked else None
        return result if isinstance(result, Incoming) else None

    async def on_message_deleted(self, channel: ConversationKey, *ids: str) -> DeletionOutcome:
        """Remove deleted messages at once, knowingly breaking the cached prefix: people's wish beats the price."""
        return self._effects.end(await self._store.delete_messages(channel, ids))

    async def on_place_deleted(self, place: Within) -> DeletionOutcome:
        """Remove all that was said in a place that is gone; of a whole workspace that is recorded."""
        return await self._effects.remove_place(place)

    @spoken
    async def remove_channel(self, key: ConversationKey, *, asked: Incoming) -> HandleResult:
        """Remove a channel of the playground with all that was said there."""
        return await self._effects.remove_channel(key, asked)

    async def on_workspace_joined(self, workspace: Within, *, by: str) -> None:
        """Record that the bot was added to a workspace, by somebody's id, "" where the platform does not tell."""
        await self._effects.record_platform("install", workspace, by=by)

    @spoken
    async def follow_up(self, id: TurnId, how: FollowUp, *, asked: Incoming) -> HandleResult:
        """Ask once more, in another way or for the rest; the same twice is done once."""
        if refusal := await self.refuse(asked):
            return refusal
        try:
            questions = await self._once_more(id, how, asked)
        except InvalidInput as error:
            return await self._effects.refuse(asked, error)
        asking = AcceptTurns(questions=questions)
        effect = Effect(change=asking, tell=lambda ids: gettext(UNDER_WAY) if ids[0] is None else "")
        handled = await self._effects.once(asked, effect)
        is_begun = handled.outcome is Outcome.REPLIED and not handled.text
        return replace(handled, outcome=Outcome.ANSWERING) if is_begun else handled

    async def _once_more(self, id: TurnId, how: FollowUp, asked: Incoming) -> tuple[Incoming, ...]:
        turn = await self._store.get_turn(id)
        if turn is None:
            raise InvalidInput(gettext("I do not know that question any more."))
        last, by = await last_repeat(turn, how, self._store), asked.author
        questions = tuple(once_more(turn, how, by=by, at=asked.sent_at, last=last))
        if (await self._access.permissions(asked)).role < Role.MANAGER:
            check_again(by, turn)
        parameters = values_of(await effective_parameters(asked, self._store))
        self._pace.note(replace(asked, dedupe_key=questions[0].dedupe_key), parameters, self._services.clock())
        return questions

    async def feedback(self, id: TurnId, *, good: bool, asked: Incoming, answer: str = "") -> HandleResult:
        """Remember whether somebody found an answer good."""
        change = NoteFeedback(turn=id, person=asked.author.id, good=good)
        return await self._control(asked, Effect(change=change, tell=lambda _: answer))

    async def turn(self, id: TurnId) -> Turn | None:
        """Return a turn as it stands."""
        return await self._store.get_turn(id)

    async def get_parameters(self, key: ConversationKey) -> Mapping[str, Effective]:
        """Every parameter as it holds in a conversation."""
        return await effective_at(key, self._store)

    async def permissions(self, asked: Incoming) -> Permissions:
        """Return what the author of `asked` may set where it stands."""
        return await self._access.permissions(asked)

    @spoken
    async def set_parameters(
        self,
        scope: Scope,
        values: Mapping[str, str | None],
        *,
        asked: Incoming,
        answer: str = "",
        expected: Mapping[str, str | None] | None = None,
    ) -> HandleResult:
        """Set or unset parameters at a scope, all of them or none."""
        try:
            formatted = values_to_set(values, scope, asked, await self._access.permissions(asked))
        except InvalidInput as error:
            return await self._effects.refuse(asked, error)
        seen = None if expected is None else Expected(expected)
        effect = Effect(change=SetParameters(scope=scope, values=formatted, expected=seen), tell=lambda _: answer)
        return await self._control(asked, effect)

    async def recent_conversations(self, platform: str, *, since: datetime) -> Mapping[ConversationKey, datetime]:
        """Return the conversations with questions since then, and when the newest was asked."""
        return await self._store.active_conversations(platform, since=since)

    async def kept_messages(self, key: ConversationKey, *, limit: int) -> Sequence[str]:
        """Return the ids of the newest messages that were sent in a conversation, or are to be, oldest first."""
        kept = await self._store.get_conversation(key)
        sent = message_ids(await self._store.get_entries(key, start=kept.window_start if kept else 0))
        unsent = await self._store.unsent_messages(key, limit=limit)
        return list(dict.fromkeys((*sent, *unsent)))[-limit:]

    async def request_history(self, key: ConversationKey, *, limit: int) -> Sequence[RequestRecord]:
        """Return the newest requests of a conversation in figures, oldest first."""
        return await self._store.recent_requests(key, limit=limit)

    async def _take(self, incoming: Incoming, state: PolicyState, *, by: Incoming | None = None) -> HandleResult:
        """Store a question, which counts when it was asked, however late it is read; `by` is what takes it up now,
        where it was none when it was sent. Raises `InvalidInput`.
        """
        incoming = as_stored(incoming, state)
        now = self._services.clock()
        self._pace.note(by or incoming, state.parameters, now if by is not None else min(incoming.sent_at, now))
        if by is not None:
            await self._store.drop_context(incoming)
        for message in context_above(incoming):
            await self._store.enqueue(message)
        if await self._store.enqueue(incoming, again=by is not None) is None:
            return HandleResult(outcome=Outcome.DUPLICATE)
        self._manager.add(incoming)
        self._dispatcher.wake(incoming.key)
        return HandleResult(outcome=Outcome.ANSWERING, key=incoming.key)
