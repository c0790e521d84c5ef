"""Rendering: nothing is lost, no link but to known addresses hides behind a label, and what was shown stays."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from adapters.discord.replies.markdown import DiscordRenderer
from adapters.slack.replies.markdown import SlackRenderer
from bot.delivery import IncrementalRenderer, MarkdownRenderer, known, split
from bot.delivery.renderer import plain_text
from tests.emulators.discord import markdown as discord
from tests.unit.delivery.markdown import DOCUMENTS, SOUP, TABLES, code_in, real_answers, tokens

GOOD = "https://good.example/page"
ALLOWED = known([GOOD])
RENDERERS = (MarkdownRenderer, DiscordRenderer, SlackRenderer)
MARKS = (
    *(
        "*",
        "**",
        "_",
        "__",
        "~~",
        "`",
        "``",
        "```",
        "~~~",
        "[",
        "]",
        "(",
        ")",
        "](",
        "![",
        "<",
        ">",
        "\\",
        "\\(",
        "\\)",
    ),
    *(
        "\\[",
        "\\]",
        "$",
        "$$",
        "|",
        "||",
        "&",
        "&amp;",
        "#",
        "-",
        ".",
        ":",
        "!",
        "[^1]",
        "[^1]: ",
        "<b>",
        "</b>",
        "<br>",
    ),
    *("<sub>", "</sub>", "<t:1:F>", "<!--", "-->", f"<{GOOD}>", GOOD, "https://evil.example/?d=1", f"]({GOOD})"),
    *(
        "javascript:alert(1)",
        "www.evil.example",
        "bank.example",
        "data:text/html,x",
        "a",
        "b c",
        "x_1",
        "2*3",
        " ",
        "  ",
    ),
    *(
        "\u6ce8\u610f",
        "\uff1a",
        "\n",
        "\n\n",
        "\n- ",
        "\n- [ ] ",
        "\n1. ",
        "\n> ",
        "\n>>> ",
        "\n# ",
        "\n---\n",
        "\n    ",
    ),
    *("\n| a | b |\n|---|--:|\n| 1 | 2 |\n", "\n```py\n", "\n```\n", "\n~~~\n", "\n\\[\n", "\n$$\n"),
)
TRAPS = st.lists(st.sampled_from(MARKS), max_size=14).map("".join)
TEXTS = st.one_of(TRAPS, SOUP, DOCUMENTS)


def growing(renderer: type[MarkdownRenderer], text: str, step: int) -> list[str]:
    """What is shown of a text while it grows, and at last of all of it."""
    shown = IncrementalRenderer(renderer())
    parts = [shown.render(text[:end], allowed=ALLOWED, growing=True) for end in range(0, len(text) + 1, step)]
    return [*parts, shown.render(text, allowed=ALLOWED, growing=False)]


@pytest.mark.parametrize("renderer", RENDERERS)
@given(text=TEXTS)
def test_what_was_shown_stays_while_the_text_grows(renderer: type[MarkdownRenderer], text: str) -> None:
    text = text.replace("=", "-").replace("\r", "\n")  # a double line makes a heading of the line above it
    shown = growing(renderer, text, 1 + len(text) // 40)
    assert all(later.startswith(before) for before, later in pairwise(shown))
    assert shown[-1] == renderer(ALLOWED).render(text)


@pytest.mark.parametrize("renderer", RENDERERS)
def test_what_was_shown_of_real_answers_stays_and_is_soon_there(renderer: type[MarkdownRenderer]) -> None:
    for text in real_answers():
        shown = growing(renderer, text, 97)
        assert all(later.startswith(before) for before, later in pairwise(shown))
    assert len(growing(renderer, "word " * 200, 50)[-2]) > 900


@pytest.mark.parametrize("renderer", [MarkdownRenderer, SlackRenderer])
@given(text=TEXTS)
def test_no_label_leads_to_an_unknown_address_and_nothing_is_fetched(
    renderer: type[MarkdownRenderer], text: str
) -> None:
    for token in MarkdownIt("commonmark").parse(renderer(ALLOWED).render(text)):
        address = label = ""
        for child in token.children or ():
            assert child.type != "image"
            if child.type == "link_open":
                address, label = str(child.attrs["href"]), ""
            elif child.type == "link_close" and address != GOOD:
                assert label in {address, f"{address}/"} or "%" in address
            label += child.content


@given(text=TEXTS)
def test_no_label_of_discord_leads_to_an_unknown_address(text: str) -> None:
    for node in discord.walk(discord.read_markdown(DiscordRenderer(ALLOWED).render(text))):
        if node.kind == "link" and node.target != GOOD:
            assert node.visible == node.target
        assert node.kind not in {"spoiler", "mention"}


@pytest.mark.parametrize("renderer", RENDERERS)
@given(text=DOCUMENTS)
def test_code_and_words_are_still_there(renderer: type[MarkdownRenderer], text: str) -> None:
    shown = renderer(lambda _: True).render(text)
    assert all(line.strip() in shown for line in code_in(text).split("\n"))
    plain = plain_text(text)
    for token in tokens(text):
        for child in token.children or ():
            assert child.type != "text" or all(word in plain for word in child.content.split() if word.isalpha())


@given(text=st.one_of(DOCUMENTS, TABLES), limit=st.integers(60, 400))
def test_a_rendered_text_is_split_like_any_other(text: str, limit: int) -> None:
    shown = DiscordRenderer().render(text)
    pieces = split(shown, limit=limit)
    assert "".join(piece.text for piece in pieces) == shown
    assert "".join(code_in(piece.shown) for piece in pieces) == code_in(shown)
    assert all(len(piece.shown) <= limit for piece in pieces)


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " \n\n ",
            "---",
            "![](https://evil.example/p.png)",
            "![",
            "```",
            "~~~\n",
            "$$",
            "\\[",
            "**",
            "> ",
            "- ",
            "1.",
        ),
        *("[a](", "<b>", "<!--", "| a |\n|---|", ">>> ", "&", "\x00\ud83d", "> " * 40 + "deep", "- " * 40 + "deep"),
        "|" + "c|" * 200 + "\n|" + "-|" * 200 + "\n" + ("|" + "1|" * 200 + "\n") * 3,
    ],
)
def test_bad_input_is_shown_as_well_as_can_be(renderer: type[MarkdownRenderer], text: str) -> None:
    shown = growing(renderer, text, 1 + len(text) // 9)[-1]
    for word in ("deep", "evil.example"):
        assert (word in text) == (word in shown.replace("\u2060", ""))
