"""Messages as a bot writes, reads, changes and loses them."""

from __future__ import annotations

import io

import aiohttp
import discord
import pytest

from tests.emulators.discord import CannotDo
from tests.emulators.discord.faults import Kind
from tests.integration.discord_emulator.bots import discord_, joined, rest_of

MESSAGES = "/channels/{channel_id}/messages"


async def test_a_conversation_is_seen_by_both_sides() -> None:
    async with discord_() as here:
        anna = here.person("anna")
        general = here.channel(here.guild("home", anna), "general")
        async with joined(here) as bot:
            asked = here.say(anna, general, f"hello {here.mention()}")
            await bot.until(lambda: bot.messages)
            answer = await bot.messages[0].reply("hello **anna**")
            await bot.until(lambda: len(bot.messages) == 2)
            assert answer.reference is not None
            assert answer.reference.message_id == asked.id
            assert bot.messages[1].id == answer.id
            await bot.channel(general).get_partial_message(answer.id).edit(content="changed")
            here.edit(anna, asked, "hello again")
            await bot.until(lambda: len(bot.edits) == 2)
        seen = here.transcript(general)
        assert seen.texts == ["hello again", "changed"]
        assert [message.edits for message in seen.messages] == [1, 1]
        assert here.edits_of(general.messages[answer.id]) == ["hello **anna**", "changed"]
        assert seen.messages[1].reply_to == asked.id


async def test_history_is_read_in_pages_in_both_directions() -> None:
    async with discord_() as here:
        anna = here.person("anna")
        general = here.channel(here.guild("home", anna), "general")
        said = [here.say(anna, general, str(number)) for number in range(150)]
        async with joined(here) as bot:
            place = bot.channel(general)
            assert [message.content async for message in place.history(limit=None)] == [
                str(n) for n in range(149, -1, -1)
            ]
            oldest = [message.content async for message in place.history(limit=3, oldest_first=True)]
            assert oldest == ["0", "1", "2"]
            around = [message.content async for message in place.history(limit=5, around=discord.Object(said[70].id))]
            assert around == ["72", "71", "70", "69", "68"]
            after = [message.content async for message in place.history(limit=2, after=discord.Object(said[10].id))]
            assert after == ["11", "12"]
            assert (await place.fetch_message(said[5].id)).content == "5"
        assert len(here.requests_to("GET", MESSAGES)) == 5


async def test_deleted_messages_are_gone_for_both_sides() -> None:
    async with discord_() as here:
        anna, ben = here.person("anna"), here.person("ben")
        general = here.channel(here.guild("home", anna, ben), "general")
        async with joined(here) as bot:
            said = here.say(anna, general, "oops")
            await bot.until(lambda: bot.messages)
            with pytest.raises(CannotDo):
                here.delete(ben, said)
            here.delete(anna, said)
            await bot.until(lambda: bot.deletions == [said.id])
            with pytest.raises(discord.NotFound) as gone:
                await bot.channel(general).fetch_message(said.id)
            assert gone.value.code == 10008
            with pytest.raises(discord.HTTPException) as refused:
                await bot.messages[0].reply("too late")
            assert refused.value.code == 50035
            own = await bot.channel(general).send("mine")
            await own.delete()
        assert here.transcript(general).messages == []


async def test_the_same_nonce_makes_one_message() -> None:
    async with discord_() as here:
        general = here.channel(here.guild("home"), "general")
        async with joined(here) as bot:
            first = await bot.channel(general).send("once", nonce="turn-1")
            again = await bot.channel(general).send("once", nonce="turn-1")
            other = await bot.channel(general).send("once", nonce="turn-2")
            assert first.id == again.id != other.id
            here.clock.advance(600)
            late = await bot.channel(general).send("once", nonce="turn-1")
            assert late.id not in {first.id, other.id}
        assert here.transcript(general).texts == ["once"] * 3


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
async def test_a_send_whose_connection_breaks_can_be_repeated_with_its_nonce(kind: Kind) -> None:
    async with discord_() as here:
        general = here.channel(here.guild("home"), "general")
        async with joined(here) as bot:
            here.fault(kind, method="POST", template=MESSAGES)
            with pytest.raises(aiohttp.ServerDisconnectedError):  # on Linux discord.py does not try again by itself
                await bot.channel(general).send("hello", nonce="turn-1")
            await bot.channel(general).send("hello", nonce="turn-1")
        assert here.transcript(general).texts == ["hello"]
        first, second = here.requests_to("POST", MESSAGES)
        assert (first.effect, first.status, first.fault) == (kind == "drop_after", 0, kind)
        assert (second.effect, second.status) == (True, 200)


async def test_files_travel_in_both_directions() -> None:
    async with discord_() as here:
        anna = here.person("anna")
        general = here.channel(here.guild("home", anna), "general")
        async with joined(here) as bot:
            here.say(anna, general, "look", attachments=[("notes.txt", "größer".encode())])
            await bot.until(lambda: bot.messages)
            [given] = bot.messages[0].attachments
            assert (given.filename, given.content_type) == ("notes.txt", "text/plain")
            assert (await given.read()).decode() == "größer"
            file = discord.File(io.BytesIO(b"a,b"), "table.csv", description="a table")
            sent = await bot.channel(general).send("here", file=file)
            assert await sent.attachments[0].read() == b"a,b"
            assert sent.attachments[0].description == "a table"
        assert here.transcript(general).messages[1].files == ["table.csv"]


