"""Complete a question before it is stored: its place, its words where it has none, what it is about. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bot.chat.message_policy import PolicyState
from bot.errors import InvalidInput
from bot.language import gettext, gettext_noop
from bot.time_zones import UTC_NAME
from bot.types import ANSWER_IN, ANSWER_MESSAGES, EMPTY, Entrance, Incoming, Task

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


def check_says_something(incoming: Incoming) -> None:
    """Raise `InvalidInput` for a question without words and files."""
    if not incoming.text.strip() and not incoming.attachments:
        raise InvalidInput(gettext(EMPTY_QUESTION))


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


def with_limit(incoming: Incoming, state: PolicyState) -> Incoming:
    """Return a question with the number of messages that its answer may have, where people have set one."""
    most = state.parameters.get(ANSWER_MESSAGES)
    if most is None:
        return incoming
    return replace(incoming, platform_data={**incoming.platform_data, ANSWER_MESSAGES: str(most)})


def said_above(question: Incoming) -> tuple[Incoming, ...]:
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
            attachments=message.attachments,
            overrides=EMPTY,
            is_directed=False,
            task=Task.CONTEXT,
            time_zone=UTC_NAME,
            above=(),
            posted=None,
        )
        for message in question.above
        if message.text.strip() or message.attachments
    )
