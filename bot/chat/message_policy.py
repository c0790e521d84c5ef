"""Decide what becomes of what comes in: messages, commands, buttons, forms, shortcuts, reactions, schedules.

Adapters report facts, stores tell the state (`policy_state`), and the inbox asks here, where all else is pure. In five
lines:

* Who may not use the bot here (`bot.access.control`) is told whom to ask; bots are told nothing.
* A command counts with its mark where the bot is meant or takes part; elsewhere the mark is that of another bot.
* What is meant for the bot is answered; with `follow_ups=off` once in each thread.
* Other messages where it takes part are answered if `follow_ups` is `always`, or `auto` and they go on with its talk.
* Everything else said where it takes part is context; the rest is nothing to it.

What is answered is completed here: its place, its words where it has none, what it is about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from bot.access.control import (
    A_BOT,
    DENIED,
    NO_FACTS,
    NO_SHARED_WORKSPACE,
    STRANGER,
    AccessControl,
    AccessFacts,
    reason_to_refuse,
)
from bot.chat.follow_ups import TALK_LENGTH, reason_for_silence
from bot.errors import InvalidInput
from bot.language import gettext, gettext_noop
from bot.parameter_resolver import effective_parameters, values_of
from bot.ports import Store
from bot.types import ANSWER_IN, ANSWER_MESSAGES, EMPTY, Entrance, Incoming, ParameterValue, Task, Utterance

REFUSALS: Final[Mapping[str, str]] = {
    DENIED: gettext_noop("I am not open to you here. Ask an administrator, who can change that with `/access`."),
    STRANGER: gettext_noop(
        "I only answer people of this organisation here. An administrator can change that with "
        "`/set channel strangers answer`."
    ),
    NO_SHARED_WORKSPACE: (
        gettext_noop(
            "I only answer people who share a server with me. Ask an administrator of a server that I am in to "
            "invite you."
        )
    ),
}
"""What people are told to whom the bot is not open, by the reason."""

NOT_MEANT: Final = "not meant for the bot"
FOLLOW_UPS_OFF: Final = "follow_ups is off"
NO_FOLLOW_UPS: Final = gettext_noop("Here I answer only the first question in a thread. Please ask in a new one.")

EMOJI: Final = "\U0001f331"
"""The seedling that people put on a message that was left alone to have it answered."""

ANSWERS_TO_BOTS: Final = 3
"""How many questions of bots are answered in a conversation before a person has to ask: two bots would never end."""


class Action(StrEnum):
    """Action for something that came in."""

    ANSWER = "answer"
    COMMAND = "command"
    CONTEXT = "context"  # remembered, not answered
    TELL = "tell"  # its author alone is told why not
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Decision of the policy; `text` is what the author is told, `reason` is for the log.

    `is_refusal` says that the bot is not open to the author.
    """

    action: Action
    text: str = ""
    reason: str = ""
    is_refusal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyState:
    """State from the stores: whether the bot takes part in the conversation, and the parameters that apply there.

    `talk` is what was said there lately, oldest first; only `follow_ups=auto` looks at it.
    `asked_by_bots` is the number of questions that bots have asked there since a person did. `access` decides whether
    the bot is open to the author.
    """

    has_participated: bool
    parameters: Mapping[str, ParameterValue]
    talk: Sequence[Utterance] = ()
    asked_by_bots: int = 0
    access: AccessFacts = NO_FACTS


NO_PART: Final = PolicyState(has_participated=False, parameters={})


