"""What is sent to Slack: within every documented limit, and the model's text in all of it."""

from __future__ import annotations

import html
import json
import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack.api.limits import BLOCKS_CHARACTERS, MARKDOWN_CHARACTERS, TEXT_CHARACTERS
from adapters.slack.events.messages import mentioned, without_mention
from adapters.slack.replies.markdown import SlackRenderer
from adapters.slack.replies.message_stream import ReplyMessage, read_reference, write_reference
from adapters.slack.replies.rendering import (
    PIECE_CHARACTERS,
    end_blocks,
    escape_markdown,
    fallback_text,
    in_slack_words,
    markdown_blocks,
    shortened,
)
from bot.delivery import Splitter
from bot.delivery.running_text import any_address
from bot.types import Draft, Footer, Source, Usage
from tests.data import data_folder
from tests.emulators.slack.blocks import check_message_blocks

MARKDOWN = st.lists(
    st.sampled_from(
        [
            "word ", "\n", "\n\n", "# Head\n", "- item\n", "1. one\n", "> quote\n", "```py\n", "```\n", "`x`", "**b**",
            "| a | b |\n|---|---|\n", "| 1 | 2 |\n", "<!channel>", "<@U1>", "&lt;", "&amp;", "a<b>c",
            "日本語", "👩‍👧",
            "https://a.example/?x=1&y=2", "[t](https://b.example)", "x" * 500,
        ]
    ),
    max_size=200,
).map("".join)  # fmt: skip


def answers() -> list[str]:
    """Real answers of models, joined to long ones as well."""
    found: list[str] = []
    for path in sorted((data_folder() / "llm").glob("mtbench_*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            for choice in json.loads(line).get("choices", []):
                found += choice.get("turns", [])
    return [*found, "\n\n".join(found)] if found else []


ANSWERS = answers()


def messages_of(text: str) -> list[list[dict[str, Any]]]:
    """The blocks of every message that an answer becomes."""
    pieces = Splitter(limit=PIECE_CHARACTERS, size=lambda each: len(escape_markdown(each))).split(text)
    draft = Draft(
        status="done",
        text=text or "x",
        notices=("n" * 5_000, "<!here>"),
        sources=tuple(Source(url=f"https://s.example/{n}?a=1&b=<", title="t" * n) for n in range(60)),
        footer=Footer(model="m" * 40, usage=Usage(input=9, cached=3, output=1), cost=Decimal("0.1"), seconds=9),
        is_cut=True,
    )
    shown = [markdown_blocks(escape_markdown(piece.shown)) for piece in pieces] or [[]]
    return [*shown[:-1], [*shown[-1], *end_blocks(draft, 2**62)]]


def check_limits(text: str) -> None:
    for blocks in messages_of(text):
        if not blocks:
            continue
        check_message_blocks(blocks)  # what Slack and its SDK refuse
        written = json.dumps(blocks, ensure_ascii=False)
        assert len("".join(re.findall(r'"text": "((?:[^"\\]|\\.)*)"', written))) <= BLOCKS_CHARACTERS
        markdown = [block["text"] for block in blocks if block["type"] == "markdown"]
        assert all(len(item) <= MARKDOWN_CHARACTERS and "<" not in item for item in markdown)
        assert all(len(fallback_text(item)) < TEXT_CHARACTERS for item in markdown)


@given(MARKDOWN)
def test_no_message_of_any_markdown_exceeds_a_limit(text: str) -> None:
    check_limits(text)


@pytest.mark.skipif(not ANSWERS, reason="there is no test data")
def test_no_message_of_a_real_answer_exceeds_a_limit() -> None:
    for text in ANSWERS:
        check_limits(text)


@given(MARKDOWN)
def test_the_pieces_together_are_the_text(text: str) -> None:
    pieces = Splitter(limit=PIECE_CHARACTERS, size=lambda each: len(escape_markdown(each))).split(text)
    assert "".join(piece.text for piece in pieces) == text


@given(st.text())
def test_escaped_markdown_reads_as_it_was_written(text: str) -> None:
    escaped = escape_markdown(text)
    assert "<" not in escaped
    named = re.sub(r"&(?!(?:lt|amp|gt);)", "&amp;", escaped)  # Slack decodes these three alone
    assert html.unescape(named) == text or re.search(r"&[#\w]", text)


@given(st.text())
def test_the_text_beside_the_blocks_is_short_safe_and_never_empty(text: str) -> None:
    said = fallback_text(escape_markdown(text))
    assert said
    assert len(said) < TEXT_CHARACTERS
    assert "<" not in said


def test_shortening_cuts_no_entity() -> None:
    assert shortened("ab&lt;cd", 6) == "ab…"
    assert shortened("abc", 3) == "abc"


@given(st.lists(st.tuples(st.integers(1, 10**10), st.integers(0, 999_999), st.booleans()), max_size=5))
def test_a_reference_is_read_as_it_was_written(parts: list[tuple[int, int, bool]]) -> None:
    written = [ReplyMessage(ts=f"{seconds}.{micros:06d}", streaming=streams) for seconds, micros, streams in parts]
    channel, read = read_reference(write_reference("C1", written))
    assert [(item.ts, item.streaming) for item in read] == [(item.ts, item.streaming) for item in written]
    assert channel == ("C1" if parts else "")


@given(st.text(max_size=30))
def test_a_reference_of_anything_else_is_none(text: str) -> None:
    assert read_reference(f"{text}:") == ("", [])


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("<@U0BOT> hi", "hi"),
        ("<@U0BOT|seedling>, <@U0BOT> hi", "hi"),
        ("hi <@U0BOT>", "hi"),
        ("what does <@U0BOT> do?", "what does <@U0BOT> do?"),
        ("<@U0BOTTLE> hi", "<@U0BOTTLE> hi"),
        ("hi <@U0BOT> <@U0BOT|seedling>\n", "hi"),
        ("hi" + " <@U0BOT>" * 40, "hi"),
        ("hi " + "<@U0BOT> " * 40 + "x", "hi " + "<@U0BOT> " * 40 + "x"),  # time doubled with each name
        ("<@U0BOT>" * 3, ""),
    ],
)
def test_the_bots_name_is_left_out_where_it_only_calls_it(text: str, rest: str) -> None:
    assert without_mention(text, "U0BOT") == rest


def test_people_and_groups_whom_a_text_mentions_are_told_by_id() -> None:
    said = "<@U1ADA> and <@W2BEN|ben> <!here> <!subteam^S1|@ops>, not <#C1> <!date^1^x|y> <@u1> &lt;@U3&gt; `<@U4>`"
    assert mentioned(f"&gt; <@U5>\n{said}") == {"U1ADA", "W2BEN", "here", "subteam^S1"}


def test_commands_are_told_as_they_are_typed_in_slack() -> None:
    assert in_slack_words("Usage: `/set [workspace] x`, not `/sets` or /set") == (
        "Usage: `/seed set [workspace] x`, not `/sets` or /set"
    )


def test_a_less_sign_in_code_is_parted_where_slack_shows_entities_as_they_are() -> None:
    renderer = SlackRenderer(any_address)
    renderer.code_entities = False
    written = escape_markdown(renderer.render("`if a < b` and a <!channel>\n\n```\n<@U1>\n```"))
    assert "<\u2060 b" in written
    assert "<\u2060@U1>" in written
    assert "&lt;!channel>" in written
