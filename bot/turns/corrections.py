"""Follow edits of messages: before they come, while they wait, and, by another answer, after theirs."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.chat.message_policy import Action, decide, placed, policy_state
from bot.commands.command import Services
from bot.commands.parser import parse, question_in
from bot.context.transcript import correction_entry
from bot.errors import InvalidInput
from bot.language import gettext
from bot.ports import Store
from bot.turns.conversation_manager import ConversationManager
from bot.turns.followups import UNDER_WAY, corrected, correction_key
from bot.types import Edit, FollowUp, Incoming, Task, Turn, TurnId, TurnState


def edit_of(message: Incoming, at: datetime) -> Edit:
    """Return the edit of a message, `message` as it is now: a question that it asks by a command is its text. Pure."""
    typed = message.typed or message.text
    asked = question_in(typed)
    text = message.text if asked == typed else asked
    correction = correction_entry(replace(message, text=text), at)
    return Edit(message_id=message.message_id, text=text, at=at, correction=correction, posted=message.posted)


async def would_be_kept(message: Incoming, services: Services, manager: ConversationManager) -> bool:
    """Return whether an edited message would be answered or remembered if it came now: its edit may be before it."""
    if message.is_directed or manager.addition(message) is not None:
        return True
    return decide(message, await policy_state(message, services.store, services.access)).action is not Action.IGNORE


async def asks_no_more(message: Incoming, services: Services, manager: ConversationManager) -> bool:
    """Set aside a question that waits and that an edit has made none; return whether it did."""
    words, store = message.typed or message.text, services.store
    if message.is_directed or parse(words, directed=False) is not None:
        return False
    state = await policy_state(message, store, services.access)
    action = decide(message, state).action
    if action is Action.ANSWER or not await store.set_aside(message):
        return False
    if action is not Action.CONTEXT:
        await store.drop_context(message)
    manager.take_back(placed(message, state).key)
    return True


async def answered_before(message: Incoming, store: Store) -> TurnId | None:
    """Return the turn that has answered a message and can answer it again for its author, None for no such turn.

    One that is not over yet reads the edit by itself.
    """
    id = await store.turn_of(message)
    turn = None if id is None else await store.get_turn(id)
    if turn is None or turn.incoming.author.id != message.author.id or message.author.is_bot or turn.withdrawn:
        return None
    if turn.incoming.task is not Task.ANSWER:
        return None
    has_ended = (turn.outcome or turn.state) in {TurnState.DONE, TurnState.CANCELLED}
    return turn.id if has_ended and turn.incoming.text.strip() else None


async def last_repeat(turn: Turn, how: FollowUp, store: Store) -> TurnId:
    """Return the turn that what is asked now follows: of corrected questions the newest, else `turn` itself.

    Raises `InvalidInput` for a question that reads as it did when it was answered last.
    """
    last = turn.id
    if how is not FollowUp.CORRECT:
        return last
    while (newer := await store.turn_of(replace(turn.incoming, dedupe_key=correction_key(last)))) is not None:
        last = newer
    repeated = None if last == turn.id else await store.get_turn(last)
    if repeated is not None and corrected(turn) in {item.text for item in (repeated.incoming, *repeated.coalesced)}:
        raise InvalidInput(gettext(UNDER_WAY))
    return last
