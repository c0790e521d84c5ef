"""A Seed API in memory: gives prepared answers and remembers what it was asked."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any

import httpx

from adapters.seed import Environment, SeedModel, SeedOptions, open_seed
from adapters.seed.protocols.wire_parameters import WireName
from bot.errors import ModelError
from bot.types import ModelEvent, ModelRequest, RequestNotBilled, RequestSent
from tests.unit.seed.streams import chat_stream

KEY = "sk-empiriolabs-SECRET"
Reply = httpx.Response | Exception


class Pieces(httpx.AsyncByteStream):
    """A body in pieces, which may end in an error."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece


def streamed(*pieces: bytes | Exception, **headers: str) -> httpx.Response:
    """A stream that began well."""
    return httpx.Response(200, headers={"content-type": "text/event-stream", **headers}, stream=Pieces(*pieces))


def answered(*pieces: str) -> httpx.Response:
    """A good answer over chat completions."""
    return streamed(chat_stream(*pieces))


def failed(status: int, error: Any = None, **headers: str) -> httpx.Response:
    """An error in the envelope of OpenAI."""
    return httpx.Response(status, json={"error": error or {"message": "m", "code": "c"}}, headers=headers)


class ScriptedApi:
    """Gives `replies` in turn; time stands still but for what is waited for."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.requests: list[httpx.Request] = []
        self.slept: list[float] = []
        self.now = 1000.0

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """What was posted."""
        return [json.loads(request.content) for request in self.requests]

    def surroundings(self, chance: Callable[[], float] = lambda: 0.0) -> Environment:
        """Surroundings of a client that talks to this API."""
        return Environment(
            chance=chance,
            monotonic=lambda: self.now,
            sleep=self.sleep,
            transport=httpx.MockTransport(self._answer),
        )

    @asynccontextmanager
    async def open(
        self, *, model: str = "seed-2-0-lite", wire: WireName = "chat", **options: Any
    ) -> AsyncIterator[SeedModel]:
        """A client of this API."""
        options.setdefault("surroundings", self.surroundings())
        async with open_seed(
            base_url="http://api.test/v1", api_key=KEY, model=model, wire=wire, options=SeedOptions(**options)
        ) as opened:
            yield opened

    async def sleep(self, seconds: float) -> None:
        """Let the time pass at once."""
        self.slept.append(seconds)
        self.now += seconds

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply


async def gather(model: SeedModel, request: ModelRequest) -> tuple[Sequence[ModelEvent], ModelError | None]:
    """All that comes out of the answer, and the error at its end."""
    events, error = await heard(model, request)
    return [event for event in events if not isinstance(event, RequestSent | RequestNotBilled)], error


async def heard(model: SeedModel, request: ModelRequest) -> tuple[Sequence[ModelEvent], ModelError | None]:
    """All that comes out, with what is told of each request, and the error at its end."""
    events: list[ModelEvent] = []
    try:
        async with aclosing(model.stream(request)) as stream:
            async for event in stream:
                events.append(event)
    except ModelError as error:
        return events, error
    return events, None
