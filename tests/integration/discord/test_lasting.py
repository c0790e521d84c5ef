"""What happens again, later, twice or in another process."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.discord.api.client import DiscordOptions
from adapters.discord.events import stale_modals
from adapters.discord.platform import DiscordPlatform
from bot.app.clock import utc_now
from bot.errors import ConfigError
from bot.types import ConversationKey, Draft, Incoming, Person, Turn, TurnState
from storage.in_memory.store import MemoryStore
from tests.emulators.discord import DiscordEmulator
from tests.emulators.discord.world import SUPPRESS_EMBEDS, Channel, Message
from tests.fakes import words
from tests.integration.discord.scene import Scene, labels, options_for

MESSAGES = "/channels/{channel_id}/messages"


def platform_on(emulator: DiscordEmulator) -> DiscordPlatform:
    """The platform as a worker has it: over REST alone."""
    return DiscordPlatform(options_for(emulator), MemoryStore(clock=utc_now), clock=utc_now)


def turn_at(channel: Channel, message: Message, **changes: Any) -> Turn:
    """A question of a direct conversation."""
    asked = Incoming(
        key=ConversationKey(platform="discord", workspace=f"@{channel.id}", channel=str(channel.id), thread=""),
        dedupe_key=f"message:{message.id}",
        author=Person(id=str(message.author.id), name="Ada"),
        text=message.content,
        sent_at=message.at,
        message_id=str(message.id),
        platform_data={"channel": str(channel.id)},
    )
    given: dict[str, Any] = {"id": 7, "incoming": asked, "state": TurnState.RUNNING, "epoch": 1, "attempt": 1}
    return Turn(**given | changes)


def long_text(lines: int) -> str:
    return "\n\n".join(f"Paragraph {number} tells a little more than nothing at all." for number in range(lines))


async def test_an_answer_is_written_without_a_gateway(scene: Scene) -> None:
    place = scene.discord.dm(scene.ada)
    question = scene.discord.say(scene.ada, place, "hello")
    platform = platform_on(scene.discord)
    try:
        reply = await platform.open_reply(turn_at(place, question))
        await reply.show(Draft(status="thinking"))
        await reply.finish(Draft(status="done", text="Good day."))
    finally:
        await platform.aclose()

    assert [answer.content for answer in scene.answers(place)] == ["Good day."]
    assert not scene.discord.identifies


async def test_another_process_goes_on_with_the_messages_that_are_there(scene: Scene) -> None:
    place = scene.discord.dm(scene.ada)
    question = scene.discord.say(scene.ada, place, "hello")
    first, second = platform_on(scene.discord), platform_on(scene.discord)
    try:
        turn = turn_at(place, question)
        ref = await (await first.open_reply(turn)).show(Draft(status="writing", text=long_text(60)))
        again = await second.open_reply(replace(turn, epoch=2, attempt=2, reply_ref=ref))
        await again.finish(Draft(status="done", text=long_text(100)))
    finally:
        await first.aclose()
        await second.aclose()

    shown = [answer.content for answer in scene.answers(place)]
    assert "\n\n".join(shown) == long_text(100)


async def test_messages_that_were_never_noted_are_found_again(scene: Scene) -> None:
    """Whoever wrote them died before it could store where they are, and nonces no longer tell."""
    place = scene.discord.dm(scene.ada)
    question = scene.discord.say(scene.ada, place, "hello")
    first, second = platform_on(scene.discord), platform_on(scene.discord)
    try:
        turn = turn_at(place, question)
        await (await first.open_reply(turn)).finish(Draft(status="done", text=long_text(100)))
        scene.discord.nonces.clear()
        again = await second.open_reply(replace(turn, epoch=2, attempt=2))
        await again.finish(Draft(status="done", text=long_text(100)))
    finally:
        await first.aclose()
        await second.aclose()

    assert "\n\n".join(answer.content for answer in scene.answers(place)) == long_text(100)


async def test_nothing_is_looked_for_once_a_reply_is_open(scene: Scene) -> None:
    place = scene.discord.dm(scene.ada)
    question = scene.discord.say(scene.ada, place, "hello")
    platform = platform_on(scene.discord)
    try:
        reply = await platform.open_reply(turn_at(place, question, epoch=2, attempt=2))
        looked = len(scene.discord.requests_to("GET", MESSAGES))
        await reply.finish(Draft(status="done", text=long_text(100)))
    finally:
        await platform.aclose()

    assert looked > 0
    assert len(scene.discord.requests_to("GET", MESSAGES)) == looked


async def test_a_page_that_another_process_took_back_is_posted_again(scene: Scene) -> None:
    place = scene.discord.dm(scene.ada)
    question = scene.discord.say(scene.ada, place, "hello")
    first, second = platform_on(scene.discord), platform_on(scene.discord)
    try:
        turn = turn_at(place, question)
        held_up = await first.open_reply(turn)
        ref = await held_up.show(Draft(status="writing", text="Some words "))
        await held_up.finish(Draft(status="done", text=long_text(60)))
        goes_on = await second.open_reply(replace(turn, epoch=2, attempt=2, reply_ref=ref))
        await goes_on.show(Draft(status="writing", text=long_text(60)))
        await held_up.retract(ref)
        await goes_on.finish(Draft(status="done", text=long_text(62)))
    finally:
        await first.aclose()
        await second.aclose()

    assert "\n\n".join(answer.content for answer in scene.answers(place)) == long_text(62)


async def test_the_library_shows_suppressed_previews_again_and_the_adapter_does_not(scene: Scene) -> None:
    """`Message.edit` of discord.py 2.7 sends flags of 0 with every edit (platform reference, 2.5)."""
    place = scene.discord.dm(scene.ada)
    links = ("https://ada.example/a",)
    question = scene.discord.say(scene.ada, place, "hello https://ada.example/a")
    platform = platform_on(scene.discord)
    try:
        reply = await platform.open_reply(turn_at(place, question))
        await reply.show(Draft(status="writing", text="See https://ada.example/a ", links=links))
        await reply.finish(Draft(status="done", text="See https://ada.example/a now.", links=links))
        edits = scene.discord.requests_to("PATCH", "/channels/{channel_id}/messages/{message_id}")
        message = scene.answers(place)[0]
        assert edits
        assert all("flags" not in edit.body for edit in edits)
        assert message.flags & SUPPRESS_EMBEDS

        client = await platform.context.rest.login()
        channel = await client.fetch_channel(place.id)
        await (await channel.fetch_message(message.id)).edit(content="See https://ada.example/b")  # type: ignore[union-attr]  # a direct one
        assert not message.flags & SUPPRESS_EMBEDS
    finally:
        await platform.aclose()


async def test_what_is_shown_again_is_not_edited(scene: Scene) -> None:
    place = scene.discord.dm(scene.ada)
    question = scene.discord.say(scene.ada, place, "hello")
    platform = platform_on(scene.discord)
    try:
        reply = await platform.open_reply(turn_at(place, question))
        for _ in range(3):
            await reply.finish(Draft(status="done", text="The same."))
    finally:
        await platform.aclose()

    assert scene.discord.edits_of(scene.answers(place)[0]) == ["The same."]


async def test_after_its_fifteen_minutes_a_command_is_answered_in_the_channel(scene: Scene) -> None:
    scene.model.scripts.append([*words("It took long.")])
    async with scene.bot():
        await scene.until(lambda: scene.discord.commands[None])
        asked = scene.discord.slash(scene.ada, scene.general, "ask", {"question": "what is it?"})
        await asked.acknowledged(3)
        await scene.done(scene.general)
        assert scene.core is not None
        assert scene.platform is not None
        ref = str((await scene.core.inbox.turn(1)).reply_ref)  # type: ignore[union-attr]  # it is there
        parts = ref.split("/")
        parts[3] = str(int(parts[3]) - int(timedelta(minutes=16).total_seconds()))
        turn = await scene.core.inbox.turn(1)
        assert turn is not None
        scene.discord.clock.advance(16 * 60)
        reply = await scene.platform.open_reply(replace(turn, reply_ref="/".join(parts)))
        new_ref = await reply.finish(Draft(status="done", text=long_text(50)))

    shown = scene.answers(scene.general)
    assert [str(item.id) for item in shown] == new_ref.rpartition("/")[2].split(",")
    assert "\n\n".join(item.content for item in shown) == long_text(50)


async def test_a_private_answer_that_outlives_its_command_goes_on_in_a_direct_message(scene: Scene) -> None:
    async with scene.bot():
        await scene.until(lambda: scene.discord.commands[None])
        asked = scene.discord.slash(scene.ada, scene.general, "ask", {"question": "what is it?", "private": True})
        await scene.until(lambda: asked.original and "Regenerate" in labels(asked.original))
        assert scene.core is not None
        assert scene.platform is not None
        await scene.closed()
        turn = await scene.core.inbox.turn(1)
        assert turn is not None
        scene.discord.clock.advance(16 * 60)
        reply = await scene.platform.open_reply(turn)
        await reply.finish(Draft(status="done", text="For you alone."))

    assert asked.original is not None
    assert asked.original.seen_by is scene.ada
    assert [answer.content for answer in scene.answers(scene.discord.dm(scene.ada))] == ["For you alone."]
    assert all(answer.ephemeral for answer in scene.answers(scene.general))


async def test_two_processes_answer_once(scene: Scene) -> None:
    """Blue and green: both hear every message and command, over one store."""
    import asyncio

    async with scene.bot():
        assert scene.core is not None
        assert scene.platform is not None
        other = platform_on(scene.discord)
        ready = asyncio.create_task(other.wait_ready())
        await asyncio.sleep(0)
        assert not ready.done()
        second = asyncio.create_task(other.run(scene.core.inbox))
        await scene.discord.connected(2, 30)
        await ready
        try:
            thread = await scene.thread_of(scene.mention("hello"))
            await scene.done(thread)
            asked = scene.discord.slash(scene.ada, scene.general, "ask", {"question": "again?"})
            await scene.done(scene.general)
            help_ = scene.discord.slash(scene.ada, scene.general, "help")
            await help_.shown()
        finally:
            second.cancel()
            await asyncio.gather(second, return_exceptions=True)
            await other.aclose()

    assert len(scene.answers(thread)) == 1
    assert scene.answers(scene.general)[0] is asked.original
    assert len(scene.model.asked) == 2


async def test_buttons_of_an_earlier_start_still_work(scene: Scene) -> None:
    scene.model.scripts += [words("Before."), words("Afterwards.")]
    async with scene.bot():
        thread = await scene.thread_of(scene.mention("hello"))
        message = (await scene.done(thread))[0]
    async with scene.bot():
        scene.discord.press(scene.ada, message, "Regenerate")
        await scene.until(lambda: message.content.startswith("Afterwards."))
        await scene.closed()


async def test_commands_are_written_to_discord_only_when_they_changed(scene: Scene) -> None:
    for _ in range(2):
        async with scene.bot():
            await scene.until(lambda: scene.discord.commands[None])
    assert scene.discord.command_writes == 1


async def test_what_was_asked_while_nobody_listened_is_answered_afterwards(scene: Scene) -> None:
    scene.model.scripts += [words("One."), words("Two."), words("Three.")]
    async with scene.bot():
        thread = await scene.thread_of(scene.mention("first"))
        await scene.done(thread)
    scene.discord.say(scene.ada, thread, "second, in the thread")
    missed = scene.mention("third, in the channel")
    async with scene.bot():
        answers = await scene.done(thread, 2)
        other = await scene.thread_of(missed)
        await scene.done(other)

    assert len(answers) == 2
    assert len(scene.model.asked) == 3


async def test_an_edit_and_a_deletion_reach_the_conversation(scene: Scene) -> None:
    async with scene.bot():
        first = scene.mention("my name is Ida")
        thread = await scene.thread_of(first)
        await scene.done(thread)
        scene.discord.edit(scene.ada, first, f"{scene.discord.mention()} my name is Ada")
        second = scene.discord.say(scene.ada, thread, "forget this secret: 1234")
        await scene.done(thread, 2)
        scene.discord.delete(scene.ada, second)
        key = scene.core.inbox  # type: ignore[union-attr]  # the bot runs
        del key
        store = scene.core.store  # type: ignore[union-attr]  # the same
        where = ConversationKey(
            platform="discord", workspace=str(scene.guild.id), channel=str(scene.general.id), thread=str(first.id)
        )

        async def gone() -> bool:
            return all("1234" not in entry.entry.text for entry in await store.get_entries(where, start=0))

        while not await gone():
            await asyncio_pause()
        entries = [entry.entry.text for entry in await store.get_entries(where, start=0)]

    assert any("my name is Ada" in entry for entry in entries)


async def asyncio_pause() -> None:
    import asyncio

    await asyncio.sleep(0.01)


async def test_a_wrong_token_is_told_as_a_setting(scene: Scene) -> None:
    options = DiscordOptions(token="wrong", api_url=scene.discord.api_url, gateway_url=scene.discord.gateway_url)
    platform = DiscordPlatform(options, MemoryStore(clock=utc_now), clock=utc_now)
    with pytest.raises(ConfigError, match="DISCORD_TOKEN"):
        await platform.open()


async def test_without_the_message_content_intent_mentions_are_answered(scene: Scene) -> None:
    scene.discord.options = replace(scene.discord.options, message_content=False)
    scene.discord.gateway._options = scene.discord.options
    scene.model.scripts += [words("One."), words("Two.")]
    async with scene.bot():
        thread = await scene.thread_of(scene.mention("first?"))
        first = (await scene.done(thread))[0]
        scene.discord.say(scene.bob, thread, "unreadable")
        scene.discord.say(scene.bob, thread, "and second?", reply_to=first)
        answers = await scene.done(thread, 2)

    assert [answer.content.split()[0] for answer in answers] == ["One.", "Two."]
    assert len(scene.model.asked) == 2


async def test_a_cut_connection_is_resumed_and_nothing_is_missed(scene: Scene) -> None:
    async with scene.bot():
        await scene.done(await scene.thread_of(scene.mention("first")))
        scene.discord.cut()
        missed = scene.mention("while it was cut")
        await scene.done(await scene.thread_of(missed))

    assert scene.discord.gateway.resumes == 1
    assert len(scene.discord.identifies) == 1
    assert not scene.discord.storms


async def test_a_form_that_is_open_over_a_restart_is_given_back(scene: Scene) -> None:
    message = scene.discord.say(scene.bob, scene.general, "the pump is broken")
    async with scene.bot():
        await scene.until(lambda: scene.discord.commands[None])
        form = await scene.discord.context_menu(scene.ada, "Ask about this", message).shown()
    async with scene.bot():
        assert form.modal is not None
        (field,) = [item["component"]["custom_id"] for item in form.modal["components"]]
        sent = scene.discord.submit_modal(scene.ada, form, {field: "since when?"})
        await sent.shown()
    assert sent.original is not None
    assert sent.original.seen_by is scene.ada
    assert stale_modals.RESTARTED in sent.original.content
    assert "since when?" in sent.original.content
    assert not scene.model.asked
