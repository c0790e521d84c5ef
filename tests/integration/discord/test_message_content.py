"""Messages with more than text: what people see is what the model receives, asked in any way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.emulators.discord.world import Channel, Message, User
from tests.fakes import words
from tests.integration.discord.scene import Scene, labels
from tests.message_cases import cases, unseen

Json = dict[str, Any]

FORWARDED = 1 << 14  # message flags (resources/message)
COMPONENTS_V2 = 1 << 15


def embed(**fields: Any) -> Json:
    return {"content": "", "embeds": [{"type": "rich", **fields}]}


def forward(**message: Any) -> Json:
    snapshot = {
        "type": 0, "content": "", "embeds": [], "attachments": [], "timestamp": "2026-01-05T00:49:57.486000+00:00",
        "edited_timestamp": None, "flags": 0, "components": [], "mentions": [], "mention_roles": [], **message,
    }  # fmt: skip
    reference = {"type": 1, "channel_id": "1100000000000000001", "message_id": "1100000000000000002"}
    snapshots = [{"message": snapshot}]
    return {"content": "", "flags": FORWARDED, "message_reference": reference, "message_snapshots": snapshots}


def poll(question: str, *answers: str, counts: tuple[int, ...] = (), closed: bool = False) -> Json:
    told = [{"answer_id": number, "poll_media": {"text": text}} for number, text in enumerate(answers, 1)]
    results = [{"id": number, "count": count, "me_voted": False} for number, count in enumerate(counts, 1)]
    return {
        "content": "",
        "poll": {
            "question": {"text": question}, "answers": told, "expiry": None, "allow_multiselect": False,
            "layout_type": 1, "results": {"is_finalized": closed, "answer_counts": results},
        },
    }  # fmt: skip


def components(*items: Json) -> Json:
    return {"content": "", "flags": COMPONENTS_V2, "components": [{"type": 17, "id": 1, "components": list(items)}]}


def text_display(id: int, content: str) -> Json:
    return {"type": 10, "id": id, "content": content}


def sticker(name: str) -> Json:
    return {"content": "", "sticker_items": [{"id": "1100000000000000003", "name": name, "format_type": 1}]}


PREVIEW = {"type": "video", "url": "https://v.example/9", "title": "Grafting pears", "provider": {"name": "Tube"}}
BROTHERS: dict[str, tuple[Json, list[str]]] = {
    "embed-with-author": (
        embed(author={"name": "Watchman"}, title="Disk 81 % full", description="on node *b*"),
        ["Watchman", "Disk 81 % full", "on node *b*"],
    ),
    "embed-of-fields": (
        embed(fields=[
            {"name": "Owner", "value": "night shift", "inline": True},
            {"name": "Until", "value": "06:00", "inline": False},
        ]),
        ["Owner", "night shift", "06:00"],
    ),
    "forwarded-text": (forward(content="The budget is 52,000 euro."), ["forwarded", "52,000 euro"]),
    "forwarded-sticker": (
        forward(sticker_items=[{"id": "7", "name": "Owl", "format_type": 1}]),
        ["forwarded", "Owl"],
    ),
    "poll-closed": (poll("Which day?", "Monday", "Friday", counts=(0, 5), closed=True), ["closed", "Friday: 5 votes"]),
    "poll-without-votes": (poll("Tea?", "Green", "Black"), ["open", "Tea?", "Green", "Black"]),
    "components-with-button": (
        components(text_display(2, "Order 77 waits"), {"type": 1, "id": 3, "components": [
            {"type": 2, "id": 4, "style": 5, "label": "Track", "url": "https://example.org/77"}]}),
        ["Order 77 waits", "https://example.org/77"],
    ),
    "components-gallery": (
        components(text_display(2, "Two views"), {"type": 12, "id": 3, "items": [
            {"media": {"url": "https://example.org/a.png"}, "description": "the north wall"}]}),
        ["Two views", "the north wall"],
    ),
    "preview-of-a-video": ({"content": "https://v.example/9", "embeds": [PREVIEW]}, ["Grafting pears", "Tube"]),
    "preview-beside-words": (
        {"content": "read this https://v.example/9 !", "embeds": [PREVIEW | {"description": "in March"}]},
        ["read this", "Grafting pears", "in March"],
    ),
    "sticker-lottie": (sticker("Party Parrot"), ["Party Parrot"]),
    "sticker-with-words": (sticker("Shrug") | {"content": "who knows"}, ["who knows", "Shrug"]),
}  # fmt: skip
ALL = {
    item["id"]: (item["message"], item["model_sees"])
    for item in cases("discord")
    if not {"forum", "conversation"} & item["message"].keys()
} | BROTHERS


def robot_in(scene: Scene) -> User:
    """Another app on the server."""
    robot = scene.discord.person("robot")
    robot.bot = True
    scene.discord.join(scene.guild, robot)
    return robot


def received(scene: Scene, request: int = -1) -> str:
    return "\n".join(entry.text for entry in scene.model.asked[request].entries)


async def by_reply(scene: Scene, said: Message) -> None:
    asked = scene.mention("what is this?", reply_to=said)
    await scene.done(await scene.thread_of(asked))


async def in_its_thread(scene: Scene, said: Message) -> None:
    thread = scene.discord.thread(scene.bob, said, "about it")
    scene.mention("what is this?", where=thread)
    await scene.done(thread)


async def by_its_menu(scene: Scene, said: Message) -> None:
    await scene.until(lambda: scene.discord.commands[None])
    form = await scene.discord.context_menu(scene.ada, "Ask about this", said).shown()
    assert form.modal is not None
    (field,) = [item["component"]["custom_id"] for item in form.modal["components"]]
    scene.discord.submit_modal(scene.ada, form, {field: "what is this?"})
    await scene.done(scene.general)


Asking = Callable[[Scene, Message], Any]


@pytest.mark.parametrize("id", ALL)
@pytest.mark.parametrize("ask", [by_reply, in_its_thread, by_its_menu])
async def test_the_model_receives_what_people_see(scene: Scene, id: str, ask: Asking) -> None:
    body, expected = ALL[id]
    said = scene.discord.send(robot_in(scene), scene.general, body)
    async with scene.bot():
        await ask(scene, said)
    assert unseen(expected, received(scene)) == []
    assert "what is this?" in received(scene)


@pytest.mark.parametrize("forwarded", [False, True], ids=["itself", "forwarded"])
@pytest.mark.parametrize("ask", [by_reply, in_its_thread, by_its_menu])
async def test_the_file_of_what_is_asked_about_is_read(scene: Scene, ask: Asking, forwarded: bool) -> None:
    said = scene.discord.say(scene.bob, scene.general, "look", attachments=[("pump.txt", b"The pump is green.")])
    async with scene.bot():
        await ask(scene, scene.discord.forward(scene.bob, said, scene.general) if forwarded else said)
    assert "The pump is green." in received(scene)


@pytest.mark.parametrize("id", ["discord-embed-only", "discord-poll", "forwarded-text", "components-gallery"])
async def test_a_summary_reads_what_people_see(scene: Scene, id: str) -> None:
    body, expected = ALL[id]
    scene.model.scripts.append(words("- It is so. [1]"))
    async with scene.bot():
        await scene.until(lambda: scene.discord.commands[None])
        scene.discord.send(scene.bob, scene.general, body)
        scene.discord.say(scene.ada, scene.general, "Look at that.")
        asked = scene.discord.slash(scene.ada, scene.general, "summarise", {"what": "last 10"})
        await scene.until(lambda: asked.original and "Regenerate" in labels(asked.original))
    assert unseen(expected, received(scene, 0)) == []


# ---------------------------------------------------------------- posts in forums


POSTS: dict[str, tuple[str, list[str], str]] = {
    "discord-forum-title": ("How do I reset the router to factory settings?", ["network", "solved?"], "see title"),
    "without-tags": ("Leeks in a pot?", [], "is that possible"),
    "one-tag-and-only-the-mention": ("When do pears ripen?", ["fruit"], ""),
}


def forum_of(scene: Scene) -> Channel:
    return scene.discord.forum(scene.guild, "help", tags=["network", "solved?", "fruit", "other"])


@pytest.mark.parametrize("id", POSTS)
async def test_a_post_is_asked_with_its_title_and_tags(scene: Scene, id: str) -> None:
    title, tags, text = POSTS[id]
    async with scene.bot():
        body = f"{scene.discord.mention()} {text}".strip()
        await scene.done(scene.discord.post(scene.ada, forum_of(scene), title, body, tags=tags))
    told = f" (tags: {', '.join(tags)})" if tags else ""
    assert f"Ada: [forum post] {title}{told}\n{text}".strip() in received(scene)
    assert "other" not in received(scene)


@pytest.mark.parametrize("length", [0, 130])
async def test_who_asks_later_in_a_post_asks_about_its_title(scene: Scene, length: int) -> None:
    title, tags, _ = POSTS["discord-forum-title"]
    post = scene.discord.post(scene.ada, forum_of(scene), title, "It blinks.", tags=tags)
    for number in range(length):
        scene.discord.say(scene.bob, post, f"remark {number}")
    async with scene.bot():
        scene.mention("what is asked here?", where=post)
        await scene.done(post)
    (first, *_) = scene.model.asked[0].entries
    assert f"Ada: [forum post] {title} (tags: network, solved?)\nIt blinks." in first.text


# ---------------------------------------------------------------- what answers what


async def test_a_question_by_reply_is_asked_with_the_chain_above(scene: Scene) -> None:
    discord = scene.discord
    said = discord.say(scene.bob, scene.general, "Message 0 of the chain")
    for number in range(1, 14):
        said = discord.say(scene.bob, scene.general, f"Message {number} of the chain", reply_to=said)
    for number in range(12):
        discord.say(scene.bob, scene.general, f"remark {number}")
    async with scene.bot():
        asked = scene.mention("is that right?", reply_to=said)
        await scene.done(await scene.thread_of(asked))
    entries = [entry.text for entry in scene.model.asked[0].entries]
    found = [number for number in range(14) for text in entries if text.endswith(f"Message {number} of the chain")]
    assert found == list(range(4, 14))
    relations = [line for text in entries for line in text.splitlines() if "[in reply to" in line][-10:]
    assert all(f"Message {number} of the chain" in line for number, line in enumerate(relations, 4))
    assert entries[-1].endswith("Ada: [in reply to Bob: Message 13 of the chain]\nis that right?")


async def test_what_a_question_replies_to_is_said_once_however_the_conversation_got_it(scene: Scene) -> None:
    discord = scene.discord
    old = discord.say(scene.bob, scene.general, "The pump is red.")
    for number in range(12):
        discord.say(scene.bob, scene.general, f"remark {number}")
    async with scene.bot():
        asked = scene.mention("what colour?", reply_to=old)
        thread = await scene.thread_of(asked)
        await scene.done(thread)
        said = discord.say(scene.bob, thread, "Which pump?")
        scene.mention("that one?", where=thread, reply_to=said)
        await scene.done(thread, 3)  # Bob's has an answer of its own
        scene.mention("and this one?", where=thread, reply_to=said)
        await scene.done(thread, 4)
    entries = [entry.text.partition("] ")[2] for entry in scene.model.asked[-1].entries]
    assert [entries.count(f"Bob: {text}") for text in ("The pump is red.", "Which pump?")] == [1, 1]
    assert [entries.index(f"Ada: [in reply to Bob: {of}]\n{text}") for of, text in (
        ("The pump is red.", "what colour?"), ("Which pump?", "that one?"), ("Which pump?", "and this one?"),
    )] == [11, 15, 17]  # fmt: skip
    assert not any(">" in entry for entry in entries)


async def test_replies_tell_what_they_answer(scene: Scene) -> None:
    (case,) = [item for item in cases("discord") if item["id"] == "discord-reply-relations"]
    people = {"Bob": scene.bob, "Ada": scene.ada}
    said: dict[int, Message] = {}
    thread = scene.discord.open_thread(scene.bob, scene.general, "plans")
    for item in case["message"]["conversation"]:
        told = said[item["reply_to"]] if "reply_to" in item else None
        said[item["id"]] = scene.discord.say(people[item["author"]], thread, item["content"], reply_to=told)
    scene.model.scripts += [words("Nothing."), words("- Tuesday it is. [1]")]
    async with scene.bot():
        await scene.until(lambda: scene.discord.commands[None])
        scene.mention("what was decided?", where=thread)
        await scene.done(thread)
        summary = scene.discord.slash(scene.ada, thread, "summarise", {"what": "last 10"})
        await scene.until(lambda: summary.original and "Regenerate" in labels(summary.original))
    for request in (0, 1):
        plain = " ".join(received(scene, request).split())
        assert "[in reply to Bob: Shall we ship on Tuesday?] Yes, agreed." in plain
        assert "[in reply to Bob: Shall we drop the old client?] No way." in plain


@pytest.mark.parametrize("length", [3, 150])
async def test_a_thread_is_read_with_the_message_that_it_hangs_on(scene: Scene, length: int) -> None:
    root = scene.discord.send(robot_in(scene), scene.general, embed(title="Build 812 failed"))
    thread = scene.discord.thread(scene.bob, root, "about it")
    for number in range(length):
        scene.discord.say(scene.bob, thread, f"remark {number}")
    async with scene.bot():
        scene.mention("why?", where=thread)
        await scene.done(thread)
    first, *rest = scene.model.asked[0].entries
    assert "Build 812 failed" in first.text
    assert f"remark {length - 1}" in rest[-2].text


# ---------------------------------------------------------------- names


async def test_names_are_those_that_others_see_live_and_in_histories(scene: Scene) -> None:
    scene.guild.members[scene.bob.id].nick = "Bob the Gardener"
    thread = scene.discord.open_thread(scene.ada, scene.general, "plans")
    scene.discord.say(scene.bob, thread, f"{scene.discord.mention(scene.bob)} waters <#{scene.general.id}>")
    async with scene.bot():
        scene.mention(f"what does {scene.discord.mention(scene.bob)} do?", where=thread)
        await scene.done(thread)
    assert "Bob the Gardener: @Bob the Gardener waters #general" in received(scene)
    assert "what does @Bob the Gardener do?" in received(scene)


async def test_a_command_in_a_reply_is_one(scene: Scene) -> None:
    said = scene.discord.say(scene.bob, scene.general, "[card] of mine")
    async with scene.bot():
        scene.mention("!ask what is that?", reply_to=said)
        scene.mention("!help", reply_to=said)
        await scene.until(lambda: scene.model.asked and len(scene.answers(scene.general)) > 0)
        await scene.closed()
    assert "what is that?" in received(scene)
    assert "!ask" not in received(scene)
    assert "Bob: \\[card] of mine" in received(scene)
    assert "Mention me" in "".join(item.content for item in scene.answers(scene.general))


@pytest.mark.parametrize("ping", [True, False])
async def test_a_reply_to_somebody_else_is_for_them(scene: Scene, ping: bool) -> None:
    async with scene.bot():
        thread = await scene.thread_of(scene.mention("when do they open?"))
        await scene.done(thread)
        said = scene.discord.say(scene.bob, thread, "I was there.")
        scene.discord.say(scene.ada, thread, "what was it like?", reply_to=said, ping=ping)
        scene.discord.say(scene.ada, thread, "and on Sundays?", reply_to=scene.answers(thread)[0], ping=ping)
        await scene.done(thread, 2)
    assert len(scene.model.asked) == 2
    assert "and on Sundays?" in received(scene)


# ---------------------------------------------------------------- names of threads


async def test_a_thread_is_named_by_what_was_typed_until_that_is_deleted(scene: Scene) -> None:
    said = scene.discord.say(scene.bob, scene.general, "The pump rattles.")
    async with scene.bot():
        asked = scene.mention(f"why **does** it, {scene.discord.mention(scene.bob)}?", reply_to=said)
        thread = await scene.thread_of(asked)
        named = thread.name
        await scene.done(thread)
        scene.discord.delete(scene.ada, asked)
        await scene.until(lambda: thread.name != named)
    assert named == "why does it?"
    assert thread.name == "Question"
