"""Decode text of any encoding, and cut long texts to a number of tokens."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from adapters.media.encodings import (
    declared_encoding,
    decoded_as_declared,
    guessed_encoding,
    language_of,
    unicode_encoding,
)
from adapters.media.job import CUT_ADVICE, FileNote, Job, made
from adapters.media.unreadable import Unreadable
from bot.context.tokens import MOST_CHARACTERS, estimate
from bot.types import Media, ReadFile
from bot.types.said import Said

_CONTROLS: Final = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_STRAY_CONTROLS: Final = 0.002  # terminal logs have a few; programs and pictures have many
_GUESS_ADVICE: Final = Said("If letters look wrong, save it as UTF-8 and attach it again.")
_BROKEN_ADVICE: Final = Said("Save it anew, text as UTF-8 and other files in a newer format.")
_BASE64: Final = re.compile(r"(?<![A-Za-z0-9+/_-])(?:data:[\w./+-]*(?:;[\w=-]*)*;base64,)?[A-Za-z0-9+/_-]{1000,}={0,2}")
_WRAPPED: Final = re.compile(  # lines of 60 or 64 to 76 letters (RFC 7468, RFC 2045), more than a key has
    r"(?:^[ \t]*+[A-Za-z0-9+/]{60,76}\r?\n){40,}+(?:[ \t]*+[A-Za-z0-9+/]{1,76}={0,2}(?!\S))?", re.MULTILINE
)
_LETTERS_OF_BASE64: Final = 40  # of 64; what is longer than a word and has fewer is a line, a sequence or a number


def read_text(job: Job) -> ReadFile:
    """Return text, code or a table as it stands. Raises `Unreadable` for anything that is not text."""
    text, notes = decode(job.data)
    return text_file(job, text, notes=notes)


def text_file(
    job: Job, text: str, *, notes: Sequence[FileNote] = (), media: Sequence[Media] = (), whole: bool = True
) -> ReadFile:
    """Return a text as a file that was read; `whole` False says that the text goes on where it ends. Raises
    `Unreadable`.
    """
    text = without_base64(text)
    if not text.strip() and not media:
        raise Unreadable("has no text in it")
    most = min(job.terms.text_tokens, job.terms.media_tokens - sum(item.tokens for item in media))
    kept = cut(text, max(0, most))
    if text.strip() and not kept.strip() and not media:
        raise Unreadable("does not fit beside the other files")
    if len(kept) < len(text) or not whole:
        notes = [*notes, FileNote(_cut(len(kept), len(text), whole=whole), CUT_ADVICE)]
    if broken := kept.count("\ufffd"):
        notes = [*notes, FileNote(Said("{count} of its characters could not be read", count=broken), _BROKEN_ADVICE)]
    return made(job.name, text=kept, media=media, notes=notes)


def cut(text: str, tokens: int) -> str:
    """Return the longest beginning of `text` estimated at no more than `tokens`, back to the end of a line near its
    end.
    """
    beginning = text[: int(tokens * MOST_CHARACTERS) + 1]
    if len(beginning) == len(text) and estimate(text) <= tokens:
        return text
    length = bisect_right(range(len(beginning)), tokens, key=lambda end: estimate(beginning[:end])) - 1
    kept = beginning[: max(0, length)]
    line_end = kept.rfind("\n") + 1
    return kept[:line_end] if line_end > len(kept) * 0.9 else kept


def _unwrapped(found: re.Match[str]) -> str:
    """Return what stands for base64 in lines of one length, as mails and certificates have it."""
    written = found[0]
    named = _named_base64(written, "".join(written.split()))
    return named if named == written else named + "\n" * written.endswith("\n")


def without_base64(text: str) -> str:
    """Return a text in which nothing stands that only programs read: pictures and files written as letters."""
    return _WRAPPED.sub(_unwrapped, _BASE64.sub(lambda found: _named_base64(found[0], found[0]), text))


def _named_base64(written: str, letters: str) -> str:
    """Return what stands for letters that only programs read; `written` where they are none."""
    if len(set(letters)) < _LETTERS_OF_BASE64:
        return written
    kind = written[5:].split(";", 1)[0] if written.startswith("data:") else ""
    return f"[{kind or 'data'} in base64, {len(written):,} characters, left out]"


def _cut(kept: int, length: int, *, whole: bool) -> Said:
    """Return that a text was cut; of one that was not read whole nobody knows how much is left."""
    if not whole:
        return Said("cut after {kept} characters, all further characters left out", kept=kept)
    return Said(
        "cut after {kept} characters, {left} of {all} characters left out", kept=kept, left=length - kept, all=length
    )


def decode(data: bytes, declared: str = "") -> tuple[str, list[FileNote]]:
    """Return the text in `data`, and a note where its encoding was guessed. Raises `Unreadable` when it is
    not text.

    UTF-8 is known by its bytes, whatever is declared: no other text looks like it. Then comes what the file declares,
    or `declared`, a codec that was told beside it; then a guess.
    """
    encoding, mark = unicode_encoding(data)
    if encoding:
        return _checked(data[mark:].decode(encoding, errors="replace")), []
    if b"\0" in data:
        return _without_zeros(data)
    stated = declared or declared_encoding(data)
    try:
        if not data.isascii() or not stated:
            return _checked(data.decode("utf-8")), []
    except UnicodeDecodeError:
        pass
    if stated and (text := decoded_as_declared(data, stated)) is not None:
        return _checked(text), []
    return _guessed(data)


def _without_zeros(data: bytes) -> tuple[str, list[FileNote]]:
    """Return a text that zero bytes have come into, as a log has after a crash. Raises `Unreadable` for all else."""
    zeros = data.count(0)
    try:
        text = re.sub(rb"\0+", b"\n", data).decode("utf-8")
    except UnicodeDecodeError:
        raise _binary() from None
    if _CONTROLS.search(text) or not text.strip():
        raise _binary()
    return text, [FileNote(Said("{count} zero bytes in it left out, where it may be damaged", count=zeros))]


def _guessed(data: bytes) -> tuple[str, list[FileNote]]:
    """Return the text as its bytes suggest it: UTF-8 with a few broken places, or an encoding of before Unicode."""
    encoding = "utf-8" if _is_damaged_utf8(data) else guessed_encoding(data)
    text = _checked(data.decode(encoding, errors="replace"))
    if encoding == "utf-8":
        return text, []
    guess = Said(
        "read as {script} text ({encoding}), as its bytes suggest", script=language_of(encoding), encoding=encoding
    )
    return text, [FileNote(guess, _GUESS_ADVICE)]


def _is_damaged_utf8(data: bytes) -> bool:
    """Return whether most of what is not ASCII is UTF-8, as in a file that was cut or put together of several."""
    text = data.decode("utf-8", errors="replace")
    beside = sum(character > "\x7f" for character in text)
    return text.count("\ufffd") * 10 <= beside


def _checked(text: str) -> str:
    """Return the text without stray controls. Raises `Unreadable` when it has too many signs that no text has."""
    strange = len(_CONTROLS.findall(text)) + text.count("\ufffd")
    if strange > max(2, len(text) * _STRAY_CONTROLS):
        raise _binary()
    return _CONTROLS.sub("", text)


def _binary() -> Unreadable:
    return Unreadable(
        "is of a kind that cannot be read (pictures, MP4, MOV, AVI, PDF, Office, OpenDocument, mail, ZIP and text can)"
    )
