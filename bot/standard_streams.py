"""Use standard input, output and errors so that no command breaks on them, whatever they are.

What an encoding does not have is replaced. A stream that was closed before the start leads nowhere. When whoever read
the output has gone, who prints is told so by an exception of its own.
"""

from __future__ import annotations

import io
import json
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TextIO

STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))  # in the order of their descriptors


class OutputLost(Exception):
    """Printed output did not arrive; `is_closed` says that nobody reads it any more."""

    def __init__(self, error: OSError) -> None:
        super().__init__(f"the output could not be written ({error.strerror})")
        self.is_closed = isinstance(error, BrokenPipeError)


def prepare_streams() -> None:
    """Make the three streams fit for any text; call it before anything else is opened."""
    for descriptor, (name, mode) in enumerate(STREAMS):
        try:
            os.fstat(descriptor)
        except OSError:  # closed: the next file that is opened would get its number, and what is printed
            os.open(os.devnull, os.O_RDWR)
        if getattr(sys, name) is None:
            setattr(sys, name, open(descriptor, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - no path; for good
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


@contextmanager
def piped_file() -> Iterator[Sequence[Path]]:
    """Yield a file of what is piped or redirected into the program, for as long as it is needed; none of a terminal.

    As every filter it waits for the end of its input: a program that starts this one without a terminal and has
    nothing to say gives it /dev/null or closes the pipe.
    """
    mode = os.fstat(sys.stdin.fileno()).st_mode
    data = sys.stdin.buffer.read() if stat.S_ISFIFO(mode) or stat.S_ISREG(mode) else b""
    if not data.strip():
        yield ()
        return
    with TemporaryDirectory(prefix="seedling-") as folder:
        path = Path(folder) / "standard-input.txt"
        path.write_bytes(data)
        yield (path,)


def say(text: str, *, end: str = "\n") -> None:
    """Print at once. Raises `OutputLost`."""
    write(sys.stdout, text + end)


def say_json(value: Any, *, indent: int | None = None) -> None:
    """Print JSON that loses nothing, whatever the encoding of the output. Raises `OutputLost`."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(value, indent=indent)
    say(text)


def note(text: str, *, end: str = "\n") -> None:
    """Tell something beside the output, or beside work that matters more; nobody needs to read it."""
    with suppress(OutputLost):
        write(sys.stderr, text + end)


def mention(text: str) -> None:
    """Print what happens in work that goes on when nobody reads any more."""
    with suppress(OutputLost):
        say(text)


def write(stream: TextIO, text: str) -> None:
    """Write at once. Raises `OutputLost`."""
    try:
        stream.write(text)
        stream.flush()
    except OSError as error:
        _lead_nowhere(stream)
        raise OutputLost(error) from error


def finish_streams() -> None:
    """Write what is left; what cannot be is dropped, and the interpreter's end says nothing of it."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OutputLost):
            write(stream, "")


def _lead_nowhere(stream: TextIO) -> None:
    """Let what is buffered, and whatever follows, be lost without another error."""
    with suppress(OSError, ValueError):  # a stream in memory has no descriptor
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
