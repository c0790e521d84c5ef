"""Two people at two browsers: what is somebody's own stays theirs."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from bot.errors import InvalidInput
from bot.types import Draft
from tests.browser.conftest import Stage, Staging, name_person

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(loop_scope="session")
async def other(browser: Browser) -> AsyncIterator[Page]:
    """A page of somebody else."""
    context = await browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(15_000)
    await name_person(context, "u-other", "Other")
    yield await context.new_page()
    await context.close()


async def ask_directly(stage: Stage, page: Page, question: str, answer: str) -> str:
    """Ask in one's direct conversation; the id of its channel."""
    await page.goto(f"{stage.url}/c/local/seedling")
    await page.locator(".main textarea").fill(question)
    await page.locator(".main textarea").press("Enter")
    await stage.bot.answer(answer)
    await expect(page.locator(".main .message.bot .body")).to_have_text(answer)
    return page.url.rpartition("/")[2]


async def test_direct_conversations_are_apart(stage: Stage, page: Page, other: Page) -> None:
    await other.goto(stage.url)
    await expect(other.locator(".channels a")).to_have_count(3)
    mine = await ask_directly(stage, page, "my secret?", "Your secret.")
    theirs = await ask_directly(stage, other, "her secret?", "No.")
    assert mine != theirs
    await expect(other.locator(".main .message")).to_have_count(2)
    await expect(page.locator(".main .message")).to_have_count(2)
    for item in (page, other):
        await expect(item.locator(".channels a")).to_have_count(3)
        await expect(item.locator(".channels .dot")).to_have_count(0)
    await page.reload()
    await expect(page.locator(".main .message.bot .body")).to_have_text("Your secret.")


async def test_only_who_opened_the_link_is_administrator(stage: Stage, page: Page, other: Page) -> None:
    address = await stage.playground.address()
    await page.goto(address.administrator)
    await expect(page).to_have_url(re.compile("/c/local/general$"))
    await expect(page.locator(".me .badge")).to_have_text("Admin")
    await other.goto(address.administrator)
    await expect(other.get_by_role("alert")).to_contain_text("used already, or is too old")
    await other.goto(stage.url)
    await expect(other.locator(".me .badge")).to_have_count(0)
    for number, (item, is_admin) in enumerate(((page, True), (other, False)), 1):
        await item.locator(".main textarea").fill("@seedling why?")
        await item.locator(".main textarea").press("Enter")
        await stage.bot.answer("Because.")
        assert stage.bot.asked[-1].is_admin is is_admin
        await item.locator(".thread .message.bot .ways-on button").click()
        while len(stage.bot.acted) < number:
            await item.evaluate("() => new Promise(requestAnimationFrame)")
        assert stage.bot.acted[-1] == (stage.bot.asked[-1].author.id, is_admin)


async def test_what_is_somebody_else_s_is_refused_with_a_sentence(stage: Stage, page: Page, other: Page) -> None:
    await page.goto(stage.url)
    await page.locator(".main textarea").fill("@seedling why?")
    await page.locator(".main textarea").press("Enter")
    reply = await stage.bot.next_reply()
    await reply.show(Draft(status="writing", text="Bec"))
    stage.bot.refusals |= {"stop": InvalidInput("Not yours."), "regenerate": InvalidInput("Not yours either.")}
    await other.goto(f"{stage.url}/c/local/general/{stage.bot.asked[0].key.thread}")
    await other.locator(".thread").get_by_role("button", name="Stop").click()
    await expect(other.locator(".thread .note.error")).to_contain_text("Not yours.")
    await reply.finish(Draft(status="done", text="Because."))
    await other.locator(".thread .message.bot .ways-on button").click()
    await expect(other.locator(".thread .note.error").last).to_contain_text("Not yours either.")
    await expect(page.locator(".thread .note")).to_have_count(0)


async def test_a_name_is_asked_for_once_and_nobody_is_called_like_the_bot(staging: Staging, browser: Browser) -> None:
    async with staging() as stage:
        page = await browser.new_page()
        await page.goto(f"{stage.url}/c/local/random")
        await expect(page.locator(".main textarea")).to_have_count(0)
        await page.locator("#new-name").fill("Seed-ling")
        await page.locator("#new-name").press("Enter")
        await expect(page.get_by_role("alert")).to_contain_text("what the bot is called")
        await page.locator("#new-name").fill("Grace")
        await page.locator("#new-name").press("Enter")
        await expect(page).to_have_url(f"{stage.url}/c/local/random")
        await page.locator(".main textarea").fill("hi all")
        await page.locator(".main textarea").press("Enter")
        await expect(page.locator(".main .message .author")).to_have_text("Grace")
        await page.close()
