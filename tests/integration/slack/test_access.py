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


async def test_an_administrator_counts_as_one_no_longer_than_half_a_minute_where_slack_does_not_tell() -> None:
    async with scene(role_seconds=0.0) as play:
        slack = play.slack
        boss = slack.person("Boss", is_admin=True)
        await slack.slash(boss, slack.general, "/seed", "access deny guests")
        await told(play, "Rule 1")
        boss.is_admin = False  # the event went to another process
        await slack.slash(boss, slack.general, "/seed", "access remove 1")
        await told(play, "Only administrators can")
        assert len(await play.store.rules_within("")) == 1


async def test_while_slack_does_not_tell_who_is_a_guest_a_denial_of_guests_counts_for_everybody() -> None:
    async with scene(words("Hello.")) as play:
        slack = play.slack
        boss = slack.person("Boss", is_admin=True)
        slack.general.members.append(boss.id)
        await slack.slash(boss, slack.general, "/seed", "access deny guests")
        await told(play, "Rule 1")
        slack.fault("users.info", error="access_denied", times=99)
        await slack.say(slack.ben, slack.general, f"{slack.mention()} hi")
        await play.until(lambda: NOT_OPEN in whispered(slack))
        assert play.model.asked == []


async def test_the_home_tab_of_somebody_denied_says_so_and_nothing_else() -> None:
    async with scene() as play:
        slack = play.slack
        boss = slack.person("Boss", is_admin=True)
        slack.general.members.append(boss.id)
        await slack.slash(boss, slack.general, "/seed", f"access deny <@{slack.ben.id}> workspace")
        await told(play, "Rule 1")
        await slack.open_app_home(slack.ben, "home")
        await play.until(lambda: slack.home(slack.ben))
        home = slack.home(slack.ben)
        assert home is not None
        assert NOT_OPEN in str(home.body)
        assert "reasoning_effort" not in str(home.body)
        assert slack.violations == []


@pytest.mark.parametrize("named", ["<@{ada}|ada>", "person:{ada}"])
async def test_a_budget_of_somebody_counts_for_them(named: str) -> None:
    async with scene() as play:
        slack = play.slack
        boss = slack.person("Boss", is_admin=True)
        slack.general.members.append(boss.id)
        await slack.slash(boss, slack.general, "/seed", f"budget person {named.format(ada=slack.ada.id)} 1 month")
        await told(play, "The budget of one person here is now $1.00 a month")
        await slack.say(boss, slack.general, f"{slack.mention()} budget person <@{slack.ben.id}> 2")
        await told(play, "The budget of one person here is now $2.00 a day")
        assert {use.budget.scope.person for use in await play.store.budget_uses()} == {slack.ada.id, slack.ben.id}
        for words_typed in ("budget person <@U0GONE|gone> 1", "budget person @nobody 1", "budget person guests 1"):
            before = len(slack.whispers)
            await slack.slash(boss, slack.general, "/seed", words_typed)
            await play.until(lambda before=before: len(slack.whispers) > before)
        assert len(await play.store.budget_uses()) == 2
