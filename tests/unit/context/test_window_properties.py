"""What holds for every view, every limit and every course of a conversation."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.context import window as window_module
from bot.context.tokens import SAFETY_MARGIN, corrected
from bot.context.transcript import correction_entry
from bot.context.view import FLOORS, FULL, TrimSchedule, View, WindowLimits
from bot.context.window import CacheBreak, Window, plan
from bot.errors import QuestionTooLong
from bot.pricing import RateCard, Tier
from bot.types import Conversation, Entry, Role, StoredEntry, ThreadMessage
from tests.unit.context.conversations import ADA, START, Thread, card, limits, question, sized

ROLES: tuple[Role, ...] = ("user", "assistant")
money = st.sampled_from([Decimal(0), Decimal("0.05"), Decimal("0.31"), Decimal(7)])
tiers = st.builds(
    lambda start, prices: Tier(from_tokens=start, input=prices[0], output=prices[1], cached=prices[2]),
    st.integers(1, 300_000),
    st.tuples(money, money, st.none() | money),
)


@st.composite
def cards(draw: st.DrawFn) -> RateCard:
    later = sorted(draw(st.lists(tiers, max_size=2)), key=lambda tier: tier.from_tokens)
    first = replace(draw(tiers), from_tokens=0)
    share = draw(st.decimals(0, 2, places=1))
    life = timedelta(seconds=draw(st.integers(0, 3_600)))
    return RateCard(tiers=(first, *later), origin="any", cache_lifetime=life, cached_share=share)


any_limits = st.builds(
    WindowLimits,
    context_tokens=st.integers(64, 300_000),
    max_tokens=st.integers(1, 65_536),
    card=cards(),
    context=st.sampled_from([*FLOORS, "full"]),
    memory=st.booleans(),
    at_most=st.none() | st.integers(0, 300_000),
)


@st.composite
def views(draw: st.DrawFn) -> View:
    sizes = st.integers(1, 300) | st.integers(1, 40_000)
    pause = st.integers(-100, 4_000)
    history: list[StoredEntry] = []
    at, position = START, draw(st.integers(0, 5))
    start = position
    for role, tokens, wait, gap in draw(
        st.lists(st.tuples(st.sampled_from(ROLES), sizes, pause, st.integers(1, 3)), max_size=40)
    ):
        at += timedelta(seconds=wait)
        history.append(sized(position, role, tokens, at))
        position += gap
    known = Conversation(
        window_start=start,
        last_request_at=draw(st.none() | st.just(at)),
        prompt_digest=draw(st.sampled_from(["", "0123456789abcdef", *CacheBreak])),
        token_ratio=draw(st.floats(0.5, 4)),
    )
    now = at + timedelta(seconds=draw(pause))
    asked = [question(draw(sizes), now) for _ in range(draw(st.integers(1, 3)))]
    return View(
        conversation=known, history=history, question=asked, system_prompt="h" * draw(st.integers(0, 4_000)), now=now
    )


def planned(view: View, terms: WindowLimits) -> Window:
    try:
        return plan(view, terms)
    except QuestionTooLong as error:
        asked = corrected(sum(entry.tokens for entry in view.question), view.conversation.token_ratio)
        assert error.limit is not None
        assert error.tokens == asked > error.limit >= 0
        assume(False)
        raise


@given(views(), any_limits)
def test_a_window_carries_the_whole_question_and_stays_within_the_limit(view: View, terms: WindowLimits) -> None:
    window = planned(view, terms)
    asked = tuple(item.entry for item in view.question)
    assert window.entries[-len(asked) :] == asked
    assert window.tokens <= (terms.context_tokens - terms.reserved) * (1 - SAFETY_MARGIN)
    assert 0 < terms.reserved <= terms.max_tokens


def limit_of_reading_again(rhythm: TrimSchedule, *, reread: float, usual: float, cached_share: float) -> float:
    """The rule for trims that cost nothing but reading again, said once more."""
    if cached_share <= 0:
        return math.inf
    burden = max(usual, 1.0) * max(0.0, 1 - cached_share) / cached_share
    ordinary = math.sqrt(2 * burden * rhythm.growth) + rhythm.pause_chance * burden / 3
    return ordinary * reread / max(usual, 1.0) - rhythm.overshoot


@given(views(), any_limits)
def test_without_memory_the_windows_are_those_of_the_rule_without_notes(view: View, terms: WindowLimits) -> None:
    off = replace(terms, memory=False)
    chosen = planned(view, off)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(window_module, "excess_limit", limit_of_reading_again)
        patch.setattr(window_module, "notes_delay", None)  # not asked at all
        assert plan(view, off) == chosen


@given(views(), any_limits)
def test_with_all_in_the_notes_the_windows_are_those_without_memory(view: View, terms: WindowLimits) -> None:
    noted = replace(view, conversation=replace(view.conversation, condensed_until=10**6))
    off, on = (planned(noted, replace(terms, memory=memory)) for memory in (False, True))
    assert on == off or terms.context == FULL


@given(views(), any_limits)
def test_after_a_pause_notes_are_no_reason_to_leave_out_more(view: View, terms: WindowLimits) -> None:
    late = replace(view, now=view.now + timedelta(days=1))
    off, on = (planned(late, replace(terms, memory=memory)) for memory in (False, True))
    assert on.start <= off.start


@given(views(), any_limits)
def test_a_window_is_the_end_of_the_view_and_begins_with_a_person(view: View, terms: WindowLimits) -> None:
    window = planned(view, terms)
    kept = view.history[len(window.removed) :]
    assert [*window.removed, *kept] == list(view.history)
    assert window.entries == tuple(item.entry for item in (*kept, *view.question))
    assert window.entries[0].role == "user"
    assert all(item.position >= window.start for item in kept)
    assert all(item.position < window.start for item in window.removed)


@given(views(), any_limits)
def test_leaving_something_out_always_has_a_reason(view: View, terms: WindowLimits) -> None:
    window = planned(view, terms)
    if window.broken is None:
        assert not window.removed
        assert view.conversation.last_request_at is not None
    assert window.until_trim >= 0
    assert 0 <= window.cached < window.tokens


exchanges = st.lists(st.tuples(st.integers(1, 400), st.integers(1, 900), st.sampled_from([5, 60, 700])), max_size=60)


@given(
    exchanges, st.sampled_from(["economy", "normal", "long"]), st.sampled_from(["0", "0.1", "0.5", "1"]), st.booleans()
)
def test_the_floor_stays_in_view_through_a_whole_conversation(
    course: list[tuple[Any, ...]], context: str, ratio: str, memory: bool
) -> None:
    thread = Thread(terms=limits(card=card(ratio), context=context, memory=memory))
    for asked, answered, pause in course:
        _, window = thread.ask("w" * (4 * asked), answer="w" * (4 * answered), pause=pause)
        everything = sum(entry.tokens for entry in thread.entries[:-1])
        assert window.tokens - window.fixed_tokens >= min(thread.terms.floors[context], everything)


class Counted(Sequence[StoredEntry]):
    """A history that counts how often it is looked at."""

    def __init__(self, items: Sequence[StoredEntry]) -> None:
        self.items, self.looks = items, 0

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: Any) -> Any:
        self.looks += len(range(*index.indices(len(self.items)))) if isinstance(index, slice) else 1
        return self.items[index]


def test_planning_looks_at_each_entry_in_view_a_few_times_only() -> None:
    looks = []
    for count in (200, 2_000):
        history = Counted([sized(n, "user" if n % 2 == 0 else "assistant", 10, START) for n in range(count)])
        known = Conversation(last_request_at=START)
        view = View(conversation=known, history=history, question=[question()], system_prompt="", now=START)
        plan(view, limits(context="full"))
        looks.append(history.looks)
    assert looks[1] <= 10 * looks[0] <= 10 * 10 * 200


# ---------------------------------------------------------------- the course of a conversation

words = st.integers(1, 400).map(lambda count: "word " * count)
happenings = st.one_of(
    st.tuples(st.just("ask"), st.lists(words, min_size=1, max_size=3), words, st.sampled_from([5, 60, 700])),
    st.tuples(st.just("edit"), words),
    st.tuples(st.just("delete"), st.integers(0, 200)),
    st.tuples(st.just("persona"), st.sampled_from(["A pirate.", "A poet."])),
    st.tuples(st.just("memory"), words),
    st.tuples(st.just("context"), st.sampled_from(["economy", "normal", "long", "full"])),
)


def happen(thread: Thread, what: tuple[Any, ...]) -> tuple[View, Window] | None:
    match what:
        case ("ask", texts, answer, pause):
            return thread.ask(*texts, answer=answer, pause=pause)
        case ("edit", text):
            thread.now += timedelta(seconds=1)
            message = ThreadMessage(message_id="0.0", author=ADA, text=text, sent_at=START)
            thread.store(correction_entry(message, thread.now))
        case ("delete", index) if thread.entries:
            thread.delete(index % len(thread.entries))
        case ("persona", text):
            thread.persona = text
        case ("memory", text):
            thread.conversation = replace(thread.conversation, memory=text)
        case ("context", name):
            thread.terms = replace(thread.terms, context=name)
    return None


@given(st.lists(happenings, max_size=40), st.sampled_from(["0", "0.1", "0.5", "1"]))
def test_a_request_extends_the_one_before_unless_a_reason_is_told(course: list[tuple[Any, ...]], ratio: str) -> None:
    thread = Thread(terms=limits(card=card(ratio), context_tokens=16_000))
    before: tuple[object, tuple[Entry, ...]] | None = None
    since: set[str] = set()
    for what in course:
        since.add(what[0])
        if (asked := happen(thread, what)) is None:
            continue
        view, window = asked
        if window.broken is None:
            assert before is not None
            assert (view.system_prompt, view.notes) == before[0]
            assert window.entries[: len(before[1])] == before[1]
        else:
            _check_reason(window.broken, before, view, since)
        before, since = ((view.system_prompt, view.notes), window.entries), set()


def _check_reason(
    reason: CacheBreak, before: tuple[object, tuple[Entry, ...]] | None, view: View, since: set[str]
) -> None:
    last = view.conversation.last_request_at
    late = last is not None and view.now - last > timedelta(minutes=10)
    assert (reason is CacheBreak.FIRST) == (before is None)
    assert reason is not CacheBreak.COLD or late
    assert reason is not CacheBreak.DELETED or "delete" in since
    assert reason is not CacheBreak.PROMPT_CHANGED or (
        before is not None and (view.system_prompt, view.notes) != before[0]
    )
