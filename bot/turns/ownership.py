"""Check who may stop, repeat and forget a question: who asked it, and who manages the channel. Pure.

Managers are not asked here: they may do all of it.
"""

from __future__ import annotations

from collections.abc import Set

from bot.errors import InvalidInput
from bot.language import gettext, gettext_noop
from bot.types import Person, Turn

NOT_YOURS_TO_STOP = gettext_noop(
    "Only the person who asked, a manager of this channel or an administrator can stop this answer."
)
NOT_YOURS_TO_REPEAT = gettext_noop(
    "Only the person who asked, a manager of this channel or an administrator can do that with this answer."
)
NOT_YOURS_TO_FORGET = gettext_noop(
    "Other people have written here as well, so only a manager of this channel or an administrator can delete it. "
    "`/forget me` deletes what you asked yourself."
)


def check_stop(by: Person, askers: Set[str]) -> None:
    """Raise `InvalidInput` when answers can be stopped, and all of them are to others; `askers` are their ids."""
    if askers and by.id not in askers:
        raise InvalidInput(gettext(NOT_YOURS_TO_STOP))


def check_again(by: Person, turn: Turn) -> None:
    """Raise `InvalidInput` unless `by` asked the first question of `turn`; later ones were answered along with it."""
    if turn.incoming.author.id != by.id:
        raise InvalidInput(gettext(NOT_YOURS_TO_REPEAT))


def check_forget(by: Person, authors: Set[str]) -> None:
    """Raise `InvalidInput` unless all that would be lost is from `by`; `authors` are ids."""
    if authors - {by.id}:
        raise InvalidInput(gettext(NOT_YOURS_TO_FORGET))
