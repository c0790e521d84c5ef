"""The growing answer."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.delivery.accumulator import FILTERED_NOTICE, LENGTH_NOTICE, WORDLESS_NOTICE, AnswerAccumulator
from bot.language import speaking
from bot.types import (
    Finish,
    Finished,
    ModelEvent,
    NoteFound,
    ReasoningDelta,
    SearchStarted,
    Source,
    SourceFound,
    TextDelta,
)

deltas = st.one_of(st.builds(TextDelta, st.text(max_size=5)), st.builds(ReasoningDelta, st.text(max_size=5)))


def grown(*events: ModelEvent) -> AnswerAccumulator:
    answer = AnswerAccumulator()
    for event in events:
        answer.add(event)
    return answer


@given(st.lists(deltas))
def test_the_pieces_put_together_are_the_text_and_the_reasoning(events: list[TextDelta | ReasoningDelta]) -> None:
    draft = grown(*events).draft()
    assert draft.text == "".join(event.text for event in events if isinstance(event, TextDelta))
    assert draft.reasoning == "".join(event.text for event in events if isinstance(event, ReasoningDelta))


def test_the_status_follows_what_comes() -> None:
    assert grown().draft().status == "thinking"
    assert grown(SearchStarted("weather")).draft().status == "searching"
    assert grown(SearchStarted(""), ReasoningDelta("hm")).draft().status == "thinking"
    assert grown(TextDelta("a"), ReasoningDelta("hm")).draft().status == "writing"
    assert grown(TextDelta("a")).draft("stopped").status == "stopped"


def test_a_source_counts_once_and_keeps_its_place() -> None:
    one, two = Source(url="https://a", title="A"), Source(url="https://b")
    assert grown(SourceFound(one), SourceFound(two), SourceFound(Source(url="https://a"))).draft().sources == (one, two)


def test_how_the_stream_ended_is_told_when_it_matters() -> None:
    assert grown(Finished(Finish.STOP)).draft().notices == ()
    assert grown(Finished(Finish.LENGTH)).draft().notices == (LENGTH_NOTICE,)
    assert grown(Finished(Finish.FILTERED)).draft().notices == (FILTERED_NOTICE,)


def test_an_answer_that_shows_nothing_is_told() -> None:
    for text in (" \n ", "<!-- done -->", "<br>", "```\n```", "\u200b\u2060", "\ufe0f", "**\u2800**"):
        assert grown(TextDelta(text), Finished(Finish.STOP)).draft().notices == (WORDLESS_NOTICE,)
    for text in ("---", "![](https://a.example/b.png)", "0"):
        assert grown(TextDelta(text), Finished(Finish.STOP)).draft().notices == ()


def test_a_notice_is_told_once() -> None:
    assert grown(NoteFound("n"), NoteFound("n")).draft().notices == ("n",)


def test_what_is_searched_for_is_told_until_the_first_word() -> None:
    answer = grown(SearchStarted("spring\n tides  2026"))
    assert answer.draft().progress == "Searching: spring tides 2026"
    with speaking("de"):
        assert answer.draft().progress == "Sucht: spring tides 2026"
    answer.add(ReasoningDelta("Let me see."))
    assert answer.draft().progress == "Searching: spring tides 2026"
    answer.add(TextDelta("Soon."))
    assert answer.draft().notices == ()
    assert answer.draft("done").notices == ()


def test_a_page_is_one_source_however_its_address_is_written() -> None:
    answer = grown(
        SourceFound(Source(url="https://www.Example.org/tides/#spring")),
        SourceFound(Source(url="https://example.org/tides?utm_source=x&gclid=1", title="All about tides")),
        SourceFound(Source(url="https://example.org/tides?page=2", title="More")),
        SourceFound(Source(url="https://[broken", title="Broken")),
        SourceFound(Source(url="https://[broken", title="Broken")),
    )
    assert [(source.url, source.title) for source in answer.draft().sources] == [
        ("https://www.Example.org/tides/#spring", "All about tides"),
        ("https://example.org/tides?page=2", "More"),
        ("https://[broken", "Broken"),
    ]
