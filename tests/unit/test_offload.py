"""Long texts are read beside the event loop, in order, and never by two at once."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Iterator

import pytest

from adapters.web.playground.markdown_html import render_in
from adapters.web.playground.message_view import present_message, render_ahead
from bot.offload import LONG_TEXT, LONGEST_PAUSE, CollectorPause, offload
from bot.types import ChannelMessage
from tests.fakes import ADA, START


def thread_of_reading(_text: str) -> int:
    return threading.get_ident()


async def test_a_long_text_leaves_the_thread_of_the_event_loop_and_a_short_one_does_not() -> None:
    here = threading.get_ident()
    assert await offload(LONG_TEXT, thread_of_reading, "a" * LONG_TEXT) == here
    assert await offload(LONG_TEXT + 1, thread_of_reading, "a" * (LONG_TEXT + 1)) != here


async def test_the_event_loop_goes_on_while_a_long_text_is_read() -> None:
    read_on = threading.Event()
    reading = asyncio.create_task(offload(LONG_TEXT + 1, read_on.wait, 60))
    await asyncio.sleep(0)  # other work, for which the reader waits
    assert not reading.done()
    read_on.set()
    assert await reading


async def test_what_reading_raises_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        await offload(LONG_TEXT + 1, lambda: 1 // 0)


async def test_whoever_is_cancelled_waits_for_the_thread() -> None:
    begun, read_on, done = threading.Event(), threading.Event(), list[str]()

    def read() -> None:
        begun.set()
        read_on.wait(60)
        done.append("read")

    reading = asyncio.create_task(offload(LONG_TEXT + 1, read))
    await asyncio.to_thread(begun.wait, 60)
    reading.cancel()
    await asyncio.sleep(0)
    assert not reading.done()
    read_on.set()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert done == ["read"]


@pytest.fixture
def _collector() -> Iterator[None]:
    gc.enable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_collector")
async def test_the_collector_rests_until_the_last_long_text_is_read() -> None:
    first, second = threading.Event(), threading.Event()
    readings = [asyncio.create_task(offload(LONG_TEXT + 1, read_on.wait, 60)) for read_on in (first, second)]
    await asyncio.sleep(0)
    assert not gc.isenabled()
    first.set()
    await readings[0]
    assert not gc.isenabled()
    second.set()
    await readings[1]
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError):
        await offload(LONG_TEXT + 1, lambda: 1 // 0)
    assert gc.isenabled()


@pytest.mark.usefixtures("_collector")
def test_texts_that_follow_each_other_without_end_do_not_keep_the_collector_from_running() -> None:
    now = 0.0
    paused = CollectorPause(lambda: now)
    with paused():
        now = LONGEST_PAUSE + 1
        late = paused()
        late.__enter__()
    assert gc.isenabled()
    late.__exit__(None, None, None)
    assert gc.isenabled()


@pytest.mark.usefixtures("_collector")
def test_a_collector_that_is_off_stays_off() -> None:
    gc.disable()
    with CollectorPause()():
        assert not gc.isenabled()
    assert not gc.isenabled()


async def test_a_long_message_of_the_playground_is_rendered_before_it_is_presented() -> None:
    message = ChannelMessage(
        workspace="w", channel="c", id="m", author=ADA, text="*long* " * LONG_TEXT, at=START, thread=""
    )
    render_in.cache_clear()
    await render_ahead([message])
    rendered = render_in.cache_info().misses
    present_message(message)
    assert render_in.cache_info().misses == rendered == 2  # the text, and that there is no reasoning
