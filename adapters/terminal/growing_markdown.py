"""Show Markdown that grows at the end of a terminal: whole blocks for good, the last one until more of it comes."""

from __future__ import annotations

from typing import Final

from markdown_it import MarkdownIt
from rich.console import Console
from rich.live import Live
from rich.markdown import Markdown
from rich.text import Text

from adapters.terminal.control_characters import without_controls

FRAMES_PER_SECOND: Final = 8
_BLOCKS: Final = MarkdownIt("commonmark").enable("table")


def whole_blocks(text: str) -> int:
    """Return where the last block of a growing Markdown text begins: what stands before does not change any more."""
    starts = [token.map[0] for token in _BLOCKS.parse(text) if token.level == 0 and token.map and token.nesting >= 0]
    if len(starts) < 2:
        return 0
    return sum(map(len, text.splitlines(keepends=True)[: starts[-1]]))


def as_markdown(text: str) -> Markdown:
    """Return text for the console; addresses are written out, so that no label can hide where a link leads."""
    return Markdown(without_controls(text), hyperlinks=False)


class GrowingMarkdown:
    """One answer on a console; `show` takes all of its text so far."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None
        self._printed = 0

    def show(self, text: str, status: str = "") -> None:
        """Show more of the text; while there is none, what the model does."""
        rest = text[self._printed :]
        whole = whole_blocks(rest)
        if self._live is None:
            self._live = Live(console=self._console, refresh_per_second=FRAMES_PER_SECOND, transient=False)
            self._live.start()
        if whole:
            self._console.print(as_markdown(rest[:whole]))
            self._printed += whole
            rest = rest[whole:]
        self._live.update(as_markdown(rest) if rest or not status else Text(status, style="dim"))

    def finish(self, text: str) -> None:
        """Show the rest for good."""
        rest = text[self._printed :]
        self._printed = len(text)
        if self._live is not None:
            self._live.update(as_markdown(rest) if rest.strip() else Text())
        elif rest.strip():
            self._console.print(as_markdown(rest))
        self.close()

    def close(self) -> None:
        """Let what is shown stand."""
        if self._live is not None:
            self._live.stop()
            self._live = None