async def policy_state(incoming: Incoming, store: Store, access: AccessControl, *, marked: bool = False) -> PolicyState:
    """Return what the stores know, as far as it can matter for what came in."""
    talks_in_channel = incoming.is_top_level and not incoming.is_directed
    key = replace(incoming.key, thread="") if talks_in_channel else incoming.key
    has_participated = await store.has_participated(key)
    if not (incoming.is_directed or has_participated):
        return NO_PART
    parameters = values_of(await effective_parameters(replace(incoming, key=key), store))
    if talks_in_channel and not marked and parameters.get(ANSWER_IN) != "channel":
        return NO_PART
    facts = await access.facts(incoming)
    state = PolicyState(has_participated=has_participated, parameters=parameters, access=facts)
    key = placed(incoming, state).key
    if incoming.author.is_bot and incoming.is_directed:
        return replace(state, asked_by_bots=await store.asked_by_bots(key, limit=ANSWERS_TO_BOTS))
    if incoming.author.is_bot or incoming.is_directed or parameters.get("follow_ups") != "auto":
        return state
    return replace(state, talk=await store.recent_talk(key, limit=TALK_LENGTH, without=incoming.message_id))


def decide(incoming: Incoming, state: PolicyState, *, command: str = "") -> Decision:
    """Return what becomes of `incoming`; `command` is the name of the command that it is, "" for a question."""
    if refusal := _refuse_author(incoming, state, command):
        return refusal
    if command:
        if incoming.is_directed or state.has_participated:
            return Decision(action=Action.COMMAND)
        return Decision(action=Action.IGNORE, reason="another bot's command")
    if not incoming.is_directed:
        return _follow_up(incoming, state)
    if state.parameters.get("follow_ups") == "off" and _goes_on_in_thread(incoming, state):
        return _no_follow_up(incoming)
    return Decision(action=Action.ANSWER)


def _no_follow_up(incoming: Incoming) -> Decision:
    if incoming.entrance is Entrance.REACTION:  # who reacts waits for no words
        return Decision(action=Action.IGNORE, reason=FOLLOW_UPS_OFF)
    return Decision(action=Action.TELL, text=gettext(NO_FOLLOW_UPS), reason=FOLLOW_UPS_OFF)


def _refuse_author(incoming: Incoming, state: PolicyState, command: str) -> Decision | None:
    access = state.access
    reason = reason_to_refuse(incoming, access.rules, access.membership, state.parameters)
    if incoming.author.is_bot:
        return _refuse_bot(incoming, state, command, reason)
    return _refuse_person(incoming, state, command, reason) if reason else None


def _refuse_bot(incoming: Incoming, state: PolicyState, command: str, reason: str) -> Decision | None:
    """Let a bot ask to which it is open, a few times until a person does. It has no commands, and is told nothing.

    What it says is context like what people say. Its reactions ask nothing: they would be questions of people, which
    end no exchange of bots.
    """
    reason = reason or _reason_against_bot(incoming, state, command)
    if not reason:
        return None
    return Decision(action=_heard_at_most(incoming, state, command), reason=reason)


def _heard_at_most(incoming: Incoming, state: PolicyState, command: str) -> Action:
    """Return what becomes of the words of somebody who may not ask: they are read there as they are in a channel."""
    is_heard = state.has_participated and incoming.entrance is Entrance.MESSAGE and not command
    return Action.CONTEXT if is_heard else Action.IGNORE


def _reason_against_bot(incoming: Incoming, state: PolicyState, command: str) -> str:
    if not incoming.is_directed:
        return A_BOT
    if command or incoming.entrance is Entrance.REACTION:
        return "a bot's command"
    if state.asked_by_bots >= ANSWERS_TO_BOTS:
        return "bots among themselves"
    if state.parameters.get("follow_ups") == "off" and _goes_on_in_thread(incoming, state):
        return FOLLOW_UPS_OFF
    return ""


def _refuse_person(incoming: Incoming, state: PolicyState, command: str, reason: str) -> Decision:
    """Return that somebody is told whom to ask, unless they wait for no words: who reacts, or speaks to others."""
    if not incoming.is_directed:
        return Decision(action=_heard_at_most(incoming, state, command), reason=reason, is_refusal=True)
    if incoming.entrance in {Entrance.REACTION, Entrance.SCHEDULE}:
        return Decision(action=Action.IGNORE, reason=reason)
    return Decision(action=Action.TELL, text=gettext(REFUSALS[reason]), reason=reason, is_refusal=True)


