"""Files that people attach, fetched from Discord."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from adapters.discord.api.messages import attachments_of
from adapters.discord.payloads import Message
from adapters.discord.platform import DiscordPlatform
from bot.errors import FileGone, FileTooLarge, PlatformError
from bot.types import Attachment, ConversationKey, MessageRef
from tests.emulators.discord import posting
from tests.integration.discord.scene import Scene
from tests.integration.discord.test_lasting import platform_on


@pytest.fixture
async def platform(scene: Scene) -> AsyncIterator[DiscordPlatform]:
    opened = platform_on(scene.discord)
    yield opened
    await opened.aclose()


@pytest.fixture
def attached(scene: Scene) -> Attachment:
    message = scene.discord.say(scene.ada, scene.general, "look", attachments=[("a.bin", b"12345")])
    (found,) = attachments_of(Message.read(posting.shown_payload(scene.discord, message)))
    return found


async def test_a_file_comes_whole(platform: DiscordPlatform, attached: Attachment) -> None:
    assert (attached.name, attached.size) == ("a.bin", 5)
    assert await platform.fetch(attached, limit=5) == b"12345"


async def test_a_file_over_the_limit_is_refused_whatever_size_is_stated(
    platform: DiscordPlatform, attached: Attachment
) -> None:
    with pytest.raises(FileTooLarge):
        await platform.fetch(replace(attached, size=1), limit=4)


async def test_a_file_that_is_gone_is_the_platforms_error(platform: DiscordPlatform, attached: Attachment) -> None:
    with pytest.raises(FileGone, match="404"):
        await platform.fetch(replace(attached, url=attached.url.replace(attached.id, "1")), limit=5)


async def test_where_its_address_has_expired_a_file_is_found_by_way_of_its_message(
    scene: Scene, platform: DiscordPlatform
) -> None:
    message = scene.discord.say(scene.ada, scene.general, "look", attachments=[("a.bin", b"12345")])
    (attached,) = attachments_of(Message.read(posting.shown_payload(scene.discord, message)))
    key = ConversationKey(platform="discord", workspace="1", channel=str(scene.general.id), thread=str(message.id))
    of = MessageRef(key=key, message_id=str(message.id))
    message.attachments[0].signature += 1
    assert await platform.fetch(attached, limit=5, of=of) == b"12345"
    message.deleted = True
    with pytest.raises(FileGone):
        await platform.fetch(attached, limit=5, of=of)


async def test_no_file_is_fetched_from_elsewhere(platform: DiscordPlatform, attached: Attachment) -> None:
    with pytest.raises(PlatformError, match="file servers"):
        await platform.fetch(replace(attached, url="http://127.0.0.1:9/a.bin"), limit=5)
