"""Nothing that people or models write runs, and nobody gets in who should not."""

from __future__ import annotations

import asyncio
import logging

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

{{ window.attacked = 10 }} ${window.attacked = 11} {% set x = 1 %}
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
    for link in await page.locator(".prose a, .sources a").all():
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


async def test_the_server_ends_without_a_trace(staging: Staging, page: Page, caplog: pytest.LogCaptureFixture) -> None:
    before = asyncio.all_tasks()
    async with staging() as stage:
        await page.goto(stage.url)
        await expect(page.locator(".main .message")).to_have_count(1)
        await page.goto("about:blank")
    left = {task for task in asyncio.all_tasks() - before if not task.done() and "playwright" not in repr(task)}
    assert not left, left
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
