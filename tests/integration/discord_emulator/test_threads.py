"""Threads and forum posts."""

from __future__ import annotations

import discord
import pytest

from tests.integration.discord_emulator.bots import Bot, discord_, joined


async def test_the_thread_of_a_message_has_its_id_and_exists_once() -> None:
    async with discord_() as here:
        anna = here.person("anna")
        general = here.channel(here.guild("home", anna), "general")
        async with joined(here) as bot:
            asked = here.say(anna, general, "hello")
            await bot.until(lambda: bot.messages)
            thread = await bot.messages[0].create_thread(name="talk", auto_archive_duration=1440)
            assert thread.id == asked.id
            with pytest.raises(discord.HTTPException) as twice:
                await bot.messages[0].create_thread(name="talk")
            assert twice.value.code == 160004
            fetched = await bot.fetch_channel(asked.id)
            assert isinstance(fetched, discord.Thread)
            assert (fetched.name, fetched.owner_id, fetched.parent_id) == ("talk", here.bot.id, general.id)
            await thread.send("in here")
            here.say(anna, here.channels[thread.id], "me too")
            await bot.until(lambda: "me too" in bot.heard)
            assert isinstance(bot.messages[-1].channel, discord.Thread)
            assert (await bot.channel(general).fetch_message(asked.id)).flags.has_thread
        assert here.transcript(here.channels[thread.id]).texts == ["", "in here", "me too"]


async def test_a_thread_of_its_own_is_announced_or_private() -> None:
    async with discord_() as here:
        anna = here.person("anna")
        general = here.channel(here.guild("home", anna), "general")
        async with joined(here) as bot:
            await bot.channel(general).create_thread(name="open", type=discord.ChannelType.public_thread)
            private = await bot.channel(general).create_thread(name="closed", invitable=False)
            assert private.is_private()
            await private.add_user(discord.Object(anna.id))
            assert {member.id for member in await private.fetch_members()} == {anna.id, here.bot.id}
            active = await bot.guilds[0].active_threads()
            assert [item.name for item in active] == ["closed", "open"]
        assert here.transcript(general).texts == ["open"]


async def test_a_private_thread_is_seen_only_by_those_in_it() -> None:
    async with discord_() as here:
        anna = here.person("anna")
        general = here.channel(here.guild("home", anna), "general")
        async with joined(here) as bot:
            thread = here.open_thread(anna, general, "ours")
            thread.type = 12
            here.say(anna, thread, "hidden")
            here.add_bot(thread)
            here.say(anna, thread, "seen")
            await bot.until(lambda: bot.heard[-1:] == ["seen"])
            assert "hidden" not in bot.heard


async def test_a_forum_post_begins_with_a_message_of_its_own_id() -> None:
    async with discord_() as here:
        anna = here.person("anna")
        forum = here.forum(here.guild("home", anna), "questions", tags=("billing", "other"))
        async with joined(here) as bot:
            post = here.post(anna, forum, "how?", "how does it work?", tags=["billing"])
            await bot.until(lambda: bot.messages)
            assert bot.messages[0].id == bot.messages[0].channel.id == post.id
            assert isinstance(bot.messages[0].channel, discord.Thread)
            assert [tag.name for tag in bot.messages[0].channel.applied_tags] == ["billing"]
            known = bot.channel(forum)
            made = await known.create_thread(name="news", content="read this", applied_tags=[known.available_tags[1]])
            assert made.thread.id == made.message.id
        assert here.transcript(here.channels[made.thread.id]).texts == ["read this"]


async def test_writing_wakes_an_archived_thread_unless_it_is_locked() -> None:
    async with discord_() as here:
        anna = here.person("anna")
        general = here.channel(here.guild("home", anna), "general")
        async with joined(here) as bot:
            thread = here.thread(anna, here.say(anna, general, "hello"), "talk")
            await bot.until(lambda: bot.threads_seen)
            here.archive(thread)
            await bot.channel(thread).send("awake")
            assert thread.thread
            assert not thread.thread.archived
            here.archive(thread, locked=True)
            with pytest.raises(discord.HTTPException) as locked:
                await bot.channel(thread).send("still there?")
            assert locked.value.code == 50083


async def test_permissions_of_threads_are_their_own() -> None:
    async with discord_() as here:
        anna = here.person("anna")
        general = here.channel(here.guild("home", anna), "general")
        here.deny(general, "send_messages_in_threads", "create_public_threads")
        async with joined(here) as bot:
            thread = here.thread(anna, here.say(anna, general, "hello"), "talk")
            await bot.until(lambda: bot.threads_seen)
            for attempt in (bot.channel(thread).send("no"), _open(bot, general)):
                with pytest.raises(discord.Forbidden) as refused:
                    await attempt
                assert refused.value.code == 50013
            await bot.channel(general).send("but here")


async def _open(bot: Bot, place: object) -> None:
    await bot.channel(place).create_thread(name="no", type=discord.ChannelType.public_thread)


async def test_a_thread_is_renamed_and_archived_by_its_owner() -> None:
    async with discord_() as here:
        anna = here.person("anna")
        general = here.channel(here.guild("home", anna), "general")
        async with joined(here) as bot:
            here.say(anna, general, "hello")
            await bot.until(lambda: bot.messages)
            thread = await bot.messages[0].create_thread(name="talk")
            await thread.edit(name="better", archived=True)
            archived = [item.name async for item in bot.channel(general).archived_threads()]
            assert archived == ["better"]
