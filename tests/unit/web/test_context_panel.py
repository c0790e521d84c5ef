"""The panel says in words and figures what the picture shows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.web.playground.context_panel import BREAK_WORDS, break_text, present_context, tokens_label
from adapters.web.playground.platform import ROOM
from bot.commands.context_report import BREAKS
from bot.context.window import CacheBreak
from bot.types import Usage
from tests.unit.web.records import conversation, record


def test_nothing_sent_is_nothing_shown() -> None:
    shown = present_context([])
    assert (shown["summary"], shown["bars"], shown["breaks"]) == ([], [], [])


def test_the_summary_tells_of_the_last_request_and_the_next_trim() -> None:
    assert present_context([record(1, broken="first"), record(2), record(3, total=1500, cached=1000)])["summary"] == [
        "6 messages",
        "1,500 tokens in",
        "66% from the cache",
        "history trimmed in about 2,500 tokens",
        "last cache break: “First request”, 2 requests ago",
    ]


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        pytest.param(["", ""], "no cache break in the last 2 requests", id="none"),
        pytest.param(["trim"], "last cache break: “History trimmed”, just now", id="the-last-one"),
        pytest.param(["trim", ""], "last cache break: “History trimmed”, 1 request ago", id="the-one-before"),
    ],
)
def test_the_last_break_is_told_with_its_distance(broken: list[str], said: str) -> None:
    records = [record(number, broken=item) for number, item in enumerate(broken, 1)]
    assert present_context(records)["summary"][-1] == said


def test_the_cached_share_is_whole_only_when_everything_was_cached() -> None:
    nearly = present_context([record(usage=Usage(input=1000, cached=999))])
    assert nearly["summary"][2] == "99% from the cache"
    assert present_context([record(total=0, cached=0)])["summary"][2] == "0% from the cache"


def test_each_bar_has_its_exact_figures() -> None:
    bars = present_context([record(1), record(2, total=12_345, cached=10_000)])["bars"]
    assert bars[1]["title"] == "Request 2 of 2"
    assert bars[1]["facts"] == {
        "total": "12,345", "cached": "10,000", "fresh": "2,345", "system": "400", "entries": "4",
        "messages": "4 messages",
    }  # fmt: skip
    assert bars[1]["break"] is None


def test_estimates_are_told_as_such() -> None:
    shown = present_context([replace(record(), usage=None)])
    bar = shown["bars"][0]
    assert (bar["facts"]["total"], bar["estimated"], bar["failed"], shown["estimated"]) == (
        "about 1,000",
        True,
        True,
        True,
    )
    assert not present_context([record()])["estimated"]


def test_a_break_is_marked_with_its_reason_and_what_left() -> None:
    shown = present_context([record(1, broken="first"), record(2, broken="head changed"), record(3, broken="trim")])
    assert [item["kind"] for item in shown["breaks"]] == ["first", "trim", "head-changed"]
    assert shown["bars"][2]["break"]["label"] == "History trimmed"
    assert shown["bars"][2]["break"]["text"].endswith("cost more than leaving them out (14 messages left out).")
    assert break_text(record(broken="deleted").figures) == "A message was deleted and is no longer sent."


def test_every_reason_has_a_name_a_sentence_and_a_sign() -> None:
    icons = (ROOM / "templates" / "icons.html").read_text()
    assert set(BREAK_WORDS) == set(CacheBreak) == set(BREAKS)
    for item in CacheBreak:
        assert f'id="b-{item.replace(" ", "-")}"' in icons


def test_a_whole_conversation_is_one_bar_for_each_request() -> None:
    assert len(present_context(conversation(60))["bars"]) == 60


@pytest.mark.parametrize(
    ("tokens", "label"),
    [(0, "0"), (500, "500"), (2000, "2K"), (1_500_000, "1.5M"), (250_000, "250K")],
    ids=["zero", "hundreds", "thousands", "millions", "many-thousands"],
)
def test_the_axis_is_labelled_shortly(tokens: int, label: str) -> None:
    assert tokens_label(tokens) == label
