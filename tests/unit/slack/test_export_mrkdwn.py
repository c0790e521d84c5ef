"""Slack's mrkdwn becomes Markdown that looks the same, and nothing else becomes formatting."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from adapters.slack.mrkdwn import to_markdown, to_plain

NAMES = {"U1": "Ada", "U2": "Bo_b *", "C1": "general", "S1": "team"}


@pytest.mark.parametrize(
    ("mrkdwn", "markdown"),
    [
        pytest.param("*bold* _slanted_ ~gone~", "**bold** _slanted_ ~~gone~~", id="marks"),
        pytest.param("*all _of_ ~it~*", "**all _of_ ~~it~~**", id="marks-in-marks"),
        pytest.param("`a *b* <@U1>`", "`a *b* @Ada`", id="code-keeps-its-marks"),
        pytest.param("2 * 3 * 4", r"2 \* 3 \* 4", id="stars-with-spaces"),
        pytest.param("snake_case_name and 5*4*3", r"snake_case_name and 5\*4\*3", id="marks-inside-words"),
        pytest.param("**twice**", r"\*\*twice\*\*", id="markdown-s-own-bold"),
        pytest.param("<@U1> <@U9> <@U9|Eve>", "@Ada @U9 @Eve", id="people"),
        pytest.param("<@U2>", r"@Bo_b \*", id="a-name-with-marks"),
        pytest.param("<#C1> <#C9|other> <#C9|>", "#general #other #C9", id="channels"),
        pytest.param("<!here> <!channel> <!everyone>", "@here @channel @everyone", id="everybody"),
        pytest.param("<!subteam^S1> <!subteam^S9|@ops> <!subteam^S9>", "@team @ops @S9", id="groups"),
        pytest.param("<!date^1392734382^{date}|18 February>", "18 February", id="a-date"),
        pytest.param("<!date^1392734382^{date}>", "2014-02-18 14:39 UTC", id="a-date-without-words"),
        pytest.param("<!date^never^{date}>", "never {date}", id="a-date-that-is-none"),
        pytest.param("<https://a.example/b?c=1&amp;d=2>", "<https://a.example/b?c=1&d=2>", id="an-address"),
        pytest.param("<https://a.example/b_(c)|the [x]>", r"[the \[x\]](https://a.example/b_%28c%29)", id="a-link"),
        pytest.param("<mailto:a@b.example|a@b.example>", "[a@b.example](mailto:a@b.example)", id="mail"),
        pytest.param("<javascript:alert(1)|here>", "here", id="a-link-that-runs-something"),
        pytest.param("look!<https://a.example|b>", r"look\![b](https://a.example)", id="no-image"),
        pytest.param("a &lt; b &amp;&amp; c &gt; d", r"a \< b && c > d", id="escaped-characters"),
        pytest.param("&amp;lt;", r"\&lt;", id="escaped-once-only"),
        pytest.param("&lt;@U1&gt;", r"\<@U1>", id="what-looks-like-a-mention"),
        pytest.param("&gt; one\n&gt; *two*\nthree", "> one\n> **two**\n\nthree", id="a-quote-ends"),
        pytest.param("a\n&gt;&gt;&gt; b\nc", "a\n> b\n> c", id="a-quote-to-the-end"),
        pytest.param("• a\n    ◦ b\n• c\nd", "- a\n    - b\n- c\n\nd", id="a-list-ends"),
        pytest.param("1. a\n2. b", "1. a\n2. b", id="a-numbered-list"),
        pytest.param("a ```b *c*\n  &lt;d&gt;``` e", "a\n```\nb *c*\n  <d>\n```\ne", id="a-code-block"),
        pytest.param(
            "# no\n+ no\n---\na | b\n--- | ---", "\\# no\n\\+ no\n\\---\na | b\n\\--- | ---", id="line-starts"
        ),
        pytest.param("    far in", "far in", id="indented"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_mrkdwn_becomes_markdown(mrkdwn: str, markdown: str) -> None:
    assert to_markdown(mrkdwn, NAMES) == markdown


def test_plain_text_has_names_and_keeps_its_marks() -> None:
    assert to_plain("*a* <@U1> &amp; <https://a.example|b> <#C1|x>", NAMES) == "*a* @Ada & b #general"


PIECES = st.sampled_from(
    ["<@U1>", "<#C1|c>", "<!here>", "<!date^1^{date}|x>", "<https://a.example|b>", "&lt;", "&amp;", "```", "\n", " "]
)
ANY_TEXT = st.lists(PIECES | st.text("*_~`<>|!@#&;\\[]() -=+.1ab\n", max_size=6) | st.text(max_size=4)).map("".join)


@given(ANY_TEXT, st.dictionaries(st.sampled_from(["U1", "C1"]), st.text(max_size=5)))
def test_any_text_is_taken_and_no_mention_is_left(text: str, names: dict[str, str]) -> None:
    written = to_markdown(text, names)
    for id in ("U1", "C1"):
        if id not in "".join(names.values()):
            assert not re.search(rf"(?<!\\)<[@#]{id}[|>]", written)


def leaves(tokens: list[Token]) -> list[Token]:
    return [leaf for token in tokens for leaf in (token, *leaves(token.children or []))]


PLAIN = {"paragraph_open", "paragraph_close", "inline", "text", "softbreak", "text_special"}
LISTS = {f"{kind}_{end}" for kind in ("bullet_list", "ordered_list", "list_item") for end in ("open", "close")}


@given(st.text("*_~`<>|!#&;:\\[]()-=+.1ab \n", max_size=30))
def test_what_slack_shows_as_typed_markdown_shows_as_typed(typed: str) -> None:
    escaped = typed.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assume("```" not in typed)
    assume(not re.search(r"[*_~`][^\n]+[*_~`]", typed))  # may be formatting in Slack
    assume(not re.search(r"^\s*>", typed, re.MULTILINE))
    tokens = leaves(MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(to_markdown(escaped, {})))
    assert {token.type for token in tokens} <= PLAIN | LISTS
    shown = "".join(token.content for token in tokens if token.type in {"text", "text_special"})
    items = r"^ *(-|\d+[.)]) +(?=\S)"
    expected = re.sub(items, "", typed, flags=re.MULTILINE)
    assert re.sub(r"\s", "", shown) == re.sub(r"\s", "", expected)
