"""Rules about roles, and the use by people who have the bot for themselves."""

from __future__ import annotations

from bot.access.decision import DENIED, NO_SHARED_WORKSPACE
from bot.chat.message_policy import REFUSALS
from tests.emulators.discord.world import Role
from tests.fakes import words
from tests.integration.discord.scene import Scene
from tests.integration.discord.test_commands import commands_there, text_of


async def test_a_role_is_denied_and_one_that_is_gone_is_named(scene: Scene) -> None:
    scene.model.scripts.append(words("Hello."))
    role = Role(id=scene.discord.ids.new(), name="Guests", permissions=0)
    scene.guild.roles[role.id] = role
    scene.guild.members[scene.bob.id].roles.append(role.id)
    owner = scene.discord.developer
    async with scene.bot():
        await commands_there(scene)
        rule = scene.discord.slash(owner, scene.general, "access", {"words": f"deny <@&{role.id}> channel"})
        assert "@Guests may not use me in the channel" in text_of(await rule.shown())
        scene.discord.say(scene.bob, scene.general, f"{scene.discord.mention()} hi")
        refused = await scene.until(lambda: scene.discord.direct(scene.bob).shown())
        assert [item.content for item in refused] == [REFUSALS[DENIED]]
        scene.discord.say(scene.ada, scene.general, f"{scene.discord.mention()} hi")
        await scene.until(lambda: scene.model.asked)
        await scene.closed()
        del scene.guild.roles[role.id]
        scene.guild.members[scene.bob.id].roles.clear()
        shown = scene.discord.slash(owner, scene.general, "access", {"words": "show"})
        assert "is not there any more; remove it" in text_of(await shown.shown())
    assert len(scene.model.asked) == 1


async def test_who_has_the_bot_for_themselves_and_shares_no_server_with_it_is_not_answered(scene: Scene) -> None:
    carl = scene.discord.person("carl", installed=True)
    where = next(iter(scene.discord.guild("Elsewhere", carl, bot=False).channels.values()))
    async with scene.bot():
        await commands_there(scene)
        asked = scene.discord.slash(carl, where, "ask", {"question": "here too?"})
        assert REFUSALS[NO_SHARED_WORKSPACE] in text_of(await asked.shown())
    assert scene.model.asked == []
