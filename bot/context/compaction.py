"""Condense what is about to leave the window into notes: in the background, before a limit is reached.

A request for notes is one of its own: it reads a short system prompt, the old notes and what these do not have yet, up
to the present, and nothing else. The next windows leave out what is in the notes once these are stored, so that
everything stands in the one or in the other. What had to leave earlier, since nothing more fitted, waits in the
transcript and goes with the next notes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from typing import Final

from bot.access.metered_model import Bill, MeteredModel
from bot.access.pace import asker_of
from bot.context import condensed_notes
from bot.context.request_builder import PreparedRequest
from bot.context.system_prompt import notes_message
from bot.context.tokens import corrected
from bot.context.view import View, expected_question
from bot.context.window import is_due
from bot.delivery.accumulator import AnswerAccumulator
from bot.errors import BudgetReached, ModelAccessDenied, ModelError, ModelUnavailable, QuestionTooLong, StorageError
from bot.ports import Clock, Store
from bot.types import (
    EMPTY,
    Condensation,
    Conversation,
    ConversationKey,
    Entry,
    ModelRequest,
    Observation,
    ParameterValue,
    Purpose,
    StoredEntry,
    Turn,
)

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS: Final = 60.0
"""How long notes may take to be written."""

WAIT_SECONDS: Final = 2.0
"""How long the next question of a conversation waits for notes that are being written."""

WAITING_ENTRIES: Final = 500
"""How many of the entries that wait to be condensed are read again; after a deletion that may be a whole past."""

ALONE: Final[Mapping[str, ParameterValue]] = {
    "enable_thinking": False,
    "enable_caching": False,
    "enable_web_search": False,
}

AWAY: Final = (ModelUnavailable, ModelAccessDenied, BudgetReached)
"""What passes, so that asking the same again may help."""

Sleep = Callable[[float], Awaitable[None]]


@dataclass(slots=True)
class _Job:
    """The notes of one conversation after one answer; `is_over` says that the next question has come."""

    task: asyncio.Task[None] | None = None
    written: asyncio.Event = field(default_factory=asyncio.Event)
    is_over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """Entries to be condensed by one request: from position `begin` to before `until`."""

    conversation: Conversation
    entries: Sequence[Entry]
    begin: int
    until: int


class Compactor:
    """Writes the notes of conversations, one at a time in each."""

    def __init__(
        self,
        store: Store,
        model: MeteredModel,
        *,
        clock: Clock,
        sleep: Sleep = asyncio.sleep,
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        self._store = store
        self._model = model
        self._clock = clock
        self._sleep = sleep
        self._wait_seconds = wait_seconds
        self._jobs: dict[ConversationKey, _Job] = {}

    def begin(self, turn: Turn, answered: PreparedRequest) -> None:
        """Write the notes that are due after an answer, now or when the cache has expired; returns at once."""
        if answered.parameters["memory"] is not True:
            return
        key, job = turn.incoming.key, _Job()
        earlier, self._jobs[key] = self._jobs.get(key), job
        job.task = asyncio.create_task(self._run(job, earlier, turn, answered), name=f"notes {key}")

    async def wait(self, key: ConversationKey) -> None:
        """Wait until notes on a conversation that are being written are stored, but not for long.

        Its next question has come: what was to be written after a pause is not.
        """
        job = self._jobs.get(key)
        if job is None:
            return
        job.is_over = True
        if job.written.is_set() and job.task is not None:
            job.task.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._wait_seconds):
                await job.written.wait()

    async def settled(self) -> None:
        """Wait until no notes are being written, however long that takes."""
        for job in list(self._jobs.values()):
            await job.written.wait()

    async def aclose(self, *, patience: float) -> None:
        """End: what is being written may be finished within `patience` seconds."""
        for key in list(self._jobs):
            self._jobs[key].is_over = True
        tasks = [job.task for job in self._jobs.values() if job.task is not None]
        writing = [job.task for job in self._jobs.values() if job.task is not None and not job.written.is_set()]
        if writing and patience > 0:
            await asyncio.wait(writing, timeout=patience)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # ------------------------------------------------------------ one conversation

    async def _run(self, job: _Job, earlier: _Job | None, turn: Turn, answered: PreparedRequest) -> None:
        key = turn.incoming.key
        try:
            if earlier is not None:
                await earlier.written.wait()
            await self._write(turn, answered, cold=False)
            job.written.set()
            if not job.is_over:
                await self._sleep(answered.limits.card.cache_lifetime.total_seconds())
                job.written.clear()
                await self._write(turn, answered, cold=True)
        except StorageError as error:
            logger.warning("notes not stored", extra={"conversation": str(key), "error": str(error)})
        except Exception:
            logger.exception("a bug kept notes from being written")
        finally:
            job.written.set()
            if self._jobs.get(key) is job:
                del self._jobs[key]

    async def _write(self, turn: Turn, answered: PreparedRequest, *, cold: bool) -> None:
        """Write all notes that are due; several in a row where one request cannot read all that waits."""
        while (piece := await self._due(turn.incoming.key, answered, cold=cold)) is not None:
            condensed = await self._condense(turn, answered, piece)
            await self._store.record_memory(turn, condensed)
            if not condensed.notes:
                return

    async def _due(self, key: ConversationKey, answered: PreparedRequest, *, cold: bool) -> _Piece | None:
        """Return what is to be condensed next, the oldest first; None for nothing.

        All notes reach up to the present, so that the trims until all of that has left the view need no others.
        """
        conversation = await self._store.get_conversation(key)
        if conversation is None or (cold and not self._has_expired(conversation, answered)):
            return None
        begin = conversation.condensed_until
        start = max(min(begin, conversation.window_start), conversation.window_start - WAITING_ENTRIES)
        entries = await self._store.get_entries(key, start=start)
        unnoted = [stored for stored in entries if stored.position >= begin]
        if not unnoted or (
            unnoted[0].position >= conversation.window_start  # else some have left the view already
            and not self._is_due(conversation, answered, entries, cold=cold)
        ):
            return None
        return self._piece(conversation, answered, unnoted)

    def _has_expired(self, conversation: Conversation, answered: PreparedRequest) -> bool:
        """Return whether the cache has; another process may have gone on with the conversation meanwhile."""
        last = conversation.last_request_at
        return last is None or self._clock() - last >= answered.limits.card.cache_lifetime

    def _is_due(
        self, conversation: Conversation, answered: PreparedRequest, entries: Sequence[StoredEntry], *, cold: bool
    ) -> bool:
        """Return whether notes are worth writing for the next window."""
        history = [stored for stored in entries if stored.position >= conversation.window_start]
        view: View = replace(
            answered.view,
            conversation=conversation,
            history=history,
            question=[expected_question(history, self._clock())],
            notes=notes_message(conversation.memory),
            begins_anew=False,
        )
        try:
            return is_due(view, answered.limits, cold=cold)
        except QuestionTooLong:
            return False

    def _piece(self, conversation: Conversation, answered: PreparedRequest, waiting: Sequence[StoredEntry]) -> _Piece:
        """Return the oldest of what waits that one request can read; one entry in any case.

        What was tried in vain is tried in smaller pieces.
        """
        limits, ratio = answered.limits, conversation.token_ratio
        most = limits.cheap_prompt if limits.at_most is None else corrected(limits.at_most, ratio)
        instruction = corrected(condensed_notes.instruction_tokens(limits.notes), ratio)
        room = min(most - instruction - 2 * limits.notes, sum(corrected(stored.tokens, ratio) for stored in waiting))
        room >>= conversation.condensed_in_vain
        read: list[Entry] = []
        for stored in waiting:
            room -= corrected(stored.tokens, ratio)
            if room < 0 and read:
                break
            read.append(stored.entry)
        until = waiting[len(read) - 1].position + 1
        return _Piece(conversation=conversation, entries=read, begin=conversation.condensed_until, until=until)

    # ------------------------------------------------------------ one request

    async def _condense(self, turn: Turn, answered: PreparedRequest, piece: _Piece) -> Condensation:
        """Return the notes on some entries; a model that fails leaves none, and says why."""
        most = answered.limits.notes
        request = ModelRequest(
            system_prompt=condensed_notes.SYSTEM_PROMPT,
            entries=(
                *notes_message(piece.conversation.memory),
                condensed_notes.instruction(piece.entries, most_tokens=most),
            ),
            parameters={**ALONE, "max_tokens": condensed_notes.answer_room(most)},
        )
        answer, asker = AnswerAccumulator(), asker_of(turn, EMPTY)
        bill = Bill(turn=turn, purpose=Purpose.NOTES, ratio=piece.conversation.token_ratio, asker=asker)
        failure: Exception | None = None
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS), aclosing(self._model.stream(request, bill)) as events:
                async for event in events:
                    answer.add(event)
        except (ModelError, TimeoutError) as error:
            failure = error
        notes = "" if failure else condensed_notes.combined("", answer.text, most_tokens=most)
        if not notes:
            logger.warning("notes not written", extra={"turn": turn.id, "error": repr(failure or "no text")})
        if notes and bill.usage is not None and not bill.usage.estimated:
            self._model.observe(Observation(usage=bill.usage, is_notes=True), bill)
        return Condensation(
            revision=piece.conversation.revision,
            begin=piece.begin,
            until=piece.until,
            notes=notes,
            in_vain=not notes and not isinstance(failure, AWAY),
        )
