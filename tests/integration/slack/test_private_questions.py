"""Questions that only their author sees, and long ones: asked whole, whatever the channel shows of them."""

from __future__ import annotations

import pytest

from bot.types import ConversationKey
from storage.in_memory.store import MemoryStore
from tests.emulators.slack import RunningSlack
from tests.fakes import words
from tests.integration.slack.scene import Scene, now, scene
from tests.integration.slack.test_commands import told, whispered
from tests.integration.slack.test_message_content import sent
from tests.integration.slack.test_messages import set_for_all


def posted(slack: RunningSlack) -> list[str]:
    return [slack.shown(message) for message in slack.messages(slack.general)]


async def ask(play: Scene, text: str) -> None:
    await play.slack.slash(play.slack.ada, play.slack.general, "/seed", text)
    await play.settled()


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("ask private what does Ben earn?", "what does Ben earn?"),
        ("ask Private\nreasoning_effort=low my raise", "my raise"),
        ("search private cheaper flats", "cheaper flats"),
    ],
)
@pytest.mark.parametrize("answer_in", ["thread", "channel"])
async def test_a_private_question_and_its_answer_are_seen_by_its_author_alone(
    text: str, question: str, answer_in: str
) -> None:
    async with scene(words("That is secret."), words("It is noon.")) as play:
        slack = play.slack
        await set_for_all(play, answer_in=answer_in)
        await ask(play, text)
        assert "That is secret." in await told(play, "secret")
        assert [whisper.only_for for whisper in slack.whispers] == [slack.ada]
        assert posted(slack) == []
        assert f"ada: {question}" in play.model.asked[0].entries[-1].text
        await slack.say(slack.ben, slack.general, f"{slack.mention()} what time is it?")
        await play.settled()
        assert question not in sent(play)
        assert slack.violations == []


async def test_a_private_question_is_answered_where_the_bot_is_not() -> None:
    async with scene(words("That is secret.")) as play:
        slack = play.slack
        await slack.leave(slack.general, slack.team.bot)
        await ask(play, "ask private why?")
        await told(play, "secret")
        assert posted(slack) == []


async def test_another_private_answer_is_private_too() -> None:
    async with scene(words("That is secret."), words("Still secret.")) as play:
        slack = play.slack
        await ask(play, "ask private why?")
        await slack.press(slack.ada, slack.whispers[0], "seedling_regenerate")
        await play.settled()
        await told(play, "Still secret.")
        assert posted(slack) == []


async def test_the_same_delivery_twice_asks_once() -> None:
    async with scene(words("That is secret.")) as play:
        await ask(play, "ask private why?")
        for delivery in [*play.slack.deliveries.log]:
            await play.slack.deliveries.again(delivery)
        await play.settled()
        assert len(play.model.asked) == 1


@pytest.mark.parametrize("text", ["ask private", "search private  "])
async def test_nothing_private_to_ask_tells_how(text: str) -> None:
    async with scene() as play:
        await ask(play, text)
        await told(play, "Usage: `/seed")
        assert play.model.asked == []


@pytest.mark.parametrize("private", ["", "private "])
async def test_a_question_of_12500_characters_is_asked_whole(private: str) -> None:
    question = f"{'word ' * 2_499}END"
    async with scene(words("So it is.")) as play:
        slack = play.slack
        await ask(play, f"ask {private}{question}")
        assert question in play.model.asked[0].entries[-1].text
        if private:
            await told(play, "So it is.")
        else:
            root = slack.messages(slack.general)[0]
            assert slack.shown(root).startswith("**ada** asks: word word")
            assert "So it is." in play.answers(root)[-1]
        assert slack.violations == []


async def test_a_private_conversation_is_no_thread_of_the_platform() -> None:
    async with scene(words("That is secret.")) as play:
        await ask(play, "ask private why?")
        (turn,) = play.store._turns.values()
        key: ConversationKey = turn.incoming.key
        assert key.thread.startswith("private:")
        assert await play.platform.read_thread(key, limit=10) == []
        assert "secret" in whispered(play.slack)


async def test_what_was_missed_is_read_where_something_private_was_asked_as_well() -> None:
    store = MemoryStore(clock=now)
    async with scene(words("One."), words("That is secret."), store=store) as play:
        slack = play.slack
        await slack.say(slack.ada, slack.general, f"{slack.mention()} one?")
        await play.settled()
        await ask(play, "ask private why?")
        slack.deliveries.hold()
        missed = await slack.say(slack.ben, slack.general, f"{slack.mention()} two?")
        async with scene(words("Two."), slack=slack, store=store) as later:
            await later.until(lambda: slack.answers(slack.general, missed.ts))
            slack.deliveries.release()
            await later.settled()
        assert slack.calls("conversations.replies")
        assert all(call.ok for call in slack.calls("conversations.replies"))
