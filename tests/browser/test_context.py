"""What a conversation sent to the model, drawn beside it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from playwright.async_api import Locator, Page, expect

from bot.errors import StorageUnavailable
from bot.types import ConversationKey, Draft
from tests.browser.conftest import Stage
from tests.unit.web.records import conversation, record

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

THREAD = ConversationKey(platform="local", workspace="local", channel="general", thread="root")


async def open_panel(stage: Stage, page: Page) -> Locator:
    """Open the panel in a thread of #general."""
    await stage.say("root", "Something happened")
    await stage.say("inside", "It did", thread="root")
    await page.goto(f"{stage.url}/c/local/general/root")
    await page.locator(".open-context:visible").click()
    panel = page.get_by_role("region", name="Context", exact=True)
    await expect(panel).to_be_visible()
    return panel


async def test_before_the_first_request_the_panel_says_so(stage: Stage, page: Page) -> None:
    panel = await open_panel(stage, page)
    await expect(panel).to_contain_text("Nothing has been sent to the model from here yet.")
    await expect(panel.locator(".request")).to_have_count(0)


async def test_each_request_is_a_bar_with_its_parts_and_its_break(stage: Stage, page: Page) -> None:
    stage.bot.records[THREAD] = [*conversation(13)]
    panel = await open_panel(stage, page)
    bars = panel.locator(".request")
    await expect(bars).to_have_count(13)
    await expect(bars.nth(12).locator("rect:not(.slot)")).to_have_count(3)
    await expect(panel.locator(".context-summary")).to_contain_text("26 messages")
    summary = panel.locator(".context-summary")
    await expect(summary).to_contain_text("last cache break: “History trimmed”, 1 request ago")
    await expect(panel.locator(".request .mark")).to_have_count(2)
    await expect(bars.nth(11)).to_have_accessible_name(
        re.compile(r"Request 12 of 13: 2,100 tokens in, 400 cached, 1,700 not cached.*trimmed: .*14 messages left out")
    )
    await expect(panel.locator("figcaption")).to_contain_text("History trimmed")
    await expect(panel.locator("figcaption")).not_to_contain_text("Message deleted")


async def test_the_picture_has_the_heights_that_were_computed(stage: Stage, page: Page) -> None:
    stage.bot.records[THREAD] = [record(1, total=4000, cached=2000)]
    panel = await open_panel(stage, page)
    plot = await panel.locator(".plot svg").bounding_box()
    fresh = await panel.locator(".request .new").bounding_box()
    assert plot is not None
    assert fresh is not None
    assert fresh["height"] == pytest.approx(plot["height"] / 2, abs=1.5)
    assert fresh["y"] == pytest.approx(plot["y"], abs=1.5)


async def test_the_bars_are_read_with_the_arrow_keys(stage: Stage, page: Page) -> None:
    stage.bot.records[THREAD] = [*conversation(20)]
    panel = await open_panel(stage, page)
    await expect(panel.locator("header > [tabindex]")).to_be_focused()
    await expect(panel.locator(".request")).to_have_count(20)  # the way to them begins at the table's button
    for _ in range(3):
        await page.keyboard.press("Tab")
    await expect(panel.locator(".request").nth(19)).to_be_focused()
    await expect(panel.locator(".tip:visible")).to_contain_text("Request 20 of 20")
    await page.keyboard.press("ArrowLeft")
    await expect(panel.locator(".tip:visible")).to_contain_text("Request 19 of 20")
    await page.keyboard.press("Home")
    await expect(panel.locator(".tip:visible")).to_contain_text("First request.")
    await page.keyboard.press("Tab")
    await expect(panel.locator(".tip:visible")).to_have_count(0)


async def test_escape_closes_the_panel_then_the_thread(stage: Stage, page: Page) -> None:
    panel = await open_panel(stage, page)
    await page.keyboard.press("Escape")
    await expect(panel).to_have_count(0)
    button = page.locator(".open-context:visible")
    await expect(button).to_be_focused()
    await expect(button).to_have_attribute("aria-expanded", "false")
    await page.keyboard.press("Escape")
    await expect(page.locator(".thread")).to_have_count(0)


