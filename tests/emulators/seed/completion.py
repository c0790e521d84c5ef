"""The model behind the wires: an `Ask` becomes a `Completion`."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bot.types import Usage
from tests.emulators.clock import MovableClock
from tests.emulators.seed import answers, search, tokens
from tests.emulators.seed.billing import Account
from tests.emulators.seed.cache import PrefixCache
from tests.emulators.seed.errors import bad_request
from tests.emulators.seed.options import Options
from tests.emulators.seed.request import Ask, Message, Part

Finish = Literal["stop", "length", "content_filter"]

# The gateway's own system message when a request has none; its real text is not published.
IDENTITY = Message(role="system", parts=(Part(kind="text", text="You are Seed 2.0 Lite, served by EmpirioLabs."),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tweaks:
    """Changes of a completion by a fault: thinking eats the budget, the filter stops it, media are passed over."""

    thinking_eats_all: bool = False
    filter_after: int | None = None
    drop_media: bool = False
    think_tags: bool = False
    think_header: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A whole answer with its tokens; wires write it at once or piece by piece.

    `reasoning` and `text` are token texts. `stopped_at` is the stop string that ended it. `identity_injected` tells
    that the gateway had to put in its own system message.
    """

    id: str
    created: int
    model: str
    max_tokens: int
    reasoning: tuple[str, ...]
    text: tuple[str, ...]
    finish: Finish
    usage: Usage
    query: str = ""
    cited: tuple[search.Cited, ...] = ()
    stopped_at: str | None = None
    identity_injected: bool = False

    @property
    def pages(self) -> tuple[search.Page, ...]:
        """The pages that the search found."""
        return tuple(cited.page for cited in self.cited)


class Author:
    """Writes completions; owns nothing but the counter of ids."""

    def __init__(self, options: Options, clock: MovableClock, cache: PrefixCache, account: Account) -> None:
        self._options = options
        self._clock = clock
        self._cache = cache
        self._account = account
        self._numbers = itertools.count(1)

    def complete(self, ask: Ask, tweaks: Tweaks) -> Completion:
        """Answer `ask`. Raises `ApiError` for refused input and for a prompt beyond the context."""
        if answers.is_refused(ask):
            why = "The request failed because the input text may contain sensitive information."
            raise bad_request("SensitiveContentDetected", why)
        messages = ask.messages if ask.has_system else (IDENTITY, *ask.messages)
        if tweaks.drop_media:
            messages = tuple(_without_media(message) for message in messages)
            ask = replace(ask, messages=messages)
        prompt = tokens.render(messages, ask.settings)
        pages = search.search(ask.question.text) if ask.settings.enable_web_search else ()
        found = tokens.pieces(search.results_text(pages)) if pages else []
        size = len(prompt) + len(found)
        if size > self._options.context_tokens:
            why = "Total tokens of image and text exceed max message tokens."
            raise bad_request("OutofContextError", why)
        cached = self._cache.take(prompt) if ask.settings.enable_caching or self._options.implicit_cache else 0
        return self._write(ask, tweaks, pages, Usage(input=size, cached=cached))

    def _write(self, ask: Ask, tweaks: Tweaks, pages: Sequence[search.Page], read: Usage) -> Completion:
        draft = answers.answer(ask)
        text, cited = _with_sources(draft.text, pages, self._options.sources)
        text, stopped_at = _stopped(text, ask.settings.stop)
        if ask.json_answer:
            text = _as_json(text)
        thoughts = answers.reasoning(ask, draft) if ask.settings.enable_thinking else ""
        if tweaks.think_tags and thoughts:
            text, thoughts = f"<think>{thoughts}</think>\n\n{text}", ""
        if tweaks.think_header and thoughts:
            quoted = thoughts.replace("\n", "\n> ")
            text, thoughts = f"**Thinking...**\n\n> {quoted}\n\n{text}", ""
        filter_after = draft.filter_after if tweaks.filter_after is None else tweaks.filter_after
        room = min(ask.settings.max_tokens, self._options.context_tokens - read.input)
        budget = _Budget(room=room, filter_after=filter_after, thinking_eats_all=tweaks.thinking_eats_all)
        reasoning, written, finish = budget.spend(tokens.pieces(thoughts), tokens.pieces(text))
        length = len("".join(written))
        usage = replace(
            read,
            output=len(reasoning) + len(written),
            reasoning=len(reasoning),
            tools={"mcp" if self._options.sources == "mcp" else "web_search": 1} if pages else {},
        )
        created = int(self._clock.time())
        return Completion(
            id=f"0217{created}{next(self._numbers):026x}",
            created=created,
            model=ask.model,
            max_tokens=ask.settings.max_tokens,
            reasoning=tuple(reasoning),
            text=tuple(written),
            finish=finish,
            usage=replace(usage, reported_cost=self._account.card.cost(usage)),
            query=ask.question.text[:200] if pages else "",
            cited=tuple(item for item in cited if item.end <= length),
            stopped_at=stopped_at if finish == "stop" else None,
            identity_injected=not ask.has_system,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Budget:
    room: int
    filter_after: int | None
    thinking_eats_all: bool

    def spend(self, thoughts: list[str], text: list[str]) -> tuple[list[str], list[str], Finish]:
        """What of reasoning and text fits, and why it ends: reasoning is paid from the same room as text."""
        if self.thinking_eats_all:
            endless = itertools.cycle(thoughts or ["thinking "])
            return list(itertools.islice(endless, min(self.room, 512))), [], "length"
        if len(thoughts) >= self.room:
            return thoughts[: self.room], [], "length"
        left = self.room - len(thoughts)
        if self.filter_after is not None and self.filter_after < min(left, len(text)):
            return thoughts, text[: self.filter_after], "content_filter"
        return thoughts, text[:left], "stop" if len(text) <= left else "length"


def _without_media(message: Message) -> Message:
    kept = tuple(part for part in message.parts if part.kind == "text")
    return replace(message, parts=kept or (Part(kind="text", text=" "),))


def _stopped(text: str, stops: Sequence[str]) -> tuple[str, str | None]:
    """`text` up to the earliest of `stops`, and that one."""
    places = [(text.find(stop), stop) for stop in stops if stop in text]
    if not places:
        return text, None
    place, stop = min(places)
    return text[:place], stop


def _with_sources(text: str, pages: Sequence[search.Page], shape: str) -> tuple[str, list[search.Cited]]:
    """The answer with a sentence from each page, and where each stands."""
    cited: list[search.Cited] = []
    for number, page in enumerate(pages, 1):
        mark = f" ({page.url})" if shape == "prose" else f" [{number}]"
        text += "\n\n"
        start = len(text)
        text += page.text + mark
        cited.append(search.Cited(page=page, start=start, end=len(text)))
    if pages and shape == "block":
        text += search.reference_block(pages)
    return text, cited


def _as_json(text: str) -> str:
    try:
        json.loads(text)
    except ValueError:
        return json.dumps({"answer": text}, ensure_ascii=False)
    return text
