"""What becomes of what people write: the rows of data/cases/policy.json, over every platform on which they can happen.

The first text of a test is that of its row; the others are of the same kind.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.slack.events.slash_commands import SUMMARISE_SHORTCUT
from adapters.slack.replies.rendering import action_id
from bot.access.control import STRANGER
from bot.chat.message_policy import ANSWERS_TO_BOTS, NO_FOLLOW_UPS, REFUSALS
from bot.chat.reply_actions import ReplyAction
from bot.types import Outcome, RuleKind, Task
from tests.contract.platforms.chat import Chat, Said
from tests.contract.platforms.chats import CHATS
from tests.contract.platforms.discord_chat import DiscordChat
from tests.contract.platforms.rows import COVERED, EVERYWHERE, NOT_YET, row
from tests.contract.platforms.slack_chat import SlackChat
from tests.emulators.slack import Person
from tests.fakes import words


@pytest.fixture
async def chat(request: pytest.FixtureRequest) -> AsyncIterator[Chat]:
    """A platform with people on it."""
    async with CHATS[request.param]() as opened:
        yield opened


def test_every_row_has_a_test(shared_data: Path) -> None:
    rows = json.loads((shared_data / "cases" / "policy.json").read_text(encoding="utf-8"))
    assert {item["id"] for item in rows} == COVERED
    assert {item.partition(",")[0] for item in NOT_YET} <= COVERED


# ---------------------------------------------------------------- commands and questions


@row("command-by-mention-once", "playground", "slack", "discord", "pigeon")
@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("digest add daily at 9:00", "Digest 1 is set"),
        ("set channel max_tokens 40", "max_tokens"),
        ("help", "Mention me"),
    ],
)
async def test_a_command_by_mention_is_carried_out_and_told_once(chat: Chat, said: str, told: str) -> None:
    await chat.rule(RuleKind.MANAGER)
    asked = await chat.say(f"{chat.mention} {said}")
    await chat.until_told(told)
    first = list(chat.told())
    await chat.say_again(asked)
    await chat.became(asked, times=2)
    assert list(chat.told()) == first
    assert len(first) == 1
    assert chat.model.asked == []


@row("plain-words-ask", *EVERYWHERE)
@pytest.mark.parametrize(
    "said",
    [
        "Summarise the attached PDF please",
        "usage of semicolons in English, please?",
        "show Ben how the pump works",
    ],
)
async def test_words_that_a_command_begins_with_are_a_question(chat: Chat, said: str) -> None:
    file = b"The pump is green." if chat.name in {"slack", "discord"} else b""
    asked = await chat.ask(said, file=file)
    assert said in chat.sent()
    assert [(turn.incoming.text, len(turn.incoming.attachments)) for turn in chat.turns] == [(said, len(file[:1]))]
    assert len(await chat.answers(asked)) == 1


@row("plain-words-command", *EVERYWHERE)
@pytest.mark.parametrize("said", ["summarise since yesterday 9am", "usage me 7", "show max_tokens"])
async def test_a_whole_command_is_one_without_its_mark(chat: Chat, said: str) -> None:
    asked = await chat.say(f"{chat.mention} {said}")
    handled = await chat.became(asked)
    await chat.answered()
    assert handled.text or handled.outcome is Outcome.ANSWERING
    assert [turn.incoming.task for turn in chat.turns] == [Task.SUMMARY] * len(chat.turns)


@row("other-bots-command", "slack", "discord", "pigeon")
@pytest.mark.parametrize("said", ["!help", "!set channel reasoning_effort low", "!stop"])
@pytest.mark.parametrize("below", [False, True], ids=["channel", "thread"])
async def test_a_mark_where_the_bot_takes_no_part_is_for_another_bot(chat: Chat, said: str, below: bool) -> None:
    root = await chat.open_thread() if below else None
    asked = await chat.say(said, by="bob", below=root)
    assert await chat.is_passed_over(asked)
    assert [*chat.told(), *chat.model.asked] == []


@row("other-bots-command", *EVERYWHERE)
@pytest.mark.parametrize("said", ["!play despacito", "$stock aapl"])
async def test_a_command_that_is_none_of_its_own_is_for_another_bot_in_its_thread_too(chat: Chat, said: str) -> None:
    await chat.set(follow_ups="auto")
    thread = await chat.ask("one?")
    assert await chat.is_passed_over(await chat.say(said, below=thread))


# ---------------------------------------------------------------- more questions in a thread


@row("follow-ups-off", *EVERYWHERE)
@pytest.mark.parametrize(
    ("said", "by"), [("and another one", "ada"), ("what about me?", "bob"), ("Why, and since when?", "ada")]
)
async def test_where_follow_ups_are_off_the_second_question_is_told_so(chat: Chat, said: str, by: str) -> None:
    await chat.set(follow_ups="off")
    first = await chat.ask("one?")
    asked = await chat.say(f"{chat.mention} {said}", by=by, below=first)
    assert (await chat.became(asked)).text == NO_FOLLOW_UPS
    await chat.until_told(NO_FOLLOW_UPS)
    assert len(await chat.answers(first)) == len(chat.model.asked) == len(chat.told()) == 1


async def is_remembered(chat: Chat, thread: Any, *texts: str) -> bool:
    """Whether what was said in a thread is sent, in order, with the next question there."""
    await chat.ask("and now?", below=thread)
    found = [chat.sent().find(text) for text in texts]
    return -1 not in found and found == sorted(found)


@row("addressed-to-somebody", *EVERYWHERE)
async def test_what_is_said_to_somebody_else_is_remembered_and_not_answered(chat: Chat) -> None:
    await chat.set(follow_ups="auto")
    thread = await chat.ask("one?")
    said = await chat.say(f"{chat.call('bob')} lunch at twelve?", below=thread)
    assert await chat.is_passed_over(said)
    assert await is_remembered(chat, thread, "lunch at twelve?")


@row("addressed-to-somebody", "slack", "discord")
@pytest.mark.parametrize("said", ["> {} said so\nis that right?", "what does `{}` do there?", "```\n{} hi\n```\nwhy?"])
async def test_who_is_mentioned_in_code_or_a_quotation_is_not_called(chat: Chat, said: str) -> None:
    await chat.set(follow_ups="auto")
    assert await chat.is_passed_over(await chat.say(said.format(chat.mention)))
    thread = await chat.ask("one?")
    asked = await chat.say(said.format(chat.call("bob")), below=thread)
    assert (await chat.became(asked)).outcome is Outcome.ANSWERING


@row("addressed-to-somebody", "slack", "discord")
async def test_what_is_said_to_a_group_is_not_meant_for_the_bot(chat: Chat) -> None:
    await chat.set(follow_ups="auto")
    group, everybody = ("<!subteam^S0123ABC>", "<!here>") if chat.name == "slack" else ("<@&42>", "@everyone")
    thread = await chat.ask("one?")
    for said in (f"who can look {group}", f"the pool is closed {everybody}"):
        assert await chat.is_passed_over(await chat.say(said, below=thread))


@row("thanks", "discord")
async def test_a_reply_of_thanks_to_the_bot_needs_no_answer(chat: DiscordChat) -> None:
    thread = await chat.ask("one?")
    answer = chat.of_bot(thread.native.thread)[-1]
    for text in ("thanks!", "\N{THUMBS UP SIGN}", "https://tenor.com/view/cat-1"):
        said = chat.discord.say(chat.people["ada"], answer.channel, text, reply_to=answer)
        assert await chat.is_passed_over(Said(id=str(said.id), native=said))
    asked = chat.discord.say(chat.people["ada"], answer.channel, "that is wrong", reply_to=answer)
    assert (await chat.became(Said(id=str(asked.id), native=asked))).outcome is Outcome.ANSWERING


@row("thanks", *EVERYWHERE)
@pytest.mark.parametrize("said", ["thanks!", ":+1:", "lol", "ok", "\N{THUMBS UP SIGN}", "> fine\nthanks for the help!"])
async def test_thanks_are_remembered_and_not_answered(chat: Chat, said: str) -> None:
    await chat.set(follow_ups="auto")
    thread = await chat.ask("one?")
    assert await chat.is_passed_over(await chat.say(said, below=thread))
    assert await is_remembered(chat, thread, "fine", said)


@row("question-back", *EVERYWHERE)
async def test_a_question_back_is_answered(chat: Chat) -> None:
    await chat.set(follow_ups="auto")
    thread = await chat.ask("When do you open?")
    said = await chat.say("and on Sundays?", below=thread)
    assert (await chat.became(said)).outcome is Outcome.ANSWERING


@row("two-people", *EVERYWHERE)
async def test_people_who_talk_among_themselves_are_left_alone(chat: Chat) -> None:
    await chat.set(follow_ups="auto")
    thread = await chat.ask("Who can do it?")
    for by, text in (("ada", "Bob, can you?"), ("bob", "Not today."), ("ada", "When then?")):
        await chat.became(await chat.say(text, by=by, below=thread))
    said = await chat.say("I can do it on Monday", by="bob", below=thread)
    assert await chat.is_passed_over(said)
    assert await is_remembered(chat, thread, "Not today.", "I can do it on Monday")


@row("two-people", "slack", "discord")
@pytest.mark.parametrize("called", ["{name}, is it open on Monday?", "bot, is it open?", "Seedling: is it open?"])
async def test_the_bot_is_called_back_by_the_name_that_people_see(chat: SlackChat | DiscordChat, called: str) -> None:
    await chat.rename_bot("Garden Helper")
    await chat.set(follow_ups="auto")
    thread = await chat.ask("Who can do it?")
    for by, text in (("ada", f"{chat.call('bob')} can you?"), ("bob", "Not today.")):
        await chat.became(await chat.say(text, by=by, below=thread))
    said = await chat.say(called.format(name="Garden Helper"), by="bob", below=thread)
    assert (await chat.became(said)).outcome is Outcome.ANSWERING


@row("between-mentions", *EVERYWHERE)
async def test_what_was_said_between_two_mentions_is_sent(chat: Chat) -> None:
    await chat.set(follow_ups="mentioned")
    thread = await chat.ask("one?")
    for by, text in (("ada", "The budget is 4,200 euro."), ("bob", "Carl decides.")):
        assert await chat.is_passed_over(await chat.say(text, by=by, below=thread))
    await chat.ask("what is the budget?", below=thread)
    assert "4,200 euro" in chat.sent()
    assert "Carl decides." in chat.sent()


@row("channel-context", *EVERYWHERE)
async def test_a_question_in_a_channel_is_about_what_stands_above_it(chat: Chat) -> None:
    for by, text in (("ada", "The deploy is on Friday at five."), ("bob", "No, Carl said Thursday.")):
        await chat.became(await chat.say(text, by=by))
    await chat.ask("when is the deploy?")
    assert "Friday at five" in chat.sent()
    assert "Carl said Thursday" in chat.sent()


# ---------------------------------------------------------------- edits and deletions


@row("edit-adds-mention", "slack", "discord", "pigeon")
async def test_an_edit_that_adds_the_mention_asks_once(chat: Chat) -> None:
    said = await chat.say("what is a heron?")
    assert await chat.is_passed_over(said)
    for text in ("what is a heron?", "what is a grey heron?"):
        await chat.edit(said, f"{chat.mention} {text}")
        await chat.until(lambda: said.id in chat.inbox.changed)
        chat.inbox.changed.clear()
    await chat.answered()
    assert len(await chat.answers(said)) == len(chat.model.asked) == 1


@row("edit-while-waiting", "slack", "discord", "pigeon")
@pytest.mark.parametrize(("before", "after"), [("cats", "dogs"), ("five pumps", "six"), ("a heron", "an egret?")])
async def test_what_waits_is_asked_as_it_reads_now(chat: Chat, before: str, after: str) -> None:
    gate = asyncio.Event()
    first = await chat.asking(gate, "one?")
    waiting = await chat.say(f"{chat.mention} tell me about {before}", below=first)
    await chat.became(waiting)
    await chat.edit(waiting, f"{chat.mention} tell me about {after}")
    await chat.until(lambda: after in chat.turns[-1].incoming.text)
    gate.set()
    await chat.answered()
    assert f"tell me about {after}" in chat.sent()
    assert before not in chat.sent()


@row("edit-while-waiting", "slack", "discord")
@pytest.mark.parametrize("now", ["{bob} is it cold?", "`{bot}` is it cold?", "is it cold?"])
async def test_what_waits_and_no_longer_mentions_the_bot_is_asked_no_more(chat: Chat, now: str) -> None:
    await chat.set(follow_ups="mentioned")
    gate = asyncio.Event()
    first = await chat.asking(gate, "one?")
    waiting = await chat.say(f"{chat.mention} is it hot?", below=first)
    await chat.became(waiting)
    await chat.edit(waiting, now.format(bob=chat.call("bob"), bot=chat.mention))
    await chat.until(lambda: waiting.id in chat.inbox.changed)
    gate.set()
    await chat.answered()
    assert len(await chat.answers(first)) == len(chat.model.asked) == 1
    await chat.edit(waiting, f"{chat.mention} is it cold, then?")
    await chat.until(lambda: len(chat.model.asked) == 2)
    assert "is it hot?" not in chat.sent()
    assert "is it cold, then?" in chat.sent()


@row("edit-while-waiting", "slack", "discord")
async def test_what_waits_and_goes_on_with_the_bot_without_its_mention_is_asked(chat: Chat) -> None:
    await chat.set(follow_ups="auto")
    gate = asyncio.Event()
    first = await chat.asking(gate, "one?")
    waiting = await chat.say(f"{chat.mention} is it hot?", below=first)
    await chat.became(waiting)
    await chat.edit(waiting, "is it cold?")
    await chat.until(lambda: waiting.id in chat.inbox.changed)
    gate.set()
    await chat.answered()
    assert "is it cold?" in chat.sent()
    assert len(chat.model.asked) == 2


@row("edit-while-waiting", "slack", "discord", "pigeon")
async def test_what_is_being_answered_is_corrected_in_the_next_request(chat: Chat) -> None:
    gate = asyncio.Event()
    first = await chat.asking(gate, "tell me about cats")
    await chat.edit(first, f"{chat.mention} tell me about dogs")
    await chat.until(lambda: chat.store._changes)
    gate.set()
    await chat.answered()
    assert "dogs" not in chat.sent()
    await chat.ask("and now?", below=first)
    assert "dogs" in chat.sent()


@row("delete-while-waiting", *EVERYWHERE)
@pytest.mark.parametrize("said", ["tell me about cats", "my key is swordfish", "what does Ben earn?"])
async def test_what_is_deleted_while_it_waits_is_never_sent(chat: Chat, said: str) -> None:
    gate = asyncio.Event()
    first = await chat.asking(gate, "one?")
    waiting = await chat.say(f"{chat.mention} {said}", below=first)
    await chat.became(waiting)
    await chat.delete(waiting)
    await chat.until(lambda: said not in chat.stored())
    gate.set()
    await chat.answered()
    assert len(await chat.answers(first)) == len(chat.model.asked) == 1
    await chat.ask("and now?", below=first)
    assert said not in chat.sent()


@row("delete-while-answered", *EVERYWHERE)
@pytest.mark.parametrize("said", ["tell me about cats", "my key is swordfish", "what does Ben earn?"])
async def test_what_is_deleted_while_it_is_answered_is_gone(chat: Chat, said: str) -> None:
    first = await chat.asking(asyncio.Event(), said)  # nobody opens the gate
    await chat.delete(first)
    await chat.answered()
    assert chat.model.closed == 1
    assert "It is so." not in "".join(await chat.answers(first))
    assert said not in chat.stored()


@row("delete-elsewhere", "discord")
@pytest.mark.parametrize("gone", ["thread", "channel", "server", "answer"])
async def test_what_is_deleted_in_any_way_leaves_every_table(chat: DiscordChat, gone: str) -> None:
    discord, by = chat.discord, chat.discord.developer
    chat.model.scripts.append(words("The key is swordfish."))
    asked = await chat.ask("what is my key?")
    thread = asked.native.thread
    assert "swordfish" in chat.stored()
    deletions: dict[str, Callable[[], None]] = {
        "thread": lambda: discord.delete_channel(by, thread),
        "channel": lambda: discord.delete_channel(by, chat.general),
        "server": lambda: discord.kick(chat.guild),
        "answer": lambda: discord.delete_all(by, chat.of_bot(thread)),
    }
    deletions[gone]()
    await chat.until(lambda: "swordfish" not in chat.stored())


@row("delete-elsewhere", "discord", part="away")
async def test_what_is_deleted_while_the_bot_is_away_leaves_every_table(chat: DiscordChat) -> None:
    asked = await chat.ask("my key is swordfish")
    await chat.leave()
    await chat.delete(asked)
    await chat.listen()
    await chat.until(lambda: "swordfish" not in chat.stored())
    await chat.ask("and now?", below=asked)
    assert "swordfish" not in chat.sent()


# ---------------------------------------------------------------- who may ask


Deed = Callable[[SlackChat, Person], Awaitable[object]]


async def ask_by_command(chat: SlackChat, stranger: Person) -> None:
    await chat.slack.slash(stranger, chat.slack.general, "/seed", "ask why?")


async def set_by_command(chat: SlackChat, stranger: Person) -> None:
    await chat.slack.slash(stranger, chat.slack.general, "/seed", "set reasoning_effort high")


async def summarise_by_command(chat: SlackChat, stranger: Person) -> None:
    await chat.slack.slash(stranger, chat.slack.general, "/seed", "summarise")


async def open_the_form(chat: SlackChat, stranger: Person) -> None:
    await chat.slack.slash(stranger, chat.slack.general, "/seed", "settings")
    assert not chat.slack.open_view(stranger)


async def regenerate(chat: SlackChat, stranger: Person) -> None:
    (answer,) = [message for message in chat.slack.messages(chat.slack.general) if message.author is chat.slack.bot]
    await chat.slack.press(stranger, answer, action_id(ReplyAction.REGENERATE))


async def use_the_shortcut(chat: SlackChat, stranger: Person) -> None:
    await chat.slack.shortcut(stranger, SUMMARISE_SHORTCUT, chat.slack.messages(chat.slack.general)[0])


@row("stranger-everywhere", "slack")
@pytest.mark.parametrize(
    "deed",
    [ask_by_command, set_by_command, summarise_by_command, open_the_form, regenerate, use_the_shortcut],
)
async def test_people_of_another_organisation_are_told_alone_and_nothing_runs(chat: SlackChat, deed: Deed) -> None:
    slack = chat.slack
    await chat.ask("one?")
    stranger = slack.person("Eve", team=slack.workspace("Elsewhere"))
    slack.general.members.append(stranger.id)
    slack.general.is_ext_shared = True
    before = [slack.shown(message) for message in slack.messages(slack.general)]
    await deed(chat, stranger)
    await chat.until_told(REFUSALS[STRANGER][:40])
    await slack.settled()
    assert [whisper.only_for for whisper in slack.whispers] == [stranger]
    assert [slack.shown(message) for message in slack.messages(slack.general)] == before
    assert len(chat.turns) == 1
    assert await chat.store.get_everywhere("reasoning_effort") == {}


@row("bots-by-setting", "slack", "discord")
@pytest.mark.parametrize("said", ["run the report", "what failed last night?", "translate this: guten Morgen"])
async def test_a_bot_is_passed_over_and_logged_once(chat: Chat, said: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "bot.turns.ignored_log"):
        for _ in range(2):
            assert await chat.is_passed_over(await chat.say(f"{chat.mention} {said}", by="deploys"))
    assert [record.__dict__["reason"] for record in caplog.records if record.name == "bot.turns.ignored_log"] == [
        "a bot"
    ]
    assert said not in caplog.text


@row("bots-by-setting", "slack", "discord")
@pytest.mark.parametrize("said", ["run the report", "what failed last night?", "translate this: guten Morgen"])
async def test_a_bot_that_is_named_is_answered_until_a_person_has_to_ask(chat: Chat, said: str) -> None:
    await chat.set(bots=f"other, {chat.id_of('deploys')}")
    thread = await chat.ask(said, by="deploys")
    for _ in range(ANSWERS_TO_BOTS - 1):
        await chat.ask(said, by="deploys", below=thread)
    assert await chat.is_passed_over(await chat.say(f"{chat.mention} {said}", by="deploys", below=thread))
    await chat.ask("go on", below=thread)
    await chat.ask(said, by="deploys", below=thread)
    assert chat.told() == []


@row("dm-is-one-conversation", "playground", "slack", "discord")
@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("My cat is called Miso.", "What is my cat called?"),
        ("I live in Ghent.", "Where do I live?"),
        ("The pump has number 17.", "Which number has it?"),
    ],
)
async def test_a_direct_message_knows_the_one_before(chat: Chat, said: str, asked: str) -> None:
    await chat.ask(said, direct=True)
    await chat.ask(asked, direct=True)
    assert said in chat.sent()


@row("persona-of-a-channel", *EVERYWHERE)
@pytest.mark.parametrize(
    "said", ["set channel persona A pirate", "set channel follow_ups off", "digest add daily at 9:00"]
)
async def test_members_do_not_change_what_holds_for_everybody(chat: Chat, said: str) -> None:
    asked = await chat.say(f"{chat.mention} {said}")
    assert "Only managers of the channel and administrators can" in (await chat.became(asked)).text
    assert not any(chat.store._values.values())
    assert not chat.store._schedules
