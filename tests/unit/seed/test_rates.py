"""The prices in force, over all that can happen to them."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.seed import open_rates
from bot.pricing import SEED_CARD
from tests.unit.seed.scripted import ScriptedApi, failed

ROW = {"id": "seed-2-0-lite", "pricing": {"prompt": "0.0000005", "completion": "0.000003"}}


def priced(row: Any = ROW) -> httpx.Response:
    return httpx.Response(200, json=row)


async def refreshed(api: ScriptedApi, file: Path | None = None) -> tuple[Decimal, str]:
    """Input price and origin once the background task has asked as often as there are replies."""
    idle = asyncio.Event()

    async def sleep(_seconds: float) -> None:
        if not api.replies:
            idle.set()
            await asyncio.Event().wait()

    around = replace(api.surroundings(), sleep=sleep)
    async with api.open(surroundings=around) as model, open_rates(model, file=file) as rates:
        await asyncio.wait_for(idle.wait(), 10)
        return rates.card().tiers[0].input, rates.card().origin


async def test_the_price_is_that_of_the_provider() -> None:
    api = ScriptedApi(priced())
    price, origin = await refreshed(api)
    assert price == Decimal("0.5")
    assert origin.startswith("provider")
    assert api.requests[0].url.path == "/v1/models/seed-2-0-lite"


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(failed(401), id="denied"),
        pytest.param(failed(500), id="failed"),
        pytest.param(httpx.Response(200, html="<html>"), id="no-json"),
        pytest.param(priced({"id": "seed-2-0-lite"}), id="no-prices"),
        pytest.param(priced({"data": []}), id="not-listed"),
        pytest.param(httpx.ConnectError("away"), id="away"),
    ],
)
async def test_without_prices_from_the_provider_the_built_in_ones_hold(reply: httpx.Response | Exception) -> None:
    assert await refreshed(ScriptedApi(reply)) == (SEED_CARD.tiers[0].input, "built-in")


async def test_the_last_good_price_stays_in_force() -> None:
    assert (await refreshed(ScriptedApi(priced(), failed(500), failed(500))))[0] == Decimal("0.5")


async def test_a_model_that_is_only_listed_is_found_there() -> None:
    api = ScriptedApi(failed(404), priced({"data": [{"id": "other", "pricing": {"prompt": 9, "completion": 9}}, ROW]}))
    assert (await refreshed(api))[0] == Decimal("0.5")


async def test_the_last_good_price_is_kept_on_disk(tmp_path: Path) -> None:
    file = tmp_path / "state" / "rates.json"
    await refreshed(ScriptedApi(priced()), file)
    price, origin = await refreshed(ScriptedApi(failed(500)), file)
    assert price == Decimal("0.5")
    assert origin.endswith(" UTC, kept on disk")
    assert [path.name for path in file.parent.iterdir()] == ["rates.json"]


@pytest.mark.parametrize(
    "kept",
    [
        "",
        "[]",
        "{",
        json.dumps({"model": "seed-2-0-lite", "tiers": [{"from_tokens": 5, "input": "1", "output": "1"}]}),
        json.dumps({"model": "seed-2-0-lite", "tiers": [{"from_tokens": 0, "input": "x", "output": "1"}]}),
        json.dumps({"model": "other", "tiers": [{"from_tokens": 0, "input": "1", "output": "1"}]}),
    ],
    ids=["empty", "list", "half", "no-first-tier", "no-number", "another-model"],
)
async def test_a_file_that_tells_no_price_of_this_model_is_passed_over(tmp_path: Path, kept: str) -> None:
    file = tmp_path / "rates.json"
    await asyncio.to_thread(file.write_text, kept)
    assert (await refreshed(ScriptedApi(failed(500)), file))[1] == "built-in"


async def test_a_disk_that_cannot_be_written_does_not_matter(tmp_path: Path) -> None:
    assert (await refreshed(ScriptedApi(priced()), tmp_path))[0] == Decimal("0.5")


HTTPX_ERRORS = [
    httpx.ConnectError, httpx.ConnectTimeout, httpx.ReadError, httpx.ReadTimeout, httpx.WriteError, httpx.WriteTimeout,
    httpx.PoolTimeout, httpx.CloseError, httpx.RemoteProtocolError, httpx.LocalProtocolError, httpx.ProxyError,
    httpx.UnsupportedProtocol, httpx.DecodingError, httpx.TooManyRedirects,
]  # fmt: skip


@pytest.mark.parametrize("error", HTTPX_ERRORS, ids=lambda error: error.__name__)
async def test_trouble_on_the_line_is_one_line_in_the_log(
    error: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "adapters")
    assert (await refreshed(ScriptedApi(error("https://secret.test"))))[1] == "built-in"
    lines = [record for record in caplog.records if record.name.startswith("adapters")]
    assert [(line.levelname, line.exc_info) for line in lines] == [("INFO", None)]
    assert "did not answer when it was asked for its prices" in lines[0].getMessage()
    assert "secret" not in str(vars(lines[0]))


@pytest.mark.parametrize("reply", [failed(404), priced({"id": "seed-2-0-lite"})], ids=["no-catalogue", "no-prices"])
async def test_a_server_without_prices_is_told_once_in_words(
    reply: httpx.Response, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "adapters")
    await refreshed(ScriptedApi(*[reply] * 6))
    lines = [record for record in caplog.records if record.name.startswith("adapters")]
    assert len(lines) == 1
    assert "prices" in lines[0].getMessage()
    assert "_" not in lines[0].getMessage()


async def test_no_prices_are_asked_for_where_there_are_none(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "adapters")
    api = ScriptedApi()
    async with api.open() as model, open_rates(model, every=None) as rates:
        assert rates.card() is SEED_CARD
    assert api.requests == []
    assert caplog.text == ""
