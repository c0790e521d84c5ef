"""Read one file for the model: one plain function, which `reader` runs in a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from adapters.media import images, office, pdfs, texts, videos
from adapters.media.kinds import FileKind, Room, kind_of
from adapters.media.media_limits import UnpackLimits
from adapters.media.rules import ReadingRules
from adapters.media.unreadable import Unreadable
from bot.types import FileTerms, MediaKind, ReadFile, UnreadableFile

_ROOMS: Final[Mapping[Room, Callable[[str, str, bytes, FileTerms, UnpackLimits], ReadFile]]] = {
    "image": lambda name, form, data, terms, _: images.read_image(name, form, data, terms),
    "video": lambda name, form, data, terms, _: videos.read_video(name, form, data, terms),
    "office": office.read_office,
    "pdf": lambda name, _form, data, terms, limits: pdfs.read_pdf(name, data, terms, limits),
    "html": lambda name, _form, data, terms, _limits: texts.read_html(name, data, terms),
    "text": lambda name, _form, data, terms, _limits: texts.read_text(name, data, terms),
}
_WORDS: Final[Mapping[MediaKind, str]] = {"image": "pictures", "video": "videos", "document": "documents"}


def read_file(name: str, data: bytes, terms: FileTerms, rules: ReadingRules) -> ReadFile | UnreadableFile:
    """Return the file made ready, or why it cannot be; never raises for anything that is in it."""
    kind = kind_of(data)
    try:
        return _taken(_read(kind, name, data, terms, rules), rules)
    except Unreadable as reason:
        return UnreadableFile(name=name, reason=str(reason))
    except (MemoryError, RecursionError):
        return UnreadableFile(name=name, reason="needs more memory to be read than a file may have")
    except Exception:  # noqa: BLE001 - parsers meet hostile files here and raise whatever they like
        return UnreadableFile(name=name, reason=f"is broken (it begins like {kind.name} but cannot be read)")


def _read(kind: FileKind, name: str, data: bytes, terms: FileTerms, rules: ReadingRules) -> ReadFile:
    if kind.room == "refused":
        raise Unreadable(kind.name)
    if kind.room == "pdf" and rules.docs == "file_part" and "document" in rules.takes:
        return pdfs.pass_pdf(name, data, terms, rules.limits)
    if kind.room == "pdf" and rules.docs == "pages" and "image" in rules.takes:
        return pdfs.show_pdf(name, data, terms, rules.limits)
    return _ROOMS[kind.room](name, kind.name, data, terms, rules.limits)


def _taken(file: ReadFile, rules: ReadingRules) -> ReadFile:
    """Return the file, when the model takes every kind of media in it. Raises `Unreadable`."""
    for media in file.media:
        if media.kind not in rules.takes:
            raise Unreadable(f"would have to be looked at, and the model in use takes no {_WORDS[media.kind]}")
    return file