async def test_a_pointer_shows_the_exact_figures_inside_the_page(stage: Stage, page: Page) -> None:
    stage.bot.records[THREAD] = [*conversation(60)]
    panel = await open_panel(stage, page)
    for index in (0, 59):
        await panel.locator(".request").nth(index).locator(".slot").hover()
        await expect(panel.locator(".tip:visible")).to_contain_text(f"Request {index + 1} of 60")
        box = await panel.locator(".tip:visible").bounding_box()
        frame = await page.locator(".thread").bounding_box()
        assert box is not None
        assert frame is not None
        assert frame["x"] <= box["x"]
        assert box["x"] + box["width"] <= frame["x"] + frame["width"]
    await page.locator(".thread textarea").hover()
    await expect(panel.locator(".tip:visible")).to_have_count(0)


async def test_the_same_figures_are_a_table(stage: Stage, page: Page) -> None:
    stage.bot.records[THREAD] = [*conversation(12)]
    panel = await open_panel(stage, page)
    await panel.get_by_role("button", name="Table").click()
    rows = panel.locator("tbody tr")
    await expect(rows).to_have_count(12)
    await expect(rows.first.locator("td")).to_have_text(["2,100", "400", "1,700", "400", "24", "History trimmed"])
    await expect(panel.locator(".request:visible")).to_have_count(0)


async def test_an_answer_that_ends_is_a_new_bar(stage: Stage, page: Page) -> None:
    stage.bot.records[THREAD] = [record(1, broken="first")]
    panel = await open_panel(stage, page)
    await expect(panel.locator(".request")).to_have_count(1)
    await page.locator(".thread textarea").fill("@seedling and now?")
    await page.locator(".thread textarea").press("Enter")
    reply = await stage.bot.next_reply()
    await reply.show(Draft(status="writing", text="Now"))
    stage.bot.records[THREAD].append(record(2))
    await reply.finish(Draft(status="done", text="Now it is two."))
    await expect(panel.locator(".request")).to_have_count(2)


async def test_a_direct_conversation_has_its_own(stage: Stage, page: Page) -> None:
    await page.goto(f"{stage.url}/c/local/seedling")
    await expect(page).to_have_url(re.compile("/c/local/direct-"))
    stage.bot.records[replace(THREAD, channel=page.url.rpartition("/")[2], thread="")] = [*conversation(3)]
    await page.locator(".open-context:visible").click()
    panel = page.get_by_role("region", name="Context", exact=True)
    await expect(panel.locator(".request")).to_have_count(3)
    await page.locator(".channels a", has_text="general").click()
    await expect(panel).to_have_count(0)
    await expect(page.locator(".open-context:visible")).to_have_count(0)


async def test_figures_that_cannot_be_read_are_asked_for_again(stage: Stage, page: Page) -> None:
    stage.bot.records[THREAD] = [*conversation(3)]
    stage.bot.refusals["requests"] = StorageUnavailable("away")
    panel = await open_panel(stage, page)
    await expect(panel.get_by_role("alert")).to_contain_text("could not be read")
    del stage.bot.refusals["requests"]
    await panel.get_by_role("link", name="Try again").click()
    await expect(panel.locator(".request")).to_have_count(3)
    await expect(panel.get_by_role("alert")).to_have_count(0)


async def test_on_a_phone_it_fits_and_the_reader_stays_at_the_end(stage: Stage, phone: Page) -> None:
    stage.bot.records[THREAD] = [*conversation(60)]
    for number in range(30):
        await stage.say(f"n{number}", f"number {number}", thread="root")
    panel = await open_panel(stage, phone)
    await expect(panel.locator(".request")).to_have_count(60)
    await expect(phone.locator(".thread .message").last).to_be_in_viewport()
    await expect(phone.locator(".thread .to-end")).to_be_hidden()
    await expect(phone.locator(".thread textarea")).to_be_in_viewport()
    assert await phone.evaluate("document.documentElement.scrollWidth") == 390
    await panel.locator(".request").nth(30).locator(".slot").tap()
    await expect(panel.locator(".tip:visible")).to_contain_text("Request 31 of 60")
    await expect(panel.locator(".tip:visible")).to_be_in_viewport(ratio=1)
