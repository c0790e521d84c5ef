from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import cast

import pytest

from bot.context.system_prompt import digest, notes_message
from bot.context.tokens import estimate_entry
from bot.context.view import View
from bot.context.window import CacheBreak, after, is_due, known_break, mark_prefix_broken, plan, with_notes
from bot.errors import QuestionTooLong
from bot.pricing import FREE_CARD
from bot.types import SOURCES_ID, Condensation, Conversation, Role, StoredEntry
from tests.unit.context.conversations import START, Thread, card, limits, question, sized

ROLES: tuple[Role, ...] = ("user", "user", "user", "assistant")
LONG = "word " * 160  # about 200 tokens


def view(*history: StoredEntry, conversation: Conversation, now: datetime = START) -> View:
    return View(conversation=conversation, history=history, question=[question(at=now)], system_prompt="head", now=now)


def exchanges(count: int) -> list[StoredEntry]:
    return [
        sized(position, "user" if position % 2 == 0 else "assistant", 100, START + timedelta(seconds=15 * position))
        for position in range(2 * count)
    ]


def notes(*, until: int, begin: int = 0) -> Condensation:
    return Condensation(revision=0, begin=begin, until=until, notes="Ada said hello.")


def carried_on(history: list[StoredEntry]) -> View:
    """A conversation whose last request carried all of `history`, which is warm and continues."""
    at = history[-1].at
    known = Conversation(last_request_at=at, prompt_digest=digest("head"))
    return view(*history, conversation=known, now=at + timedelta(seconds=30))


class TestBreaks:
    def test_the_first_request_says_so(self) -> None:
        assert Thread().ask("Hello")[1].broken is CacheBreak.FIRST

    def test_the_next_request_extends_it(self) -> None:
        thread = Thread()
        thread.ask("Hello")
        _, window = thread.ask("And now?")
        assert window.broken is None
        assert [entry.role for entry in window.entries] == ["user", "assistant", "user"]
        assert window.start == 0

    def test_a_changed_persona_is_the_reason(self) -> None:
        thread = Thread()
        thread.ask("Hello")
        thread.persona = "A pirate."
        assert thread.ask("And now?")[1].broken is CacheBreak.PROMPT_CHANGED
        assert thread.ask("And now?")[1].broken is None

    def test_changed_notes_are_the_reason_and_leave_the_system_prompt_cached(self) -> None:
        thread = Thread()
        thread.ask("Hello")
        thread.conversation = replace(thread.conversation, memory="- Ada likes tea.")
        view, window = thread.ask("And now?")
        assert window.broken is CacheBreak.PROMPT_CHANGED
        assert 1_024 <= window.cached == window.fixed_tokens - sum(map(estimate_entry, view.notes))
        _, window = thread.ask("And now?")
        assert window.broken is None
        assert window.cached > window.fixed_tokens

    def test_a_changed_system_prompt_leaves_nothing_cached(self) -> None:
        thread = Thread(conversation=Conversation(memory="- Ada likes tea."))
        thread.ask("Hello")
        thread.persona = "A pirate."
        assert thread.ask("And now?")[1].cached == 0

    def test_a_conversation_of_an_older_release_breaks_once(self) -> None:
        thread = Thread(conversation=Conversation(memory="- Ada likes tea."))
        thread.ask("Hello")
        older = digest("its persona, its rules and its notes in one text")
        thread.conversation = replace(thread.conversation, prompt_digest=older)
        assert [thread.ask("And now?")[1].broken for _ in range(2)] == [CacheBreak.PROMPT_CHANGED, None]

    def test_a_deleted_message_is_the_reason(self) -> None:
        thread = Thread()
        thread.ask("Hello")
        thread.ask("My password is 12345")
        thread.delete(2)
        _, window = thread.ask("And now?")
        assert window.broken is CacheBreak.DELETED
        assert not any("12345" in entry.text for entry in window.entries)
        assert thread.ask("And now?")[1].broken is None

    def test_a_deleted_message_that_had_left_the_window_breaks_nothing(self) -> None:
        thread = Thread()
        for _ in range(40):
            thread.ask(LONG)
        assert thread.conversation.window_start > 0
        thread.delete(0)
        assert thread.ask("Short")[1].broken is not CacheBreak.DELETED

    @pytest.mark.parametrize("first", ["deletion", "notes", "notes-twice"])
    def test_a_deleted_message_is_the_reason_whenever_notes_are_made_anew(self, first: str) -> None:
        thread = Thread(terms=limits(memory=True))
        thread.ask("Hello")
        thread.ask("My password is 12345")
        if first != "deletion":
            thread.conversation = with_notes(thread.conversation, notes(until=2))
        thread.delete(2)
        if first != "notes":
            thread.conversation = with_notes(
                thread.conversation, notes(until=4, begin=thread.conversation.condensed_until)
            )
        assert known_break(thread.conversation) is CacheBreak.TRIM  # nothing of the history is cached
        _, window = thread.ask("And now?")
        assert (window.broken, window.start) == (CacheBreak.DELETED, 0)
        assert thread.ask("And now?")[1].broken is None

    def test_an_answer_whose_question_was_deleted_is_not_the_beginning(self) -> None:
        thread = Thread()
        thread.ask("Hello")
        thread.ask("Again")
        thread.delete(0)
        _, window = thread.ask("And now?")
        assert window.entries[0].role == "user"
        assert window.broken is CacheBreak.DELETED

    def test_a_trim_made_in_the_background_keeps_its_reason(self) -> None:
        thread = Thread(terms=limits(memory=True))
        for _ in range(15):
            thread.ask(LONG)
        assert thread.conversation.window_start == 0
        thread.conversation = with_notes(thread.conversation, notes(until=20))
        _, window = thread.ask("And now?")
        assert (window.broken, window.start) == (CacheBreak.TRIM, 20)
        assert thread.ask("And now?")[1].broken is None

    def test_notes_on_what_stays_in_view_are_a_changed_head(self) -> None:
        thread = Thread(terms=limits(memory=True))
        thread.ask("Hello")
        thread.conversation = with_notes(thread.conversation, notes(until=2))
        _, window = thread.ask("And now?")
        assert (window.broken, window.start) == (CacheBreak.PROMPT_CHANGED, 0)

    def test_another_mode_is_the_reason_and_no_reason_to_trim(self) -> None:
        searching = replace(carried_on(exchanges(8)), mode="web_search")
        window = plan(searching, limits())
        assert (window.broken, window.start, window.cached) == (CacheBreak.MODE_CHANGED, 0, 0)

    def test_the_first_of_two_reasons_stays(self) -> None:
        known = mark_prefix_broken(
            mark_prefix_broken(Conversation(last_request_at=START), CacheBreak.DELETED), CacheBreak.TRIM
        )
        assert known.prompt_digest == CacheBreak.DELETED.value

    def test_a_conversation_without_requests_cannot_be_interrupted(self) -> None:
        assert mark_prefix_broken(Conversation(), CacheBreak.DELETED) == Conversation()


