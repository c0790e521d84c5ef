"""The gateway as discord.py meets it."""

from __future__ import annotations

import asyncio

import discord
import pytest
from aiohttp import WSMsgType

from tests.emulators.discord import TOKEN
from tests.integration.discord_emulator.bots import (
    NO_CONTENT,
    Bot,
    discord_,
    gateway_socket,
    identify,
    joined,
    pointed_at,
)

PRESENCE = {"op": 3, "d": {"since": None, "activities": [], "status": "online", "afk": False}}


async def test_a_bot_connects_and_knows_its_servers() -> None:
    async with discord_() as here:
        anna = here.person("anna")
        here.guild("home", anna, channels=("general", "ideas"))
        here.guild("elsewhere", bot=False)
        async with joined(here) as bot:
            assert [guild.name for guild in bot.guilds] == ["home"]
            assert [channel.name for channel in bot.guilds[0].channels] == ["general", "ideas"]
            assert bot.guilds[0].me.guild_permissions.create_public_threads
            assert not bot.guilds[0].me.guild_permissions.administrator
        assert [(item.shard, item.accepted) for item in here.identifies] == [(0, True)]
        assert not here.sessions


async def test_a_wrong_token_is_refused_by_rest_and_gateway() -> None:
    async with discord_() as here:
        bot = Bot()
        with pointed_at(here), pytest.raises(discord.LoginFailure):
            await bot.start("wrong")
        await bot.close()
        async with gateway_socket(here) as socket:
            await socket.send_json(identify(token="wrong"))
            await socket.receive()
            assert socket.close_code == 4004


async def test_an_intent_that_the_portal_has_not_switched_on_is_refused() -> None:
    async with discord_(message_content=False) as here:
        with pytest.raises(discord.PrivilegedIntentsRequired):
            async with joined(here):
                pass
        async with joined(here, intents=NO_CONTENT) as bot:
            assert bot.application_flags.gateway_message_content_limited is False


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        pytest.param({"op": 99, "d": None}, 4002, id="no-such-opcode"),
        pytest.param(
            {"op": 3, "d": {"since": None, "activities": [], "status": "online", "afk": False}}, 4003, id="early"
        ),
        pytest.param({"op": 2, "d": {}}, 4002, id="not-as-specified"),
        pytest.param(identify(shard=[2, 2]), 4010, id="no-such-shard"),
        pytest.param(identify(intents=1 << 30), 4013, id="no-such-intent"),
        pytest.param(identify(intents=1 << 1), 4014, id="not-switched-on"),
    ],
)
async def test_frames_that_cannot_be_accepted_close_the_connection(frame: object, code: int) -> None:
    async with discord_() as here, gateway_socket(here) as socket:
        await socket.send_json(frame)
        await socket.receive()
        assert socket.close_code == code


async def test_a_second_identify_closes_the_connection() -> None:
    async with discord_() as here, gateway_socket(here) as socket:
        await socket.send_json(identify())
        assert (await socket.receive_json())["t"] == "READY"
        await socket.send_json(identify())
        await socket.receive()
        assert socket.close_code == 4005


async def test_more_than_120_frames_a_minute_close_the_connection() -> None:
    async with discord_() as here, gateway_socket(here) as socket:
        for _ in range(121):
            await socket.send_json({"op": 1, "d": None})
        acknowledged = 0
        while (await socket.receive()).type != WSMsgType.CLOSE:
            acknowledged += 1
        assert (acknowledged, socket.close_code) == (120, 4008)


async def test_heartbeats_are_acknowledged() -> None:
    async with discord_(heartbeat_s=0.2) as here, joined(here) as bot:
        await here.until(lambda: here.report().frames_in >= 4)
        assert bot.latency < 10
        assert len(here.identifies) == 1


async def test_a_client_that_does_not_beat_is_dropped() -> None:
    async with discord_(heartbeat_s=0.05) as here, gateway_socket(here) as socket:
        await socket.send_json(identify())
        while (await socket.receive()).type != WSMsgType.CLOSE:
            pass
        assert socket.close_code == 4009


