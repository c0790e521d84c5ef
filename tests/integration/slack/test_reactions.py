"""A message that the bot left alone is answered when somebody puts its emoji on it: once, and for nobody else."""

from __future__ import annotations

import pytest

from adapters.slack.events.reactions import EMOJI
from adapters.slack.manifest import EVENTS, SCOPES
from tests.emulators.slack import Message, Options
from tests.fakes import words
from tests.integration.slack.scene import Scene, scene
from tests.integration.slack.test_messages import ask, set_for_all
from tests.integration.slack.test_policy import stranger_in


async def left_alone(play: Scene, text: str = "why do herons stand on one leg?", thread_ts: str = "") -> Message:
    """A message of Ben's that is not meant for the bot."""
    message = await play.slack.say(play.slack.ben, play.slack.general, text, thread_ts=thread_ts)
    await play.settled()
    return message


def asked(play: Scene) -> list[str]:
    """The questions of all requests."""
    return [request.entries[-1].text.rpartition(": ")[2] for request in play.model.asked]


async def test_what_somebody_reacts_to_is_answered_in_its_thread_as_if_it_had_been_asked() -> None:
    async with scene(words("To keep warm.")) as play:
        slack = play.slack
        message = await left_alone(play)
        assert play.model.asked == []
        await slack.react(slack.ada, message, EMOJI)
        await play.settled()
        (turn,) = play.store._turns.values()
        assert (turn.incoming.author.id, turn.incoming.key.thread) == (slack.ben.id, message.ts)
        assert asked(play) == ["why do herons stand on one leg?"]
        assert len(play.answers(message)) == 1
        assert slack.violations == []


@pytest.mark.parametrize("copies", [2, 3])
async def test_it_is_answered_once_whoever_reacts_and_however_often_that_is_told(copies: int) -> None:
    async with scene(words("To keep warm."), words("Twice.")) as play:
        slack = play.slack
        message = await left_alone(play)
        slack.deliveries.copies = copies
        await slack.react(slack.ada, message, EMOJI)
        await slack.react(slack.ben, message, EMOJI)
        await play.settled()
        assert len(play.model.asked) == len(play.answers(message)) == 1


async def test_what_was_asked_already_is_not_asked_again() -> None:
    async with scene(words("One."), words("Twice.")) as play:
        question = await ask(play, f"{play.slack.mention()} one?")
        await play.slack.react(play.slack.ben, question, EMOJI)
        await play.settled()
        assert len(play.model.asked) == 1


async def test_a_reply_in_a_thread_is_answered_with_the_thread_above_it() -> None:
    async with scene(words("It is broken.")) as play:
        slack = play.slack
        root = await left_alone(play, "The pump is broken.")
        await left_alone(play, "Since noon.", thread_ts=root.ts)
        reply = await left_alone(play, "What can we do?", thread_ts=root.ts)
        await left_alone(play, "No idea.", thread_ts=root.ts)
        await slack.react(slack.ada, reply, EMOJI)
        await play.settled()
        texts = [entry.text.rpartition(": ")[2] for entry in play.model.asked[0].entries]
        assert texts == ["The pump is broken.", "Since noon.", "What can we do?"]
        assert len(play.answers(root)) == 1


async def test_a_message_that_was_context_is_answered_in_the_talk_it_stands_in() -> None:
    async with scene(words("One."), words("Two.")) as play:
        slack = play.slack
        question = await ask(play, f"{slack.mention()} one?")
        context = await left_alone(play, f"<@{slack.ada.id}> and what of two?", thread_ts=question.ts)
        assert len(play.model.asked) == 1
        await slack.react(slack.ada, context, EMOJI)
        await play.settled()
        assert asked(play)[1].endswith("and what of two?")
        assert len(play.answers(question)) == 2


async def test_what_another_app_wrote_is_answered_for_a_person() -> None:
    async with scene(words("The disk is full.")) as play:
        slack = play.slack
        app = slack.person("Monitor", bot_id="B0MONITOR", app_id="A0MONITOR")
        alert = await slack.post(app, slack.general, "disk 98 %: /var")
        await play.settled()
        await slack.react(slack.ada, alert, EMOJI)
        await play.settled()
        assert len(play.answers(alert)) == 1


