"""Where the bot is no member: on servers where somebody has it for themselves, in private channels; and webhooks."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.commands.scope_args import NOT_A_MEMBER
from bot.parameters import Scope
from tests.emulators.discord.world import Channel
from tests.fakes import words
from tests.integration.discord.scene import Scene, labels
from tests.integration.discord.test_commands import commands_there, list_named, text_of


def server_without_the_bot(scene: Scene) -> Channel:
    return next(iter(scene.discord.guild("Elsewhere", scene.ada, bot=False).channels.values()))


def direct_messages_of_others(scene: Scene) -> Channel:
    return scene.discord.private_channel(scene.ada, scene.bob)


def group(scene: Scene) -> Channel:
    return scene.discord.private_channel(scene.ada, scene.bob, scene.discord.person("carl"))


Place = Callable[[Scene], Channel]
PLACES = pytest.mark.parametrize("place", [server_without_the_bot, direct_messages_of_others, group])


@PLACES
async def test_questions_are_answered_there(scene: Scene, place: Place) -> None:
    scene.model.scripts.append(words("Anywhere."))
    where = place(scene)
    async with scene.bot():
        await commands_there(scene)
        asked = scene.discord.slash(scene.ada, where, "ask", {"question": "here too?"})
        await scene.until(lambda: asked.original and "Regenerate" in labels(asked.original))
        await scene.closed()
    assert text_of(asked).startswith("Anywhere.")


@PLACES
@pytest.mark.parametrize(
    ("command", "given", "told"),
    [
        ("summarise", {"what": "last 10"}, "cannot read what was said"),
        ("digest", {"words": "add daily at 9:00"}, "neither read nor post"),
        ("set", {"parameter": "reasoning_effort", "value": "high", "where": "channel"}, NOT_A_MEMBER),
        ("unset", {"parameter": "reasoning_effort", "where": "channel"}, NOT_A_MEMBER),
    ],
)
async def test_what_needs_the_bot_there_says_so(
    scene: Scene, place: Place, command: str, given: dict[str, str], told: str
) -> None:
    where = place(scene)
    async with scene.bot():
        await commands_there(scene)
        asked = scene.discord.slash(scene.ada, where, command, given)
        await asked.shown()
        await scene.closed()
    assert told in text_of(asked)
    assert scene.model.asked == []


async def test_what_is_chosen_in_a_panel_there_does_not_hold_once_the_bot_is_invited(scene: Scene) -> None:
    where = server_without_the_bot(scene)
    assert where.guild is not None
    async with scene.bot():
        await commands_there(scene)
        panel = await scene.discord.slash(scene.ada, where, "settings").shown()
        assert panel.original is not None
        scene.discord.select(scene.ada, panel.original, list_named(panel, "parameter"), ["memory"])
        await scene.until(lambda: ":value:" in str(panel.original and panel.original.components))
        chosen = scene.discord.select(scene.ada, panel.original, list_named(panel, ":value:"), ["no"])
        await chosen.shown()
        assert scene.core is not None
        scene.discord.invite(where.guild)
        held: dict[Scope, str] = dict(await scene.core.store.get_everywhere("memory"))
    assert held == {}
    assert NOT_A_MEMBER in text_of(chosen)


async def test_after_the_invitation_settings_hold(scene: Scene) -> None:
    where = server_without_the_bot(scene)
    assert where.guild is not None
    given = {"parameter": "reasoning_effort", "value": "high", "where": "channel"}
    async with scene.bot():
        await commands_there(scene)
        scene.discord.invite(where.guild)
        asked = await scene.discord.slash(scene.ada, where, "set", given).shown()
    assert "is now `high`" in text_of(asked)


# ---------------------------------------------------------------- webhooks


@pytest.mark.parametrize("named", [False, True])
async def test_the_copy_of_a_webhook_is_by_a_bot(scene: Scene, named: bool) -> None:
    scene.model.scripts += [words("One."), words("Two.")]
    copy = scene.discord.person("Luna of the system")
    scene.discord.join(scene.guild, copy)
    async with scene.bot():
        assert scene.core is not None
        if named:
            workspace = Scope(kind="workspace", key=f"discord/{scene.guild.id}")
            await scene.core.store.put_setting(workspace, "bots", str(copy.id))
        body = {"content": f"{scene.discord.mention()} from the copy", "webhook_id": str(copy.id)}
        scene.discord.send(copy, scene.general, body)
        await scene.done(await scene.thread_of(scene.mention("from a person")))
        if named:
            await scene.until(lambda: len(scene.model.asked) == 2)
        await scene.closed()
    questions = [request.entries[-1].text for request in scene.model.asked]
    assert any("from the copy" in question for question in questions) is named
    assert len(questions) == 1 + named
