"""What people write on Discord, in readable words."""

from __future__ import annotations

import pytest

from adapters.discord.api.files import is_known_host
from adapters.discord.api.snowflakes import at_time, made_at
from adapters.discord.events.parse import no_names, readable, without_address
from adapters.discord.replies.reply_ref import ChannelRef, InteractionRef, read_ref
from tests.fakes import START


def names(kind: str, id: str) -> str | None:
    return {"user": "Ada", "role": "gardeners", "channel": "general"}.get(kind) if id == "1" else None


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("hi <@1> and <@!1>", "hi @Ada and @Ada"),
        ("<@&1> in <#1>", "@gardeners in #general"),
        ("<@2> <@&2> <#2>", "@someone @a-role #a-channel"),
        ("</ask:99> <:pea:99> <a:wave:99>", "/ask :pea: :wave:"),
        ("<t:0:R> <t:999999999999>", "1970-01-01 00:00 UTC <t:999999999999>"),
        ("a < b and <https://a.example>", "a < b and <https://a.example>"),
    ],
)
def test_entities_are_words(written: str, read: str) -> None:
    assert readable(written, names) == read


def test_what_is_not_known_is_not_made_up() -> None:
    assert readable("<@5>", no_names) == "@someone"


@pytest.mark.parametrize("written", ["<@7> why?", "<@!7>, why?", "why? <@7>", "  <@7>: why?", "<@&8> why?"])
def test_the_address_is_left_out(written: str) -> None:
    assert without_address(written, frozenset({"7", "8"})) == "why?"


def test_a_mention_inside_the_question_stays() -> None:
    assert without_address("is <@7> there?", frozenset({"7"})) == "is <@7> there?"


def test_a_reference_reads_back_and_keeps_its_token_to_itself() -> None:
    answers = InteractionRef(application="1", token="se-cret", expires=START, channel="2", private=True, ids=("3", "4"))
    for ref in (answers, ChannelRef(channel="2", ids=("3",)), ChannelRef(channel="2")):
        assert read_ref(str(ref)) == ref
    assert "se-cret" not in repr(answers)
    assert read_ref("m-17") is None
    assert read_ref("") is None


def test_ids_tell_their_time() -> None:
    assert made_at(at_time(START)) == START


@pytest.mark.parametrize(
    ("url", "known"),
    [
        ("https://cdn.discordapp.com/attachments/1/2/a.png?ex=1", True),
        ("https://media.discordapp.net/attachments/1/2/a.png", True),
        ("http://cdn.discordapp.com/attachments/1/2/a.png", False),
        ("https://cdn.discordapp.com.evil.example/a.png", False),
        ("https://evil.example/cdn.discordapp.com", False),
        ("http://127.0.0.1:81/cdn/a.png", True),
        ("http://127.0.0.1:82/cdn/a.png", False),
        ("file:///etc/passwd", False),
    ],
)
def test_files_come_from_discord_alone(url: str, known: bool) -> None:
    assert is_known_host(url, "http://127.0.0.1:81/api/v10") is known
