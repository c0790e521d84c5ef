"""A platform as the tests of this folder see it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass, replace

from bot.ports import Platform
from bot.types import Incoming, Turn, TurnState


def _nothing() -> None:
    """Nothing is refused there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A platform with one question in it.

    `platform` opens it as a new process would; `seen` are the texts of the bot's messages below the question, in order,
    and `told` those that the asker alone sees while the block lasts. Where the platform `refuses`, posts, edits and
    deletions in the channel can be refused from then on, people can delete the answers, and `close` takes the bot's
    right to write there away and gives what brings it back.
    """

    platform: Callable[[], AbstractAsyncContextManager[Platform]]
    question: Incoming
    seen: Callable[[], SeenTexts]
    told: Callable[[], AbstractContextManager[Callable[[], list[str]]]]
    refuses: bool = True
    refuse_posts: Callable[[], None] = _nothing
    refuse_edits: Callable[[], None] = _nothing
    refuse_deletions: Callable[[], None] = _nothing
    delete_answers: Callable[[], None] = _nothing
    close: Callable[[], Callable[[], None]] = lambda: _nothing

    def turn(self, **changes: object) -> Turn:
        """The turn of the question as its first runner has it."""
        turn = Turn(id=7, incoming=self.question, state=TurnState.RUNNING, epoch=1, attempt=1)
        turn = replace(turn, **changes)  # type: ignore[arg-type]  # fields of a turn
        return (
            turn if turn.epoch == 1 else replace(turn, post_begun_at=self.question.sent_at)
        )  # nobody noted what came last


SeenTexts = AbstractAsyncContextManager[list[str]]
