"""Measure the playground: the weight of a page, a long answer on many pages, and a long history.

    python -m benchmarks.playground_streaming

The server is a process of its own over SQLite, as `seedling run` has it, with a reply that is shown as the model writes
it. Pages are event streams over real connections. The page before this one weighed 377 KB, of which 350 were NiceGUI's;
the same answer to 50 of its pages were 217 MB, and 220 MB of memory.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp

from adapters.web.frame import FrameOptions
from adapters.web.playground.platform import Playground, PlaygroundOptions
from bot.commands.completion import complete
from bot.types import ChannelMessage, ConversationKey, Draft, Incoming, Person, Turn, TurnState
from storage import SqlStore, migrate, open_store
from tests.quiet_bot import QuietBot
from tests.web_visitors import SECRET

CHARACTERS = 60_000
PAGES = 50
STEP = 200
"""Characters a step; with ten steps a second this is faster than any model here writes."""

HISTORY = 50_000
IN_THREAD = 2_000
WORDS = "The answer grows word by word, with **some** of it marked and `code` in between; a line has so many words.\n\n"
ASSET = re.compile(r'(?:href|src)="(/static/[^"]+)"')
IMPORT = re.compile(r'from "\./(\w+\.js)"')


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


# ---------------------------------------------------------------- the server, a process of its own


async def serve(folder: Path) -> None:
    """Serve a playground with a long history; write an answer for each line that comes in."""
    url = f"sqlite:///{folder / 'seedling.db'}"
    await migrate(url)
    async with open_store(url, clock=utc_now) as store:
        options = PlaygroundOptions(
            frame=FrameOptions(host="127.0.0.1", secret=SECRET),
            port=0,
            model_name="m",
            notice="",
            complete=complete,
        )
        playground = Playground(store, options=options, clock=utc_now)
        serving = asyncio.create_task(playground.run(QuietBot()))
        address = await playground.url()
        await fill(store)
        print(address, flush=True)
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        number = 0
        while (await reader.readline()).strip():
            number += 1
            steps = await write_answer(playground, number)
            print(steps, flush=True)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


async def fill(store: SqlStore) -> None:
    """Put a long history into #general, and a long thread at its end."""
    ada, start = Person(id="ada", name="Ada"), utc_now() - timedelta(days=30)

    def message(number: int, thread: str = "") -> ChannelMessage:
        at = start + timedelta(seconds=number)
        id = f"t{number}" if thread else f"n{number}"
        return ChannelMessage(
            workspace="local", channel="general", id=id, author=ada, text=f"{number} {WORDS}", at=at, thread=thread
        )

    for first in range(0, HISTORY, 10_000):
        await store.put_messages([message(number) for number in range(first, first + 10_000)])
    root = f"n{HISTORY - 1}"
    await store.put_messages([message(HISTORY + number, root) for number in range(IN_THREAD)])


