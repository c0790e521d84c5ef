"""Answers of many messages: a first page and a file, seen once whatever happens in between."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest

from adapters.discord.platform import DiscordPlatform
from bot.types import ANSWER_MESSAGES, Draft, Source, Turn
from tests.emulators.discord.world import Channel, Message
from tests.integration.discord.scene import Scene
from tests.integration.discord.test_lasting import MESSAGES, long_text, platform_on, turn_at

LONG = long_text(300)
SOURCES = (Source(url="https://a.example/b", title="A page"),)


@dataclass(kw_only=True)
class Talk:
    """A question in a direct message, and the bot that answers it."""

    scene: Scene
    platform: DiscordPlatform
    place: Channel
    turn: Turn

    def answers(self) -> list[Message]:
        return [item for item in self.place.shown() if item.app_sent]


@pytest.fixture
async def talk(scene: Scene) -> AsyncIterator[Talk]:
    place = scene.discord.dm(scene.ada)
    question = scene.discord.say(scene.ada, place, "tell me everything")
    platform = platform_on(scene.discord)
    yield Talk(scene=scene, platform=platform, place=place, turn=turn_at(place, question))
    await platform.aclose()


async def finished(talk: Talk, turn: Turn, text: str) -> str:
    reply = await talk.platform.open_reply(turn)
    return await reply.finish(Draft(status="done", text=text, sources=SOURCES))


async def test_it_grows_in_messages_and_ends_as_a_page_and_a_file(talk: Talk) -> None:
    reply = await talk.platform.open_reply(talk.turn)
    for end in range(0, len(LONG), 4_000):
        await reply.show(Draft(status="writing", text=LONG[:end]))
    assert len(talk.answers()) == 5
    assert "comes as a file" in talk.answers()[-1].content
    await reply.finish(Draft(status="done", text=LONG, sources=SOURCES))
    (page,) = talk.answers()
    assert page.content.startswith("Paragraph 0")
    assert "the whole answer is in the file" in page.content
    (file,) = page.attachments
    assert file.data.decode().startswith(LONG)
    assert b"[A page](<https://a.example/b>)" in file.data


async def test_people_set_how_many_messages_it_may_have(talk: Talk) -> None:
    turn = talk.turn
    platform_data = {**turn.incoming.platform_data, ANSWER_MESSAGES: "50"}
    await finished(talk, replace(turn, incoming=replace(turn.incoming, platform_data=platform_data)), LONG)
    assert len(talk.answers()) > 5
    assert not any(message.attachments for message in talk.answers())


async def test_a_file_that_discord_refuses_keeps_no_answer_away(talk: Talk) -> None:
    talk.scene.discord.fault("refuse", method="POST", template=MESSAGES, status=403, code=50013)
    await finished(talk, talk.turn, LONG)
    shown = "".join(message.content for message in talk.answers())
    assert all(f"Paragraph {number} " in shown for number in range(300))


async def test_who_takes_over_after_a_crash_leaves_one_page_and_one_file(talk: Talk) -> None:
    await finished(talk, talk.turn, LONG)  # ended before its reference was noted
    await finished(talk, replace(talk.turn, epoch=2, attempt=2), LONG)
    (page,) = talk.answers()
    assert len(page.attachments) == 1


async def test_a_shorter_answer_in_its_place_takes_the_file_away(talk: Talk) -> None:
    reference = await finished(talk, talk.turn, LONG)
    await finished(talk, replace(talk.turn, id=8, reply_ref=reference), "Short.")
    (page,) = talk.answers()
    assert page.content.startswith("Short.")
    assert page.attachments == []
