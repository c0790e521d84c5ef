"""The console in a real browser: readable for everybody, wide and on a phone, light and dark, without scripts."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # has no types
from playwright.async_api import Browser, Page

from adapters.listeners import listen, serve, url_of
from storage import migrate
from tests.fakes import ManualClock
from tests.unit.web.console.console_stage import ConsoleStage, fill, open_console
from tests.unit.web.frame.browsers import PASSWORD

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.browser]

SHOTS = os.environ.get("SEEDLING_SCREENSHOTS", "")
"""A folder for a picture of every page, for whoever wants to look at them."""

GRAVE = {"moderate", "serious", "critical"}
PAGES = {
    "overview": "/console",
    "spending": "/console/spending",
    "spending-wrong": "/console/spending?since=tomorrow",
    "budget": "/console/spending/budget",
    "provider": "/console/spending/provider",
    "access": "/console/access",
    "audit": "/console/audit",
    "defaults": "/console/settings",
    "settings": "/console/settings?place=fake/w/c",
    "turns": "/console/turns",
    "turn": "/console/turns/1",
    "failed-turn": "/console/turns/3",
    "queue": "/console/queue",
    "data": "/console/data",
    "missing": "/console/nowhere",
}
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
LOOKS = {
    "wide-light": {"viewport": WIDE, "color_scheme": "light"},
    "phone-dark": {"viewport": PHONE, "color_scheme": "dark"},
}
if SHOTS:
    LOOKS["wide-dark"] = {"viewport": WIDE, "color_scheme": "dark"}
    LOOKS["phone-light"] = {"viewport": PHONE, "color_scheme": "light"}


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """A console with some questions in it, on a port of its own."""
    folder = tmp_path_factory.mktemp("console")
    await migrate(f"sqlite:///{folder / 'empty.db'}")
    async with open_console(folder, ManualClock(), folder / "empty.db") as stage:
        await fill(stage)
        async with served(stage) as address:
            yield address


@asynccontextmanager
async def served(stage: ConsoleStage) -> AsyncIterator[str]:
    with listen("127.0.0.1", 0) as listening:
        serving = asyncio.create_task(serve(stage.app, listening), name="console under test")
        yield url_of("127.0.0.1", listening)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


@asynccontextmanager
async def administrator(browser: Browser, url: str, **look: object) -> AsyncIterator[Page]:
    """A page of somebody who is signed in; anything that the content policy stops fails the test."""
    context = await browser.new_context(**look)  # type: ignore[arg-type]  # options of a context
    page = await context.new_page()
    stopped: list[str] = []
    page.on("console", lambda message: stopped.append(message.text) if message.type == "error" else None)
    await page.goto(f"{url}/sign-in?next=/console")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url("**/console")
    yield page
    await context.close()
    assert not [text for text in stopped if "Failed to load resource" not in text]


@pytest.mark.parametrize("look", LOOKS)
async def test_every_page_is_readable_for_everybody(browser: Browser, url: str, look: str) -> None:
    axe = Axe()
    async with administrator(browser, url, **LOOKS[look]) as page:
        for name, path in PAGES.items():
            await page.goto(url + path)
            found = (await axe.run(page)).response["violations"]
            told = [
                (item["id"], [node["target"] for node in item["nodes"]]) for item in found if item["impact"] in GRAVE
            ]
            assert not told, f"{path} {look}"
            wider = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wider <= 0, f"{path} is {wider} px wider than a {look} screen"
            if SHOTS:
                await page.screenshot(path=Path(SHOTS) / f"{name}-{look}.png", full_page=True)


async def test_the_sign_in_page_is_readable_too(browser: Browser, url: str) -> None:
    for scheme in ("light", "dark"):
        context = await browser.new_context(color_scheme=scheme)
        page = await context.new_page()
        await page.goto(f"{url}/console/turns?state=failed")
        found = (await Axe().run(page)).response["violations"]
        assert not [item["id"] for item in found if item["impact"] in GRAVE]
        if SHOTS:
            await page.screenshot(path=Path(SHOTS) / f"sign-in-{scheme}.png")
        await context.close()


async def test_without_scripts_a_budget_is_set_and_a_wrong_one_told_at_its_field(browser: Browser, url: str) -> None:
    async with administrator(browser, url, java_script_enabled=False) as page:
        await page.get_by_role("link", name="Spending", exact=True).click()
        await page.get_by_role("link", name="Set a budget").click()
        await page.get_by_label("US dollars").fill("a lot")
        await page.get_by_role("button", name="Save").click()
        told = page.locator("#amount-error")
        assert "is no amount" in (await told.inner_text())
        assert await page.get_by_label("US dollars").get_attribute("aria-describedby") == "amount-help amount-error"
        await page.get_by_label("US dollars").fill("20")
        await page.get_by_role("button", name="Save").click()
        await page.wait_for_url("**/console/spending#budgets")
        assert "of $20.00" in await page.locator(".budgets").inner_text()


async def test_the_keyboard_reaches_the_content_and_the_theme(browser: Browser, url: str) -> None:
    async with administrator(browser, url) as page:
        await page.goto(f"{url}/console")
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.textContent") == "Skip to the content"
        await page.get_by_label("Light or dark").select_option("dark")
        async with page.expect_navigation():
            await page.get_by_role("button", name="Use").click()
        assert await page.evaluate("document.documentElement.dataset.theme") == "dark"
