"""Who opens the link that the start prints is administrator; everybody else is not."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import pytest_asyncio

from adapters.web.administrators import LINK_LIFETIME
from bot.errors import StorageUnavailable
from tests.browser.conftest import Stage, open_stage

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session", params=[None, "leaf"], ids=["loopback", "password"])
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    async with open_stage(password=request.param) as stage:
        yield stage


def visitor(stage: Stage) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=stage.url, headers={"Accept": "text/html"})


async def link(stage: Stage) -> str:
    return (await stage.playground.address()).administrator.removeprefix(stage.url)


async def is_admin(client: httpx.AsyncClient) -> bool:
    answer = await client.get("/")
    assert answer.status_code == 200
    found = re.search(r'is_admin(?:\\?"|&quot;):(true|false)', answer.text)
    assert found is not None
    return found[1] == "true"


async def test_who_opens_the_link_is_in_and_administrator(stage: Stage) -> None:
    async with visitor(stage) as client:
        answer = await client.get(await link(stage))
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert await is_admin(client)
        assert await is_admin(client)


async def test_the_link_is_refused_the_second_time_and_gives_nothing(stage: Stage) -> None:
    async with visitor(stage) as first, visitor(stage) as second:
        await first.get(await link(stage))
        answer = await second.get(await link(stage))
        assert answer.status_code == 403
        assert "used already, or is too old" in answer.text
        assert "set-cookie" not in answer.headers
        assert await is_admin(first)
    trail = await stage.store.audit_trail(since=datetime.min.replace(tzinfo=UTC), limit=9)
    assert [(record.action, record.what) for record in trail] == [
        ("sign-in", "administrator link"),
        ("refused sign-in", "administrator link"),
    ]


async def test_of_many_who_open_it_at_once_one_is_administrator(stage: Stage) -> None:
    path = await link(stage)
    async with visitor(stage) as client:
        answers = await asyncio.gather(*(client.get(path) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [303, 403, 403, 403]


async def test_no_other_method_uses_the_link_up(stage: Stage) -> None:
    async with visitor(stage) as client:
        for method in ("HEAD", "POST", "OPTIONS", "PUT"):
            assert (await client.request(method, await link(stage))).status_code == 405
        assert (await client.get(await link(stage))).status_code == 303


async def test_the_link_ends_after_a_while(stage: Stage) -> None:
    stage.clock.now += LINK_LIFETIME + timedelta(seconds=1)
    async with visitor(stage) as client:
        assert (await client.get(await link(stage))).status_code == 403


async def test_guesses_are_limited_together_with_passwords(stage: Stage) -> None:
    async with visitor(stage) as client:
        for number in range(5):
            assert (await client.get(f"/administrator/{number}")).status_code == 403
        assert (await client.get(await link(stage))).status_code == 429
        assert (await client.post("/login", data={"password": "leaf"})).status_code == 429
        stage.clock.now += timedelta(minutes=1)
        assert (await client.get(await link(stage))).status_code == 303


async def test_another_host_name_or_a_store_that_is_away_use_nothing_up(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise StorageUnavailable("away")

    async with visitor(stage) as client:
        assert (await client.get(await link(stage), headers={"Host": "bad host"})).status_code in (400, 403)
        with monkeypatch.context() as patch:
            patch.setattr(stage.store, "get_state", away)
            answer = await client.get(await link(stage))
            assert (answer.status_code, "Try again in a moment" in answer.text) == (503, True)
        assert (await client.get(await link(stage))).status_code == 303


async def test_a_forged_session_is_nobody(stage: Stage) -> None:
    async with visitor(stage) as client:
        await client.get(await link(stage))
        good = client.cookies["seedling"]
        for forged in (good[:-3], f"x{good}", "eyJhZG1pbmlzdHJhdG9yIjogdHJ1ZX0=.aaaa.bbbb", "null", ""):
            client.cookies.clear()
            client.cookies.set("seedling", forged)
            answer = await client.get("/")
            assert answer.status_code == 303 or not await is_admin(client)


async def test_the_password_lets_in_and_does_not_make_administrator() -> None:
    async with open_stage(password="leaf") as stage, visitor(stage) as client:
        assert (await client.post("/login", data={"password": "leaf"})).status_code == 303
        assert not await is_admin(client)
        await client.get(await link(stage))
        assert await is_admin(client)


async def test_on_loopback_who_just_comes_is_a_member_and_stays_who_they_are() -> None:
    async with open_stage() as stage, visitor(stage) as client:
        assert not await is_admin(client)
        person = re.search(r"u-[0-9a-f]{16}", (await client.get("/")).text)
        await client.get(await link(stage))
        assert await is_admin(client)
        assert person is not None
        assert person[0] in (await client.get("/")).text
