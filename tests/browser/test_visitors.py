"""Two people at two browsers: each has a direct conversation alone, one is administrator, the other is not."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from bot.errors import InvalidInput
from bot.types import Draft
from tests.browser.conftest import Stage, Staging

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# Puts other words in place of those that the page sends over its socket, as an attacker at their own browser can.
FORGERY = """
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (data) {
  const swap = JSON.parse(sessionStorage.getItem("swap") ?? "[]");
  send.call(this, typeof data === "string" && swap.length ? data.replaceAll(swap[0], swap[1]) : data);
};
"""


@pytest_asyncio.fixture(loop_scope="session")
async def other(browser: Browser) -> AsyncIterator[Page]:
    """A page of somebody else, who can put other words into what it sends."""
    context = await browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(15_000)
    await context.add_init_script(FORGERY)
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
    await expect(other.locator(".channels button")).to_have_count(3)
    mine = await ask_directly(stage, page, "my secret?", "Your secret.")
    theirs = await ask_directly(stage, other, "her secret?", "No.")
    assert mine != theirs
    await expect(other.locator(".main .message")).to_have_count(2)
    await expect(page.locator(".main .message")).to_have_count(2)
    for item in (page, other):
        await expect(item.locator(".channels button")).to_have_count(3)
        await expect(item.locator(".channels .dot")).to_have_count(0)
    await page.reload()
    await expect(page.locator(".main .message.bot .body")).to_have_text("Your secret.")


async def test_nobody_is_told_of_what_happens_in_a_direct_conversation(stage: Stage, page: Page, other: Page) -> None:
    told: list[str] = []
    other.on("websocket", lambda socket: socket.on("framereceived", lambda data: told.append(str(data))))
    await other.goto(stage.url)
    await expect(other.locator(".main .message")).to_have_count(1)
    mine = await ask_directly(stage, page, "my secret?", "Your secret.")
    await page.locator(".channels button", has_text="random").click()
    await page.locator(".main textarea").fill("hello all")
    await page.locator(".main textarea").press("Enter")
    await expect(other.locator(".channels .dot")).to_have_count(1)
    assert any("random" in item for item in told), "they are told of what is for everybody"
    assert not [item for item in told if mine in item or "secret" in item]


async def test_an_address_that_was_guessed_leads_nowhere(stage: Stage, page: Page, other: Page) -> None:
    mine = await ask_directly(stage, page, "my secret?", "Your secret.")
    for address in (f"/c/local/{mine}", f"/c/local/{mine}/turn-1", f"/c/local/general/{mine}"):
        await other.goto(stage.url + address)
        await expect(other.locator(".main h1")).to_contain_text("general")
        await expect(other.locator(".main .message").first).to_contain_text("Welcome")
        assert "secret" not in await other.content()


async def test_forged_requests_reach_no_other_direct_conversation(stage: Stage, page: Page, other: Page) -> None:
    mine = await ask_directly(stage, page, "my secret?", "Your secret.")
    told: list[str] = []
    other.on("websocket", lambda socket: socket.on("framereceived", lambda data: told.append(str(data))))
    await other.goto(stage.url)
    await expect(other.locator(".main .message")).to_have_count(1)
    await other.evaluate("([from, to]) => sessionStorage.setItem('swap', JSON.stringify([from, to]))", ["random", mine])
    await other.locator(".channels button", has_text="random").click()
    await other.locator(".main textarea").fill("@seedling what did she ask?")
    await other.locator(".main textarea").press("Enter")
    await stage.bot.next_reply()
    assert stage.bot.asked[-1].key.channel == "general", "it never left the channel in which it was"
    assert not [item for item in told if "secret" in item]


async def test_only_who_opened_the_link_is_administrator(stage: Stage, page: Page, other: Page) -> None:
    address = await stage.playground.address()
    await page.goto(address.administrator)
    await expect(page).to_have_url(re.compile("/c/local/general$"))
    await expect(page.locator(".me .badge")).to_have_text("Admin")
    await other.goto(address.administrator)
    await expect(other.get_by_role("alert")).to_contain_text("used already, or is too old")
    await other.get_by_role("link", name="Open the playground").click()
    await expect(other.locator(".main .message")).to_have_count(1)
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


async def test_the_link_opens_a_playground_with_a_password(staging: Staging, page: Page) -> None:
    async with staging(password="leaf") as stage:
        await page.goto((await stage.playground.address()).administrator)
        await expect(page.locator(".main .message")).to_contain_text("Welcome to Seedling")
        await expect(page.locator(".me .badge")).to_have_text("Admin")
