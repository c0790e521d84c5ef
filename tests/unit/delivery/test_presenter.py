"""The presenter: latest wins, never overlapping, nothing lost at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery import Presenter
from bot.errors import ClaimLost, PlatformError
from bot.ports import Reply
from bot.types import Draft


class GatedReply:
    """A reply whose every showing waits to be let through; notes overlaps."""

    def __init__(self, *, open: bool = True) -> None:
        self.gate = asyncio.Event()
        if open:
            self.gate.set()
        self.begun = asyncio.Event()
        self.texts: list[str] = []
        self.overlapped = False
        self.refusals = 0
        self.kept: str | None = None
        self._busy = False

    async def show(self, draft: Draft) -> str:
        self.overlapped |= self._busy
        self._busy = True
        self.begun.set()
        await self.gate.wait()
        self._busy = False
        if self.refusals:
            self.refusals -= 1
            raise PlatformError("not now")
        self.texts.append(draft.text)
        return "ref"

    async def finish(self, draft: Draft, *, plain: bool = False) -> str:
        return await self.show(draft)

    @property
    def messages(self) -> tuple[str, ...]:
        return ()

    async def retract(self, keep: str) -> None:
        self.kept = keep


def opening(reply: GatedReply) -> Callable[[], Awaitable[Reply]]:
    async def open() -> Reply:
        return reply

    return open


async def ignore(_ref: str, _messages: Sequence[str]) -> None:
    """Nobody needs to know."""


def draft(text: str) -> Draft:
    return Draft(status="writing", text=text)


@given(st.lists(st.booleans(), max_size=12))
def test_the_last_draft_always_stands_and_what_is_shown_only_moves_forward(pauses: list[bool]) -> None:
    async def scenario() -> None:
        reply = GatedReply()
        presenter = Presenter(opening(reply), min_update_interval=0, on_shown=ignore)
        for number, pause in enumerate(pauses):
            presenter.submit(lambda number=number: draft(str(number)))  # type: ignore[misc]  # mypy cannot infer it
            if pause:
                await asyncio.sleep(0)
        await presenter.finish(draft(str(len(pauses))))
        shown = [int(text) for text in reply.texts]
        assert shown == sorted(set(shown))
        assert shown[-1] == len(pauses)
        assert not reply.overlapped

    asyncio.run(scenario())


async def test_what_was_overtaken_while_another_was_being_shown_is_left_out() -> None:
    reply = GatedReply(open=False)
    presenter = Presenter(opening(reply), min_update_interval=0, on_shown=ignore)
    presenter.submit(lambda: draft("a"))
    await reply.begun.wait()
    presenter.submit(lambda: draft("ab"))
    presenter.submit(lambda: draft("abc"))
    closing = asyncio.create_task(presenter.finish(draft("abcd")))
    reply.gate.set()
    await closing
    assert reply.texts == ["a", "abcd"]


async def test_a_refused_draft_does_not_stop_the_next() -> None:
    reply = GatedReply()
    reply.refusals = 1
    seen: list[str] = []

    async def note(ref: str, _messages: Sequence[str]) -> None:
        seen.append(ref)

    presenter = Presenter(opening(reply), min_update_interval=0, on_shown=note)
    presenter.submit(lambda: draft("a"))
    await reply.begun.wait()
    await presenter.finish(draft("ab"))
    assert (seen, reply.texts) == (["ref"], ["ab"])


async def test_a_refused_last_draft_is_told() -> None:
    reply = GatedReply()
    reply.refusals = 1
    with pytest.raises(PlatformError, match="not now"):
        await Presenter(opening(reply), min_update_interval=0, on_shown=ignore).finish(draft("a"))


async def test_a_lost_claim_ends_the_showing_and_reaches_the_stream() -> None:
    async def lose(_ref: str, _messages: Sequence[str]) -> None:
        raise ClaimLost("taken over")

    reply = GatedReply()
    presenter = Presenter(opening(reply), min_update_interval=0, on_shown=lose)
    with pytest.raises(ClaimLost):
        for _ in range(10):
            presenter.submit(lambda: draft("a"))
            await asyncio.sleep(0)
    with pytest.raises(ClaimLost):
        await presenter.aclose()
    assert len(reply.texts) == 1


async def test_closing_does_not_wait_for_the_pace() -> None:
    reply = GatedReply()
    presenter = Presenter(opening(reply), min_update_interval=3600, on_shown=ignore)
    presenter.submit(lambda: draft("a"))
    await reply.begun.wait()
    async with asyncio.timeout(10):
        await presenter.finish(draft("ab"))
    assert reply.texts == ["a", "ab"]


class Steps(GatedReply):
    """A reply that writes down when it is opened, asked about and shown."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[str] = []
        self.away = 0

    async def open(self) -> Reply:
        if self.away:
            self.away -= 1
            raise PlatformError("away")
        self.steps.append("open")
        return self

    async def ask(self, draft: Draft) -> None:
        self.steps.append(f"ask {draft.text}")

    async def show(self, draft: Draft) -> str:
        self.steps.append(f"show {draft.text}")
        return await super().show(draft)


