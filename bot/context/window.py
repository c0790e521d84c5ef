"""Choose what the next request carries: the cheapest window that keeps what people want kept.

A request extends the one before, byte for byte, until trimming pays or something else has broken the prefix anyway.
All of it is decided here, from values alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from itertools import accumulate, pairwise
from types import MappingProxyType
from typing import Final

from bot.context import condensed_notes
from bot.context.exchanges import last_answer, legal_starts, trim_start
from bot.context.system_prompt import digest, same_system_prompt
from bot.context.tokens import (
    REQUEST_OVERHEAD,
    below,
    corrected,
    estimate,
    estimate_entry,
    estimate_request,
    updated_ratio,
)
from bot.context.trim import TrimSchedule, excess_limit, notes_cost, overshoot, pause_limit
from bot.errors import QuestionTooLong
from bot.pricing import RateCard, Tier
from bot.types import Conversation, Entry, NewEntry, StoredEntry

# Recent tokens that stay in view, by the parameter `context`; "full" keeps all that fits.
FLOORS: Final[Mapping[str, int]] = MappingProxyType({"economy": 4_000, "normal": 16_000, "long": 64_000})
FULL: Final = "full"

# A trim forced by a limit keeps this share of it, so that the next one is some way off: every new token then makes
# two others be read again, where keeping nearly everything would mean a full re-read in every turn.
KEPT_AT_LIMIT: Final = 2 / 3

# What of the model's context an answer may reserve at most, so that a small model still sees its question.
RESERVED_AT_MOST: Final = 1 / 2


# The provider caches no shorter prefix: its block size (API fact sheet, section 2).
CACHED_AT_LEAST: Final = 1_024


class CacheBreak(StrEnum):
    """Reason why a request does not extend the one before."""

    FIRST = "first"
    TRIM = "trim"
    COLD = "cold"
    HEAD_CHANGED = "head changed"
    DELETED = "deleted"


# After these nothing of the history is cached, so that a trim costs no more than its notes.
FREE: Final = frozenset({CacheBreak.FIRST, CacheBreak.TRIM, CacheBreak.COLD, CacheBreak.HEAD_CHANGED})


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
    def prompt(self) -> int:
        """The most estimated tokens that a prompt may have."""
        return below(self.context_tokens - self.reserved)

    @property
    def cheap_prompt(self) -> int:
        """The most estimated tokens that a prompt may have in the lowest price tier."""
        boundaries = [tier.from_tokens for tier in self.card.tiers if tier.from_tokens > 0]
        return min(self.prompt, below(min(boundaries) - 1)) if boundaries else self.prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Facts about a conversation when a request is about to be made.

    `history` are the stored entries from `conversation.window_start` on, `question` the entries that this turn
    asks (at least one, not yet stored): together they are what the window is cut from. `head` is the system prompt,
    `notes` the message behind it, if there is one: both stand before whatever the window holds. With `begins_anew`
    nothing but the question is carried.
    """

    conversation: Conversation
    history: Sequence[StoredEntry]
    question: Sequence[NewEntry]
    head: str
    now: datetime
    notes: tuple[Entry, ...] = ()
    begins_anew: bool = False

    @property
    def head_digest(self) -> str:
        """The name of what stands before the window."""
        return digest(self.head, self.notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Window of a request, and its reason.

    `start` is the position of the first entry carried. `broken` says why the request does not extend the one
    before, None when it does. `removed` are the entries that left the view with it, oldest first. `estimated`
    is the uncorrected and `tokens` the corrected estimate of the whole prompt, `head_tokens` (system prompt and notes)
    and `question_tokens` its parts; `cached` what the provider's cache probably holds of it. `until_trim` is how
    many more tokens fit before the next trim in a lively conversation.
    """

    start: int
    entries: tuple[Entry, ...]
    broken: CacheBreak | None
    removed: tuple[StoredEntry, ...]
    estimated: int
    tokens: int
    head_tokens: int
    question_tokens: int
    cached: int
    until_trim: int
    head_digest: str


def plan(view: View, limits: WindowLimits) -> Window:
    """Return the window of the next request; always contains the whole question and never exceeds the
    limits.

    Takes time in proportion to the view. Raises `QuestionTooLong` when the question alone does not fit.
    """
    sizes = _measure(view, limits)
    cold = _is_cold(view, limits)
    known = _known_break(view.conversation) or _head_break(view)
    free = cold or known in FREE
    chosen = _choose(sizes, _pause_threshold(sizes, limits) if free else _threshold(sizes, limits, sizes.reread))
    index = len(view.history) if view.begins_anew else chosen
    reason = known or (None if index == 0 else CacheBreak.COLD if cold else CacheBreak.TRIM)
    usual = _threshold(sizes, limits, sizes.usual_reread)
    return _describe(view, sizes, index, reason, until_trim=max(0, usual - sizes.held[index]), warm=not cold)


def after(view: View, window: Window, *, actual: int | None = None) -> Conversation:
    """Return what is remembered once the request was made; `actual` are the prompt tokens that the provider counted."""
    ratio = view.conversation.token_ratio
    if actual is not None:
        ratio = updated_ratio(ratio, estimated=window.estimated, actual=actual)
    return replace(
        view.conversation,
        window_start=window.start,
        last_request_at=view.now,
        head_digest=window.head_digest,
        token_ratio=ratio,
    )


def mark_prefix_broken(conversation: Conversation, reason: CacheBreak) -> Conversation:
    """Return the conversation, remembering that its next request cannot extend the last one, and why.

    The reason stands in place of the head's digest, which it cannot be mistaken for. The first reason stays.
    """
    if conversation.last_request_at is None or _known_break(conversation) is not None:
        return conversation
    return replace(conversation, head_digest=reason.value)


def merge_concurrent_changes(after: Conversation, *, now: Conversation | None) -> Conversation:
    """Return `after` with what people had removed from the conversation while an answer was being written.

    Its next request cannot extend the last one then, and notes dropped meanwhile stay dropped.
    """
    if now is None or now.revision == after.revision:
        return after
    return replace(after, memory=now.memory, revision=now.revision, head_digest=CacheBreak.DELETED.value)


# ---------------------------------------------------------------- why the prefix is broken


def _known_break(conversation: Conversation) -> CacheBreak | None:
    """Return the break that was decided or suffered before this request."""
    if conversation.last_request_at is None:
        return CacheBreak.FIRST
    return CacheBreak(conversation.head_digest) if conversation.head_digest in set(CacheBreak) else None


def _head_break(view: View) -> CacheBreak | None:
    return None if view.conversation.head_digest == view.head_digest else CacheBreak.HEAD_CHANGED


def _is_cold(view: View, limits: WindowLimits) -> bool:
    last = view.conversation.last_request_at
    return last is None or view.now - last > limits.card.cache_lifetime


# ---------------------------------------------------------------- how much there is


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sizes:
    """A view in corrected tokens.

    `held[i]` are those from entry i to the end of the question, for i from 0 to the question itself. `starts` are the
    legal starts, ascending; the last one is the question. `unread` is the part that no request has carried yet: the
    last answer and the question. `system` is the system prompt with the overhead, `fixed` that and the notes, `cap` is
    the most that entries may hold, `floor` what they should. `goal` is where a trim would begin, `rhythm` how the
    conversation goes. `notes_prompt` is what a request for notes has besides what it condenses, `notes` what it will
    probably write; both are 0 without memory.
    """

    starts: Sequence[int]
    held: Sequence[int]
    unread: int
    system: int
    fixed: int
    cap: int
    floor: int
    goal: int
    rhythm: TrimSchedule
    notes_prompt: int
    notes: int

    @property
    def current(self) -> int:
        """Return where the window begins when nothing is trimmed."""
        return self.starts[0]

    @property
    def reread(self) -> int:
        """The cached tokens that a trim now would make the provider read anew."""
        return max(0, self.held[self.goal] - self.unread + self._head_lost)

    @property
    def usual_reread(self) -> int:
        """The same at an ordinary moment: the floor and what passes it, less the turn that is new."""
        return max(0, self.floor + int(self.rhythm.overshoot - self.rhythm.growth) + self._head_lost)

    @property
    def _head_lost(self) -> int:
        """What a trim makes the provider read anew of what stands before the window: its notes replace the old ones."""
        kept = self.system if self.notes else self.fixed
        return self.fixed - kept if kept >= CACHED_AT_LEAST else self.fixed


def _measure(view: View, limits: WindowLimits) -> _Sizes:
    ratio = view.conversation.token_ratio
    system = REQUEST_OVERHEAD + estimate(view.head)
    fixed = corrected(system + sum(map(estimate_entry, view.notes)), ratio)
    asked = sum(entry.tokens for entry in view.question)
    question = corrected(asked, ratio)
    room = limits.prompt - fixed
    if question > room:
        raise QuestionTooLong(question, max(0, room))
    full = limits.context == FULL
    if limits.at_most is not None:
        room = min(room, corrected(limits.at_most, ratio) - fixed)
    cap = max(question, room if full else min(room, limits.cheap_prompt - fixed))
    kept = int(cap * KEPT_AT_LIMIT)
    floor = kept if full else min(kept, limits.floors[limits.context])
    # Sums are corrected, not each entry: rounding every one of them up would add a third of a percent.
    uncorrected = accumulate((entry.tokens for entry in reversed(view.history)), initial=asked)
    held = [corrected(tokens, ratio) for tokens in uncorrected][::-1]
    starts = list(legal_starts(view.history, held, floor))
    notes_prompt, notes = _notes(view, limits, fixed) if limits.memory else (0, 0)
    return _Sizes(
        starts=starts,
        held=held,
        unread=held[last_answer(view.history)],
        system=corrected(system, ratio),
        fixed=fixed,
        cap=cap,
        floor=floor,
        goal=trim_start(starts, held, floor, cap),
        rhythm=_rhythm(view, starts, held, limits),
        notes_prompt=notes_prompt,
        notes=notes,
    )


def _notes(view: View, limits: WindowLimits, fixed: int) -> tuple[int, int]:
    """Return the tokens of a request for notes besides what it condenses, and those of the notes expected."""
    most, ratio = condensed_notes.bound(limits.context_tokens), view.conversation.token_ratio
    present = corrected(sum(map(estimate_entry, view.notes)), ratio)
    instruction = corrected(condensed_notes.instruction_tokens(most), ratio)
    return fixed + instruction, condensed_notes.expected(present, most_tokens=most)


def _rhythm(view: View, starts: Sequence[int], held: Sequence[int], limits: WindowLimits) -> TrimSchedule:
    asked = list(_asked_at([*view.history, *view.question]))
    pauses = sum(later - earlier > limits.card.cache_lifetime for earlier, later in pairwise(asked))
    turns = sum(stored.entry.role == "assistant" for stored in view.history)
    sizes = [held[start] - held[end] for start, end in pairwise(starts)] or [held[0]]
    return TrimSchedule(growth=held[0] / (turns + 1), overshoot=overshoot(sizes), turns=turns, pauses=pauses)


def _asked_at(entries: Sequence[NewEntry]) -> Iterator[datetime]:
    """Yield when each request was made: at the last of the messages before an answer, and of all."""
    for index, item in enumerate(entries, 1):
        if item.entry.role == "user" and (index == len(entries) or entries[index].entry.role != "user"):
            yield item.at


# ---------------------------------------------------------------- where to begin


def _choose(sizes: _Sizes, threshold: int) -> int:
    """Return the index of the entry that the window begins with."""
    return sizes.goal if sizes.held[sizes.current] > threshold else sizes.current


def _threshold(sizes: _Sizes, limits: WindowLimits, reread: int) -> int:
    """Return the tokens of entries above which a warm prefix is given up."""
    if limits.context == FULL:
        return sizes.cap
    tier = _tier(sizes, limits)
    share = float(limits.card.decision_price_of_cached(tier) / tier.input) if tier.input else 0.0
    notes = notes_cost(sizes.notes_prompt, sizes.notes, tier)
    limit = excess_limit(sizes.rhythm, reread=reread, usual=sizes.usual_reread, cached_share=share, notes=notes)
    return int(min(sizes.cap, max(sizes.held[sizes.goal], sizes.held[sizes.goal] + limit)))


def _pause_threshold(sizes: _Sizes, limits: WindowLimits) -> int:
    """Return the tokens of entries above which a window of which nothing is cached is cut."""
    if limits.context == FULL:
        return sizes.cap
    if not limits.memory:
        return 0
    notes = notes_cost(sizes.notes_prompt, sizes.notes, _tier(sizes, limits))
    return int(min(sizes.cap, sizes.held[sizes.goal] + pause_limit(sizes.rhythm, notes=notes)))


def _tier(sizes: _Sizes, limits: WindowLimits) -> Tier:
    return limits.card.tier(sizes.fixed + sizes.held[sizes.current])


def _describe(
    view: View, sizes: _Sizes, index: int, reason: CacheBreak | None, *, until_trim: int, warm: bool
) -> Window:
    carried: list[NewEntry] = [*view.history[index:], *view.question]
    return Window(
        start=_position(view, index),
        entries=tuple(item.entry for item in carried),
        broken=reason,
        removed=tuple(view.history[:index]),
        estimated=estimate_request(view.head, (*map(estimate_entry, view.notes), *(item.tokens for item in carried))),
        tokens=sizes.fixed + sizes.held[index],
        head_tokens=sizes.fixed,
        question_tokens=sizes.held[-1],
        cached=_cached(view, sizes, index, reason) if warm else 0,
        until_trim=until_trim,
        head_digest=view.head_digest,
    )


def _position(view: View, index: int) -> int:
    """Return the position of an entry of the view; the question will be stored after all of the history."""
    if index < len(view.history):
        return view.history[index].position
    return view.history[-1].position + 1 if view.history else view.conversation.window_start


def _cached(view: View, sizes: _Sizes, index: int, reason: CacheBreak | None) -> int:
    """Return what the provider still holds of the last request, which ended before the last answer."""
    shared = _shared(view, sizes, index, reason)
    return shared if shared >= CACHED_AT_LEAST else 0


def _shared(view: View, sizes: _Sizes, index: int, reason: CacheBreak | None) -> int:
    """Return how much of this request is the same as in the last one, from the beginning on."""
    before = view.conversation.head_digest
    if reason is None:
        return sizes.fixed + sizes.held[index] - sizes.unread
    if before == view.head_digest:
        return sizes.fixed
    if reason is CacheBreak.FIRST:
        return 0
    if reason is CacheBreak.HEAD_CHANGED and not same_system_prompt(before, view.head_digest):
        return 0
    return sizes.system  # the notes have changed, or may have: a break that was noted before has taken the digest
