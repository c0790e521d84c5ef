"""What can be done on the page beside writing: files, settings, changing, copying, and all of it without scripts."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # has no types
from playwright.async_api import Browser, FilePayload, Page, expect

from adapters.web.playground.page_streams import RESET
from bot.types import Channel, Draft, Person, PlaygroundEvent, Source, Workspace
from tests.browser.conftest import Stage, name_person
from tests.browser.test_asking import ask
from tests.browser.test_context import THREAD
from tests.unit.web.records import conversation

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

GRAVE = {"moderate", "serious", "critical"}
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63fccff0bf1e000603027f8b"
    "d0d6a50000000049454e44ae426082"
)
# Puts a file into the page as a hand does that drags it, or that presses the keys for pasting.
PUT = """([selector, kind, name, type]) => {
    const data = new DataTransfer();
    data.items.add(new File(["hello"], name, { type }));
    const event = kind === "paste"
        ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })
        : new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true });
    document.querySelector(selector).dispatchEvent(event);
}"""


async def test_files_are_chosen_pasted_and_dropped_and_what_is_too_large_is_refused_before(
    stage: Stage, page: Page
) -> None:
    await page.goto(stage.url)
    files = page.locator(".main .composer-file")
    picture = FilePayload(name="leaf.png", mimeType="image/png", buffer=PICTURE)
    huge = FilePayload(name="film.bin", mimeType="application/octet-stream", buffer=b"x" * 1_000_001)
    await page.locator(".main .picker").set_input_files([picture, huge])
    await expect(files.nth(1)).to_contain_text("film.bin is larger than 1.0 MB, so it was not added.")
    await page.evaluate(PUT, [".main textarea", "paste", "note.txt", "text/plain"])
    await page.evaluate(PUT, [".main .scroller", "drop", "plan.txt", "text/plain"])
    await expect(files).to_have_count(4)
    await expect(files.first.locator("img")).to_be_visible()
    await page.get_by_role("button", name="Remove plan.txt").click()
    await ask(page, "@seedling what is this?")
    await stage.bot.next_reply()
    assert [item.name for item in stage.bot.asked[0].attachments] == ["leaf.png", "note.txt"]
    await expect(page.locator(".thread .root .preview")).to_be_visible()
    await expect(page.locator(".thread .root .files a").nth(1)).to_have_text("note.txt")
    await expect(files).to_have_count(0)


async def test_settings_are_set_here_or_for_the_next_answer_alone(stage: Stage, page: Page) -> None:
    await stage.say("root", "Something happened")
    await page.goto(f"{stage.url}/c/local/general/root")
    await page.locator(".thread .open-settings").click()
    panel = page.get_by_role("region", name="Settings", exact=True)
    await expect(panel.get_by_role("link", name="For this conversation")).to_have_attribute("aria-current", "true")
    await panel.locator("#set-max_tokens").fill("0")
    await panel.get_by_role("button", name="Save").click()
    await expect(panel.locator(".setting .error")).to_contain_text("max_tokens cannot be")
    await panel.locator("#set-max_tokens").fill("100")
    await panel.get_by_role("button", name="Save").click()
    await expect(panel.get_by_role("status")).to_have_text("Saved: max_tokens is 100.")
    assert [values for _, values in stage.bot.set] == [{"max_tokens": "100"}]

    await panel.get_by_role("link", name="For the next answer").click()
    await panel.locator('[type="range"][data-for="set-max_tokens"]').fill("2000")
    await panel.locator("#set-enable_thinking").select_option("no")
    await panel.get_by_role("button", name="Use for the next answer").click()
    await expect(page.locator(".thread .next-answer b")).to_have_text("max_tokens 2000, enable_thinking no")
    for expected in ({"max_tokens": "2000", "enable_thinking": "no"}, {}):
        await ask(page, "@seedling why?", where=".thread")
        await stage.bot.answer("Because.")
        assert stage.bot.asked[-1].overrides == expected
    await expect(page.locator(".next-answer")).to_have_count(0)


async def test_messages_are_changed_copied_and_rated(stage: Stage, page: Page) -> None:
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.goto(stage.url)
    await ask(page, "@seedling hwat?")
    await stage.bot.answer("A **cache** is")
    await expect(page.locator(".thread textarea")).to_be_focused()
    root = page.locator(".thread .root .message")
    await root.hover()
    await root.get_by_role("button", name="Edit message").click()
    await root.get_by_role("textbox", name="New text").fill("@seedling what?")
    await root.get_by_role("textbox", name="New text").press("Enter")
    await expect(root.locator(".body")).to_have_text("@seedling what?")
    await expect(page.locator(".main .message.active .body")).to_have_text("@seedling what?")

    answer = page.locator(".thread .message.bot")
    await answer.get_by_role("button", name="Copy answer").click()
    await expect(page.locator("#spoken")).to_have_text("Copied")
    assert await page.evaluate("navigator.clipboard.readText()") == "A **cache** is"
    await answer.get_by_role("button", name="Good answer").click()
    await expect(page.locator(".thread .note.info")).to_contain_text("noted as a good answer")
    await answer.hover()
    await answer.get_by_role("button", name="Copy link").click()
    await expect(answer.locator(".copy-link")).to_have_class("copy-link scripted done")
    link = await page.evaluate("navigator.clipboard.readText()")
    await answer.get_by_role("button", name="Copy as a request").click()
    dialog = page.get_by_role("dialog", name="Copy as a request")
    await expect(dialog.locator("pre")).to_contain_text("curl")
    await dialog.get_by_role("tab", name="curl").press("ArrowRight")
    await expect(dialog.locator("pre")).to_contain_text("client.chat.completions.create")
    await page.keyboard.press("Escape")
    await page.goto(link)
    await expect(page.locator(".thread .message.named .body")).to_have_text("A cache is")


async def test_what_is_new_elsewhere_is_known_after_a_reload_and_a_hint_comes_once(stage: Stage, page: Page) -> None:
    await page.goto(f"{stage.url}/c/local/random")
    await expect(page.locator(".main h1")).to_contain_text("random")
    await stage.say("new", "something new")
    await expect(page.locator(".channels a.unread")).to_contain_text("general")
    await page.reload()
    await expect(page.locator(".channels a.unread")).to_contain_text("general")
    await ask(page, "hello all")
    await expect(page.locator(".note.info")).to_contain_text("the bot answers what mentions it")
    await ask(page, "hello again")
    await expect(page.locator(".main .message", has_text="hello again")).to_have_count(1)
    await expect(page.locator(".note")).to_have_count(0)
    await page.locator(".main .scroller").focus()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.locator(".channels a.unread").click()
    await expect(page.locator(".main .message", has_text="something new")).to_have_count(1)
    await expect(page.locator(".channels a.unread")).to_have_count(0)


# Lets a page think that its tab is hidden, or looked at again, as a browser does.
LOOK = """hidden => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


