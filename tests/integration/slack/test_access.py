"""Rules about user groups, managers by Slack's own word, and what administrators are told of them."""

from __future__ import annotations

import pytest

from tests.fakes import words
from tests.integration.slack.scene import scene
from tests.integration.slack.test_commands import told, whispered

NOT_OPEN = "I am not open to you here"


async def test_a_user_group_is_denied_by_its_name_and_others_are_answered() -> None:
    async with scene(words("Hello.")) as play:
        slack = play.slack
        boss = slack.person("Boss", is_admin=True)
        slack.general.members.append(boss.id)
        group = slack.group("interns", slack.ben)
        rule = f"access deny <!subteam^{group}|@interns> <#{slack.general.id}|general>"
        await slack.slash(boss, slack.general, "/seed", rule)
        assert "@interns may not use me in the channel" in await told(play, "Rule 1")
        await slack.say(slack.ben, slack.general, f"{slack.mention()} hi")
        await play.until(lambda: NOT_OPEN in whispered(slack))
        assert play.model.asked == []
        await slack.say(slack.ada, slack.general, f"{slack.mention()} hi")
        await play.settled()
        assert len(play.model.asked) == 1
        slack.team.groups[group].is_disabled = True
        await slack.slash(boss, slack.general, "/seed", "audit")
        assert f"slack/{boss.id}" in await told(play, "rule: nothing")
        assert slack.violations == []


async def test_while_slack_does_not_tell_who_is_in_a_group_the_denial_counts_for_all_but_administrators() -> None:
    async with scene(words("Hello.")) as play:
        slack = play.slack
        boss = slack.person("Boss", is_admin=True)
        slack.general.members.append(boss.id)
        await slack.slash(boss, slack.general, "/seed", f"access deny <!subteam^{slack.group('interns', slack.ben)}>")
        await told(play, "Rule 1")
        slack.fault("usergroups.list", error="missing_scope", times=99)
        await play.platform.aclose()  # what is remembered of groups is not what is tested
        for workspace in await play.platform._workspaces.everywhere():
            workspace.directory._groups.forget("")
        await slack.say(slack.ada, slack.general, f"{slack.mention()} hi")
        await play.until(lambda: NOT_OPEN in whispered(slack))
        assert play.model.asked == []
        await slack.say(boss, slack.general, f"{slack.mention()} hi")
        await play.settled()
        assert len(play.model.asked) == 1


@pytest.mark.parametrize("words_typed", ["access deny <!subteam^S0GONE|@gone>", "access deny <@U0GONE|gone>"])
async def test_who_is_not_there_is_named_with_the_fix(words_typed: str) -> None:
    async with scene() as play:
        slack = play.slack
        boss = slack.person("Boss", is_admin=True)
        slack.general.members.append(boss.id)
        await slack.slash(boss, slack.general, "/seed", words_typed)
        said = await told(play, "There is nobody and no group")
        assert "list that opens when you type @" in said
        assert await play.store.rules_within("") == []


async def test_rules_are_for_administrators() -> None:
    async with scene() as play:
        slack = play.slack
        await slack.slash(slack.ada, slack.general, "/seed", "access allow everybody")
        assert "Only administrators can" in await told(play, "Only")
        assert await play.store.rules_within("") == []
