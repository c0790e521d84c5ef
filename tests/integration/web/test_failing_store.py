"""A database that fails at any step of sending: what is not acknowledged is nowhere, and sending it again is one."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import pytest

from bot.errors import StorageUnavailable
from storage.in_memory.store import MemoryStore
from tests.contract.platforms.playground_chat import PlaygroundChat, playground
from tests.fakes import words
from tests.web_visitors import ORIGIN

SEND = "/c/local/general/send"
HEADERS = {"Accept": "application/json", "Origin": ORIGIN}
MOST_CALLS = 60


@dataclass
class _Countdown:
    left: int
    has_failed: bool = False


_countdown: ContextVar[_Countdown | None] = ContextVar("countdown", default=None)


@contextmanager
def failing_at(store: MemoryStore, call: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Countdown]:
    """Let one call of the store fail, the one of that number that whoever stands inside makes."""
    countdown = _Countdown(left=call)
    token = _countdown.set(countdown)
    try:
        with monkeypatch.context() as patch:
            for name, method in inspect.getmembers(store, inspect.iscoroutinefunction):
                if not name.startswith("_"):
                    patch.setattr(store, name, _counted(method))
            yield countdown
    finally:
        _countdown.reset(token)


def _counted(method: Any) -> Any:
    async def call(*args: Any, **kwargs: Any) -> Any:
        countdown = _countdown.get()
        if countdown is None:
            return await method(*args, **kwargs)
        countdown.left -= 1
        if countdown.left == 0:
            countdown.has_failed = True
            raise StorageUnavailable("the disk is full")
        token = _countdown.set(None)  # what a call does inside is one transaction
        try:
            return await method(*args, **kwargs)
        finally:
            _countdown.reset(token)

    return call


@pytest.fixture
async def chat() -> AsyncIterator[PlaygroundChat]:
    async with playground() as chat:
        yield chat


async def texts(chat: PlaygroundChat, text: str) -> list[str]:
    stored = [message for place in chat.store._messages.values() for message in place.values()]
    return [message.text for message in stored if text in message.text]


@pytest.mark.parametrize(
    "text",
    ["@seedling which tree {}?", "just between us {}", "/ask which bush {}?", "/ask max_tokens=0 herb {}"],
)
async def test_a_message_is_stored_with_what_comes_of_it_or_not_at_all(
    chat: PlaygroundChat, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    ada = chat._people["ada"]
    csrf = await ada.token()
    refused = 0
    for call in range(1, MOST_CALLS):
        chat.model.scripts[:] = [words("An oak.")]
        said, name = text.format(f"number {call}"), f"number {call}"
        with failing_at(chat.store, call, monkeypatch) as countdown:
            answer = await ada.client.post(
                SEND, data={"csrf": csrf, "text": said, "token": f"t{call}"}, headers=HEADERS
            )
        if not countdown.has_failed:
            break
        if answer.status_code != 200:
            refused += 1
            assert await texts(chat, name) == []
            assert (await ada.post(SEND, text=said, token=f"t{call}")).status_code == 200
        await chat.answered()
        kept = [found for found in await texts(chat, name) if found.rstrip("?").endswith(name)]
        assert len(kept) == 1, kept
    else:
        raise AssertionError("sending never ended")
    assert refused >= 2


async def test_an_edit_is_shown_when_it_counts_and_not_before(
    chat: PlaygroundChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat.model.scripts[:] = [words("An oak.")]
    said = await chat.say("@seedling which tree 0?")
    await chat.answered()
    ada, shown, refused = chat._people["ada"], "@seedling which tree 0?", 0
    fields = {"csrf": await ada.token(), "id": said.id}
    for call in range(1, MOST_CALLS):
        text = f"@seedling which tree {call}?"
        with failing_at(chat.store, call, monkeypatch) as countdown:
            answer = await ada.client.post("/c/local/general/edit", data={**fields, "text": text}, headers=HEADERS)
        refused += answer.status_code != 200
        if answer.status_code == 200:
            shown = text
        if not countdown.has_failed:
            break
    assert await texts(chat, "which tree") == [shown]
    assert refused >= 2
