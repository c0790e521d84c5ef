"""What was said and not answered, as entries: order and bounds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.chat.message_markdown import MESSAGE_CHARACTERS, cut
from bot.context.new_entries import (
    ASKED_ID,
    BETWEEN_TOKENS,
    CHANNEL_TOKENS,
    LEFT_OUT,
    in_order,
    newest_within,
    placed,
    said_above,
    said_between,
)
from bot.context.transcript import user_entry
from bot.types import Attachment, Incoming, Person, ReadMessage
from tests.fakes import ADA, START, incoming

BOT = Person(id="B", name="Deploys", is_bot=True)


def said(number: int, text: str) -> Incoming:
    return incoming(text, number, is_directed=False)


def read(number: int, text: str) -> ReadMessage:
    return ReadMessage(message_id=f"s{number}", author=ADA, text=text, sent_at=START + timedelta(seconds=number))


def test_people_and_bots_are_labelled_and_have_the_ids_of_their_messages() -> None:
    entries = said_between([said(1, "lunch?"), replace(said(2, "Build 7 failed."), author=BOT)], [])
    assert [(item.id, item.author, item.message_id) for item in entries] == [("m:s1", "u1", "s1"), ("m:s2", "B", "s2")]
    assert entries[0] == user_entry(said(1, "lunch?"))
    assert entries[1].entry.text.endswith("Deploys: Build 7 failed.")


def test_what_is_in_the_transcript_already_is_not_said_twice() -> None:
    history = placed([user_entry(said(1, "lunch?"))], 0)
    entries = said_between([said(1, "lunch?"), said(2, "yes")], history)
    assert [item.id for item in entries] == ["m:s2"]


def test_what_may_have_left_the_view_is_said_again_under_a_name_that_is_free() -> None:
    history = placed([user_entry(said(5, "lunch?"))], 7)
    (old,) = said_between([said(1, "breakfast?")], history)
    assert old.id == f"m:s1{ASKED_ID}"
    assert said_between([said(1, "breakfast?")], [*history, *placed([old], 8)]) == []


def test_the_newest_are_sent_and_a_line_tells_how_many_are_left_out() -> None:
    dropped = said(1, "")
    entries = said_between([dropped, *(said(number, "word " * 1_000) for number in range(2, 9))], [])
    assert [item.id for item in entries] == ["o:m:s6", "m:s6", "m:s7", "m:s8"]
    assert entries[0].entry.text == LEFT_OUT.format(count=5)
    assert sum(item.tokens for item in entries[1:]) <= BETWEEN_TOKENS


def test_a_long_message_is_cut_and_one_without_text_has_its_file() -> None:
    file = Attachment(id="f", name="plan.pdf")
    long, bare = said_between([said(1, "x" * 9_000), replace(said(2, ""), attachments=(file,))], [])
    assert "[cut: 1,000 more characters]" in long.entry.text
    assert "plan.pdf" in bare.entry.text


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=1, max_size=12))
def test_questions_stay_in_order_and_all_else_stands_before_what_was_asked_later(
    moments: list[tuple[int, bool]],
) -> None:
    entries = [
        user_entry(incoming(f"{n}", n, sent_at=START + timedelta(seconds=at))) for n, (at, _) in enumerate(moments)
    ]
    chosen = [entry for entry, (_, asks) in zip(entries, moments, strict=True) if asks] or entries[:1]
    others = [entry for entry in entries if entry not in chosen]
    questions, context = sorted(chosen, key=lambda each: each.at), sorted(others, key=lambda each: each.at)
    ahead, rest = in_order(context, questions)
    assert rest[0] == questions[0]
    assert [item for item in rest if item in questions] == questions
    assert [item for item in (*ahead, *rest) if item in context] == context
    assert all(item.at <= questions[0].at for item in ahead)
    assert [item.at for item in (*ahead, *rest)] == sorted(item.at for item in entries)


def test_entries_are_placed_one_after_the_other() -> None:
    entries = [user_entry(said(number, "x")) for number in range(3)]
    stored = placed(entries, 7)
    assert [item.position for item in stored] == [7, 8, 9]
    assert [(item.id, item.entry, item.tokens) for item in stored] == [(e.id, e.entry, e.tokens) for e in entries]


@given(st.lists(st.integers(0, 3_000), max_size=9), st.integers(0, 2_000))
def test_the_newest_stay_within_their_tokens(sizes: list[int], most: int) -> None:
    entries = [replace(user_entry(said(number, "x")), tokens=size) for number, size in enumerate(sizes)]
    kept = newest_within(entries, most)
    assert kept == entries[len(entries) - len(kept) :]
    assert bool(kept) is bool(entries)
    assert len(kept) <= 1 or sum(item.tokens for item in kept) <= most
    assert len(kept) == len(entries) or sum(item.tokens for item in entries[-len(kept) - 1 :]) > most


@given(st.sampled_from(["word ", "世界", "x", "7", "🌱"]), st.integers(1, 3_000))
def test_what_stands_above_in_a_channel_is_short(piece: str, count: int) -> None:
    entries = said_above([read(1, "before"), read(2, ""), read(3, piece * count)])
    assert entries[-1].id == "m:s3"
    assert sum(item.tokens for item in entries) <= CHANNEL_TOKENS


def test_what_is_cut_for_the_second_time_is_counted_from_the_whole_message() -> None:
    text = "word " * 4_000
    (entry,) = said_above([read(1, cut(text, MESSAGE_CHARACTERS))])
    kept, _, told = entry.entry.text.partition("\n[cut: ")
    assert int(told.split()[0].replace(",", "")) == len(text) - len(kept.partition(": ")[2])
