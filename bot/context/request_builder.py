"""What a turn sends: reads the conversation's state and entries, and lets the pure policy choose the window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from bot.context import system_prompt, transcript, unanswered, window
from bot.context.attachments import AttachmentLoader, newest_files, notices_of, within_bytes
from bot.context.channel_context import read_above
from bot.context.overflow import check_shorter, shorter
from bot.context.tokens import own_tokens
from bot.context.window import View, Window, WindowLimits
from bot.delivery import urls_in
from bot.errors import ContextTooLong
from bot.parameter_resolver import values_of
from bot.parameters import PARAMETERS, Effective
from bot.ports import Clock, Model, Platform, Rates, Store
from bot.types import (
    Conversation,
    Entry,
    FileOutcome,
    Incoming,
    ModelRequest,
    NewEntry,
    ParameterValue,
    RequestFigures,
    StoredEntry,
    ThreadMessage,
    Turn,
    TurnId,
    Usage,
)

THREAD_MESSAGES = 200
"""How many messages of an old thread are read before the first answer in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedRequest:
    """One request, and what has to be remembered once it was answered; `parameters` are all effective values.

    `notices` name what could not be read, for the people who ask; `ahead` was said before the question and is not in
    the transcript yet.
    """

    request: ModelRequest
    view: View
    limits: WindowLimits
    window: Window
    parameters: Mapping[str, ParameterValue]
    notices: tuple[str, ...] = ()
    ahead: tuple[NewEntry, ...] = ()

    @property
    def show_cost(self) -> bool:
        """Return whether people see what the answer cost."""
        return self.parameters["show_cost"] is True

    @property
    def characters(self) -> int:
        """Return how much text is sent."""
        return sum(len(entry.text) for entry in self.request.entries)

    def find_addresses(self) -> frozenset[str]:
        """Return the web addresses that people wrote in what is sent; the model's own are not among them."""
        return urls_in("\n".join(entry.text for entry in self.request.entries if entry.role == "user"))

    @property
    def parameter_texts(self) -> Mapping[str, str]:
        """The effective values as canonical text."""
        return {name: PARAMETERS[name].format(value) for name, value in self.parameters.items()}

    @property
    def figures(self) -> RequestFigures:
        """The request in figures."""
        chosen = self.window
        return RequestFigures(
            broken="" if chosen.broken is None else chosen.broken.value,
            entries=len(chosen.entries),
            removed=len(chosen.removed),
            head=chosen.head_tokens,
            question=chosen.question_tokens,
            total=chosen.tokens,
            cached=chosen.cached,
            until_trim=chosen.until_trim,
        )

    def exchange(self, turn: TurnId, text: str, at: datetime) -> tuple[NewEntry, ...]:
        """Return what was said, the question and its answer as new entries; () for an answer without text."""
        if not text.strip():
            return ()
        return (*self.ahead, *self.view.question, transcript.answer_entry(turn, text, at))

    def after(self, usage: Usage, *, searched: bool = False) -> Conversation:
        """Return the conversation as it is to be remembered; only input that was all ours teaches its token ratio."""
        planned = replace(self.request, entries=self.window.entries)  # with the media that were too large to be sent
        return window.after(self.view, self.window, actual=own_tokens(planned, usage, searched=searched))


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A request that the server found too long."""

    composition: PreparedRequest
    error: ContextTooLong


class RequestBuilder:
    """Composes the requests of turns; without `files` attachments are named and not read."""

    def __init__(
        self,
        store: Store,
        model: Model,
        rates: Rates,
        platforms: Mapping[str, Platform],
        *,
        clock: Clock,
        files: AttachmentLoader | None = None,
    ) -> None:
        self._store = store
        self._model = model
        self._rates = rates
        self._platforms = platforms
        self._clock = clock
        self._files = files

    async def compose(
        self, turn: Turn, effective: Mapping[str, Effective], refused: Refusal | None = None
    ) -> PreparedRequest:
        """Return the request of `turn`, a smaller one than was `refused` before it. Raises `QuestionTooLong`."""
        parameters = values_of(effective)
        limits = self._limits(parameters, refused)
        conversation, notices = await self._conversation(turn.incoming, parameters, limits)
        history = await self._store.get_entries(turn.incoming.key, start=conversation.window_start)
        persona = parameters.get("persona")
        asked = (turn.incoming, *turn.burst)
        files = await self._read_files(turn.incoming, asked, parameters, limits)
        ahead, question = unanswered.in_order(
            await self._said_between(turn, history, parameters, limits),
            [transcript.user_entry(item, files=files) for item in asked],
        )
        end = history[-1].position + 1 if history else conversation.window_start
        view = View(
            conversation=conversation,
            history=(*history, *unanswered.placed(ahead, end)),
            question=tuple(question),
            head=system_prompt.system_prompt(None if persona is None else str(persona), conversation.memory),
            now=self._clock(),
        )
        chosen = window.plan(view, limits)
        wire = {name: value for name, value in parameters.items() if PARAMETERS[name].wire}
        if refused is not None:
            check_shorter(chosen, limits, refused.composition.window, refused.composition.limits, refused.error)
            wire["max_tokens"] = limits.reserved
        entries = self._within_bytes(chosen.entries, asked=len(question))
        return PreparedRequest(
            request=ModelRequest(head=view.head, entries=entries, parameters=MappingProxyType(wire)),
            view=view,
            limits=limits,
            window=chosen,
            parameters=parameters,
            notices=(*notices, *notices_of(files)),
            ahead=tuple(ahead),
        )

    async def _said_between(
        self,
        turn: Turn,
        history: Sequence[StoredEntry],
        parameters: Mapping[str, ParameterValue],
        limits: WindowLimits,
    ) -> Sequence[NewEntry]:
        files = await self._read_files(turn.incoming, newest_files(turn.context), parameters, limits)
        return unanswered.said_between(turn.context, {entry.id for entry in history}, files=files)

    async def _conversation(
        self, incoming: Incoming, parameters: Mapping[str, ParameterValue], limits: WindowLimits
    ) -> tuple[Conversation, tuple[str, ...]]:
        """Return what is remembered, and notices; what stands above the question is read first where that is new."""
        known = await self._store.get_conversation(incoming.key)
        if known is not None:
            return known, ()
        platform = self._platforms[incoming.key.platform]
        above = await read_above(platform, incoming, limit=int(str(parameters["channel_context"])))
        thread = await self._read_thread(platform, incoming)
        files = await self._read_files(incoming, newest_files(thread), parameters, limits)
        entries = [transcript.user_entry(message, files=files) for message in thread]
        entries += unanswered.said_above(above.messages)
        if entries:
            await self._store.append_entries(incoming.key, sorted(entries, key=lambda entry: entry.at))
        return Conversation(), above.notices

    async def _read_thread(self, platform: Platform, incoming: Incoming) -> Sequence[ThreadMessage]:
        """Return what stands above a question in its thread; nothing does where the question begins one."""
        if incoming.source_id and incoming.source_id == incoming.key.thread:
            return []
        return [
            message
            for message in await platform.read_thread(incoming.key, limit=THREAD_MESSAGES)
            if message.source_id != incoming.source_id and message.at <= incoming.at
        ]

    async def _read_files(
        self,
        incoming: Incoming,
        messages: Sequence[Incoming | ThreadMessage],
        parameters: Mapping[str, ParameterValue],
        limits: WindowLimits,
    ) -> Mapping[str, FileOutcome]:
        """Return what became of the files of these messages, by attachment id; {} where none are read."""
        if self._files is None or not any(message.attachments for message in messages):
            return transcript.NO_FILES
        terms = self._files.terms(parameters, prompt=limits.prompt)
        return await self._files.read(incoming.key.platform, messages, terms)

    def _within_bytes(self, entries: tuple[Entry, ...], *, asked: int) -> tuple[Entry, ...]:
        return entries if self._files is None else within_bytes(entries, self._files.media_bytes, keep=asked)

    def _limits(self, parameters: Mapping[str, ParameterValue], refused: Refusal | None) -> WindowLimits:
        limits = WindowLimits(
            context_tokens=self._model.context_tokens,
            max_tokens=int(str(parameters["max_tokens"])),
            card=self._rates.card(),
            context=str(parameters["context"]),
        )
        if refused is None:
            return limits
        return shorter(limits, refused.composition.window, refused.composition.limits, refused.error)
