"""What servers tell of an account's limits, and how fast it is asked then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from adapters.seed import Pace, open_seed
from adapters.seed.protocols.wire_parameters import WireName
from adapters.seed.rate_limit_headers import AccountLimits, limits_in, seconds_in
from tests.emulators.seed import API_KEY, Options, running_seed
from tests.unit.seed.scripted import ScriptedApi, answered, failed, gather, streamed
from tests.unit.seed.streams import ask, chat_stream

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
SOON = (NOW + timedelta(seconds=40)).isoformat().replace("+00:00", "Z")


def openai(requests: str, tokens: str, reset: str = "12ms") -> dict[str, str]:
    return {
        "x-ratelimit-limit-requests": requests,
        "x-ratelimit-remaining-requests": "1",
        "x-ratelimit-reset-requests": reset,
        "x-ratelimit-limit-tokens": tokens,
        "x-ratelimit-reset-tokens": "0.5s",
    }


@pytest.mark.parametrize(
    ("headers", "requests", "tokens"),
    [
        pytest.param(openai("500", "30000"), 500, 30_000, id="openai"),
        pytest.param(openai("14400", "18000", "2m59.56s"), None, 18_000, id="a-limit-of-a-day"),
        pytest.param({"x-ratelimit-limit-tokens": "90000"}, None, 90_000, id="no-reset"),
        pytest.param(
            {"x-ratelimit-limit-req-minute": "60", "x-ratelimit-limit-tokens-minute": "7"}, 60, 7, id="minute"
        ),
        pytest.param(
            {
                "anthropic-ratelimit-requests-limit": "4000",
                "anthropic-ratelimit-requests-reset": SOON,
                "anthropic-ratelimit-input-tokens-limit": "2000000",
                "anthropic-ratelimit-input-tokens-reset": SOON,
            },
            4_000,
            2_000_000,
            id="anthropic",
        ),
        pytest.param({}, None, None, id="none"),
        pytest.param(openai("0", "-5"), None, None, id="no-limits"),
        pytest.param(openai("many", "9" * 9_000), None, None, id="no-numbers"),
        pytest.param(openai("50, 50;w=60", "٣"), None, None, id="other-forms"),
    ],
)
def test_limits_of_a_minute_are_read_and_no_others(
    headers: dict[str, str], requests: int | None, tokens: int | None
) -> None:
    assert limits_in(headers, NOW) == AccountLimits(requests=requests, tokens=tokens)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("6m0s", 360), ("1h2m3.5s", 3_723.5), ("20ms", 0.02), ("7.66", 7.66), (SOON, 40), ("soon", None), ("", None)],
)
def test_a_reset_is_read_in_every_form(text: str, seconds: float | None) -> None:
    assert seconds_in(text, NOW) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("pace", "headers", "at_once"),
    [
        pytest.param(Pace(), {}, 45, id="the-usual"),
        pytest.param(Pace(), openai("70", "900000"), 63, id="told-more"),
        pytest.param(Pace(), openai("10", "900000"), 9, id="told-less"),
        pytest.param(Pace(requests_per_minute=20), openai("70", "900000"), 20, id="set"),
    ],
)
async def test_as_many_begin_in_a_minute_as_the_account_takes(
    pace: Pace, headers: dict[str, str], at_once: int
) -> None:
    api = ScriptedApi(streamed(chat_stream("Hi"), **headers))
    wide = Pace(
        requests_per_minute=pace.requests_per_minute, tokens_per_minute=10**9, at_first=1_000, most_at_once=1_000
    )
    async with api.open(pace=wide) as model:
        await gather(model, ask())
        tickets = [model.limits.queue(1) for _ in range(80)]
        assert 1 + sum(ticket.turn.is_set() for ticket in tickets) == at_once
        for ticket in tickets:
            model.limits.leave(ticket)


async def test_the_milliseconds_of_a_wait_are_more_exact_than_its_seconds() -> None:
    api = ScriptedApi(failed(429, **{"retry-after": "2", "retry-after-ms": "1250"}), answered("Hi"))
    async with api.open() as model:
        _, error = await gather(model, ask())
    assert error is None
    assert sum(api.slept) == pytest.approx(1.25, abs=0.01)


@pytest.mark.parametrize("wire", ["chat", "messages"])
async def test_the_limits_that_the_emulated_api_tells_are_followed(wire: WireName) -> None:
    async with (
        running_seed(Options(rpm=200, tpm=10_000_000)) as seed,
        open_seed(base_url=seed.url, api_key=API_KEY, model="seed-2-0-lite", wire=wire) as model,
    ):
        await gather(model, ask())
        tickets = [model.limits.queue(1_000_000) for _ in range(10)]
        assert [ticket.turn.is_set() for ticket in tickets] == [True] * 8 + [False] * 2
        for ticket in tickets:
            model.limits.leave(ticket)
    assert model.http.account_limits == AccountLimits(requests=200, tokens=10_000_000)
