"""Nothing that people or models write runs, and nobody gets in who should not."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import httpx
import pytest
from playwright.async_api import BrowserContext, Page, expect

from bot.types import Draft, Person, Source
from tests.browser.conftest import Stage, Staging

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ATTACK = """<script>window.attacked = 1</script>
<img src=x onerror="window.attacked = 2"><svg onload="window.attacked = 3"></svg>
[link](javascript:window.attacked=4) ![image](x"onerror="window.attacked=5)
[b](https://example.org/"onmouseover="window.attacked=6)
<a href="javascript:window.attacked=7">raw</a>

```"><img/src=x/onerror=window.attacked=8>
</code></pre><script>window.attacked = 9</script>
```

{{ window.attacked = 10 }} ${window.attacked = 11}
"""
ATTACKER = Person(id="eve", name="<img src=x onerror='window.attacked = 12'>")


async def test_no_script_in_a_message_a_name_or_an_answer_runs(stage: Stage, page: Page) -> None:
    await stage.say("m1", ATTACK, author=ATTACKER)
    await page.goto(stage.url)
    await page.locator(".main textarea").fill(f"@seedling {ATTACK}")
    await page.locator(".main textarea").press("Enter")
    reply = await stage.bot.next_reply()
    await reply.show(Draft(status="writing", text=ATTACK))
    await reply.finish(
        Draft(
            status="done",
            text=ATTACK,
            reasoning=ATTACK,
            notices=(ATTACK,),
            sources=(Source(url="javascript:window.attacked=13"), Source(url="https://example.org", title=ATTACK)),
        )
    )
    answer = page.locator(".thread .message.bot")
    await expect(answer.locator(".sources a")).to_have_count(1)
    await expect(page.locator(".main .author").first).to_have_text("Seedling")
    await expect(page.locator(".main .author").nth(1)).to_have_text(ATTACKER.name)
    for link in await page.locator(".message a").all():
        assert (await link.get_attribute("href") or "").startswith("https://")
        assert await link.get_attribute("rel") == "noopener noreferrer"
    assert await page.locator(".message script, .prose img, .message [onerror], .message [onload]").count() == 0
    assert await page.evaluate("window.attacked") is None


async def test_the_policy_of_the_page_keeps_an_injected_script_from_running(
    stage: Stage, context: BrowserContext
) -> None:
    page = await context.new_page()
    await page.goto(stage.url)
    await expect(page.locator(".main .message")).to_have_count(1)
    refused = await page.evaluate(
        """() => new Promise((resolve) => {
            document.addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective));
            const script = document.createElement('script');
            script.textContent = 'window.attacked = true';
            document.body.append(script);
        })"""
    )
    assert refused == "script-src-elem"
    assert await page.evaluate("window.attacked") is None


async def test_the_password_is_asked_for_and_opens_the_playground(staging: Staging, page: Page) -> None:
    async with staging(password="leaf") as stage:
        await page.goto(f"{stage.url}/c/local/random")
        await expect(page).to_have_url(f"{stage.url}/login")
        await page.get_by_label("Password of this playground").fill("twig")
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("alert")).to_have_text("That is not the password.")
        await page.get_by_label("Password of this playground").fill("leaf")
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.locator(".main .message")).to_contain_text("Welcome to Seedling")
        await page.reload()
        await expect(page.locator(".main .message")).to_contain_text("Welcome to Seedling")


async def test_without_the_password_nothing_but_the_login_is_served(staging: Staging) -> None:
    async with staging(password="leaf") as stage, httpx.AsyncClient(base_url=stage.url) as client:
        for path in ("/", "/c/local/general", "/_nicegui_ws/socket.io/?EIO=4&transport=polling", "/assets/chat.js"):
            assert (await client.get(path)).status_code == 401, path
        assert (await client.get("/login")).status_code == 200
        client.cookies.set("seedling", "eyJwYXNzIjogImZvcmdlZCJ9.aaaa.bbbb")
        assert (await client.get("/")).status_code == 401


async def test_wrong_passwords_are_limited(staging: Staging) -> None:
    async with staging(password="leaf") as stage, httpx.AsyncClient(base_url=stage.url) as client:
        codes = [(await client.post("/login", data={"password": "twig"})).status_code for _ in range(6)]
        assert codes == [403] * 5 + [429]
        assert (await client.post("/login", data={"password": "leaf"})).status_code == 429
        stage.clock.now += timedelta(minutes=1)
        assert (await client.post("/login", data={"password": "leaf"})).status_code == 303


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"Host": "evil.example"}, 403, id="another-host-name"),
        pytest.param({"Host": "localhost:1"}, 200, id="localhost"),
        pytest.param({"Host": "[::1]:1"}, 200, id="ipv6-loopback"),
        pytest.param({"Host": "127.0.0.1.evil.example"}, 403, id="a-name-that-begins-like-one"),
        pytest.param({"Host": 'x" onload="'}, 403, id="no-host-name-at-all"),
    ],
)
async def test_only_names_of_this_machine_are_answered_on_loopback(
    stage: Stage, headers: dict[str, str], status: int
) -> None:
    async with httpx.AsyncClient(base_url=stage.url) as client:
        assert (await client.get("/", headers=headers)).status_code == status


async def test_a_socket_from_another_site_is_refused(stage: Stage) -> None:
    async with httpx.AsyncClient(base_url=stage.url) as client:
        path = "/_nicegui_ws/socket.io/?EIO=4&transport=polling"
        assert (await client.get(path, headers={"Origin": "https://evil.example"})).status_code == 403
        assert (await client.get(path, headers={"Origin": stage.url})).status_code == 200
    host, port = stage.url.removeprefix("http://").split(":")
    for origin, expected in (("https://evil.example", b"403"), (stage.url, b"101")):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            f"GET /_nicegui_ws/socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {host}:{port}\r\n"
            f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nOrigin: {origin}\r\n\r\n".encode()
        )
        assert expected in await reader.readline()
        writer.close()


async def test_every_response_carries_the_headers(stage: Stage) -> None:
    async with httpx.AsyncClient(base_url=stage.url) as client:
        for path in ("/", "/assets/chat.js", "/nowhere", "/login", "/administrator/wrong"):
            headers = (await client.get(path)).headers
            assert headers["x-frame-options"] == "DENY"
            assert headers["x-content-type-options"] == "nosniff"
            assert "unsafe-inline" not in headers["content-security-policy"].split("style-src")[0]


async def test_the_server_ends_without_a_trace(staging: Staging, page: Page, caplog: pytest.LogCaptureFixture) -> None:
    before = asyncio.all_tasks()
    async with staging() as stage:
        await page.goto(stage.url)
        await expect(page.locator(".main .message")).to_have_count(1)
    await page.goto("about:blank")
    left = {task for task in asyncio.all_tasks() - before if not task.done() and "playwright" not in repr(task)}
    assert not left, left
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
