"""What Discord tells twice is done and told once; a command that a crash cuts is finished or told at the next start."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlmodel import Session, col, select

from bot.types import ConversationKey, Incoming
from storage.tables import DeliveryRow, FeedbackRow
from tests.emulators.discord import rules
from tests.emulators.discord.interaction import Interaction
from tests.emulators.discord.world import Message
from tests.fakes import words
from tests.integration.discord.scene import Scene, labels

WEBHOOK = "/webhooks/"
DIGEST = {"words": "add daily at 9:00"}
LOADING = 1 << 7


def text_of(asked: Interaction) -> str:
    """What somebody reads in the answer to an interaction."""
    assert asked.original is not None
    texts = [node.get("content", "") for node in rules.walk(asked.original.components)]
    return "\n".join((asked.original.content, *texts))


async def digests(scene: Scene) -> int:
    key = ConversationKey(platform="discord", workspace=str(scene.guild.id), channel=str(scene.general.id), thread="")
    assert scene.core is not None
    return len(await scene.core.store.get_schedules(key))


async def told_twice(scene: Scene, *told: Interaction | Message) -> None:
    """The gateway tells these once more, and whatever the bot does about them is over."""
    for item in told:
        if isinstance(item, Interaction):
            scene.discord.interact_again(item)
        else:
            scene.discord.tell_again(item)
    last = scene.discord.slash(scene.bob, scene.general, "help")
    await last.shown()
    await scene.closed()


@asynccontextmanager
async def listening(scene: Scene) -> AsyncIterator[None]:
    async with scene.bot():
        await scene.until(lambda: scene.discord.commands[None])
        yield


# ---------------------------------------------------------------- told twice


async def test_slash_commands_that_are_told_twice_are_carried_out_once(scene: Scene) -> None:
    scene.model.scripts.append(words("Because."))
    async with listening(scene):
        added = scene.discord.slash(scene.ada, scene.general, "digest", DIGEST)
        await added.shown()
        asked = scene.discord.slash(scene.ada, scene.general, "ask", {"question": "why?"})
        await scene.done(scene.general)
        await told_twice(scene, added, asked, added)
        assert await digests(scene) == 1

    assert "Digest 1 is set" in text_of(added)
    assert not added.followups
    assert len(scene.model.asked) == 1


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        pytest.param("!digest add daily at 9:00", "Digest 1 is set", id="a-digest"),
        pytest.param("!set channel max_tokens 40", "is now `40`", id="a-setting"),
        pytest.param("!set channel max_tokens enormous", "max_tokens cannot be", id="a-bad-value"),
        pytest.param("/frobnicate", "There is no command", id="an-unknown-command"),
        pytest.param("!help", "Mention me in a channel", id="help"),
    ],
)
@pytest.mark.parametrize("place", ["direct", "channel"])
async def test_commands_in_messages_that_are_told_twice_are_told_once(
    scene: Scene, text: str, answer: str, place: str
) -> None:
    async with listening(scene):
        where = scene.discord.dm(scene.ada) if place == "direct" else scene.general
        said = scene.mention(text, where=where)
        await scene.until(lambda: scene.answers(where))
        scene.discord.nonces.clear()  # Discord forgets them after some minutes
        await told_twice(scene, said, said)
        assert scene.core is not None
        shown = [item.content for item in scene.answers(where) if not item.ephemeral]

    assert len(set(shown)) == len(shown)  # of a long one, no part twice
    assert answer in shown[0]


async def test_a_bare_mention_is_told_once(scene: Scene) -> None:
    async with listening(scene):
        said = scene.mention("")
        await scene.until(lambda: scene.answers(scene.general))
        scene.discord.nonces.clear()
        await told_twice(scene, said)
        assert len([answer for answer in scene.answers(scene.general) if not answer.ephemeral]) == 1


async def test_presses_that_are_told_twice_are_done_once(scene: Scene) -> None:
    scene.model.scripts += [words("One."), words("Another."), words("A third.")]
    async with listening(scene):
        thread = await scene.thread_of(scene.mention("one?"))
        (answer,) = await scene.done(thread)
        good = scene.discord.press(scene.ada, answer, "Helpful")
        await good.shown()
        bad = scene.discord.press(scene.ada, answer, "Not helpful")
        await bad.shown()
        again = scene.discord.press(scene.ada, answer, "Regenerate")
        await scene.until(lambda: answer.content.startswith("Another."))
        await scene.closed()
        await told_twice(scene, good, again)
        assert scene.core is not None
        judged = await _feedback(scene)

    assert len(scene.model.asked) == 2
    assert judged == [False]
    assert good.original is not None
    assert "Thank you" in good.original.content


async def _feedback(scene: Scene) -> list[bool]:
    assert scene.core is not None

    def read(session: Session) -> list[bool]:
        return list(session.exec(select(FeedbackRow.good)))

    return await scene.core.store._database.run(read)


async def test_a_choice_in_the_panel_that_is_told_twice_does_not_undo_the_next_one(scene: Scene) -> None:
    async with listening(scene):
        panel = scene.discord.slash(scene.ada, scene.general, "settings")
        await panel.shown()
        assert panel.original is not None
        scene.discord.select(scene.ada, panel.original, _list(panel, "parameter"), ["memory"])
        await scene.until(lambda: any(":value:" in e.get("custom_id", "") for e in _parts(panel)))
        no = scene.discord.select(scene.ada, panel.original, _list(panel, ":value:"), ["no"])
        await scene.until(lambda: "**memory**: `no`" in text_of(panel))
        scene.discord.select(scene.ada, panel.original, _list(panel, ":value:"), ["yes"])
        await scene.until(lambda: "**memory**: `yes`" in text_of(panel))
        await told_twice(scene, no)
        shown = scene.discord.slash(scene.ada, scene.general, "show", {"what": "memory"})
        await shown.shown()

    assert "`yes` (set for this channel)" in text_of(shown)


async def test_menus_and_lists_that_are_told_twice_are_no_errors(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    async with listening(scene):
        said = scene.discord.say(scene.bob, scene.general, "The pump rattles.")
        form = scene.discord.context_menu(scene.ada, "Ask about this", said)
        await form.shown()
        panel = scene.discord.slash(scene.ada, scene.general, "settings")
        await panel.shown()
        assert panel.original is not None
        chosen = scene.discord.select(scene.ada, panel.original, _list(panel, "parameter"), ["memory"])
        await scene.until(lambda: any(":value:" in e.get("custom_id", "") for e in _parts(panel)))
        await told_twice(scene, form, panel, chosen)

    assert [record.message for record in caplog.records if record.levelname in {"ERROR", "WARNING"}] == []


def _parts(asked: Interaction) -> list[Any]:
    assert asked.original is not None
    return list(rules.walk(asked.original.components))


def _list(asked: Interaction, part: str) -> str:
    return next(str(item["custom_id"]) for item in _parts(asked) if part in item.get("custom_id", ""))


# ---------------------------------------------------------------- a crash in between


@asynccontextmanager
async def crashing(scene: Scene) -> AsyncIterator[list[Incoming]]:
    """The bot acknowledges what is asked and ends before it does anything about it."""
    heard: list[Incoming] = []

    async def held(incoming: Incoming) -> Any:
        heard.append(incoming)
        await asyncio.Event().wait()

    async with listening(scene):
        assert scene.core is not None
        scene.core.inbox.handle = held  # type: ignore[method-assign]  # it never comes to that
        yield heard


@pytest.mark.parametrize(
    ("name", "options", "answer"),
    [
        pytest.param("digest", DIGEST, "Digest 1 is set", id="a-digest"),
        pytest.param("set", {"parameter": "max_tokens", "value": "40", "where": "channel"}, "is now `40`", id="set"),
        pytest.param("help", {}, "Mention me in a channel", id="help"),
        pytest.param("forget", {"what": "me"}, "Deleted: what you asked", id="forgetting"),
        pytest.param("ask", {"question": "why?", "max_tokens": 50}, "Because.", id="a-question"),
        pytest.param("search", {"query": "why?", "private": True}, "Because.", id="a-private-search"),
    ],
)
async def test_a_command_that_a_crash_cuts_is_finished_at_the_next_start(
    scene: Scene, name: str, options: dict[str, Any], answer: str
) -> None:
    scene.model.scripts.append(words("Because."))
    async with crashing(scene) as heard:
        asked = scene.discord.slash(scene.ada, scene.general, name, options)
        await asked.acknowledged(3)
        await scene.until(lambda: heard)
    assert asked.original is not None
    assert asked.original.flags & LOADING
    async with listening(scene):
        await scene.until(lambda: asked.original and answer in asked.original.content)
        await scene.closed()
        await told_twice(scene, asked)
        assert await digests(scene) == (name == "digest")

    parts = [asked.original.content, *(item.content for item in asked.followups)]
    assert len(set(parts)) == len(parts)  # of a long answer, no part twice
    assert not asked.original.flags & LOADING
    assert len(scene.model.asked) == (name in {"ask", "search"})


async def test_people_go_on_with_a_question_that_a_crash_cut(scene: Scene) -> None:
    scene.model.scripts += [words("Because."), words("Still because.")]
    async with crashing(scene) as heard:
        asked = scene.discord.slash(scene.ada, scene.general, "ask", {"question": "why?"})
        await scene.until(lambda: heard)
    async with listening(scene):
        (answer,) = await scene.done(scene.general)
        assert answer is asked.original
        scene.discord.say(scene.ada, scene.general, "and why that?", reply_to=answer)
        await scene.until(lambda: len(scene.model.asked) == 2)
        await scene.closed()

    assert "why?" in str([entry.text for entry in scene.model.asked[1].entries][:1])


async def test_a_panel_that_a_crash_cuts_is_told_to_be_opened_again(scene: Scene) -> None:
    async with listening(scene):
        assert scene.core is not None
        opening = asyncio.Event()

        async def held(_: Any) -> Any:
            opening.set()
            await asyncio.Event().wait()

        scene.core.inbox.get_parameters = held  # type: ignore[assignment, method-assign]  # it never comes to that
        asked = scene.discord.slash(scene.ada, scene.general, "settings")
        await opening.wait()
    async with listening(scene):
        await scene.until(lambda: asked.original and "Please try again" in asked.original.content)


@pytest.mark.parametrize("way", ["command", "message"])
async def test_what_was_carried_out_before_a_crash_is_told_after_it(scene: Scene, way: str) -> None:
    async with listening(scene):
        template = WEBHOOK if way == "command" else "/channels/{channel_id}/messages"
        scene.discord.fault("5xx", method="PATCH" if way == "command" else "POST", template=template, times=99)
        said: Any = (
            scene.discord.slash(scene.ada, scene.general, "digest", DIGEST)
            if way == "command"
            else scene.mention("!digest add daily at 9:00")
        )
        await scene.until(lambda: "5xx" in scene.discord.faults.happened)
        assert await digests(scene) == 1
    scene.discord.faults.clear()
    async with listening(scene):
        await scene.until(lambda: _told(scene))
        await told_twice(scene, said)
        assert await digests(scene) == 1
        assert len(_told(scene)) == 1
    async with listening(scene):
        await told_twice(scene)
        assert len(_told(scene)) == 1


def _told(scene: Scene) -> list[str]:
    return [answer.content for answer in scene.answers(scene.general) if "Digest 1 is set" in answer.content]


async def test_after_fifteen_minutes_nothing_is_told_and_nothing_done(scene: Scene) -> None:
    async with crashing(scene) as heard:
        asked = scene.discord.slash(scene.ada, scene.general, "digest", DIGEST)
        await scene.until(lambda: heard)
    scene.discord.clock.advance(16 * 60)
    async with listening(scene):
        await told_twice(scene)
        while await _is_owed(scene):
            await asyncio.sleep(0.01)
        assert await digests(scene) == 0

    assert asked.original is not None
    assert asked.original.content == ""


async def _is_owed(scene: Scene) -> bool:
    assert scene.core is not None

    def read(session: Session) -> bool:
        return session.exec(select(DeliveryRow).where(col(DeliveryRow.due).is_not(None))).first() is not None

    return await scene.core.store._database.run(read)


async def test_what_was_never_acknowledged_is_not_done_afterwards(scene: Scene) -> None:
    """Discord has said "the application did not respond": who asked has tried again, or changed their mind."""
    async with listening(scene):
        scene.discord.fault("5xx", method="POST", template="/interactions/", times=99)
        asked = scene.discord.slash(scene.ada, scene.general, "digest", DIGEST)
        await scene.until(lambda: "5xx" in scene.discord.faults.happened)
    scene.discord.faults.clear()
    async with listening(scene):
        while await _is_owed(scene):
            await asyncio.sleep(0.01)
        assert await digests(scene) == 0

    assert asked.original is None


async def test_the_buttons_of_a_finished_question_work(scene: Scene) -> None:
    scene.model.scripts += [words("Because."), words("Otherwise.")]
    async with crashing(scene) as heard:
        asked = scene.discord.slash(scene.ada, scene.general, "ask", {"question": "why?"})
        await scene.until(lambda: heard)
    async with listening(scene):
        await scene.until(lambda: asked.original and "Regenerate" in labels(asked.original))
        await scene.closed()
        assert asked.original is not None
        scene.discord.press(scene.ada, asked.original, "Regenerate")
        await scene.until(lambda: asked.original and asked.original.content.startswith("Otherwise."))
        await scene.closed()
