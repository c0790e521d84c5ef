"""What could not be stored is heard again by itself, answered once, and told as it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from adapters.discord.events.messages import NOT_TAKEN
from bot.errors import StorageUnavailable
from bot.types import HandleResult, Incoming
from tests.fakes import words
from tests.integration.discord.scene import Scene
from tests.integration.discord.test_commands import commands_there, text_of

Handle = Callable[[Incoming], Awaitable[HandleResult]]


@pytest.mark.parametrize("is_stored", [False, True], ids=["not stored", "stored, and the reply of the database lost"])
async def test_it_is_answered_once_though_nobody_sends_it_again(scene: Scene, is_stored: bool) -> None:
    scene.model.scripts += [words("Well.")]
    async with scene.bot():
        core: Any = scene.core
        handle: Handle = core.inbox.handle
        outages = [StorageUnavailable("away")]

        async def handled(incoming: Incoming) -> HandleResult:
            if not outages:
                return await handle(incoming)
            outage = outages.pop()
            if is_stored:
                await handle(incoming)
            raise outage

        core.inbox.handle = handled
        asked = scene.mention("Why?")
        thread = await scene.thread_of(asked)
        await scene.done(thread)
        await scene.until(lambda: scene.answers(scene.general))
        await scene.closed()
        assert [message.content for message in scene.answers(scene.general)] == [NOT_TAKEN]
        assert len(scene.answers(thread)) == 1
        assert len(scene.model.asked) == 1


async def test_people_who_talk_with_each_other_are_told_nothing(scene: Scene) -> None:
    scene.model.scripts += [words("Well.")]
    async with scene.bot():
        core: Any = scene.core
        handle: Handle = core.inbox.handle
        heard: list[str] = []

        async def handled(incoming: Incoming) -> HandleResult:
            heard.append(incoming.text)
            if len(heard) == 1:
                raise StorageUnavailable("away")
            return await handle(incoming)

        core.inbox.handle = handled
        scene.discord.say(scene.ada, scene.general, "lunch?")
        await scene.until(lambda: heard == ["lunch?", "lunch?"])
        assert scene.answers(scene.general) == []


async def test_what_was_done_is_told_so_though_the_database_is_away_afterwards(scene: Scene) -> None:
    """In place of what was told, people would read that it could not be saved, and a question would be taken back."""
    scene.model.scripts += [words("Well.")]
    async with scene.bot():
        await commands_there(scene)
        core: Any = scene.core
        store = core.store
        note, told = store.mark_answered, list[str]()

        async def mark_answered(platform: str, dedupe_key: str) -> None:
            told.append(dedupe_key)
            if len(told) <= 2:
                raise StorageUnavailable("away")
            await note(platform, dedupe_key)

        store.mark_answered = mark_answered
        setting = scene.discord.slash(scene.ada, scene.general, "set", {"parameter": "max_tokens", "value": "40"})
        await setting.shown()
        await scene.until(lambda: told)
        asked = scene.discord.slash(scene.ada, scene.general, "ask", {"question": "Why?"})
        await scene.done(scene.general)
    assert "is now `40`" in text_of(setting)
    assert "Well." in text_of(asked)
