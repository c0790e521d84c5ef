"""Asking about a message by its shortcut: below it or for its asker alone, and with the whole message above."""

from __future__ import annotations

import pytest

from adapters.slack.events.ask_modal import ASK_SHORTCUT, PRESET, PRIVATE, QUESTION
from adapters.slack.events.slash_commands import NOT_HERE
from tests.emulators.slack import Message
from tests.fakes import words
from tests.integration.slack.scene import Scene, scene
from tests.integration.slack.test_commands import told, whispered


async def ask_about(play: Scene, message: Message, **values: object) -> None:
    """Ada asks about a message; without values as the form stands."""
    await play.slack.shortcut(play.slack.ada, ASK_SHORTCUT, message)
    await play.until(lambda: play.slack.open_view(play.slack.ada))
    await play.slack.submit_view(play.slack.ada, values)
    assert play.slack.open_view(play.slack.ada) is None
    await play.until(lambda: play.model.asked or play.slack.whispers)
    await play.settled()


def sent(play: Scene) -> list[str]:
    return [entry.text.partition(": ")[2] for entry in play.model.asked[-1].entries]


@pytest.mark.parametrize("in_thread", [False, True])
async def test_a_question_about_a_message_is_shown_and_answered_below_it(in_thread: bool) -> None:
    async with scene(words("It rattles."), words("Yes.")) as play:
        slack = play.slack
        root = await slack.say(slack.ben, slack.general, "The pump")
        said = await slack.say(slack.ben, slack.general, "rattles", thread_ts=root.ts) if in_thread else root
        await ask_about(play, said)
        assert sent(play) == ["The pump", *(["rattles"] if in_thread else []), PRESET]
        assert [PRESET in text for text in play.answers(root)] == [True, False]
        assert "It rattles." in play.answers(root)[-1]
        await slack.say(slack.ada, slack.general, f"{slack.mention()} sure?", thread_ts=root.ts)
        await play.settled()
        assert sent(play).count("The pump") == 1
        assert (slack.violations, slack.pings) == ([], [])


async def test_a_private_question_about_a_message_is_shown_to_nobody_else() -> None:
    async with scene(words("It rattles.")) as play:
        slack = play.slack
        said = await slack.say(slack.ben, slack.general, "The pump")
        await ask_about(play, said, **{QUESTION: "why?", PRIVATE: [PRIVATE]})
        await told(play, "It rattles.")
        assert sent(play) == ["The pump", "why?"]
        assert slack.messages(slack.general) == [said]
        assert slack.violations == []


async def test_the_same_submission_twice_asks_once() -> None:
    async with scene(words("It rattles.")) as play:
        slack = play.slack
        said = await slack.say(slack.ben, slack.general, "The pump")
        await slack.shortcut(slack.ada, ASK_SHORTCUT, said)
        await play.until(lambda: slack.open_view(slack.ada))
        delivery = await slack.submit_view(slack.ada, {QUESTION: "why?"})
        await slack.deliveries.again(delivery)
        await play.until(lambda: play.model.asked)
        await play.settled()
        assert len(play.model.asked) == 1


async def test_where_the_bot_cannot_read_or_the_message_is_gone_its_asker_is_told() -> None:
    async with scene() as play:
        slack = play.slack
        said = await slack.say(slack.ben, slack.general, "The pump")
        await slack.shortcut(slack.ada, ASK_SHORTCUT, said)
        await play.until(lambda: slack.open_view(slack.ada))
        await slack.delete(said)
        await slack.submit_view(slack.ada, {})
        await told(play, "gone")
        assert play.model.asked == []
        assert NOT_HERE not in whispered(slack)
