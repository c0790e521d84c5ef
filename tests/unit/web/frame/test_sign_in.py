"""Signing in and out: what it takes, how long it lasts, what is kept of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from adapters.web.frame.sessions import IDLE, LIFETIME
from adapters.web.frame.sign_in import LINK_LIFETIME, SESSION_COOKIE
from bot.errors import StorageUnavailable
from storage.in_memory.store import MemoryStore
from tests.fakes import ManualClock
from tests.unit.web.frame.browsers import ORIGIN, PASSWORD, browser, open_web, sign_in, token_in


async def test_the_password_makes_the_administrator(store: MemoryStore, clock: ManualClock) -> None:
    _, web = await open_web(store, clock, password=PASSWORD, host="0.0.0.0")
    async with browser(web) as client:
        answer = await sign_in(client)
        cookie = next(line.lower() for line in answer.headers.get_list("set-cookie") if SESSION_COOKIE in line)
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert "secure" not in cookie
        assert (await client.get("/rule/x")).text.endswith("is administrator")
    trail = await store.audit_trail(since=datetime.min.replace(tzinfo=UTC), limit=9)
    assert [(record.action, record.what) for record in trail] == [("sign-in", "password")]


async def test_behind_tls_every_cookie_is_for_tls_alone(store: MemoryStore, clock: ManualClock) -> None:
    _, web = await open_web(store, clock, password=PASSWORD, host="0.0.0.0")
    async with browser(web, url="https://chat.example") as client:
        cookies = (await sign_in(client)).headers.get_list("set-cookie")
    assert len(cookies) == 2
    assert all("secure" in line.lower() for line in cookies)


async def test_a_one_time_link_works_once(store: MemoryStore, clock: ManualClock) -> None:
    frame, web = await open_web(store, clock)
    link = f"/sign-in/link/{await frame.sign_ins.links.issue()}"
    async with browser(web) as ada, browser(web) as eve:
        assert (await ada.head(link)).status_code == 200
        assert (await ada.get(link)).status_code == 303
        assert (await ada.get("/rule/x")).text.endswith("is administrator")
        assert (await eve.get(link)).status_code == 403
        assert (await eve.get("/rule/x")).status_code == 403
        assert (await eve.get("/")).text.endswith("is member")
        late = f"/sign-in/link/{await frame.sign_ins.links.issue()}"
        clock.advance(LINK_LIFETIME.total_seconds() + 1)
        assert (await eve.get(late)).status_code == 403


async def test_signing_in_changes_the_token_and_ends_the_one_before(store: MemoryStore, clock: ManualClock) -> None:
    frame, web = await open_web(store, clock, password=PASSWORD)
    async with browser(web) as client, browser(web) as thief:
        await sign_in(client)
        before = client.cookies[SESSION_COOKIE]
        link = f"/sign-in/link/{await frame.sign_ins.links.issue()}"
        await client.get(link)
        assert client.cookies[SESSION_COOKIE] != before
        thief.cookies.set(SESSION_COOKIE, before)
        assert (await thief.get("/")).status_code == 303
    assert len(await frame.sign_ins.sessions.list()) == 1


async def test_signing_out_ends_it_everywhere(store: MemoryStore, clock: ManualClock) -> None:
    _, web = await open_web(store, clock, password=PASSWORD)
    async with browser(web) as client, browser(web) as copy:
        await sign_in(client)
        copy.cookies = client.cookies
        token = token_in((await client.get("/nowhere")).text)
        assert (await client.post("/sign-out", data={"csrf": token})).headers["location"] == "/sign-in"
        assert (await copy.get("/")).status_code == 303


@pytest.mark.parametrize(
    ("step", "steps"),
    [pytest.param(IDLE, 1, id="idle"), pytest.param(IDLE / 2, 2 * LIFETIME // IDLE, id="too-old")],
)
async def test_a_sign_in_ends_by_itself(store: MemoryStore, clock: ManualClock, step: timedelta, steps: int) -> None:
    _, web = await open_web(store, clock, password=PASSWORD)
    async with browser(web) as client:
        await sign_in(client)
        for _ in range(steps - 1):
            clock.advance(step.total_seconds())
            assert (await client.get("/")).status_code == 200
        clock.advance(step.total_seconds())
        assert (await client.get("/")).status_code == 303


async def test_another_password_ends_the_sign_ins_by_the_one_before(store: MemoryStore, clock: ManualClock) -> None:
    _, web = await open_web(store, clock, password=PASSWORD)
    _, changed = await open_web(store, clock, password="another password")
    async with browser(web) as client, browser(changed) as later:
        await sign_in(client)
        later.cookies = client.cookies
        assert (await later.get("/")).status_code == 303


async def test_wrong_tries_slow_their_address_and_nobody_else(store: MemoryStore, clock: ManualClock) -> None:
    """Fifty wrong tries from anywhere once locked everybody out."""
    frame, web = await open_web(store, clock, password=PASSWORD)
    for number in range(50):
        await frame.sign_ins.attempts.begin(f"10.0.0.{number}", "bob")
    _, other_process = await open_web(store, clock, password=PASSWORD)
    async with (
        browser(web, address="10.1.1.1") as eve,
        browser(other_process, address="10.1.1.1") as eve_elsewhere,
        browser(web, address="10.2.2.2") as ada,
    ):
        for client in (eve, eve_elsewhere, eve, eve_elsewhere, eve):
            assert (await sign_in(client, "wrong")).status_code == 403
        assert (await sign_in(eve_elsewhere)).status_code == 429
        assert (await sign_in(eve)).status_code == 429
        assert (await sign_in(ada)).status_code == 303
        clock.advance(60)
        assert (await sign_in(eve)).status_code == 303
    trail = await store.audit_trail(since=datetime.min.replace(tzinfo=UTC), limit=99)
    assert [record.action for record in trail].count("refused sign-in") == 5


async def test_without_the_database_a_page_says_so_and_nobody_is_signed_out(
    store: MemoryStore, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise StorageUnavailable("away")

    _, web = await open_web(store, clock, password=PASSWORD)
    async with browser(web) as client:
        await sign_in(client)
        with monkeypatch.context() as patch:
            patch.setattr(store, "get_state", away)
            answer = await client.get("/")
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
            assert "The database is away" in answer.text
            assert "frame/away" in answer.text
            assert 'href="/sign-in"' not in answer.text, "who asks is not known"
            sent = await client.post("/write", headers={"Origin": ORIGIN})
            assert (sent.status_code, "frame/away" in sent.text) == (503, False), "a form is not sent again by itself"
            assert (await client.get("/healthz")).status_code == 200
            [sheet] = re.findall(r'href="(/static/[^"]+/base.css)"', answer.text)
            assert (await client.get(sheet)).status_code == 200
        assert (await client.get("/")).status_code == 200


async def test_a_forged_cookie_is_nobody(store: MemoryStore, clock: ManualClock) -> None:
    _, web = await open_web(store, clock, password=PASSWORD)
    async with browser(web) as client:
        await sign_in(client)
        good = client.cookies[SESSION_COOKIE]
        for forged in (good[:-1], f"x{good}", "null", "%00", "../session"):
            client.cookies.clear()
            client.cookies.set(SESSION_COOKIE, forged)
            assert (await client.get("/")).status_code == 303


async def test_what_is_stored_of_a_sign_in_opens_nothing(store: MemoryStore, clock: ManualClock) -> None:
    _, web = await open_web(store, clock, password=PASSWORD)
    async with browser(web) as client:
        await sign_in(client)
        kept = await store.list_state("local", prefix="session/")
        assert client.cookies[SESSION_COOKIE] not in str(kept)


async def test_any_process_knows_who_signed_in_at_another_one(store: MemoryStore, clock: ManualClock) -> None:
    _, one = await open_web(store, clock, password=PASSWORD)
    frame, other = await open_web(store, clock, password=PASSWORD)
    async with browser(one) as client, browser(other) as elsewhere:
        await sign_in(client)
        elsewhere.cookies = client.cookies
        answer = await elsewhere.get("/rule/x")
        assert answer.text.endswith("is administrator")
        token = token_in((await elsewhere.get("/nowhere")).text)
        assert (await client.post("/write", data={"csrf": token, "text": "x"})).text == "wrote x"
        [session] = await frame.sign_ins.sessions.list()
        await frame.sign_ins.sessions.end(session.id)
        assert (await client.get("/")).status_code == 303
