"""Channels that people make and remove, and what is asked once more before it is deleted."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape

import pytest

from adapters.web.playground import channels
from adapters.web.playground.composer import message_id
from bot.types import ConversationKey, Person
from tests.contract.platforms.playground_chat import PlaygroundChat, playground
from tests.fakes import words
from tests.web_visitors import Visitor

REMOVE = "/channels/local/ideas/remove"


@pytest.fixture
async def chat() -> AsyncIterator[PlaygroundChat]:
    async with playground() as chat:
        yield chat


async def make(person: Visitor, name: str) -> tuple[int, str]:
    answer = await person.post("/channels/local", scripted=False, name=name)
    return answer.status_code, answer.text


async def names(chat: PlaygroundChat) -> list[str]:
    return [item.id for item in await chat.store.get_channels("local") if not item.direct]


async def test_somebody_makes_so_many_channels_and_is_told_how_many(
    chat: PlaygroundChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "CHANNELS_EACH", 2)
    ada, bob = chat._people["ada"], chat._people["bob"]
    assert [(await make(ada, name))[0] for name in ("ideas", "plans", "ideas")] == [303, 303, 303]
    status, text = await make(ada, "too much")
    assert (status, "You have made 2 channels" in text) == (400, True)
    assert (await make(bob, "of bob"))[0] == 303
    assert await names(chat) == ["general", "ideas", "of-bob", "plans", "random"]
    assert (await ada.post(REMOVE, scripted=False)).status_code == 303
    assert (await make(ada, "one more"))[0] == 303


async def test_its_maker_removes_a_channel_until_somebody_else_writes_there(chat: PlaygroundChat) -> None:
    ada, bob = chat._people["ada"], chat._people["bob"]
    await make(ada, "ideas")
    await ada.send("mine alone", place="local/ideas")
    assert REMOVE in (await ada.get("/c/local/ideas")).text
    asks = await ada.get(REMOVE)
    assert (asks.status_code, "Remove #ideas?" in asks.text) == (200, True)
    assert "/remove" not in (await bob.get("/c/local/ideas")).text
    assert [(await bob.get(REMOVE)).status_code, (await bob.post(REMOVE, scripted=False)).status_code] == [403, 403]
    await bob.send("and mine", place="local/ideas")
    answer = await ada.post(REMOVE, scripted=False)
    assert (answer.status_code, "Only an administrator" in answer.text) == (403, True)
    assert "ideas" in await names(chat)


async def test_a_removed_channel_is_gone_from_pages_that_were_open(chat: PlaygroundChat) -> None:
    ada, bob = chat._people["ada"], chat._people["bob"]
    await make(ada, "ideas")
    await ada.send("said here", place="local/ideas")
    hub = chat.platform._hub
    async with bob.listening(hub, "/events/local/ideas") as heard:
        await ada.post(REMOVE, scripted=False)
    assert [item.values["channel"] for item in heard if item.kind == "place"] == ["local/"]
    assert (await bob.get("/c/local/ideas")).status_code == 404
    assert "said here" not in (await bob.get("/search?q=said")).text
    assert (await ada.get("/")).status_code == 303


@pytest.mark.parametrize("channel", ["general", "random", "direct-ada", "direct-bob", "seedling", "nowhere"])
async def test_the_first_channels_and_direct_ones_stay(chat: PlaygroundChat, channel: str) -> None:
    answer = await chat._people["ada"].post(f"/channels/local/{channel}/remove", scripted=False)
    assert answer.status_code in (403, 404)
    assert await names(chat) == ["general", "random"]


@pytest.mark.parametrize(
    ("typed", "button"), [("/forget here", "this conversation"), ("!forget me", "all that I asked")]
)
@pytest.mark.parametrize("scripted", [True, False])
async def test_a_conversation_is_deleted_when_that_was_asked_once_more(
    chat: PlaygroundChat, typed: str, button: str, scripted: bool
) -> None:
    chat.model.scripts[:] = [words("An oak.")]
    ada, root = chat._people["ada"], message_id(Person(id="ada", name="Ada"), "q")
    await ada.send("@seedling which tree?", place="local/random", token="q")
    await chat.answered()
    place = f"/c/local/random/send?thread={root}"
    asks = (await ada.post(place, scripted=scripted, text=typed, token="f")).text
    key = ConversationKey(platform="local", workspace="local", channel="random", thread=root)
    assert await chat.store.get_entries(key, start=0)
    html = unescape(asks.replace('\\"', '"'))
    [action] = re.findall(r'formaction="([^"]+/forget[^"]+)"', html)
    assert f"Delete {button}" in html
    told = await ada.post(action, scripted=scripted)
    assert "Deleted: " in told.text, told.text
    assert not await chat.store.get_entries(key, start=0)


async def test_notes_and_what_is_no_such_command_are_not_asked_for(chat: PlaygroundChat) -> None:
    ada = chat._people["ada"]
    [note] = (await ada.send("/forget memory"))["notes"]
    assert "formaction" not in note["html"]
    refused = await ada.post("/c/local/general/forget?what=memory")
    assert (refused.status_code, refused.json()["error"]) == (400, "There is nothing of that kind to delete.")


async def test_without_scripts_a_message_is_deleted_by_a_second_press(chat: PlaygroundChat) -> None:
    said = await chat.say("my password is hunter2")
    ada, path = chat._people["ada"], f"/c/local/general/delete?id={said.id}"
    page = unescape((await ada.post(path, scripted=False)).text)
    assert "Delete the message and everything made from it?" in page
    [sure] = re.findall(r'formaction="(/c/local/general/delete\?[^"]*sure=yes[^"]*)"', page)
    assert (await ada.post(sure, scripted=False)).status_code == 303
    message = await chat.store.get_message("local", "general", said.id)
    assert message is not None
    assert message.is_deleted
