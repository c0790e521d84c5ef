"""A plain loopback server that streams canned chat completions, in a process of its own.

The address says what is wanted: `/CHUNKS/READS_PER_SECOND/v1/...`; 0 reads per second sends all as fast as it goes.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-request-id: canned\r\ntransfer-encoding: chunked\r\n\r\n"
)
AT_ONCE = 64  # chunks in one write when nothing is paced
FIELDS = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1765713048, "model": "seed-2-0-lite"}


def event(**fields: object) -> bytes:
    """One event of a stream."""
    return f"data: {json.dumps({**FIELDS, **fields})}\n\n".encode()


def framed(body: bytes) -> bytes:
    """One chunk of HTTP."""
    return b"%x\r\n%b\r\n" % (len(body), body)


TEXT = event(
    choices=[{"index": 0, "delta": {"role": "assistant", "content": " word"}, "finish_reason": None}], usage=None
)
END = (
    event(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}], usage=None)
    + event(choices=[], usage={"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18})
    + b"data: [DONE]\n\n"
)


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer every request of one connection."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(int(length.split(b":")[1]))
            _, chunks, pace, *_ = head.split(b" ")[1].split(b"/")
            writer.write(HEAD)
            await send(writer, int(chunks), int(pace))
            writer.write(framed(END) + b"0\r\n\r\n")
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def send(writer: asyncio.StreamWriter, chunks: int, pace: int) -> None:
    """Write the text: each chunk alone and in time, or many together."""
    if pace:
        loop = asyncio.get_running_loop()
        start = loop.time()
        for number in range(chunks):
            await asyncio.sleep(max(0.0, start + number / pace - loop.time()))
            writer.write(framed(TEXT))
            await writer.drain()
        return
    for number in range(0, chunks, AT_ONCE):
        writer.write(framed(TEXT * min(AT_ONCE, chunks - number)))
        await writer.drain()


def run(told: Connection) -> None:
    """Serve until the process is ended, telling the port first."""

    async def main() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1_024)
        told.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


@contextmanager
def canned_server() -> Iterator[str]:
    """Yield the server's origin, as long as the block lasts."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=run, args=(theirs,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join()
