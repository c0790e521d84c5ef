"""The provider's own account of what was used."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from adapters.seed.account import UsageEvent, read_balance, read_event, read_usage
from bot.errors import ModelAccessDenied, ModelRejected
from tests.unit.seed.scripted import ScriptedApi, failed

SINCE, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)


def event(id: str) -> dict[str, Any]:
    return {
        "id": id,
        "object": "usage_event",
        "created_at": "2026-01-01T09:00:00Z",
        "model": "seed-2-0-lite",
        "endpoint": "/v1/chat/completions",
        "cost": {"amount": 0.084, "currency": "USD"},
        "tokens": {"input": 1250, "output": 7, "cached": 1024, "total": 1257},
        "status": "success",
        "error": None,
        "metadata": {"tool_usage": {"web_search": 2}},
    }


def page(*ids: str, **more: Any) -> httpx.Response:
    return httpx.Response(200, json={"balance": {"amount": 9.5}, "data": [event(id) for id in ids], **more})


def test_an_event_is_read() -> None:
    assert read_event(event("a")) == UsageEvent(
        id="a",
        model="seed-2-0-lite",
        endpoint="/v1/chat/completions",
        at=datetime(2026, 1, 1, 9, tzinfo=UTC),
        input=1250,
        cached=1024,
        output=7,
        cost=Decimal("0.084"),
        status="success",
        error="",
        tools={"web_search": 2},
    )


@pytest.mark.parametrize(
    "raw", [None, [], {}, {"id": None}, {"id": "a", "tokens": 1, "cost": "x", "created_at": 1e300}]
)
def test_an_event_of_any_shape_is_survived(raw: object) -> None:
    found = read_event(raw)
    assert found is None or found.cost == 0


async def test_pages_are_read_to_the_end() -> None:
    api = ScriptedApi(page("a", "b", has_more=True), page("c", "d", has_more=True), page("e", has_more=False))
    async with api.open() as model:
        found = [item.id async for item in read_usage(model, since=SINCE, until=UNTIL, page=2)]
    assert found == ["a", "b", "c", "d", "e"]
    asked = [dict(request.url.params) for request in api.requests]
    assert [query.get("before") for query in asked] == [None, "b", "d"]
    assert asked[0] == {
        "limit": "2",
        "from": "2026-01-01T00:00:00+00:00",
        "to": "2026-01-02T00:00:00+00:00",
        "model": "seed-2-0-lite",
        "source": "api",
    }


async def test_a_server_that_gives_the_same_page_again_is_left() -> None:
    api = ScriptedApi(page("a", "b"), page("a", "b"))
    async with api.open() as model:
        assert len([item async for item in read_usage(model, since=SINCE, until=UNTIL, page=2)]) == 2


async def test_the_balance_is_read() -> None:
    async with ScriptedApi(page()).open() as model:
        assert await read_balance(model) == Decimal("9.5")


async def test_a_refusal_is_an_error_of_the_model() -> None:
    async with ScriptedApi(failed(401)).open() as model:
        with pytest.raises(ModelAccessDenied):
            await read_balance(model)


@pytest.mark.parametrize("status", [404, 405, 501])
async def test_a_server_without_an_account_says_so(status: int) -> None:
    async with ScriptedApi(failed(status)).open() as model:
        with pytest.raises(ModelRejected, match="reports no account usage"):
            assert [item async for item in read_usage(model, since=SINCE, until=UNTIL)]
