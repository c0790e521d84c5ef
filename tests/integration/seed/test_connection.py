"""How the client treats real connections, on a bare server that does exactly what a test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from adapters.seed import Pace, Retries, SeedModel, SeedOptions, Timeouts, open_seed
from bot.errors import ModelUnavailable, StreamCut
from bot.types import Entry, Finish, Finished, ModelRequest, TextDelta

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
TEXT = b'data: {"choices":[{"delta":{"content":"Hi"}}]}\n\n'
REASONING = b'data: {"choices":[{"delta":{"content":"","reasoning_content":"hm"}}]}\n\n'
END = (
    b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n'
    b'data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1}}\n\ndata: [DONE]\n\n'
)
LAST = b"0\r\n\r\n"
QUESTION = ModelRequest(system_prompt="h", entries=(Entry(role="user", text="hi"),), parameters={})

Serve = Callable[["Connection"], Awaitable[None]]


def framed(data: bytes) -> bytes:
    """One chunk of a body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


class Connection:
    """One connection of a client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self._writer = writer

    async def request(self) -> bytes:
        """The next request with its body."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        return head + await self.reader.readexactly(int(lengths[0].split(b":")[1]))

    async def send(self, *pieces: bytes) -> None:
        self._writer.write(b"".join(pieces))
        await self._writer.drain()

    async def closed(self) -> None:
        """Wait until the client has closed the connection."""
        while await self.reader.read(1_000):
            pass


class BareServer:
    """Serves each connection as told; `connections` counts them."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self.connections = 0
        self.url = ""

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            await self._serve(Connection(reader, writer))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def opened(serve: Serve, options: SeedOptions | None = None) -> AsyncIterator[tuple[SeedModel, BareServer]]:
    bare = BareServer(serve)
    server = await asyncio.start_server(bare.handle, "127.0.0.1", 0)
    bare.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, open_seed(base_url=bare.url, api_key="k", model="seed-x", options=options) as model:
        yield model, bare


async def text_of(model: SeedModel) -> str:
    return "".join([event.text async for event in model.stream(QUESTION) if isinstance(event, TextDelta)])


@pytest.mark.parametrize("said", [(), (REASONING,), (REASONING, TEXT)], ids=["nothing", "reasoning", "text"])
async def test_a_cancelled_question_closes_its_connection_at_once(said: tuple[bytes, ...]) -> None:
    asked, closed = asyncio.Event(), asyncio.Event()

    async def serve(connection: Connection) -> None:
        await connection.request()
        await connection.send(HEAD, *map(framed, said))
        asked.set()
        await connection.closed()
        closed.set()

    async with opened(serve) as (model, _):
        task = asyncio.create_task(text_of(model))
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(closed.wait(), 60)
        assert model.limits.active == 0


async def test_a_closed_stream_closes_its_connection_at_once() -> None:
    closed = asyncio.Event()

    async def serve(connection: Connection) -> None:
        await connection.request()
        await connection.send(HEAD, framed(TEXT))
        await connection.closed()
        closed.set()

    async with opened(serve) as (model, _):
        stream = model.stream(QUESTION)
        assert [await anext(stream) for _ in range(2)][-1] == TextDelta("Hi")  # behind what tells that it was sent
        await stream.aclose()
        await asyncio.wait_for(closed.wait(), 60)


async def test_connections_are_kept_and_used_again() -> None:
    async def serve(connection: Connection) -> None:
        while True:
            await connection.request()
            await connection.send(HEAD, framed(TEXT + END))
            await connection.send(LAST)

    async with opened(serve) as (model, bare):
        for _ in range(3):
            assert await text_of(model) == "Hi"
        assert bare.connections == 1


async def test_a_finished_answer_is_not_held_up_by_an_open_connection() -> None:
    released = asyncio.Event()

    async def serve(connection: Connection) -> None:
        await connection.request()
        await connection.send(HEAD, framed(TEXT + END))
        await connection.closed()
        released.set()

    async with opened(serve, SeedOptions(timeouts=Timeouts(linger=0.01))) as (model, _):
        assert [event async for event in model.stream(QUESTION)][-1] == Finished(Finish.STOP)
        await asyncio.wait_for(released.wait(), 60)


async def test_silence_is_bounded_even_while_the_whole_is_not_over() -> None:
    async def serve(connection: Connection) -> None:
        await connection.request()
        await connection.send(HEAD, framed(TEXT))
        await connection.closed()

    async with opened(serve, SeedOptions(timeouts=Timeouts(idle=0.05, first_byte=60))) as (model, _):
        with pytest.raises(StreamCut, match=r"nothing for 0\.05 seconds"):
            await asyncio.wait_for(text_of(model), 10)


async def test_reasoning_counts_as_a_sign_of_life() -> None:
    async def serve(connection: Connection) -> None:
        await connection.request()
        await connection.send(HEAD)
        for _ in range(8):
            await asyncio.sleep(0.05)
            await connection.send(framed(REASONING))
        await connection.send(framed(TEXT + END), LAST)

    async with opened(serve, SeedOptions(timeouts=Timeouts(idle=0.25))) as (model, _):
        assert await text_of(model) == "Hi"


async def test_the_whole_is_bounded_even_while_something_comes() -> None:
    async def serve(connection: Connection) -> None:
        await connection.request()
        await connection.send(HEAD)
        while True:
            await connection.send(framed(b": keep-alive\n\n"))
            await asyncio.sleep(0.01)

    async with opened(serve, SeedOptions(timeouts=Timeouts(total=0.2), retries=Retries(first=0))) as (model, _):
        with pytest.raises(ModelUnavailable, match=r"longer than 0\.2 seconds"):
            await text_of(model)


async def test_a_server_that_accepts_and_says_nothing_is_given_up() -> None:
    async def serve(connection: Connection) -> None:
        await connection.closed()

    options = SeedOptions(timeouts=Timeouts(first_byte=0.05), retries=Retries(first=0, tries=2))
    async with opened(serve, options) as (model, bare):
        with pytest.raises(ModelUnavailable, match="said nothing"):
            await text_of(model)
        assert bare.connections == 2


async def test_a_server_that_is_not_there_is_named_as_such() -> None:
    options = SeedOptions(retries=Retries(tries=1))
    async with open_seed(base_url="http://127.0.0.1:1", api_key=None, model="m", options=options) as model:
        with pytest.raises(ModelUnavailable, match="cannot be reached"):
            await text_of(model)


async def test_no_more_run_at_once_than_may() -> None:
    running, most, enough = 0, 0, asyncio.Event()

    async def serve(connection: Connection) -> None:
        nonlocal running, most
        while True:
            await connection.request()
            running += 1
            most = max(most, running)
            if running == 2:
                enough.set()
            await enough.wait()
            await connection.send(HEAD, framed(TEXT))
            running -= 1
            await connection.send(framed(END), LAST)

    async with opened(serve, SeedOptions(pace=Pace(at_first=2, most_at_once=2))) as (model, _):
        assert await asyncio.gather(*(text_of(model) for _ in range(6))) == ["Hi"] * 6
    assert most == 2
