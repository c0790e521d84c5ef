"""Reading media as the provider would: from data URLs, by their bytes, within its limits."""

from __future__ import annotations

import base64
import binascii
import io
import re
import struct
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256

from PIL import Image, UnidentifiedImageError
from pypdf import PdfReader
from pypdf.errors import PyPdfError

from tests.emulators.seed import tokens
from tests.emulators.seed.errors import ApiError, bad_request, invalid
from tests.emulators.seed.request import Part, PartKind

# API reference, section 4.
DETAILS = ("low", "high", "xhigh")
IMAGE_PIXELS = (196, 36_000_000)
LEAST_SIDE = 15
MOST_ASPECT = 150

# A file behind a public address is not fetched; it counts as one of this size.
ASSUMED_IMAGE = (1_280, 1_764)
ASSUMED_VIDEO_S = 10.0
ASSUMED_PAGES = 1

_DATA_URL = re.compile(r"data:([a-z]+/[a-z0-9.+-]+);base64,", re.ASCII)
_PILLOW_TYPES: Mapping[str, str] = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "GIF": "image/gif"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Video:
    """Header of a video: length in seconds and size in pixels."""

    seconds: float
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Source of media: bytes with the type they claim to have, or an address."""

    data: bytes = b""
    media_type: str = ""
    url: str = ""

    @property
    def digest(self) -> str:
        """A name for exactly these bytes, or this address."""
        return sha256(self.data or self.url.encode()).hexdigest()[:16]


def read_source(url: str, kind: PartKind, param: str) -> Source:
    """The media behind a data URL or a public address. Raises `ApiError` for anything else and for too many bytes."""
    if re.match(r"https?://[^\s/]+", url):
        return Source(url=url)
    found = _DATA_URL.match(url)
    if not found:
        raise _unreadable(kind, param, "expected an http(s) URL or data:{mime};base64,{data} in lower case")
    return decode(url[found.end() :], found[1], kind, param)


def decode(text: str, media_type: str, kind: PartKind, param: str) -> Source:
    """The media in base64 text. Raises `ApiError` when it is not base64 or too large."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _unreadable(kind, param, "the base64 data cannot be decoded") from None
    if not data:
        raise _unreadable(kind, param, "the data is empty")
    if len(data) > tokens.MEDIA_LIMITS[kind]:
        raise _unreadable(kind, param, f"the {kind} has more than {tokens.MEDIA_LIMITS[kind]} bytes")
    return Source(data=data, media_type=media_type)


def image_part(source: Source, detail: str, pixels: tuple[int, int] | None, param: str) -> Part:
    """An image as a part of a message. Raises `ApiError` when it cannot be read or breaks a limit."""
    width, height = ASSUMED_IMAGE if source.url else _image_size(source, param)
    area = width * height
    if not IMAGE_PIXELS[0] <= area <= IMAGE_PIXELS[1] or min(width, height) < LEAST_SIDE:
        raise _unreadable("image", param, f"{width}x{height} pixels are outside the limits")
    if max(width, height) > MOST_ASPECT * min(width, height):
        raise _unreadable("image", param, f"the aspect of {width}x{height} is outside 1/150 to 150")
    count = tokens.limited_image_tokens(width, height, pixels) if pixels else tokens.image_tokens(width, height, detail)
    facts = f"{width}x{height} pixels, detail {detail}"
    return Part(kind="image", tokens=count, digest=f"{source.digest}:{detail}:{pixels}", facts=facts)


def video_part(source: Source, fps: float, param: str) -> Part:
    """A video as a part of a message. Raises `ApiError` when its header cannot be read."""
    if source.url:
        video: Video | None = Video(seconds=ASSUMED_VIDEO_S, width=ASSUMED_IMAGE[0], height=ASSUMED_IMAGE[1])
    else:
        video = mp4_header(source.data) or avi_header(source.data)
    if video is None:
        raise _unreadable("video", param, "expected an MP4, MOV or AVI file")
    count = tokens.video_tokens(video.seconds, video.width, video.height, fps)
    facts = f"{video.seconds:g} seconds, {video.width}x{video.height} pixels at {fps:g} frames per second"
    return Part(kind="video", tokens=count, digest=f"{source.digest}:{fps}", facts=facts)


