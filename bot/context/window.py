"""Choose what the next request carries: the cheapest window that keeps what people want kept.

A request extends the one before, byte for byte, until trimming pays or something else has broken the prefix anyway.
With memory on only what is in the notes is left out: `is_due` says when they are worth writing. All of it is decided
here, from values alone.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from bot.context.system_prompt import same_prompt_and_notes, same_system_prompt
from bot.context.tokens import estimate_request, updated_ratio
from bot.context.view import CACHED_AT_LEAST, FULL, Sizes, TrimSchedule, View, WindowLimits, measure
from bot.pricing import Tier
from bot.types import Condensation, Conversation, Entry, NewEntry, StoredEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Window of a request, and its reason.

    `start` is the position of the first entry carried. `broken` says why the request does not extend the one
    before, None when it does. `removed` are the entries that left the view with it, oldest first. `estimated`
    is the uncorrected and `tokens` the corrected estimate of the whole prompt, `fixed_tokens` (system prompt and notes)
    and `question_tokens` its parts. `repeated` is what the request before had as well, and `cached` what the provider's
    cache probably holds of it. `until_trim` is how many more tokens fit before the next trim in a lively conversation.
    """

    start: int
    entries: tuple[Entry, ...]
    broken: CacheBreak | None
    removed: tuple[StoredEntry, ...]
    estimated: int
    tokens: int
    fixed_tokens: int
    question_tokens: int
    repeated: int
    cached: int
    until_trim: int
    prompt_digest: str


def plan(view: View, limits: WindowLimits) -> Window:
    """Return the window of the next request; always contains the whole question and never exceeds the
    limits.

    Takes time in proportion to the view. Raises `QuestionTooLong` when the question alone does not fit.
    """
    sizes = measure(view, limits)
    cold = _is_cold(view, limits)
    broken = known_break(view.conversation) or _prompt_break(view)
    free = cold or broken in FREE
    choose = _choose_noted if limits.memory else _choose
    index = len(view.history) if view.begins_anew else choose(view, sizes, limits, free=free)
    is_noted_deletion = view.conversation.prompt_digest == DELETED_AND_NOTED
    reason = CacheBreak.DELETED if is_noted_deletion else _reason(broken, is_cut=index > 0, cold=cold)
    forecast = max(0, _forecast(view, sizes, limits) - sizes.held[index])
    return _describe(view, sizes, index, reason, until_trim=forecast, warm=not cold)


def is_due(view: View, limits: WindowLimits, *, cold: bool = False) -> bool:
    """Return whether notes are worth writing now, so that later requests can leave out what is in them.

    `view` is that of the next request as far as it is known, with a question as long as they usually are; `cold` says
    that it will find nothing cached. Before a hard limit there is room for one more exchange, however long.
    """
    sizes = measure(view, limits)
    if sizes.goal == sizes.current or _position(view, sizes.goal) <= view.conversation.condensed_until:
        return False
    threshold = _notes_threshold(view, sizes, limits, cold=cold)
    return sizes.held[sizes.current] > min(threshold, sizes.cap - sizes.longest)


def after(view: View, window: Window, *, actual: int | None = None) -> Conversation:
    """Return what is remembered once the request was made; `actual` are the prompt tokens that the provider counted."""
    ratio = view.conversation.token_ratio
    if actual is not None:
        system = estimate_request(view.system_prompt, ())
        ratio = updated_ratio(ratio, estimated=window.estimated - system, actual=actual - system)
    return replace(
        view.conversation,
        window_start=window.start,
        last_request_at=view.now,
        prompt_digest=window.prompt_digest,
        token_ratio=ratio,
    )


# ---------------------------------------------------------------- why the prefix is broken


def _prompt_break(view: View) -> CacheBreak | None:
    before = view.conversation.prompt_digest
    if before == view.prompt_digest:
        return None
    return CacheBreak.MODE_CHANGED if same_prompt_and_notes(before, view.prompt_digest) else CacheBreak.PROMPT_CHANGED


def _reason(broken: CacheBreak | None, *, is_cut: bool, cold: bool) -> CacheBreak | None:
    """Return why a request does not extend the one before; a trim whose notes came early leaves nothing out yet."""
    if broken is CacheBreak.TRIM and not is_cut:
        return CacheBreak.PROMPT_CHANGED
    if broken is CacheBreak.TRIM and cold:
        return CacheBreak.COLD
    if broken is not None or not is_cut:
        return broken
    return CacheBreak.COLD if cold else CacheBreak.TRIM


