"""What budgets allow, and what people read of them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bot.access.budget_text import degraded_text, reached_text, read_amount, uses_text
from bot.access.budgets import degraded, period_of, reservation, step_of, tightest
from bot.commands.budget import Wanted, read_wanted
from bot.errors import BudgetReached, InvalidInput
from bot.types import (
    INSTALLATION,
    Budget,
    BudgetScope,
    BudgetUse,
    Costs,
    Mention,
    ModelRequest,
    ParameterValue,
    Period,
    Purpose,
)

BERLIN = "Europe/Berlin"
CHANNEL = BudgetScope(platform="slack", workspace="T1", channel="C1")


def use(spent: str = "0", amount: str | None = "5", *, reserved: str = "0", step: int = 0) -> BudgetUse:
    limit = None if amount is None else Decimal(amount)
    budget = Budget(scope=CHANNEL, period=Period.DAY, amount=limit, time_zone=BERLIN)
    begins, ends = period_of(budget, datetime(2026, 11, 27, 12, tzinfo=UTC))
    return BudgetUse(
        budget=budget, begins=begins, ends=ends, spent=Decimal(spent), reserved=Decimal(reserved), step=step
    )


@pytest.mark.parametrize(
    ("period", "zone", "now", "begins", "ends"),
    [
        (Period.DAY, "UTC", (2026, 11, 27, 23, 59), (2026, 11, 27), (2026, 11, 28)),
        (Period.DAY, BERLIN, (2026, 11, 27, 23, 30), (2026, 11, 27, 23), (2026, 11, 28, 23)),
        (Period.DAY, BERLIN, (2026, 3, 29, 12), (2026, 3, 28, 23), (2026, 3, 29, 22)),  # an hour less
        (Period.DAY, "America/Santiago", (2026, 9, 6, 12), (2026, 9, 6, 4), (2026, 9, 7, 3)),  # it has no midnight
        (Period.DAY, "America/Havana", (2026, 11, 1, 12), (2026, 11, 1, 4), (2026, 11, 2, 5)),  # it has two of them
        (Period.MONTH, "UTC", (2026, 12, 31, 23, 59), (2026, 12, 1), (2027, 1, 1)),
        (Period.MONTH, BERLIN, (2026, 2, 28, 23), (2026, 2, 28, 23), (2026, 3, 31, 22)),
        (Period.DAY, "No/Where", (2026, 1, 1), (2026, 1, 1), (2026, 1, 2)),
    ],
)
def test_a_period_begins_at_midnight_in_the_zone_of_its_budget(
    period: Period, zone: str, now: tuple[int, ...], begins: tuple[int, ...], ends: tuple[int, ...]
) -> None:
    budget = Budget(scope=INSTALLATION, period=period, amount=None, time_zone=zone)
    found = period_of(budget, datetime(*now, tzinfo=UTC))  # type: ignore[misc,arg-type]  # numbers of a date
    assert found == (datetime(*begins, tzinfo=UTC), datetime(*ends, tzinfo=UTC))  # type: ignore[misc,arg-type]  # the same


COSTS = Costs(likely=Decimal("0.01"), greatest=Decimal("0.1"))


@pytest.mark.parametrize(
    ("uses", "held"),
    [
        pytest.param([], "0.01", id="no-budget"),
        pytest.param([use("100", None)], "0.01", id="no-limit"),
        pytest.param([use("3.9")], "0.01", id="far"),
        pytest.param([use("4.01")], "0.1", id="near"),
        pytest.param([use("3"), use("0", "1", reserved="0.5")], "0.1", id="one-is-near"),
        pytest.param([use("4.9")], "0.1", id="just-enough"),
        pytest.param([use("4.91")], None, id="used-up"),
        pytest.param([use("7")], None, id="overshot"),
    ],
)
def test_what_is_reserved(uses: list[BudgetUse], held: str | None) -> None:
    if held is None:
        with pytest.raises(BudgetReached):
            reservation(uses, Purpose.ANSWER, COSTS)
    else:
        assert reservation(uses, Purpose.ANSWER, COSTS) == Decimal(held)


@pytest.mark.parametrize(
    ("left", "step"), [("1.01", 0), ("0.99", 1), ("0.61", 1), ("0.59", 2), ("0.31", 2), ("0.29", 3), ("-1", 3)]
)
def test_the_nearer_the_cap_the_cheaper(left: str, step: int) -> None:
    assert step_of(use(str(5 - Decimal(left))), COSTS.greatest) == step


def test_a_step_is_not_taken_back_and_the_tightest_budget_decides() -> None:
    assert step_of(use("0", step=2), COSTS.greatest) == 2
    near = use("4.5")
    assert tightest([use(), near, use("100", None)], COSTS.greatest) == (near, 2)
    assert tightest([use()], COSTS.greatest) is None
    assert tightest([near], Decimal(0)) is None  # the local model


@pytest.mark.parametrize(
    ("step", "given", "sent"),
    [
        (1, {"max_tokens": 4_096, "reasoning_effort": "high"}, {"max_tokens": 4_096, "reasoning_effort": "high"}),
        (2, {"max_tokens": 4_096, "reasoning_effort": "high"}, {"max_tokens": 4_096, "reasoning_effort": "low"}),
        (2, {"max_tokens": 4_096, "enable_thinking": False}, {"max_tokens": 4_096, "enable_thinking": False}),
        (3, {"max_tokens": 4_096}, {"max_tokens": 1_024, "reasoning_effort": "low"}),
        (3, {"max_tokens": 100}, {"max_tokens": 100, "reasoning_effort": "low"}),
    ],
)
def test_a_degraded_request(step: int, given: dict[str, ParameterValue], sent: dict[str, ParameterValue]) -> None:
    less = degraded(ModelRequest(system_prompt="h", entries=(), parameters=given, room=16_384), step)
    assert (less.parameters, less.room) == (sent, None)


@pytest.mark.parametrize(
    ("text", "amount"),
    [("5", "5"), ("$2.50", "2.50"), ("1,000", "1000"), ("12,345.60", "12345.60"), ("off", None), ("None", None)],
)
def test_amounts_that_are_read(text: str, amount: str | None) -> None:
    assert read_amount(text) == (None if amount is None else Decimal(amount))


@pytest.mark.parametrize(
    "text",
    [
        "-1",
        "0",
        "1e-30",
        "0.009",
        "ten",
        "1e999",
        "nan",
        "inf",
        "5 dollars",
        "2,50",
        "1,00,000",
        "",
        "1000001",
        "9" * 5_000,
    ],
)
def test_amounts_that_are_none_are_named_with_the_fix(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"is no amount\. Write US dollars from 0\.01 to 1,000,000"):
        read_amount(text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", Wanted(scope="channel")),
        ("5", Wanted(scope="channel", amount="5")),
        ("workspace 50 month", Wanted(scope="workspace", amount="50", period=Period.MONTH)),
        ("person <@U123> 1 daily", Wanted(scope="person", person=Mention(kind="person", id="U123"), amount="1")),
        ("person @Ada Lovelace off", Wanted(scope="person", person=Mention(kind="person", id="U7"), amount="off")),
        ("person person:U9 1", Wanted(scope="person", person=Mention(kind="person", id="U9"), amount="1")),
        ("remove month", Wanted(scope="channel", amount="remove", period=Period.MONTH)),
    ],
)
def test_words_of_the_command(text: str, wanted: Wanted) -> None:
    assert read_wanted(text, {"@Ada Lovelace": Mention(kind="person", id="U7")}) == wanted


@pytest.mark.parametrize("text", ["5 week", "planet 5", "person", "5 day more", "-1 day", "ten"])
def test_words_that_do_not_fit_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        read_wanted(text, {})


def test_what_people_read() -> None:
    assert reached_text(use("5")) == (
        "The budget of this channel is used up ($5.00 a day). I answer again from Saturday 28 November, 00:00 CET. "
        "If that is too late, ask an administrator of this workspace for more."
    )
    assert degraded_text(use("4.5"), 2) == (
        "Until Saturday 28 November, 00:00 CET, summaries and notes wait and the model thinks less: "
        "little is left of the budget of this channel."
    )
    assert uses_text([use("1.25", reserved="0.01")]) == (
        "- This channel: **$5.00 a day**, $1.25 spent, $0.010 reserved; it begins anew on "
        "Saturday 28 November, 00:00 CET."
    )
