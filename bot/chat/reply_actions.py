"""Buttons of an answer: which ones it has, and what pressing one does. Platforms only draw them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Final

from bot.commands.search import DEPTHS
from bot.errors import InvalidInput
from bot.language import gettext, gettext_noop
from bot.ports import Bot
from bot.types import Draft, FollowUp, HandleResult, Incoming, Turn

ENDED: Final = frozenset({"done", "stopped", "failed"})
"""The states of an answer to which nothing is added any more."""

SEARCHING: Final = "enable_web_search"
NOT_KNOWN: Final = gettext_noop("I do not know that answer any more.")


class ReplyAction(StrEnum):
    """Action of a button."""

    STOP = "stop"
    RETRY = "retry"
    REGENERATE = "regenerate"
    CONTINUE = "continue"
    CORRECT = "correct"
    GOOD = "good"
    BAD = "bad"
    DEEPER = "deeper"
    SHARE = "share"


LABELS: Final[Mapping[ReplyAction, str]] = {
    ReplyAction.STOP: gettext_noop("Stop"),
    ReplyAction.RETRY: gettext_noop("Try again"),
    ReplyAction.REGENERATE: gettext_noop("Regenerate"),
    ReplyAction.CONTINUE: gettext_noop("Continue"),
    ReplyAction.CORRECT: gettext_noop("Answer again"),
    ReplyAction.GOOD: gettext_noop("Helpful"),
    ReplyAction.BAD: gettext_noop("Not helpful"),
    ReplyAction.DEEPER: gettext_noop("Search deeper"),
    ReplyAction.SHARE: gettext_noop("Share"),
}

UNDO: Final = gettext_noop("Undo")
"""The button below a confirmation of what can be taken back."""

FOLLOW_UPS: Final[Mapping[ReplyAction, FollowUp]] = {
    ReplyAction.RETRY: FollowUp.RETRY,
    ReplyAction.REGENERATE: FollowUp.REGENERATE,
    ReplyAction.CONTINUE: FollowUp.CONTINUE,
    ReplyAction.CORRECT: FollowUp.CORRECT,
}


def actions_of(draft: Draft) -> Sequence[ReplyAction]:
    """Return what can be done with an answer in this state."""
    if draft.status not in ENDED:
        return (ReplyAction.STOP,)
    if draft.status == "failed":
        return (ReplyAction.RETRY,)
    actions = [ReplyAction.REGENERATE]
    if draft.is_cut:
        actions.append(ReplyAction.CONTINUE)
    if draft.text.strip():
        actions += [ReplyAction.GOOD, ReplyAction.BAD]
    return actions


def further_actions_of(draft: Draft, turn: Turn) -> Sequence[ReplyAction]:
    """Return what can be done beside that with a finished answer: to search deeper, and to show it to everybody."""
    if draft.status not in ENDED or draft.status == "failed":
        return ()
    actions = [ReplyAction.DEEPER] if is_search(turn) else []
    if turn.incoming.private and draft.text:
        actions.append(ReplyAction.SHARE)
    return actions


def is_search(turn: Turn) -> bool:
    """Return whether web search was asked for by the question itself."""
    return turn.incoming.overrides.get(SEARCHING) == "yes"


async def press(
    bot: Bot, action: ReplyAction, turn: Turn, *, asked: Incoming, idle: str = "", thanks: str = ""
) -> HandleResult:
    """Carry out a press that has its effect here and now, once for `asked`.

    Who presses Stop too late is told `idle`, who rates the answer is told `thanks`. Raises `InvalidInput` and
    `StorageError`.
    """
    match action:
        case ReplyAction.STOP:
            return await bot.stop(turn.incoming.key, asked=asked, idle=idle)
        case ReplyAction.GOOD | ReplyAction.BAD:
            return await bot.feedback(turn.id, good=action is ReplyAction.GOOD, asked=asked, answer=thanks)
        case _:
            return await bot.follow_up(turn.id, FOLLOW_UPS[action], asked=asked)


def deeper(turn: Turn, asked: Incoming) -> Incoming:
    """Return the question of a turn as `asked` asks it once more, to be searched for more thoroughly."""
    return replace(
        asked,
        text=turn.incoming.text,
        private=turn.incoming.private,
        key=turn.incoming.key,
        is_top_level=turn.incoming.is_top_level,
        overrides={**turn.incoming.overrides, **DEPTHS["deep"]},
    )


def shared(turn: Turn) -> tuple[Turn, Draft]:
    """Return a private answer as it is shown to everybody. Raises `InvalidInput` when its text is gone."""
    if turn.draft is None or not turn.draft.text:
        raise InvalidInput(gettext(NOT_KNOWN))
    return replace(turn, incoming=replace(turn.incoming, private=False)), turn.draft