async def listening(stage: Stage, number: int) -> None:
    """Wait until so many pages listen."""
    hub = stage.playground._hub
    assert hub is not None
    async with asyncio.timeout(15):
        while len(hub._streams) != number:
            await asyncio.sleep(0.01)


async def test_a_tab_that_nobody_looks_at_gives_its_connection_back_and_catches_up(stage: Stage, page: Page) -> None:
    await page.clock.install()
    await page.goto(stage.url)
    await listening(stage, 1)
    await page.evaluate(LOOK, True)
    await page.clock.run_for(5_000)
    await stage.say("m1", "said at once")
    await expect(page.locator('.main [data-id="m1"]')).to_have_count(1)
    await page.clock.run_for(5_000)
    await listening(stage, 0)
    await stage.say("m2", "said meanwhile")
    await page.evaluate(LOOK, False)
    await expect(page.locator('.main [data-id="m2"]')).to_have_count(1)
    await listening(stage, 1)
    await page.evaluate(LOOK, True)
    await page.evaluate(LOOK, False)
    await page.clock.run_for(20_000)
    await stage.say("m3", "looked at in between")
    await expect(page.locator('.main [data-id="m3"]')).to_have_count(1)


@pytest.mark.parametrize("panel", ["context", "settings"])
async def test_news_leave_an_open_panel_and_what_is_typed_in_it(stage: Stage, page: Page, panel: str) -> None:
    await stage.say("root", "Something happened")
    await page.goto(f"{stage.url}/c/local/general/root")
    await page.locator(f".thread .open-{panel}").click()
    await expect(page.locator(f".thread > .{panel}")).to_be_visible()
    if panel == "settings":
        await page.locator("#set-max_tokens").fill("77")
    await stage.store.put_workspace(Workspace(id="local", name="Seedling"), [channel("new")], [])
    await stage.store.add_playground_events([PlaygroundEvent(kind="place", workspace="local", channel="")])
    stage.playground.wake()
    await expect(page.locator(".channels")).to_contain_text("new")
    await expect(page.locator(f".thread > .{panel}")).to_be_visible()
    await expect(page.locator(f".thread .open-{panel}")).to_have_attribute("aria-expanded", "true")
    if panel == "settings":
        await expect(page.locator("#set-max_tokens")).to_have_value("77")


