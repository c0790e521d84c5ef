"""The commands, forms, lists and menus that Discord offers for the bot."""

from __future__ import annotations

from typing import Any

import pytest

from bot.types import Finish, Finished, TextDelta, Usage, UsageReported
from tests.emulators.discord import rules
from tests.emulators.discord.interaction import Interaction
from tests.emulators.discord.people import CannotDo
from tests.fakes import words
from tests.integration.discord.scene import Scene, labels

TEXT_INPUT = 4  # components/reference


async def commands_there(scene: Scene) -> None:
    await scene.until(lambda: scene.discord.commands[None])


def text_of(asked: Interaction) -> str:
    """What somebody reads in the answer to an interaction."""
    assert asked.original is not None
    texts = [node.get("content", "") for node in rules.walk(asked.original.components)]
    return "\n".join((asked.original.content, *texts, *(followup.content for followup in asked.followups)))


def list_named(asked: Interaction, part: str) -> str:
    """The custom id of a list in the answer."""
    assert asked.original is not None
    return next(str(e["custom_id"]) for e in rules.walk(asked.original.components) if part in e.get("custom_id", ""))


@pytest.mark.parametrize("name", ["show", "help", "usage", "stop"])
async def test_what_a_command_tells_is_for_who_asks_alone(scene: Scene, name: str) -> None:
    async with scene.bot():
        await commands_there(scene)
        asked = scene.discord.slash(scene.ada, scene.general, name)
        await asked.shown()

    assert asked.original is not None
    assert asked.original.seen_by is scene.ada
    assert text_of(asked).strip()


async def test_settings_are_set_shown_and_taken_back(scene: Scene) -> None:
    async with scene.bot():
        await commands_there(scene)
        place = {"where": "channel"}
        given = {"parameter": "reasoning_effort", "value": "high"} | place
        told = [await _told(scene, "set", given)]
        told.append(await _told(scene, "show", {"what": "reasoning_effort"}))
        told.append(await _told(scene, "unset", {"parameter": "reasoning_effort"} | place))
        told.append(await _told(scene, "set", given | {"value": "enormous"}))

    assert "is now `high` for this channel" in told[0]
    assert "`high` (set for this channel)" in told[1]
    assert "no longer set" in told[2]
    assert "It takes low, medium or high." in told[3]


async def _told(scene: Scene, name: str, options: dict[str, Any]) -> str:
    asked = scene.discord.slash(scene.ada, scene.general, name, options)
    await asked.shown()
    return text_of(asked)


async def test_only_who_manages_the_server_sets_what_holds_everywhere(scene: Scene) -> None:
    given = {"parameter": "memory", "value": "no", "where": "workspace"}
    async with scene.bot():
        await commands_there(scene)
        refused = scene.discord.slash(scene.ada, scene.general, "set", given)
        await refused.shown()
        done = scene.discord.slash(scene.discord.developer, scene.general, "set", given)
        await done.shown()

    assert "Only administrators" in text_of(refused)
    assert "is now `no`" in text_of(done)


async def test_values_are_suggested_while_they_are_typed(scene: Scene) -> None:
    async with scene.bot():
        await commands_there(scene)
        typed = scene.discord.autocomplete(
            scene.ada, scene.general, "set", "value", "h", {"parameter": "reasoning_effort"}
        )
        await typed.shown()

    assert [choice["value"] for choice in typed.choices] == ["high"]


async def test_a_value_out_of_range_cannot_be_sent_at_all(scene: Scene) -> None:
    async with scene.bot():
        await commands_there(scene)
        with pytest.raises(CannotDo):
            scene.discord.slash(scene.ada, scene.general, "ask", {"question": "?", "max_tokens": 70_000})


async def test_parameters_of_a_command_hold_for_its_answer(scene: Scene) -> None:
    async with scene.bot():
        await commands_there(scene)
        given = {"question": "?", "max_tokens": 50, "reasoning_effort": "low", "enable_thinking": True}
        scene.discord.slash(scene.ada, scene.general, "ask", given)
        await scene.done(scene.general)

    asked = scene.model.asked[0].parameters
    assert (asked["max_tokens"], asked["reasoning_effort"], asked["enable_thinking"]) == (50, "low", True)