@pytest.mark.parametrize(
    ("allowed", "pinged"),
    [
        pytest.param(discord.AllowedMentions.none(), set(), id="none"),
        pytest.param(discord.AllowedMentions(users=True, everyone=False, roles=False), {"anna"}, id="users"),
        pytest.param(discord.AllowedMentions(everyone=True, users=False, roles=False), {"everyone"}, id="everyone"),
    ],
)
async def test_only_what_is_allowed_pings(allowed: discord.AllowedMentions, pinged: set[str]) -> None:
    async with discord_() as here:
        anna = here.person("anna")
        general = here.channel(here.guild("home", anna), "general")
        here.allow(general, "mention_everyone")
        async with joined(here) as bot:
            text = f"@everyone and {anna.name} <@{anna.id}>, not `<@{anna.id}>`"
            await bot.channel(general).send(text, allowed_mentions=allowed)
        names = {here.users[item].name if isinstance(item, int) else item for item in here.pinged_by_bot()}
        assert names == pinged
        assert bool(here.pings(anna)) == bool(pinged)


async def test_a_reply_pings_its_author_only_when_asked_to() -> None:
    async with discord_() as here:
        anna = here.person("anna")
        general = here.channel(here.guild("home", anna), "general")
        async with joined(here) as bot:
            here.say(anna, general, "hello")
            await bot.until(lambda: bot.messages)
            await bot.messages[0].reply("quiet")
            await bot.messages[0].reply("loud", mention_author=True)
            await bot.messages[0].reply("loud but silent", mention_author=True, silent=True)
        assert [ping.content for ping in here.pings(anna)] == ["loud"]


async def test_edits_bring_previews_back_unless_their_flags_forbid_it() -> None:
    async with discord_() as here:
        general = here.channel(here.guild("home"), "general")
        async with joined(here) as bot:
            sent = await bot.channel(general).send("see https://example.org/a", suppress_embeds=True)
            assert here.fetched_links() == []
            await bot.channel(general).get_partial_message(sent.id).edit(content="see https://example.org/b")
            assert here.transcript(general).messages[0].suppressed
            await sent.edit(content="see https://example.org/c and <https://example.org/d>")
            assert here.fetched_links() == ["https://example.org/c"]
            await sent.edit(content="see https://example.org/c", suppress=True)
            assert here.fetched_links() == []


async def test_a_preview_is_told_as_an_update_that_is_no_edit() -> None:
    async with discord_() as here:
        anna = here.person("anna")
        general = here.channel(here.guild("home", anna), "general")
        async with joined(here) as bot:
            here.say(anna, general, "see https://example.org")
            await bot.until(lambda: bot.edits)
            assert bot.edits[0].data["edited_timestamp"] is None
            assert bot.edits[0].data["embeds"][0]["url"] == "https://example.org"


async def test_typing_shows_until_the_message_comes() -> None:
    async with discord_() as here:
        anna = here.person("anna")
        general = here.channel(here.guild("home", anna), "general")
        async with joined(here) as bot:
            await bot.channel(general).typing()
            assert here.transcript(general).typing == ["seedling"]
            here.clock.advance(11)
            assert here.transcript(general).typing == []
            await bot.channel(general).typing()
            await bot.channel(general).send("done")
            assert here.transcript(general).typing == []
        assert len(here.typed_at(general)) == 2


async def test_what_the_bot_may_not_do_is_refused_in_discords_words() -> None:
    async with discord_() as here:
        anna = here.person("anna")
        home = here.guild("home", anna, channels=("general", "secret", "old"))
        general, secret, old = (here.channel(home, name) for name in ("general", "secret", "old"))
        said = here.say(anna, general, "hello")
        here.deny(general, "send_messages")
        here.deny(secret, "view_channel")
        here.deny(old, "read_message_history")
        here.say(anna, old, "before")
        async with joined(here) as bot, rest_of(here) as ask:
            assert {channel.name for channel in bot.guilds[0].text_channels} == {"general", "old"}
            for method, path, status, code in (
                ("POST", f"/channels/{general.id}/messages", 403, 50013),
                ("POST", f"/channels/{secret.id}/messages", 403, 50001),
                ("POST", "/channels/1/messages", 404, 10003),
                ("PATCH", f"/channels/{general.id}/messages/{said.id}", 403, 50005),
                ("DELETE", f"/channels/{general.id}/messages/{said.id}", 403, 50013),
            ):
                answer = await ask(method, path, {"content": "x"})
                assert (answer[0], answer[1]["code"]) == (status, code)
            assert (await ask("GET", f"/channels/{old.id}/messages"))[1] == []


async def test_reactions_are_told_and_counted() -> None:
    async with discord_() as here:
        anna = here.person("anna")
        general = here.channel(here.guild("home", anna), "general")
        async with joined(here) as bot:
            said = here.say(anna, general, "hello")
            await bot.until(lambda: bot.messages)
            await bot.messages[0].add_reaction("👀")
            here.react(anna, said, "👀")
            await bot.messages[0].remove_reaction("👀", bot.user)  # type: ignore[arg-type]  # it is there
        assert here.transcript(general).messages[0].reactions == ["👀 1"]


async def test_messages_are_found_by_their_text() -> None:
    async with discord_() as here:
        anna = here.person("anna")
        home = here.guild("home", anna)
        said = here.say(anna, here.channel(home, "general"), "the Needle")
        here.say(anna, here.channel(home, "general"), "hay")
        async with rest_of(here) as ask:
            _, found, _ = await ask("GET", f"/guilds/{home.id}/messages/search?content=needle")
        assert [message[0]["id"] for message in found["messages"]] == [str(said.id)]
