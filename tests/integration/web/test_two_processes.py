"""Two web processes and a worker over PostgreSQL: any serves any request, and shows what another one stores."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

from adapters.web.frame import FrameOptions
from adapters.web.playground.platform import Playground, PlaygroundOptions, Site
from bot.commands.completion import complete
from bot.types import ConversationKey, Draft, Incoming, Person, Turn, TurnState
from storage import open_store
from storage.notifications import follow_playground
from tests.integration.web.test_playground import grown
from tests.quiet_bot import QuietBot
from tests.web_visitors import SECRET, Visitor, settled

OPTIONS = PlaygroundOptions(
    frame=FrameOptions(host="127.0.0.1", secret=SECRET),
    port=0,
    model_name="tiny",
    notice="",
    complete=complete,
    is_shared=True,
)


def now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def web_process(url: str) -> AsyncIterator[Site]:
    async with open_store(url, clock=now) as store:
        playground = Playground(store, options=OPTIONS, clock=now)
        following = asyncio.create_task(follow_playground(url, playground.wake))
        async with playground.site(QuietBot(store)) as site:
            yield site
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def test_a_page_is_read_here_written_there_and_answered_elsewhere(postgresql: str) -> None:
    async with AsyncExitStack() as stack:
        one, other = [await stack.enter_async_context(web_process(postgresql)) for _ in range(2)]
        worker = Playground(
            await stack.enter_async_context(open_store(postgresql, clock=now)), options=OPTIONS, clock=now
        )
        here, there = Visitor(one.app, "u-ada", "Ada"), Visitor(other.app, "u-ada", "Ada")
        token = await here.token()
        assert token == await there.token(), "a form of one process is good in the other"
        opened = (await there.send("@seedling tell me"))["opens"]
        thread = opened.rpartition("/")[2]
        assert "tell me" in (await here.get(opened)).text

        key = ConversationKey(platform="local", workspace="local", channel="general", thread=thread)
        asked = Incoming(key=key, dedupe_key="d", author=Person(id="u-ada", name="Ada"), text="?", sent_at=now())
        reply = await worker.open_reply(Turn(id=1, incoming=asked, state=TurnState.RUNNING, epoch=1, attempt=1))
        path = f"/events/local/general?thread={thread}"
        text = ""
        async with here.listening(one.hub, path) as first:
            for number in range(4):
                text += f"Part {number}. "
                await reply.show(Draft(status="writing", text=text))
                await settled(one.hub)
        last = next(item.position for item in reversed(first) if item.position)
        async with there.listening(other.hub, path, last) as second:
            await reply.finish(Draft(status="done", text=f"{text}The end."))
            await settled(other.hub)
    assert grown(first, "turn-1") == "<p>Part 0. Part 1. Part 2. Part 3.</p>\n"
    assert second[-1].values["status"] == "done"
    assert "Part 3. The end." in (grown(second, "turn-1") or second[-1].values["html"])
