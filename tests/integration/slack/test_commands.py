"""Commands, shortcuts, forms and buttons, as people use them."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import ModelRejected
from bot.types import Finish, Finished, TextDelta
from tests.emulators.slack import Options, RunningSlack, running_slack
from tests.fakes import words
from tests.integration.slack.scene import Scene, held, scene


def whispered(slack: RunningSlack) -> str:
    """What was shown to one person alone, the newest last."""
    return "\n---\n".join(slack.shown(whisper) for whisper in slack.whispers)


async def told(play: Scene, words_told: str) -> str:
    """Wait until somebody alone was told something with these words; all that was told so."""
    await play.until(lambda: words_told in whispered(play.slack))
    return whispered(play.slack)


async def test_a_question_by_slash_command_is_shown_and_answered_below() -> None:
    async with scene(words("Because of Rayleigh scattering.")) as play:
        slack = play.slack
        await slack.slash(slack.ada, slack.general, "/seed", "ask why is the sky blue?")
        await play.settled()
        (question,) = [message for message in slack.messages(slack.general) if not message.is_reply]
        assert "asks: why is the sky blue?" in slack.shown(question)
        assert "Because of Rayleigh scattering." in play.answers(question)[-1]
        assert sum(entry.text.count("why is the sky blue?") for entry in play.model.asked[0].entries) == 1
        assert slack.violations == []


async def test_settings_are_changed_by_slash_command_and_told_to_the_author_alone() -> None:
    async with scene() as play:
        slack = play.slack
        await slack.slash(slack.ada, slack.general, "/seed", "set reasoning_effort high")
        assert "reasoning_effort" in await told(play, "high")
        await slack.slash(slack.ada, slack.general, "/seed", "show reasoning_effort")
        await told(play, "set for this channel")
        assert [message for message in slack.messages(slack.general) if message.author is slack.bot] == []


async def test_an_unknown_sub_command_tells_all_with_their_usage() -> None:
    async with scene() as play:
        slack = play.slack
        await slack.slash(slack.ada, slack.general, "/seed", "frobnicate <!channel>")
        text = await told(play, "There is no")
        for command in ("/seed ask", "/seed search", "/seed set", "/seed unset", "/seed usage", "/seed forget"):
            assert command in text


async def test_in_threads_a_mention_or_a_mark_does_what_the_slash_command_cannot() -> None:
    async with scene(words("One.")) as play:
        slack = play.slack
        question = await slack.say(slack.ada, slack.general, f"{slack.mention()} one?")
        await play.settled()
        await slack.say(slack.ada, slack.general, f"{slack.mention()} set reasoning_effort high", thread_ts=question.ts)
        await told(play, "for this thread")
        await slack.say(slack.ada, slack.general, "!set reasoning_effort low", thread_ts=question.ts)
        await told(play, "`low` for this thread")
        assert len(play.model.asked) == 1


@pytest.mark.parametrize("by", ["slash", "mention"])
async def test_who_writes_a_question_as_a_command_is_told_how_to_ask_it(by: str) -> None:
    async with scene() as play:
        slack = play.slack
        if by == "slash":
            await slack.slash(slack.ada, slack.general, "/seed", "what is <!here> bark")
        else:
            await slack.say(slack.ada, slack.general, f"{slack.mention()} /what is <!here> bark")
        await told(play, "`/seed ask what is @here bark`")
        assert (play.model.asked, slack.pings) == ([], [])


@pytest.mark.parametrize("words", ["", "help"])
async def test_the_help_tells_of_private_questions_and_of_the_emoji(words: str) -> None:
    async with scene() as play:
        await play.slack.slash(play.slack.ada, play.slack.general, "/seed", words)
        for text in ("`/seed ask private ...`", "`/seed search private ...`", ":seedling:", "`/seed settings`"):
            await told(play, text)


async def test_a_mark_where_the_bot_takes_no_part_is_for_somebody_else() -> None:
    async with scene() as play:
        slack = play.slack
        root = await slack.say(slack.ada, slack.general, "!help")
        await slack.say(slack.ben, slack.general, "!set reasoning_effort low", thread_ts=root.ts)
        await play.settled()
        assert slack.whispers == []


async def test_the_form_shows_what_holds_and_sets_what_was_changed() -> None:
    async with scene() as play:
        slack = play.slack
        await slack.slash(slack.ada, slack.general, "/seed", "settings")
        await play.until(lambda: slack.open_view(slack.ada))
        delivery = await slack.submit_view(slack.ada, {"max_tokens": "9000000", "reasoning_effort": "high"})
        view = slack.open_view(slack.ada)
        assert delivery.acknowledged
        assert view is not None
        assert "whole number from 1" in view.errors["channel:max_tokens"]
        await slack.submit_view(slack.ada, {"max_tokens": "900", "reasoning_effort": "high"})
        assert slack.open_view(slack.ada) is None
        await told(play, "max_tokens: 900")
        await slack.slash(slack.ada, slack.general, "/seed", "show max_tokens")
        await told(play, "`900` (set for this channel)")
        assert slack.violations == []


async def test_a_form_that_is_open_over_a_restart_is_taken_by_the_next_process() -> None:
    async with running_slack(Options(limits=False)) as slack:
        async with scene(slack=slack) as play:
            await slack.slash(slack.ada, slack.general, "/seed", "settings")
            await play.until(lambda: slack.open_view(slack.ada))
        async with scene(slack=slack, store=play.store) as restarted:
            await slack.submit_view(slack.ada, {"max_tokens": "900"})
            await told(restarted, "max_tokens: 900")
        assert slack.open_view(slack.ada) is None


async def test_of_two_forms_the_second_sets_nothing_back_and_is_told_where_both_changed_the_same() -> None:
    async with scene() as play:
        slack = play.slack
        for person in (slack.ada, slack.ben):
            await slack.slash(person, slack.general, "/seed", "settings")
            await play.until(lambda person=person: slack.open_view(person))
        await slack.submit_view(slack.ada, {"max_tokens": "900"})
        await told(play, "max_tokens: 900")
        await slack.submit_view(slack.ben, {"reasoning_effort": "high"})
        assert "max_tokens" not in (await told(play, "reasoning_effort: high")).partition("reasoning_effort")[2]
        await slack.slash(slack.ben, slack.general, "/seed", "settings")
        await play.until(lambda: slack.open_view(slack.ben))
        await slack.slash(slack.ada, slack.general, "/seed", "set max_tokens 800")
        await told(play, "`800`")
        await slack.submit_view(slack.ben, {"max_tokens": "700"})
        await told(play, "Somebody changed this meanwhile")
        await slack.slash(slack.ada, slack.general, "/seed", "show max_tokens")
        await told(play, "`800` (set for this channel)")


async def test_only_administrators_set_what_holds_for_the_workspace() -> None:
    async with scene() as play:
        slack = play.slack
        boss = slack.person("Cleo", is_admin=True)
        slack.general.members.append(boss.id)
        await slack.slash(slack.ada, slack.general, "/seed", "settings")
        await play.until(lambda: slack.open_view(slack.ada))
        view = slack.open_view(slack.ada)
        assert view is not None
        assert "workspace" not in str(view.body["blocks"][0])
        await slack.slash(boss, slack.general, "/seed", "settings")
        await play.until(lambda: slack.open_view(boss))
        view = slack.open_view(boss)
        assert view is not None
        await slack.press_in_view(view, "seedling_scope", "workspace")
        await slack.submit_view(boss, {"max_tokens": "1234"})
        await told(play, "the whole workspace")
        await slack.slash(slack.ada, slack.general, "/seed", "show max_tokens")
        await told(play, "`1234` (set for the workspace)")


async def test_the_shortcut_opens_the_form_of_a_thread() -> None:
    async with scene(words("One.")) as play:
        slack = play.slack
        question = await slack.say(slack.ada, slack.general, f"{slack.mention()} one?")
        await play.settled()
        await slack.shortcut(slack.ada, "seed_settings", slack.answers(slack.general, question.ts)[0])
        await play.until(lambda: slack.open_view(slack.ada))
        await slack.submit_view(slack.ada, {"persona": "A pirate"})
        await told(play, "Set for this thread")
        await slack.say(slack.ada, slack.general, "and two?", thread_ts=question.ts)
        await play.settled()
        assert "A pirate" in play.model.asked[-1].system_prompt


async def test_the_home_tab_tells_how_to_start_what_was_used_and_what_is_set() -> None:
    async with scene() as play:
        slack = play.slack
        await slack.open_app_home(slack.ada, "home")
        await play.until(lambda: slack.home(slack.ada))
        await slack.open_app_home(slack.ada, "messages")
        await play.until(lambda: slack.surfaces.prompts)
        home = slack.home(slack.ada)
        assert home is not None
        assert "How to start" in str(home.body)
        assert "reasoning_effort" in str(home.body)
        assert slack.violations == []


async def test_stop_regenerate_and_feedback() -> None:
    gate = asyncio.Event()
    async with scene(held(gate, "A first, ", "long answer."), words("Another answer.")) as play:
        slack = play.slack
        question = await slack.say(slack.ada, slack.general, f"{slack.mention()} tell me")
        await play.until(lambda: slack.calls("chat.startStream"))
        (answer,) = slack.answers(slack.general, question.ts)
        await slack.press_stop(slack.ada, answer)
        await play.settled()
        assert "A first," in slack.shown(answer)
        assert "long answer" not in slack.shown(answer)
        await slack.press(slack.ben, answer, "seedling_feedback", True)
        await slack.press(slack.ada, answer, "seedling_regenerate")
        await play.settled()
        (answer,) = slack.answers(slack.general, question.ts)
        assert "Another answer." in slack.shown(answer)
        assert "A first" not in slack.shown(answer)
        assert slack.violations == []


async def test_what_somebody_else_asked_is_neither_stopped_nor_repeated_nor_forgotten() -> None:
    gate = asyncio.Event()
    async with scene(held(gate, "Long ", "tail")) as play:
        slack = play.slack
        slack.fault("chat.startStream", error="feature_not_enabled")
        question = await slack.say(slack.ada, slack.general, f"{slack.mention()} tell me")
        await play.until(lambda: slack.calls("chat.postMessage"))
        (answer,) = slack.answers(slack.general, question.ts)
        await slack.press(slack.ben, answer, "seedling_stop")
        await play.until(lambda: "can stop this answer" in whispered(slack))
        gate.set()
        await play.settled()
        assert "tail" in slack.shown(answer)
        await slack.press(slack.ben, answer, "seedling_regenerate")
        await play.until(lambda: "can do that with this answer" in whispered(slack))
        await slack.say(slack.ben, slack.general, f"{slack.mention()} /forget here", thread_ts=question.ts)
        await play.until(lambda: "only a manager of this channel" in whispered(slack))
        assert {whisper.only_for for whisper in slack.whispers} == {slack.ben}
        assert len(play.model.asked) == 1


async def test_a_thread_that_a_bot_began_is_forgotten_for_the_only_one_who_wrote_in_it() -> None:
    async with scene(words("It is.")) as play:
        slack = play.slack
        ci = slack.person("CI", bot_id="B0ROBOT001", app_id="A0ROBOT001")
        alert = await slack.post(ci, slack.general, text="The pump is broken.", username="Watchman")
        await play.settled()
        await slack.say(slack.ben, slack.general, f"{slack.mention()} is it?", thread_ts=alert.ts)
        await play.settled()
        assert any("The pump is broken." in entry.text for entry in play.model.asked[-1].entries)
        await slack.say(slack.ben, slack.general, f"{slack.mention()} /forget here", thread_ts=alert.ts)
        assert "Deleted: this conversation" in await told(play, "conversation")


async def test_a_cut_answer_is_gone_on_with_in_a_new_message() -> None:
    cut = [TextDelta("The first half"), Finished(Finish.LENGTH)]
    async with scene(cut, words("and the second.")) as play:
        slack = play.slack
        question = await slack.say(slack.ada, slack.general, f"{slack.mention()} tell me")
        await play.settled()
        (answer,) = slack.answers(slack.general, question.ts)
        for _ in range(2):  # pressed twice, done once
            await slack.press(slack.ada, answer, "seedling_continue")
        await play.settled()
        first, second = play.answers(question)
        assert "The first half" in first
        assert "and the second." in second


async def test_a_failed_question_is_tried_again_from_what_its_asker_alone_was_told() -> None:
    async with scene([ModelRejected("no")], words("Now it works.")) as play:
        slack = play.slack
        question = await slack.say(slack.ada, slack.general, f"{slack.mention()} tell me")
        await play.settled()
        assert play.answers(question) == []
        (told_alone,) = slack.whispers
        await slack.press(slack.ada, told_alone, "seedling_retry")
        await play.settled()
        assert "Now it works." in play.answers(question)[0]


async def test_the_shortcut_summarises_a_thread_for_its_user_alone() -> None:
    async with scene(words("One."), words("Decisions\n- They asked for one. [1]")) as play:
        slack = play.slack
        question = await slack.say(slack.ada, slack.general, f"{slack.mention()} one?")
        await play.settled()
        await slack.shortcut(slack.ben, "seed_summarise", slack.answers(slack.general, question.ts)[0])
        await play.settled()
        assert [whisper.only_for for whisper in slack.whispers] == [slack.ben]
        assert "They asked for one." in whispered(slack)
        assert len(play.answers(question)) == 1


async def test_the_stop_button_of_a_posted_answer_stops_it() -> None:
    gate = asyncio.Event()
    async with scene(held(gate, "Long ", "tail")) as play:
        slack = play.slack
        slack.fault("chat.startStream", error="feature_not_enabled")
        question = await slack.say(slack.ada, slack.general, f"{slack.mention()} tell me")
        await play.until(lambda: slack.calls("chat.postMessage"))
        (answer,) = slack.answers(slack.general, question.ts)
        await slack.press(slack.ada, answer, "seedling_stop")
        await play.settled()
        assert "tail" not in slack.shown(answer)
        assert "Regenerate" in slack.shown(answer)


async def test_a_confirmation_has_a_button_that_takes_the_change_back_once() -> None:
    async with scene() as play:
        slack = play.slack
        await slack.slash(slack.ada, slack.general, "/seed", "set channel max_tokens 40")
        await play.until(lambda: slack.whispers)
        (confirmation,) = slack.whispers
        for told in (2, 3):
            await slack.press(slack.ada, confirmation, "seedling_undo")
            await play.until(lambda told=told: len(slack.whispers) == told)
        assert "no longer set for this channel" in slack.shown(slack.whispers[1])
        assert "You have changed no setting here" in slack.shown(slack.whispers[2])
        assert slack.violations == []
