"""Asking the emulator over its three wires, and reading its streams by hand."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

import httpx

from tests.emulators.seed import API_KEY, MODEL, Options, RunningSeed, running_seed

WireName = Literal["chat", "responses", "messages"]
WIRE_NAMES: tuple[WireName, ...] = ("chat", "responses", "messages")
PATHS: Mapping[WireName, str] = {"chat": "/chat/completions", "responses": "/responses", "messages": "/messages"}


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event: its event line ("" for none) and its data, JSON or a bare word."""

    name: str
    data: Any


def read_events(text: str) -> list[Event]:
    """The events of a stream with plain line ends; comments are passed over."""
    events = []
    for block in text.replace("\r\n", "\n").replace("\r", "\n").split("\n\n"):
        fields = [line.partition(":") for line in block.split("\n") if line and not line.startswith(":")]
        values = [(name, value.removeprefix(" ")) for name, _, value in fields]
        data = "\n".join(value for name, value in values if name == "data")
        if data:
            name = next((value for name, value in values if name == "event"), "")
            events.append(Event(name, json.loads(data) if data.startswith("{") else data))
    return events


class Asker:
    """A client of one emulator."""

    def __init__(self, seed: RunningSeed, client: httpx.AsyncClient) -> None:
        self.seed = seed
        self.client = client

    async def post(self, text: str, wire: WireName = "chat", /, **fields: Any) -> httpx.Response:
        """Ask one question; `fields` are put into the body, None removes one."""
        body: dict[str, Any] = {"model": MODEL}
        body["input" if wire == "responses" else "messages"] = [{"role": "user", "content": text}]
        if wire == "messages":
            body["max_tokens"] = 4_096
        body = {name: value for name, value in {**body, **fields}.items() if value is not None}
        return await self.client.post(PATHS[wire], json=body)

    async def ask(self, text: str, wire: WireName = "chat", /, **fields: Any) -> Any:
        """The answer as one body."""
        response = await self.post(text, wire, **fields)
        assert response.status_code == 200, response.text
        return response.json()

    async def events(self, text: str, wire: WireName = "chat", /, **fields: Any) -> list[Event]:
        """The answer as events."""
        if wire == "chat":
            fields = {"stream_options": {"include_usage": True}, **fields}
        response = await self.post(text, wire, stream=True, **fields)
        assert response.status_code == 200, response.text
        return read_events(response.text)


@asynccontextmanager
async def asking(**options: Any) -> AsyncIterator[Asker]:
    """An emulator with these options, and a client of it."""
    async with (
        running_seed(Options(**options)) as seed,
        httpx.AsyncClient(base_url=seed.url, headers={"authorization": f"Bearer {API_KEY}"}) as client,
    ):
        yield Asker(seed, client)


def text_of(wire: WireName, body: Any) -> str:
    """The text of a whole answer."""
    match wire:
        case "chat":
            return str(body["choices"][0]["message"]["content"])
        case "responses":
            parts = [part for item in body["output"] if item["type"] == "message" for part in item["content"]]
        case "messages":
            parts = [block for block in body["content"] if block["type"] == "text"]
    return "".join(part["text"] for part in parts)


def deltas(wire: WireName, events: list[Event], kind: Literal["text", "reasoning"] = "text") -> str:
    """The pieces of text or reasoning in a stream, put together."""
    return "".join(_delta(wire, event.data, kind) for event in events if isinstance(event.data, dict))


def _delta(wire: WireName, data: Mapping[str, Any], kind: str) -> str:
    match wire:
        case "chat":
            delta = (data.get("choices") or [{}])[0].get("delta") or {}
            return delta.get("content" if kind == "text" else "reasoning_content") or ""
        case "responses":
            name = "output_text" if kind == "text" else "reasoning_summary_text"
            return str(data["delta"]) if data["type"] == f"response.{name}.delta" else ""
        case "messages":
            name = "text" if kind == "text" else "thinking"
            return str(data.get("delta", {}).get(name, "")) if data["type"] == "content_block_delta" else ""