@pytest.mark.parametrize("name", ["eyes", "herb", "evergreen_tree", "seedling2", "Seedling", ""])
async def test_another_emoji_does_nothing_and_costs_no_request(name: str) -> None:
    async with scene() as play:
        slack = play.slack
        message = await left_alone(play)
        before = len(slack.requests)
        await slack.react(slack.ada, message, name)
        await play.settled()
        assert len(slack.requests) == before
        assert play.model.asked == []


async def test_neither_the_bot_itself_nor_its_own_messages_ask_anything() -> None:
    async with scene(words("One.")) as play:
        slack = play.slack
        question = await ask(play, f"{slack.mention()} one?")
        (answer,) = slack.answers(slack.general, question.ts)
        message = await left_alone(play)
        before = len(slack.requests)
        await slack.react(slack.ada, answer, EMOJI)
        await slack.react(slack.bot, message, EMOJI)
        await play.settled()
        assert (len(slack.requests), len(play.model.asked)) == (before, 1)


@pytest.mark.parametrize("told", [True, False], ids=["told", "unknown"])
async def test_reactions_of_strangers_are_passed_over_in_silence(told: bool) -> None:
    async with scene() as play:
        slack = play.slack
        message = await left_alone(play)
        await slack.react(stranger_in(slack, told=told), message, EMOJI)
        await play.settled()
        assert (play.model.asked, slack.whispers, play.answers(message)) == ([], [], [])


@pytest.mark.parametrize("named", [True, False], ids=["named", "unnamed"])
async def test_reactions_of_other_apps_are_passed_over_also_where_they_may_ask(named: bool) -> None:
    async with scene() as play:
        slack = play.slack
        app = slack.person("Monitor", bot_id="B0MONITOR", app_id="A0MONITOR")
        slack.general.members.append(app.id)
        if named:
            await set_for_all(play, bots=app.id)
        message = await left_alone(play)
        await slack.react(app, message, EMOJI)
        await play.settled()
        assert (play.model.asked, slack.whispers) == ([], [])


async def test_where_follow_ups_are_off_nobody_is_answered_twice_in_a_thread_by_a_reaction() -> None:
    async with scene(words("One.")) as play:
        slack = play.slack
        await set_for_all(play, follow_ups="off")
        question = await ask(play, f"{slack.mention()} one?")
        more = await left_alone(play, "and two?", thread_ts=question.ts)
        await slack.react(slack.ada, more, EMOJI)
        await play.settled()
        assert (len(play.model.asked), slack.whispers) == (1, [])


@pytest.mark.parametrize("said", ["!set max_tokens 40", "/forget here", "/nonsense", ""])
async def test_a_reaction_carries_out_no_command(said: str) -> None:
    async with scene() as play:
        slack = play.slack
        message = await left_alone(play, said)
        await slack.react(slack.ada, message, EMOJI)
        await play.settled()
        assert play.model.asked == []
        assert await play.store.get_everywhere("max_tokens") == {}


async def test_a_message_that_is_gone_is_not_answered() -> None:
    async with scene() as play:
        slack = play.slack
        message = await left_alone(play)
        await slack.delete(message)
        await slack.react(slack.ada, message, EMOJI)
        await play.settled()
        assert play.model.asked == []


@pytest.mark.parametrize("missing", ["reactions:read", "channels:history"])
async def test_without_the_permission_nothing_happens_and_the_rest_goes_on(missing: str) -> None:
    scopes = tuple(scope for scope in SCOPES if scope != missing)
    emulator = Options(limits=False, scopes=scopes, events=tuple(EVENTS))
    async with scene(words("One."), emulator=emulator) as play:
        slack = play.slack
        message = await left_alone(play)
        await slack.react(slack.ada, message, EMOJI)
        await play.settled()
        assert play.model.asked == []
        await ask(play, f"{slack.mention()} one?")
        assert len(play.model.asked) == 1
