"""Everybody is spoken to in the language of their own Discord, where an interaction tells it."""

from __future__ import annotations

from tests.fakes import words
from tests.integration.discord.scene import Scene, labels
from tests.integration.discord.test_commands import commands_there


async def test_commands_answers_and_errors_are_in_the_language_of_who_asks(scene: Scene) -> None:
    scene.ada.locale = "de"
    scene.model.scripts.append(words("Weil."))
    async with scene.bot():
        await commands_there(scene)
        options = {"parameter": "max_tokens", "value": "40", "where": "channel"}
        done = scene.discord.slash(scene.ada, scene.general, "set", options)
        await scene.until(lambda: done.original and "ist jetzt `40` für diesen Kanal" in done.original.content)
        wrong = scene.discord.slash(scene.ada, scene.general, "set", options | {"value": "viel"})
        await scene.until(lambda: wrong.original and "kann nicht 'viel' sein" in wrong.original.content)
        asked = scene.discord.slash(scene.ada, scene.general, "ask", {"question": "warum?"})
        await scene.until(lambda: asked.original and "geschrieben" in asked.original.content)
        assert asked.original is not None
        assert labels(asked.original)[0] == "Andere Antwort"
        theirs = scene.discord.slash(scene.bob, scene.general, "set", options)
        await scene.until(lambda: theirs.original and "is now `40` for this channel" in theirs.original.content)
