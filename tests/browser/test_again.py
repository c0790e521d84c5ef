"""People go on with an answer that has ended: ask again what failed, ask for another one or for the rest."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.async_api import Locator, Page, expect

from bot.errors import InvalidInput
from bot.ports import Reply
from bot.types import Draft, FollowUp
from tests.browser.conftest import Stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

FAILED = Draft(status="failed", notices=("The model is away. Please try again in a moment.",))


async def asked(stage: Stage, page: Page) -> Reply:
    await page.goto(stage.url)
    await page.locator(".main textarea").fill("@seedling why?")
    await page.locator(".main textarea").press("Enter")
    return await stage.bot.next_reply()


async def gone_on_with(stage: Stage, page: Page, count: int) -> None:
    """Wait until the bot was asked to go on so many times."""
    while len(stage.bot.gone_on) < count:
        await page.evaluate("() => new Promise(requestAnimationFrame)")


def ways_on(page: Page) -> Locator:
    return page.locator(".thread .message.bot .ways-on button")


async def test_what_failed_is_asked_again_in_the_same_message_as_often_as_it_fails(stage: Stage, page: Page) -> None:
    reply = await asked(stage, page)
    await reply.finish(FAILED)
    retry = page.locator(".thread").get_by_role("button", name="Retry")
    await expect(page.locator(".thread .message.bot .notice")).to_contain_text("The model is away")
    await expect(ways_on(page)).to_have_text(["Retry"])
    await retry.click()
    await gone_on_with(stage, page, 1)

    again = await stage.bot.open(replace(stage.bot.asked[0], reply_ref="turn-1"), 2)
    await again.show(Draft(status="writing", text="Bec"))
    await expect(retry).to_have_count(0)
    await again.finish(FAILED)
    await retry.click()
    await gone_on_with(stage, page, 2)
    assert stage.bot.gone_on == [(1, FollowUp.RETRY), (2, FollowUp.RETRY)]
    await expect(page.locator(".thread .message.bot")).to_have_count(1)


@pytest.mark.parametrize(
    ("draft", "ways"),
    [
        pytest.param(Draft(status="done", text="Because."), ["Regenerate"], id="whole"),
        pytest.param(Draft(status="done", text="Because of", is_cut=True), ["Continue", "Regenerate"], id="cut"),
        pytest.param(Draft(status="stopped", text="Because of"), ["Continue", "Regenerate"], id="stopped"),
        pytest.param(Draft(status="stopped"), ["Regenerate"], id="stopped-before-the-first-word"),
    ],
)
async def test_an_answer_offers_what_fits_its_end(stage: Stage, page: Page, draft: Draft, ways: list[str]) -> None:
    reply = await asked(stage, page)
    await reply.show(Draft(status="writing", text="Because"))
    await expect(page.locator(".thread .message.bot .body")).to_have_text("Because")
    await expect(ways_on(page)).to_have_count(0)
    await reply.finish(draft)
    await expect(ways_on(page)).to_have_text(ways)


async def test_the_rest_and_another_answer_are_asked_for_with_the_keyboard_after_a_reload(
    stage: Stage, page: Page
) -> None:
    reply = await asked(stage, page)
    await reply.finish(Draft(status="done", text="Because of", is_cut=True))
    await expect(ways_on(page)).to_have_count(2)
    await page.reload()
    await page.locator(".thread").get_by_role("button", name="Continue").press("Enter")
    await gone_on_with(stage, page, 1)
    await page.locator(".thread").get_by_role("button", name="Regenerate").press("Space")
    await gone_on_with(stage, page, 2)
    assert stage.bot.gone_on == [(1, FollowUp.CONTINUE), (1, FollowUp.REGENERATE)]


async def test_what_cannot_be_gone_on_with_is_explained_in_its_thread(stage: Stage, page: Page) -> None:
    stage.bot.refusals[FollowUp.REGENERATE] = InvalidInput("That question has been forgotten. Please ask again.")
    reply = await asked(stage, page)
    await reply.finish(Draft(status="done", text="Because."))
    await ways_on(page).click()
    await expect(page.locator(".thread .note.error")).to_contain_text("has been forgotten")
    assert stage.bot.gone_on == []
