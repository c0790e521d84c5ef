"""What operators read of ratings."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from bot.app.feedback_report import rating_as_json, report_lines
from bot.types import ConversationKey, Entry, RatedAnswer

KEY = ConversationKey(platform="slack", workspace="T1", channel="C1", thread="7")
SUNDAY = datetime(2026, 11, 29, 23, 59, tzinfo=UTC)
MONDAY = datetime(2026, 11, 30, 0, 0, tzinfo=UTC)
BAD = RatedAnswer(
    turn=3,
    key=KEY,
    person="U2",
    good=False,
    at=SUNDAY,
    question="What is\nbark?",
    answer="Dogs do\x1b[2J\u202e.",
    model="seed",
    parameters={"temperature": "0.5"},
    cost=Decimal("0.00000012"),
    thread=(Entry(role="user", text="Hello"),),
)
GOOD = replace(BAD, good=True, person="U1")


def test_thumbs_are_counted_by_week_and_channel_and_bad_ones_are_shown() -> None:
    elsewhere = replace(GOOD, key=replace(KEY, channel="C0"))
    lines = list(report_lines([GOOD, BAD, replace(GOOD, at=MONDAY), elsewhere]))
    assert [line.split() for line in lines[1:4]] == [
        ["2026-11-23", "1", "0", "slack/T1/C0"],
        ["2026-11-23", "1", "1", "slack/T1/C1"],
        ["2026-11-30", "1", "0", "slack/T1/C1"],
    ]
    assert lines[4:] == [
        "\n2026-11-29 23:59 slack/T1/C1/7, turn 3, by U2",
        "  question:",
        "    What is",
        "    bark?",
        "  answer:",
        "    Dogs do[2J.",
    ]


def test_what_is_no_longer_kept_is_said() -> None:
    assert "    (no longer kept)" in list(report_lines([replace(BAD, question="", answer="")]))


def test_json_has_all_that_evaluation_needs() -> None:
    told = json.loads(json.dumps(rating_as_json(BAD)))
    assert told == {
        "turn": 3,
        "conversation": "slack/T1/C1/7",
        "at": "2026-11-29T23:59:00+00:00",
        "person": "U2",
        "verdict": "bad",
        "thread": [{"role": "user", "content": "Hello"}],
        "question": "What is\nbark?",
        "answer": "Dogs do\x1b[2J\u202e.",
        "model": "seed",
        "parameters": {"temperature": "0.5"},
        "cost": "0.00000012",
    }