async def test_the_panel_shows_and_changes_what_holds(scene: Scene) -> None:
    async with scene.bot():
        await commands_there(scene)
        panel = scene.discord.slash(scene.ada, scene.general, "settings")
        await panel.shown()
        assert panel.original is not None
        before = text_of(panel)
        scene.discord.select(scene.ada, panel.original, list_named(panel, "parameter"), ["memory"])
        await scene.until(lambda: any("value" in e.get("custom_id", "") for e in _parts(panel)))
        scene.discord.select(scene.ada, panel.original, list_named(panel, ":value:"), ["no"])
        await scene.until(lambda: "**memory**: `no`" in text_of(panel))

    assert "memory: `yes` · default" in before
    assert "**memory**: `no` · this channel" in text_of(panel)


def _parts(asked: Interaction) -> list[Any]:
    assert asked.original is not None
    return list(rules.walk(asked.original.components))


async def test_the_panel_has_a_form_for_numbers(scene: Scene) -> None:
    async with scene.bot():
        await commands_there(scene)
        panel = scene.discord.slash(scene.ada, scene.general, "settings")
        await panel.shown()
        assert panel.original is not None
        chosen = scene.discord.select(scene.ada, panel.original, list_named(panel, "parameter"), ["max_tokens"])
        await chosen.shown()
        wrong = scene.discord.submit_modal(scene.ada, chosen, {"value": "lots"})
        await wrong.shown()
        chosen = scene.discord.select(scene.ada, panel.original, list_named(panel, "parameter"), ["max_tokens"])
        await chosen.shown()
        scene.discord.submit_modal(scene.ada, chosen, {"value": "123"})
        await scene.until(lambda: "**max_tokens**: `123`" in text_of(panel))

    assert wrong.original is not None
    assert "a whole number from 1 to 65,536" in wrong.original.content


async def test_a_value_that_somebody_else_set_while_the_form_was_open_stays(scene: Scene) -> None:
    async with scene.bot():
        await commands_there(scene)
        panel = scene.discord.slash(scene.ada, scene.general, "settings")
        await panel.shown()
        assert panel.original is not None
        form = scene.discord.select(scene.ada, panel.original, list_named(panel, "parameter"), ["max_tokens"])
        await form.shown()
        words = {"where": "channel", "parameter": "max_tokens", "value": "800"}
        await scene.discord.slash(scene.ada, scene.general, "set", words).shown()
        late = await scene.discord.submit_modal(scene.ada, form, {"value": "700"}).shown()
        assert scene.core is not None
        [values] = (await scene.core.store.get_everywhere("max_tokens")).values()
    assert late.original is not None
    assert "Somebody changed this meanwhile" in late.original.content
    assert values == "800"


async def test_the_panel_offers_the_whole_server_to_its_managers_alone(scene: Scene) -> None:
    async with scene.bot():
        await commands_there(scene)
        offered = []
        for who in (scene.ada, scene.discord.developer):
            panel = scene.discord.slash(who, scene.general, "settings")
            await panel.shown()
            scopes = next(part for part in _parts(panel) if "scope" in part.get("custom_id", ""))
            offered.append([option["value"] for option in scopes["options"]])

    assert offered == [["channel"], ["channel", "workspace"]]


async def test_a_question_about_a_message_comes_from_its_menu(scene: Scene) -> None:
    scene.model.scripts.append(words("A worn bearing."))
    async with scene.bot():
        await commands_there(scene)
        said = scene.discord.say(scene.bob, scene.general, "The pump rattles.")
        form = scene.discord.context_menu(scene.ada, "Ask about this", said)
        await form.shown()
        assert form.modal is not None
        field = next(node for node in rules.walk(form.modal["components"]) if node["type"] == TEXT_INPUT)
        sent = scene.discord.submit_modal(scene.ada, form, {field["custom_id"]: "Why?"})
        await scene.done(scene.general)

    assert sent.original is not None
    assert sent.original.content.startswith("A worn bearing.")
    above, asked = (entry.text.partition("] ")[2] for entry in scene.model.asked[0].entries)
    assert (above, asked) == ("Bob: The pump rattles.", "Ada: Why?\n\n[in reply to a message of Bob]")


