"""One question with two settings: each answer in a thread of its own, beside the other on one page."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator

import pytest

from bot.types import Usage
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