def _is_cold(view: View, limits: WindowLimits) -> bool:
    last = view.conversation.last_request_at
    return last is None or view.now - last > limits.card.cache_lifetime


# ---------------------------------------------------------------- where to begin


def _choose(_view: View, sizes: Sizes, limits: WindowLimits, *, free: bool) -> int:
    """Return the index of the entry that the window begins with when trims need no notes."""
    return _trimmed(sizes, limits, sizes.goal, free=free and limits.context != FULL)


def _choose_noted(view: View, sizes: Sizes, limits: WindowLimits, *, free: bool) -> int:
    """Return the index of the entry that the window begins with when what it leaves out has to be in the notes.

    The rest stays in view while it fits.
    """
    full = limits.context == FULL and known_break(view.conversation) is not CacheBreak.TRIM
    index = _trimmed(sizes, limits, _noted_start(view, sizes), free=free and not full)
    return sizes.goal if sizes.held[index] > sizes.cap else index


def _noted_start(view: View, sizes: Sizes) -> int:
    """Return where a trim would begin that leaves out nothing but what is in the notes."""
    noted = bisect_right(sizes.starts, view.conversation.condensed_until, key=lambda start: _position(view, start))
    return min(sizes.goal, sizes.starts[max(0, noted - 1)])


def _trimmed(sizes: Sizes, limits: WindowLimits, start: int, *, free: bool) -> int:
    """Return where the window begins if it may be cut at `start`: there when that is `free`, or pays."""
    threshold = 0 if free else _threshold(sizes, limits, start, reread=sizes.reread(start))
    return start if sizes.held[sizes.current] > threshold else sizes.current


def _threshold(
    sizes: Sizes, limits: WindowLimits, start: int, *, reread: int, new_notes: bool = False, delay: float = 0.0
) -> int:
    """Return the tokens of entries above which a warm prefix is given up for one that begins at `start`.

    `delay` is the excess that is carried longer for its notes.
    """
    if limits.context == FULL:
        return sizes.cap
    usual = sizes.usual_reread(new_notes=new_notes)
    limit = excess_limit(sizes.rhythm, reread=reread, usual=usual, cached_share=_cached_share(sizes, limits)) + delay
    return int(min(sizes.cap, max(sizes.held[start], sizes.held[start] + limit)))


def _notes_threshold(view: View, sizes: Sizes, limits: WindowLimits, *, cold: bool) -> int:
    """Return the tokens of entries above which notes are worth writing, for a request of which nothing will be cached
    if `cold`.
    """
    if limits.context == FULL:
        return sizes.cap
    notes = notes_cost(sizes.notes_prompt, sizes.notes, _tier(sizes, limits))
    unnoted = bisect_left(view.history, view.conversation.condensed_until, key=lambda stored: stored.position)
    share = 1.0 if cold else _cached_share(sizes, limits)
    condensed = sizes.held[unnoted] - sizes.held[-1]
    delay = notes_delay(sizes.rhythm, notes=notes, condensed=condensed, carried_share=share)
    if cold:
        return int(min(sizes.cap, sizes.held[sizes.goal] + delay))
    reread = sizes.usual_reread(new_notes=True)
    return _threshold(sizes, limits, sizes.goal, reread=reread, new_notes=True, delay=delay)


def _forecast(view: View, sizes: Sizes, limits: WindowLimits) -> int:
    """Return the tokens of entries above which a lively conversation will be trimmed at an ordinary moment."""
    if limits.memory and _position(view, sizes.goal) > view.conversation.condensed_until:
        return _notes_threshold(view, sizes, limits, cold=False)
    return _threshold(sizes, limits, sizes.goal, reread=sizes.usual_reread())


def _cached_share(sizes: Sizes, limits: WindowLimits) -> float:
    tier = _tier(sizes, limits)
    return float(limits.card.decision_price_of_cached(tier) / tier.input) if tier.input else 0.0


def _tier(sizes: Sizes, limits: WindowLimits) -> Tier:
    return limits.card.tier(sizes.fixed + sizes.held[sizes.current])


