"""While the model says nothing for long, people are told that the work goes on; the clock is the test's."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.delivery import Presenter
from bot.delivery.presenter import SILENCE_SECONDS, STILL_WORKING
from bot.ports import Reply
from bot.types import Draft
from tests.jumping_loop import run_jumping


class TimedReply:
    """A reply that notes when each draft was shown."""

    def __init__(self) -> None:
        self.shown: list[tuple[float, Draft]] = []

    async def show(self, draft: Draft) -> str:
        self.shown.append((asyncio.get_running_loop().time(), draft))
        return "ref"

    async def finish(self, draft: Draft, *, plain: bool = False) -> str:
        return await self.show(draft)

    @property
    def messages(self) -> Sequence[str]:
        return ()

    async def retract(self, keep: str) -> None:
        """Nothing is taken back here."""


def test_a_silence_is_told_each_time_and_words_end_it() -> None:
    reply = TimedReply()

    async def open_reply() -> Reply:
        return reply

    async def ignore(_ref: str, _messages: Sequence[str]) -> None:
        """Nobody needs to know."""

    async def story() -> None:
        presenter = Presenter(open_reply, min_update_interval=0, on_shown=ignore)
        presenter.submit(lambda: Draft(status="searching", progress="Searching: tides"))
        await asyncio.sleep(2 * SILENCE_SECONDS + 5)
        presenter.submit(lambda: Draft(status="writing", text="At nine."))
        await asyncio.sleep(SILENCE_SECONDS - 1)
        await presenter.finish(Draft(status="done", text="At nine."))

    run_jumping(story())
    told = [(round(at), draft.progress) for at, draft in reply.shown]
    still = f"{STILL_WORKING} Searching: tides"
    assert told == [(0, "Searching: tides"), (20, still), (40, still), (45, ""), (64, "")]
