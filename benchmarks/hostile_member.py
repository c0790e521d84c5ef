"""Bound what one hostile member can spend in a day: by the account alone, by the pace of people, by the first budget.

The member asks once a second, day and night, always the dearest question: the longest prompt, in the dear tier, with
the longest answer, nothing cached. What is accepted is counted by the product's own pace. Answers take no time here, so
that each row is a bound and not a forecast.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from adapters.seed.client_options import USUAL_TOKENS
from bot.access.budgets import DEFAULT_AMOUNT
from bot.access.pace import QuestionPace
from bot.errors import InvalidInput
from bot.parameters import PARAMETERS
from bot.pricing import SEED_CARD
from bot.types import ConversationKey, Incoming, Person, Usage

DAY = timedelta(days=1)
LONGEST_PROMPT = 224_000  # one snapshot of the model takes no more (docs/seed.md, limits)
LONGEST_ANSWER = 65_536  # the greatest `max_tokens`
BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
PLACE = ConversationKey(platform="slack", workspace="T", channel="C", thread="1")


def dearest() -> Decimal:
    """Return the most that one answer can cost, in US dollars."""
    return SEED_CARD.cost(Usage(input=LONGEST_PROMPT, output=LONGEST_ANSWER))


def accepted_in_a_day() -> int:
    """Return how many questions of one person are accepted in a day by the default settings."""
    pace, defaults = QuestionPace(), {name: item.default for name, item in PARAMETERS.items() if item.default}
    count = 0
    for second in range(int(DAY.total_seconds())):
        now = BEGIN + timedelta(seconds=second)
        asked = Incoming(key=PLACE, dedupe_key=f"{second}", author=Person(id="eve", name="Eve"), text="?", sent_at=now)
        try:
            pace.note(asked, defaults, now)
        except InvalidInput:
            continue
        count += 1
    return count


def rows() -> Iterator[tuple[str, int, Decimal]]:
    """Yield what limits, the answers in a day, and the most that they can cost."""
    of_account = int(DAY / timedelta(minutes=1)) * USUAL_TOKENS // (LONGEST_PROMPT + LONGEST_ANSWER)
    yield "the account's tokens a minute", of_account, of_account * dearest()
    accepted = accepted_in_a_day()
    yield "the pace of one person", accepted, accepted * dearest()
    at_once = int(str(PARAMETERS["answers_per_person"].default))
    most = DEFAULT_AMOUNT + at_once * dearest()
    yield f"the first budget of ${DEFAULT_AMOUNT} a day", int(most / dearest()), most


def main() -> int:
    """Print the table; return the exit code."""
    print(f"One answer costs ${dearest():.2f} at most.\n")
    print("| limited by | answers | dollars a day | of the first |\n|---|---|---|---|")
    table = list(rows())
    for name, answers, dollars in table:
        print(f"| {name} | {answers:,} | {dollars:,.2f} | {dollars / table[0][2]:.1%} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
