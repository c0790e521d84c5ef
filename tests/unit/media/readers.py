"""Fakes around files: a reader without processes, a place that holds files."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.media.read_file import read_file
from adapters.media.rules import ReadingRules
from bot.errors import BotError, FileTooLarge, PlatformError
from bot.types import Attachment, FileOutcome, FileTerms, MessageRef


class PlainReader:
    """A `MediaReader` that reads in this very process."""

    def __init__(self, *, file_bytes: int = 1_000_000) -> None:
        self.file_bytes = file_bytes
        self.terms: list[FileTerms] = []

    async def read(self, name: str, data: bytes, terms: FileTerms, *, owner: str = "") -> FileOutcome:
        self.terms.append(terms)
        return read_file(name, data, terms, ReadingRules())


class Shelf:
    """A `FileSource` over files by attachment id; an error in place of bytes is raised."""

    def __init__(self, files: Mapping[str, bytes | BotError]) -> None:
        self._files = files
        self.fetched: list[str] = []

    async def fetch(self, attachment: Attachment, *, limit: int, of: MessageRef | None = None) -> bytes:
        self.fetched.append(attachment.id)
        found = self._files.get(attachment.id, PlatformError("it is gone"))
        if isinstance(found, BotError):
            raise found
        if len(found) > limit:
            raise FileTooLarge(limit)
        return found
