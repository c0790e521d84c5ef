"""A draft as messages: within Discord's limits, whole, and with the buttons on the last."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.discord.api.limits import CONTENT, CUSTOM_ID, NONCE
from adapters.discord.payloads import Component
from adapters.discord.replies.components import TEMPLATE, custom_id, names_turn, rows_for
from adapters.discord.replies.rendering import NO_SEARCH, NO_SOURCES, Renderer, plain_pages
from adapters.discord.replies.reply_placement import thread_name
from bot.chat.reply_actions import ReplyAction
from bot.types import Draft, ReplyStatus, Source, Turn, TurnState
from tests.fakes import incoming


def turn(**changes: Any) -> Turn:
    return Turn(id=12, incoming=incoming("why?", **changes), state=TurnState.RUNNING, epoch=1, attempt=1)


def pressed(draft: Draft, asked: Turn) -> list[str]:
    rows: list[Any] = [component for row in rows_for(draft, asked) for component in row["components"]]
    return [str(item["label"]) for item in rows]


@given(st.text(st.sampled_from("ab \n`|-*[](){}<>#_~\\x"), max_size=6_000), st.sampled_from(["writing", "done"]))
def test_every_message_fits_and_is_not_empty(text: str, status: ReplyStatus) -> None:
    pages = Renderer(turn()).pages(Draft(status=status, text=text, notices=("Mind that.",)))
    assert all(0 < len(page.content) <= CONTENT and page.content.strip() for page in pages)
    assert all(not page.rows for page in pages[:-1])
    assert pages[-1].rows


def test_what_was_shown_stays_while_the_answer_grows() -> None:
    renderer, text = Renderer(turn()), "\n\n".join(f"Paragraph {number}, a little longer." for number in range(400))
    shown = renderer.pages(Draft(status="writing", text=text[: len(text) // 2]))
    later = renderer.pages(Draft(status="writing", text=text))
    assert [page.content for page in shown[:-1]] == [page.content for page in later[: len(shown) - 1]]


def test_many_sources_go_on_in_further_messages() -> None:
    sources = tuple(Source(url=f"https://a.example/{n}/{'x' * 90}", title=f"Title {n} " * 9) for n in range(30))
    pages = Renderer(turn()).pages(Draft(status="done", text="Short.", sources=sources))
    whole = "\n".join(page.content for page in pages)
    assert all(len(page.content) <= CONTENT for page in pages)
    assert all(f"(<{source.url}>)" in whole for source in sources)


@pytest.mark.parametrize(("searches", "told"), [(True, NO_SOURCES), (False, NO_SEARCH)])
def test_a_search_without_sources_is_honest(searches: bool, told: str) -> None:
    asked = turn(overrides={"enable_web_search": "yes"})
    pages = Renderer(asked, searches=searches).pages(Draft(status="done", text="So it is."))
    assert told in pages[-1].content


@pytest.mark.parametrize(
    ("draft", "labels"),
    [
        (Draft(status="thinking"), ["Stop"]),
        (Draft(status="searching", text="So"), ["Stop"]),
        (Draft(status="failed", notices=("No.",)), ["Try again"]),
        (Draft(status="done", text="So."), ["Regenerate", "Helpful", "Not helpful"]),
        (Draft(status="done", text="So", is_cut=True), ["Regenerate", "Continue", "Helpful", "Not helpful"]),
        (Draft(status="stopped"), ["Regenerate"]),
    ],
)
def test_the_buttons_fit_the_state(draft: Draft, labels: list[str]) -> None:
    assert pressed(draft, turn()) == labels


def test_a_private_search_can_be_deepened_and_shared() -> None:
    asked = turn(overrides={"enable_web_search": "yes"}, private=True)
    assert pressed(Draft(status="done", text="So."), asked)[-2:] == ["Search deeper", "Share"]


def test_buttons_tell_their_turn() -> None:
    largest = 2**63
    for action in ReplyAction:
        assert TEMPLATE.fullmatch(custom_id(action, largest))
        assert len(custom_id(action, largest)) <= CUSTOM_ID
    rows = Component.read_list(list(rows_for(Draft(status="thinking"), turn())))
    assert names_turn(rows, 12)
    assert not names_turn(rows, 1)


def test_nonces_are_short_enough() -> None:
    assert len(f"t{2**63}-99") <= NONCE


@pytest.mark.parametrize("text", ["", "word", "w" * 300, "two words " * 40, "line\none"])
def test_a_thread_has_a_name(text: str) -> None:
    assert 1 <= len(thread_name(text)) <= 90
    assert "\n" not in thread_name(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("[in reply to Bob: The pump rattles]\nwhy?", "why?"),
        ("why?\n\n[in reply to a message of Bob]", "why?"),
        ("> somebody said so\nis that **really** `true`?", "is that really true?"),
        (
            "@Ada, @bob.b what about ||that||, @Zoe, 2 * 3 and snake_case @Ada ?",
            "what about that,, 2 * 3 and snake_case?",
        ),
        ("look\n\n[card] Build 812 failed\n  timed out\n\n[sticker] Wave", "look"),
        ("[sticker] Wave", "Question"),
        ("\\[card] is what I typed", "[card] is what I typed"),
        ("# Title\nwrite to me@example.org", "Title write to me@example.org"),
        ("word " * 40, "word " * 16 + "word…"),
    ],
)
def test_a_thread_is_named_by_what_was_typed(text: str, name: str) -> None:
    assert thread_name(text) == name


def test_a_long_command_text_is_told_whole() -> None:
    text = "\n".join(f"line {number}" for number in range(600))
    assert "\n".join(page.content for page in plain_pages(text)) == text


def test_links_are_those_of_people_and_sources_alone() -> None:
    text = "https://mine.example/a https://evil.example/?q=secret ![](https://evil.example/p.png)"
    draft = Draft(status="done", text=text, links=("https://mine.example/a",))
    content = Renderer(turn()).pages(draft)[0].content
    assert "<https://mine.example/a> <https://evil.example/?q=secret> image (<https://evil.example/p.png>)" in content
