"""Where a conversation stands, as Slack tells it."""

from __future__ import annotations

import pytest

from bot.errors import PlatformError
from bot.types import ConversationKey, Place
from tests.emulators.slack.world import Channel
from tests.fakes import words
from tests.integration.slack.scene import Scene, scene


def key_of(play: Scene, channel: Channel, thread: str = "1.1") -> ConversationKey:
    return ConversationKey(platform="slack", workspace=channel.team, channel=channel.id, thread=thread)


async def test_a_channel_has_its_name_and_its_topic_as_people_read_it() -> None:
    async with scene(listens=False) as play:
        play.slack.general.topic = "Peas &amp; beans: <https://peas.example|the plan>"
        place = await play.platform.describe(key_of(play, play.slack.general))
    assert place == Place(
        platform="Slack",
        workspace=play.slack.team.name,
        channel="#general",
        topic="Peas & beans: the plan",
        command="/seed ",
    )


async def test_direct_messages_have_no_name() -> None:
    async with scene(listens=False) as play:
        slack = play.slack
        alone = await play.platform.describe(key_of(play, slack.direct(slack.ada)))
        several = await play.platform.describe(key_of(play, slack.direct(slack.ada, slack.ben)))
    assert (alone.is_direct, alone.channel) == (True, "")
    assert (several.is_direct, several.channel) == (False, "")


async def test_a_channel_that_is_not_there_is_not_described() -> None:
    async with scene(listens=False) as play:
        gone = Channel(id="C0GONE", team=play.slack.general.team, name="gone")
        with pytest.raises(PlatformError):
            await play.platform.describe(key_of(play, gone))


async def test_two_threads_of_a_channel_are_asked_with_the_same_system_prompt() -> None:
    async with scene(words("One."), words("Two.")) as play:
        slack = play.slack
        slack.general.topic = "Peas"
        await slack.say(slack.ada, slack.general, f"{slack.mention()} one?")
        await play.settled()
        await slack.say(slack.ben, slack.general, f"{slack.mention()} two?")
        await play.settled()
    first, second = play.model.asked
    assert first.system_prompt == second.system_prompt
    assert '- Channel: "#general"' in first.system_prompt
    assert "`/seed help`" in first.system_prompt