class TestTrims:
    def test_after_a_pause_the_window_is_cut_to_the_floor(self) -> None:
        history = exchanges(10)
        warm = carried_on(history)
        assert plan(warm, limits()).broken is None
        window = plan(replace(warm, now=history[-1].at + timedelta(seconds=601)), limits())
        assert window.broken is CacheBreak.COLD
        assert window.tokens - window.fixed_tokens == 1_050
        assert window.cached == 0

    def test_a_pause_breaks_nothing_when_there_is_nothing_to_trim(self) -> None:
        history = exchanges(3)
        late = replace(carried_on(history), now=history[-1].at + timedelta(hours=5))
        window = plan(late, limits())
        assert (window.broken, window.start, window.cached) == (None, 0, 0)

    def test_a_lively_conversation_is_trimmed_when_the_excess_costs_more_than_reading_again(self) -> None:
        trimmed = [plan(carried_on(exchanges(count)), limits()).broken for count in range(5, 40)]
        assert trimmed[0] is None
        assert trimmed[-1] is CacheBreak.TRIM
        assert trimmed == sorted(trimmed, key=lambda reason: reason is not None)

    @pytest.mark.parametrize("cheaper", ["0.05", "0.1", "0.3"])
    def test_cheaper_cached_tokens_let_the_window_grow_longer(self, cheaper: str) -> None:
        def longest(ratio: str) -> int:
            return max(
                n for n in range(5, 80) if plan(carried_on(exchanges(n)), limits(card=card(ratio))).broken is None
            )

        assert longest(cheaper) > longest("0.6")

    def test_where_cached_tokens_cost_the_same_the_window_slides(self) -> None:
        window = plan(carried_on(exchanges(20)), limits(card=card("1")))
        assert window.broken is CacheBreak.TRIM
        assert window.until_trim <= 1

    @pytest.mark.parametrize(("tokens", "broken"), [(50, None), (1_000, CacheBreak.TRIM)])
    def test_a_long_question_is_a_cheap_moment_to_trim(self, tokens: int, broken: CacheBreak | None) -> None:
        asked = replace(carried_on(exchanges(6)), question=[question(tokens)])
        assert plan(asked, limits()).broken is broken

    def test_on_a_free_model_nothing_is_trimmed_before_it_has_to_be(self) -> None:
        free = limits(card=FREE_CARD)
        assert plan(carried_on(exchanges(500)), free).broken is None

    def test_at_the_limit_a_third_is_dropped_so_that_the_next_trim_is_some_way_off(self) -> None:
        tiny = limits(card=FREE_CARD, context_tokens=8_192, max_tokens=1_024, floors={"normal": 64_000})
        window = plan(carried_on(exchanges(40)), tiny)
        assert window.broken is CacheBreak.TRIM
        entries = window.tokens - window.fixed_tokens
        assert 0.6 < entries / (tiny.prompt - window.fixed_tokens) <= 0.7
        assert window.until_trim > 1_500

    def test_full_keeps_all_that_fits_even_after_a_pause(self) -> None:
        history = exchanges(400)
        late = replace(carried_on(history), now=history[-1].at + timedelta(hours=5))
        window = plan(late, limits(context="full"))
        assert window.start == 0
        assert window.broken is None

    def test_a_window_stays_below_the_price_boundary(self) -> None:
        terms = limits(card=card("0", boundary=5_000), context="long")
        window = plan(carried_on(exchanges(40)), terms)
        assert window.broken is CacheBreak.TRIM
        assert window.tokens * 1.1 < 5_000

    def test_full_crosses_the_price_boundary(self) -> None:
        terms = limits(card=card("0", boundary=5_000), context="full")
        assert plan(carried_on(exchanges(40)), terms).tokens > 5_000

    def test_a_question_above_the_price_boundary_goes_alone(self) -> None:
        terms = limits(card=card("0", boundary=5_000))
        asked = replace(carried_on(exchanges(4)), question=[question(6_000)])
        assert len(plan(asked, terms).entries) == 1

    def test_a_refused_request_is_made_shorter(self) -> None:
        asked = carried_on(exchanges(60))
        terms = limits(card=FREE_CARD, context_tokens=16_000, max_tokens=1_000)
        again = plan(asked, replace(terms, at_most=plan(asked, terms).estimated // 2))
        assert again.tokens < plan(asked, terms).tokens
        assert again.broken is CacheBreak.TRIM


class TestTrimsWithNotes:
    noted = limits(memory=True)

    @pytest.mark.parametrize(("count", "due"), [(6, False), (7, True), (20, True)])
    def test_notes_are_due_in_a_pause_when_the_excess_costs_more_than_they_do(self, count: int, *, due: bool) -> None:
        assert is_due(carried_on(exchanges(count)), self.noted, cold=True) == due

    def test_after_a_pause_what_is_in_the_notes_is_left_out_and_no_more(self) -> None:
        late = replace(carried_on(exchanges(20)), now=START + timedelta(hours=5))
        window = plan(late, self.noted)
        assert (window.broken, window.start) == (None, 0)
        late = replace(late, conversation=replace(late.conversation, condensed_until=24))
        window = plan(late, self.noted)
        assert (window.broken, window.start) == (CacheBreak.COLD, 24)

    def test_without_notes_all_stays_in_view_while_it_fits(self) -> None:
        assert plan(carried_on(exchanges(500)), self.noted).start == 0

    def test_a_window_grows_longer_before_notes_are_worth_it(self) -> None:
        longest = max(n for n in range(5, 80) if not is_due(carried_on(exchanges(n)), self.noted))
        assert longest > max(n for n in range(5, 80) if plan(carried_on(exchanges(n)), limits()).broken is None)

    def test_the_same_notes_serve_several_trims_of_a_lively_conversation(self) -> None:
        known = Conversation(last_request_at=START, prompt_digest=digest("head"), condensed_until=16)
        growing = [replace(carried_on(exchanges(n)), conversation=known) for n in range(8, 15)]
        windows = [plan(replace(view, now=START), self.noted) for view in growing]
        unnoted = [plan(replace(view, now=START), limits()) for view in growing]
        assert [window.start for window in windows if window.start] == [
            min(16, window.start) for window in unnoted if window.start
        ]
        assert CacheBreak.TRIM in {window.broken for window in windows}

    @pytest.mark.parametrize(("noted", "due"), [(30, False), (29, True), (0, True)])
    def test_no_notes_are_due_while_what_has_to_leave_is_in_them(self, noted: int, *, due: bool) -> None:
        view = carried_on(exchanges(20))
        known = replace(view.conversation, condensed_until=noted)
        assert is_due(replace(view, conversation=known), self.noted) == due

    def test_notes_are_due_before_a_limit_is_reached(self) -> None:
        terms = limits(memory=True, card=FREE_CARD, context_tokens=8_192, max_tokens=1_024, floors={"normal": 64_000})
        counts = [n for n in range(5, 40) if is_due(carried_on(exchanges(n)), terms)]
        assert plan(carried_on(exchanges(counts[0])), terms).start == 0
        assert plan(carried_on(exchanges(counts[0] + 2)), terms).start > 0

    def test_the_forecast_follows(self) -> None:
        warm = carried_on(exchanges(8))
        assert plan(warm, self.noted).until_trim > plan(warm, limits()).until_trim + 1_000

    def test_known_notes_tell_how_long_the_next_ones_will_be(self) -> None:
        def left(words: int) -> int:
            told = notes_message("- " + "tea " * words)
            known = Conversation(last_request_at=START, prompt_digest=digest("head", told))
            return plan(replace(carried_on(exchanges(8)), conversation=known, notes=told), self.noted).until_trim

        assert left(50) < plan(carried_on(exchanges(8)), self.noted).until_trim < left(700)

    def test_what_has_to_fit_is_cut_whatever_the_notes_cost(self) -> None:
        late = replace(carried_on(exchanges(20)), now=START + timedelta(hours=5))
        tiny = replace(self.noted, context_tokens=4_096, max_tokens=1_024)
        window = plan(late, tiny)
        assert window.broken is CacheBreak.COLD
        assert window.tokens <= tiny.prompt

    def test_on_a_free_model_notes_cost_nothing(self) -> None:
        assert is_due(carried_on(exchanges(6)), limits(card=FREE_CARD, memory=True), cold=True)


class TestBeginnings:
    def test_messages_answered_together_stay_together(self) -> None:
        history: list[StoredEntry] = []
        for turn in range(20):
            for role in ROLES:
                history.append(sized(len(history), role, 70, START + timedelta(seconds=turn)))
        window = plan(view(*history, conversation=Conversation(), now=START), limits())
        assert window.start % 4 == 0
        assert window.start > 0

    def test_an_answer_is_not_parted_from_its_sources(self) -> None:
        history: list[StoredEntry] = []
        for turn in range(40):
            for role, id in (("user", "m:"), ("assistant", "a:"), ("user", SOURCES_ID)):
                entry = sized(len(history), cast("Role", role), 70, START + timedelta(seconds=turn))
                history.append(replace(entry, id=f"{id}{turn}"))
        for floor in range(500, 1_000, 35):
            window = plan(view(*history, conversation=Conversation()), limits(floors={"normal": floor}))
            assert window.start > 0
            assert window.start % 3 == 0

    def test_people_talking_among_themselves_for_long_can_be_cut_anywhere(self) -> None:
        history = [sized(position, "user", 50, START) for position in range(100)]
        window = plan(view(*history, conversation=Conversation()), limits())
        assert window.tokens - window.fixed_tokens == 1_000
        assert window.broken is CacheBreak.FIRST

    def test_all_messages_of_a_question_are_carried(self) -> None:
        asked = [question(400), question(400), question(400)]
        late = replace(carried_on(exchanges(20)), question=asked, now=START + timedelta(days=1))
        assert [entry.text for entry in plan(late, limits()).entries][-3:] == ["q", "q", "q"]

    def test_a_question_that_does_not_fit_is_refused_with_the_numbers(self) -> None:
        asked = replace(carried_on(exchanges(2)), question=[question(9_000)])
        with pytest.raises(QuestionTooLong) as caught:
            plan(asked, limits(context_tokens=8_192, max_tokens=1_024))
        assert caught.value.tokens == 9_000
        assert caught.value.limit is not None
        assert 6_000 < caught.value.limit < 7_168

    def test_a_large_reserve_leaves_a_small_model_half_its_context(self) -> None:
        tiny = limits(context_tokens=4_096, max_tokens=65_536)
        assert tiny.reserved == 2_048
        assert plan(replace(carried_on(exchanges(2)), question=[question(1_500)]), tiny).question_tokens == 1_500


class TestFigures:
    def test_the_expected_cache_hit_is_the_request_before(self) -> None:
        thread = Thread(terms=limits(context="long"))
        previous = 0
        for _ in range(8):
            _, window = thread.ask(LONG)
            assert window.cached == (previous if previous >= 1_024 else 0)
            previous = window.tokens

    def test_a_conversation_without_trims_approaches_the_next_one(self) -> None:
        thread = Thread()
        left: list[int] = []
        for _ in range(12):
            _, window = thread.ask(LONG)
            if window.broken is CacheBreak.TRIM:
                break
            left.append(window.until_trim)
        assert len(left) > 6
        assert all(later < earlier for earlier, later in pairwise(left[5:]))

    def test_counted_tokens_correct_the_estimates(self) -> None:
        thread = Thread()
        view, window = thread.ask(5 * LONG)
        twice = after(view, window, actual=window.estimated + window.question_tokens)
        assert 1.2 < twice.token_ratio < 2
        thread.conversation = twice
        _, corrected = thread.ask(LONG)
        assert corrected.tokens > 1.2 * corrected.estimated

    def test_what_left_the_view_is_told(self) -> None:
        history = exchanges(20)
        window = plan(replace(carried_on(history), now=START + timedelta(days=1)), limits())
        assert [item.position for item in window.removed] == list(range(window.start))
