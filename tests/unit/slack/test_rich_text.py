"""What people wrote in Slack, as they typed it."""

from __future__ import annotations

import pytest

from adapters.slack.block_kit import link, readable, rich_text
from adapters.slack.elements import Element
from tests.unit.slack.elements import NAMES, Json, read_content, rich, section, text


@pytest.mark.parametrize(
    ("elements", "written"),
    [
        pytest.param([section(text("a *b* _c_ <d> & e[0](x)"))], "a *b* _c_ <d> & e[0](x)", id="as-typed"),
        pytest.param([section(text("all "), text("bold ", bold=True), text("on"))], "all **bold** on", id="bold"),
        pytest.param([section(text("x", italic=True, strike=True))], "_~~x~~_", id="styles"),
        pytest.param(
            [section(text("*args", code=True), text("`a`", code=True))], "`*args```" + "`a`" + "``", id="code"
        ),
        pytest.param(
            [
                section(
                    {"type": "user", "user_id": "U1"},
                    text(" "),
                    {"type": "user", "user_id": "U9"},
                    text(" "),
                    {"type": "channel", "channel_id": "C1"},
                    text(" "),
                    {"type": "usergroup", "usergroup_id": "S1"},
                    text(" "),
                    {"type": "broadcast", "range": "here"},
                    text(" "),
                    {"type": "emoji", "name": "wave", "unicode": "1f44b"},
                    text(" "),
                    {"type": "color", "value": "#FF0000"},
                )
            ],
            "@Ada @U9 #general @ops @here :wave: #FF0000",
            id="names",
        ),
        pytest.param(
            [
                section(
                    {"type": "date", "timestamp": 0, "format": "{date}"},
                    text(" "),
                    {"type": "date", "fallback": "soon"},
                )
            ],
            "1970-01-01 00:00 UTC soon",
            id="dates",
        ),
        pytest.param(
            [
                section(
                    {"type": "link", "url": "https://a.example/", "text": "a.example"},
                    text(" "),
                    {"type": "link", "url": "https://b.example"},
                )
            ],
            "https://a.example/ https://b.example",
            id="links-that-are-their-own-label",
        ),
        pytest.param(
            [
                {
                    "type": "rich_text_list",
                    "style": "ordered",
                    "elements": [section(text("one")), section(text("two"))],
                },
                {"type": "rich_text_list", "style": "bullet", "indent": 1, "elements": [section(text("inner\nline"))]},
                {"type": "rich_text_list", "style": "ordered", "offset": 2, "elements": [section(text("three"))]},
            ],
            "1. one\n2. two\n    - inner\n      line\n3. three",
            id="nested-lists",
        ),
        pytest.param(
            [
                section(text("He said\n")),
                {"type": "rich_text_quote", "elements": [text("one\ntwo")]},
                section(text("so")),
            ],
            "He said\n> one\n> two\nso",
            id="quote",
        ),
        pytest.param(
            [{"type": "rich_text_preformatted", "elements": [text("a = ```b```\n\n  c")]}],
            "````\na = ```b```\n\n  c\n````",
            id="code-block",
        ),
        pytest.param(
            [{"type": "rich_text_new", "elements": []}, section({"type": "new", "text": "words"})], "words", id="new"
        ),
    ],
)
def test_rich_text_is_as_it_was_typed(elements: list[Json], written: str) -> None:
    assert rich_text(Element.read(rich(*elements)), NAMES) == written
    assert read_content({"text": "something else", "blocks": [rich(*elements)]}, NAMES).text == written


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        pytest.param("*a* _b_ ~c~ `d` &lt;e&gt; 1 * 2", "*a* _b_ ~c~ `d` <e> 1 * 2", id="marks-stay"),
        pytest.param("<https://a.example/?b=1&amp;c=2|the log>", "[the log](https://a.example/?b=1&c=2)", id="link"),
        pytest.param(
            "<https://a.example|a.example> <https://a.example|>", "https://a.example https://a.example", id="bare"
        ),
        pytest.param("<mailto:a@b.c|a@b.c> <tel:+49|+49>", "a@b.c +49", id="contacts"),
        pytest.param("<mailto:a@b.c|write to us>", "[write to us](mailto:a@b.c)", id="named contact"),
        pytest.param("<@U1> <#C1|x> <!subteam^S1> <!here> <@U9|Eve>", "@Ada #general @ops @here @Eve", id="names"),
        pytest.param("&lt;@U1&gt;", "<@U1>", id="escaped"),
    ],
)
def test_mrkdwn_keeps_its_marks_and_its_addresses(typed: str, read: str) -> None:
    assert readable(typed, NAMES) == read


def test_a_label_that_is_the_address_is_not_said_twice() -> None:
    assert link("https://a.example/b", "a.example/b/") == "https://a.example/b"
    assert (
        rich_text(Element.read(rich(section({"type": "link", "url": "mailto:a@b.c", "text": "a@b.c"}))), NAMES)
        == "a@b.c"
    )
    assert link("https://a.example/b", "https://c.example") == "[https://c.example](https://a.example/b)"
