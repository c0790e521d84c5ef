"""Messages with more than text, as other apps and people's clients write them: delivered, and in the history."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from adapters.discord.events.parse import no_names
from adapters.discord.message_content import read_content
from adapters.discord.payloads import Message
from bot.chat.message_markdown import render
from tests.emulators.discord import DiscordEmulator
from tests.emulators.discord.world import Channel, User
from tests.integration.discord_emulator.bots import NO_CONTENT, Bot, discord_, joined
from tests.message_cases import cases, unseen

Json = dict[str, Any]


class Scene:
    """A channel with a person and another app in it, and what the bot's connection is told of it."""

    def __init__(self, here: DiscordEmulator, bot: Bot, people: tuple[User, User], general: Channel) -> None:
        self.here = here
        self.bot = bot
        self.anna, self.robot = people
        self.general = general
        self.told: list[Json] = []

    async def latest(self) -> list[Json]:
        """The newest message as it was delivered and as it stands in the history."""
        id = str(self.general.last_message_id)
        await self.bot.until(lambda: self.told and self.told[-1]["id"] == id)
        (stored, *_) = await self.bot.http.logs_from(self.general.id, 1)
        return [self.told[-1], dict(stored)]


@asynccontextmanager
async def scene(**options: Any) -> AsyncIterator[Scene]:
    async with discord_() as here:
        anna, robot = here.person("anna"), here.person("robot")
        robot.bot = True
        general = here.channel(here.guild("home", anna, robot), "general")
        async with joined(here, **options) as bot:
            play = Scene(here, bot, (anna, robot), general)

            def keep(data: Any) -> None:
                play.told.append(data)
                bot.changed.set()

            bot._connection.parsers["MESSAGE_CREATE"] = keep  # discord.py loses parts of messages
            yield play


async def test_messages_of_any_parts_are_delivered_and_in_the_history() -> None:
    async with scene() as play:
        for case in cases("discord"):
            if "content" not in case["message"] or "forum" in case["message"]:
                continue
            play.here.send(play.robot, play.general, case["message"])
            for told in await play.latest():
                assert unseen(case["model_sees"], render(read_content(Message.read(told), no_names))) == [], case["id"]


async def test_a_forward_keeps_what_was_said_without_its_author() -> None:
    async with scene() as play:
        said = play.here.send(play.robot, play.general, {"content": "", "embeds": [{"title": "Build 812 failed"}]})
        play.here.forward(play.anna, said, play.general)
        for told in await play.latest():
            assert told["message_reference"]["type"] == 1
            assert render(read_content(Message.read(told), no_names)) == "> [forwarded]\n> [card] Build 812 failed"


async def test_a_reply_to_a_message_without_text_names_it() -> None:
    async with scene() as play:
        poll: Json = {"question": {"text": "Where?"}, "answers": [], "expiry": None, "layout_type": 1}
        poll |= {"allow_multiselect": False, "results": {"is_finalized": False, "answer_counts": []}}
        asked = play.here.send(play.robot, play.general, {"poll": poll})
        play.here.say(play.anna, play.general, "Here", reply_to=asked)
        for told in await play.latest():
            shown = render(read_content(Message.read(told), no_names))
            assert shown == "[in reply to robot: (poll, open) Where?]\nHere"


async def test_without_the_intent_only_what_is_meant_for_the_bot_is_told() -> None:
    async with scene(intents=NO_CONTENT) as play:
        said = play.here.send(play.anna, play.general, {"content": "psst", "embeds": [{"title": "x"}]})
        play.here.forward(play.anna, said, play.general)
        told, stored = await play.latest()
        assert render(read_content(Message.read(told), no_names)) == ""
        assert "psst" in render(read_content(Message.read(stored), no_names))  # the portal's switch is on
