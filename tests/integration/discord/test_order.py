"""Messages of one thread are taken in the order in which they came."""

from __future__ import annotations

from tests.integration.discord.scene import Scene


async def test_what_follows_a_question_at_once_is_known(scene: Scene) -> None:
    async with scene.bot():
        discord = scene.discord
        thread = discord.open_thread(scene.bob, scene.general, "Pump")
        discord.say(scene.bob, thread, "the pump is broken")
        scene.mention("what is it?", where=thread)
        discord.say(scene.ada, thread, "I mean the blue pump")
        await scene.done(thread)
        await scene.closed()
        scene.mention("and?", where=thread)
        await scene.until(lambda: any("and?" in entry.text for entry in scene.model.asked[-1].entries))
        assert any("blue pump" in entry.text for entry in scene.model.asked[-1].entries)
