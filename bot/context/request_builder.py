"""Build the request of a turn: read the conversation, and let the pure policy choose the window."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from bot.context import new_entries, system_prompt, transcript, window
from bot.context.attachments import (
    AttachmentLoader,
    Progress,
    is_lost,
    media_bytes,
    media_start,
    newest_files,
    notices_of,
    unnoticed,
    without_media,
)
from bot.context.channel_context import before_question, read_above
from bot.context.overflow import check_shorter, shorter
from bot.context.system_prompt import Abilities, Places
from bot.context.tokens import below, own_tokens
from bot.context.view import CACHED_AT_LEAST, View, WindowLimits
from bot.context.window import CacheBreak, Window, mark_prefix_broken
from bot.delivery import urls_in
from bot.errors import ContextTooLong, ThreadNotWhole
from bot.parameter_resolver import values_of
from bot.parameters import PARAMETERS, Effective
from bot.ports import Clock, Model, Platform, Rates, Store
from bot.time_zones import load_zones
from bot.types import (
    Conversation,
    FileOutcome,
    Incoming,
    ModelRequest,
    NewEntry,
    Observation,
    ParameterValue,
    RequestFigures,
    Source,
    StoredEntry,
    ThreadMessage,
    Turn,
    TurnId,
    Usage,
)

logger = logging.getLogger(__name__)

THREAD_MESSAGES = 200
"""How many messages of an old thread are read before the first answer in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedRequest:
    """One request, and what has to be remembered once it was answered; `parameters` are all effective values.

    `notices` name what could not be read, for the people who ask; `ahead` was said before the question and is not in
    the transcript yet, which is carried to before `sent_until`. Media are sent from position `media_start` on.
    """

    request: ModelRequest
    view: View
    limits: WindowLimits
    window: Window
    parameters: Mapping[str, ParameterValue]
    notices: tuple[str, ...] = ()
    ahead: tuple[NewEntry, ...] = ()
    sent_until: int = 0
    media_start: int = 0

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
        said = self.request.entries[len(self.view.notes) :]
        return urls_in("\n".join(entry.text for entry in said if entry.role == "user"))

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
            system_prompt=chosen.fixed_tokens,
            question=chosen.question_tokens,
            total=chosen.tokens,
            cached=chosen.cached,
            until_trim=chosen.until_trim,
        )

    def observation(self, usage: Usage) -> Observation:
        """Return what is learned from this request once it was answered."""
        last, chosen = self.view.conversation.last_request_at, self.window
        told = chosen.broken is None and last is not None and self.request.parameters.get("enable_caching") is True
        long_enough = chosen.repeated >= chosen.fixed_tokens + CACHED_AT_LEAST
        return Observation(
            usage=usage,
            pause=self.view.now - last if told and long_enough and last is not None else None,
            repeated=chosen.repeated,
            shared_prefix=chosen.fixed_tokens,
        )

    def exchange(self, turn: TurnId, text: str, at: datetime, sources: Sequence[Source] = ()) -> tuple[NewEntry, ...]:
        """Return what was said, the question and its answer with its sources as new entries; () without any text."""
        if not text.strip():
            return ()
        listed = transcript.sources_entry(turn, sources, at)
        answer = transcript.answer_entry(turn, text, at)
        return (*self.ahead, *self.view.question, answer, *((listed,) if listed else ()))

    def after(self, usage: Usage, *, is_foreign: bool = False, kept: bool = True) -> Conversation:
        """Return the conversation as it is to be remembered.

        Input that `is_foreign`, of searches or as another model counts it, does not teach its token ratio. A question
        that is not `kept`, since it got no answer, is not sent again: that breaks the prefix.
        """
        planned = replace(self.request, entries=self.window.entries)  # with the media that were too large to be sent
        made = window.after(self.view, self.window, actual=own_tokens(planned, usage, searched=is_foreign))
        made = replace(made, media_start=self.media_start)
        return made if kept else mark_prefix_broken(made, CacheBreak.DROPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A request that the server found too long."""

    prepared: PreparedRequest
    error: ContextTooLong


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestOptions:
    """Abilities of an installation: without `files` attachments are named and not read; `searches` tells of the web."""

    files: AttachmentLoader | None = None
    searches: bool = True


class RequestBuilder:
    """Builds the requests of turns."""

    def __init__(
        self,
        store: Store,
        model: Model,
        rates: Rates,
        platforms: Mapping[str, Platform],
        *,
        clock: Clock,
        options: RequestOptions = RequestOptions(),
    ) -> None:
        self._store = store
        self._model = model
        self._rates = rates
        self._platforms = platforms
        self._clock = clock
        self._files = options.files
        self._places = Places(platforms, store)
        self._searches = options.searches

    async def build(
        self,
        turn: Turn,
        effective: Mapping[str, Effective],
        refused: Refusal | None = None,
        progress: Progress = unnoticed,
    ) -> PreparedRequest:
        """Return the request of `turn`, a smaller one than was `refused` before it; `progress` is told what is read.

        Raises `QuestionTooLong`.
        """
        parameters = values_of(effective)
        limits = self._limits(parameters, refused)
        conversation, unread = await self._conversation(turn, parameters, limits)
        history = await self._store.get_entries(turn.incoming.key, start=conversation.window_start)
        asked = (turn.incoming, *turn.coalesced)
        files = await self._read_files(turn, asked, parameters, limits, progress)
        await load_zones(item.time_zone for item in asked)
        asked_entries, files = _questions(asked, files, history, media_start=conversation.media_start)
        ahead, question = new_entries.in_order(
            await self._said_between(turn, history, parameters, limits), asked_entries
        )
        end = history[-1].position + 1 if history else conversation.window_start
        view = View(
            conversation=conversation,
            history=(*history, *new_entries.placed(ahead, end)),
            question=new_entries.as_asked(question, history),
            system_prompt=await self._system_prompt(turn.incoming, parameters),
            now=self._clock(),
            notes=system_prompt.notes_message(conversation.memory),
            mode=_mode(parameters),
            begins_anew=_has_rested(turn.incoming, conversation, parameters),
        )
        chosen, first_media = self._with_media(view, window.plan(view, limits))
        wire = {name: value for name, value in parameters.items() if PARAMETERS[name].wire}
        if refused is not None:
            check_shorter(chosen, limits, refused.prepared.window, refused.prepared.limits, refused.error)
        wire["max_tokens"] = limits.reserved  # no more than the window has left room for
        left_out = sum(stored.position < first_media for stored in view.history[len(chosen.removed) :])
        entries = without_media(chosen.entries, left_out)
        return PreparedRequest(
            request=ModelRequest(
                system_prompt=view.system_prompt,
                entries=(*view.notes, *entries),
                parameters=MappingProxyType(wire),
                room=below(limits.context_tokens) - chosen.tokens,
            ),
            view=view,
            limits=limits,
            window=chosen,
            parameters=parameters,
            notices=(*unread, *notices_of(files)),
            ahead=tuple(ahead),
            sent_until=end,
            media_start=first_media,
        )

    async def _system_prompt(self, incoming: Incoming, parameters: Mapping[str, ParameterValue]) -> str:
        """Return what stands before all entries, the same for a whole channel."""
        place = await self._places.describe(incoming.key)
        persona = str(parameters.get("persona") or "")
        brief = self._model.context_tokens < system_prompt.BRIEF_BELOW
        abilities = Abilities(searches=self._searches, files=self._files is not None, brief=brief)
        return system_prompt.system_prompt(persona, place=place, abilities=abilities)

    async def _said_between(
        self,
        turn: Turn,
        history: Sequence[StoredEntry],
        parameters: Mapping[str, ParameterValue],
        limits: WindowLimits,
    ) -> Sequence[NewEntry]:
        if not turn.context:
            return ()
        asked = {item.message_id for item in (turn.incoming, *turn.coalesced)} - {""}
        said = [item for item in turn.context if item.message_id not in asked]  # one can be about another
        files = await self._read_files(turn, newest_files(said), parameters, limits)
        return new_entries.said_between(said, history, files=files)

    async def _conversation(
        self, turn: Turn, parameters: Mapping[str, ParameterValue], limits: WindowLimits
    ) -> tuple[Conversation, tuple[str, ...]]:
        """Return what is remembered; what stands above the question is read first where that is new.

        What could not be read of it is told beside, for the people who ask. What the question is about comes with its
        files (`_said_between`), which those of a channel do not.
        """
        incoming = turn.incoming
        known = await self._store.get_conversation(incoming.key)
        if known is not None:
            return known, ()
        platform = self._platforms[incoming.key.platform]
        above = await read_above(platform, incoming, limit=int(str(parameters["channel_context"])))
        thread, unread = await self._read_thread(platform, incoming)
        files = await self._read_files(turn, newest_files(thread), parameters, limits)
        entries = [transcript.user_entry(message, files=files) for message in thread]
        brought = {message.message_id for message in turn.context if message.attachments}
        entries += new_entries.said_above([item for item in above.messages if item.message_id not in brought])
        if entries:
            await self._store.append_entries(incoming.key, sorted(entries, key=lambda entry: entry.at))
        return Conversation(), (*above.notices, *unread)

    async def _read_thread(
        self, platform: Platform, incoming: Incoming
    ) -> tuple[Sequence[ThreadMessage], tuple[str, ...]]:
        """Return what stands above a question in its thread, as far as it can be read, and a notice where that is not
        all; nothing does where the question begins one.
        """
        if incoming.message_id and incoming.message_id == incoming.key.thread:
            return [], ()
        notices: tuple[str, ...] = ()
        try:
            found = await platform.read_thread(incoming.key, limit=THREAD_MESSAGES)
        except ThreadNotWhole as error:
            extra = {"messages": len(error.messages), "error": str(error.__cause__ or error)}
            logger.warning("thread not read whole", extra=extra)
            found, notices = error.messages, (error.notice,)
        return before_question(found, incoming), notices

    async def _read_files(
        self,
        turn: Turn,
        messages: Sequence[Incoming | ThreadMessage],
        parameters: Mapping[str, ParameterValue],
        limits: WindowLimits,
        progress: Progress = unnoticed,
    ) -> Mapping[str, FileOutcome]:
        """Return what became of the files of these messages, by attachment id; {} where none are read."""
        if self._files is None or not any(message.attachments for message in messages):
            return transcript.NO_FILES
        terms = self._files.terms(parameters, prompt=limits.prompt)
        return await self._files.read(turn, messages, terms, progress)

    def _with_media(self, view: View, chosen: Window) -> tuple[Window, int]:
        """Return a window, and from which position its media are sent; less of them than before breaks the prefix."""
        before = view.conversation.media_start
        if self._files is None:
            return chosen, before
        carried = [stored for stored in view.history[len(chosen.removed) :] if stored.position >= before]
        sizes = [media_bytes(item.entry) for item in (*carried, *view.question)]
        left_out = media_start(sizes, self._files.media_bytes, keep=len(view.question))
        if not any(sizes[:left_out]):
            return chosen, before
        first = carried[left_out - 1].position + 1
        return (replace(chosen, broken=CacheBreak.MEDIA, cached=0) if chosen.broken is None else chosen), first

    def _limits(self, parameters: Mapping[str, ParameterValue], refused: Refusal | None) -> WindowLimits:
        limits = WindowLimits(
            context_tokens=self._model.context_tokens,
            max_tokens=int(str(parameters["max_tokens"])),
            card=self._rates.card(),
            context=str(parameters["context"]),
            memory=parameters["memory"] is True,
        )
        if refused is None:
            return limits
        return shorter(limits, refused.prepared.window, refused.prepared.limits, refused.error)


def _mode(parameters: Mapping[str, ParameterValue]) -> str:
    """Return what the provider puts before all entries for these parameters, in a word; it caches one for each."""
    names = (name for name in ("thinking", "web_search") if parameters.get(f"enable_{name}") is True)
    return "+".join(names)


def _has_rested(incoming: Incoming, conversation: Conversation, parameters: Mapping[str, ParameterValue]) -> bool:
    """Return whether a message in a direct conversation, outside its threads, comes so late that it begins anew."""
    hours, last = int(str(parameters["direct_idle_hours"])), conversation.last_request_at
    if not hours or last is None or not incoming.is_direct or not incoming.message_id or incoming.key.thread:
        return False
    return incoming.sent_at - last > timedelta(hours=hours)


def _questions(
    asked: Sequence[Incoming], files: Mapping[str, FileOutcome], history: Sequence[StoredEntry], *, media_start: int
) -> tuple[list[NewEntry], Mapping[str, FileOutcome]]:
    """Return the entries of what is asked, and what became of the files in them.

    Those that can no longer be had are taken from the transcript, where the same message stands in it with them.
    """
    shown = [stored for stored in history if stored.position >= media_start]
    entries: list[NewEntry] = []
    told = dict(files)
    for item in asked:
        entry = transcript.user_entry(item, files=files)
        lost = [attachment.id for attachment in item.attachments if is_lost(files.get(attachment.id))]
        kept = new_entries.with_kept_files(entry, item, shown) if lost else None
        entries.append(kept or entry)
        for id in lost if kept else ():
            del told[id]
    return entries, told
