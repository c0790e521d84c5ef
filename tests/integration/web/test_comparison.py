"""One question with two settings: each answer in a thread of its own, beside the other on one page."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator

import pytest

from bot.errors import InvalidInput, StorageUnavailable
from bot.types import HandleResult, Incoming, Usage
from tests.contract.platforms.playground_chat import PlaygroundChat, playground
from tests.fakes import words
from tests.web_visitors import Visitor

QUESTION = "Which tree <b>grows</b> fastest?"
SIDES = {"first-max_tokens": "20", "second-max_tokens": "40"}


@pytest.fixture
async def chat() -> AsyncIterator[PlaygroundChat]:
    async with playground() as chat:
        yield chat


async def compare(person: Visitor, **fields: str) -> str:
    """Send the form; where it leads, "" where it comes back."""
    answer = await person.post("/compare", scripted=False, question=QUESTION, **fields)
    assert answer.status_code in (303, 422), answer.text
    return str(answer.headers.get("location", ""))


async def test_each_side_is_asked_alone_and_shows_its_setting_and_its_cost(chat: PlaygroundChat) -> None:
    usage = Usage(input=1_000, output=500)
    chat.model.scripts[:] = [words("Willow.", usage), words("Poplar.", usage)]
    ada = chat._people["ada"]
    where = await compare(ada, **SIDES)
    await chat.answered()
    asked = chat.model.asked
    assert sorted(request.parameters["max_tokens"] for request in asked) == [20, 40]
    for request in asked:
        said = [entry.text for entry in request.entries]
        assert sum(QUESTION in text for text in said) == 1
        assert not any("Willow" in text or "Poplar" in text for text in said)
    page = (await ada.get(where)).text
    first, second = page.split('class="side"')[1:]
    assert "<dt>max tokens</dt><dd>20</dd>" in first
    assert "<dt>max tokens</dt><dd>40</dd>" in second
    assert "Complete." in first
    assert "$0.0016" in first
    assert "$0.0016" in second
    assert {"Willow.", "Poplar."} == {name for name in ("Willow.", "Poplar.") if name in page}
    assert "&lt;b&gt;grows&lt;/b&gt;" in page
    assert QUESTION not in page
    assert (await chat._people["bob"].get(where)).status_code == 404


async def test_a_side_that_is_left_shows_what_held_there(chat: PlaygroundChat) -> None:
    ada = chat._people["ada"]
    where = await compare(ada, **{"second-max_tokens": "40"})
    await chat.answered()
    first = (await ada.get(where)).text.split('class="side"')[1]
    assert "<dd>4096 <small>the default</small></dd>" in first


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "Both are the same."),
        ({"first-max_tokens": "20", "second-max_tokens": "20"}, "Both are the same."),
        ({"first-max_tokens": "0"}, "max_tokens cannot be"),
        ({**SIDES, "question": "/forget me"}, "this is a command"),
        ({**SIDES, "question": ""}, "A message has 1 to 40,000 characters."),
        ({**SIDES, "question": "x" * 40_001}, "A message has 1 to 40,000 characters."),
    ],
)
async def test_what_cannot_be_compared_is_told_and_nothing_is_asked(
    chat: PlaygroundChat, fields: dict[str, str], told: str
) -> None:
    answer = await chat._people["ada"].post("/compare", scripted=False, **{"question": QUESTION, **fields})
    assert (answer.status_code, told in answer.text) == (422, True), answer.text
    assert QUESTION not in answer.text
    assert not chat.model.asked


async def test_who_has_no_name_is_asked_for_one_first(chat: PlaygroundChat) -> None:
    app = chat._people["ada"].client._transport.app  # type: ignore[attr-defined]  # an ASGI transport
    answer = await Visitor(app, "", "").post("/compare", scripted=False, question=QUESTION, **SIDES)
    assert (answer.status_code, "Say first what the others shall call you." in answer.text) == (422, True)


async def test_usage_comes_with_a_picture_that_is_described(chat: PlaygroundChat) -> None:
    chat.model.scripts[:] = [words("Willow.", Usage(input=1_000, output=500))]
    await chat.ask("Which tree grows fastest?")
    [note] = (await chat._people["ada"].send("/usage me 7"))["notes"]
    picture = re.search(r'<img class="chart" src="data:image/png;base64,([\w+/=]+)" alt="([^"]+)">', note["html"])
    assert picture is not None
    assert base64.b64decode(picture[1]).startswith(b"\x89PNG")
    assert picture[2].startswith("Your own questions, the last 7 days: $0.0016 in all, most on 20")
    assert "$0.0016" in note["html"].partition("<img")[0]


@pytest.mark.parametrize("path", ["/compare/m-1/m-2", "/compare/..%2f/x", "/compare/<b>/x"])
async def test_a_comparison_that_is_none_is_not_found(chat: PlaygroundChat, path: str) -> None:
    assert (await chat._people["ada"].get(path)).status_code == 404


async def test_a_refusal_is_told_though_noting_that_fails_and_the_next_try_is_another(
    chat: PlaygroundChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_incoming: Incoming) -> HandleResult:
        raise InvalidInput("Not on a Sunday.")

    async def fail(*_what: object) -> None:
        raise StorageUnavailable("the disk is full")

    ada = chat._people["ada"]
    with monkeypatch.context() as patch:
        patch.setattr(chat.inbox, "handle", refuse)
        patch.setattr(chat.store, "mark_answered", fail)
        answer = await ada.post("/compare", scripted=False, question=QUESTION, token="first", **SIDES)
    assert (answer.status_code, "Not on a Sunday." in answer.text) == (422, True)
    assert 'value="first"' not in answer.text


async def test_what_could_not_be_stored_stays_in_the_form_and_is_sent_again_as_the_same(
    chat: PlaygroundChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    enqueue = chat.store.enqueue

    async def fail_once(incoming: Incoming, *, again: bool = False) -> int | None:
        asked.append(incoming.dedupe_key)
        if len(asked) == 2:
            raise StorageUnavailable("the disk is full")
        return await enqueue(incoming, again=again)

    monkeypatch.setattr(chat.store, "enqueue", fail_once)
    chat.model.scripts[:] = [words("Willow."), words("Poplar.")]
    ada = chat._people["ada"]
    answer = await ada.post("/compare", scripted=False, question=QUESTION, token="first", **SIDES)
    assert (answer.status_code, "it was not sent" in answer.text, 'value="first"' in answer.text) == (503, True, True)
    assert await compare(ada, **SIDES, token="first")
    await chat.answered()
    assert len(set(asked)) == 2
    assert len(chat.model.asked) == 2


async def test_people_are_named_in_a_comparison_as_in_a_message(
    chat: PlaygroundChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Incoming] = []
    handle = chat.inbox.handle

    async def listen(incoming: Incoming) -> HandleResult:
        heard.append(incoming)
        return await handle(incoming)

    monkeypatch.setattr(chat.inbox, "handle", listen)
    await chat.say("I am here", by="bob")
    chat.model.scripts[:] = [words("Willow."), words("Poplar.")]
    await chat._people["ada"].post("/compare", scripted=False, question="What does @Bob plant?", **SIDES)
    await chat.answered()
    assert [item.mentions["@Bob"].id for item in heard[1:]] == ["bob", "bob"]
