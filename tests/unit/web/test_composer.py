"""What a person wrote is a message, a question or a command."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from adapters.web.playground.composer import ComposedMessage, Suggestion, message_id, prepare, spoken, suggest
from bot.commands.completion import complete
from bot.types import Channel, Person

ADA = Person(id="ada", name="Ada")
GENERAL = Channel(workspace="local", id="general", name="general")
DIRECT = Channel(workspace="local", id="seedling", name="Seedling", direct=True)
WRITTEN = ComposedMessage(
    channel=GENERAL, thread="", author=ADA, text="", token="t1", at=datetime(2026, 1, 5, tzinfo=UTC)
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "shown", "said", "is_directed"),
    [
        pytest.param("hello", "hello", "hello", False, id="talk"),
        pytest.param("@seedling why?", "@seedling why?", "why?", True, id="mention"),
        pytest.param("@Seedling: why?", "@Seedling: why?", "why?", True, id="mention-with-a-colon"),
        pytest.param("I ask @seedling", "I ask @seedling", "I ask @seedling", True, id="mention-inside"),
        pytest.param("@seedlings grow", "@seedlings grow", "@seedlings grow", False, id="another-word"),
        pytest.param("mail@seedling.example", "mail@seedling.example", "mail@seedling.example", False, id="address"),
        pytest.param("/ask why?", "why?", "/ask why?", True, id="ask"),
        pytest.param("!ask why?", "why?", "!ask why?", True, id="ask-with-a-mark"),
        pytest.param("!important news", "!important news", "!important news", False, id="no-command"),
    ],
)
def test_a_message_is_shown_and_handed_over(text: str, shown: str, said: str, is_directed: bool) -> None:
    sending = prepare(replace(WRITTEN, text=text))
    assert sending.message is not None
    assert sending.message.text == shown
    assert sending.incoming.text == said
    assert sending.incoming.is_directed is is_directed
    assert sending.incoming.message_id == sending.message.id == sending.incoming.key.thread
    assert sending.incoming.is_top_level


@pytest.mark.parametrize("text", ["/set max_tokens 5", "!set max_tokens 5", "/unknown", "/ask", "/HELP"])
def test_a_command_is_no_message(text: str) -> None:
    sending = prepare(replace(WRITTEN, text=text, thread="root"))
    assert sending.message is None
    assert (sending.incoming.text, sending.incoming.message_id) == (text, "")
    assert sending.incoming.is_directed
    assert sending.incoming.key.thread == "root"


def test_a_reply_belongs_to_its_thread() -> None:
    sending = prepare(replace(WRITTEN, text="and?", thread="root"))
    assert sending.message is not None
    assert sending.message.thread == "root"
    assert (sending.incoming.key.thread, sending.incoming.is_top_level) == ("root", False)


def test_a_direct_conversation_is_one_and_everything_in_it_is_addressed() -> None:
    sending = prepare(replace(WRITTEN, text="hi", channel=DIRECT))
    assert sending.incoming.is_directed
    assert (sending.incoming.key.thread, sending.incoming.is_top_level) == ("", False)


def test_the_same_sending_twice_is_one_message_and_nobody_else_can_name_it() -> None:
    first, again = (prepare(replace(WRITTEN, text="hi")) for _ in range(2))
    assert first.incoming.dedupe_key == again.incoming.dedupe_key
    assert message_id(ADA, "t1") != message_id(replace(ADA, id="eve"), "t1")
    assert message_id(ADA, "t1") != message_id(ADA, "t2")


def test_what_is_said_is_the_text_without_the_mention_before_it() -> None:
    assert spoken(" @seedling, tell @seedling ") == "tell @seedling"
    assert spoken("@seedling") == ""


def test_a_mention_completes_with_people_behind_the_bot() -> None:
    assert suggest("hey @", ["Ada"], complete) == [
        Suggestion(insert="hey @seedling ", label="@seedling", help="Ask the bot"),
        Suggestion(insert="hey @Ada ", label="@Ada", help=""),
    ]
    assert suggest("mail@se", [], complete) == []
    assert [item.insert for item in suggest("/uns", [], complete)] == ["/unset "]
