"""Messages as the page shows them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.web.playground.message_view import HUES, hue, initials, present_answer, present_message
from bot.delivery.footer import duration, footer_parts, money
from bot.types import Attachment, ChannelMessage, CostSplit, Draft, Footer, Person, Source, Usage

USAGE = Usage(input=1234, cached=1000, output=56)


PAID = Footer(
    model="m",
    usage=USAGE,
    cost=Decimal("0.02"),
    seconds=1,
    split=CostSplit(read=Decimal("0.0001"), reasoned=Decimal("0.002"), written=Decimal("0.01"), tools=Decimal("0.005")),
)


@pytest.mark.parametrize(
    ("footer", "details"),
    [
        (PAID, "read $0.00010, reasoned $0.0020, written $0.010, searched $0.0050"),
        (replace(PAID, show_cost=False), ""),
        (replace(PAID, split=CostSplit()), ""),
        (replace(PAID, split=None), ""),
    ],
    ids=["paid", "cost-hidden", "free", "of-an-earlier-version"],
)
def test_the_details_name_what_the_cost_is_paid_for(footer: Footer, details: str) -> None:
    assert present_answer(Draft(status="done", footer=footer))["paid_for"] == details
    assert details not in footer_parts(footer)


@pytest.mark.parametrize(
    ("footer", "parts"),
    [
        pytest.param(
            Footer(model="m", usage=USAGE, cost=Decimal("0.00042"), seconds=1.26),
            ["m", "1,234 tokens in (1,000 cached)", "56 out", "$0.00042", "1.3 s"],
            id="everything",
        ),
        pytest.param(
            Footer(model="m", usage=Usage(input=5, output=6), cost=Decimal(0), seconds=2),
            ["m", "5 tokens in", "6 out", "free", "2.0 s"],
            id="free",
        ),
        pytest.param(
            Footer(model="m", usage=USAGE, cost=Decimal(1), seconds=61, show_cost=False),
            ["m", "1,234 tokens in (1,000 cached)", "56 out", "1 min 1 s"],
            id="cost-hidden",
        ),
        pytest.param(
            Footer(model="m", usage=Usage(input=5, output=6, estimated=True, requests=2), cost=None, seconds=0),
            ["m", "5 tokens in", "6 out", "2 requests", "estimated", "0.0 s"],
            id="asked-twice-estimated-and-unpriced",
        ),
    ],
)
def test_the_small_print_names_model_tokens_cost_and_time(footer: Footer, parts: list[str]) -> None:
    assert footer_parts(footer) == parts


@pytest.mark.parametrize(
    ("cost", "text"),
    [
        pytest.param("0", "free", id="nothing"),
        pytest.param("0.0000001", "$0.00000010", id="hardly-anything"),
        pytest.param("0.0014249", "$0.0014", id="a-fraction-of-a-cent"),
        pytest.param("0.25", "$0.25", id="cents"),
        pytest.param("1234.5", "$1,234.50", id="thousands"),
    ],
)
def test_money_reads_as_people_write_it(cost: str, text: str) -> None:
    assert money(Decimal(cost)) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0 s"), (59.94, "59.9 s"), (59.96, "1 min 0 s"), (125, "2 min 5 s")]
)
def test_durations_are_short(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ada Lovelace", "AL"),
        ("ada", "AD"),
        ("", "?"),
        ("  _ ", "?"),
        ("x", "X"),
        ("J. R. R. Tolkien", "JT"),
        ("李", "李"),
    ],
)
def test_initials_stand_for_a_name(name: str, letters: str) -> None:
    assert initials(name) == letters


@given(st.text())
def test_a_persons_colour_is_one_of_the_palette(person: str) -> None:
    assert 0 <= hue(person) < HUES
    assert hue(person) == hue(person)


def test_sources_with_other_schemes_are_left_out() -> None:
    draft = Draft(status="done", sources=(Source(url="javascript:x"), Source(url="https://a.example")))
    assert present_answer(draft)["sources"] == [{"url": "https://a.example", "title": "https://a.example"}]


def test_a_message_names_its_attachments_and_its_thread() -> None:
    at = datetime(2026, 1, 5, 9, tzinfo=UTC)
    message = ChannelMessage(
        workspace="w",
        channel="c",
        id="m",
        author=Person(id="ada", name="Ada"),
        text="*hi*",
        at=at,
        attachments=(Attachment(id="f", name="plan.pdf"),),
        replies=2,
        last_reply_at=at,
    )
    shown = present_message(message)
    assert shown["html"] == "<p><em>hi</em></p>\n"
    assert ([file["name"] for file in shown["attachments"]], shown["replies"]) == (["plan.pdf"], "2 replies")
    assert shown["at"] == shown["last_reply_at"] == "2026-01-05T09:00:00+00:00"
