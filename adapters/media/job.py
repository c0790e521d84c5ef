"""One file to be read, and what every reader of a format returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from adapters.media.rules import ReadingRules
from bot.types import FileTerms, Media, ReadFile
from bot.types.said import Said, joined

DEEPEST: Final = 2
"""How deep files are looked for in files: what is attached to a mail in an archive is read, what is in that is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A file to be read: its bytes, its format, and what may come of it; `depth` counts the files that it lies in.

    `read` reads a file that lies in this one, by the same rules. Raises `Unreadable`.
    """

    name: str
    form: str
    data: bytes
    terms: FileTerms
    rules: ReadingRules
    read: Callable[[Job], ReadFile]
    depth: int = 0

    def inside(self, name: str, data: bytes, terms: FileTerms) -> Job:
        """Return the job of a file that lies in this one."""
        return replace(self, name=name, data=data, terms=terms, depth=self.depth + 1)


class FileNote(NamedTuple):
    """In what a file was not read as it is, as a clause, and what people can do about it, as sentences."""

    what: str
    advice: str = ""


CUT_ADVICE: Final = Said("For the rest, attach it in parts, or the part that matters.")


def made(name: str, *, text: str = "", media: Sequence[Media] = (), notes: Sequence[FileNote] = ()) -> ReadFile:
    """Return a file that was read, its notes in order, the same advice once."""
    return ReadFile(
        name=name,
        media=tuple(media),
        text=text,
        note=joined("; ", [note.what for note in notes]),
        advice=joined(" ", [note.advice for note in notes]),
    )


def noted(file: ReadFile, *notes: FileNote) -> ReadFile:
    """Return a file that was read with further notes, which stand first."""
    whole = made(file.name, notes=[*notes, *([FileNote(file.note, file.advice)] if file.note else [])])
    return replace(file, note=whole.note, advice=whole.advice)
