"""Two people read the same answer while it grows, each in the language of their browser, scripts and dates included."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Page, expect

from bot.types import Draft
from tests.browser.conftest import Stage, name_person

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_browser_is_spoken_to_in_its_language_until_another_is_chosen(
    stage: Stage, page: Page, browser: Browser
) -> None:
    context = await browser.new_context(locale="de-AT", viewport={"width": 1440, "height": 900})
    context.set_default_timeout(15_000)
    await name_person(context, "u-other", "Other")
    german = await context.new_page()
    await page.goto(stage.url)
    await page.locator(".main textarea").fill("@seedling hello?")
    await page.locator(".main textarea").press("Enter")
    reply = await stage.bot.next_reply()
    await reply.show(Draft(status="thinking"))
    await expect(page.locator(".thread .status")).to_have_text("Thinking…")
    await german.goto(page.url)
    await expect(german.locator(".thread .status")).to_have_text("Denkt nach…")
    await reply.finish(Draft(status="stopped", text="```\ncode\n```"))
    await expect(page.locator(".thread .status")).to_have_text("Stopped")
    await expect(german.locator(".thread .status")).to_have_text("Angehalten")
    await german.locator(".thread button.copy").click()
    await expect(german.locator(".thread button.copy")).to_have_text("Kopiert")
    await expect(page.locator(".main .day span").first).to_have_text("Monday, January 5")
    await expect(german.locator(".main .day span").first).to_have_text("Montag, 5. Jänner")  # as Austrians call it
    assert await german.evaluate("document.documentElement.lang") == "de"
    await german.get_by_role("button", name="Sprache: Deutsch").click()
    await expect(german.get_by_role("button", name="Language: English")).to_be_visible()
    await expect(german.locator(".main .day span").first).to_have_text("Monday, January 5")
    await context.close()