async def write_answer(playground: Playground, number: int) -> int:
    """Show an answer as it is written; return the number of steps."""
    key = ConversationKey(platform="local", workspace="local", channel="general", thread=f"n{HISTORY - 1}")
    ada = Person(id="ada", name="Ada")
    incoming = Incoming(key=key, dedupe_key=f"d{number}", author=ada, text="?", sent_at=utc_now())
    reply = await playground.open_reply(Turn(id=number, incoming=incoming, state=TurnState.RUNNING, epoch=1, attempt=1))
    text = (WORDS * (CHARACTERS // len(WORDS) + 1))[:CHARACTERS]
    for length in range(STEP, CHARACTERS, STEP):
        await reply.show(Draft(status="writing", text=text[:length]))
        await asyncio.sleep(playground.min_update_interval)
    await reply.finish(Draft(status="done", text=text))
    return CHARACTERS // STEP


# ---------------------------------------------------------------- what is measured


@asynccontextmanager
async def running() -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """Yield the server's process and its address."""
    with TemporaryDirectory() as folder:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", __spec__.name, folder, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        yield process, (await process.stdout.readline()).decode().strip()
        process.kill()
        await process.wait()


def memory_of(process: asyncio.subprocess.Process) -> float:
    """Return the resident memory of a process in MB."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1000  # type: ignore[index]  # Linux always says it


async def weigh(session: aiohttp.ClientSession, url: str, path: str) -> tuple[int, int]:
    """Return the bytes over the wire of a page alone, and with all that it loads before it is usable."""
    headers = {"Accept-Encoding": "gzip", "Accept": "text/html"}

    async def load(address: str) -> tuple[int, str]:
        async with session.get(url + address, headers=headers) as response:
            body = await response.read()
        is_packed = response.headers.get("content-encoding") == "gzip"
        return len(body), (gzip.decompress(body) if is_packed else body).decode()

    size, page = await load(path)
    pending, sizes = list(dict.fromkeys(ASSET.findall(page))), dict[str, int]()
    while pending:
        asset = pending.pop()
        if asset not in sizes:
            sizes[asset], text = await load(asset)
            if asset.endswith(".js"):
                pending += [f"{asset.rpartition('/')[0]}/{name}" for name in IMPORT.findall(text)]
    return size, size + sum(sizes.values())


async def listen(url: str, path: str, ready: asyncio.Event) -> tuple[int, str]:
    """Listen until an answer has ended; return the bytes, and the answer as the page makes it of what it heard."""
    heard, body = 0, ""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None), read_bufsize=2**21) as session:
        response = await session.get(url + path)
        ready.set()
        async for line in response.content:
            heard += len(line)
            if not line.startswith(b"data: "):
                continue
            event = json.loads(line[6:])
            if "parts" in event and isinstance(event["parts"].get("body"), str):
                body = event["parts"]["body"]
            elif change := event.get("parts", {}).get("body"):
                body = body[: change[0]] + change[2] + body[change[0] + change[1] :]
            if event.get("status") == "done":
                return heard, body
    raise RuntimeError("the stream ended before the answer")


async def ask_meanwhile(session: aiohttp.ClientSession, url: str, path: str, until: asyncio.Future[Any]) -> float:
    """Load a page again and again; return the 99th percentile in milliseconds."""
    taken: list[float] = []
    while not until.done():
        started = time.perf_counter()
        async with session.get(url + path) as response:
            await response.read()
        taken.append(1000 * (time.perf_counter() - started))
        await asyncio.sleep(0.1)
    return statistics.quantiles(taken, n=100)[98]


async def stream(process: asyncio.subprocess.Process, url: str, pages: int) -> None:
    """Let an answer be written to so many pages, and print what it took."""
    assert process.stdin is not None
    assert process.stdout is not None
    thread = f"n{HISTORY - 1}"
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{url}/c/local/general/{thread}") as response:
            position = re.search(r'data-position="(\d+)"', await response.text())
        path = f"/events/local/general?thread={thread}&after={position[1] if position else 0}"
        before = memory_of(process)
        ready = [asyncio.Event() for _ in range(pages)]
        listening = asyncio.gather(*(listen(url, path, event) for event in ready))
        await asyncio.gather(*(event.wait() for event in ready))
        process.stdin.write(b"go\n")
        started = time.perf_counter()
        meanwhile = asyncio.create_task(ask_meanwhile(session, url, "/c/local/random", listening))
        most = before
        while not listening.done():
            most = max(most, memory_of(process))
            await asyncio.sleep(0.2)
        found = await listening
        await process.stdout.readline()
        bodies = {body for _, body in found}
        print(
            f"| {CHARACTERS:,} characters to {pages} pages | {sum(size for size, _ in found) / 1e6:.2f} MB in all, "
            f"{time.perf_counter() - started:.0f} s, memory +{most - before:.0f} MB, "
            f"HTTP p99 {await meanwhile:.0f} ms, {'all alike' if len(bodies) == 1 else 'DIFFERENT'} |"
        )
        await asyncio.sleep(2)
        print(f"| memory two seconds later | +{memory_of(process) - before:.0f} MB |")


async def main() -> None:
    """Print a table."""
    async with running() as (process, url), aiohttp.ClientSession(auto_decompress=False) as session:
        print("| what | figure |\n|---|---|")
        for name, path in (("a short channel", "/c/local/random"), ("a channel of 50,000", "/c/local/general")):
            started = time.perf_counter()
            page, whole = await weigh(session, url, path)
            print(
                f"| first paint of {name} | {whole / 1000:.1f} KB over the wire, the page alone {page / 1000:.1f} KB, "
                f"{time.perf_counter() - started:.2f} s |"
            )
        for name, path in (
            ("newest of 50,000", "/c/local/general"),
            ("in the middle of 50,000", f"/c/local/general?before=n{HISTORY // 2}&part=messages"),
            ("newest of a thread of 2,000", f"/c/local/general/n{HISTORY - 1}"),
            ("search in 50,000", f"/search?q={HISTORY // 3}"),
        ):
            times = []
            for _ in range(5):
                started = time.perf_counter()
                async with session.get(url + path) as response:
                    await response.read()
                times.append(time.perf_counter() - started)
            print(f"| {name} | {1000 * statistics.median(times):.0f} ms |")
        await stream(process, url, 1)
        await stream(process, url, PAGES)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])) if len(sys.argv) > 1 else main())
