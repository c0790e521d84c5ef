"""One whole request as a person would read it: all that the model sees of a short thread.

    python -m benchmarks.context_request

The thread goes through the product, from the front door to a model that gives prepared answers; the tokens are
estimates.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

if not __package__:  # run as a file: the packages lie beside this folder
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bot.context.tokens import estimate, estimate_entry
from bot.types import ModelEvent, ModelRequest, Person, Place, SearchStarted, Source, SourceFound
from tests.fakes import words
from tests.house import House

PLACE: Final = Place(
    platform="Slack",
    workspace="Kew Gardens",
    channel="#greenhouse",
    topic="Pumps, heating and who waters on Sundays",
    command="/seed ",
)
ADA, GRACE = Person(id="u1", name="Ada"), Person(id="u2", name="Grace")
FOUND: Final[list[ModelEvent]] = [
    SearchStarted("impeller pump wear"),
    SourceFound(Source(url="https://pumps.example/impellers", title="How long impellers last")),
    *words("About five years, [the maker says](https://pumps.example/impellers)."),
]


async def example() -> ModelRequest:
    """Return the last request of a thread in which two people ask, one of them with a search."""
    house = House(words("Listen whether it rattles: then the impeller is loose."), FOUND, words("The maker's page."))
    house.platform.place = PLACE
    questions = (
        (ADA, "Europe/London", "The pump is loud. What could it be?", 9),
        (GRACE, "Asia/Kolkata", "/search How long does an impeller last?", 10),
        (ADA, "Europe/London", "Which source said that, and is it still so tomorrow at nine?", 11),
    )
    for number, (author, zone, text, hour) in enumerate(questions):
        at = datetime(2026, 11, 27, hour, tzinfo=UTC)
        await house.ask(text, number, author=author, time_zone=zone, sent_at=at)
    await house.dispatcher.aclose(grace=10)
    return house.requests[-1]


def request_text(request: ModelRequest) -> str:
    """Return a request as text, each message under a line that tells its role and its estimated tokens."""
    parts = [f"--- system, {estimate(request.system_prompt):,} tokens\n{request.system_prompt}"]
    parts += [f"--- {entry.role}, {estimate_entry(entry):,} tokens\n{entry.text}" for entry in request.entries]
    return "\n\n".join(parts)


if __name__ == "__main__":
    print(request_text(asyncio.run(example())))