@pytest.mark.parametrize("compress", [True, False], ids=["zlib-stream", "plain"])
async def test_events_come_through_with_and_without_compression(compress: bool) -> None:
    async with discord_(compress=compress) as here:
        anna = here.person("anna")
        home = here.guild("home", anna)
        async with joined(here) as bot:
            for number in range(50):
                here.say(anna, here.channel(home, "general"), f"{number} 漢字 🌱")
            await bot.until(lambda: len(bot.messages) == 50)
            assert bot.heard == [f"{number} 漢字 🌱" for number in range(50)]


async def test_nothing_is_lost_when_the_connection_is_cut_again_and_again() -> None:
    async with discord_() as here:
        anna = here.person("anna")
        general = here.channel(here.guild("home", anna), "general")
        async with joined(here) as bot:
            for number in range(9):
                here.say(anna, general, f"{number} before")
                if number % 3 == 1:
                    await here.connected()
                    here.cut()
                here.say(anna, general, f"{number} after")
            await bot.until(lambda: len(bot.heard) == 18)
            assert bot.heard == [f"{number} {when}" for number in range(9) for when in ("before", "after")]
        assert here.gateway.resumes >= 1
        assert [item.accepted for item in here.identifies] == [True]


@pytest.mark.parametrize("seed", [1, 2])
async def test_nothing_is_lost_when_connections_are_cut_at_random_moments(seed: int) -> None:
    async with discord_() as here:
        anna = here.person("anna")
        general = here.channel(here.guild("home", anna), "general")
        async with joined(here) as bot:
            async with here.cutting(seed, between=(0.0, 0.05), times=3):
                for number in range(200):
                    here.say(anna, general, str(number))
                    await asyncio.sleep(0)
            await bot.until(lambda: len(bot.heard) == 200)
            assert bot.heard == [str(number) for number in range(200)]
        assert len(here.identifies) == 1
        assert 1 <= here.gateway.resumes <= 3  # a cut may come before the one before it was got over


async def test_a_request_to_reconnect_is_followed_by_a_resume() -> None:
    async with discord_() as here:
        anna = here.person("anna")
        general = here.channel(here.guild("home", anna), "general")
        async with joined(here) as bot:
            here.reconnect()
            here.say(anna, general, "meanwhile")
            await bot.until(lambda: bot.resumed and bot.heard)
            assert bot.heard == ["meanwhile"]
        assert (here.gateway.resumes, len(here.identifies)) == (1, 1)


@pytest.mark.parametrize("resumable", [True, False])
async def test_an_invalid_session_is_resumed_only_when_it_may_be(resumable: bool) -> None:
    async with discord_() as here:
        anna = here.person("anna")
        general = here.channel(here.guild("home", anna), "general")
        async with joined(here) as bot:
            here.invalidate(resumable=resumable)
            here.say(anna, general, "in between")
            await here.until(lambda: here.gateway.resumes or len(here.identifies) == 2, seconds=20)
            await here.connected()
            here.say(anna, general, "later")
            await bot.until(lambda: "later" in bot.heard)
            assert bot.heard == (["in between", "later"] if resumable else ["later"])


async def test_a_session_that_missed_too_much_cannot_be_resumed() -> None:
    async with discord_(resume_events=5) as here:
        anna = here.person("anna")
        general = here.channel(here.guild("home", anna), "general")
        async with joined(here) as bot:
            here.cut()
            for number in range(10):
                here.say(anna, general, str(number))
            await here.until(lambda: len(here.identifies) == 2, seconds=20)
            await here.connected()
            here.say(anna, general, "later")
            await bot.until(lambda: "later" in bot.heard)
            assert bot.heard == ["later"]
        assert here.gateway.failed_resumes == 1


