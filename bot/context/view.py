"""Describe what a window is cut from: the facts about a conversation and its rhythm, the limits and prices of its next
request, and their sizes in corrected tokens. Pure.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate, pairwise
from statistics import median_low
from types import MappingProxyType
from typing import Final

from bot.context.condensed_notes import instruction_tokens
from bot.context.system_prompt import digest
from bot.context.tokens import below, corrected, estimate_entry, estimate_request
from bot.errors import QuestionTooLong
from bot.pricing import RateCard
from bot.types import SOURCES_ID, Conversation, Entry, NewEntry, StoredEntry

# Recent tokens that stay in view, by the parameter `context`; "full" keeps all that fits.
FLOORS: Final[Mapping[str, int]] = MappingProxyType({"economy": 4_000, "normal": 16_000, "long": 64_000})
FULL: Final = "full"

# What of the model's context an answer may reserve at most, so that a small model still sees its question.
RESERVED_AT_MOST: Final = 1 / 2

LONGEST_NOTES: Final = 800
NOTES_SHARE: Final = 1 / 10  # of a small model's context
NOTES_SHARE_OF_PROMISE: Final = 1 / 32  # an output token costs eight of input, so that economy has to have short notes
LEAST_NOTES: Final = 200  # whatever was promised


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowLimits:
    """Limits and prices of a request.

    `context_tokens` is the model's, `max_tokens` the answer's share of it, `context` the parameter of that
    name and `floors` what its values mean. With `memory` a trim causes notes. `at_most` bounds the uncorrected
    estimate of the whole prompt after the server refused a longer one; the question is carried all the same.
    """

    context_tokens: int
    max_tokens: int
    card: RateCard
    context: str = "normal"
    floors: Mapping[str, int] = field(default_factory=lambda: FLOORS)
    memory: bool = False
    at_most: int | None = None

    @property
    def reserved(self) -> int:
        """The tokens kept free for the answer."""
        return min(self.max_tokens, int(self.context_tokens * RESERVED_AT_MOST))

    @property
    def notes(self) -> int:
        """The most tokens that notes may have."""
        return most_notes(self.context_tokens, self.floors.get(self.context, self.context_tokens))

    @property
    def prompt(self) -> int:
        """The most estimated tokens that a prompt may have."""
        return below(self.context_tokens - self.reserved)

    @property
    def cheap_prompt(self) -> int:
        """The most estimated tokens that a prompt may have in the lowest price tier."""
        boundaries = [tier.from_tokens for tier in self.card.tiers if tier.from_tokens > 0]
        return min(self.prompt, below(min(boundaries) - 1)) if boundaries else self.prompt


def most_notes(context_tokens: int, promise: int) -> int:
    """Return the most tokens that notes may have with a model of that context where so many recent tokens are shown."""
    most = min(LONGEST_NOTES, max(LEAST_NOTES, int(promise * NOTES_SHARE_OF_PROMISE)))
    return min(most, int(context_tokens * NOTES_SHARE))


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Facts about a conversation when a request is about to be made.

    `history` are the stored entries from `conversation.window_start` on, `question` the entries that this turn
    asks (at least one, not yet stored): together they are what the window is cut from. `notes` are the message behind
    the system prompt, if there is one: both stand before whatever the window holds. `mode` names what else the
    provider puts there, for thinking and for tools. With `begins_anew` nothing but the question is carried.
    """

    conversation: Conversation
    history: Sequence[StoredEntry]
    question: Sequence[NewEntry]
    system_prompt: str
    now: datetime
    notes: tuple[Entry, ...] = ()
    mode: str = ""
    begins_anew: bool = False

    @property
    def prompt_digest(self) -> str:
        """The name of what stands before the window."""
        return digest(self.system_prompt, self.notes, self.mode)


# ------------------------------------------------------------ its rhythm


