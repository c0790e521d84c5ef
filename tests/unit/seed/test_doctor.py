"""What the doctor says about each way in which an API can be wrong."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from adapters.seed import LiveRates, Retries
from adapters.seed.doctor import (
    ProbeResult,
    check_cache,
    check_image,
    check_latency,
    check_search,
    check_streaming,
    check_usage,
    examine,
    red_picture,
)
from adapters.seed.retry_policy import DROPPED_MEDIA_NOTE
from bot.checks import Check
from bot.errors import ModelRejected
from bot.types import ModelEvent, NoteFound, SearchStarted, Source, SourceFound, TextDelta, Usage, UsageReported
from tests.unit.seed.scripted import KEY, ScriptedApi, answered, failed, streamed
from tests.unit.seed.streams import DONE, chunk, usage_chunk

BALANCE = httpx.Response(200, json={"balance": {"amount": "9.5"}, "data": []})
PRICED = httpx.Response(200, json={"id": "seed-2-0-lite", "pricing": {"prompt": "0.0000005", "completion": "0.000003"}})


async def examined(*replies: httpx.Response | Exception, model: str = "seed-2-0-lite") -> list[Check]:
    api = ScriptedApi(*replies)
    async with api.open(model=model, retries=Retries(tries=1)) as opened:
        return [check async for check in examine(opened, LiveRates(opened, None))]


def replied(prompt: int, *, cached: int = 0, **more: Any) -> httpx.Response:
    return streamed(chunk("a"), chunk("b", finish="stop"), usage_chunk(prompt, 2, cached=cached, **more), DONE)


async def test_all_is_well() -> None:
    checks = await examined(
        PRICED,
        BALANCE,
        replied(40),
        replied(8_000),
        replied(8_000, cached=7_000),
        replied(1_340),
        replied(90, tool_usage={"web_search": 1}),
        httpx.Response(200, json={"id": "seed-2-0-lite", "input_modalities": ["text", "audio"]}),
    )
    assert [(check.name, check.ok, check.fix) for check in checks] == [
        (name, True, "")
        for name in (
            "server", "price", "account", "key", "model", "wire", "first token", "streaming", "usage", "cache",
            "image input", "web search", "sound",
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("reply", "name", "fix"),
    [
        pytest.param(failed(401), "key", "SEED_API_KEY", id="key"),
        pytest.param(failed(402), "key", "credits", id="credits"),
        pytest.param(failed(404), "model", "SEED_MODEL", id="model"),
        pytest.param(failed(400), "wire", "SEED_WIRE", id="wire"),
        pytest.param(httpx.ConnectError("away"), "server", "SEED_BASE_URL", id="away"),
    ],
)
async def test_without_access_only_that_is_told(reply: httpx.Response | Exception, name: str, fix: str) -> None:
    catalogue = [failed(404), failed(404), failed(404)] if isinstance(reply, httpx.Response) else []
    *before, check = await examined(*catalogue, reply)
    assert [item.ok for item in before] == [None] * len(catalogue)
    assert (check.name, check.ok) == (name, False)
    assert fix in check.fix
    assert KEY not in repr(check)


async def test_what_a_plain_server_need_not_have_is_not_tried() -> None:
    untold = (failed(404), failed(404), failed(404))
    checks = await examined(*untold, answered("a", "b"), answered("A"), answered("B"), model="llama")
    assert {check.name: check.ok for check in checks if not check.ok} == {
        "server": None,
        "price": None,
        "account": None,
        "cache": False,
        "image input": None,
        "web search": None,
        "sound": None,
    }


@pytest.mark.parametrize(
    ("balance", "ok"),
    [
        pytest.param(httpx.Response(200, json={"balance": 0}), False, id="used-up"),
        pytest.param(httpx.Response(200, json={"data": []}), None, id="not-told"),
        pytest.param(failed(500), None, id="failed"),
    ],
)
async def test_what_is_left_on_the_account(balance: httpx.Response, ok: bool | None) -> None:
    checks = {check.name: check for check in await examined(PRICED, balance, failed(401))}
    assert checks["account"].ok is ok
    assert bool(checks["account"].fix) is (ok is False)


def heard(*events: ModelEvent, first: float | None = 0.1, rejected: bool = False) -> ProbeResult:
    return ProbeResult(events=events, error=ModelRejected("no") if rejected else None, first=first, seconds=1)


def used(**usage: object) -> UsageReported:
    return UsageReported(Usage(**{"input": 1_400, **usage}))  # type: ignore[arg-type]  # fields of a usage


@pytest.mark.parametrize(
    ("check", "ok"),
    [
        pytest.param(check_latency(heard(first=None)), False, id="nothing-said"),
        pytest.param(check_latency(heard(first=11)), False, id="slow"),
        pytest.param(check_streaming(heard(TextDelta("all at once"))), False, id="one-piece"),
        pytest.param(check_usage(heard(used(estimated=True))), False, id="usage-not-reported"),
        pytest.param(check_cache(heard(), heard(used(cached=0))), False, id="no-hit"),
        pytest.param(check_cache(heard(), heard()), None, id="hit-unknown"),
        pytest.param(check_cache(heard(rejected=True), heard()), False, id="caching-refused"),
        pytest.param(check_image(heard(NoteFound(DROPPED_MEDIA_NOTE))), False, id="picture-dropped"),
        pytest.param(check_image(heard(rejected=True)), False, id="picture-refused"),
        pytest.param(check_search(heard(used())), False, id="no-search"),
        pytest.param(check_search(heard(rejected=True)), False, id="search-refused"),
        pytest.param(check_search(heard(SearchStarted(""))), True, id="searched"),
        pytest.param(check_search(heard(SourceFound(Source(url="https://a.example")))), True, id="sources"),
    ],
)
def test_each_finding_has_its_verdict_and_its_fix(check: Check, ok: bool | None) -> None:
    assert check.ok is ok
    assert bool(check.fix) is (ok is False)


def test_the_picture_is_a_picture() -> None:
    from io import BytesIO

    image = pytest.importorskip("PIL.Image").open(BytesIO(red_picture().data))
    assert (image.size, image.convert("RGB").getpixel((5, 5))) == ((64, 64), (255, 0, 0))
