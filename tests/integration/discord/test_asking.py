"""People ask the bot on Discord, and see its answer come."""

from __future__ import annotations

from tests.fakes import words
from tests.integration.discord.acting import Scene, labels


async def test_a_mention_is_answered_in_a_thread_of_its_own(scene: Scene) -> None:
    scene.model.scripts.append(words("Peas like to climb."))
    async with scene.bot():
        question = scene.mention("what do peas like?")
        thread = await scene.thread_of(question)
        answers = await scene.done(thread)

    assert thread.name == "what do peas like?"
    assert answers[0].content.startswith("Peas like to climb.")
    assert "scripted" in answers[0].content
    assert "what do peas like?" in str(scene.model.asked[0].entries[-1].text)


async def test_inside_the_thread_no_mention_is_needed(scene: Scene) -> None:
    scene.model.scripts += [words("One."), words("Two.")]
    async with scene.bot():
        thread = await scene.thread_of(scene.mention("first?"))
        await scene.done(thread)
        scene.discord.say(scene.bob, thread, "and second?")
        answers = await scene.done(thread, 2)

    assert [each.content.split()[0] for each in answers] == ["One.", "Two."]


async def test_a_command_is_deferred_at_once_and_answered_in_its_own_message(scene: Scene) -> None:
    scene.model.scripts.append(words("Forty-two."))
    async with scene.bot():
        await scene.until(lambda: scene.discord.commands[None])
        asked = scene.discord.slash(scene.ada, scene.general, "ask", {"question": "what is it?"})
        await asked.acknowledged(3)
        await scene.done(scene.general)

    assert asked.original is not None
    assert asked.original.content.startswith("Forty-two.")
    assert labels(asked.original) == ["Regenerate", "Helpful", "Not helpful"]
