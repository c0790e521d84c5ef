"""Serialise what reading a file came to, between two processes.

The reading process has met hostile files, so what it says is data: a JSON header and the bytes of the media, never
objects to be revived.
"""

from __future__ import annotations

import json
import struct
from typing import Any, cast, get_args

from bot.types import Media, MediaKind, ReadFile, UnreadableFile

_LENGTH = struct.Struct(">I")


def to_bytes(outcome: ReadFile | UnreadableFile) -> bytes:
    """Return the bytes of an outcome: the header's length, the header, and the media one after the other."""
    if isinstance(outcome, UnreadableFile):
        header: dict[str, Any] = {"name": outcome.name, "reason": outcome.reason}
        bodies: list[bytes] = []
    else:
        bodies = [media.data for media in outcome.media]
        about = [
            {"kind": media.kind, "type": media.media_type, "name": media.name, "tokens": media.tokens, "size": size}
            for media, size in zip(outcome.media, map(len, bodies), strict=True)
        ]
        said = {"text": outcome.text, "note": outcome.note, "advice": outcome.advice}
        header = {"name": outcome.name, **said, "media": about}
    written = json.dumps(header).encode()
    return b"".join((_LENGTH.pack(len(written)), written, *bodies))


def from_bytes(data: bytes) -> ReadFile | UnreadableFile:
    """Return the outcome in `data`. Raises `ValueError` for anything else."""
    try:
        place = _LENGTH.size + _LENGTH.unpack_from(data)[0]
        header = json.loads(data[_LENGTH.size : place])
        if "reason" in header:
            return UnreadableFile(name=str(header["name"]), reason=str(header["reason"]))
        media: list[Media] = []
        for about in header["media"]:
            media.append(_media(about, data[place : place + int(about["size"])]))
            place += len(media[-1].data)
        return ReadFile(
            name=str(header["name"]),
            media=tuple(media),
            text=str(header["text"]),
            note=str(header["note"]),
            advice=str(header["advice"]),
        )
    except (struct.error, KeyError, TypeError, RecursionError) as error:
        raise ValueError("not an outcome") from error


def _media(about: dict[str, Any], data: bytes) -> Media:
    if about["kind"] not in get_args(MediaKind) or len(data) != about["size"]:
        raise ValueError("not an outcome")
    kind = cast("MediaKind", about["kind"])
    return Media(
        kind=kind, media_type=str(about["type"]), name=str(about["name"]), data=data, tokens=int(about["tokens"])
    )