async def test_a_private_search_can_be_shared_and_deepened(scene: Scene) -> None:
    scene.model.scripts += [words("Peas climb."), words("Peas climb high.")]
    async with scene.bot():
        await commands_there(scene)
        asked = scene.discord.slash(scene.ada, scene.general, "search", {"query": "peas", "private": True})
        await scene.until(lambda: asked.original and "Share" in labels(asked.original))
        assert asked.original is not None
        await scene.closed()
        shared = scene.discord.press(scene.ada, asked.original, "Share")
        await shared.shown()
        deeper = scene.discord.press(scene.ada, asked.original, "Search deeper")
        await scene.until(lambda: deeper.original and "Peas climb high." in deeper.original.content)
        await scene.closed()

    assert asked.original.ephemeral
    assert shared.original is not None
    assert not shared.original.ephemeral
    assert shared.original.content.startswith("-# Shared by Ada: peas\nPeas climb.")
    assert deeper.original is not None
    assert deeper.original.ephemeral
    assert scene.model.asked[1].parameters["reasoning_effort"] == "high"


async def test_the_rest_of_a_private_answer_stays_private(scene: Scene) -> None:
    cut: list[Any] = [TextDelta("Half of"), UsageReported(Usage(input=1, output=1)), Finished(Finish.LENGTH)]
    scene.model.scripts += [cut, words("the rest.")]
    async with scene.bot():
        await commands_there(scene)
        asked = scene.discord.slash(scene.ada, scene.general, "ask", {"question": "all", "private": True})
        await scene.until(lambda: asked.original and "Continue" in labels(asked.original))
        assert asked.original is not None
        await scene.closed()
        scene.discord.press(scene.ada, asked.original, "Continue")
        await scene.until(lambda: asked.original and "Continue" not in labels(asked.original))
        rest = await scene.done(scene.discord.dm(scene.ada))

    assert rest[0].content.startswith("the rest.")
    assert all(answer.ephemeral for answer in scene.answers(scene.general))


@pytest.mark.parametrize("place", ["thread", "dm"])
async def test_a_command_goes_on_with_the_conversation_that_it_is_used_in(scene: Scene, place: str) -> None:
    scene.model.scripts += [words("One."), words("Two.")]
    async with scene.bot():
        await commands_there(scene)
        if place == "dm":
            where = scene.discord.dm(scene.ada)
            scene.discord.say(scene.ada, where, "my name is Ada")
        else:
            where = await scene.thread_of(scene.mention("my name is Ada"))
        await scene.done(where)
        scene.discord.slash(scene.ada, where, "ask", {"question": "who am I?"})
        await scene.done(where, 2)

    assert "my name is Ada" in str([entry.text for entry in scene.model.asked[1].entries])


async def test_it_works_where_only_the_person_has_installed_it(scene: Scene) -> None:
    scene.model.scripts.append(words("Anywhere."))
    elsewhere = scene.discord.guild("Elsewhere", scene.ada, bot=False)
    place = next(iter(elsewhere.channels.values()))
    async with scene.bot():
        await commands_there(scene)
        asked = scene.discord.slash(scene.ada, place, "ask", {"question": "here too?"})
        await scene.until(lambda: asked.original and "Regenerate" in labels(asked.original))

    assert asked.original is not None
    assert asked.original.content.startswith("Anywhere.")


async def test_commands_are_named_in_german_too(scene: Scene) -> None:
    async with scene.bot():
        await commands_there(scene)
        ask = next(command for command in scene.discord.commands[None] if command["name"] == "ask")

    assert ask["name_localizations"]["de"] == "frage"
    assert ask["options"][0]["description_localizations"]["de"] == "Was du wissen möchtest."


async def test_a_confirmation_has_a_button_that_takes_the_change_back(scene: Scene) -> None:
    async with scene.bot():
        await commands_there(scene)
        options = {"parameter": "max_tokens", "value": "40", "where": "channel"}
        asked = scene.discord.slash(scene.ada, scene.general, "set", options)
        await scene.until(lambda: asked.original and "Undo" in labels(asked.original))
        assert asked.original is not None
        pressed = scene.discord.press(scene.ada, asked.original, "Undo")
        await scene.until(lambda: pressed.original and "no longer set" in pressed.original.content)
