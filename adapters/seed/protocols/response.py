"""Decoded state of one stream: filled by the decoder of any protocol, read by the client."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from io import StringIO
from types import MappingProxyType
from typing import Any

from adapters.seed import json_coerce
from adapters.seed.api_errors import CODE_CHARACTERS, Problem, ProblemKind
from adapters.seed.inline import InlineReasoning, LoneClosing
from adapters.seed.protocols.finish_reasons import finish_of, reason_of
from adapters.seed.protocols.sources import source_of
from adapters.seed.stop_tokens import TrailingToken
from bot.surrogates import Joiner
from bot.types import (
    Finish,
    ModelEvent,
    ReasoningDelta,
    SearchStarted,
    SourceFound,
    TextDelta,
    TextWithdrawn,
    Usage,
)

logger = logging.getLogger(__name__)

INPUT_NAMES = (
    "prompt_tokens",
    "input_tokens",
    "promptTokenCount",
    "prompt_token_count",
    "prompt_eval_count",
    "prompt_n",
)
OUTPUT_NAMES = (
    *("completion_tokens", "output_tokens", "candidatesTokenCount", "candidates_token_count"),
    *("eval_count", "predicted_n"),
)
CACHED_NAMES = (
    *("cached_tokens", "cache_read", "cache_read_input_tokens", "cache_read_tokens", "prompt_cache_hit_tokens"),
    *("cachedContentTokenCount", "cached_content_token_count", "cache_n"),
)
TOTAL_NAMES = ("total_tokens", "totalTokenCount", "total_token_count")
REASONING_NAMES = ("reasoning_tokens", "reasoning", "thoughtsTokenCount", "thoughts_token_count")
"""What servers call the counts of tokens: OpenAI, Anthropic, DeepSeek, Gemini, LangChain, Ollama, llama.cpp."""

PAID_NAMES = ("amount", "total_cost", "total")
"""What the sum is called in a cost that is an object: EmpirioLabs, Perplexity, gateways."""

BELIEVABLE_TOKENS = 100_000_000  # of one request, with all that it searched: ten times the longest context of any model
NUL = "\0"  # which no database and no platform takes
STRANGE_END = "the model API ended the answer for a reason of its own"


class ResponseState:
    """One answer in the making.

    `events` are the values not yet taken; `finish` is None until the server said why it stopped, `ended` says
    that it announced the end of the stream, `problem` is set when it reported a failure, `strange_end` is a reason
    for the end that nobody knows. `has_begun` says that the server took the request. `counts` is for wires that
    report usage in parts, `choice` for those that number several answers: the one that is read.
    """

    __slots__ = (
        "_expected_reasoning",
        "_inline",
        "_lone_closing",
        "_reasoning",
        "_reasoning_joiner",
        "_seen",
        "_text",
        "_text_joiner",
        "_trailing",
        "choice",
        "counts",
        "ended",
        "events",
        "finish",
        "has_begun",
        "problem",
        "request_id",
        "searched",
        "strange_end",
        "usage",
    )

    def __init__(self, *, seen: frozenset[str] = frozenset(), opens_reasoning: bool = False) -> None:
        self.events: list[ModelEvent] = []
        self.finish: Finish | None = None
        self.usage: Usage | None = None
        self.problem: Problem | None = None
        self.counts: dict[str, Any] = {}
        self.choice: str | None = None
        self.has_begun = False
        self.ended = False
        self.strange_end = ""
        self.searched = False
        self.request_id: str | None = None
        self._text = StringIO()  # a list of pieces would hold ten times the memory
        self._reasoning = StringIO()
        self._text_joiner = Joiner()
        self._reasoning_joiner = Joiner()
        self._seen: set[str] = set(seen)
        self._expected_reasoning = opens_reasoning
        self._inline = InlineReasoning(opened=opens_reasoning)
        self._lone_closing = LoneClosing()
        self._trailing = TrailingToken()

    def add_text(self, piece: str) -> None:
        """More of the answer, as the server wrote it."""
        if self._text_joiner.held or not piece.isascii():
            piece = self._text_joiner.feed(piece)
        self._add_whole(piece)

    def _add_whole(self, piece: str) -> None:
        """More of the answer, in whole characters."""
        reasoning, text = ("", piece) if self._inline.settled else self._inline.feed(piece)
        is_parted = self._inline.found or (self._reasoning.tell() > 0 and not self._lone_closing.found)
        if reasoning or is_parted:
            self._add_parted(reasoning, text)
        elif text:
            self._add_unopened(text)

    def _add_unopened(self, piece: str) -> None:
        """More of a text in which no reasoning was opened; what stands before a lone closing tag was all reasoning."""
        was_found = self._lone_closing.found
        before, after = self._lone_closing.feed(piece)
        if not self._lone_closing.found:
            self._add_parted("", before)
            return
        said = "" if was_found else self.text
        if said:
            self.events.append(TextWithdrawn())
            self._reasoning.write(said)
            self._text = StringIO()
        self._add_parted(before, after)

    def add_reasoning(self, piece: str) -> None:
        """More of the reasoning."""
        if self._reasoning_joiner.held or not piece.isascii():
            piece = self._reasoning_joiner.feed(piece)
        self._add_parted(piece, "")

    def complete(self, whole: str) -> None:
        """Add what the pieces of a text left out of it."""
        said = self.text + self._trailing.held + self._lone_closing.held
        if len(whole) > len(said) and whole.startswith(said) and not self.reasons_inline:
            self.add_text(whole[len(said) :])

    def add_search(self, query: str = "") -> None:
        """Note that the model began to search."""
        self.searched = True
        self.events.append(SearchStarted(query))

    def add_sources(self, raw: object) -> None:
        """Add sources in any of the shapes that servers use, each one once."""
        for item in json_coerce.items(raw):
            source = source_of(item)
            if source is not None and source.url not in self._seen:
                self._seen.add(source.url)
                self.events.append(SourceFound(source))

    def add_usage(self, usage: Usage | None) -> None:
        """Set the tokens of this request, where any were told that can be; a later report replaces an earlier one."""
        if usage is not None and usage.input + usage.output > BELIEVABLE_TOKENS:
            _log_disbelief()
        else:
            self.usage = usage or self.usage

    def end_with(self, raw: object) -> None:
        """Note why it ended, in any words: a filter has the last one, a known reason beats a strange one."""
        reason = reason_of(raw)
        finish = finish_of(reason) if reason else None
        if finish is not None and self.finish is not Finish.FILTERED:
            self.finish = finish
        elif reason and finish is None:
            self.strange_end = reason[:CODE_CHARACTERS]

    @property
    def is_ending(self) -> bool:
        """Return whether the server said that the answer is over, so that only its usage may still come."""
        return self.ended or self.finish is not None or bool(self.strange_end)

    def fail(self, problem: Problem) -> None:
        """Note a failure of the server or connection; the first counts, and none after the answer was complete.

        After a strange end the connection tells nothing new, but the server's own words may.
        """
        late = self.finish is not None or (self.strange_end and problem.kind is ProblemKind.CUT)
        if self.problem is None and not late:
            self.problem = problem

    def close(self) -> None:
        """Nothing more will come: give out what was held back, and notice when the end is missing."""
        self._add_parted(self._reasoning_joiner.end(), "")
        self._add_whole(self._text_joiner.end())
        self._add_parted(*self._inline.end())
        self._add_parted("", self._lone_closing.end())
        self._write_text(self._trailing.end(self.text))
        if self._expected_reasoning and not self._inline.found and not self.has_text:
            self._add_parted("", self.reasoning)  # no tag closed it: it was the answer
        if self.problem is None and self.finish is None:
            if self.strange_end:
                self.problem = Problem(kind=ProblemKind.CUT, what=STRANGE_END, code=self.strange_end)
            elif self.ended and (self.has_text or self.usage is not None):  # some servers never say why they stop
                self.finish = Finish.STOP
            else:
                self.problem = Problem(kind=ProblemKind.CUT, what="the answer stopped in the middle")

    def take(self) -> list[ModelEvent]:
        """Return the values that came since the last call."""
        events, self.events = self.events, []
        return events

    @property
    def has_text(self) -> bool:
        """Return whether anything visible has been said."""
        return self._text.tell() > 0

    @property
    def has_said_anything(self) -> bool:
        """Return whether the model has worked on the answer, visibly or not."""
        return self.has_text or self._reasoning.tell() > 0 or self.searched

    @property
    def text(self) -> str:
        """The whole answer so far."""
        return self._text.getvalue()

    @property
    def reasoning(self) -> str:
        """The whole reasoning so far."""
        return self._reasoning.getvalue()

    @property
    def reasons_inline(self) -> bool:
        """Return whether the server leaves reasoning inside the text."""
        return self._inline.found or self._lone_closing.found

    @property
    def opens_reasoning(self) -> bool:
        """Return whether the answer began with reasoning that nothing opened, as all of this server's may do."""
        return self._lone_closing.found or (self._expected_reasoning and self._inline.found)

    @property
    def seen(self) -> frozenset[str]:
        """The addresses of all sources so far."""
        return frozenset(self._seen)

    def _add_parted(self, reasoning: str, text: str) -> None:
        if reasoning := reasoning.replace(NUL, ""):
            self._reasoning.write(reasoning)
            self.events.append(ReasoningDelta(reasoning))
        if text and ("<" in text or self._trailing.held):
            text = self._trailing.feed(text)
        self._write_text(text)

    def _write_text(self, text: str) -> None:
        if text := text.replace(NUL, ""):
            self._text.write(text)
            self.events.append(TextDelta(text))