async def test_servers_and_direct_messages_go_to_their_shards() -> None:
    async with discord_(shards=3, guilds=30) as here:
        anna = here.person("anna")
        async with joined(here) as bot:
            assert bot.shard_count == 3
            await bot.until(lambda: len(bot.guilds) == 30)
            assert {guild.shard_id for guild in bot.guilds} == {0, 1, 2}
            here.say(anna, here.dm(anna), "hello")
            await bot.until(lambda: bot.messages)
            assert bot.messages[0].guild is None
            told = {session.shard: [one["t"] for one in session.log] for session in here.sessions}
        assert "MESSAGE_CREATE" in told[0]
        assert "MESSAGE_CREATE" not in told[1] + told[2]


async def test_identifies_that_come_too_soon_are_told_and_counted() -> None:
    async with discord_(identify_interval_s=60.0) as here:
        async with gateway_socket(here) as first:
            await first.send_json(identify())
            assert (await first.receive_json())["t"] == "READY"
            async with gateway_socket(here) as second:
                await second.send_json(identify())
                assert await second.receive_json() == {"op": 9, "d": False, "s": None, "t": None}
                here.clock.advance(61)
                await second.send_json(identify())
                assert (await second.receive_json())["t"] == "READY"
        assert [item.accepted for item in here.identifies] == [True, False, True]
        assert len(here.storms) == 1
        assert here.gateway.starts_left() == 997


async def test_two_processes_with_the_same_shard_hear_the_same() -> None:
    async with discord_() as here:
        anna = here.person("anna")
        general = here.channel(here.guild("home", anna), "general")
        async with joined(here) as blue, joined(here) as green:
            said = here.say(anna, general, "hello")
            await blue.until(lambda: blue.messages)
            await green.until(lambda: green.messages)
            assert blue.messages[0].id == green.messages[0].id == said.id


async def test_a_server_that_the_bot_joins_or_leaves_is_told() -> None:
    async with discord_() as here:
        anna = here.person("anna")
        home = here.guild("home", anna, bot=False)
        async with joined(here) as bot:
            here.say(anna, here.channel(home, "general"), "not for the bot")
            here.invite(home)
            await bot.until(lambda: bot.guilds)
            here.say(anna, here.channel(home, "general"), "for the bot")
            await bot.until(lambda: bot.messages)
            assert bot.heard == ["for the bot"]
            here.kick(home)
            await bot.until(lambda: not bot.guilds)


async def test_a_thousand_servers_come_at_the_start() -> None:
    async with discord_(guilds=1_000) as here, joined(here, max_messages=None, chunk_guilds_at_startup=False) as bot:
        assert len(bot.guilds) == 1_000
        assert TOKEN not in str(here.report())


@pytest.mark.parametrize("intents", [NO_CONTENT, discord.Intents(33281 | 4096)], ids=["without", "with"])
async def test_content_is_empty_without_the_intent_unless_it_concerns_the_bot(intents: discord.Intents) -> None:
    async with discord_() as here:
        anna = here.person("anna")
        general = here.channel(here.guild("home", anna), "general")
        async with joined(here, intents=intents) as bot:
            own = await bot.channel(general).send("mine")
            bots_message = general.messages[own.id]
            here.say(anna, general, "plain", attachments=[("a.txt", b"text")])
            here.say(anna, general, f"for {here.mention()}")
            here.say(anna, general, "pinging reply", reply_to=bots_message)
            here.say(anna, general, "silent reply", reply_to=bots_message, ping=False)
            here.say(anna, here.dm(anna), "direct")
            await bot.until(lambda: len(bot.messages) == 6)
        readable = intents.message_content
        assert bot.messages[0].content == "mine"
        assert bot.heard == [
            "plain" if readable else "",
            f"for {here.mention()}",
            "pinging reply",
            "silent reply" if readable else "",
            "direct",
        ]
        assert [len(message.attachments) for message in bot.messages] == [0, int(readable), 0, 0, 0, 0]
