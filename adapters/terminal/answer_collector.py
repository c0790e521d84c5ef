"""A place without a screen: keeps the answer of each conversation, for questions that a program asks."""

from __future__ import annotations

from adapters.terminal import Terminal
from bot.ports import Reply
from bot.types import Draft, Turn


class AnswerCollector(Terminal):
    """A terminal that shows nothing; `answers` are the finished drafts by the thread of their conversation."""

    def __init__(self) -> None:
        super().__init__(quiet=True)
        self.answers: dict[str, Draft] = {}

    async def open_reply(self, turn: Turn) -> Reply:
        """Return a reply that is kept once it is finished."""
        return CollectedReply(self.answers, turn)


class CollectedReply:
    """An answer that nobody sees grow."""

    messages: tuple[str, ...] = ()

    def __init__(self, answers: dict[str, Draft], turn: Turn) -> None:
        self._answers = answers
        self._turn = turn

    async def show(self, draft: Draft) -> str:  # noqa: ARG002  nobody sees it
        """Keep nothing of a draft."""
        return f"turn-{self._turn.id}"

    async def finish(self, draft: Draft, *, plain: bool = False) -> str:  # noqa: ARG002  there is but one form
        """Keep the answer."""
        self._answers[self._turn.incoming.key.thread] = draft
        return f"turn-{self._turn.id}"

    async def retract(self, keep: str) -> None:
        """Nothing: nobody has seen it."""
