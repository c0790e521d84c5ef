"""Show Markdown that grows at the end of a terminal: whole blocks for good, the last one until more of it comes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from markdown_it import MarkdownIt
from rich.console import Console, ConsoleOptions
from rich.live import Live
from rich.markdown import Markdown
from rich.segment import Segment
from rich.text import Text

from adapters.terminal.control_characters import without_controls

FRAMES_PER_SECOND: Final = 8
_LINE_END: Final = re.compile(r"\r\n|[\r\n]")  # as CommonMark has it; Python has more
_BLOCKS: Final = MarkdownIt("commonmark").enable("table")


def whole_blocks(text: str) -> int:
    """Return where the last block of a growing Markdown text begins: what stands before does not change any more."""
    starts = [token.map[0] for token in _BLOCKS.parse(text) if token.level == 0 and token.map and token.nesting >= 0]
    if len(starts) < 2:
        return 0
    ends = islice(_LINE_END.finditer(text), starts[-1] - 1, None)
    return next((end.end() for end in ends), 0)


@dataclass(frozen=True, slots=True)
class Blocks:
    """Markdown on the console, without the blank lines that some blocks bring along at their ends."""

    text: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        """Yield what is printed; addresses are written out, so that no label can hide where a link leads."""
        lines = console.render_lines(Markdown(without_controls(self.text), hyperlinks=False), options, pad=False)
        shown = [number for number, line in enumerate(lines) if any(map(_is_seen, line))]
        for line in lines[shown[0] : shown[-1] + 1] if shown else []:
            yield from line
            yield Segment.line()


def _is_seen(segment: Segment) -> bool:
    return bool(segment.text.strip()) or (segment.style is not None and segment.style.bgcolor is not None)


class TerminalMarkdown:
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
            self._console.print(Blocks(rest[:whole]))
            self._console.print()
            self._printed += whole
            rest = rest[whole:]
        self._live.update(Blocks(rest) if rest or not status else Text(status, style="dim"))

    def finish(self, text: str) -> None:
        """Show the rest for good."""
        rest = text[self._printed :]
        self._printed = len(text)
        if self._live is not None:
            self._live.update(Blocks(rest) if rest.strip() else Text())
        elif rest.strip():
            self._console.print(Blocks(rest))
        self.close()

    def close(self) -> None:
        """Let what is shown stand."""
        if self._live is not None:
            self._live.stop()
            self._live = None
