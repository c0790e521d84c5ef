"""Choose what the next request carries: the cheapest window that keeps what people want kept.

A request extends the one before, byte for byte, until trimming pays or something else has broken the prefix anyway.
With memory on only what is in the notes is left out: `is_due` says when they are worth writing. All of it is decided
here, from values alone.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace

from bot.context.cache_breaks import FREE, CacheBreak, known_break
from bot.context.sizes import CACHED_AT_LEAST, Sizes, measure
from bot.context.system_prompt import same_prompt_and_notes, same_system_prompt
from bot.context.tokens import estimate_request, updated_ratio
from bot.context.trim import excess_limit, notes_cost, notes_delay
from bot.context.view import FULL, View, WindowLimits
from bot.pricing import Tier
from bot.types import Conversation, Entry, NewEntry, StoredEntry


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
    reason = _reason(broken, is_cut=index > 0, cold=cold)
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
