"""Each verdict of the crash harness finds its fault, in a history that is clean but for that, and no other does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from benchmarks.crash.books import added_up
from benchmarks.crash.history import Asked, Charge, History, Pressed, Request, Seen, Setting, Shown, State, Stored
from benchmarks.crash.sums import rows
from benchmarks.crash.verdicts import judge
from bot.context.transcript import NOTES_MARK

PLACE = "c/1"
FIRST, SECOND = "q0: the tide turns", "q1: twice a day"


def asked(name: str, at: float, text: str, **changes: Any) -> Asked:
    fields: dict[str, Any] = {"acknowledged_at": at + 0.5, "stored_at": at + 0.5, "secret": f"sesame{name}"}
    return Asked(name=name, place=PLACE, at=at, expected=[text], **(fields | changes))


def shown(id: str, at: float, *seen: tuple[State, str], place: str = PLACE) -> Shown:
    versions = [Seen(at=at + number, text=text, state=state) for number, (state, text) in enumerate(seen)]
    return Shown(id=id, place=place, seen=versions)


def answer(id: str, at: float, text: str, *more: tuple[State, str]) -> Shown:
    return shown(id, at, ("thinking", ""), ("writing", text[:8]), ("done", text), *more)


def cut_until(at: float, beginning: str, later: str) -> Shown:
    seen = [Seen(at=21, text=beginning, state="done", is_cut=True), Seen(at=at, text=later, state="done")]
    return Shown(id="m1", place=PLACE, seen=seen)


def request(*messages: tuple[str, str], charge: Charge | None = None) -> Request:
    return Request(at=1, messages=messages, charge=charge)


BILLED = Charge(input=10, cached=0, output=5)
SAID = (("user", "call q0"), ("assistant", FIRST))

CLEAN = History(
    asked=[asked("q0", 10, "the tide turns"), asked("q1", 20, "twice a day")],
    shown=[answer("m0", 11, FIRST), answer("m1", 21, SECOND)],
    settings=[
        Setting(place="c", value="1", at=1, taken_at=2),
        Setting(place="c", value="2", at=3, taken_at=None),
        Setting(place="d", value="1", at=1, taken_at=None),
    ],
    scheduled={"c": 1},
    due={"c": 1},
    digests={"c": 1},
    requests=[
        request(("system", "s"), ("user", "call q0"), charge=BILLED),
        request(("system", "t"), *SAID, ("user", "call q1"), charge=BILLED),
        request(("system", "t"), *SAID, ("user", "call q1"), ("assistant", SECOND), ("user", "call q2")),
    ],
    stored=Stored(
        turns={"q0": 1, "q1": 1},
        texts=["call q0 sesameq0", "call q1 sesameq1"],
        settings={"c": "2"},
        schedules={"c": 1},
        ledger=[BILLED],
        estimated=1,
    ),
    ended_at=100,
)


def with_shown(*messages: Shown) -> History:
    return replace(CLEAN, shown=messages)


def with_asked(*questions: Asked) -> History:
    return replace(CLEAN, asked=questions)


def with_stored(**changes: Any) -> History:
    return replace(CLEAN, stored=replace(CLEAN.stored, **changes))


def with_request(later: Request) -> History:
    return replace(CLEAN, requests=[*CLEAN.requests, later])


Q1, Q2, Q3 = (("user", f"call q{number}, 5 words") for number in (1, 2, 3))
ASKS = request(*SAID, Q1, charge=BILLED)
GOES_ON = request(*SAID, Q1, ("assistant", SECOND), Q2, charge=BILLED)
LATE = replace(ASKS, at=40, charge=None)
TRIMMED = replace(GOES_ON, messages=[("user", f"{NOTES_MARK} x"), *GOES_ON.messages[1:]], charge=None)
FORGETFUL = request(*SAID, Q3)


def with_requests(*requests: Request) -> History:
    return replace(CLEAN, requests=requests)


def pressed(history: History, kind: Any, at: float) -> History:
    return replace(history, pressed=[Pressed(kind=kind, place=PLACE, at=at)])


FAULTS: dict[str, tuple[str, Callable[[], History]]] = {
    "no answer": ("lost", lambda: with_shown(answer("m1", 21, SECOND))),
    "taken back for good": ("lost", lambda: with_shown(answer("m0", 11, FIRST, ("removed", FIRST)), CLEAN.shown[1])),
    "stored in silence": (
        "unacknowledged",
        lambda: with_asked(CLEAN.asked[0], asked("q1", 20, "twice a day", acknowledged_at=None)),
    ),
    "two turns": ("double", lambda: with_stored(turns={"q0": 2, "q1": 1})),
    "two answers": ("double", lambda: with_shown(*CLEAN.shown, answer("m2", 30, SECOND))),
    "a second one for minutes": (
        "double",
        lambda: with_shown(
            *CLEAN.shown,
            Shown(
                id="m2",
                place=PLACE,
                seen=[Seen(at=25, text=SECOND, state="writing"), Seen(at=90, text=SECOND, state="removed")],
            ),
        ),
    ),
    "of another place": (
        "unasked",
        lambda: with_shown(*CLEAN.shown, shown("m2", 30, ("done", "q7: rope"), place="c/2")),
    ),
    "an empty one": ("unasked", lambda: with_shown(*CLEAN.shown, shown("m2", 30, ("done", "")))),
    "the wrong way round": ("out of order", lambda: with_shown(answer("m0", 31, FIRST), answer("m1", 21, SECOND))),
    "thinking again": (
        "flickered back",
        lambda: with_shown(answer("m0", 11, FIRST, ("thinking", ""), ("done", FIRST)), CLEAN.shown[1]),
    ),
    "shorter for a moment": (
        "flickered back",
        lambda: with_shown(answer("m0", 11, FIRST, ("done", FIRST[:8]), ("done", FIRST)), CLEAN.shown[1]),
    ),
    "long after somebody was killed": (
        "flickered back",
        lambda: replace(
            with_shown(answer("m0", 11, FIRST, ("writing", ""), ("done", FIRST)), CLEAN.shown[1]), killed=[8.9]
        ),
    ),
    "more often than pressed": (
        "flickered back",
        lambda: pressed(
            with_shown(
                answer("m0", 11, FIRST, ("thinking", ""), ("done", FIRST), ("thinking", ""), ("done", FIRST)),
                CLEAN.shown[1],
            ),
            "regenerate",
            13.5,
        ),
    ),
    "still writing": (
        "placeholder left",
        lambda: with_shown(CLEAN.shown[0], shown("m1", 21, ("thinking", ""), ("writing", SECOND))),
    ),
    "without its end": ("placeholder left", lambda: with_shown(CLEAN.shown[0], shown("m1", 21, ("part", SECOND)))),
    "a status": ("placeholder left", lambda: replace(CLEAN, left=["is thinking"])),
    "cut": ("wrong text", lambda: with_shown(CLEAN.shown[0], answer("m1", 21, SECOND[:-4]))),
    "a part of Stop that is none": (
        "wrong text",
        lambda: pressed(with_shown(CLEAN.shown[0], answer("m1", 21, "q1: no")), "stop", 22),
    ),
    "given up": ("failed", lambda: with_shown(CLEAN.shown[0], shown("m1", 21, ("failed", "q1: sorry")))),
    "kept": (
        "deleted text",
        lambda: with_asked(asked("q0", 10, "the tide turns", removed_at=15.0), CLEAN.asked[1]),
    ),
    "an old value": ("setting", lambda: with_stored(settings={"c": "0"})),
    "no value": ("setting", lambda: with_stored(settings={})),
    "two schedules": ("schedule", lambda: with_stored(schedules={"c": 2})),
    "two digests": ("digest", lambda: replace(CLEAN, digests={"c": 2})),
    "no digest": ("digest", lambda: replace(CLEAN, digests={})),
    "another answer": (
        "request",
        lambda: with_request(request(("user", "call q0"), ("assistant", "q0: the tide"), ("user", "call q1"))),
    ),
    "a changed question": (
        "request",
        lambda: with_request(request(("user", "CALL q0"), *SAID[1:], *CLEAN.requests[2].messages[3:])),
    ),
    "sent late, though nobody was held up": ("request", lambda: with_requests(ASKS, GOES_ON, LATE)),
    "without an answer that was given": (
        "request",
        lambda: replace(with_requests(ASKS, GOES_ON, replace(FORGETFUL, at=40)), resumed=[38.0]),
    ),
    "nothing billed": ("ledger", lambda: with_stored(ledger=[BILLED, Charge(input=1, cached=0, output=1)])),
    "nothing noted": ("ledger", lambda: with_stored(ledger=[])),
}


def wrong(history: History) -> list[str]:
    return [name for name, found in judge(history).items() if found]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_by_its_verdict_alone(fault: str) -> None:
    verdict, history = FAULTS[fault]
    assert wrong(history()) == [verdict]


CUT = answer("m1", 21, SECOND[:-4])
HARMLESS: dict[str, Callable[[], History]] = {
    "nothing": lambda: CLEAN,
    "a beginning that was stopped": lambda: pressed(with_shown(CLEAN.shown[0], CUT), "stop", 22),
    "nothing, stopped": lambda: pressed(with_shown(CLEAN.shown[0], shown("m1", 21, ("done", ""))), "stop", 20.5),
    "another answer that was pressed for": lambda: pressed(
        with_shown(answer("m0", 11, FIRST, ("thinking", ""), ("done", FIRST)), CLEAN.shown[1]), "regenerate", 13.5
    ),
    "a second message for a moment": lambda: with_shown(
        *CLEAN.shown, shown("m2", 22, ("writing", SECOND), ("removed", SECOND))
    ),
    "never acknowledged, never stored": lambda: replace(
        with_asked(CLEAN.asked[0], asked("q1", 20, "x", acknowledged_at=None)),
        shown=CLEAN.shown[:1],
        requests=CLEAN.requests[:2],
        stored=replace(CLEAN.stored, turns={"q0": 1}),
    ),
    "asked before the first was stored": lambda: replace(
        with_asked(asked("q0", 10, "the tide turns", stored_at=20.5), CLEAN.asked[1]),
        shown=[answer("m0", 31, FIRST), answer("m1", 21, SECOND)],
    ),
    "deleted and gone": lambda: replace(
        with_asked(asked("q0", 10, "the tide turns", removed_at=15.0), CLEAN.asked[1]),
        stored=replace(CLEAN.stored, texts=["call q1 sesameq1"]),
    ),
    "answered anew without what was deleted": lambda: replace(
        with_asked(asked("q0", 10, "the tide turns", removed_at=21.5), CLEAN.asked[1]),
        shown=[shown("m1", 20, ("thinking", ""), ("done", f"{FIRST}\n{SECOND}"), ("thinking", ""), ("done", SECOND))],
        stored=replace(CLEAN.stored, texts=["call q1 sesameq1"]),
    ),
    "a rest that Continue brought": lambda: pressed(
        with_shown(
            CLEAN.shown[0],
            cut_until(30, "", "of it all"),
        ),
        "continue",
        25,
    ),
    "a beginning, until Continue brought the rest": lambda: pressed(
        with_shown(
            CLEAN.shown[0],
            cut_until(30, SECOND[:-4], SECOND[:-4]),
        ),
        "continue",
        29,
    ),
    "what a killed process had sent": lambda: replace(
        with_shown(answer("m0", 11, FIRST, ("writing", ""), ("done", FIRST)), CLEAN.shown[1]), killed=[12.5]
    ),
    "a digest once more, since somebody pressed for that": lambda: replace(
        pressed(CLEAN, "regenerate", 30), digests={"c": 2}
    ),
    "sent late by a process that was held up": lambda: replace(with_requests(ASKS, GOES_ON, LATE), resumed=[38.0]),
    "asked again, with more of the past": lambda: with_requests(ASKS, TRIMMED, GOES_ON),
    "both in one answer": lambda: with_shown(answer("m0", 22, f"{FIRST}\n\n{SECOND}")),
    "in two messages": lambda: with_shown(
        CLEAN.shown[0], shown("m1", 21, ("part", "q1: twice")), shown("m2", 22, ("done", "a day"))
    ),
}


@pytest.mark.parametrize("case", HARMLESS)
def test_what_may_happen_is_no_fault(case: str) -> None:
    assert wrong(HARMLESS[case]()) == []


def test_runs_are_added_up_but_for_those_that_say_nothing() -> None:
    run = {"platform": "web", "mode": "sqlite", "kills": 20, "outages": 1, "questions": 90, "violations": []}
    books = added_up([("0.6", False), ("0.3", True), (None, True)], billed=Decimal(1)).to_json()
    runs = [
        {**run, "seed": 1, "void": "", "verdicts": {"lost": [], "double": ["q1"]}, "books": books},
        {
            **run,
            "seed": 2,
            "void": "",
            "verdicts": {"lost": [], "double": ["q2"]},
            "violations": ["a 400"],
            "books": {**books, "settled": "0.7"},
        },
        {**run, "seed": 3, "void": "too busy", "verdicts": {"lost": ["q3"], "double": []}},
        {**run, "mode": "postgres", "seed": 1, "void": "", "verdicts": {"lost": [], "double": []}},
    ]
    assert list(rows(runs)) == [
        ("web", "postgres", "1", "", "20", "1", "90", "nothing", "nothing was billed"),
        ("web", "sqlite", "1, 2", "3", "40", "2", "180", "2 double, 1 violations", "95.00%, 65.00% settled"),
    ]


def test_the_books_name_what_no_count_was_told_for() -> None:
    books = added_up([("0.6", False), ("0.3", True), (None, True)], billed=Decimal(1))
    assert str(books) == (
        "bill $1.000000; ledger $0.900000 (90.00%, 60.00% settled, the rest estimates of 2 requests that died in "
        "flight, were stopped or broke off: $0.300000)"
    )
