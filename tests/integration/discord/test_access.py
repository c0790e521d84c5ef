"""Rules about roles, and the use by people who have the bot for themselves."""

from __future__ import annotations

from bot.access.control import DENIED, NO_SHARED_WORKSPACE
from bot.chat.message_policy import EMOJI, REFUSALS
from bot.types import NewRule, PlaceKind, RuleKind, RulePlace, Subject, SubjectKind
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


async def test_what_somebody_who_is_denied_says_in_a_thread_is_known_to_the_next_question(scene: Scene) -> None:
    scene.model.scripts += [words("One."), words("Two.")]
    async with scene.bot():
        thread = await scene.thread_of(scene.mention("what is broken?"))
        await scene.done(thread)
        assert scene.core is not None
        bob = Subject(kind=SubjectKind.PERSON, id=f"discord/{scene.bob.id}")
        await scene.core.store.add_rule(
            NewRule(kind=RuleKind.DENY, subject=bob, place=RulePlace(kind=PlaceKind.INSTALLATION))
        )
        scene.discord.say(scene.bob, thread, "The pump is, no?")
        scene.mention("who is right?", where=thread)
        await scene.done(thread, 2)
    assert [len(scene.model.asked), scene.discord.direct(scene.bob).shown()] == [2, []]
    assert any(entry.text.endswith("The pump is, no?") for entry in scene.model.asked[-1].entries)


async def test_who_has_the_bot_for_themselves_and_shares_no_server_with_it_is_not_answered(scene: Scene) -> None:
    carl = scene.discord.person("carl", installed=True)
    where = next(iter(scene.discord.guild("Elsewhere", carl, bot=False).channels.values()))
    async with scene.bot():
        await commands_there(scene)
        asked = scene.discord.slash(carl, where, "ask", {"question": "here too?"})
        assert REFUSALS[NO_SHARED_WORKSPACE] in text_of(await asked.shown())
    assert scene.model.asked == []


async def test_administrators_are_always_in_whatever_they_do(scene: Scene) -> None:
    scene.model.scripts += [words("One."), words("Two.")]
    owner = scene.discord.developer
    async with scene.bot():
        await commands_there(scene)
        denied = scene.discord.slash(owner, scene.general, "access", {"words": "deny everybody channel"})
        assert "everybody may not" in text_of(await denied.shown()).lower()
        left, plain = (scene.discord.say(owner, scene.general, text) for text in ("the pump?", "a heron?"))
        scene.discord.react(owner, left, EMOJI)
        await scene.until(lambda: len(scene.model.asked) == 1)
        scene.discord.edit(owner, plain, f"{scene.discord.mention()} a heron?")
        await scene.until(lambda: len(scene.model.asked) == 2)
        await scene.closed()


async def test_what_somebody_wrote_directly_while_nobody_listened_makes_them_no_administrator(scene: Scene) -> None:
    scene.model.scripts.append(words("Hello."))
    async with scene.bot():
        place = scene.discord.dm(scene.bob)
        scene.discord.say(scene.bob, place, "hi")
        await scene.done(place)
        assert scene.core is not None
        everybody = Subject(kind=SubjectKind.EVERYBODY)
        where = RulePlace(kind=PlaceKind.DIRECT, key="discord")
        await scene.core.store.add_rule(NewRule(kind=RuleKind.DENY, subject=everybody, place=where))
    scene.discord.say(scene.bob, place, "and now?")
    async with scene.bot():
        await scene.until(lambda: any(item.content == REFUSALS[DENIED] for item in place.shown()))
    assert len(scene.model.asked) == 1
