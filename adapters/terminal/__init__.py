"""The terminal as a platform: one question, its answer streamed to standard output.

Whoever reads the output may go at any time, as `head` does. That is no failure of the turn: its answer is recorded as
any other, nothing more is written, and `lost` tells whoever asks to stop it.
"""

from __future__ import annotations

import asyncio
import errno
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO
from urllib.parse import quote_from_bytes, unquote_to_bytes

from adapters.terminal.control_characters import without_controls
from bot.errors import FileTooLarge, InvalidInput, PlatformError
from bot.language import quantity
from bot.ports import Reply
from bot.types import Attachment, ConversationKey, Draft, Footer, Incoming, MessageRef, Place, ThreadMessage, Turn


class Terminal:
    """A platform of one reply at a time; `last` is the finished draft of the newest one.

    `lost` is set as soon as the output cannot be written any more, and `failure` says why.
    """

    name = "terminal"
    min_update_interval = 0.0

    def __init__(self, out: TextIO | None = None, notes: TextIO | None = None, *, quiet: bool = False) -> None:
        self._out = out or sys.stdout
        self._notes = notes or sys.stderr
        self._quiet = quiet
        self._is_screen = self._out.isatty()
        self.last: Draft | None = None
        self.lost = asyncio.Event()
        self.failure: OSError | None = None

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Notice at once, not with the next write, that nobody reads a pipe any more."""
        descriptor = _pipe_of(self._out)
        if descriptor is None:
            yield
            return
        loop = asyncio.get_running_loop()

        def note_end() -> None:
            loop.remove_reader(descriptor)
            self._lose(BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)))

        loop.add_reader(descriptor, note_end)  # the end that writes becomes readable when the other one is closed
        try:
            yield
        finally:
            loop.remove_reader(descriptor)

    async def open_reply(self, turn: Turn) -> Reply:
        """Return a reply that writes what is new; a terminal cannot take back what a crashed run has written."""
        return TerminalReply(self, turn.id)

    async def read_thread(self, key: ConversationKey, *, limit: int) -> Sequence[ThreadMessage]:  # noqa: ARG002  the port's signature
        """Nothing stands in a terminal before the first question."""
        return []

    async def describe(self, key: ConversationKey) -> Place:  # noqa: ARG002  the port's signature
        """Return a place without channels."""
        return Place(platform="a terminal", is_direct=True)

    async def known_refusal(self, turn: Turn) -> None:
        """Return None: a terminal takes what is written to it."""

    async def tell(self, asked: Incoming, draft: Draft) -> None:  # noqa: ARG002  the port's signature
        """Show a draft beside the answer: who reads a terminal is alone with it."""
        self.note(draft.text)

    async def fetch(self, attachment: Attachment, *, limit: int, of: MessageRef | None = None) -> bytes:  # noqa: ARG002  the port's signature
        """Return a file of this machine; `attachment.url` is its path, quoted."""
        path = Path(os.fsdecode(unquote_to_bytes(attachment.url)))
        return await asyncio.to_thread(_read, path, limit)

    def write(self, text: str) -> None:
        """Show more of the answer at once; a pipe gets it as it is."""
        if text and not self._quiet and not self.failure:
            try:
                self._out.write(without_controls(text) if self._is_screen else text)
                self._out.flush()
            except OSError as error:
                self._lose(error)

    def note(self, text: str) -> None:
        """Show something beside the answer, so that a pipe carries the answer alone."""
        if not self._quiet and not self.failure:
            with suppress(OSError):
                self._notes.write(f"{text}\n")
                self._notes.flush()

    def _lose(self, error: OSError) -> None:
        self.failure = self.failure or error
        self.lost.set()


def _pipe_of(out: TextIO) -> int | None:
    """Return the descriptor behind `out` if that is a pipe."""
    try:
        descriptor = out.fileno()
        return descriptor if stat.S_ISFIFO(os.fstat(descriptor).st_mode) else None
    except (OSError, ValueError):  # a stream in memory has none
        return None


def attachments(paths: Sequence[Path]) -> tuple[Attachment, ...]:
    """Return the files that go with a question. Raises `InvalidInput` for one that is not there."""
    for path in paths:
        if not path.is_file():
            raise InvalidInput(_why_not(path))
    return tuple(
        Attachment(
            id=str(number),
            name=os.fsencode(path.name).decode(errors="replace"),  # a name may be any bytes, which no database takes
            size=path.stat().st_size,
            url=quote_from_bytes(os.fsencode(path)),
        )
        for number, path in enumerate(paths)
    )


def _why_not(path: Path) -> str:
    """Return why a path cannot go with a question."""
    if path.is_dir():
        return f"{str(path)!r} is a folder."
    if path.exists():
        return (
            f'{str(path)!r} is no file but a pipe or a device. Pipe it in, as in: git diff | seedling ask "Review it"'
        )
    return f"There is no file {str(path)!r}."


def _read(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise PlatformError(f"cannot be read ({error.strerror})") from error
    if len(data) > limit:
        raise FileTooLarge(limit)
    return data


class TerminalReply:
    """An answer that grows at the end of the terminal."""

    def __init__(self, terminal: Terminal, turn_id: int) -> None:
        self._terminal = terminal
        self._ref = f"turn-{turn_id}"
        self._written = 0
        self._notices: tuple[str, ...] = ()

    @property
    def messages(self) -> tuple[str, ...]:
        """Return nothing: a terminal has no messages."""
        return ()

    async def show(self, draft: Draft) -> str:
        """Write what has come since the last draft."""
        self._terminal.write(draft.text[self._written :])
        self._written = len(draft.text)
        if not draft.text:
            self._tell((*draft.notices, *filter(None, (draft.progress,))))  # a growing text would be parted by them
        return self._ref

    def _tell(self, notices: tuple[str, ...]) -> None:
        for notice in notices:
            if notice not in self._notices:
                self._terminal.note(notice)
        self._notices = notices

    async def finish(self, draft: Draft, *, plain: bool = False) -> str:  # noqa: ARG002  there is but one form
        """Write the rest, then sources, notices and the small print."""
        await self.show(draft)
        self._terminal.write("\n" if draft.text else "")
        for number, source in enumerate(draft.sources, 1):
            self._terminal.note(f"[{number}] {source.title or source.url} <{source.url}>")
        self._tell(draft.notices)
        if draft.footer:
            self._terminal.note(small_print(draft.footer))
        self._terminal.last = draft
        return self._ref

    async def retract(self, keep: str) -> None:
        """Nothing: what is written on a terminal stands."""


def small_print(footer: Footer) -> str:
    """One line: model, tokens in (cached) and out, cost, time."""
    usage = footer.usage
    mark = "about " if usage.estimated else ""
    parts = [
        footer.model,
        f"{mark}{quantity(usage.input, 'token')} in ({usage.cached:,} cached), {usage.output:,} out",
        f"${footer.cost:.6f}" if footer.show_cost and footer.cost else "",
        f"{footer.seconds:.1f} s",
    ]
    return " · ".join(part for part in parts if part)