def _follow_up(incoming: Incoming, state: PolicyState) -> Decision:
    reason = NOT_MEANT
    if not state.has_participated:
        return Decision(action=Action.IGNORE, reason=reason)
    match state.parameters.get("follow_ups"):
        case "always":
            return Decision(action=Action.ANSWER)
        case "auto":
            has_files, own_name = bool(incoming.attachments), incoming.bot_name
            reason = reason_for_silence(_said(incoming), state.talk, has_files=has_files, own_name=own_name)
    return Decision(action=Action.CONTEXT, reason=reason) if reason else Decision(action=Action.ANSWER)


def _said(incoming: Incoming) -> Utterance:
    return Utterance(
        speaker=incoming.author.id,
        name=incoming.author.name,
        text=incoming.typed or incoming.text,
        addressees=incoming.addressees,
    )


def _goes_on_in_thread(incoming: Incoming, state: PolicyState) -> bool:
    return state.has_participated and not incoming.is_top_level and not incoming.is_direct and bool(incoming.key.thread)


# ------------------------------------------------------------ a question as it is stored


ABOUT_THREAD: Final = "(mentioned without a question: answer about the thread above)"

EMPTY_QUESTION = gettext_noop(
    "Ask me something: write your question after my name or after `/ask`. `/help` tells what else I can do."
)


def about_thread(incoming: Incoming) -> Incoming:
    """Return a bare mention in a thread as the question that it can only be; everything else as it is."""
    is_bare = incoming.is_directed and not incoming.text.strip() and not incoming.attachments
    in_thread = bool(incoming.key.thread) and not incoming.is_top_level and not incoming.is_direct
    is_question = is_bare and in_thread and incoming.entrance is Entrance.MESSAGE
    return replace(incoming, text=ABOUT_THREAD) if is_question else incoming


def placed(incoming: Incoming, state: PolicyState) -> Incoming:
    """Return a question with the place of its answer.

    Outside threads it belongs to the thread that it starts, or by setting to the channel as one conversation; one for
    its author alone never does.
    """
    if not incoming.is_top_level or incoming.private:
        return incoming
    answer_in = str(state.parameters.get(ANSWER_IN, "thread"))
    key = replace(incoming.key, thread="") if answer_in == "channel" else incoming.key
    return replace(incoming, key=key, platform_data={**incoming.platform_data, ANSWER_IN: answer_in})


def as_stored(question: Incoming, state: PolicyState) -> Incoming:
    """Return a question with the place of its answer, and how many messages that may have where people have set it.

    Raises `InvalidInput` for one without words and files.
    """
    if not question.text.strip() and not question.attachments:
        raise InvalidInput(gettext(EMPTY_QUESTION))
    question, most = placed(question, state), state.parameters.get(ANSWER_MESSAGES)
    if most is None:
        return question
    return replace(question, platform_data={**question.platform_data, ANSWER_MESSAGES: str(most)})


def context_above(question: Incoming) -> tuple[Incoming, ...]:
    """Return the messages that a question is about as context of its conversation, under names that go with its own."""
    if question.task is not Task.ANSWER:
        return ()
    return tuple(
        replace(
            question,
            dedupe_key=f"{question.dedupe_key}/above/{message.message_id}",
            author=message.author,
            text=message.text,
            typed="",
            sent_at=message.sent_at,
            message_id=message.message_id,
            replies_to=message.replies_to,
            attachments=message.attachments,
            overrides=EMPTY,
            is_directed=False,
            task=Task.CONTEXT,
            reply_ref="",
            time_zone=message.time_zone,
            above=(),
            posted=None,
        )
        for message in question.above
        if message.text.strip() or message.attachments
    )
