"""People ask in a channel, a thread and a direct conversation, and read the answer as it comes."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from bot.errors import InvalidInput, StorageUnavailable
from bot.types import CostSplit, Draft, Footer, Source, Usage
from tests.browser.conftest import Stage, Staging

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

FOOTER = Footer(
    model="tiny",
    usage=Usage(input=1200, cached=1000, output=34),
    cost=Decimal("0.00042"),
    seconds=2.345,
    split=CostSplit(read=Decimal("0.0004"), written=Decimal("0.00002")),
)


async def ask(page: Page, text: str, *, where: str = ".main") -> None:
    await page.locator(f"{where} textarea").fill(text)
    await page.locator(f"{where} textarea").press("Enter")


async def test_the_first_start_shows_general_with_a_welcome(stage: Stage, page: Page) -> None:
    await page.goto(stage.url)
    await expect(page.locator(".main h1")).to_contain_text("general")
    await expect(page.locator(".main .message")).to_contain_text("Welcome to Seedling")
    await expect(page.locator(".channels a")).to_have_count(3)


async def test_a_question_in_a_channel_is_answered_in_its_thread(stage: Stage, page: Page) -> None:
    await page.goto(stage.url)
    await ask(page, "@seedling what is a cache?")
    reply = await stage.bot.next_reply()
    incoming = stage.bot.asked[0]
    assert (incoming.text, incoming.is_directed, incoming.is_top_level) == ("what is a cache?", True, True)
    assert incoming.key.thread == incoming.message_id

    await reply.show(Draft(status="thinking"))
    await expect(page.locator(".thread .message.bot")).to_contain_text("Thinking")
    await reply.show(Draft(status="writing", text="A **quick** place"))
    await expect(page.locator(".thread .message.bot .body strong")).to_have_text("quick")
    await reply.finish(
        Draft(
            status="done",
            text="A **quick** place\n\n```python\nprint(1)\n```",
            reasoning="They ask about caches.",
            sources=(Source(url="https://example.org/a", title="All about it"),),
            footer=FOOTER,
        )
    )
    answer = page.locator(".thread .message.bot")
    await expect(answer.locator(".small-print")).to_have_text("tiny1,200 tokens in (1,000 cached)34 out$0.000422.3 s")
    await expect(answer.locator(".paid-for p")).to_be_hidden()
    await answer.locator(".paid-for summary").click()
    await expect(answer.locator(".paid-for p")).to_have_text("At list prices: read $0.00040, written $0.000020.")
    await expect(answer.locator(".reasoning .prose")).to_be_hidden()
    await answer.locator(".reasoning summary").click()
    await expect(answer.locator(".reasoning .prose")).to_have_text("They ask about caches.")
    await expect(answer.locator(".sources a")).to_have_attribute("href", "https://example.org/a")
    await expect(answer.locator(".code .tok-nb")).to_have_text("print")
    await expect(page.locator(".main .message .replies")).to_contain_text("1 reply")
    await expect(page.locator("[aria-live=polite]")).to_contain_text("A quick place")


async def test_a_question_in_a_thread_needs_no_mention_to_be_handed_over(stage: Stage, page: Page) -> None:
    await stage.say("root", "Something happened")
    await stage.say("first", "It did", thread="root")
    await page.goto(stage.url)
    await page.locator('[data-id="root"] .replies').click()
    await ask(page, "@seedling why?", where=".thread")
    await stage.bot.answer("Because.")
    await expect(page.locator(".thread .message.bot")).to_contain_text("Because.")
    assert (stage.bot.asked[0].key.thread, stage.bot.asked[0].is_top_level) == ("root", False)
    thread = await stage.playground.read_thread(stage.bot.asked[0].key, limit=10)
    assert [item.text for item in thread] == ["Something happened", "It did", "why?"]


async def test_a_direct_conversation_answers_in_place(stage: Stage, page: Page) -> None:
    await page.goto(stage.url)
    await page.locator(".channels a", has_text="Seedling").click()
    await expect(page.locator(".main h1")).to_have_text("Seedling")
    await ask(page, "hello there")
    await stage.bot.answer("Hello!")
    await expect(page.locator(".main .message.bot")).to_contain_text("Hello!")
    assert (stage.bot.asked[0].key.thread, stage.bot.asked[0].is_directed) == ("", True)
    await expect(page.locator(".thread")).to_have_count(0)


async def test_a_reload_in_the_middle_goes_on_streaming(stage: Stage, page: Page) -> None:
    await page.goto(stage.url)
    await ask(page, "@seedling tell me")
    reply = await stage.bot.next_reply()
    await reply.show(Draft(status="writing", text="Once"))
    await expect(page.locator(".thread .message.bot")).to_contain_text("Once")
    await page.reload()
    await expect(page.locator(".thread .message.bot")).to_contain_text("Once")
    await reply.show(Draft(status="writing", text="Once upon"))
    await expect(page.locator(".thread .message.bot")).to_contain_text("Once upon")
    await reply.finish(Draft(status="done", text="Once upon a time"))
    await expect(page.locator(".thread .message.bot .body")).to_have_text("Once upon a time")


async def test_a_restart_shows_the_same_history(staging: Staging, page: Page) -> None:
    async with staging() as stage:
        await page.goto(stage.url)
        await ask(page, "@seedling tell me")
        await stage.bot.answer("Once upon a time")
        await expect(page.locator(".thread .message.bot .body")).to_have_text("Once upon a time")
        path, store = page.url.removeprefix(stage.url), stage.store
        await page.goto("about:blank")
    async with staging(store) as again:
        await page.goto(again.url + path)
        await expect(page.locator(".thread .message.bot .body")).to_have_text("Once upon a time")
        await expect(page.locator(".main .message")).to_have_count(2)


async def test_stop_reaches_the_conversation_and_the_answer_says_stopped(stage: Stage, page: Page) -> None:
    await page.goto(stage.url)
    await ask(page, "@seedling count to a million")
    reply = await stage.bot.next_reply()
    await reply.show(Draft(status="writing", text="1, 2, 3"))
    await page.locator(".thread .composer .stop").click()
    while not stage.bot.stopped:
        await page.evaluate("() => new Promise(requestAnimationFrame)")
    assert stage.bot.stopped == [stage.bot.asked[0].key]
    await reply.finish(Draft(status="stopped", text="1, 2, 3"))
    await expect(page.locator(".thread .message.bot .status")).to_have_text("Stopped")
    await expect(page.locator(".thread .composer .stop")).to_be_hidden()


async def test_a_command_is_answered_for_its_author_alone(stage: Stage, page: Page) -> None:
    stage.bot.notes["/set max_tokens 10"] = "`max_tokens` is now **10**"
    await page.goto(stage.url)
    await ask(page, "/set max_tokens 10")
    await expect(page.locator(".note.info")).to_contain_text("max_tokens is now 10")
    await expect(page.locator(".note.info")).to_contain_text("Only visible to you")
    await expect(page.locator(".main .message")).to_have_count(1)
    await page.locator(".note button").click()
    await expect(page.locator(".note")).to_have_count(0)


async def test_an_invalid_command_stays_in_the_composer_with_an_explanation(stage: Stage, page: Page) -> None:
    stage.bot.refusals["/set max_tokens 0"] = InvalidInput("max_tokens cannot be '0'.")
    await page.goto(stage.url)
    await ask(page, "/set max_tokens 0")
    await expect(page.locator(".note.error")).to_contain_text("max_tokens cannot be")
    await expect(page.locator(".main textarea")).to_have_value("/set max_tokens 0")


async def test_the_question_of_an_ask_command_is_a_message(stage: Stage, page: Page) -> None:
    await page.goto(stage.url)
    await ask(page, "/ask why is the sky blue?")
    await stage.bot.answer("Scattering.")
    assert stage.bot.asked[0].text == "/ask why is the sky blue?"
    await expect(page.locator(".main .message .body").last).to_have_text("why is the sky blue?")


async def test_what_cannot_be_stored_is_not_shown_as_sent(
    stage: Stage, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_messages: object) -> int:
        raise StorageUnavailable("the disk is full")

    await page.goto(stage.url)
    with monkeypatch.context() as patch:
        patch.setattr(stage.store, "put_messages", refuse)
        await ask(page, "@seedling are you there?")
        await expect(page.locator(".main [role=alert]")).to_contain_text("was not sent")
        await expect(page.locator(".main textarea")).to_have_value("@seedling are you there?")
        await expect(page.locator(".main .message")).to_have_count(1)
    await page.locator(".main textarea").press("Enter")
    await stage.bot.answer("Yes.")
    await expect(page.locator(".main .message", has_text="are you there?")).to_have_count(1)
    await expect(page.locator(".main textarea")).to_have_value("")


async def test_a_question_that_could_not_be_stored_is_sent_again_as_the_same(stage: Stage, page: Page) -> None:
    def refuse(_incoming: object) -> None:
        raise StorageUnavailable("the disk is full")

    await page.goto(stage.url)
    stage.bot.on_handle = refuse
    await ask(page, "@seedling are you there?")
    await expect(page.locator(".main [role=alert]")).to_contain_text("was not sent")
    await expect(page.locator(".main textarea")).to_have_value("@seedling are you there?")
    stage.bot.on_handle = lambda _incoming: None
    await page.locator(".main textarea").press("Enter")
    await stage.bot.answer("Yes.")
    await expect(page.locator(".main .message", has_text="are you there?")).to_have_count(1)
    await expect(page.locator(".main textarea")).to_have_value("")


async def test_another_page_sees_messages_and_answers_as_they_come(stage: Stage, page: Page) -> None:
    other = await page.context.new_page()
    await other.goto(stage.url)
    await page.goto(stage.url)
    await ask(page, "@seedling hello")
    await expect(other.locator(".main .message", has_text="hello")).to_have_count(1)
    await stage.bot.answer("Hi.")
    await expect(other.locator(".main .replies")).to_contain_text("1 reply")
    await expect(other.locator(".thread")).to_have_count(0)
    await other.close()


async def test_a_message_elsewhere_marks_its_channel_as_unread(stage: Stage, page: Page) -> None:
    await page.goto(stage.url)
    other = await page.context.new_page()
    await other.goto(f"{stage.url}/c/local/random")
    await ask(other, "lunch?")
    await expect(page.locator(".channels a.unread")).to_contain_text("random")
    await page.locator(".channels a.unread").click()
    await expect(page.locator(".main .message")).to_contain_text("lunch?")
    await expect(page.locator(".channels a.unread")).to_have_count(0)
    await other.close()


async def test_a_person_has_a_name_that_stays(stage: Stage, page: Page) -> None:
    await page.goto(stage.url)
    await page.locator(".my-name").click()
    await page.locator(".name-input").fill("Grace Hopper")
    await page.locator(".name-input").press("Enter")
    await expect(page.locator(".my-name")).to_contain_text("Grace Hopper")
    await expect(page.locator(".my-name")).to_contain_text("Grace Hopper")
    await ask(page, "hi all")
    await expect(page.locator(".main .message").last.locator(".author")).to_have_text("Grace Hopper")


async def test_nothing_is_kept_of_visitors_in_files(
    staging: Staging, page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with staging() as stage:
        await page.goto(stage.url)
        await page.locator(".my-name").click()
        await page.locator(".name-input").fill("Grace Hopper")
        await page.locator(".name-input").press("Enter")
        await expect(page.locator(".my-name")).to_contain_text("Grace Hopper")
        await page.locator(".channels a", has_text="random").click()
        await expect(page.locator(".main h1")).to_contain_text("random")
        await page.goto(stage.url)
        await expect(page.locator(".main h1")).to_contain_text("random")
        await page.goto("about:blank")
    assert not await asyncio.to_thread(os.listdir, tmp_path)


async def test_a_long_history_comes_page_by_page_and_keeps_its_place(stage: Stage, page: Page) -> None:
    messages = [stage.message(f"n{number}", f"number {number}") for number in range(5000)]
    await stage.store.put_messages(messages)
    await page.goto(stage.url)
    await expect(page.locator('.main [data-id="n4999"]')).to_be_in_viewport()
    assert await page.locator(".main .message").count() == 50
    await page.locator('.main [data-id="n4950"]').scroll_into_view_if_needed()
    await expect(page.locator(".main .message")).to_have_count(100)
    await expect(page.locator('.main [data-id="n4950"]')).to_be_in_viewport()


async def test_a_small_local_model_is_named_plainly(staging: Staging, page: Page) -> None:
    async with staging(notice="A small local model answers.") as stage:
        await page.goto(stage.url)
        await expect(page.locator(".notice-bar")).to_have_text("A small local model answers.")


async def test_the_line_about_the_model_stands_above_the_messages(staging: Staging, page: Page) -> None:
    async with staging(notice="A small local model answers. " * 12) as stage:
        await stage.store.put_messages([stage.message(f"n{number}", f"number {number}") for number in range(40)])
        await page.goto(stage.url)
        await page.locator(".main .scroller").evaluate("e => { e.scrollTop = 300; }")
        notice = await page.locator(".notice-bar").bounding_box()
        messages = await page.locator(".main .scroller").bounding_box()
    assert notice is not None
    assert messages is not None
    assert notice["y"] + notice["height"] <= messages["y"]


async def test_notices_stand_under_the_answer_and_a_failure_says_so(stage: Stage, page: Page) -> None:
    await page.goto(stage.url)
    await ask(page, "@seedling one")
    reply = await stage.bot.next_reply()
    await reply.finish(
        Draft(status="done", text="All of it.", notices=("Answers 3 messages together.",), footer=FOOTER)
    )
    notice = page.locator(".thread .message.bot .notice")
    await expect(notice).to_have_text("Answers 3 messages together.")
    calm = await notice.evaluate("e => getComputedStyle(e).color")
    await ask(page, "@seedling two", where=".thread")
    reply = await stage.bot.next_reply()
    await reply.finish(Draft(status="failed", notices=("The model is away.",)))
    failed = page.locator(".thread .message.failed")
    await expect(failed.locator(".notice")).to_have_text("The model is away.")
    await expect(failed.locator(".status")).to_have_text("Failed")
    assert await failed.locator(".notice").evaluate("e => getComputedStyle(e).color") != calm


async def test_small_print_that_wraps_begins_no_line_with_a_dot(stage: Stage, phone: Page) -> None:
    await stage.say("root", "Something happened")
    answer = stage.message("answer", "It did.", thread="root")
    await stage.store.put_messages([replace(answer, answer=Draft(status="stopped", text="It did.", footer=FOOTER))])
    await phone.goto(f"{stage.url}/c/local/general/root")
    line = phone.locator(".small-print")
    left = await line.evaluate("e => e.getBoundingClientRect().left + parseFloat(getComputedStyle(e).marginLeft) * -1")
    body = await phone.locator(".thread .message .body").last.bounding_box()
    assert body is not None
    assert left == pytest.approx(body["x"]), "what stands left of the text is cut off"
    assert "16px" in await line.evaluate("e => getComputedStyle(e).clipPath")
    lines = await line.evaluate("e => new Set([...e.children].map(c => c.getBoundingClientRect().top)).size")
    assert lines > 1, "on a phone this wraps"
