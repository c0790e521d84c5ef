"""Web search, and each form in which its pages are told."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from tests.emulators.seed.options import SourceShape
from tests.emulators.seed.search import CORPUS, search
from tests.integration.seed_emulator.asking import WIRE_NAMES, Asker, asking, deltas, text_of

QUESTION = "When do spring tides come?"
TIDES = "https://tides.example.org/spring-and-neap"


async def told(sources: SourceShape) -> tuple[Any, Any, Any]:
    """The answers of the three wires."""
    async with asking(sources=sources) as seed:
        chat, responses, messages = [await seed.ask(QUESTION, wire, enable_web_search=True) for wire in WIRE_NAMES]
        return chat, responses, messages


def test_pages_that_share_words_come_first() -> None:
    assert search(QUESTION)[0].url == TIDES
    assert search("moon launch calendar")[0].title == "Missions to the moon: a calendar"
    assert search("漢字") == CORPUS[:3]


async def test_a_search_is_counted_and_its_results_are_input(seed: Asker) -> None:
    plain = (await seed.ask(QUESTION))["usage"]
    searched = (await seed.ask(QUESTION, enable_web_search=True))["usage"]
    assert "tool_usage" not in plain
    assert searched["tool_usage"] == {"web_search": 1}
    assert searched["prompt_tokens"] > plain["prompt_tokens"] + 200


async def test_annotations_point_at_the_sentences_that_they_support() -> None:
    chat, responses, messages = await told("annotations")
    text = text_of("chat", chat)
    for annotation in chat["choices"][0]["message"]["annotations"]:
        place = annotation["url_citation"]
        page = next(page for page in CORPUS if page.url == place["url"])
        assert text[place["start_index"] : place["end_index"]].startswith(page.text)
    content = responses["output"][-1]["content"][0]
    assert content["annotations"][0]["url"] == TIDES
    assert [item["type"] for item in responses["output"]] == ["reasoning", "web_search_call", "message"]
    assert messages["content"][-1]["citations"][0]["url"] == TIDES
    assert messages["usage"]["server_tool_use"]["web_search_requests"] == 1


async def test_annotations_of_the_provider_are_flat_and_without_a_place() -> None:
    chat, responses, _ = await told("ark")
    for item in (
        chat["choices"][0]["message"]["annotations"][0],
        responses["output"][-1]["content"][0]["annotations"][0],
    ):
        assert (item["type"], item["url"]) == ("url_citation", TIDES)
        assert "start_index" not in item


@pytest.mark.parametrize("sources", ["citations", "search_results", "references"])
async def test_lists_stand_at_the_top(sources: SourceShape) -> None:
    for body in await told(sources):
        first = body[sources][0]
        assert (first if sources == "citations" else first["url"]) == TIDES
    async with asking(sources=sources) as seed:
        events = await seed.events(QUESTION, enable_web_search=True)
        assert any(sources in event.data for event in events[:-1])


async def test_a_tool_server_tells_pages_in_its_output_only() -> None:
    chat, responses, _ = await told("mcp")
    assert chat["usage"]["tool_usage"] == {"mcp": 1}
    assert TIDES not in str(chat)
    calls = {item["type"]: item for item in responses["output"]}
    assert calls["mcp_list_tools"]["tools"][0]["name"] == "search"
    assert TIDES in calls["mcp_call"]["output"]
    assert "annotations" not in calls["message"]["content"][0]


async def test_pages_stand_in_the_text() -> None:
    for body, wire in zip(await told("block"), WIRE_NAMES, strict=True):
        assert f"References:\n[1] Spring and neap tides - {TIDES}" in text_of(wire, body)
    for body, wire in zip(await told("prose"), WIRE_NAMES, strict=True):
        assert f"({TIDES})" in text_of(wire, body)


async def test_no_page_is_told_at_all() -> None:
    for body in await told("none"):
        assert TIDES not in str(body)
        assert body["usage"]["tool_usage"] == {"web_search": 1}


@pytest.mark.parametrize("sources", get_args(SourceShape))
async def test_a_stream_with_search_says_what_the_whole_answer_says(sources: SourceShape) -> None:
    async with asking(sources=sources) as seed:
        for wire in WIRE_NAMES:
            whole = await seed.ask(QUESTION, wire, enable_web_search=True)
            events = await seed.events(QUESTION, wire, enable_web_search=True)
            assert deltas(wire, events) == text_of(wire, whole)
            streamed = str([event.data for event in events]) + deltas(wire, events)
            assert (TIDES in streamed) is (TIDES in str(whole))
