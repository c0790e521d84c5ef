"""The whole of it, nothing faked: the command line, SQLite, the embedded model, an imported thread and a browser."""

from __future__ import annotations

import asyncio
import json
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from adapters.local import LocalServer, find_weights
from tests.emulators.seed import API_KEY, Options, running_seed
from tests.processes import line_with, seedling, start

pytestmark = [pytest.mark.browser, pytest.mark.local_model, pytest.mark.asyncio(loop_scope="session")]

EXPORT = "chat/irc-ubuntu-slack-export.zip"
CHANNEL = "/c/irc-ubuntu-t00000000/C00000002"
QUESTION_OF_THE_THREAD = "where are the iptables rules stored in ubuntu?"
ANSWER_MILLISECONDS = 100_000  # a busy machine with two cores and a real model


async def address(process: asyncio.subprocess.Process) -> str:
    """Where the playground is, once it is ready."""
    match = re.search(r"http://\S+", await line_with(process, "ready", seconds=60))
    assert match is not None
    return match.group()


@asynccontextmanager
async def running(folder: Path, **settings: str) -> AsyncIterator[str]:
    """`seedling run`, until it is told to stop in order; its address."""
    process = await start("run", folder=folder, **settings)
    try:
        yield await address(process)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        _, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, errors.decode()
    assert "Traceback" not in errors.decode()


async def say_name(page: Page) -> None:
    """Say what the others shall call the person at this browser; it is asked for once."""
    await page.locator("#new-name").fill("Ada")
    await page.locator("#new-name").press("Enter")


async def open_thread(page: Page, url: str) -> Locator:
    """Open the imported thread from its channel; the thread's pane."""
    await page.goto(url + CHANNEL)
    await say_name(page)
    message = page.locator(".main .message", has_text=QUESTION_OF_THE_THREAD).first
    await message.locator(".replies").click()
    await page.wait_for_url(f"{url}{CHANNEL}/*")
    return page.locator(".thread")


async def ask(thread: Locator, question: str) -> str:
    """Ask in the thread and wait for the whole answer; its small print."""
    answers = await thread.locator(".message.bot").count()
    await thread.locator("textarea").fill(question)
    await thread.locator("textarea").press("Enter")
    small_print = thread.locator(".message.bot").nth(answers).locator(".small-print")
    await expect(small_print).to_contain_text("tokens in", timeout=ANSWER_MILLISECONDS)
    return await small_print.inner_text()


def tokens(small_print: str) -> tuple[int, int]:
    """Tokens in, and how many of them were cached."""
    match = re.search(r"([\d,]+) tokens in(?: \(([\d,]+) cached\))?", small_print)
    assert match is not None, small_print
    return int(match[1].replace(",", "")), int((match[2] or "0").replace(",", ""))


@pytest.mark.skipif(find_weights() is None, reason="the embedded model's weights are not installed")
@pytest.mark.timeout(400)
async def test_a_real_thread_is_answered_cached_and_the_same_after_a_restart(
    page: Page, tmp_path: Path, shared_data: Path
) -> None:
    importing = await start("import", "slack-export", str(shared_data / EXPORT), folder=tmp_path)
    printed, errors = await importing.communicate()
    assert importing.returncode == 0, errors.decode()
    assert "5,107 messages (5,107 new)" in printed.decode()

    async with running(tmp_path) as url:
        thread = await open_thread(page, url)
        place = page.url.removeprefix(url)
        await thread.locator("textarea").fill("/set max_tokens 24")  # a small model does not know when to stop
        await thread.locator("textarea").press("Enter")
        await expect(thread).to_contain_text("max_tokens")
        first, _ = tokens(await ask(thread, "@seedling where are the rules stored? max one sentence"))
        second, cached = tokens(await ask(thread, "and is it safe to edit them?"))
        answers = await thread.locator(".message.bot .body").all_inner_texts()
        await page.locator(".thread .open-context").click()
        await expect(thread.locator(".context .request")).to_have_count(2)
        await expect(thread.locator(".context-summary")).to_contain_text(f"{second:,} tokens in")
        await page.goto("about:blank")
    assert first > 300, "the thread's own messages are part of the request"
    assert second > first
    assert cached >= first // 2, "the server found the first request again in its cache"
    assert all(text.strip() for text in answers)

    # With a model that is asked faster than the embedded one reads it all anew, and whose requests can be looked at.
    async with (
        running_seed() as seed,
        running(tmp_path, SEED_API_KEY=API_KEY, SEED_BASE_URL=seed.url) as url,
    ):
        await page.goto(url + place)
        thread = page.locator(".thread")
        await expect(thread.locator(".message.bot")).to_have_count(2)
        assert await thread.locator(".message.bot .body").all_inner_texts() == answers
        await ask(thread, "thanks, and who reads them?")
        await page.goto("about:blank")
        sent = [message["content"] for message in seed.requests[-1].body["messages"]]
    said = (QUESTION_OF_THE_THREAD, "where are the rules stored?", "is it safe to edit them?", "who reads them?")
    assert [sum(words in str(content) for content in sent) for words in said] == [1, 1, 1, 1]


@asynccontextmanager
async def slow_model() -> AsyncIterator[dict[str, str]]:
    """Settings of an emulated model that takes some seconds for an answer."""
    async with running_seed(Options(tokens_per_second=40.0)) as seed:
        yield {"SEED_API_KEY": API_KEY, "SEED_BASE_URL": seed.url}


async def test_an_answer_that_a_kill_cut_off_is_finished_in_the_same_message(page: Page, tmp_path: Path) -> None:
    async with slow_model() as settings:
        await cut_off_and_finished(page, tmp_path, "Write 200 words", **settings)


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_an_answer_of_the_embedded_model_that_a_kill_cut_off_is_finished_in_the_same_message(
    page: Page, tmp_path: Path, local_model: LocalServer
) -> None:
    await cut_off_and_finished(page, tmp_path, "Write a very long story about a garden.")


async def cut_off_and_finished(page: Page, folder: Path, question: str, **settings: str) -> None:
    """Ask, kill the bot in mid-answer, and see the answer whole when another one has started."""
    async with seedling("run", folder=folder, **settings) as first:
        url = await address(first)
        await page.goto(url)
        await say_name(page)
        await page.locator(".main textarea").fill(f"@seedling {question}")
        await page.locator(".main textarea").press("Enter")
        await expect(page.locator(".thread .message.bot .body")).to_contain_text(
            re.compile(r"\w+ \w+ \w+"), timeout=ANSWER_MILLISECONDS
        )
        place = page.url.removeprefix(url)
        await page.goto("about:blank")  # the page itself would complain of a server that is gone
        first.kill()
        await first.wait()

    async with running(folder, **settings) as url:
        await page.goto(url + place)
        answers = page.locator(".thread .message.bot")
        await expect(answers.locator(".small-print")).to_contain_text("tokens in", timeout=ANSWER_MILLISECONDS)
        await expect(answers).to_have_count(1)
        await page.goto("about:blank")
    async with seedling("queue", "--json", folder=folder) as asked:
        figures = json.loads((await asked.communicate())[0])
    assert (figures["done"], figures["recovered"]) == (1, 1)
