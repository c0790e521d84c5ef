"""Untrusted Markdown: no link but to known addresses, nothing to fetch, no label that lies, however the text grows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.delivery import known, sanitize_links, stable_prefix_length, urls_in
from tests.unit.delivery.markdown import DOCUMENTS, SOUP, code_in

GOOD = "https://good.example/page"
ALLOWED = known([GOOD])
MARKS = [
    "[",
    "]",
    "(",
    ")",
    "](",
    "![",
    "<",
    ">",
    "`",
    "``",
    "\\",
    ":",
    "[1]",
    "[1]: ",
    "```",
    "~~~",
    "|",
    '"',
    "> ",
    "- ",
    "**",
]
ADDRESSES = [
    GOOD,
    "https://evil.example/?d=1",
    "javascript:alert(1)",
    "data:text/html,x",
    "www.evil.example",
    "bank.example",
]
PARTS = st.sampled_from([*MARKS, *ADDRESSES, "a", "é", " ", "\n", "\n\n", "\n```\n"])
TRAPS = st.lists(PARTS, max_size=25).map("".join)
TEXTS = st.one_of(TRAPS, SOUP, DOCUMENTS)


def targets(text: str) -> set[str]:
    """What a CommonMark reader would link to or fetch, bare addresses not counted."""
    found = set()
    for token in MarkdownIt("commonmark").parse(text):
        for child in token.children or ():
            address = child.attrs.get("href") or child.attrs.get("src")
            if address is not None:
                found.add(str(address))
    return found


def images(text: str) -> int:
    return sum(
        child.type == "image" for token in MarkdownIt("commonmark").parse(text) for child in token.children or ()
    )


def text_outside_of_code(text: str) -> str:
    """What a CommonMark reader would show as plain text."""
    return "\n".join(
        child.content
        for token in MarkdownIt("commonmark").parse(text)
        for child in token.children or ()
        if child.type in ("text", "html_inline")
    )


@given(TEXTS)
def test_only_known_addresses_are_linked_and_nothing_is_fetched(text: str) -> None:
    safe = sanitize_links(text, allowed=ALLOWED)
    assert {target for target in targets(safe) if ":" in target.split("/")[0]} <= {GOOD}
    assert images(safe) == 0


@given(TRAPS)
def test_no_unknown_address_is_left_in_running_text(text: str) -> None:
    shown = text_outside_of_code(sanitize_links(text, allowed=lambda _: False))
    assert "://evil" not in shown
    assert "javascript:alert" not in shown


@given(TEXTS, TEXTS)
def test_what_is_settled_does_not_change_when_the_text_grows(text: str, more: str) -> None:
    end = stable_prefix_length(text)
    assert 0 <= end <= len(text)
    assert sanitize_links(text + more, allowed=ALLOWED).startswith(sanitize_links(text[:end], allowed=ALLOWED))
    assert stable_prefix_length(text + more) >= end


@given(DOCUMENTS)
def test_code_blocks_are_left_as_they_are(text: str) -> None:
    assert code_in(sanitize_links(text, allowed=lambda _: False)) == code_in(text)


@given(DOCUMENTS)
def test_a_text_whose_addresses_are_known_says_the_same(text: str) -> None:
    safe = sanitize_links(text, allowed=lambda _: True)
    assert MarkdownIt("commonmark").render(safe) == MarkdownIt("commonmark").render(text)


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        pytest.param(f"see {GOOD}.", f"see {GOOD}.", id="known"),
        pytest.param("see https://evil.example/?d=1.", "see `https://evil.example/?d=1`.", id="bare"),
        pytest.param("<https://evil.example>", "`https://evil.example`", id="autolink"),
        pytest.param("[here](https://evil.example/a_(b) 'x')", "here `https://evil.example/a_(b)`", id="link"),
        pytest.param("![cat](https://evil.example/c.png)", "cat `https://evil.example/c.png`", id="image"),
        pytest.param(f"![cat]({GOOD})", f"[cat]({GOOD})", id="known-image"),
        pytest.param("[a](javascript:alert(1))", "a `javascript:alert(1)`", id="script"),
        pytest.param("[1]: https://evil.example", "[1]: `https://evil.example`", id="definition"),
        pytest.param(f"[https://bank.example]({GOOD})", f"`https://bank.example` ({GOOD} )", id="pretended-address"),
        pytest.param(f"[bank.example]({GOOD})", f"`bank.example` ({GOOD} )", id="pretended-host"),
        pytest.param(f"[good.example]({GOOD})", f"[good.example]({GOOD})", id="own-host"),
        pytest.param(f"[{GOOD}]({GOOD})", GOOD, id="own-address"),
        pytest.param("`https://evil.example`", "`https://evil.example`", id="code-already"),
        pytest.param("a ` b\nhttps://evil.example `", "a \\` b\n`https://evil.example` \\`", id="stray-backticks"),
        pytest.param("\\https://evil.example", "\\\\`https://evil.example`", id="behind-a-backslash"),
        pytest.param("`a`<x:`b`>", "`a` `` x:`b` ``", id="code-behind-code"),
        pytest.param("[a\nb](https://evil.example)", "[a\nb]\\(`https://evil.example`)", id="over-lines"),
        pytest.param(f"{GOOD}`secret`", f"`` {GOOD}`secret` ``", id="hidden-behind-a-known-one"),
    ],
)
def test_what_is_shown(text: str, safe: str) -> None:
    assert sanitize_links(text, allowed=ALLOWED) == safe


@pytest.mark.parametrize(
    ("text", "settled_text"),
    [
        pytest.param("a [label](https://ev", "a ", id="link"),
        pytest.param("a [label]", "a ", id="maybe-a-link"),
        pytest.param("a `code", "a ", id="code-span"),
        pytest.param("a https://ev", "a ", id="address"),
        pytest.param("a b ", "a b ", id="words"),
        pytest.param("a\n```py", "a\n", id="fence"),
        pytest.param("a [x](y) b ", "a [x](y) b ", id="finished"),
    ],
)
def test_what_is_unfinished_is_held_back(text: str, settled_text: str) -> None:
    assert text[: stable_prefix_length(text)] == settled_text


def test_addresses_of_a_conversation_are_found_as_people_write_them() -> None:
    text = f"see ({GOOD}), <https://a.example/x|a> [b](https://b.example/y). **https://c.example**"
    assert urls_in(text) >= {GOOD, "https://a.example/x", "https://b.example/y", "https://c.example"}


def test_known_addresses_are_compared_as_browsers_do() -> None:
    allowed = known(["https://Good.example/Page/"])
    assert allowed("http://good.example/Page")
    assert not allowed("https://good.example/page")


@pytest.mark.parametrize(
    "unit", ["[", "`", "![](", "](", "[a](", "<", "https://a", "\\", "[a]: ", "javascript:", "``` `"]
)
def test_hostile_texts_are_made_safe_like_others(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    safe = sanitize_links(text, allowed=lambda _: False)
    assert targets(safe[:20_000]) <= {"%60" + text} | {target for target in targets(safe[:20_000]) if ":" not in target}
    assert stable_prefix_length(text) <= len(text)