# Until a conversation shows its own rhythm: one pause in so many turns. Found on the first year of a team channel
# and checked on the second (benchmarks/context_cost.py); anything from 8 to 20 costs the same within 0.1 %.
TURNS_FOR_ONE_PAUSE: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class TrimSchedule:
    """Rhythm of a conversation, as far as its window shows it.

    `growth` are the mean tokens that a turn adds, `overshoot` those by which a level is passed on average, since a
    turn's tokens come at once; `pauses` of its `turns` came after the cache's lifetime.
    """

    growth: float
    overshoot: float
    turns: int
    pauses: int

    @property
    def pause_chance(self) -> float:
        """The chance that the next message comes too late for the cache."""
        return (self.pauses + 1) / (self.turns + TURNS_FOR_ONE_PAUSE)


def overshoot(turns: Sequence[int]) -> float:
    """Return the mean tokens by which a level is passed when turns of these sizes add up; 0.0 for none.

    Half a turn when all are alike; more when they differ, since a long turn is likelier to be the one that passes it.
    """
    total = sum(turns)
    return sum(tokens * tokens for tokens in turns) / (2 * total) if total else 0.0


# ------------------------------------------------------------ its sizes


# A trim forced by a limit keeps this share of it, so that the next one is some way off: every new token then makes
# two others be read again, where keeping nearly everything would mean a full re-read in every turn.
KEPT_AT_LIMIT: Final = 2 / 3

# The provider caches no shorter prefix: its block size (API fact sheet, section 2).
CACHED_AT_LEAST: Final = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """A view in corrected tokens.

    `held[i]` are those from entry i to the end of the question, for i from 0 to the question itself. `starts` are the
    legal starts, ascending; the last one is the question. `unread` is the part that no request has carried yet: the
    last answer and the question. `system` is the system prompt with the overhead, `noted` the notes before they are
    corrected, `fixed` both, `cap` is the most that entries may hold, `floor` what they should. `goal` is where a trim
    would begin, `rhythm` how the conversation goes, `longest` its longest exchange. `notes_prompt` is what a request
    for notes has besides what it condenses, `notes` what it will probably write; both are 0 without memory.
    """

    starts: Sequence[int]
    held: Sequence[int]
    unread: int
    system: int
    noted: int
    fixed: int
    cap: int
    floor: int
    goal: int
    rhythm: TrimSchedule
    longest: int
    notes_prompt: int
    notes: int

    @property
    def current(self) -> int:
        """Return where the window begins when nothing is trimmed."""
        return self.starts[0]

    def reread(self, start: int, *, new_notes: bool = False) -> int:
        """Return the cached tokens that a trim to `start` now, with notes or without, makes the provider read anew."""
        return max(0, self.held[start] - self.unread + self._fixed_lost(new_notes=new_notes))

    def usual_reread(self, *, new_notes: bool = False) -> int:
        """Return the same at an ordinary moment: the floor and what passes it, less the turn that is new."""
        usual = self.floor + int(self.rhythm.overshoot - self.rhythm.growth)
        return max(0, usual + self._fixed_lost(new_notes=new_notes))

    def _fixed_lost(self, *, new_notes: bool) -> int:
        """Return what is read anew of what stands before the window: new notes replace the old ones."""
        kept = self.system if new_notes else self.fixed
        return self.fixed - kept if kept >= CACHED_AT_LEAST else self.fixed


def measure(view: View, limits: WindowLimits) -> Sizes:
    ratio = view.conversation.token_ratio
    system = estimate_request(view.system_prompt, ())  # our own words: the ratio is about what people and models write
    noted = sum(map(estimate_entry, view.notes))
    fixed = system + corrected(noted, ratio)
    asked = sum(entry.tokens for entry in view.question)
    question = corrected(asked, ratio)
    room = limits.prompt - fixed
    if question > room:
        raise QuestionTooLong(question, max(0, room))
    full = limits.context == FULL
    if limits.at_most is not None:
        room = min(room, system + corrected(max(0, limits.at_most - system), ratio) - fixed)
    cap = max(question, room if full else min(room, limits.cheap_prompt - fixed))
    kept = int(cap * KEPT_AT_LIMIT)
    floor = kept if full else min(kept, limits.floors[limits.context])
    # Sums are corrected, not each entry: rounding every one of them up would add a third of a percent.
    uncorrected = accumulate((entry.tokens for entry in reversed(view.history)), initial=asked)
    held = [corrected(tokens, ratio) for tokens in uncorrected][::-1]
    starts = list(legal_starts(view.history, held, floor))
    exchanges = [held[start] - held[end] for start, end in pairwise(starts)] or [held[0]]
    notes_prompt, notes = _notes(corrected(noted, ratio), ratio, limits) if limits.memory else (0, 0)
    return Sizes(
        starts=starts,
        held=held,
        unread=held[last_answer(view.history)],
        system=system,
        noted=noted,
        fixed=fixed,
        cap=cap,
        floor=floor,
        goal=trim_start(starts, held, floor, cap),
        rhythm=_rhythm(view, exchanges, held[0], limits),
        longest=max(exchanges),
        notes_prompt=notes_prompt,
        notes=notes,
    )


