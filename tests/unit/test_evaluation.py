"""Cases of an evaluation: what is read of a line, what is right, and that our own cases hold together."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.app.evaluation_run import check_files, setting_of
from bot.errors import BotError, InvalidInput
from bot.evaluation import EvaluationCase, read_cases, wrongs_in
from tests.processes import ROOT

CASES = ROOT / "benchmarks" / "eval" / "cases.jsonl"
RATED = {
    "turn": 7,
    "conversation": "slack/T/C/1",
    "at": "2026-11-27T09:00:00+00:00",
    "person": "U1",
    "verdict": "bad",
    "thread": [{"role": "user", "content": "[Fri 2026-11-27 09:00 UTC] Ada: It is 12 May."}],
    "question": "When is it?",
    "answer": "On 13 May.",
    "model": "seed-2-0-lite",
    "parameters": {"max_tokens": "100"},
    "cost": "0.0001",
}

WRONG: list[dict[str, Any]] = [
    {"contains": "text"},
    {"contains": [7]},
    {"files": {}},
    {"search": "yes"},
    {"most_words": "9"},
    {"thread": [{"role": "system", "content": "x"}]},
    {"thread": [{}]},
    {"thread": 7},
    {"parameters": []},
    {"contain": ["a typing error"]},
]
"""Fields of which no case can be made."""


def test_our_own_cases_are_forty_with_facts_and_files() -> None:
    cases = read_cases(CASES.read_text())
    check_files(cases, CASES.parent)
    assert len({case.name for case in cases}) == len(cases) == 40
    assert all(case.is_judged for case in cases)
    assert {case.name.split("/")[0] for case in cases} == {
        *("chat", "thread", "people", "correction", "quote", "table", "code", "file", "language", "summary", "search")
    }


@pytest.mark.parametrize(
    ("answer", "wrongs"),
    [
        pytest.param("It is on **12 May** (a Tuesday).", 0, id="right"),
        pytest.param("It is on May\u00a012.", 0, id="another-way-to-say-it"),
        pytest.param("It is on 13 May.", 2, id="a-wrong-day"),
        pytest.param("It was on 12 May, and not on 13 may.", 1, id="what-must-not-stand-there"),
        pytest.param("12 May " * 20, 1, id="too-long"),
    ],
)
def test_an_answer_has_what_it_must_and_nothing_else(answer: str, wrongs: int) -> None:
    case = EvaluationCase(name="date", question="When?", contains=("12 May|May 12",), lacks=("13 May",), most_words=12)
    assert len(wrongs_in(case, answer)) == wrongs


def test_a_rated_answer_is_a_case() -> None:
    [case] = read_cases(json.dumps(RATED))
    assert (case.question, case.thread[0].content.endswith("12 May."), case.is_judged) == ("When is it?", True, False)
    assert wrongs_in(case, "On  13 may.") == ["says again what was found bad"]
    assert wrongs_in(case, "On 12 May.") == []
    [good] = read_cases(json.dumps({**RATED, "verdict": "good", "contains": ["12 May"]}))
    assert (good.is_judged, wrongs_in(good, "On 13 May.")) == (True, ["lacks '12 May'"])


@pytest.mark.parametrize(
    "line",
    [
        *("", "{", "[]", "7", "null", '"text"', "{}", "[" * 100_000),
        *(json.dumps({"question": "q", **wrong}) for wrong in WRONG),
        json.dumps({**RATED, "answer": None}),
    ],
)
def test_what_is_no_case_is_named_with_its_line(line: str) -> None:
    with pytest.raises(InvalidInput, match=r"Line 2 is no case|There are no cases"):
        read_cases(f"\n{line}")


def test_values_of_json_and_halves_of_characters_are_taken_as_people_type_them() -> None:
    told = {"question": "What is \ud800 this?", "parameters": {"max_tokens": 200, "enable_thinking": False}}
    [case] = read_cases(json.dumps(told))
    assert case.question.encode() == "What is \ufffd this?".encode()
    assert case.parameters == {"max_tokens": "200", "enable_thinking": "no"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param('[{"question": "q"}]', "braces", id="a-list"),
        pytest.param('{"question": "q", "most_words": -3}', "from 1 on", id="negative-words"),
        pytest.param('{"question": "q", "most_words": true}', "from 1 on", id="words-that-are-no-number"),
        pytest.param('{"question": "  "}', "empty", id="nothing-asked"),
        pytest.param("[" * 100_000, "nested", id="nested"),
    ],
)
def test_the_reason_is_told_in_words_of_people(line: str, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        read_cases(line)


def test_a_setting_is_parameters_and_variables() -> None:
    setting = setting_of("SEED_MODEL=other reasoning_effort=low persona=Be brief and kind. max_tokens=50")
    assert setting.settings.seed_model == "other"
    assert setting.parameters == {"reasoning_effort": "low", "persona": "Be brief and kind.", "max_tokens": "50"}


@pytest.mark.parametrize("words", ["temperature=1", "SEED_NOTHING=1", "SEED_WIRE=morse", "just words"])
def test_a_setting_that_is_none_is_refused(words: str) -> None:
    with pytest.raises(BotError):
        setting_of(words)


def test_a_question_needs_no_more_than_itself() -> None:
    fields: dict[str, Any] = {"question": "Why?"}
    assert read_cases(json.dumps(fields)) == [EvaluationCase(name="line 1", question="Why?")]
