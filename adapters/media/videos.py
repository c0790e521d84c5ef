"""Read length and size of a video from its header, and count its tokens; the video is passed on as it is."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from adapters.media import media_limits
from adapters.media.job import FileNote, Job, made
from adapters.media.media_tokens import frame_count, video_tokens
from adapters.media.unreadable import Unreadable
from bot.types import Media, ReadFile
from bot.types.said import Said

MEDIA_TYPES: Final = {"MP4": "video/mp4", "MOV": "video/mov", "AVI": "video/avi"}  # the API's names (fact sheet, 4)

_SPARSE_ADVICE: Final = Said("Attach the piece that matters, so that more of it is looked at.")
_CONTAINERS: Final = frozenset({b"moov", b"trak", b"mdia", b"mvex"})
_FIXED_POINT: Final = 65_536  # sizes in a track header are 16.16
_MICROSECONDS: Final = 1_000_000
_AVI_HEADER_WITHIN: Final = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Header of a video: length in seconds and size in pixels."""

    seconds: float
    width: int
    height: int


def read_video(job: Job) -> ReadFile:
    """Return the video as it is, with what it costs; its format is MP4, MOV or AVI. Raises `Unreadable`."""
    data, terms = job.data, job.terms
    most = min(media_limits.VIDEO_BYTES, terms.media_bytes)
    if len(data) > most:
        raise Unreadable(
            "is a video of {size}, and at most {most} can be sent",
            size=media_limits.megabytes(len(data)),
            most=media_limits.megabytes(most),
        )
    header = avi_header(data) if job.form == "AVI" else mp4_header(data)
    fps = min(max(terms.video_fps, media_limits.FPS[0]), media_limits.FPS[1])
    tokens = video_tokens(header.seconds, header.width, header.height, fps)
    if tokens > terms.media_tokens:
        raise Unreadable(
            "is a video of {seconds} s, which is about {tokens} tokens, and at most {most} fit; "
            "a shorter piece of it can be read",
            seconds=round(header.seconds),
            tokens=tokens,
            most=terms.media_tokens,
        )
    frames = frame_count(header.seconds, fps)
    sparse = header.seconds * fps > frames
    note = FileNote(
        Said("looked at in {count} pictures over its {seconds} s", count=frames, seconds=round(header.seconds)),
        _SPARSE_ADVICE,
    )
    media = Media(kind="video", media_type=MEDIA_TYPES[job.form], name=job.name, data=data, tokens=tokens)
    return made(job.name, media=(media,), notes=[note] if sparse else [])


def mp4_header(data: bytes) -> Header:
    """Length and size from the boxes of an MP4 or MOV file (ISO/IEC 14496-12, 8.2.2, 8.3.2, 8.8.2).

    Raises `Unreadable`.
    """
    seconds, scale, width, height = 0.0, 0, 0, 0
    try:
        for box, body in _boxes(memoryview(data)):
            if box == b"mvhd":
                scale, length = struct.unpack_from(">IQ" if body[0] else ">II", body, 20 if body[0] else 12)
                seconds = length / scale if scale and length < (1 << (64 if body[0] else 32)) - 1 else 0.0
            elif box == b"mehd" and scale and not seconds:  # fragmented: the movie header says 0
                seconds = struct.unpack_from(">Q" if body[0] else ">I", body, 4)[0] / scale
            elif box == b"tkhd":
                size = struct.unpack_from(">II", body, 88 if body[0] else 76)
                width, height = max(width, size[0] // _FIXED_POINT), max(height, size[1] // _FIXED_POINT)
    except (struct.error, IndexError):
        raise Unreadable("is a broken video (its header is cut off)") from None
    return _whole(seconds, width, height)


def avi_header(data: bytes) -> Header:
    """Length and size from the main header of an AVI file (AVIMAINHEADER). Raises `Unreadable`."""
    place = data.find(b"avih", 0, _AVI_HEADER_WITHIN)
    try:
        if place < 0:
            raise Unreadable("is a broken video (it has no header)")
        per_frame, frames = struct.unpack_from("<I12xI", data, place + 8)
        width, height = struct.unpack_from("<II", data, place + 40)
    except struct.error:
        raise Unreadable("is a broken video (its header is cut off)") from None
    return _whole(per_frame * frames / _MICROSECONDS, width, height)


def _whole(seconds: float, width: int, height: int) -> Header:
    if not (width and height):
        raise Unreadable("is a video without pictures, or a broken one (its header names no size)")
    if not seconds:
        raise Unreadable("is a broken video (its header names no length)")
    return Header(seconds=seconds, width=width, height=height)


def _boxes(data: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """Every box of a file and of the containers in it, in order, as (name, body)."""
    place = 0
    while place + 8 <= len(data):
        size, name = struct.unpack_from(">I4s", data, place)
        head = 8
        if size == 1 and place + 16 <= len(data):
            size, head = struct.unpack_from(">Q", data, place + 8)[0], 16
        elif size == 0:
            size = len(data) - place
        if size < head:
            return
        body = data[place + head : place + size]
        if name in _CONTAINERS:
            yield from _boxes(body)
        else:
            yield name, body
        place += size
