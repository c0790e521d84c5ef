"""Decoded state of one stream: filled by the decoder of any protocol, read by the client."""

from __future__ import annotations

from decimal import Decimal
from io import StringIO
from types import MappingProxyType
from typing import Any

from adapters.seed import json_coerce
from adapters.seed.api_errors import CODE_CHARACTERS, Problem, ProblemKind
from adapters.seed.inline import InlineReasoning
from adapters.seed.protocols.finish_reasons import finish_of, reason_of
from adapters.seed.protocols.sources import source_of
from adapters.seed.surrogates import Joiner
from bot.types import (
    Finish,
    ModelEvent,
    ReasoningDelta,
    SearchStarted,
    SourceFound,
    TextDelta,
    Usage,
)

STRANGE_END = "the model API ended the answer for a reason of its own"


class ResponseState:
    """One answer in the making.

    `events` are the values not yet taken; `finish` is None until the server said why it stopped, `ended` says
    that it announced the end of the stream, `problem` is set when it reported a failure, `strange_end` is a reason
    for the end that nobody knows. `has_begun` says that the server took the request. `counts` is for wires that
    report usage in parts.
    """

    __slots__ = (
        "_inline",
        "_reasoning",
        "_reasoning_joiner",
        "_seen",
        "_text",
        "_text_joiner",
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

    def __init__(self, *, seen: frozenset[str] = frozenset()) -> None:
        self.events: list[ModelEvent] = []
        self.finish: Finish | None = None
        self.usage: Usage | None = None
        self.problem: Problem | None = None
        self.counts: dict[str, Any] = {}
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
        self._inline = InlineReasoning()

    def add_text(self, piece: str) -> None:
        """More of the answer, as the server wrote it."""
        if self._text_joiner.held or not piece.isascii():
            piece = self._text_joiner.feed(piece)
        self._add_whole(piece)

    def _add_whole(self, piece: str) -> None:
        """More of the answer, in whole characters."""
        if self._inline.settled:
            self._add_parted("", piece)
        else:
            self._add_parted(*self._inline.feed(piece))

    def add_reasoning(self, piece: str) -> None:
        """More of the reasoning."""
        if self._reasoning_joiner.held or not piece.isascii():
            piece = self._reasoning_joiner.feed(piece)
        self._add_parted(piece, "")

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

    def add_usage(self, usage: Usage) -> None:
        """Set the tokens of this request; a later report replaces an earlier one."""
        self.usage = usage

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
        if self.problem is None and self.finish is None:
            if self.strange_end:
                self.problem = Problem(kind=ProblemKind.CUT, what=STRANGE_END, code=self.strange_end)
            elif self.ended and self.usage is not None:  # some servers never say why they stop
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
        return self._inline.found

    @property
    def seen(self) -> frozenset[str]:
        """The addresses of all sources so far."""
        return frozenset(self._seen)

    def _add_parted(self, reasoning: str, text: str) -> None:
        if reasoning:
            self._reasoning.write(reasoning)
            self.events.append(ReasoningDelta(reasoning))
        if text:
            self._text.write(text)
            self.events.append(TextDelta(text))


def usage_of(raw: object, *, whole: object = None) -> Usage | None:
    """Return the usage in the words of chat completions or of responses; None when there are no counts in
    it.

    Cost and tool calls are looked for wherever a gateway may put them, also in the object `whole` around it.
    """
    body = json_coerce.mapping(raw)
    prompt = _first_count(body, "prompt_tokens", "input_tokens")
    output = _first_count(body, "completion_tokens", "output_tokens")
    if prompt is None and output is None:
        return None
    prompt_details = json_coerce.mapping(body.get("prompt_tokens_details") or body.get("input_tokens_details"))
    output_details = json_coerce.mapping(body.get("completion_tokens_details") or body.get("output_tokens_details"))
    return Usage(
        input=prompt or 0,
        cached=min(json_coerce.count(prompt_details.get("cached_tokens")) or 0, prompt or 0),
        output=output or 0,
        reasoning=min(json_coerce.count(output_details.get("reasoning_tokens")) or 0, output or 0),
        tools=tool_calls_of(body),
        reported_cost=reported_cost(body, json_coerce.mapping(whole)),
    )


def tool_calls_of(usage: object) -> MappingProxyType[str, int]:
    """Paid tool calls by name."""
    calls = json_coerce.mapping(json_coerce.mapping(usage).get("tool_usage"))
    counts = {json_coerce.text(name): json_coerce.count(value) for name, value in calls.items()}
    return MappingProxyType({name: value for name, value in counts.items() if value})


def reported_cost(*bodies: object) -> Decimal | None:
    """Return the cost in US dollars that a response states: `cost_usd` or `cost`, in the first object that has it."""
    for body in bodies:
        fields = json_coerce.mapping(body)
        for name in ("cost_usd", "cost"):
            raw = fields.get(name)
            amount = json_coerce.money(json_coerce.mapping(raw).get("amount", raw))
            if amount is not None:
                return amount
    return None


def _first_count(body: object, *names: str) -> int | None:
    fields = json_coerce.mapping(body)
    return next((found for name in names if (found := json_coerce.count(fields.get(name))) is not None), None)
