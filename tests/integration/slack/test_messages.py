"""What people say, change, delete and attach, and what was said while nobody listened."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.errors import FileGone, FileTooLarge, PlatformError
from bot.parameters import Scope
from bot.types import Attachment, ConversationKey, Person, TextDelta
from storage.in_memory.store import MemoryStore
from tests.emulators.slack import Message
from tests.fakes import incoming, words
from tests.integration.slack.scene import Scene, now, scene


def key_of(play: Scene, message: Message) -> ConversationKey:
    return ConversationKey(
        platform="slack", workspace=play.slack.team.id, channel=message.channel.id, thread=message.root_ts
    )


async def set_for_all(play: Scene, **values: str) -> None:
    scope = Scope(kind="workspace", key=f"slack/{play.slack.team.id}")
    await play.inbox.set_parameters(scope, dict(values), asked=incoming("", is_admin=True))


async def ask(play: Scene, text: str, thread: str = "") -> Message:
    slack = play.slack
    question = await slack.say(slack.ada, slack.general, text, thread_ts=thread)
    await play.settled()
    return question


async def entries(play: Scene, message: Message) -> list[str]:
    return [entry.entry.text for entry in await play.store.get_entries(key_of(play, message), start=0)]


async def test_an_old_thread_is_read_when_the_bot_is_first_asked_in_it() -> None:
    async with scene(words("I have read it.")) as play:
        slack = play.slack
        root = await ask(play, "the pump is broken")
        await slack.say(slack.ben, slack.general, f"<@{slack.ada.id}> since *when*?", thread_ts=root.ts)
        await ask(play, f"{slack.mention()} what is broken?", root.ts)
        sent = "\n".join(entry.text for entry in play.model.asked[0].entries)
        assert "the pump is broken" in sent
        assert "@ada since *when*?" in sent


@pytest.mark.parametrize("in_thread", [True, False])
async def test_what_is_read_tells_the_time_of_its_author_as_what_is_heard_does(in_thread: bool) -> None:
    async with scene() as play:
        slack = play.slack
        slack.ben.tz = "Asia/Tokyo"
        root = await slack.say(slack.ben, slack.general, "meet at five?")
        await play.settled()
        await ask(play, f"{slack.mention()} when?", root.ts if in_thread else "")
        (read,) = (entry.text for entry in play.model.asked[0].entries if "meet at five?" in entry.text)
        assert " JST] " in read


async def test_messages_of_bots_are_not_answered() -> None:
    async with scene() as play:
        slack = play.slack
        robot = slack.person("Robot", bot_id="B0ROBOT", app_id="A0ROBOT")
        slack.general.members.append(robot.id)
        await slack.say(robot, slack.general, f"{slack.mention()} loop?")
        await play.settled()
        assert play.model.asked == []


@pytest.mark.parametrize(("policy", "answers"), [("auto", 3), ("always", 3), ("mentioned", 2), ("off", 1)])
async def test_follow_ups_are_answered_as_set(policy: str, answers: int) -> None:
    async with scene() as play:
        await set_for_all(play, follow_ups=policy)
        question = await ask(play, f"{play.slack.mention()} one?")
        await ask(play, "and two?", question.ts)
        await ask(play, f"{play.slack.mention()} and three?", question.ts)
        assert len(play.answers(question)) == answers


async def test_in_its_thread_thanks_and_what_is_said_to_somebody_else_are_left_alone() -> None:
    async with scene() as play:
        question = await ask(play, f"{play.slack.mention()} when is it open?")
        for said in ("thanks! :tada:", f"<@{play.slack.ben.id}> lunch at twelve?", ":+1:"):
            await ask(play, said, question.ts)
        assert len(play.answers(question)) == 1
        await ask(play, "thanks! and on Sundays?", question.ts)
        assert len(play.answers(question)) == 2


@pytest.mark.parametrize(("policy", "answers"), [("ignore", 0), ("answer", 1)])
async def test_strangers_are_treated_as_set(policy: str, answers: int) -> None:
    async with scene() as play:
        slack = play.slack
        await set_for_all(play, strangers=policy)
        stranger = slack.person("Eve", team=slack.workspace("Elsewhere"))
        slack.general.members.append(stranger.id)
        question = await slack.say(stranger, slack.general, f"{slack.mention()} hello?")
        await play.settled()
        assert len(play.answers(question)) == answers


@pytest.mark.parametrize("follow_ups", ["auto", "always", "mentioned"])
async def test_what_strangers_say_in_a_thread_is_known_to_the_next_question(follow_ups: str) -> None:
    async with scene() as play:
        slack = play.slack
        await set_for_all(play, follow_ups=follow_ups)
        stranger = slack.person("Eve", team=slack.workspace("Elsewhere"))
        slack.general.members.append(stranger.id)
        question = await ask(play, f"{slack.mention()} what is broken?")
        await slack.say(stranger, slack.general, "The pump is.", thread_ts=question.ts)
        await play.settled()
        assert len(play.model.asked) == 1
        await ask(play, f"{slack.mention()} who is right?", question.ts)
        assert any(entry.text.endswith("The pump is.") for entry in play.model.asked[-1].entries)


async def test_what_is_added_in_the_channel_before_the_first_word_is_answered_with_the_question() -> None:
    gate = asyncio.Event()
    async with scene([gate, *words("Too early.")], words("Both.")) as play:
        slack = play.slack
        question = await slack.say(slack.ada, slack.general, f"{slack.mention()} why?")
        await play.until(lambda: play.model.asked)
        await ask(play, "I mean on Linux")
        assert [len(play.answers(question)), len(play.model.asked)] == [1, 2]
        assert "Both." in play.answers(question)[0]
        assert "I mean on Linux" in play.model.asked[-1].entries[-1].text


async def test_an_edit_is_told_and_a_deletion_forgotten() -> None:
    async with scene() as play:
        slack = play.slack
        question = await ask(play, f"{slack.mention()} my secret is 1234")
        await slack.edit(question, f"{slack.mention()} my secret is 5678")
        await play.settled()
        assert any("5678" in entry for entry in await entries(play, question))
        await slack.delete(question)
        await play.settled()
        assert not any("1234" in entry or "5678" in entry for entry in await entries(play, question))


async def test_the_bots_own_edits_and_previews_change_nothing() -> None:
    async with scene() as play:
        question = await ask(play, f"{play.slack.mention()} hello")
        before = await entries(play, question)
        await play.slack.edit(question, question.text)
        await play.settled()
        assert await entries(play, question) == before


async def test_a_question_that_is_told_after_a_later_one_was_answered_is_answered_with_that() -> None:
    async with scene(words("The pump, and yes."), words("The pump.")) as play:
        slack = play.slack
        slack.deliveries.hold()
        first = await slack.say(slack.ada, slack.general, f"{slack.mention()} what is broken?")
        late = slack.deliveries.log[-1]
        slack.deliveries.give_up()
        later = f"{slack.mention()} and is it loud?"
        await slack.say(slack.ben, slack.general, later, thread_ts=first.ts)
        await play.settled()
        assert any("what is broken?" in entry.text for entry in play.model.asked[-1].entries)
        for _ in range(2):
            await slack.deliveries.again(late)
            await play.settled()
        assert [len(play.answers(first)), len(play.model.asked)] == [1, 1]


@pytest.mark.parametrize("broadcast", [False, True])
async def test_what_was_missed_is_answered_after_the_gap_and_only_once(broadcast: bool) -> None:
    store = MemoryStore(clock=now)
    async with scene(words("One."), store=store) as play:
        slack = play.slack
        question = await ask(play, f"{slack.mention()} one?")
        slack.deliveries.hold()
        async with scene(words("Two."), words("Three."), slack=slack, store=store, listens=False) as later:
            await slack.say(slack.ben, slack.general, "and two?", thread_ts=question.ts, broadcast=broadcast)
            other = await slack.say(slack.ben, slack.general, f"{slack.mention()} three?")
            async with scene(words("Two."), words("Three."), slack=slack, store=store) as again:
                await again.until(lambda: len(slack.answers(slack.general, other.ts)) == 1)
                await again.until(lambda: len(slack.answers(slack.general, question.ts)) == 2)
                slack.deliveries.release()
                await again.settled()
            del later
        assert len(play.answers(question)) == 2
        assert len(play.answers(other)) == 1


# ---------------------------------------------------------------- files


async def test_files_of_a_message_go_to_the_model() -> None:
    async with scene() as play:
        slack = play.slack
        file = slack.file(slack.ada, "notes.txt", b"The pump is green.")
        await slack.say(slack.ada, slack.general, f"{slack.mention()} what is it?", files=[file])
        await play.settled()
        (turn,) = play.store._turns.values()
        (attachment,) = turn.incoming.attachments
        assert attachment.name == "notes.txt"
        assert await play.platform.fetch(attachment, limit=1_000) == b"The pump is green."


async def file_in(play: Scene, content: bytes, name: str = "x.txt", **facts: Any) -> Attachment:
    slack = play.slack
    file = slack.file(slack.ada, name, content, **facts)
    await slack.say(slack.ada, slack.general, f"{slack.mention()} see", files=[file])
    await play.settled()
    turn = play.store._turns[max(play.store._turns)]
    attachment: Attachment = turn.incoming.attachments[0]
    return attachment


async def test_a_file_of_another_organisation_is_asked_for_by_its_id() -> None:
    async with scene() as play:
        attachment = await file_in(play, b"shared", hidden=True)
        assert attachment.url == ""
        play.slack.world.files[attachment.id.partition("/")[2]].hidden = False
        assert await play.platform.fetch(attachment, limit=100) == b"shared"


async def test_files_are_read_no_further_than_allowed() -> None:
    async with scene() as play:
        attachment = await file_in(play, b"x" * 2_000)
        with pytest.raises(FileTooLarge):
            await play.platform.fetch(attachment, limit=1_999)


async def test_the_page_to_sign_in_is_no_file_and_the_token_goes_to_slack_alone() -> None:
    async with scene() as play:
        attachment = await file_in(play, b"hello")
        file = play.slack.world.files[attachment.id.partition("/")[2]]
        for url in (
            "https://slack.com.evil.example/f",
            "http://files.slack.com/f",
            "https://evil.example/files.slack.com",
        ):
            with pytest.raises(PlatformError, match="foreign_host"):
                await play.platform.fetch(replace(attachment, url=url), limit=100)
        file.redirect = "https://evil.example/"
        with pytest.raises(PlatformError, match="302"):
            await play.platform.fetch(attachment, limit=100)


@pytest.mark.parametrize(
    ("heard", "told"),
    [("Ship it on Friday.", "Ship it on Friday."), ("word " * 20, f"{'word ' * 12}\u2026"), ("", "")],
    ids=["whole", "beginning", "nothing"],
)
async def test_what_slack_heard_in_a_clip_comes_with_it(heard: str, told: str) -> None:
    async with scene() as play:
        clip = play.slack.file(play.slack.ada, "clip.m4a", b"sound")
        clip.heard = heard
        await play.slack.say(play.slack.ada, play.slack.general, f"{play.slack.mention()} listen", files=[clip])
        await play.settled()
        turn = play.store._turns[max(play.store._turns)]
        assert [item.transcript for item in turn.incoming.attachments] == [told]


async def test_a_file_that_was_deleted_is_known_as_gone() -> None:
    async with scene() as play:
        attachment = await file_in(play, b"hello")
        play.slack.world.files[attachment.id.partition("/")[2]].deleted = True
        for address in (attachment.url, ""):
            with pytest.raises(FileGone, match="file_deleted"):
                await play.platform.fetch(replace(attachment, url=address), limit=100)


# ---------------------------------------------------------------- reading channels


async def test_channels_and_threads_are_read_in_pages_oldest_first() -> None:
    async with scene(listens=False) as play:
        slack = play.slack
        said = [await slack.say(slack.ada, slack.general, f"message {n}") for n in range(230)]
        replies = [await slack.say(slack.ben, slack.general, f"reply {n}", thread_ts=said[0].ts) for n in range(210)]
        await slack.edit(said[-1], "message, edited")
        await slack.delete(said[-2])
        key = key_of(play, said[0])
        read = await play.platform.read_channel(key, limit=220)
        assert [item.text for item in read][-3:] == ["message 226", "message 227", "message, edited"]
        assert len(read) == 220
        assert read[-1].edited_at is not None
        (first,) = (item for item in await play.platform.read_channel(key, limit=500) if item.message_id == said[0].ts)
        assert first.replies == 210
        since = (await play.platform.read_replies(key, said[0].ts, limit=5))[0].sent_at
        newest = await play.platform.read_replies(key, said[0].ts, since=since, limit=500)
        assert [item.text for item in newest] == [f"reply {n}" for n in range(205, 210)]
        assert newest[-1].thread == said[0].ts
        link = await play.platform.link(key, newest[-1])
        assert link.endswith(f"/p{replies[-1].ts.replace('.', '')}?thread_ts={said[0].ts}&cid={slack.general.id}")
        between = await play.platform.read_channel(
            key, since=read[0].sent_at, before=read[0].sent_at + timedelta(microseconds=1), limit=9
        )
        assert [item.message_id for item in between] == [read[0].message_id]


async def test_replies_that_were_sent_to_the_channel_stand_above_a_question_there() -> None:
    async with scene() as play:
        slack = play.slack
        root = await slack.say(slack.ben, slack.general, "Which day?")
        await slack.say(slack.ben, slack.general, "Not Monday", thread_ts=root.ts)
        await slack.say(slack.ben, slack.general, "Friday at five", thread_ts=root.ts, broadcast=True)
        await ask(play, f"{slack.mention()} when is it?")
    asked = [entry.text.partition(": ")[2] for entry in play.model.asked[0].entries]
    assert asked == ["Which day?", "[in reply to ben: Which day?]\nFriday at five", "when is it?"]


async def test_only_who_is_in_a_private_channel_may_read_it_and_guests_only_where_they_are() -> None:
    async with scene(listens=False) as play:
        slack = play.slack
        guest = slack.person("Gus", is_restricted=True)
        secret = slack.channel("secret", slack.ada, kind="private")
        public = key_of(play, await slack.say(slack.ada, slack.general, "x"))
        private = key_of(play, await slack.say(slack.ada, secret, "x"))
        allowed = {
            (place, who.name): await play.platform.may_read(key, Person(id=who.id, name=who.name))
            for place, key in (("public", public), ("private", private))
            for who in (slack.ada, slack.ben, guest)
        }
        assert allowed == {
            ("public", "Ada"): True, ("public", "Ben"): True, ("public", "Gus"): False,
            ("private", "Ada"): True, ("private", "Ben"): False, ("private", "Gus"): False,
        }  # fmt: skip
        assert await play.platform.is_public(public)
        assert not await play.platform.is_public(private)
        nowhere = replace(public, channel="C0NOWHERE")
        assert not await play.platform.may_read(nowhere, Person(id=slack.ada.id, name="Ada"))


async def test_a_thread_is_read_without_the_bots_own_messages() -> None:
    async with scene([TextDelta("x"), *words("Answer.")]) as play:
        slack = play.slack
        question = await ask(play, f"{slack.mention()} one?")
        assert slack.calls("conversations.replies") == []  # few are allowed, and the question itself begins the thread
        await slack.say(slack.ben, slack.general, "thanks", thread_ts=question.ts)
        read = await play.platform.read_thread(key_of(play, question), limit=10)
        assert [item.author.name for item in read] == ["ada", "ben"]
        assert await play.platform.read_thread(key_of(play, question), limit=0) == []
