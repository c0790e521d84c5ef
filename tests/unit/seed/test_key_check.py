"""A refused key is found out at the start; nothing else stops it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import Any

import httpx
import pytest

from adapters.seed import Retries, Timeouts, check_key
from bot.errors import ConfigError
from tests.unit.seed.scripted import KEY, ScriptedApi, answered, failed

ROW = httpx.Response(200, json={"id": "seed-2-0-lite"})
REFUSALS = [
    pytest.param(failed(401, {"code": "invalid_api_key", "message": f"no such key {KEY}"}), id="invalid"),
    pytest.param(failed(401, {"code": "missing_api_key", "message": "m"}), id="missing"),
    pytest.param(failed(401, "Unauthorized"), id="a-word"),
    pytest.param(httpx.Response(401, html="<html>"), id="a-page"),
    pytest.param(failed(400, {"code": 400, "message": "API key not valid. Please pass a valid one."}), id="google"),
    pytest.param(failed(403, {"code": "invalid_api_key", "message": "m"}), id="forbidden"),
]


async def checked(*replies: httpx.Response | Exception, key_set: bool = True, **options: Any) -> ScriptedApi:
    api = ScriptedApi(*replies)
    async with api.open(retries=Retries(tries=1), **options) as model:
        await check_key(model, key_set=key_set)
    return api


@pytest.mark.parametrize("reply", REFUSALS)
async def test_a_refused_key_is_a_setting_to_mend(reply: httpx.Response, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with pytest.raises(ConfigError, match="SEED_API_KEY: is refused by api.test") as raised:
        await checked(reply, reply)
    assert KEY not in str(raised.value)
    assert "\n" not in str(raised.value)
    assert [record for record in caplog.records if record.name.startswith("adapters")] == []


async def test_a_server_that_asks_for_a_key_that_is_not_set_is_told_so() -> None:
    with pytest.raises(ConfigError, match="SEED_API_KEY: must be set: api.test asks for a key"):
        await checked(failed(401), failed(401), key_set=False)


@pytest.mark.parametrize(
    "replies",
    [
        pytest.param([ROW], id="all-is-well"),
        pytest.param([failed(404)], id="no-catalogue"),
        pytest.param([failed(405)], id="no-such-method"),
        pytest.param([failed(401), answered("Hi")], id="guarded-catalogue"),
    ],
)
async def test_a_good_start_says_nothing(replies: list[httpx.Response], caplog: pytest.LogCaptureFixture) -> None:
    await checked(*replies)
    assert [record for record in caplog.records if record.name.startswith("adapters")] == []


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        pytest.param(httpx.ConnectError("https://secret.test"), "cannot be reached", id="away"),
        pytest.param(httpx.ReadTimeout("x"), "said nothing", id="silent"),
        pytest.param(failed(500), "cannot answer now", id="broken"),
        pytest.param(failed(429), "cannot answer now", id="busy"),
        pytest.param(failed(402, {"code": "insufficient_credits"}), "no credits", id="no-credits"),
        pytest.param(failed(403, {"code": "permission_error"}), "SEED_MODEL", id="not-for-this-account"),
        pytest.param(failed(404, {"code": "model_not_found"}), "SEED_MODEL", id="no-such-model"),
        pytest.param(httpx.Response(200, html="<html>"), "JSON", id="a-page"),
    ],
)
async def test_what_else_is_wrong_stops_nothing_and_is_told(
    reply: httpx.Response | Exception, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    await checked(reply)
    [line] = [record for record in caplog.records if record.name.startswith("adapters")]
    assert line.levelno == logging.WARNING
    assert words in line.getMessage()
    assert "secret" not in line.getMessage()


async def test_a_server_that_never_answers_does_not_hold_the_start(caplog: pytest.LogCaptureFixture) -> None:
    async def hang(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    api = ScriptedApi()
    around = replace(api.surroundings(), transport=httpx.MockTransport(hang))
    async with api.open(surroundings=around, timeouts=Timeouts(first_byte=60)) as model:
        await check_key(model, key_set=True, seconds=0.05)
    assert "said nothing for 0.05 seconds" in caplog.text


async def test_trouble_with_the_confirming_question_is_no_refusal() -> None:
    await checked(failed(401), failed(503))
