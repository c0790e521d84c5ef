"""The whole bot on a platform that nothing but a registered line knows of: real HTTP both ways, real storage."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.app.clock import utc_now
from bot.app.core import Core, open_core
from bot.app.platform_registry import open_platforms
from bot.errors import ConfigError
from bot.settings import Settings
from bot.types import ConversationKey, TextDelta
from tests.emulators.pigeon import SECRET, Pigeon, running_pigeon
from tests.fakes import FixedRates, ScriptedModel, words
from tests.integration.third_platform.stage import joined
from tests.third_platform.platform import REPLAY_SECONDS, signature_of
from tests.third_platform.spec import SPEC

PATIENCE_S = 20


@dataclass(kw_only=True)
class Scene:
    """People on Pigeon, and the bot among them."""

    pigeon: Pigeon
    model: ScriptedModel
    core: Core

    async def until(self, holds: Callable[[], Any]) -> Any:
        """Wait until something is so; what it is."""
        async with asyncio.timeout(PATIENCE_S):
            while not (found := holds()):
                await asyncio.sleep(0.01)
        return found

    async def settled(self) -> None:
        """Wait until every turn has ended."""
        async with asyncio.timeout(PATIENCE_S):
            while (figures := await self.core.store.queue_figures()).queued + figures.running:
                await asyncio.sleep(0.01)


@asynccontextmanager
async def scene(folder: Path, *scripts: Sequence[Any], pigeon: Pigeon) -> AsyncIterator[Scene]:
    """The bot, listening until the block is left."""
    settings = Settings.model_validate(
        {"database_url": f"sqlite:///{folder}/seedling.db", "burst_pause_seconds": 0, "seed_api_key": "sk-test"}
    )
    model, registered = ScriptedModel(*scripts), [joined(pigeon)]
    opened: dict[str, Any] = {}

    @asynccontextmanager
    async def platforms(store: Any, *_: Any) -> AsyncIterator[Any]:
        async with open_platforms(registered, settings, store, clock=utc_now) as found:
            opened.update(found)
            yield found

    @asynccontextmanager
    async def model_of(_: Settings) -> AsyncIterator[Any]:
        yield model, FixedRates()

    async with open_core(settings, platforms, grace=PATIENCE_S, model_of=model_of) as core:
        platform = opened[SPEC.name]
        listening = asyncio.create_task(platform.run(core.inbox))
        try:
            await asyncio.wait_for(platform.wait_ready(), PATIENCE_S)
            host, port = platform.address
            pigeon.webhook = f"http://{host}:{port}/pigeon"
            yield Scene(pigeon=pigeon, model=model, core=core)
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


@pytest.fixture
async def pigeon() -> AsyncIterator[Pigeon]:
    async with running_pigeon() as found:
        yield found


async def test_a_question_is_answered_in_its_thread_and_the_answer_grows(tmp_path: Path, pigeon: Pigeon) -> None:
    gate = asyncio.Event()
    async with scene(tmp_path, [TextDelta("A heron is "), gate, *words("a bird.")], pigeon=pigeon) as play:
        question = pigeon.ask("What is a heron?")
        assert await pigeon.deliver(question) == 200
        await play.until(lambda: any("A heron is" in item.texts[-1] for item in pigeon.answers(question)))
        gate.set()
        await play.settled()
        [answer] = pigeon.answers(question)
        [asked] = play.model.asked
    assert len(answer.texts) > 1
    assert answer.texts[-1].startswith("A heron is a bird.")
    assert "scripted · 100 tokens in" in answer.texts[-1]
    assert answer.thread == question.id
    assert "What is a heron?" in str(asked)
    assert "@seedling" not in str(asked)


async def test_what_stands_in_the_thread_is_read(tmp_path: Path, pigeon: Pigeon) -> None:
    root = pigeon.say("The pump is green.", author="ben")
    async with scene(tmp_path, words("Green."), pigeon=pigeon) as play:
        question = pigeon.ask("Which colour?", thread=root.id)
        assert await pigeon.deliver(question) == 200
        await play.settled()
        assert [answer.texts[-1].partition("\n")[0] for answer in pigeon.answers(question)] == ["Green."]
        assert "The pump is green." in str(play.model.asked)


async def test_a_command_is_told_to_its_author_alone(tmp_path: Path, pigeon: Pigeon) -> None:
    async with scene(tmp_path, pigeon=pigeon) as play:
        said = pigeon.ask("!set max_tokens 200")
        assert await pigeon.deliver(said) == 200
        [(person, text)] = await play.until(lambda: list(pigeon.notes.values()))
        key = ConversationKey(platform=SPEC.name, workspace="f1", channel=said.room, thread=said.id)
        assert (await play.core.inbox.get_parameters(key))["max_tokens"].value == 200
        assert play.model.asked == []
    assert person == "ada"
    assert "max_tokens" in text
    assert pigeon.answers(said) == []


async def test_what_a_command_does_not_take_is_told_too(tmp_path: Path, pigeon: Pigeon) -> None:
    async with scene(tmp_path, pigeon=pigeon) as play:
        assert await pigeon.deliver(pigeon.ask("!set max_tokens many")) == 200
        [(_, text)] = await play.until(lambda: list(pigeon.notes.values()))
    assert "max_tokens" in text


@pytest.mark.parametrize("text", ["What is a heron?", "!set max_tokens 200"], ids=["question", "command"])
async def test_a_redelivery_is_answered_once(tmp_path: Path, pigeon: Pigeon, text: str) -> None:
    async with scene(tmp_path, pigeon=pigeon) as play:
        said = pigeon.ask(text)
        assert [await pigeon.deliver(said) for _ in range(3)] == [200, 200, 200]
        await play.until(lambda: pigeon.notes or pigeon.answers(said))
        await play.settled()
        assert len(play.model.asked) + len(pigeon.notes) == 1
    async with scene(tmp_path, pigeon=pigeon) as play:
        assert await pigeon.deliver(said) == 200
        await play.settled()
        assert play.model.asked == []
    assert len(pigeon.answers(said)) + len(pigeon.notes) == 1


async def test_what_people_say_to_each_other_is_left_alone(tmp_path: Path, pigeon: Pigeon) -> None:
    async with scene(tmp_path, pigeon=pigeon) as play:
        assert await pigeon.deliver(pigeon.say("Lunch?")) == 200
        await play.settled()
        assert play.model.asked == []
    assert len(pigeon.messages) == 1


async def test_a_deleted_message_is_gone_from_the_next_request(tmp_path: Path, pigeon: Pigeon) -> None:
    async with scene(tmp_path, pigeon=pigeon) as play:
        first = pigeon.ask("My key is 4711.")
        await pigeon.deliver(first)
        await play.settled()
        first.deleted = True
        assert await pigeon.deliver(first, kind="deletion", id="e-gone") == 200
        await pigeon.deliver(pigeon.ask("And now?", thread=first.id))
        await play.settled()
        before, *after = play.model.asked
    assert "4711" in str(before)
    assert after
    assert "4711" not in str(after)


@pytest.mark.parametrize(
    "signed",
    [
        pytest.param({"secret": "another"}, id="by-somebody-else"),
        pytest.param({"secret": ""}, id="with-nothing"),
        pytest.param({"late": REPLAY_SECONDS + 2}, id="too-long-ago"),
        pytest.param({"late": -REPLAY_SECONDS - 2}, id="in-the-future"),
    ],
)
async def test_what_pigeon_has_not_just_signed_is_refused(
    tmp_path: Path, pigeon: Pigeon, signed: dict[str, Any]
) -> None:
    async with scene(tmp_path, pigeon=pigeon) as play:
        said = pigeon.ask("What is a heron?")
        assert await pigeon.deliver(said, **signed) == 401
        await play.settled()
        assert play.model.asked == []
        assert await pigeon.deliver(said, late=REPLAY_SECONDS - 60) == 200
        await play.settled()
    assert len(pigeon.answers(said)) == 1


@pytest.mark.parametrize(
    "headers",
    [{}, {"X-Pigeon-Time": "soon"}, {"X-Pigeon-Time": "1\u00b2", "X-Pigeon-Signature": "\u00fc"}],
    ids=["unsigned", "no-time", "no-digits"],
)
async def test_a_request_of_anybody_is_refused(tmp_path: Path, pigeon: Pigeon, headers: dict[str, str]) -> None:
    async with scene(tmp_path, pigeon=pigeon), httpx.AsyncClient() as client:
        encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
        assert (await client.post(pigeon.webhook, content=b"{}", headers=encoded)).status_code == 401


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"{}", b'{"type": "message", "text": 7}', b"\xff"], ids=repr)
async def test_what_is_no_event_is_refused_and_nothing_breaks(tmp_path: Path, pigeon: Pigeon, body: bytes) -> None:
    now = str(round(time.time()))
    headers = {"X-Pigeon-Time": now, "X-Pigeon-Signature": signature_of(SECRET, now, body)}
    async with scene(tmp_path, pigeon=pigeon) as play:
        async with httpx.AsyncClient() as client:
            assert (await client.post(pigeon.webhook, content=body, headers=headers)).status_code == 400
        said = pigeon.ask("What is a heron?")
        assert await pigeon.deliver(said) == 200
        await play.settled()
    assert len(pigeon.answers(said)) == 1


async def test_without_a_secret_nothing_is_listened_to(pigeon: Pigeon) -> None:
    async with open_platforms([joined(pigeon, pigeon_secret=None)], Settings(), None, clock=utc_now) as opened:  # type: ignore[arg-type]  # the store is not used
        with pytest.raises(ConfigError, match="PIGEON_SECRET"):
            await opened[SPEC.name].run(None)  # type: ignore[arg-type]  # nor is the bot
