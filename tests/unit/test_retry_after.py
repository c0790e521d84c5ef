"""Waits that servers ask for run side by side: eight calls that are told to come again in 30 s take 30 s, not 240."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest
from slack_sdk.errors import SlackApiError as SdkError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from adapters.seed import Environment, SeedOptions, open_seed
from adapters.slack.api.client import SlackClient
from tests.jumping_loop import run_jumping
from tests.unit.seed.scripted import KEY, answered, failed, gather
from tests.unit.seed.streams import ask

CALLS, ASKED_SECONDS = 8, 30


class LimitedSlack(AsyncWebClient):
    """Refuses what is called in a channel for 30 s from its first call on."""

    def __init__(self) -> None:
        super().__init__(base_url="https://slack.test/api/")
        self.free_from: dict[str, float] = {}

    async def api_call(self, api_method: str, **given: Any) -> AsyncSlackResponse:
        await asyncio.sleep(0.01)  # so that several are under way at once
        now = asyncio.get_running_loop().time()
        is_taken = now >= self.free_from.setdefault(given["json"]["channel"], now + ASKED_SECONDS)
        response = AsyncSlackResponse(
            client=self,
            http_verb="POST",
            api_url=api_method,
            req_args={},
            data={"ok": is_taken, "error": "" if is_taken else "ratelimited"},
            headers={"Retry-After": str(ASKED_SECONDS)},
            status_code=200 if is_taken else 429,
        )
        if not is_taken:
            raise SdkError("limited", response)  # type: ignore[no-untyped-call]  # without types there
        return response


async def ask_slack(place: Callable[[int], str]) -> None:
    slack = LimitedSlack()

    async def token() -> str:
        return "xoxb-1"

    client = SlackClient(slack, token)
    bodies = [{"channel": place(number), "text": str(number)} for number in range(CALLS)]
    await asyncio.gather(*(client.call("chat.postMessage", body) for body in bodies))
    assert slack.free_from.keys() == {body["channel"] for body in bodies}


async def ask_the_model() -> None:
    loop = asyncio.get_running_loop()

    def answer(_: httpx.Request) -> httpx.Response:
        is_taken = loop.time() >= ASKED_SECONDS
        return answered("Fine.") if is_taken else failed(429, **{"retry-after": str(ASKED_SECONDS)})

    transport = httpx.MockTransport(answer)
    surroundings = Environment(chance=lambda: 0.0, monotonic=loop.time, transport=transport)
    options = SeedOptions(surroundings=surroundings)
    async with open_seed(
        base_url="http://api.test/v1", api_key=KEY, model="seed-2-0-lite", wire="chat", options=options
    ) as model:
        told = await asyncio.gather(*(gather(model, ask()) for _ in range(CALLS)))
    assert [error for _, error in told] == [None] * CALLS


@pytest.mark.parametrize(
    "work",
    [
        pytest.param(lambda: ask_slack(lambda number: f"C{number}"), id="slack, eight channels"),
        pytest.param(lambda: ask_slack(lambda _: "C1"), id="slack, one channel"),
        pytest.param(ask_the_model, id="the model"),
    ],
)
def test_eight_waits_of_half_a_minute_are_one(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    taken: list[float] = []

    async def main() -> None:
        await work()
        taken.append(asyncio.get_running_loop().time())

    run_jumping(main())
    assert ASKED_SECONDS <= taken[0] < 2 * ASKED_SECONDS
