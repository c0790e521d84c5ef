"""People see at once that their question has come in, and then what is being done."""

from __future__ import annotations

from dataclasses import replace

from bot.types import Draft, Incoming
from tests.integration.discord.scene import Scene
from tests.integration.discord.test_lasting import platform_on, turn_at

TYPING = "/channels/{channel_id}/typing"


async def test_the_bot_types_where_somebody_asked_and_says_what_it_does(scene: Scene) -> None:
    place = scene.discord.dm(scene.ada)
    turn = turn_at(place, scene.discord.say(scene.ada, place, "hello"))
    asked: Incoming = turn.incoming
    platform = platform_on(scene.discord)
    try:
        await platform.acknowledge(asked)
        assert len(scene.discord.requests_to("POST", TYPING)) == 1
        assert scene.answers(place) == []
        reply = await platform.open_reply(turn)
        await reply.show(Draft(status="searching", progress="Searching: spring tides"))
        assert scene.answers(place)[0].content == "-# Searching: spring tides"
        await reply.show(
            Draft(status="writing", text="High water is at nine, they say.\n\nAnd ", progress="Still working…")
        )
        assert scene.answers(place)[0].content == "High water is at nine, they say.\n\nAnd\n\n-# Still working…"
    finally:
        await platform.aclose()


async def test_the_asker_is_pinged_once_below_the_answer(scene: Scene) -> None:
    question = scene.discord.say(scene.ada, scene.general, "hello")
    turn = turn_at(scene.general, question)
    platform = platform_on(scene.discord)
    try:
        reference = await (await platform.open_reply(turn)).finish(Draft(status="done", text="Good day."))
        for _ in range(2):
            await platform.notify(replace(turn, reply_ref=reference), "The answer is complete.")
    finally:
        await platform.aclose()
    answer, notice = scene.answers(scene.general)
    assert notice.replied_to is answer
    assert notice.pinged == {scene.ada.id}
