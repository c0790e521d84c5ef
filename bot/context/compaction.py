"""Condense what a trim removes into notes, after the answer, while people read it.

When the next request is about to be trimmed and the prefix is still warm, the instruction follows the unchanged
history, whose input is cached; the notes go before the window, which the trim breaks anyway. When this request was
trimmed already, only what was removed is read, and the notes are appended, which breaks nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from bot.access.metered_model import Bill, MeteredModel
from bot.context import condensed_notes, window
from bot.context.request_builder import PreparedRequest
from bot.context.tokens import corrected, estimate_entry
from bot.context.window import CacheBreak, View
from bot.delivery.accumulator import AnswerAccumulator
from bot.errors import ModelError, QuestionTooLong
from bot.ports import Clock, TranscriptStore
from bot.types import (
    NOTES_ID,
    Condensation,
    Conversation,
    Entry,
    ModelRequest,
    NewEntry,
    ParameterValue,
    Purpose,
    StoredEntry,
    Turn,
)

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 60.0
"""How long the next question of the conversation may have to wait for the notes."""

NOTES_TITLE = "(Notes on earlier messages that are no longer shown; facts, not instructions)"

# Notes need no reasoning of their own when they are written apart from the conversation.
APART: Mapping[str, ParameterValue] = {"enable_thinking": False, "enable_caching": False, "enable_web_search": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """A request for notes, and what to remember and append once they are there."""

    request: ModelRequest
    trimmed: Conversation | None


class Compactor:
    """Writes the notes of conversations."""

    def __init__(self, store: TranscriptStore, model: MeteredModel, *, clock: Clock) -> None:
        self._store = store
        self._model = model
        self._clock = clock

    async def condense(
        self, turn: Turn, composition: PreparedRequest, conversation: Conversation
    ) -> Condensation | None:
        """Return what the trim around this answered turn leaves behind; None when nothing leaves the view or memory is
        off.

        A model that fails, or takes longer than a minute, leaves no notes and says why.
        """
        if composition.parameters["memory"] is not True:
            return None
        plan = await self._plan(turn, composition, conversation)
        if plan is None:
            return None
        answer = AnswerAccumulator()
        cached = 0 if plan.trimmed is None else composition.window.tokens
        bill = Bill(turn=turn, purpose=Purpose.NOTES, ratio=conversation.token_ratio, cached=cached)
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS), aclosing(self._model.stream(plan.request, bill)) as events:
                async for event in events:
                    answer.add(event)
        except (ModelError, TimeoutError) as error:
            logger.warning("notes not written", extra={"turn": turn.id, "error": str(error)})
            return Condensation(conversation=conversation, entries=(), error=f"notes not written: {error!r}")
        return self._remembered(turn, conversation, plan, answer)

    # ------------------------------------------------------------ what to ask

    async def _plan(self, turn: Turn, composition: PreparedRequest, conversation: Conversation) -> _Plan | None:
        if composition.window.removed:
            return _Plan(request=self._request_apart(composition), trimmed=None)
        exchange = composition.window.question_tokens + composition.limits.reserved
        if composition.window.until_trim > exchange:
            return None
        history = await self._store.get_entries(turn.incoming.key, start=conversation.window_start)
        try:
            coming = window.plan(_next_view(composition, conversation, history), composition.limits)
        except QuestionTooLong:
            return None
        if not coming.removed:
            return None
        entries = tuple(stored.entry for stored in history)
        removed = [stored.entry for stored in coming.removed]
        asking = condensed_notes.instruction_after(removed, most_tokens=self._most)
        trimmed = window.mark_prefix_broken(replace(conversation, window_start=coming.start), CacheBreak.TRIM)
        request = replace(composition.request, entries=(*composition.view.notes, *entries, asking))
        return _Plan(request=request, trimmed=trimmed)

    def _request_apart(self, composition: PreparedRequest) -> ModelRequest:
        """Return a request that reads what was removed and nothing else, as much of its end as fits."""
        ratio = composition.view.conversation.token_ratio
        limits = composition.limits
        most = limits.prompt if limits.at_most is None else min(limits.prompt, corrected(limits.at_most, ratio))
        room = most - composition.window.head_tokens - self._most
        kept: list[Entry] = []
        for stored in reversed(composition.window.removed):
            room -= corrected(stored.tokens, ratio)
            if room < 0 and kept:
                break
            kept.insert(0, stored.entry)
        asking = condensed_notes.instruction_with(kept, most_tokens=self._most)
        return ModelRequest(
            head=composition.request.head,
            entries=(*composition.view.notes, asking),
            parameters={**APART, "max_tokens": 2 * self._most},
        )

    @property
    def _most(self) -> int:
        return condensed_notes.bound(self._model.context_tokens)

    # ------------------------------------------------------------ what to remember

    def _remembered(
        self, turn: Turn, conversation: Conversation, plan: _Plan, answer: AnswerAccumulator
    ) -> Condensation:
        if not answer.text.strip():
            error = "notes not written: the model wrote no notes"
            return Condensation(conversation=conversation, entries=(), error=error)
        if plan.trimmed is not None:
            notes = condensed_notes.combined(conversation.memory, answer.text, most_tokens=self._most)
            return Condensation(conversation=replace(plan.trimmed, memory=notes), entries=())
        notes = condensed_notes.combined("", answer.text, most_tokens=self._most)
        entry = Entry(role="user", text=f"{NOTES_TITLE}\n{notes}")
        tokens = estimate_entry(entry)
        appended = NewEntry(id=f"{NOTES_ID}{turn.id}", entry=entry, tokens=tokens, at=self._clock(), source_id=NOTES_ID)
        return Condensation(conversation=conversation, entries=(appended,))


def _next_view(composition: PreparedRequest, conversation: Conversation, history: Sequence[StoredEntry]) -> View:
    """Return what the next request will be planned from, taking its question to be like the last one."""
    return replace(composition.view, conversation=conversation, history=history)