def channel(name: str) -> Channel:
    return Channel(workspace="local", id=name, name=name)


async def test_old_messages_leave_the_page_while_it_is_scrolled_and_come_back(stage: Stage, page: Page) -> None:
    await stage.store.put_messages([stage.message(f"n{number}", f"number {number}") for number in range(1000)])
    await page.goto(stage.url)
    messages = page.locator(".main .inner > .message")
    await expect(messages.last).to_be_in_viewport()
    for first in range(900, 600, -50):
        await page.locator(".main .scroller").evaluate("e => { e.scrollTop = 0; }")
        await expect(page.locator(f'.main [data-id="n{first}"]')).to_have_count(1)
    assert await messages.count() <= 250
    await expect(page.locator('.main [data-id="n999"]')).to_have_count(0)
    await page.locator(".main .to-end").click()
    await expect(page.locator('.main [data-id="n999"]')).to_be_in_viewport()
    await page.goto(f"{stage.url}/search?q=number+123")
    await page.locator(".found-in a").first.click()
    await expect(page.locator(".main .message.named")).to_be_in_viewport()


async def test_a_lost_connection_is_told_and_goes_on_without_a_reload(stage: Stage, page: Page) -> None:
    await page.goto(stage.url)
    await page.evaluate("window.kept = true")
    await page.context.set_offline(True)
    await ask(page, "@seedling are you there?")
    await expect(page.locator(".main .composer-error")).to_contain_text("was not sent")
    await stage.say("m1", "said meanwhile")
    await page.context.set_offline(False)
    await expect(page.locator('.main [data-id="m1"]')).to_have_count(1)
    await page.locator(".main textarea").press("Enter")
    await stage.bot.answer("Yes.")
    await expect(page.locator(".thread .message.bot .body")).to_have_text("Yes.")
    assert len(stage.bot.asked) == 1
    hub = stage.playground._hub
    assert hub is not None
    for stream in tuple(hub._streams):  # as a server does that is told to read from too long ago
        stream.offer(RESET)
        stream.end()
    await stage.store.put_messages([stage.message(f"n{number}", f"number {number}") for number in range(150)])
    await stage.store.prune_playground(stage.clock())
    await expect(page.locator('.main [data-id="n149"]')).to_have_count(1)
    assert await page.evaluate("window.kept")


async def test_the_page_is_whole_without_scripts(stage: Stage, browser: Browser) -> None:
    context = await browser.new_context(java_script_enabled=False)
    await name_person(context, "u-plain", "Plain")
    page = await context.new_page()
    await page.goto(stage.url)
    await page.locator(".main textarea").fill("@seedling why?")
    await page.locator(".main .send").click()
    await expect(page.locator(".thread .root .body")).to_have_text("@seedling why?")
    reply = await stage.bot.next_reply()
    await reply.finish(Draft(status="done", text="Because of", is_cut=True))
    await page.reload()
    await expect(page.locator(".thread .message.bot .body")).to_have_text("Because of")
    await page.locator(".thread").get_by_role("button", name="Continue").click()
    await expect(page.locator(".thread .message.bot")).to_have_count(1)
    assert len(stage.bot.gone_on) == 1
    await page.get_by_role("link", name="random").click()
    await expect(page.locator(".main h1")).to_contain_text("random")
    await context.close()


