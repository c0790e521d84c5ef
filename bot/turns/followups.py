"""Continue a turn that has ended: once more, in another way, or with the rest. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.errors import InvalidInput
from bot.language import gettext, gettext_noop
from bot.types import FollowUp, Incoming, Person, Task, Turn, TurnId, TurnState

ANOTHER_WAY = "Please answer this once more, in another way: {question}"
AS_IT_READS = "I have edited my question. Please answer it as it reads now: {question}"
THE_REST = "Please go on exactly where your last answer ends."
UNDER_WAY = gettext_noop("I am already on it.")

ENDED = frozenset({TurnState.DONE, TurnState.CANCELLED, TurnState.FAILED})
ALLOWED: Mapping[FollowUp, frozenset[TurnState]] = {
    FollowUp.RETRY: frozenset({TurnState.FAILED}),
    FollowUp.REGENERATE: frozenset({TurnState.DONE, TurnState.CANCELLED}),
    FollowUp.CONTINUE: frozenset({TurnState.DONE, TurnState.CANCELLED}),
    FollowUp.CORRECT: frozenset({TurnState.DONE, TurnState.CANCELLED}),
}


def once_more(turn: Turn, how: FollowUp, *, by: Person, at: datetime, last: TurnId | None = None) -> Sequence[Incoming]:
    """Return what is asked to go on with `turn`; the same twice has the same dedupe keys. Raises `InvalidInput`.

    `last` is the turn that has answered an edited question last, None for `turn` itself.
    """
    state = turn.outcome or turn.state  # once recorded it has ended; notes may still be made for later questions
    if state not in ENDED:
        raise InvalidInput(gettext("That answer is still being written."))
    if state not in ALLOWED[how]:
        raise InvalidInput(
            gettext("That question has been answered already.")
            if how is FollowUp.RETRY
            else gettext("There is no answer to continue.")
        )
    if not turn.incoming.text.strip() and not turn.incoming.attachments:
        raise InvalidInput(gettext("That question has been forgotten. Please ask again."))
    if how is FollowUp.RETRY:
        return _the_same(turn, how)
    if turn.incoming.task is not Task.ANSWER:
        return _the_same(turn, how)
    # Attachments are in view already; a new source id would make an edit of the question change this one too.
    return [
        replace(
            turn.incoming,
            dedupe_key=f"{how.value}:{turn.id if last is None else last}",
            author=by,
            text=_asking(turn, how),
            sent_at=at,
            message_id="",
            attachments=(),
            reply_ref="" if how is FollowUp.CONTINUE else turn.reply_ref or "",
        )
    ]


def _asking(turn: Turn, how: FollowUp) -> str:
    match how:
        case FollowUp.CONTINUE:
            return THE_REST
        case FollowUp.CORRECT:
            return corrected(turn)
        case _:
            return ANOTHER_WAY.format(question=_question(turn))


def corrected(turn: Turn) -> str:
    """Return what asks the question of `turn` as it reads now."""
    return AS_IT_READS.format(question=_question(turn))


def _question(turn: Turn) -> str:
    return "\n".join(item.text for item in (turn.incoming, *turn.coalesced))


def correction_key(turn: TurnId) -> str:
    """Return the dedupe key under which an edited question is asked after `turn`."""
    return f"{FollowUp.CORRECT.value}:{turn}"


def follow_up_keys(turn: TurnId) -> Sequence[str]:
    """Return the dedupe keys under which what repeats the question of a turn is asked."""
    return [
        f"{FollowUp.REGENERATE.value}:{turn}",
        f"{FollowUp.CONTINUE.value}:{turn}",
        correction_key(turn),
        f"{FollowUp.RETRY.value}:{turn}:0",
    ]


def _the_same(turn: Turn, how: FollowUp) -> Sequence[Incoming]:
    """Return the question and what was answered together with it, into the message that is there."""
    asked = (turn.incoming, *turn.coalesced)
    return [
        replace(
            item,
            dedupe_key=f"{how.value}:{turn.id}:{number}",
            reply_ref="" if number else turn.reply_ref or "",
        )
        for number, item in enumerate(asked)
    ]