def usage_of(raw: object, *, whole: object = None) -> Usage | None:
    """Return the usage in the words of any server; None when it counts no input: no request is that short.

    Cost and tool calls are looked for wherever a gateway may put them, also in the object `whole` around it.
    """
    body = json_coerce.mapping(raw)
    body = json_coerce.mapping(body.get("usage")) or body  # Groq wraps it
    prompt, output = _first_count(body, *INPUT_NAMES), _first_count(body, *OUTPUT_NAMES) or 0
    cached = _first_count(_details(body, "prompt", "input"), *CACHED_NAMES) or _first_count(body, *CACHED_NAMES) or 0
    reasoning = _first_count(_details(body, "completion", "output"), *REASONING_NAMES)
    reasoning = reasoning or _first_count(body, *REASONING_NAMES) or 0
    if not prompt:
        return None
    total = _first_count(body, *TOTAL_NAMES) or 0
    if not total or total > prompt + output:
        prompt += _counted_beside(body)
    if "prompt_n" in body:  # llama.cpp counts what it read anew
        prompt += cached
    beside = total - prompt - output
    if "thoughtsTokenCount" in body or (0 < beside == (reasoning or beside) != cached):
        reasoning = reasoning or beside  # Gemini and xAI count it beside the answer, and bill it like that
        output += reasoning
    return Usage(
        input=prompt,
        cached=min(cached, prompt),
        output=output,
        reasoning=min(reasoning, output),
        tools=tool_calls_of(body),
        reported_cost=reported_cost(body, json_coerce.mapping(whole)),
    )