async def test_two_settings_are_compared_by_the_keyboard_alone_and_both_answers_grow(stage: Stage, page: Page) -> None:
    await page.goto(f"{stage.url}/compare")
    await page.get_by_label("Question").fill("Which tree grows fastest?")
    await page.get_by_label("max tokens, First").fill("20")
    await page.get_by_label("max tokens, Second").fill("40")
    await axe(page)
    await page.get_by_label("max tokens, Second").press("Enter")
    first, second = page.get_by_role("region", name="First"), page.get_by_role("region", name="Second")
    await expect(first.get_by_role("status")).to_have_text("Being answered…")
    await page.evaluate("window.kept = true")
    read: list[str] = []
    page.on("request", lambda request: read.append(request.url) if "/compare/" in request.url else None)
    one, other = await stage.bot.next_reply(), await stage.bot.next_reply()
    await one.show(Draft(status="writing", text="Willows"))
    await expect(first.locator(".body")).to_have_text("Willows")
    known = len(read)
    for number in range(5):
        await one.show(Draft(status="writing", text="Willows " + "grow " * number + "*fast*"))
        await expect(first.locator(".body")).to_have_text("Willows " + "grow " * number + "fast")
    assert len(read) == known, "what grows is not read anew"
    await other.finish(Draft(status="done", text="Poplars."))
    await expect(second.locator(".body")).to_have_text("Poplars.")
    await expect(second.get_by_role("status")).to_have_text("Complete.")
    await one.finish(Draft(status="done", text="Willows, probably."))
    await expect(first.get_by_role("status")).to_have_text("Complete.")
    await expect(first.locator(".body")).to_have_text("Willows, probably.")
    assert await page.evaluate("window.kept"), "nothing was loaded anew"
    await expect(first.locator(".with")).to_have_text("max tokens20")
    await axe(page)
    await listening(stage, 0)
    await first.get_by_role("link", name="Go on in this thread").click()
    await expect(page.locator(".thread .message.bot .body")).to_have_text("Willows, probably.")


async def axe(page: Page) -> None:
    """Nothing on a page keeps anybody out."""
    found = (await Axe().run(page)).response["violations"]
    assert not [(item["id"], item["nodes"][0]["html"]) for item in found if item["impact"] in GRAVE], page.url


@pytest.mark.parametrize(
    ("look", "addresses"),
    [
        pytest.param(
            {"viewport": {"width": 1440, "height": 900}},
            ["/root", "/root?panel=settings", "?panel=settings&scope=turn", "/nowhere"],
            id="wide-light",
        ),
        pytest.param(
            {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "is_mobile": True, "has_touch": True},
            ["", "/root?panel=context", "/root"],
            id="phone-dark",
        ),
    ],
)
async def test_every_state_is_readable_for_everybody(
    stage: Stage, browser: Browser, look: dict[str, object], addresses: list[str]
) -> None:
    await stage.say("root", "Something **happened**\n\n```python\nprint(1)\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |")
    answer = stage.message("a1", "It did.", thread="root", author=Person(id="seedling", name="Seedling", is_bot=True))
    sources = (Source(url="https://example.org/a", title="All about it"),)
    draft = Draft(status="stopped", text="It did.", reasoning="Did it?", sources=sources, notices=("Cut.",))
    await stage.store.put_messages([replace(answer, turn=1, answer=draft)])
    stage.bot.records[THREAD] = [*conversation(13)]
    context = await browser.new_context(**look)  # type: ignore[arg-type]  # options of a context
    page = await context.new_page()
    for address in addresses:
        await page.goto(f"{stage.url}/c/local/general{address}")
        await axe(page)
        await name_person(context, "u-axe", "Ada")  # the first state is that of who was not asked yet
    await context.close()
