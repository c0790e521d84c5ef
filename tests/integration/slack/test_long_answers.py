"""Answers of many messages: a first page and a file, seen once whatever happens in between."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.types import ANSWER_MESSAGES, Draft, Source, Turn
from tests.emulators.slack import Message, Options
from tests.emulators.slack.options import EVERY_SCOPE
from tests.integration.slack.scene import Scene, scene
from tests.integration.slack.test_replies import asked, done, pieces
from tests.integration.slack.test_replies import turn_in as turn_of_many

LONG = "\n\n".join(f"## Part {n}\n\n" + "Some words about it. " * 40 for n in range(60))
SOURCES = (Source(url="https://a.example/b", title="A page"),)


async def turn_in(play: Scene, question: Message, most: str = "") -> Turn:
    turn = await turn_of_many(play, question)
    return replace(
        turn, incoming=replace(turn.incoming, platform_data={**turn.incoming.platform_data, ANSWER_MESSAGES: most})
    )


async def finished(play: Scene, turn: Turn, draft: Draft) -> str:
    reply = await play.platform.open_reply(turn)
    return await reply.finish(draft)


def files(message: Message) -> list[str]:
    return [file.content.decode() for file in message.files if not file.deleted]


async def test_it_grows_in_messages_and_ends_as_a_page_and_a_file() -> None:
    async with scene() as play:
        question = await asked(play)
        reply = await play.platform.open_reply(await turn_in(play, question))
        for end in range(0, len(LONG), 10_000):
            await reply.show(Draft(status="writing", text=LONG[:end]))
        assert len(pieces(play, question)) == 3
        reference = await reply.finish(done(LONG, sources=SOURCES))
        (page,) = pieces(play, question)
        assert "Part 0" in play.slack.shown(page)
        assert "the whole answer is in the file" in play.slack.shown(page)
        (text,) = files(page)
        assert text.startswith(LONG.strip())
        assert "[A page](<https://a.example/b>)" in text
        assert page.files[0].id in reference
        assert play.slack.violations == []


@pytest.mark.parametrize(("most", "messages"), [("1", 1), ("50", 5)])
async def test_people_set_how_many_messages_it_may_have(most: str, messages: int) -> None:
    async with scene() as play:
        question = await asked(play)
        await finished(play, await turn_in(play, question, most), done(LONG))
        shown = pieces(play, question)
        assert len(shown) == messages
        assert bool(shown[0].files) == (messages == 1)


async def test_without_the_scope_it_comes_in_messages_and_the_scope_is_asked_for_once() -> None:
    scopes = tuple(scope for scope in EVERY_SCOPE if scope != "files:write")
    async with scene(emulator=Options(limits=False, scopes=scopes)) as play:
        for _ in range(2):
            question = await asked(play)
            await finished(play, await turn_in(play, question), done(LONG))
            shown = "".join(play.slack.shown(piece) for piece in pieces(play, question))
            assert all(f"Part {n}\n" in shown for n in range(60))
        assert len(play.slack.calls("files.getUploadURLExternal")) == 1


@pytest.mark.parametrize(
    "trouble",
    [
        {"method": "files.completeUploadExternal", "error": "posting_to_general_channel_denied"},
        {"method": "chat.update", "error": "file_not_found"},
    ],
)
async def test_a_file_that_slack_refuses_keeps_no_answer_away(trouble: dict[str, Any]) -> None:
    async with scene() as play:
        question = await asked(play)
        reply = await play.platform.open_reply(await turn_in(play, question))
        play.slack.fault(trouble["method"], error=trouble["error"], times=1)
        await reply.finish(done(LONG))
        shown = [play.slack.shown(piece) for piece in pieces(play, question)]
        assert len(shown) == 5
        assert "Part 59" in shown[-1]
        assert not any(files(piece) for piece in pieces(play, question))


async def test_who_takes_over_after_a_crash_leaves_one_page_and_one_file() -> None:
    async with scene() as play:
        question = await asked(play)
        turn = await turn_in(play, question)
        await finished(play, turn, done(LONG))  # ended before its reference was noted
        after = replace(turn, epoch=2, attempt=2, post_begun_at=play.slack.clock.now())
        await finished(play, after, done(LONG))
        (page,) = pieces(play, question)
        assert len(files(page)) == 1


async def test_a_shorter_answer_in_its_place_takes_the_file_away_and_so_does_taking_it_back() -> None:
    async with scene() as play:
        question = await asked(play)
        turn = await turn_in(play, question)
        reference = await finished(play, turn, done(LONG))
        (page,) = pieces(play, question)
        uploaded = page.files[0]
        reference = await finished(play, replace(turn, id=8, reply_ref=reference), done("Short."))
        assert page.files == []
        assert uploaded.deleted
        reference = await finished(play, replace(turn, id=9, reply_ref=reference), done(LONG))
        again = page.files[0]
        reply = await play.platform.open_reply(replace(turn, id=9, reply_ref=reference))
        await reply.retract("")
        assert pieces(play, question) == []
        assert again.deleted
