"""The page by keyboard, on a phone, in the dark, and while it streams."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from bot.errors import StorageUnavailable
from bot.types import Channel, Draft, Workspace
from tests.browser.conftest import ADA, Stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_commands_complete_by_keyboard(stage: Stage, page: Page) -> None:
    await page.goto(stage.url)
    area = page.locator(".main textarea")
    await area.press_sequentially("/se")
    options = page.locator(".choices [role=option]")
    await expect(options).to_contain_text(["/search", "/set"])
    await area.press("ArrowDown")
    await expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    await area.press("ArrowUp")
    await expect(options.first).to_have_attribute("aria-selected", "true")
    await area.press("ArrowDown")
    await area.press("Tab")
    await expect(area).to_have_value("/set ")
    await area.press_sequentially("max_t")
    await expect(options).to_contain_text(["max_tokens"])
    await area.press("Enter")
    await expect(area).to_have_value("/set max_tokens ")
    await area.press_sequentially("x")
    await expect(page.locator(".main .choices")).to_be_hidden()


async def test_a_mention_completes(stage: Stage, page: Page) -> None:
    await page.goto(stage.url)
    area = page.locator(".main textarea")
    await area.press_sequentially("hey @se")
    await expect(page.locator(".choices [role=option]")).to_contain_text(["@seedling"])
    await area.press("Enter")
    await expect(area).to_have_value("hey @seedling ")


async def test_shift_enter_makes_a_line_and_enter_sends(stage: Stage, page: Page) -> None:
    await page.goto(stage.url)
    area = page.locator(".main textarea")
    await area.press_sequentially("one")
    await area.press("Shift+Enter")
    await area.press_sequentially("two")
    await expect(area).to_have_value("one\ntwo")
    await area.press("Enter")
    await expect(page.locator(".main .message .body").last).to_contain_text("one\ntwo", use_inner_text=True)
    await expect(area).to_have_value("")


async def test_the_page_is_used_by_keyboard_alone(stage: Stage, page: Page) -> None:
    await stage.say("root", "Something happened")
    await stage.say("inside", "It did", thread="root")
    await page.goto(stage.url)
    await expect(page.locator('[data-id="root"] .replies')).to_be_visible()
    await page.keyboard.press("Tab")
    await expect(page.locator(".skip")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator(".main textarea")).to_be_focused()
    for _ in range(20):
        await page.keyboard.press("Shift+Tab")
        if await page.locator('[data-id="root"] .replies').evaluate("e => e === document.activeElement"):
            break
    await page.keyboard.press("Enter")
    await expect(page.locator(".thread textarea")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator(".thread")).to_have_count(0)
    await expect(page.locator('[data-id="root"] .replies')).to_be_focused()
    await page.keyboard.press("Alt+ArrowDown")
    await expect(page.locator(".main h1")).to_contain_text("random")


async def test_what_is_half_written_survives_a_reload(stage: Stage, page: Page) -> None:
    await page.goto(stage.url)
    await page.locator(".main textarea").fill("half a thought")
    await page.reload()
    await expect(page.locator(".main textarea")).to_have_value("half a thought")


async def test_a_thread_has_an_address_and_the_back_button_works(stage: Stage, page: Page) -> None:
    await stage.say("root", "Something happened")
    await stage.say("inside", "It did", thread="root")
    await page.goto(stage.url)
    await page.locator('[data-id="root"] .replies').click()
    await expect(page).to_have_url(f"{stage.url}/c/local/general/root")
    await page.go_back()
    await expect(page.locator(".thread")).to_have_count(0)
    await page.goto(f"{stage.url}/c/local/general/root")
    await expect(page.locator(".thread .message")).to_have_count(2)


async def test_a_phone_has_a_drawer_and_threads_as_pages(stage: Stage, phone: Page) -> None:
    await stage.say("root", "Something happened")
    await stage.say("inside", "It did", thread="root")
    await phone.goto(stage.url)
    await expect(phone.locator(".sidebar")).to_be_hidden()
    await phone.get_by_role("button", name="Channels").click()
    await phone.locator(".channels a", has_text="random").click()
    await expect(phone.locator(".main h1")).to_contain_text("random")
    await expect(phone.locator(".sidebar")).to_be_hidden()
    await phone.go_back()
    await phone.locator('[data-id="root"] .replies').click()
    await expect(phone.locator(".main")).to_be_hidden()
    box = await phone.locator(".thread").bounding_box()
    assert box is not None
    assert box["width"] == 390
    await phone.get_by_role("link", name="Back to the channel").click()
    await expect(phone.locator(".main")).to_be_visible()
    assert await phone.evaluate("document.documentElement.scrollWidth") == 390


async def test_dark_follows_the_system_until_it_is_chosen(stage: Stage, page: Page) -> None:
    ground = "() => getComputedStyle(document.querySelector('.main')).backgroundColor"
    await page.emulate_media(color_scheme="dark")
    await page.goto(stage.url)
    dark = await page.evaluate(ground)
    await page.emulate_media(color_scheme="light")
    assert await page.evaluate(ground) != dark
    await page.get_by_role("button", name="Theme: as the system").click()
    await page.get_by_role("button", name="Theme: light").click()
    await expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    assert await page.evaluate(ground) == dark
    await page.reload()
    await expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    assert await page.evaluate(ground) == dark


async def test_streaming_keeps_the_reader_in_place_and_the_page_still(stage: Stage, page: Page) -> None:
    await page.goto(stage.url)
    await page.locator(".main textarea").fill("@seedling write a lot")
    await page.locator(".main textarea").press("Enter")
    reply = await stage.bot.next_reply()
    text = "\n\n".join(f"Paragraph {number} of a long answer." for number in range(60))
    await reply.show(Draft(status="writing", text=text, reasoning="Why?"))
    answer = page.locator(".thread .message.bot")
    await expect(answer).to_contain_text("Paragraph 59")
    await expect(answer.locator("p", has_text="Paragraph 59")).to_be_in_viewport()
    await answer.locator(".reasoning summary").evaluate("e => e.click()")
    await page.locator(".thread .scroller").evaluate("e => { e.scrollTop = 100; }")
    await expect(page.locator(".thread .to-end")).to_be_visible()
    await answer.locator("p").nth(1).evaluate("e => { window.kept = e; }")
    await reply.show(Draft(status="writing", text=f"{text}\n\nOne more.", reasoning="Why? Because."))
    await expect(answer).to_contain_text("One more.")
    assert await page.locator(".thread .scroller").evaluate("e => e.scrollTop") == 100
    assert await page.evaluate("window.kept.isConnected")
    await expect(answer.locator(".reasoning")).to_have_attribute("open", "")
    await page.locator(".thread .to-end").click()
    await expect(answer.locator("p", has_text="One more.")).to_be_in_viewport()
    await reply.finish(Draft(status="done", text=text))


async def test_code_is_copied(stage: Stage, page: Page) -> None:
    await stage.say("code", "```python\nprint('hi')\n```")
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.goto(stage.url)
    await page.get_by_role("button", name="Copy code").click()
    await expect(page.get_by_role("button", name="Copy code")).to_have_text("Copied")
    assert await page.evaluate("navigator.clipboard.readText()") == "print('hi')\n"


async def test_several_workspaces_have_a_switcher(stage: Stage, page: Page) -> None:
    await stage.store.put_workspace(
        Workspace(id="irc", name="Imported"), [Channel(workspace="irc", id="ubuntu", name="ubuntu")], [ADA]
    )
    await page.goto(stage.url)
    await page.get_by_label("Workspace", exact=True).click()
    await page.get_by_role("link", name="Imported").click()
    await expect(page.locator(".main h1")).to_contain_text("ubuntu")
    await expect(page.locator(".main .beginning")).to_contain_text("Nothing has been said here yet.")
    await page.goto(stage.url)
    await expect(page.locator(".main h1")).to_contain_text("ubuntu")


async def test_a_page_comes_by_itself_when_the_database_is_back(
    stage: Stage, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise StorageUnavailable("away")

    await page.clock.install()
    with monkeypatch.context() as patch:
        patch.setattr(stage.store, "get_workspaces", away)
        await page.goto(stage.url)
        await expect(page.get_by_role("alert")).to_contain_text("The database cannot be reached.")
        async with page.expect_response(lambda response: response.status == 503):
            await page.clock.fast_forward(6_000)
    await page.clock.fast_forward(6_000)
    await expect(page.locator(".main .composer")).to_be_visible()


async def test_a_conversation_is_deleted_by_a_second_press_that_the_keyboard_reaches(stage: Stage, page: Page) -> None:
    stage.bot.notes["/forget here"] = "Deleted: this conversation."
    await page.goto(stage.url)
    await page.locator(".main textarea").fill("/forget here")
    await page.locator(".main textarea").press("Enter")
    note = page.locator(".main .note", has_text="cannot be taken back")
    await expect(note.get_by_role("button", name="Delete this conversation")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator(".main .note")).to_contain_text(["Deleted: this conversation."])
    await expect(note).to_have_count(0)


async def test_people_delete_what_they_wrote_and_nobody_elses(stage: Stage, page: Page) -> None:
    await stage.say("theirs", "said by somebody else")
    await page.goto(stage.url)
    await page.locator(".main textarea").fill("my password is hunter2")
    await page.locator(".main textarea").press("Enter")
    mine = page.locator(".main .message", has_text="hunter2")
    await mine.hover()
    await expect(page.locator(".main").get_by_role("button", name="Delete message")).to_have_count(1)
    delete = mine.locator(".delete")
    await delete.click()
    await expect(delete).to_have_accessible_name("Press again to delete")
    await expect(page.locator("#spoken")).to_have_text("Press again to delete")
    await delete.press("Escape")
    await expect(delete).to_have_accessible_name("Delete message")
    await delete.press("Enter")
    await page.keyboard.press("Tab")
    await expect(delete).to_have_accessible_name("Delete message")
    assert stage.bot.deletions == []
    await delete.press("Enter")
    await delete.press("Enter")
    await expect(page.locator(".main .message", has_text="This message was deleted.")).to_have_count(1)
    await expect(mine).to_have_count(0)
    await expect(page.locator(".main").get_by_role("button", name="Delete message")).to_have_count(0)
    assert len(stage.bot.deletions) == 1
