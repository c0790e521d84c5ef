"""Read one file for the model: one plain function, which `reader` runs in a process of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from typing import Final, cast

from adapters.media.job import Job
from adapters.media.kinds import Room, kind_of
from adapters.media.rules import ReadingRules
from adapters.media.unreadable import Unreadable
from bot.types import FileTerms, MediaKind, ReadFile, UnreadableFile
from bot.types.said import Said

_READERS: Final[Mapping[Room, tuple[str, str]]] = {  # loaded when a file needs them: each brings libraries of its own
    "image": ("adapters.media.images", "read_image"),
    "video": ("adapters.media.videos", "read_video"),
    "sound": ("adapters.media.audio", "read_sound"),
    "pdf": ("adapters.media.pdfs", "read_pdf"),
    "office": ("adapters.media.office", "read_office"),
    "binary sheets": ("adapters.media.office", "read_binary_sheets"),
    "rich text": ("adapters.media.rich_text", "read_rich_text"),
    "archive": ("adapters.media.containers", "read_archive"),
    "compressed": ("adapters.media.compressed", "read_compressed"),
    "tape": ("adapters.media.compressed", "read_tape"),
    "mail": ("adapters.media.mails", "read_mail"),
    "notebook": ("adapters.media.notebooks", "read_notebook"),
    "html": ("adapters.media.web_pages", "read_page"),
    "text": ("adapters.media.texts", "read_text"),
}
_UNTAKEN: Final[Mapping[MediaKind, Said]] = {
    "image": Said("would have to be looked at, and the model in use takes no pictures"),
    "video": Said("would have to be looked at, and the model in use takes no videos"),
    "document": Said("would have to be looked at, and the model in use takes no documents"),
    "audio": Said("would have to be looked at, and the model in use takes no sound"),
}


def read_file(name: str, data: bytes, terms: FileTerms, rules: ReadingRules) -> ReadFile | UnreadableFile:
    """Return the file made ready, or why it cannot be; never raises for anything that is in it."""
    try:
        return read(Job(name=name, form="", data=data, terms=terms, rules=rules, read=read))
    except Unreadable as reason:
        return UnreadableFile(name=name, reason=reason.why)
    except (MemoryError, RecursionError):
        return UnreadableFile(name=name, reason=Said("needs more memory to be read than a file may have"))


def read(job: Job) -> ReadFile:
    """Return the file made ready. Raises `Unreadable` for whatever is wrong with it."""
    kind = kind_of(job.data)
    if kind.room not in _READERS:
        raise Unreadable(kind.name)
    module, function = _READERS[kind.room]
    try:
        made = getattr(import_module(module), function)(replace(job, form=kind.name))
    except (Unreadable, MemoryError, RecursionError):
        raise
    except Exception as error:
        raise Unreadable("is broken (it begins like {kind} but cannot be read)", kind=kind.name) from error
    return _taken(cast("ReadFile", made), job.rules)


def _taken(file: ReadFile, rules: ReadingRules) -> ReadFile:
    """Return the file, when the model takes every kind of media in it. Raises `Unreadable`."""
    for media in file.media:
        if media.kind not in rules.takes:
            raise Unreadable(_UNTAKEN[media.kind].message)
    return file