def _describe(
    view: View, sizes: Sizes, index: int, reason: CacheBreak | None, *, until_trim: int, warm: bool
) -> Window:
    carried: list[NewEntry] = [*view.history[index:], *view.question]
    repeated = _repeated(view, sizes, index, reason)
    return Window(
        start=_position(view, index),
        entries=tuple(item.entry for item in carried),
        broken=reason,
        removed=tuple(view.history[:index]),
        estimated=estimate_request(view.system_prompt, (sizes.noted, *(item.tokens for item in carried))),
        tokens=sizes.fixed + sizes.held[index],
        fixed_tokens=sizes.fixed,
        question_tokens=sizes.held[-1],
        repeated=repeated,
        cached=repeated if warm and repeated >= CACHED_AT_LEAST else 0,
        until_trim=until_trim,
        prompt_digest=view.prompt_digest,
    )


def _position(view: View, index: int) -> int:
    """Return the position of an entry of the view; the question will be stored after all of the history."""
    if index < len(view.history):
        return view.history[index].position
    return view.history[-1].position + 1 if view.history else view.conversation.window_start


def _repeated(view: View, sizes: Sizes, index: int, reason: CacheBreak | None) -> int:
    """Return how much of this request is the same as in the last one, from the beginning on."""
    before = view.conversation.prompt_digest
    if reason is None or (reason is CacheBreak.DROPPED and index == sizes.current):
        return sizes.fixed + sizes.held[index] - sizes.unread
    if before == view.prompt_digest:
        return sizes.fixed
    if reason in {CacheBreak.FIRST, CacheBreak.MODE_CHANGED}:
        return 0
    if reason is CacheBreak.PROMPT_CHANGED and not same_system_prompt(before, view.prompt_digest):
        return 0
    return sizes.system  # the notes have changed, or may have: a break that was noted before has taken the digest


# ------------------------------------------------------------ when trimming pays: the lot-size rule for a prefix cache

# Carrying an excess token costs the cached price in every turn. Trimming costs, once, the difference between the full
# and the cached price for every cached token that is kept, since the prefix changes. After a pause that outlasts the
# cache everything is paid in full anyway, so trimming then is free, and waiting for it is worth something.


def excess_limit(rhythm: TrimSchedule, *, reread: float, usual: float, cached_share: float) -> float:
    """Return the excess in tokens above which a trim pays now; infinite where cached input is free.

    `reread` are the cached tokens that a trim now would make the provider read anew, `usual` those of a trim at
    an ordinary moment, `cached_share` the price of cached input as a share of uncached input. With a share of 1 no
    excess is worth carrying: a sliding window.

    With B = usual * (1 - share) / share, what an ordinary trim costs in tokens carried for a turn, the limit is the
    lot size sqrt(2 * B * growth) (F. W. Harris, 1913). A pause with a chance of q would save the reading: that adds
    q * B / 3, the next term of the exact solution, which is y - 1 + exp(-y) = B * q^2 / growth for
    y = q * excess / growth. A moment at which a trim costs less lowers the limit in proportion. A turn's tokens come
    at once: the overshoot is taken off, so that trims are where they should be on average.
    """
    if cached_share <= 0:
        return math.inf
    usual = max(usual, 1.0)
    burden = usual * max(0.0, 1 - cached_share) / cached_share
    ordinary = math.sqrt(2 * burden * rhythm.growth) + rhythm.pause_chance * burden / 3
    return ordinary * reread / usual - rhythm.overshoot


def notes_cost(prompt: int, notes: int, tier: Tier) -> float:
    """Return what writing notes costs whatever they condense, in uncached input tokens; 0.0 where input is free.

    `prompt` are the tokens that the request for notes has besides what it condenses, `notes` those it is expected to
    write. What it condenses is read by such a request once, however often one trims, and so is no reason to wait.
    """
    return prompt + notes * float(tier.output / tier.input) if tier.input else 0.0


def notes_delay(rhythm: TrimSchedule, *, notes: float, condensed: int, carried_share: float) -> float:
    """Return the excess in tokens that is carried longer so that notes that cost `notes` are written later.

    Notes now would condense so many tokens. A turn later they condense `growth` more, so that the same cost is spread
    over more tokens: that saves growth * notes / condensed, and carrying an excess token for a turn costs
    `carried_share`, the price of cached input as a share of uncached input, and 1 after a pause. 0.0 for free notes,
    and infinite where carrying costs nothing.
    """
    saved = rhythm.growth * notes / max(1, condensed)
    if not saved:
        return 0.0
    return saved / carried_share if carried_share > 0 else math.inf