@pytest.mark.parametrize("last", [Presenter.finish, Presenter.pause])
async def test_the_claim_is_asked_after_opening_and_right_before_each_showing(last: Any) -> None:
    reply = Steps()
    presenter = Presenter(reply.open, min_update_interval=0, on_shown=ignore, before=reply.ask)
    presenter.submit(lambda: draft("a"))
    await reply.begun.wait()
    await last(presenter, draft("ab"))
    assert reply.steps == ["open", "ask a", "show a", "ask ab", "show ab"]
    alone = Steps()
    await last(Presenter(alone.open, min_update_interval=0, on_shown=ignore, before=alone.ask), draft("a"))
    assert alone.steps == ["open", "ask a", "show a"]


@pytest.mark.parametrize("last", [Presenter.finish, Presenter.pause])
async def test_a_lost_claim_keeps_the_last_draft_from_being_shown(last: Any) -> None:
    async def lose(_draft: Draft) -> None:
        raise ClaimLost("taken over")

    reply = GatedReply()
    with pytest.raises(ClaimLost):
        await last(Presenter(opening(reply), min_update_interval=0, on_shown=ignore, before=lose), draft("a"))
    assert reply.texts == []


async def test_what_comes_while_the_reply_is_being_opened_overtakes_what_waits_for_it() -> None:
    reply, begun, gate = GatedReply(), asyncio.Event(), asyncio.Event()

    async def open() -> Reply:
        begun.set()
        await gate.wait()
        return reply

    presenter = Presenter(open, min_update_interval=0, on_shown=ignore)
    presenter.submit(lambda: draft("a"))
    await begun.wait()
    presenter.submit(lambda: draft("ab"))
    gate.set()
    await reply.begun.wait()
    await presenter.finish(draft("abc"))
    assert reply.texts == ["ab", "abc"]


async def test_a_reply_that_cannot_be_opened_is_tried_again_with_the_next_draft() -> None:
    reply = Steps()
    reply.away = 1
    presenter = Presenter(reply.open, min_update_interval=0, on_shown=ignore)
    presenter.submit(lambda: draft("a"))
    while reply.away:
        await asyncio.sleep(0)
    presenter.submit(lambda: draft("ab"))
    await reply.begun.wait()
    await presenter.finish(draft("abc"))
    assert reply.steps == ["open", "show ab", "show abc"]


@pytest.mark.parametrize("last", [Presenter.finish, Presenter.pause])
async def test_a_reply_that_cannot_be_opened_in_the_end_is_told(last: Any) -> None:
    reply = Steps()
    reply.away = 1
    with pytest.raises(PlatformError, match="away"):
        await last(Presenter(reply.open, min_update_interval=0, on_shown=ignore), draft("a"))


async def test_only_a_reply_that_was_opened_is_taken_back() -> None:
    reply = Steps()
    presenter = Presenter(reply.open, min_update_interval=0, on_shown=ignore)
    await presenter.retract("theirs")
    assert (reply.steps, reply.kept) == ([], None)
    await presenter.finish(draft("a"))
    await presenter.retract("theirs")
    assert reply.kept == "theirs"


async def test_a_reply_that_was_never_opened_is_opened_to_be_taken_back_only_if_something_may_stand_there() -> None:
    reply = Steps()
    await Presenter(reply.open, min_update_interval=0, on_shown=ignore).retract(may_stand=False)
    assert (reply.steps, reply.kept) == ([], None)
    await Presenter(reply.open, min_update_interval=0, on_shown=ignore).retract(may_stand=True)
    assert reply.kept == ""
