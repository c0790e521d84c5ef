"""Requests to the model and its answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

# ---------------------------------------------------------------- what is sent to the model

Role = Literal["user", "assistant"]
MediaKind = Literal["image", "video", "document", "audio"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A file made ready for the model once and never re-encoded; `tokens` as estimated when it was made."""

    kind: MediaKind
    media_type: str
    name: str
    data: bytes
    tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTerms:
    """Bounds for preparing one file; `image_detail` and `video_fps` as the parameters of that name.

    `text_tokens` is how much text may come of it, `media_tokens` and `media_bytes` how large its media may be.
    """

    image_detail: str = "high"
    video_fps: float = 1.0
    text_tokens: int = 32_000
    media_tokens: int = 128_000
    media_bytes: int = 14_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFile:
    """A file made ready for the model, as media, as text or as both; `note` says in what it is not the whole file.

    `advice` tells people what they can do about that. The same bytes under the same terms always give an equal value.
    """

    name: str
    media: tuple[Media, ...] = ()
    text: str = ""
    note: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableFile:
    """A file that the model does not get to see; `reason` goes on from "it" and names the limit that it breaks."""

    name: str
    reason: str


FileOutcome = ReadFile | UnreadableFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One rendered message of the transcript, replayed to the model byte for byte; media stand before the text."""

    role: Role
    text: str
    media: tuple[Media, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Person and channel that a request is made for, by their keys, and how many of each may be under way at once."""

    person: str
    channel: str
    most_of_person: int
    most_in_channel: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRequest:
    """All that one request to the model depends on; `parameters` are effective values by name, unset ones absent.

    `asker` is who takes turns with others for it, None for what nobody asked for. `room` is how many tokens the answer
    may have when reasoning took all of `max_tokens` and it is asked once more; None gives it no more.
    """

    system_prompt: str
    entries: tuple[Entry, ...]
    parameters: Mapping[str, ParameterValue]
    asker: Asker | None = None
    room: int | None = None


ParameterValue = int | float | bool | str | tuple[str, ...]


# ---------------------------------------------------------------- what the model says


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A page that the answer rests on."""

    url: str
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of a request; `cached` is the part of `input` served from the cache, `reasoning` that of `output`.

    `estimated` says that the provider reported none. `tools` counts paid tool calls by name.
    `reported_cost` is the cost in US dollars that the response itself stated. `requests` says how many requests
    these are the sums of, where one question had to be asked more than once.
    """

    input: int = 0
    cached: int = 0
    output: int = 0
    reasoning: int = 0
    estimated: bool = False
    tools: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    reported_cost: Decimal | None = None
    requests: int = 1

    def __add__(self, other: Usage) -> Usage:
        """Return both together, since both are billed; a cost is known only when both told theirs."""
        costs = (self.reported_cost, other.reported_cost)
        names = {*self.tools, *other.tools}
        return Usage(
            input=self.input + other.input,
            cached=self.cached + other.cached,
            output=self.output + other.output,
            reasoning=self.reasoning + other.reasoning,
            estimated=self.estimated or other.estimated,
            tools=MappingProxyType({name: self.tools.get(name, 0) + other.tools.get(name, 0) for name in names}),
            reported_cost=None if costs[0] is None or costs[1] is None else costs[0] + costs[1],
            requests=self.requests + other.requests,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcription:
    """What is said in a sound, "" where that did not come; `usage` counts the tokens of the sound as its input."""

    text: str
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class CostSplit:
    """US dollars of one request or more, at list prices, by what they are paid for."""

    read: Decimal = Decimal(0)
    cached: Decimal = Decimal(0)
    reasoned: Decimal = Decimal(0)
    written: Decimal = Decimal(0)
    tools: Decimal = Decimal(0)

    def __add__(self, other: CostSplit) -> CostSplit:
        """Return both together."""
        return CostSplit(**{name: getattr(self, name) + getattr(other, name) for name in self.__slots__})


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One answered request, as far as it tells of prices, the cache and notes.

    `pause` is the time since the request that it extends, None where it extends none. Of its prompt that one had
    `repeated` tokens as well, of which `shared_prefix` may be cached for other conversations. `is_from_account` says
    that it is an event of the account and not an answer.
    """

    usage: Usage
    pause: timedelta | None = None
    repeated: int = 0
    shared_prefix: int = 0
    is_notes: bool = False
    is_from_account: bool = False


class Finish(StrEnum):
    """Reason why a stream ended."""

    STOP = "stop"
    LENGTH = "length"
    FILTERED = "filtered"


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """More of the model's reasoning."""

    text: str


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class TextWithdrawn:
    """All the text so far was reasoning, as its server showed only afterwards."""


@dataclass(frozen=True, slots=True)
class SearchStarted:
    """The model searches the web; `query` is "" where the provider does not tell it."""

    query: str


@dataclass(frozen=True, slots=True)
class SourceFound:
    """One more source of the answer."""

    source: Source


@dataclass(frozen=True, slots=True)
class NoteFound:
    """Something a person should know about how the answer was made, in one sentence."""

    text: str


@dataclass(frozen=True, slots=True)
class QueuePlace:
    """The request waits for others; so many are before it."""

    ahead: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSent:
    """A request is sent next: once who reads the stream asks for more.

    `tokens` are the estimated ones of its prompt, `most` those that its answer can have at most. One answer can take
    several requests, each of which is billed.
    """

    tokens: int
    most: int


@dataclass(frozen=True, slots=True)
class UsageReported:
    """The tokens of the request that was sent last, which has ended."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class RequestNotBilled:
    """The request that was sent last has ended with nothing to pay: the provider did not take it."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The stream is complete; always the last value."""

    reason: Finish


ModelEvent = (
    QueuePlace
    | RequestSent
    | ReasoningDelta
    | TextDelta
    | TextWithdrawn
    | SearchStarted
    | SourceFound
    | NoteFound
    | UsageReported
    | RequestNotBilled
    | Finished
)