# ------------------------------------------------------------ why a request does not extend the one before


TRIES: Final = 3
"""How often messages are condensed in vain before they are left out without notes."""


class CacheBreak(StrEnum):
    """Reason why a request does not extend the one before."""

    FIRST = "first"
    TRIM = "trim"
    COLD = "cold"
    PROMPT_CHANGED = "head changed"  # the earlier name, under which it is stored
    MODE_CHANGED = "mode changed"
    DELETED = "deleted"
    DROPPED = "dropped"
    MEDIA = "media"


DELETED_AND_NOTED: Final = "deleted and noted"
"""What stands in place of the digest where messages were deleted and the notes have changed, in either order: people
are told of the deletion, and nothing of the history is cached, as after a trim.
"""

# After these nothing of the history is cached, so that leaving out what is in the notes costs nothing.
FREE: Final = frozenset({CacheBreak.FIRST, CacheBreak.TRIM, CacheBreak.COLD, CacheBreak.PROMPT_CHANGED})


def known_break(conversation: Conversation) -> CacheBreak | None:
    """Return the break that was decided or suffered before the next request; None for none."""
    if conversation.last_request_at is None:
        return CacheBreak.FIRST
    if conversation.prompt_digest == DELETED_AND_NOTED:
        return CacheBreak.TRIM
    return CacheBreak(conversation.prompt_digest) if conversation.prompt_digest in set(CacheBreak) else None


def mark_prefix_broken(conversation: Conversation, reason: CacheBreak) -> Conversation:
    """Return the conversation, remembering that its next request cannot extend the last one, and why.

    The reason stands in place of the digest, which it cannot be mistaken for. The first stays, beside a deletion.
    """
    if known_break(conversation) is CacheBreak.TRIM and reason is CacheBreak.DELETED:
        return replace(conversation, prompt_digest=DELETED_AND_NOTED)
    if known_break(conversation) is not None:
        return conversation
    return replace(conversation, prompt_digest=reason.value)


def with_notes(conversation: Conversation, condensed: Condensation) -> Conversation:
    """Return the conversation with what was condensed of it; the next request carries the notes, and so is a trim.

    What was made of entries that were removed since, or are in other notes already, changes nothing. Without notes the
    entries wait for the next ones, unless they were paid for in vain too often.
    """
    if (condensed.revision, condensed.begin) != (conversation.revision, conversation.condensed_until):
        return conversation
    if condensed.notes:
        noted = replace(conversation, memory=condensed.notes, condensed_until=condensed.until, condensed_in_vain=0)
        return _with_changed_notes(noted)
    if not condensed.in_vain:
        return conversation
    if conversation.condensed_in_vain + 1 < TRIES:
        return replace(conversation, condensed_in_vain=conversation.condensed_in_vain + 1)
    return replace(conversation, condensed_until=condensed.until, condensed_in_vain=0)


def _with_changed_notes(noted: Conversation) -> Conversation:
    """Return the conversation, remembering that its next request carries other notes."""
    if known_break(noted) is CacheBreak.FIRST:
        return noted
    is_deleted = noted.prompt_digest in {CacheBreak.DELETED.value, DELETED_AND_NOTED}
    return replace(noted, prompt_digest=DELETED_AND_NOTED if is_deleted else CacheBreak.TRIM.value)


def merge_concurrent_changes(after: Conversation, *, now: Conversation | None) -> Conversation:
    """Return `after`, what an answer leaves behind, with what happened to the conversation while it was written.

    What people had removed is gone, and notes that were stored meanwhile stay: the next request cannot extend the last
    one then.
    """
    if now is None:
        return after
    kept = replace(
        after,
        memory=now.memory,
        revision=now.revision,
        condensed_until=now.condensed_until,
        condensed_in_vain=now.condensed_in_vain,
    )
    if now.revision != after.revision:
        return replace(kept, prompt_digest=CacheBreak.DELETED.value)
    if now.memory != after.memory:
        return replace(kept, prompt_digest=CacheBreak.TRIM.value)
    return kept
