"""Detect the kind of a file from its bytes alone. Pure; the file may still be broken."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from typing import Final, Literal

Room = Literal["image", "video", "pdf", "office", "html", "text", "refused"]


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of file: the room that reads it, and its name (for "refused": what to say about it)."""

    room: Room
    name: str


TEXT: Final = FileKind("text", "text")
HTML: Final = FileKind("html", "HTML")
EMPTY: Final = FileKind("refused", "is empty")
LOCKED: Final = FileKind("refused", "is protected by a password")

_SOUND: Final = FileKind("refused", "is a sound file, which the model does not take")
_OTHER_VIDEO: Final = FileKind(
    "refused", "is a video in a format that the model does not take (it takes MP4, MOV and AVI)"
)
_ARCHIVE: Final = FileKind("refused", "is an archive; attach the files that are in it")
_OLD_OFFICE: Final = FileKind("refused", "is an Office file of the old kind; save it as docx, xlsx, pptx or PDF")
_OPEN_DOCUMENT: Final = FileKind("refused", "is an OpenDocument file or a book; save it as docx, xlsx, pptx or PDF")
_RICH_TEXT: Final = FileKind("refused", "is rich text (RTF); save it as docx or PDF")
_PROGRAM: Final = FileKind("refused", "is a program")

# Marks at the very beginning of a file, each from the format's own specification.
_STARTS: Final[tuple[tuple[bytes, FileKind], ...]] = (
    (b"\xff\xd8\xff", FileKind("image", "JPEG")),
    (b"\x89PNG\r\n\x1a\n", FileKind("image", "PNG")),
    (b"GIF87a", FileKind("image", "GIF")),
    (b"GIF89a", FileKind("image", "GIF")),
    (b"II*\0", FileKind("image", "TIFF")),
    (b"MM\0*", FileKind("image", "TIFF")),
    (b"\0\0\1\0", FileKind("image", "ICO")),
    (b"icns", FileKind("image", "ICNS")),
    (b"\x01\xda", FileKind("image", "SGI")),
    (b"\0\0\0\x0cjP  \r\n\x87\n", FileKind("image", "JPEG2000")),
    (b"\xff\x4f\xff\x51", FileKind("image", "JPEG2000")),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _OLD_OFFICE),
    (b"{\\rtf", _RICH_TEXT),
    (b"OggS", _SOUND),
    (b"fLaC", _SOUND),
    (b"ID3", _SOUND),
    (b"\x1a\x45\xdf\xa3", _OTHER_VIDEO),
    (b"FLV\x01", _OTHER_VIDEO),
    (b"\0\0\1\xba", _OTHER_VIDEO),
    (b"\0\0\1\xb3", _OTHER_VIDEO),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", _OTHER_VIDEO),
    (b"\x1f\x8b", _ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", _ARCHIVE),
    (b"Rar!\x1a\x07", _ARCHIVE),
    (b"BZh", _ARCHIVE),
    (b"\xfd7zXZ\0", _ARCHIVE),
    (b"\x28\xb5\x2f\xfd", _ARCHIVE),
    (b"\x7fELF", _PROGRAM),
    (b"\xca\xfe\xba\xbe", _PROGRAM),
)

_RIFF: Final = {
    b"WEBP": FileKind("image", "WEBP"),
    b"AVI ": FileKind("video", "AVI"),
    b"WAVE": _SOUND,
}
_HEIF_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"heif"})
_AVIF_BRANDS: Final = frozenset({b"avif", b"avis"})
_SOUND_BRANDS: Final = frozenset({b"M4A ", b"M4B ", b"M4P "})
_QUICKTIME_BOXES: Final = frozenset({b"moov", b"mdat", b"wide"})  # QuickTime files may begin without "ftyp"

_OFFICE_PARTS: Final = {
    "word/document.xml": FileKind("office", "docx"),
    "xl/workbook.xml": FileKind("office", "xlsx"),
    "ppt/presentation.xml": FileKind("office", "pptx"),
}
_HTML_START: Final = re.compile(rb"(?is)(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)[\s>]")
_PDF_WITHIN: Final = 1_024  # readers find "%PDF-" within so many bytes (PDF 1.7, implementation note 13)
_BMP_HEADERS: Final = frozenset({12, 40, 52, 56, 64, 108, 124})
_SNIFFED: Final = 4_096


def kind_of(data: bytes) -> FileKind:
    """Return the kind of a file from its bytes; what nothing is known of counts as text, to be decoded or refused
    there.
    """
    if not data.strip(b"\0 \t\r\n"):
        return EMPTY
    for start, kind in _STARTS:
        if data.startswith(start):
            return _locked_or(kind, data)
    for look in (_in_riff, _in_boxes, _in_bitmap, _in_zip):
        if found := look(data):
            return found
    if b"%PDF-" in data[:_PDF_WITHIN]:
        return FileKind("pdf", "PDF")
    if _is_mpeg_sound(data):
        return _SOUND
    return HTML if _HTML_START.match(data[:_SNIFFED]) else TEXT


def _locked_or(kind: FileKind, data: bytes) -> FileKind:
    """Return new Office files with a password stand inside one of the old kind (MS-OFFCRYPTO, 2.3.4)."""
    return LOCKED if kind is _OLD_OFFICE and "EncryptedPackage".encode("utf-16-le") in data else kind


def _in_riff(data: bytes) -> FileKind | None:
    return _RIFF.get(data[8:12]) if data.startswith(b"RIFF") else None


def _in_boxes(data: bytes) -> FileKind | None:
    """Return formats of ISO base media files by their brand (ISO/IEC 14496-12, 4.3)."""
    if data[4:8] in _QUICKTIME_BOXES:
        return FileKind("video", "MOV")
    if data[4:8] != b"ftyp":
        return None
    brands = {data[8:12]} | {data[place : place + 4] for place in range(16, min(int.from_bytes(data[:4]), 128), 4)}
    if brands & _AVIF_BRANDS:
        return FileKind("image", "AVIF")
    if data[8:12] in _HEIF_BRANDS:
        return FileKind("image", "HEIC")
    if data[8:12] in _SOUND_BRANDS:
        return _SOUND
    return FileKind("video", "MOV" if data[8:12] == b"qt  " else "MP4")


def _in_bitmap(data: bytes) -> FileKind | None:
    """Return a BMP begins with two letters only, so the length of its second header has to fit as well."""
    if data.startswith(b"BM") and int.from_bytes(data[14:18], "little") in _BMP_HEADERS:
        return FileKind("image", "BMP")
    if data.startswith(b"MZ") and b"\0" in data[:64]:
        return _PROGRAM
    return None


def _in_zip(data: bytes) -> FileKind | None:
    if not data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
    except Exception:  # noqa: BLE001 - zipfile raises many kinds of errors for broken files
        return FileKind("refused", "is broken (its archive cannot be opened)")
    other = _OPEN_DOCUMENT if "mimetype" in names else _ARCHIVE
    return next((kind for part, kind in _OFFICE_PARTS.items() if part in names), other)


def _is_mpeg_sound(data: bytes) -> bool:
    """MP3 and AAC without a header of their own begin with eleven set bits (ISO/IEC 11172-3, 2.4.1.3)."""
    return len(data) > 3 and data[0] == 0xFF and data[1] & 0xE0 == 0xE0 and data[:2] not in {b"\xff\xfe", b"\xff\xff"}