def _notes(present: int, ratio: float, limits: WindowLimits) -> tuple[int, int]:
    """Return the tokens of a request for notes besides what it condenses, and those of the notes expected: as many as
    the present ones have; if there are none, as is usual or as many as are asked for.
    """
    most = limits.notes
    instruction = corrected(instruction_tokens(most), ratio)
    return present + instruction, present or min(limits.card.notes_tokens, most)


def _rhythm(view: View, exchanges: Sequence[int], held: int, limits: WindowLimits) -> TrimSchedule:
    asked = list(_asked_at([*view.history, *view.question]))
    pauses = sum(later - earlier > limits.card.cache_lifetime for earlier, later in pairwise(asked))
    turns = sum(stored.entry.role == "assistant" for stored in view.history)
    return TrimSchedule(growth=held / (turns + 1), overshoot=overshoot(exchanges), turns=turns, pauses=pauses)


def _asked_at(entries: Sequence[NewEntry]) -> Iterator[datetime]:
    """Yield when each request was made: at the last of the messages before an answer, and of all."""
    for index, item in enumerate(entries, 1):
        if item.entry.role == "user" and (index == len(entries) or entries[index].entry.role != "user"):
            yield item.at


# ------------------------------------------------------------ exchanges: where a window may begin


def last_answer(history: Sequence[StoredEntry]) -> int:
    """Return the index of the last answer; that of the question where there is none."""
    answers = (index for index in range(len(history) - 1, -1, -1) if history[index].entry.role == "assistant")
    return next(answers, len(history))


def is_answer(entry: NewEntry) -> bool:
    """Return whether an entry is an answer, or the list of sources that belongs to one."""
    return entry.entry.role == "assistant" or entry.id.startswith(SOURCES_ID)


def question_sizes(history: Sequence[NewEntry]) -> Sequence[int]:
    """Return the tokens of what was asked and said before each answer, in order."""
    sizes, asked = list[int](), 0
    for entry in history:
        if entry.entry.role == "assistant":
            sizes.append(asked)
            asked = 0
        elif not is_answer(entry):
            asked += entry.tokens
    return sizes


def expected_question(history: Sequence[NewEntry], at: datetime) -> NewEntry:
    """Return an entry as long as what is usually asked and said before an answer: the median, which a pasted log among
    short questions does not move.
    """
    sizes = question_sizes(history)
    return NewEntry(id="", entry=Entry(role="user", text=""), tokens=median_low(sizes) if sizes else 0, at=at)


def trim_start(starts: Sequence[int], held: Sequence[int], floor: int, cap: int) -> int:
    """Return the latest start that leaves the floor in view, or the earliest after it that fits."""
    latest = bisect_right(starts, -floor, key=lambda start: -held[start]) - 1
    return next(start for start in starts[max(0, latest) :] if held[start] <= cap)


def legal_starts(history: Sequence[StoredEntry], held: Sequence[int], longest_run: int) -> Iterator[int]:
    """Yield where a window may begin: at the first of the messages that an answer answers together, or at
    the question.

    A run of messages longer than the floor is people talking among themselves, and may be cut anywhere.
    """
    run_start = 0
    for index, stored in enumerate(history):
        if is_answer(stored):
            run_start = index + 1
        elif index == run_start or held[run_start] - held[index + 1] > longest_run:
            yield index
    yield len(history)