def _details(usage: Mapping[str, Any], *sides: str) -> Mapping[str, Any]:
    """Return what stands under "prompt_tokens_details" and its kin."""
    names = [f"{side}_{token}_details" for side in sides for token in ("tokens", "token")]
    return next((found for name in names if (found := json_coerce.mapping(usage.get(name)))), {})


def tool_calls_of(usage: object) -> MappingProxyType[str, int]:
    """Paid tool calls by name."""
    calls = json_coerce.mapping(json_coerce.mapping(usage).get("tool_usage"))
    counts = {json_coerce.text(name): json_coerce.count(value) for name, value in calls.items()}
    return MappingProxyType({name: value for name, value in counts.items() if value})


def reported_cost(*bodies: object) -> Decimal | None:
    """Return the cost in US dollars that a response states: `cost_usd` or `cost`, in the first object that has it.

    With a key of one's own OpenRouter takes its fee alone, or nothing, and says beside it what the provider takes.
    """
    for body in bodies:
        fields = json_coerce.mapping(body)
        for name in ("cost_usd", "cost"):
            amount = _paid(fields.get(name))
            if amount is None:
                continue
            upstream = json_coerce.money(json_coerce.mapping(fields.get("cost_details")).get("upstream_inference_cost"))
            if fields.get("is_byok") is not True and amount:
                return amount
            if upstream is None and fields.get("is_byok") is True:
                return None  # what the provider takes is not told
            return amount + (upstream or 0)
    return None


def _paid(cost: object) -> Decimal | None:
    """Return a cost that is a number or an object with the sum."""
    told = json_coerce.mapping(cost)
    amounts = (json_coerce.money(value) for value in (cost, *(told.get(name) for name in PAID_NAMES)))
    return next((amount for amount in amounts if amount is not None), None)


def _counted_beside(usage: Mapping[str, Any]) -> int:
    """Return what Anthropic's names leave out of `input_tokens`: tokens read from and written to the cache."""
    if "prompt_tokens" in usage or "input_tokens" not in usage:
        return 0
    return sum(_first_count(usage, name) or 0 for name in ("cache_read_input_tokens", "cache_creation_input_tokens"))


@cache
def _log_disbelief() -> None:
    """Say once in the life of the process that a server's counts are not believed."""
    logger.warning("the model API counts more tokens than any model can read; its counts are estimated instead")


def _first_count(body: object, *names: str) -> int | None:
    fields = json_coerce.mapping(body)
    return next((found for name in names if (found := json_coerce.count(fields.get(name))) is not None), None)
