"""Who adds the bot to a channel is told how to ask it: they alone, and once for each channel."""

from __future__ import annotations

import pytest

from bot.parameters import Scope
from tests.emulators.slack import Channel, Person
from tests.integration.slack.scene import Scene, scene
from tests.integration.slack.test_commands import whispered
from tests.integration.slack.test_messages import set_for_all
from tests.integration.slack.test_policy import stranger_in


async def added(play: Scene, by: Person | None, name: str = "birds") -> Channel:
    """A channel that somebody brings the bot into."""
    slack = play.slack
    channel = slack.channel(name, slack.ada, slack.ben, bot=False)
    await slack.join(channel, slack.bot, by)
    await play.settled()
    return channel


@pytest.mark.parametrize("name", ["birds", "fish"])
async def test_who_adds_the_bot_is_told_how_to_ask_and_where_help_is(name: str) -> None:
    async with scene() as play:
        slack = play.slack
        channel = await added(play, slack.ada, name)
        await play.until(lambda: slack.whispers)
        (hello,) = slack.whispers
        assert (hello.channel, hello.only_for) == (channel, slack.ada)
        how, help = slack.shown(hello).splitlines()
        assert "Mention me" in how
        assert "/seed help" in help
        assert slack.messages(channel) == []
        assert slack.violations == []


async def test_it_is_said_once_for_each_channel_however_often_the_bot_is_added() -> None:
    async with scene() as play:
        slack = play.slack
        slack.deliveries.copies = 2
        channel = await added(play, slack.ada)
        await slack.join(channel, slack.bot, slack.ben)
        await play.settled()
        await added(play, slack.ben, "fish")
        await play.until(lambda: len(slack.whispers) > 1)
        assert [whisper.only_for for whisper in slack.whispers] == [slack.ada, slack.ben]


async def test_it_is_not_said_where_it_is_switched_off() -> None:
    async with scene() as play:
        await set_for_all(play, hello="no")
        await added(play, play.slack.ada)
        await play.store.put_setting(Scope(kind="workspace", key=f"slack/{play.slack.team.id}"), "hello", "yes")
        await added(play, play.slack.ben, "fish")
        await play.until(lambda: play.slack.whispers)
        assert [whisper.only_for for whisper in play.slack.whispers] == [play.slack.ben]


@pytest.mark.parametrize("who", ["nobody", "the bot", "a stranger"])
async def test_it_is_said_to_nobody_else(who: str) -> None:
    async with scene() as play:
        slack = play.slack
        by = {"nobody": None, "the bot": slack.bot, "a stranger": stranger_in(slack)}[who]
        await added(play, by)
        assert whispered(slack) == ""


async def test_people_who_come_are_not_greeted() -> None:
    async with scene() as play:
        slack = play.slack
        await slack.join(slack.general, slack.person("Eve"), slack.ada)
        await play.settled()
        assert slack.whispers == []
