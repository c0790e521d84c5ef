"""Who is answered on Slack, and what is a command there: the same as everywhere (data/cases/policy.json)."""

from __future__ import annotations

import pytest

from adapters.slack.events.slash_commands import SUMMARISE_SHORTCUT
from bot.parameters import Scope
from tests.emulators.slack import Person, RunningSlack
from tests.fakes import words
from tests.integration.slack.scene import Scene, scene
from tests.integration.slack.test_commands import whispered
from tests.integration.slack.test_messages import ask, set_for_all

OFF = "I answer only the first question in a thread"
NOT_OPEN = "I only answer people of this organisation"


@pytest.mark.parametrize(
    "said",
    [
        "Summarise the attached PDF please",
        "summarise this text: the pump is broken",
        "digest this for me",
        "ask Ben what he thinks",
        "search my notes for heron",
        "set the table for six",
        "stop being silly",
        "help me with this",
    ],
)
@pytest.mark.parametrize("direct", [True, False], ids=["direct", "mention"])
async def test_a_word_that_a_command_begins_with_is_not_yet_the_command(said: str, direct: bool) -> None:
    async with scene(words("Yes.")) as play:
        slack = play.slack
        where = slack.direct(slack.ada) if direct else slack.general
        await slack.say(slack.ada, where, said if direct else f"{slack.mention()} {said}")
        await play.settled()
        assert [item.entries[-1].text.endswith(said) for item in play.model.asked] == [True]


@pytest.mark.parametrize("said", ["help", "show max_tokens", "usage me 7", "digest list"])
async def test_whole_commands_need_no_mark_where_the_bot_is_meant(said: str) -> None:
    async with scene() as play:
        slack = play.slack
        await slack.say(slack.ada, slack.general, f"{slack.mention()} {said}")
        await play.until(lambda: slack.whispers)
        await play.settled()
        assert play.model.asked == []


async def test_where_follow_ups_are_off_a_second_question_is_told_so_to_its_author_alone() -> None:
    async with scene(words("One.")) as play:
        slack = play.slack
        await set_for_all(play, follow_ups="off")
        question = await ask(play, f"{slack.mention()} one?")
        await slack.say(slack.ada, slack.general, f"{slack.mention()} and another one", thread_ts=question.ts)
        await play.until(lambda: OFF in whispered(slack))
        await play.settled()
        assert len(play.answers(question)) == len(play.model.asked) == 1


def stranger_in(slack: RunningSlack, *, told: bool = True) -> Person:
    """Somebody of another organisation; unless `told`, Slack says of them that there is nobody by that id."""
    stranger = slack.person("Eve", team=slack.workspace("Elsewhere"))
    slack.general.members.append(stranger.id)
    slack.general.is_ext_shared = told
    return stranger


async def settled_and_told(play: Scene) -> None:
    await play.until(lambda: NOT_OPEN in whispered(play.slack))
    await play.settled()


@pytest.mark.parametrize("told", [True, False], ids=["told", "unknown"])
@pytest.mark.parametrize(
    "said", ["ask why?", "set reasoning_effort high", "summarise", "help", "usage", "", "nonsense", "ask"]
)
async def test_no_command_is_open_to_people_of_another_organisation(said: str, told: bool) -> None:
    async with scene() as play:
        slack = play.slack
        await slack.slash(stranger_in(slack, told=told), slack.general, "/seed", said)
        await settled_and_told(play)
        assert play.model.asked == []
        assert [message for message in slack.messages(slack.general) if message.author is slack.bot] == []


@pytest.mark.parametrize(
    ("button", "value"),
    [("seedling_regenerate", None), ("seedling_feedback", True), ("seedling_feedback", False)],
    ids=["regenerate", "good", "bad"],
)
async def test_no_button_is_open_to_people_of_another_organisation(button: str, value: bool | None) -> None:
    async with scene(words("One.")) as play:
        slack = play.slack
        question = await ask(play, f"{slack.mention()} one?")
        (answer,) = slack.answers(slack.general, question.ts)
        before = slack.shown(answer)
        await slack.press(stranger_in(slack), answer, button, value)
        await settled_and_told(play)
        assert slack.shown(answer) == before
        assert len(play.model.asked) == 1


async def test_no_shortcut_is_open_to_people_of_another_organisation() -> None:
    async with scene() as play:
        slack = play.slack
        said = await slack.say(slack.ada, slack.general, "The pump is broken.")
        await slack.shortcut(stranger_in(slack), SUMMARISE_SHORTCUT, said)
        await settled_and_told(play)
        assert play.model.asked == []


async def test_no_form_is_open_to_people_of_another_organisation() -> None:
    async with scene() as play:
        slack = play.slack
        stranger = stranger_in(slack)
        await slack.slash(stranger, slack.general, "/seed", "settings")
        await settled_and_told(play)
        assert not slack.open_view(stranger)


async def test_a_form_that_was_open_before_is_closed_to_them_too() -> None:
    async with scene() as play:
        slack = play.slack
        await set_for_all(play, strangers="answer")
        stranger = stranger_in(slack)
        await slack.slash(stranger, slack.general, "/seed", "settings")
        await play.until(lambda: slack.open_view(stranger))
        await play.store.put_setting(Scope(kind="workspace", key=f"slack/{slack.team.id}"), "strangers", "ignore")
        await slack.submit_view(stranger, {"reasoning_effort": "high"})
        await settled_and_told(play)
        assert await play.store.get_everywhere("reasoning_effort") == {}
