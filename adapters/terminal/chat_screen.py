"""The screen of `seedling chat`: a line to type in with history and completion, and answers as Markdown."""

from __future__ import annotations

import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer
from prompt_toolkit.completion import Completion as Offered
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import HTML
from prompt_toolkit.history import FileHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from rich.console import Console

from adapters.terminal import Terminal, small_print
from adapters.terminal.control_characters import without_controls
from adapters.terminal.terminal_markdown import Blocks, TerminalMarkdown
from bot.commands.completion import complete
from bot.ports import Reply
from bot.private_files import keep_private
from bot.types import Draft, Turn

if TYPE_CHECKING:
    from prompt_toolkit.input import Input
    from prompt_toolkit.output import Output

UPDATE_SECONDS: Final = 0.1
STATUSES: Final = {"thinking": "Thinking\u2026", "searching": "Searching\u2026"}
LOCAL_MODES: Final = 3
"""Where the attributes of a terminal say whether it echoes (termios)."""

PROMPT: Final = HTML("<ansigreen><b>You:</b></ansigreen> ")


class CommandCompleter(Completer):
    """Completes commands and their arguments as the playground does."""

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Offered]:  # noqa: ARG002  the interface's signature
        """Yield the ways to go on with what stands before the cursor."""
        typed = document.text_before_cursor
        for way in complete(typed):
            yield Offered(way.insert, start_position=-len(typed), display=way.label, display_meta=way.help)


def _keys() -> KeyBindings:
    keys = KeyBindings()

    @keys.add("escape", "enter")
    def _begin_line(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    return keys


class ChatScreen(Terminal):
    """A terminal that is both read and written; answers grow in it as Markdown."""

    min_update_interval = UPDATE_SECONDS

    def __init__(
        self,
        *,
        typed: Path,
        console: Console | None = None,
        keyboard: Input | None = None,
        display: Output | None = None,
    ) -> None:
        super().__init__()
        self.console = console or Console(highlight=False)
        keep_private(typed)
        self._session: PromptSession[str] = PromptSession(
            PROMPT,
            history=FileHistory(typed),
            completer=CommandCompleter(),
            complete_while_typing=True,
            key_bindings=_keys(),
            input=keyboard,
            output=display,
        )
        self._open: TerminalMarkdown | None = None

    async def read(self) -> str | None:
        """Return what is typed next, None for the end; Ctrl+C empties the line."""
        while True:
            try:
                return (await self._session.prompt_async(handle_sigint=False)).strip()
            except KeyboardInterrupt:
                continue
            except EOFError:
                return None

    async def open_reply(self, turn: Turn) -> Reply:
        """Return a reply that grows at the end of the screen."""
        self._open = TerminalMarkdown(self.console)
        return ChatReply(self, self._open, turn.id)

    @contextmanager
    def without_echo(self) -> Iterator[None]:
        """Keep what is typed while an answer grows from being written into it, Ctrl+C too."""
        try:
            before = termios.tcgetattr(sys.stdin)
        except (OSError, ValueError, termios.error):  # no terminal
            yield
            return
        changed = [*before]
        changed[LOCAL_MODES] &= ~termios.ECHO
        termios.tcsetattr(sys.stdin, termios.TCSANOW, changed)
        try:
            yield
        finally:
            termios.tcsetattr(sys.stdin, termios.TCSANOW, before)

    def end_part(self) -> None:
        """Leave a blank line between an answer and the next question."""
        self.console.print()

    def say(self, text: str) -> None:
        """Write a line that is no answer."""
        self.console.print(without_controls(text), style="dim", markup=False, highlight=False)

    def note(self, text: str) -> None:
        """Show something beside the answer."""
        self.say(text)

    def markdown(self, text: str) -> None:
        """Write Markdown at once."""
        self.console.print(Blocks(text))

    def close_reply(self) -> None:
        """Leave an answer that was not finished as it is."""
        if self._open is not None:
            self._open.close()
            self._open = None


class ChatReply:
    """An answer on the screen; it cannot be taken back."""

    messages: tuple[str, ...] = ()

    def __init__(self, screen: ChatScreen, growing: TerminalMarkdown, turn_id: int) -> None:
        self._screen = screen
        self._growing = growing
        self._ref = f"turn-{turn_id}"

    async def show(self, draft: Draft) -> str:
        """Show what has come since the last draft."""
        status = " ".join(draft.notices) or STATUSES.get(draft.status, "")
        self._growing.show(draft.text, without_controls(status))
        return self._ref

    async def finish(self, draft: Draft, *, plain: bool = False) -> str:  # noqa: ARG002  there is but one form
        """Show the rest, then sources, notices and the small print."""
        self._growing.finish(draft.text)
        for number, source in enumerate(draft.sources, 1):
            self._screen.say(f"[{number}] {source.title or source.url} <{source.url}>")
        for notice in (*draft.notices, *(["Stopped."] if draft.status == "stopped" else [])):
            self._screen.say(notice)
        if draft.footer:
            self._screen.say(small_print(draft.footer))
        self._screen.last = draft
        return self._ref

    async def retract(self, keep: str) -> None:
        """Nothing: what is written on a screen stands."""
