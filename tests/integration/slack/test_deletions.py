"""What people delete on Slack is gone everywhere: from the answers, the database and every later request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.slack.events.ask_modal import QUESTION
from adapters.slack.events.messages import dedupe_key
from bot.types import ConversationKey, Person, Recorded, Settlement, TextDelta, Turn
from storage import migrate, open_store
from tests.copies import copies_of
from tests.emulators.slack import Message, Options, running_slack
from tests.emulators.slack.faults import Fault
from tests.fakes import incoming, words
from tests.integration.slack.scene import PATIENCE_S, Scene, held, now, scene
from tests.integration.slack.test_ask_about import ask_about

SECRET = "hunter2"
ECHO = f"You said {SECRET}."


@asynccontextmanager
async def stored(folder: Path, *scripts: Any, **options: Any) -> AsyncIterator[Scene]:
    """The bot over a database of its own."""
    url = f"sqlite:///{folder}/seedling.db"
    await migrate(url)
    async with open_store(url, clock=now) as store, scene(*scripts, store=store, **options) as play:
        yield play


def copies(folder: Path) -> list[str]:
    return copies_of(SECRET, folder / "seedling.db")


async def gone(play: Scene, folder: Path) -> None:
    async with asyncio.timeout(PATIENCE_S):
        await play.settled()
        while copies(folder):
            await asyncio.sleep(0.02)


def sent(play: Scene, *, since: int) -> str:
    return "\n".join(entry.text for request in play.model.asked[since:] for entry in request.entries)


async def ask(play: Scene, text: str, thread: str = "") -> Message:
    slack = play.slack
    return await slack.say(slack.ada, slack.general, f"{slack.mention()} {text}", thread_ts=thread)


async def test_a_question_deleted_in_mid_answer_is_taken_back(tmp_path: Path) -> None:
    gate = asyncio.Event()
    async with stored(tmp_path, held(gate, f"{ECHO} I ", "know more."), words("Later.")) as play:
        slack = play.slack
        question = await ask(play, f"my password is {SECRET}")
        await play.until(lambda: any(SECRET in answer for answer in play.answers(question)))
        await slack.delete(question)
        await play.until(lambda: not play.answers(question))
        await gone(play, tmp_path)
        place = (question.channel.id, question.root_ts)
        assert SECRET not in str(slack.surfaces.sessions.get(place))
        await ask(play, "what did I say?", question.ts)
        await play.settled()
        assert SECRET not in sent(play, since=1)


async def test_a_question_deleted_while_it_waits_is_never_asked(tmp_path: Path) -> None:
    gate = asyncio.Event()
    async with stored(tmp_path, held(gate, "One ", "whole"), words("Later.")) as play:
        slack = play.slack
        question = await ask(play, "first?")
        await play.until(lambda: play.answers(question))
        waiting = await ask(play, f"my password is {SECRET}", question.ts)
        await play.until(lambda: "turn.text" in copies(tmp_path))
        await slack.delete(waiting)
        await play.until(lambda: not copies(tmp_path))
        gate.set()
        await play.settled()
        assert SECRET not in sent(play, since=0)
        assert len(play.answers(question)) == 1


async def test_one_of_several_deleted_while_their_answer_is_shown_leaves_the_others_one_answer(tmp_path: Path) -> None:
    gate = asyncio.Event()
    long = f"{ECHO}\n\n" + "More of it. " * 1500
    async with stored(tmp_path, held(gate, "One ", "whole"), words(long), words("To the others.")) as play:
        slack, record, asked = play.slack, play.store.record, list[Message]()

        async def recorded(turn: Turn, settlement: Settlement) -> Recorded:
            done: Recorded = await record(turn, settlement)
            if SECRET in settlement.draft.text:
                await slack.delete(asked[1])
                await play.until(lambda: not copies(tmp_path))
            return done

        play.store.record = recorded
        question = await ask(play, "first?")
        await play.until(lambda: play.answers(question))
        for text in ("second?", f"my password is {SECRET}", "fourth?"):
            asked.append(await ask(play, text, question.ts))
        await slack.settled()
        gate.set()
        await play.settled()
        assert [text.split("\n")[0] for text in play.answers(question)] == ["One whole", "To the others."]
        last = sent(play, since=2)
        assert [last.count(text) for text in ("second?", "fourth?", SECRET)] == [1, 1, 0]
        assert copies(tmp_path) == []


async def delete_question(play: Scene, question: Message) -> None:
    """A tombstone stays, since the answer is a reply to it."""
    await play.slack.delete(question)


async def delete_channel(play: Scene, question: Message) -> None:
    await play.slack.delete_channel(question.channel)


async def remove_bot(play: Scene, question: Message) -> None:
    await play.slack.remove_bot(question.channel)


async def uninstall(play: Scene, _question: Message) -> None:
    await play.slack.uninstall()


@pytest.mark.parametrize("how", [delete_question, delete_channel, remove_bot, uninstall])
async def test_what_was_answered_leaves_every_table(
    tmp_path: Path, how: Callable[[Scene, Message], Awaitable[None]]
) -> None:
    async with stored(tmp_path, words(ECHO)) as play:
        question = await ask(play, f"my password is {SECRET}")
        await play.settled()
        assert {"entry.text", "turn.text", "turn.draft"} <= set(copies(tmp_path))
        await how(play, question)
        await gone(play, tmp_path)


async def by_slash(play: Scene) -> None:
    await play.slack.slash(play.slack.ada, play.slack.general, "/seed", f"ask my password is {SECRET}")


async def by_slash_in_a_direct_message(play: Scene) -> None:
    await play.slack.slash(play.slack.ada, play.slack.direct(play.slack.ada), "/seed", f"ask my password is {SECRET}")


async def by_form_about_a_message(play: Scene) -> None:
    said = await play.slack.say(play.slack.ben, play.slack.general, "The pump rattles")
    await ask_about(play, said, **{QUESTION: f"does it say {SECRET}?"})


@pytest.mark.parametrize("is_answered", [False, True])
@pytest.mark.parametrize("asking", [by_slash, by_slash_in_a_direct_message, by_form_about_a_message])
async def test_a_question_that_the_bot_shows_goes_with_the_message_that_shows_it(
    tmp_path: Path, asking: Callable[[Scene], Coroutine[Any, Any, None]], *, is_answered: bool
) -> None:
    gate = asyncio.Event()
    if is_answered:
        gate.set()
    async with stored(tmp_path, held(gate, f"{ECHO} I ", "know more."), words("Later.")) as play:
        slack = play.slack
        under_way = asyncio.ensure_future(asking(play))
        places = [slack.general, slack.direct(slack.ada)]

        def shown(words: str) -> list[Message]:
            return [item for place in places for item in slack.messages(place) if words in slack.shown(item)]

        await play.until(lambda: shown(f"{ECHO} I know more." if is_answered else ECHO))
        (question,) = shown("asks:")
        await slack.delete(question)
        await play.until(lambda: not shown(SECRET))
        await gone(play, tmp_path)
        await under_way
        await slack.say(slack.ada, question.channel, f"{slack.mention()} and now?", thread_ts=question.ts)
        await play.settled()
        assert SECRET not in sent(play, since=1)


async def test_a_reply_among_others_leaves_them_alone(tmp_path: Path) -> None:
    async with stored(tmp_path, words("One."), words(ECHO), words("Three.")) as play:
        question = await ask(play, "first?")
        await play.settled()
        second = await ask(play, f"my password is {SECRET}", question.ts)
        await play.settled()
        await play.slack.delete(second)
        await gone(play, tmp_path)
        await ask(play, "third?", question.ts)
        await play.settled()
        assert "first?" in sent(play, since=2)
        assert SECRET not in sent(play, since=2)


async def test_the_words_of_a_message_leave_the_reply_to_it_that_was_shown_in_the_channel(tmp_path: Path) -> None:
    async with stored(tmp_path, words("Hm."), words("Later.")) as play:
        slack = play.slack
        root = await slack.say(slack.ben, slack.general, f"The word is {SECRET}")
        await slack.say(slack.ben, slack.general, "or was it?", thread_ts=root.ts, broadcast=True)
        question = await ask(play, "which word?")
        await play.settled()
        assert f"[in reply to ben: The word is {SECRET}]" in sent(play, since=0)
        await slack.delete(root)
        await gone(play, tmp_path)
        await ask(play, "and now?", question.ts)
        await play.settled()
        assert "or was it?" in sent(play, since=1)
        assert SECRET not in sent(play, since=1)


async def test_an_answer_that_a_moderator_deletes_is_not_remembered(tmp_path: Path) -> None:
    async with stored(tmp_path, words(f"The word is {SECRET}."), words("Later.")) as play:
        question = await ask(play, "which word?")
        await play.settled()
        (answer,) = play.slack.answers(question.channel, question.root_ts)
        await play.slack.delete(answer)
        await gone(play, tmp_path)
        await ask(play, "and now?", question.ts)
        await play.settled()
        assert "which word?" in sent(play, since=1)
        assert SECRET not in sent(play, since=1)


async def test_where_slack_keeps_an_answer_a_note_takes_its_place(tmp_path: Path) -> None:
    gate = asyncio.Event()
    async with stored(tmp_path, held(gate, f"{ECHO} I ", "know more.")) as play:
        slack = play.slack
        question = await ask(play, f"my password is {SECRET}")
        await play.until(lambda: any(SECRET in item for item in play.answers(question)))
        slack.faults.add(Fault(method="chat.delete", error="compliance_exports_prevent_deletion", times=9))
        await slack.delete(question)
        await gone(play, tmp_path)
        (answer,) = play.answers(question)
        assert SECRET not in answer
        assert "removed" in answer


async def test_an_edit_that_waits_is_asked_and_one_in_mid_answer_is_corrected(tmp_path: Path) -> None:
    gate = asyncio.Event()
    async with stored(tmp_path, [TextDelta("One "), gate, *words("whole")], words("Later.")) as play:
        slack = play.slack
        question = await ask(play, "cats?")
        await play.until(lambda: play.answers(question))
        waiting = await ask(play, "mice?", question.ts)
        await slack.edit(question, f"{slack.mention()} dogs?")
        await slack.edit(waiting, f"{slack.mention()} !ask rats?")
        await slack.settled()
        gate.set()
        await play.settled()
        asked = [entry.text.rpartition(": ")[2] for entry in play.model.asked[1].entries]
        assert asked[2:] == ["dogs?", "rats?"]
        assert "mice?" not in sent(play, since=0)


async def test_a_deletion_and_an_edit_can_come_before_their_messages(tmp_path: Path) -> None:
    async with stored(tmp_path, words("Fine.")) as play:
        slack = play.slack
        slack.deliveries.hold()
        deleted = await ask(play, f"my password is {SECRET}")
        edited = await ask(play, "cats?")
        key = ConversationKey(
            platform="slack", workspace=slack.team.id, channel=deleted.channel.id, thread=deleted.root_ts
        )
        await play.inbox.on_message_deleted(key, deleted.ts)
        early = incoming(
            "dogs?",
            key=replace(key, thread=edited.ts),
            dedupe_key=dedupe_key(slack.team.id, edited.channel.id, edited.ts),
            author=Person(id=slack.ada.id, name="ada"),
            message_id=edited.ts,
            sent_at=now(),
        )
        await play.inbox.on_message_edited(early, at=now())
        slack.deliveries.release()
        await play.settled()
        assert SECRET not in sent(play, since=0)
        assert copies(tmp_path) == []
        assert play.model.asked[0].entries[-1].text.endswith(": dogs?")


CHANGED = [("the pw is {secret}?", "which is the best dog?"), ("{ben} the pw is {secret}", "{ben} never mind")]
"""What is said without a mention in a thread with the bot, a question and talk, and as it reads after an edit."""


async def said_and_edited(play: Scene, thread: str, before: str, after: str) -> None:
    slack = play.slack
    before, after = (text.format(secret=SECRET, ben=f"<@{slack.ben.id}>") for text in (before, after))
    said = await slack.say(slack.ada, slack.general, before, thread_ts=thread)
    await slack.edit(said, after)


async def assert_known_as_it_reads_now(play: Scene, folder: Path, thread: str, text: str) -> None:
    await play.settled()
    await ask(play, "and now?", thread)
    await play.settled()
    assert copies(folder) == []
    assert SECRET not in sent(play, since=0)
    last = [entry.text for entry in play.model.asked[-1].entries]
    assert sum(entry.endswith(text.replace("{ben} ", "")) for entry in last) == 1
    assert "corrected" not in sent(play, since=0)


@pytest.mark.parametrize(("before", "after"), CHANGED)
async def test_an_edit_that_comes_before_its_message_leaves_nothing_of_it(
    tmp_path: Path, before: str, after: str
) -> None:
    async with stored(tmp_path, words("One."), words("Two."), words("Three.")) as play:
        question = await ask(play, "first?")
        await play.settled()
        play.slack.deliveries.hold()
        await said_and_edited(play, question.ts, before, after)
        play.slack.deliveries.release(backwards=True)
        await assert_known_as_it_reads_now(play, tmp_path, question.ts, after)


@pytest.mark.parametrize(("before", "after"), CHANGED)
async def test_an_edit_while_its_message_waits_for_those_before_it_leaves_nothing_of_it(
    tmp_path: Path, before: str, after: str
) -> None:
    async with stored(tmp_path, words("One."), words("Two."), words("Three.")) as play:
        slack = play.slack
        question = await ask(play, "first?")
        await play.settled()
        slack.fault("users.info", delay_s=0.5)
        looked_up = len(slack.calls("users.info"))
        await slack.say(slack.person("Cleo"), slack.general, f"{slack.mention()} cats?", thread_ts=question.ts)
        await play.until(lambda: len(slack.calls("users.info")) > looked_up)
        await said_and_edited(play, question.ts, before, after)
        await assert_known_as_it_reads_now(play, tmp_path, question.ts, after)


@pytest.mark.parametrize("is_killed", [False, True])
async def test_the_answer_that_stands_goes_with_its_question(tmp_path: Path, *, is_killed: bool) -> None:
    """All that a process may have come to is the deletion in the database: the next one takes the answer back."""
    url = f"sqlite:///{tmp_path}/seedling.db"
    await migrate(url)
    async with running_slack(Options(limits=False)) as slack, open_store(url, clock=now) as store:
        channel = ConversationKey(platform="slack", workspace=slack.team.id, channel=slack.general.id, thread="")
        async with scene(words(ECHO), words("Other."), store=store, slack=slack) as play:
            question = await ask(play, f"my password is {SECRET}")
            await play.settled()
            await ask(play, "and mice?", question.ts)
            await play.settled()
            assert len(play.answers(question)) == 2
            if is_killed:
                slack.deliveries.hold()
            await slack.delete(question)
            if not is_killed:
                await play.until(lambda: len(play.answers(question)) == 1)
        if is_killed:
            slack.deliveries.give_up()
            await store.delete_messages(channel, [question.ts])
            assert len(slack.answers(question.channel, question.root_ts)) == 2
        async with scene(store=store, slack=slack) as play:
            await play.until(lambda: len(play.answers(question)) == 1)
            await gone(play, tmp_path)
            await play.inbox.on_message_deleted(channel, question.ts)
            await play.settled()
            assert play.answers(question)[0].startswith("Other.")
        assert len(slack.calls("chat.delete")) == 1
