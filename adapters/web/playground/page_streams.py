"""Hold what waits for one open page, and what all pages have of an answer that is being written."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from adapters.web.playground.message_html import Growing, Parts
from adapters.web.playground.message_view import ways_on
from bot.language import ENGLISH
from bot.types import ChannelMessage, Person

STREAM_EVENTS: Final = 200
"""Events that wait for one slow page; with more it is told to read everything anew."""

Place = tuple[str, str, str]
"""Workspace, channel and id of a message."""


def encode(kind: str, values: Mapping[str, Any], position: int = 0) -> bytes:
    """Return one server-sent event; with a position, that is where a page goes on when its connection was lost."""
    id = f"id: {position}\n" if position else ""
    data = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return f"event: {kind}\n{id}data: {data}\n\n".encode()


RESET: Final = encode("reset", {})
END: Final = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPage:
    """Page that somebody has open: what it shows, to whom, and in which language."""

    person: Person
    is_admin: bool
    workspace: str
    channel: str
    thread: str
    language: str = ENGLISH


class Stream:
    """The events that wait for one page; `END` is the last one."""

    def __init__(self, view: OpenPage) -> None:
        self.view = view
        self.since = 0  # the position up to which its page has seen everything
        self.events: asyncio.Queue[bytes] = asyncio.Queue()
        self._is_over = False

    def offer(self, event: bytes) -> None:
        """Let an event wait; a page that cannot follow is told so, and nothing more."""
        if self._is_over:
            return
        if self.events.qsize() >= STREAM_EVENTS:
            while not self.events.empty():
                self.events.get_nowait()
            self.events.put_nowait(RESET)
            self.end()
        else:
            self.events.put_nowait(event)

    def end(self) -> None:
        """Let nothing follow any more."""
        if not self._is_over:
            self._is_over = True
            self.events.put_nowait(END)


class LiveAnswer:
    """An answer that is being written: its newest state, and what pages have of it in each language."""

    def __init__(self, message: ChannelMessage) -> None:
        self.message = message
        self.parts: dict[str, Parts] = {}
        self.growing: defaultdict[str, Growing] = defaultdict(Growing)
        self.task: asyncio.Task[None] | None = None
        self.is_dirty = False


def named(message: ChannelMessage) -> dict[str, Any]:
    """Return what a page files a message by, beside its HTML."""
    return {
        "id": message.id,
        "thread": message.thread,
        "at": message.at.isoformat(),
        "author": message.author.id,
        **state(message),
    }


def state(message: ChannelMessage) -> dict[str, Any]:
    return {"status": message.answer.status if message.answer else "", "again": ways_on(message)}
