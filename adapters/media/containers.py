"""Read files that hold other files, archives and mails: each by the same rules, within the bounds of one."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from adapters.media import media_limits
from adapters.media.job import DEEPEST, FileNote, Job, made, noted
from adapters.media.office.package import open_zip
from adapters.media.texts import cut, decode
from adapters.media.unreadable import Unreadable
from bot.context.tokens import estimate
from bot.types import FileTerms, Media, ReadFile
from bot.types.said import Said

MEMBERS: Final = 20
"""Files in one file that are read; more are named."""

_IN_UTF8: Final = 0x800  # the flag of a name in UTF-8; what Python takes all others to be in
_WESTERN: Final = "cp850"  # has the letters of cp437 at their places, and more
_OLD_NAMES: Final = "cp437"
_NAMED: Final = 100
_SYSTEM: Final = ("__MACOSX/", ".git/", ".svn/")
_ADVICE: Final = Said("Attach the files that matter on their own.")


@dataclass(kw_only=True)
class _Contents:
    """Collect what was read of the files in a file so far."""

    texts: list[str] = field(default_factory=list)
    media: list[Media] = field(default_factory=list)
    notes: list[FileNote] = field(default_factory=list)
    unread: int = 0


def read_archive(job: Job) -> ReadFile:
    """Return the files of a ZIP archive, each under its name. Raises `Unreadable`."""
    if job.depth >= DEEPEST:
        raise Unreadable("is an archive inside of an archive")
    with open_zip(job.data, job.rules.limits) as archive:
        notes = _restore_names(archive.infolist())
        members = [item for item in archive.infolist() if not is_beside(item.filename)]
        sizes = [(item.filename, item.file_size) for item in members]
        return noted(read_members(job, sizes, _unpacked(archive, members[:MEMBERS], job)), *notes)


def read_members(
    job: Job, members: Sequence[tuple[str, int]], files: Iterable[tuple[str, bytes | Unreadable]]
) -> ReadFile:
    """Return a list of the names and sizes in an archive, and the first `files` of it. Raises `Unreadable`."""
    if not members:
        raise Unreadable("is an archive without files")
    listed = "\n".join(f"- {name} ({size:,} bytes)" for name, size in members[:_NAMED])
    more = f"\n- and {len(members) - _NAMED:,} more" if len(members) > _NAMED else ""
    found = read_all(job, files, text=f"Files in the archive:\n{listed}{more}")
    if len(members) <= MEMBERS:
        return found
    return noted(
        found, FileNote(Said("only the first {count} of its {all} files", count=MEMBERS, all=len(members)), _ADVICE)
    )


def _restore_names(items: Sequence[zipfile.ZipInfo]) -> list[FileNote]:
    """Give files their names in the code page of the system that packed them, which no archive states (APPNOTE, D.1).

    Return a note where it was guessed.
    """
    old = [item for item in items if not item.flag_bits & _IN_UTF8 and not item.filename.isascii()]
    written = [item.filename.encode(_OLD_NAMES, errors="replace") for item in old]
    joined = b"\n".join(written)
    try:
        names, guesses = (joined.decode(_WESTERN), []) if _is_western(written) else decode(joined)
    except Unreadable:
        return []
    restored = names.split("\n")
    if len(restored) != len(old):
        return []
    for item, name in zip(old, restored, strict=True):
        item.filename = name
    return [FileNote(Said("names of files in it {note}", note=note.what)) for note in guesses]


def _is_western(names: Iterable[bytes]) -> bool:
    """Return whether names are mostly plain letters with a few of Western Europe, in the pages of DOS for it."""
    stems = "".join(posixpath.splitext(name.decode(_WESTERN))[0] for name in names)
    beside = [character for character in stems if not character.isascii()]
    plain = sum(character.isascii() and character.isalpha() for character in stems)
    return len(beside) <= plain and all(letter.isalpha() and letter < "\u0180" for letter in beside)


def read_all(job: Job, files: Iterable[tuple[str, bytes | Unreadable]], *, text: str) -> ReadFile:
    """Return a file that holds others, with `text` of its own first: they share what may come of it, in order.

    A file that cannot be read is named with the reason, and leaves the others whole.
    """
    contents = _Contents(texts=[cut(text, job.terms.text_tokens)])
    left = _left(job.terms, contents.texts[0], ())
    for name, data in files:
        try:
            if isinstance(data, Unreadable):
                raise data
            read = job.read(job.inside(name, data, left))
        except Unreadable as reason:
            contents.texts.append(f"({name} was not read: it {reason.why})")
            contents.unread += 1
            continue
        contents.texts.append(_under_its_name(name, read))
        contents.media.extend(replace(item, name=f"{job.name}, {item.name}") for item in read.media)
        contents.notes.extend(
            FileNote(Said("{name}: {note}", name=name, note=note.what), note.advice) for note in _said(read)
        )
        left = _left(left, read.text, read.media)
    if contents.unread:
        contents.notes.insert(0, FileNote(Said("{count} of the files in it not read", count=contents.unread), _ADVICE))
    return made(job.name, text="\n\n".join(contents.texts), media=contents.media, notes=contents.notes)


def _said(read: ReadFile) -> list[FileNote]:
    return [FileNote(read.note, read.advice)] if read.note else []


def _under_its_name(name: str, read: ReadFile) -> str:
    shown = f"{len(read.media):,} pictures or videos of it are shown" if read.media else ""
    about = "; ".join(filter(None, (shown, read.note)))
    heading = f"--- {name}{f' ({about})' if about else ''} ---"
    return f"{heading}\n{read.text}" if read.text else heading


def _left(terms: FileTerms, text: str, media: Iterable[Media]) -> FileTerms:
    written, shown = estimate(text), sum(item.tokens for item in media)
    return replace(
        terms,
        text_tokens=max(0, terms.text_tokens - written),
        media_tokens=max(0, terms.media_tokens - written - shown),
        media_bytes=max(0, terms.media_bytes - sum(len(item.data) for item in media)),
    )


def is_beside(name: str) -> bool:
    """Return whether a member is a folder, or what a system puts beside the files that somebody packed."""
    base = posixpath.basename(name)
    return base in {"", ".DS_Store", "Thumbs.db"} or any(f"/{part}" in f"/{name}" for part in _SYSTEM)


def _unpacked(
    archive: zipfile.ZipFile, members: Iterable[zipfile.ZipInfo], job: Job
) -> Iterator[tuple[str, bytes | Unreadable]]:
    """Yield the members with their bytes, until they are more together than a file may unpack to."""
    left = job.rules.limits.archive_bytes
    for item in members:
        yield item.filename, _member(archive, item, left)
        left = max(0, left - item.file_size)


def _member(archive: zipfile.ZipFile, item: zipfile.ZipInfo, left: int) -> bytes | Unreadable:
    if item.flag_bits & 1:
        return Unreadable("is protected by a password")
    try:
        with archive.open(item) as file:
            data = file.read(left + 1)
    except (zipfile.BadZipFile, NotImplementedError, OSError, EOFError, ValueError):
        return Unreadable("cannot be unpacked")
    if len(data) > left:
        return Unreadable("unpacks to more than {size}", size=media_limits.megabytes(left))
    return data
