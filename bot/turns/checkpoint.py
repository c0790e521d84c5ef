"""Checkpoint a running turn so that a restart can resume it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.ports import Clock, TurnStore
from bot.types import Draft, Turn

CHECKPOINT_SECONDS = 2.0
"""How much of a stream a crash may cost: the least time between two stored drafts."""


class Checkpoint:
    """Store what a crash must not lose: the first visible message at once, the text every few seconds.

    Ask as well whether the turn is still this runner's, before anything of it is shown.
    """

    def __init__(self, store: TurnStore, turn: Turn, clock: Clock, *, stop: asyncio.Event) -> None:
        self._store = store
        self._turn = turn
        self._stop = stop
        self._clock = clock
        self._noted: tuple[str | None, Sequence[str]] = turn.reply_ref, ()
        self._saved_at = clock()

    async def note(self, ref: str, messages: Sequence[str]) -> None:
        """Store where the reply stands, if that has changed. Raises `ClaimLost`."""
        if (ref, messages) != self._noted:
            self._heed(await self._store.set_reply_ref(self._turn, ref, messages))
            self._noted = ref, messages

    async def ask(self, draft: Draft) -> None:
        """Ask whether `draft` may be shown, right before it is, and store it every few seconds.

        Raises `ClaimLost`, before who was held up shows it beside or over another's answer.
        """
        if (self._clock() - self._saved_at).total_seconds() < CHECKPOINT_SECONDS:
            self._heed(await self._store.check_claim(self._turn))
            return
        self._heed(await self._store.save_draft(self._turn, draft))
        self._saved_at = self._clock()

    def _heed(self, stop: bool) -> None:
        if stop:  # told again here, in case the word of it came before this turn began or got lost on the way
            self._stop.set()
