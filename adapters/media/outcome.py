"""Serialise what reading a file came to, between two processes.

The reading process has met hostile files, so what it says is data: a JSON header and the bytes of the media, never
objects to be revived.
"""

from __future__ import annotations

import json
import struct
from typing import Any, cast, get_args

from bot.types import Media, MediaKind, ReadFile, UnreadableFile
from bot.types.said import Said

_LENGTH = struct.Struct(">I")
_LARGEST = 10**15  # no file has so much of anything


def to_bytes(outcome: ReadFile | UnreadableFile) -> bytes:
    """Return the bytes of an outcome: the header's length, the header, and the media one after the other."""
    if isinstance(outcome, UnreadableFile):
        header: dict[str, Any] = {"name": outcome.name, "reason": _words_out(outcome.reason)}
        bodies: list[bytes] = []
    else:
        bodies = [media.data for media in outcome.media]
        about = [
            {"kind": media.kind, "type": media.media_type, "name": media.name, "tokens": media.tokens, "size": size}
            for media, size in zip(outcome.media, map(len, bodies), strict=True)
        ]
        said = {"text": outcome.text, "note": _words_out(outcome.note), "advice": _words_out(outcome.advice)}
        header = {"name": outcome.name, **said, "media": about}
    written = json.dumps(header).encode()
    return b"".join((_LENGTH.pack(len(written)), written, *bodies))


def from_bytes(data: bytes) -> ReadFile | UnreadableFile:
    """Return the outcome in `data`. Raises `ValueError` for anything else."""
    try:
        place = _LENGTH.size + _LENGTH.unpack_from(data)[0]
        header = json.loads(data[_LENGTH.size : place])
        if "reason" in header:
            return UnreadableFile(name=str(header["name"]), reason=_words_in(header["reason"]))
        media: list[Media] = []
        for about in header["media"]:
            media.append(_media(about, data[place : place + int(about["size"])]))
            place += len(media[-1].data)
        return ReadFile(
            name=str(header["name"]),
            media=tuple(media),
            text=str(header["text"]),
            note=_words_in(header["note"]),
            advice=_words_in(header["advice"]),
        )
    except (struct.error, AttributeError, KeyError, TypeError, RecursionError) as error:
        raise ValueError("not an outcome") from error


def _words_out(words: str) -> Any:
    """Return words that are told later as a pair of their sentence and its values."""
    if not isinstance(words, Said):
        return words
    values = {name: _words_out(value) if isinstance(value, str) else value for name, value in words.values.items()}
    return [words.message, values]


def _words_in(data: Any) -> str:
    """Return the words in `data`. Raises `KeyError`, `TypeError` or `ValueError` for anything else."""
    if isinstance(data, str):
        return data
    message, values = data
    return Said(str(message), **{str(name): _value_in(value) for name, value in values.items()})


def _value_in(value: Any) -> int | float | str:
    if isinstance(value, int | float):
        if not abs(value) < _LARGEST:
            raise ValueError("not a number of people")
        return value
    return _words_in(value)


def _media(about: dict[str, Any], data: bytes) -> Media:
    if about["kind"] not in get_args(MediaKind) or len(data) != about["size"]:
        raise ValueError("not an outcome")
    kind = cast("MediaKind", about["kind"])
    return Media(
        kind=kind, media_type=str(about["type"]), name=str(about["name"]), data=data, tokens=int(about["tokens"])
    )
