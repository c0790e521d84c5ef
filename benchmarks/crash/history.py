"""What happened in a run: what people did, and every version of every message that they saw. Values only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Literal

from tests.emulators.seed.answers import CALL

State = Literal["thinking", "writing", "part", "done", "failed", "removed"]
"""A part is a message of an answer that goes on in the next one: it has text and no buttons."""

Press = Literal["stop", "regenerate", "retry", "continue"]

UNDER_WORK: frozenset[State] = frozenset({"thinking", "writing", "part"})

SECRET = re.compile(r"sesame\w+")
"""The word that each question has for itself."""

_SECTION = re.compile(r"^(q\d+): ", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A message of the bot as people saw it from `at` on; times are in seconds since 1970.

    `is_cut` says that people were offered the rest.
    """

    at: float
    text: str
    state: State
    is_cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One message of the bot with all that people ever saw of it, the oldest first; `only_for` one person or all."""

    id: str
    place: str
    seen: Sequence[Seen]
    only_for: str = ""

    @property
    def last(self) -> Seen:
        """What stands there at the end."""
        return self.seen[-1]

    @property
    def stands(self) -> bool:
        """Return whether people still see it."""
        return self.last.state != "removed"

    @property
    def names(self) -> Sequence[str]:
        """Return the questions that its last text answers."""
        return list(sections(next((seen.text for seen in reversed(self.seen) if seen.text), "")))

    @property
    def first_named(self) -> Mapping[str, float]:
        """Return when people saw each question answered for the first time."""
        first: dict[str, float] = {}
        for seen in self.seen:
            for name in sections(seen.text):
                first.setdefault(name, seen.at)
        return first


@dataclass(slots=True, kw_only=True)
class Asked:
    """One question as somebody asked it.

    `expected` are the answers that fit, each whole; more than one where it was edited. `acknowledged_at` is when the
    platform was told that it is stored, None for never; `stored_at` when it was at the latest; `removed_at` when its
    author deleted it or had it forgotten. What is asked by a command is delivered once, acknowledged or not.
    """

    name: str
    place: str
    at: float
    expected: list[str]
    secret: str = ""
    acknowledged_at: float | None = None
    stored_at: float | None = None
    is_command: bool = False
    removed_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """A button that somebody pressed in a place, or what else asks for another answer there."""

    kind: Press
    place: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A value that somebody set for a place; `taken_at` is when they were told that it was, None for never."""

    place: str
    value: str
    at: float
    taken_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """Tokens of requests, of the bill or of the ledger: input, cached, output."""

    input: int
    cached: int
    output: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request to the model; `whole` says that all of its answer was sent."""

    at: float
    messages: Sequence[tuple[str, str]]  # role and text
    charge: Charge | None = None
    whole: bool = False

    @property
    def answered(self) -> Sequence[str]:
        """Return the names of the questions whose answers it holds, in order."""
        return [name for role, text in self.messages if role == "assistant" for name in sections(text)]

    @property
    def asked(self) -> frozenset[str]:
        """Return the names of the questions that it asks: those behind the last answer."""
        behind = takewhile(lambda message: message[0] != "assistant", reversed(self.messages))
        return frozenset(name for role, text in behind if role == "user" for name, _ in CALL.findall(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class WebAnswer:
    """An answer that stands in the playground, with when it began."""

    place: str
    status: str
    text: str
    at: float
    is_cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """Contents of the database when all work has ended; `texts` is every row of every table."""

    open_turns: int = 0
    texts: Sequence[str] = ()
    turns: Mapping[str, int] = field(default_factory=dict)  # by the question's name
    accepted: Mapping[str, float] = field(default_factory=dict)  # the same
    settings: Mapping[str, str] = field(default_factory=dict)  # by place
    schedules: Mapping[str, int] = field(default_factory=dict)  # by place
    told_until: Mapping[str, float] = field(default_factory=dict)  # what the digests of a place told of, by place
    ledger: Sequence[Charge] = ()  # lines that were settled with what the provider counted
    estimated: int = 0  # other lines: of what was stopped, cut off, or interrupted
    web: Mapping[str, WebAnswer] = field(default_factory=dict)  # by id


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All of a run. `left` is what still looks like work at its end beside messages: a status, an open form.

    `killed` is when processes were ended or held up, and `resumed` when those were let go again.

    `digests` are the times at which one was due, by place; `scheduled` how often digests were added there.
    """

    asked: Sequence[Asked] = ()
    shown: Sequence[Shown] = ()
    pressed: Sequence[Pressed] = ()
    settings: Sequence[Setting] = ()
    scheduled: Mapping[str, int] = field(default_factory=dict)
    due: Mapping[str, int] = field(default_factory=dict)
    digests: Mapping[str, int] = field(default_factory=dict)
    requests: Sequence[Request] = ()
    stored: Stored = Stored()
    left: Sequence[str] = ()
    killed: Sequence[float] = ()
    resumed: Sequence[float] = ()
    ended_at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer in its messages, as it stands at the end."""

    place: str
    parts: Sequence[Shown]

    @property
    def text(self) -> str:
        """The whole text."""
        return "\n".join(part.last.text for part in self.parts)

    @property
    def state(self) -> State:
        """The state of its last message, which carries the buttons."""
        return self.parts[-1].last.state

    @property
    def is_cut(self) -> bool:
        """Return whether people are told that it is not whole, and offered the rest."""
        return self.parts[-1].last.is_cut

    @property
    def was_cut(self) -> bool:
        """Return whether people were ever told so, though they may have had the rest since."""
        return any(seen.is_cut for part in self.parts for seen in part.seen)

    @property
    def began_at(self) -> float:
        """When its first message came."""
        return self.parts[0].seen[0].at


def told(history: History) -> Iterator[str]:
    """Yield everything that people did and saw, in the order of time, a line each."""
    lines = [(asked.at, f"{asked.place} asks {asked.name}") for asked in history.asked]
    lines += [(asked.removed_at, f"{asked.place} deletes {asked.name}") for asked in history.asked if asked.removed_at]
    lines += [(press.at, f"{press.place} presses {press.kind}") for press in history.pressed]
    for shown in history.shown:
        names = ""
        for seen in shown.seen:
            names = ",".join(sections(seen.text)) or names
            size = f"{len(seen.text)} characters{', cut' if seen.is_cut else ''}"
            lines.append((seen.at, f"{shown.place} shows {shown.id} {seen.state} {names} {size} {shown.only_for}"))
    for at, line in sorted(lines):
        yield f"{at:.2f} {line}"


def sections(text: str) -> Mapping[str, str]:
    """Return what an answer says to each question, by name, in order; a name that comes twice has its last text."""
    pieces = _SECTION.split(text)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def same(text: str) -> str:
    """Return a text by which two are the same whatever platforms do with their white space."""
    return " ".join(text.split())


def answers(shown: Sequence[Shown]) -> Iterator[Answer]:
    """Yield the standing answers; a part goes on in the message after it."""
    parts: list[Shown] = []
    public = (each for each in shown if each.stands and not each.only_for)
    for message in sorted(public, key=lambda each: (each.place, each.seen[0].at)):
        if parts and not (parts[0].place == message.place and parts[-1].last.state == "part"):
            yield Answer(place=parts[0].place, parts=parts)
            parts = []
        parts = [*parts, message]
    if parts:
        yield Answer(place=parts[0].place, parts=parts)
