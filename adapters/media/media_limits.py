"""Limits of media, each said once, with its source.

"API" is the provider's own documentation of images, videos and documents (API fact sheet, section 4), "gateway" an
assumption about the server in front of it (section 10), and "ours" a choice made here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from bot.types.said import Said

MB: Final = 1_000_000

# ---------------------------------------------------------------- what the API takes

IMAGE_BYTES: Final = 10 * MB  # API: per image, by URL or base64
VIDEO_BYTES: Final = 50 * MB  # API: per video, by URL or base64
AUDIO_BYTES: Final = 25 * MB  # OpenAI: per file to be transcribed; the API names none
DOCUMENT_BYTES: Final = 50 * MB  # API: base64 below it
REQUEST_BYTES: Final = 20 * MB  # gateway; upstream takes 64 MB

LEAST_SIDE: Final = 15  # API: width and height above 14 pixels
LEAST_PIXELS: Final = 196  # API
MOST_ASPECT: Final = 150  # API: 1/150 to 150

# Pixels after the provider's own scaling, by detail (API): more than these are never looked at.
USEFUL_PIXELS: Final[Mapping[str, int]] = MappingProxyType({"low": 2_257_920, "high": 2_257_920, "xhigh": 9_031_680})

# ---------------------------------------------------------------- what media cost

PIXELS_PER_TOKEN: Final = 1_764  # API
IMAGE_TOKENS: Final[Mapping[str, tuple[int, int]]] = MappingProxyType(  # API: the least and the most, by detail
    {"low": (1, 1_280), "high": (1_280, 1_280), "xhigh": (1_280, 5_120)}
)
PAGE_TOKENS: Final = 1_280  # inferred from the API: each page is scaled like an image of high detail

AUDIO_BYTES_PER_SECOND: Final = 4_000  # ours: 32 kbit/s, as voice clips have; what has more is counted as longer

FRAMES: Final = (16, 1_280)  # API: the fewest and the most of one video
FRAME_TOKENS: Final = (64, 384)  # API: per frame
VIDEO_TOKENS: Final = 80 * 1_024  # API: all frames of one video together
FRAME_LABEL_TOKENS: Final = 12  # inferred: each frame gets a text "[t second]"
FPS: Final = (0.2, 5.0)  # API

# ---------------------------------------------------------------- what is read here

FILE_BYTES: Final = 50 * MB  # ours: nothing larger is of use to the API
DECODED_PIXELS: Final = 89_478_485  # Pillow's own bound against decompression bombs: a quarter GB of pixels
BASE64_SHARE: Final = 3 / 4  # base64 writes three bytes as four
TEXT_SHARE: Final = 0.05  # ours: what of a request's bytes is left to text
PDF_PAGES: Final = 2_000  # ours: more pages are not even counted through
PICTURE_PAGES: Final = 20  # ours: pages of a PDF that are sent as pictures, 25,600 tokens
DECORATION_PIXELS: Final = 60 * 60  # ours: smaller pictures in a document are decoration
PAGE_SOURCE: Final = 4_000_000  # ours: characters of a web page that are looked through
ARCHIVE_BYTES: Final = 100 * MB  # ours: what an Office file may unpack to
ARCHIVE_PARTS: Final = 5_000  # ours: parts that an Office file may have
SMALL_FILE: Final = 500_000  # ours: bytes of a file that says nothing about how long reading it may take
SMALL_FILE_SECONDS: Final = 3.0  # ours: what twenty scanned pages take twice over
SECONDS_PER_MB: Final = 6.0  # ours: the same for every further MB
LOSSLESS_BYTES: Final = 2 * MB  # ours: a larger PNG is written as JPEG or WebP
QUALITY: Final = 90  # ours: no artefacts that a person sees at 100 %


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpackLimits:
    """Limits on what a file may unfold to while it is read."""

    pdf_pages: int = PDF_PAGES
    archive_bytes: int = ARCHIVE_BYTES
    archive_parts: int = ARCHIVE_PARTS


def cpu_seconds(size: int, most: float) -> float:
    """Return how long a file of `size` bytes may keep a processor busy: a small one seldom has much to say."""
    return min(most, SMALL_FILE_SECONDS + SECONDS_PER_MB * max(0, size - SMALL_FILE) / MB)


def megabytes(count: float) -> str:
    """Return a size for people: "14.2 MB"."""
    return Said("{size} MB", size=round(count / MB, 1))


def media_bytes(request_bytes: int) -> int:
    """Return the bytes of media that a request of `request_bytes` can carry in base64 beside its text."""
    return int(request_bytes * BASE64_SHARE * (1 - TEXT_SHARE))
