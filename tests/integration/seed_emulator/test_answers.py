"""What the emulator says, and how its answers are bounded."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.emulators.seed.tokens import pieces
from tests.integration.seed_emulator.asking import WIRE_NAMES, Asker, WireName, asking, deltas, text_of

RULES = [
    pytest.param("[2026-11-22 14:03 UTC] Ada: echo hello\nthere", "hello\nthere", id="echo"),
    pytest.param("call q1, 2 words\nand call q2, 3 words", "q1: the tide\n\nq2: the tide turns", id="call"),
    pytest.param("Please count to 5!", "1, 2, 3, 4, 5", id="count"),
    pytest.param("count the words in: one two three", "3", id="count-words"),
    pytest.param("count the letters in a1 b2", "2", id="count-letters"),
    pytest.param("extract numbers from 3 pears, 4.5 apples and -2", "3\n4.5\n-2", id="numbers"),
    pytest.param("extract all links from see https://a.example/b?c=1 now", "https://a.example/b?c=1", id="links"),
    pytest.param("extract the emails in x <a.b@c.example>", "a.b@c.example", id="emails"),
    pytest.param("extract names from the boat of Ada and Grace", "Ada\nGrace", id="names"),
    pytest.param("extract links from nothing", "none", id="nothing"),
    pytest.param("what is 12 * 12?", "144", id="product"),
    pytest.param("what is 1 / 4", "0.25", id="quotient"),
    pytest.param("what is 1 / 0", "That has no result.", id="no-quotient"),
    pytest.param("what is 90 + 10", "100", id="sum"),
    pytest.param("write 3 words", "the tide turns", id="words"),
    pytest.param("what is my name", "You have not told me your name.", id="no-name"),
    pytest.param("what did I say?", "You have said nothing before this.", id="no-memory"),
    pytest.param(
        "summarise this:\n[m1] Ada: tea is ready\n[m2] Bob: I come",
        "- Ada: tea is ready [m1]\n- Bob: I come [m2]",
        id="summary",
    ),
]


@pytest.mark.parametrize(("question", "answer"), RULES)
async def test_answers_follow_the_rules(seed: Asker, question: str, answer: str) -> None:
    assert text_of("chat", await seed.ask(question)) == answer


async def test_answers_remember_the_conversation(seed: Asker) -> None:
    turns = [
        {"role": "user", "content": "Hello, my name is Ada."},
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": "what is my name?"},
    ]
    assert text_of("chat", await seed.ask("", messages=turns)) == "Your name is Ada."
    turns[-1]["content"] = "What did I say?"
    assert text_of("chat", await seed.ask("", messages=turns)) == "Before, you said: Hello, my name is Ada."


async def test_what_no_rule_knows_is_answered_plainly(seed: Asker) -> None:
    assert "follows rules and understands nothing" in text_of("chat", await seed.ask("Why is the sky blue?"))


async def test_long_markdown_has_every_kind_of_block(seed: Asker) -> None:
    text = text_of("chat", await seed.ask("long markdown 3"))
    for mark in ("## Section 3", "**bold**", "- first", "  - nested", "1. one", "|---|", "```python", "> A quot", "🌱"):
        assert mark in text


@pytest.mark.parametrize("wire", WIRE_NAMES)
async def test_stop_strings_end_the_answer_and_are_left_out(seed: Asker, wire: WireName) -> None:
    body = await seed.ask("count to 9", wire, stop="7, 4,zzz")
    assert text_of(wire, body) == "1, 2, 3, "


async def test_messages_name_the_stop_sequence(seed: Asker) -> None:
    body = await seed.ask("count to 9", "messages", stop_sequences=["4"])
    assert (body["stop_reason"], body["stop_sequence"]) == ("stop_sequence", "4")


@pytest.mark.parametrize("wire", WIRE_NAMES)
async def test_max_tokens_bounds_reasoning_and_text_together(seed: Asker, wire: WireName) -> None:
    field = "max_output_tokens" if wire == "responses" else "max_tokens"
    for limit in (5, 60):
        body = await seed.ask("write 300 words", wire, **{field: limit})
        used = body["usage"]
        assert used["completion_tokens" if wire == "chat" else "output_tokens"] == limit
        assert bool(text_of(wire, body)) is (limit == 60)


async def test_a_refused_question_is_sensitive_content(seed: Asker) -> None:
    for wire in WIRE_NAMES:
        response = await seed.post("please [refuse] this", wire)
        assert (response.status_code, "SensitiveContentDetected" in response.text) == (400, True)


async def test_a_json_object_is_answered_when_it_is_asked_for(seed: Asker) -> None:
    wanted = {"type": "json_object"}
    assert json.loads(text_of("chat", await seed.ask("echo hello", response_format=wanted))) == {"answer": "hello"}
    assert json.loads(text_of("chat", await seed.ask('echo {"a": 1}', response_format=wanted))) == {"a": 1}
    body = await seed.ask("echo hello", "responses", text={"format": wanted})
    assert json.loads(text_of("responses", body)) == {"answer": "hello"}
    assert (await seed.post("echo hello", response_format={"type": "xml"})).status_code == 400


async def test_chunks_have_the_size_that_the_option_says() -> None:
    for size in (1, 4):
        async with asking(chunk_tokens=size) as seed:
            events = await seed.events("write 100 words", enable_thinking=False)
            texts = [event.data["choices"][0]["delta"]["content"] for event in events[:-3]]
            assert {len(pieces(text)) for text in texts[:-1]} == {size}
            assert deltas("chat", events).split()[:3] == ["the", "tide", "turns"]


@given(st.text())
def test_the_pieces_of_a_text_are_the_text(text: str) -> None:
    assert "".join(pieces(text)) == text


def test_the_measured_sentence_has_its_tokens() -> None:
    assert pieces("What are the common cruciferous plants?") == [
        "What", " are", " the", " common", " crucifer", "ous", " plants", "?",
    ]  # fmt: skip


async def test_the_measured_request_has_its_tokens(seed: Asker) -> None:
    body = await seed.ask("", messages=_measured())
    assert body["usage"]["prompt_tokens"] == 41 + 5 + 1


def _measured() -> list[dict[str, str]]:
    """The measured question after a system message of one token."""
    return [{"role": "system", "content": "-"}, {"role": "user", "content": "What are the common cruciferous plants?"}]
