"""Markdown on a terminal: every block once, whatever the pieces, and nothing that commands the terminal."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from adapters.terminal import Terminal
from adapters.terminal.terminal_markdown import Blocks, TerminalMarkdown, whole_blocks

WORDS = ["first", "alpha", "beta", "column", "cell", "code", "last"]
TEXT = "# first\n\nalpha *beta*\n\n| column |\n|---|\n| cell |\n\n```\ncode\n```\n\nlast"


def shown(text: str, size: int, *, ends: str = "\n") -> str:
    console = Console(file=StringIO(), width=60, force_terminal=False)
    growing = TerminalMarkdown(console)
    text = text.replace("\n", ends)
    for end in range(0, len(text), size):
        growing.show(text[:end])
    growing.finish(text)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=repr)
@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_every_block_is_printed_once_in_order(size: int, ends: str) -> None:
    out = shown(TEXT, size, ends=ends)
    assert [out.count(word) for word in WORDS] == [1] * len(WORDS)
    assert sorted(WORDS, key=out.index) == WORDS
    assert "\n\n\n" not in out


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("one", "one"),
        ("one\n\ntwo", "two"),
        ("one\u2028\x0c\n\ntwo", "two"),
        ("- a\n- b", "- a\n- b"),
        ("```\na\n\nb", "```\na\n\nb"),
        ("a\n\n```\nb\n```\nc", "c"),
    ],
)
def test_the_last_block_waits_until_it_is_whole(text: str, rest: str) -> None:
    assert text[whole_blocks(text) :] == rest


def test_no_label_hides_where_a_link_leads_and_no_text_commands_the_terminal() -> None:
    console = Console(file=StringIO(), width=100, force_terminal=True)
    console.print(Blocks("[bank.example](https://evil.example) \x1b]0;title\x07 \x9b2J \u202egnp.exe"))
    assert isinstance(console.file, StringIO)
    out = console.file.getvalue()
    assert "https://evil.example" in out
    for command in ("\x1b]", "\x07", "\x9b", "\u202e"):
        assert command not in out


def test_a_pipe_gets_an_answer_as_it_is_and_a_screen_what_it_can_show() -> None:
    class Screen(StringIO):
        def isatty(self) -> bool:
            return True

    screen, pipe = Screen(), StringIO()
    for out in (screen, pipe):
        Terminal(out, StringIO()).write("a\x1b[2Jb\n")
    assert (screen.getvalue(), pipe.getvalue()) == ("a[2Jb\n", "a\x1b[2Jb\n")