def document_part(source: Source, name: str, param: str) -> Part:
    """A PDF as a part of a message. Raises `ApiError` for anything but a PDF that can be opened."""
    pages = ASSUMED_PAGES if source.url else _pdf_pages(source.data, param)
    facts = f"{name or 'PDF'}, {pages} pages"
    return Part(kind="document", tokens=tokens.document_tokens(pages), digest=source.digest, facts=facts)


AUDIO_FORMATS = ("wav", "mp3", "ogg", "flac", "m4a", "aac", "pcm")


def audio_part(holder: Mapping[str, object], param: str) -> Part:
    """A sound as a part of a message. Raises `ApiError` for a format that is not known and for no base64."""
    form, data = holder.get("format"), holder.get("data")
    if form not in AUDIO_FORMATS or not isinstance(data, str):
        raise _unreadable("audio", param, f"expected data and a format of {', '.join(AUDIO_FORMATS)}")
    source = decode(data, f"audio/{form}", "audio", param)
    return Part(kind="audio", tokens=len(source.data) // 1_000 + 1, digest=source.digest, facts=f"a sound in {form}")


def _image_size(source: Source, param: str) -> tuple[int, int]:
    if source.data[4:8] == b"ftyp" and source.media_type in {"image/heic", "image/heif"}:
        return ASSUMED_IMAGE  # Pillow alone cannot open HEIC
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limits of the API come after
            image = Image.open(io.BytesIO(source.data))
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        raise _unreadable("image", param, "the image cannot be read") from None
    with image:
        actual = _PILLOW_TYPES.get(image.format or "", Image.MIME.get(image.format or "", ""))
        if actual != source.media_type:
            raise _unreadable("image", param, f"declared as {source.media_type} but is {actual}")
        return image.size


def _pdf_pages(data: bytes, param: str) -> int:
    if not data.startswith(b"%PDF-"):
        raise _unreadable("document", param, "only PDF is supported")
    try:
        return len(PdfReader(io.BytesIO(data)).pages)
    except (PyPdfError, ValueError, KeyError, TypeError, OSError):
        raise _unreadable("document", param, "the PDF cannot be opened") from None


_CONTAINERS = frozenset({b"moov", b"trak"})
_FIXED_POINT = 65_536  # widths and heights of a track header are 16.16


def mp4_header(data: bytes) -> Video | None:
    """Length and size from the boxes of an MP4 or MOV file (ISO/IEC 14496-12, 8.2.2 and 8.3.2); None if it is none."""
    if data[4:8] not in {b"ftyp", b"moov", b"mdat", b"wide", b"free"}:
        return None
    seconds, width, height = 0.0, 0, 0
    for name, body in _boxes(memoryview(data)):
        try:
            if name == b"mvhd":
                scale, length = struct.unpack_from(">IQ" if body[0] else ">II", body, 20 if body[0] else 12)
                seconds = length / scale if scale else 0.0
            elif name == b"tkhd":
                size = struct.unpack_from(">II", body, 88 if body[0] else 76)
                width, height = max(width, size[0] // _FIXED_POINT), max(height, size[1] // _FIXED_POINT)
        except (struct.error, IndexError):
            return None
    return Video(seconds=seconds, width=width, height=height) if seconds and width and height else None


def _boxes(data: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """Every box of a file and of the containers in it, as (name, body)."""
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


def avi_header(data: bytes) -> Video | None:
    """Length and size from the main header of an AVI file; None if it is none."""
    if data[:4] != b"RIFF" or data[8:12] != b"AVI ":
        return None
    place = data.find(b"avih")
    if place < 0 or len(data) < place + 48:
        return None
    per_frame, frames = struct.unpack_from("<I", data, place + 8)[0], struct.unpack_from("<I", data, place + 24)[0]
    width, height = struct.unpack_from("<II", data, place + 40)
    return Video(seconds=per_frame * frames / 1e6, width=width, height=height) if frames and width and height else None


def _unreadable(kind: PartKind, param: str, why: str) -> ApiError:
    if kind == "image":
        return bad_request("InvalidImageURL.InvalidFormat", f"Invalid image: {why}.", param=param)
    return invalid(param, why)
