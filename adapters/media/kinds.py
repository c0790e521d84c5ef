"""Detect the kind of a file from its bytes alone. Pure; the file may still be broken."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from typing import Final, Literal

from adapters.media.encodings import unicode_encoding

Room = Literal[
    "image",
    "video",
    "sound",
    "pdf",
    "office",
    "binary sheets",
    "rich text",
    "archive",
    "compressed",
    "tape",
    "mail",
    "notebook",
    "html",
    "text",
    "refused",
]


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of file: the room that reads it, and its name (for "refused": what to say about it)."""

    room: Room
    name: str


def _refused(what: str) -> FileKind:
    """Return a kind that nothing reads, with what to say about it, which is in the catalogues."""
    return FileKind("refused", what)


TEXT: Final = FileKind("text", "text")
HTML: Final = FileKind("html", "HTML")
MAIL: Final = FileKind("mail", "mail")
EMPTY: Final = _refused("is empty")
LOCKED: Final = _refused("is protected by a password")

_OTHER_VIDEO: Final = _refused("is a video in a format that the model does not take (it takes MP4, MOV and AVI)")
_ARCHIVE: Final = _refused("is an archive of a kind that is not opened; pack it as ZIP, or attach its files")
_ZIP: Final = FileKind("archive", "ZIP")
_RICH_TEXT: Final = FileKind("rich text", "RTF")
_PROGRAM: Final = _refused("is a program")

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
    (b"{\\rtf", _RICH_TEXT),
    (b"OggS", FileKind("sound", "OGG")),
    (b"fLaC", FileKind("sound", "FLAC")),
    (b"ID3", FileKind("sound", "MP3")),
    (b"\x1a\x45\xdf\xa3", _OTHER_VIDEO),
    (b"FLV\x01", _OTHER_VIDEO),
    (b"\0\0\1\xba", _OTHER_VIDEO),
    (b"\0\0\1\xb3", _OTHER_VIDEO),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", _OTHER_VIDEO),
    (b"\x1f\x8b", FileKind("compressed", "gzip")),
    (b"7z\xbc\xaf\x27\x1c", _ARCHIVE),
    (b"Rar!\x1a\x07", _ARCHIVE),
    (b"BZh", FileKind("compressed", "bzip2")),
    (b"\xfd7zXZ\0", FileKind("compressed", "XZ")),
    (b"\x28\xb5\x2f\xfd", _ARCHIVE),
    (b"\x7fELF", _PROGRAM),
    (b"\xca\xfe\xba\xbe", _PROGRAM),
)

_RIFF: Final = {
    b"WEBP": FileKind("image", "WEBP"),
    b"AVI ": FileKind("video", "AVI"),
    b"WAVE": FileKind("sound", "WAV"),
}
_HEIF_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"heif"})
_AVIF_BRANDS: Final = frozenset({b"avif", b"avis"})
_SOUND_BRANDS: Final = frozenset({b"M4A ", b"M4B ", b"M4P "})
_SOUND_TRACK: Final = b"smhd"  # the header of a track of sound, and of one of pictures (ISO/IEC 14496-12, 12.1, 12.2)
_VIDEO_TRACK: Final = b"vmhd"
_THEORA: Final = b"\x80theora"  # how the pictures in an Ogg file begin
_QUICKTIME_BOXES: Final = frozenset({b"moov", b"mdat", b"wide"})  # QuickTime files may begin without "ftyp"

_OFFICE: Final = {  # content types of main parts, documents and templates, with macros and without (ECMA-376 part 1)
    b"wordprocessingml.document.main": FileKind("office", "docx"),
    b"wordprocessingml.template.main": FileKind("office", "docx"),
    b"ms-word.document.macroenabled": FileKind("office", "docx"),
    b"ms-word.template.macroenabled": FileKind("office", "docx"),
    b"spreadsheetml.sheet.main": FileKind("office", "xlsx"),
    b"spreadsheetml.template.main": FileKind("office", "xlsx"),
    b"ms-excel.sheet.macroenabled": FileKind("office", "xlsx"),
    b"ms-excel.template.macroenabled": FileKind("office", "xlsx"),
    b"ms-excel.sheet.binary": FileKind("binary sheets", "xlsb"),
    b"presentationml.presentation.main": FileKind("office", "pptx"),
    b"presentationml.slideshow.main": FileKind("office", "pptx"),
    b"presentationml.template.main": FileKind("office", "pptx"),
    b"ms-powerpoint.presentation.macroenabled": FileKind("office", "pptx"),
    b"ms-powerpoint.slideshow.macroenabled": FileKind("office", "pptx"),
    b"ms-visio": _refused("is a Visio drawing; save it as PDF"),
}
_OPEN_DOCUMENT: Final = {
    "text": FileKind("office", "odt"),
    "spreadsheet": FileKind("office", "ods"),
    "presentation": FileKind("office", "odp"),
}
_OTHER_OPEN_DOCUMENT: Final = _refused("is an OpenDocument drawing or formula; save it as PDF")
_BOOK: Final = _refused("is an e-book; save it as PDF or text")
_BY_MEMBER: Final = {  # archives that are no archives to people, by a member that only they have
    ".iwa": _refused("is of Pages, Numbers or Keynote; export it as docx, xlsx, pptx or PDF"),
    "androidmanifest.xml": _PROGRAM,
    "meta-inf/manifest.mf": _PROGRAM,
}
_COMPOUND: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_STREAMS: Final = (  # what is in a compound file (MS-CFB), by the name of a stream that only this kind has
    ("EncryptedPackage", LOCKED),  # a new Office file with a password (MS-OFFCRYPTO, 2.3.4)
    ("__substg1.0_", _refused("is a message of Outlook; save it as .eml, or as text")),
    ("WordDocument", _refused("is a Word document of before 2007; save it as docx or PDF")),
    ("PowerPoint Document", _refused("is a presentation of before 2007; save it as pptx or PDF")),
    ("Workbook", FileKind("binary sheets", "xls")),
    ("Book", FileKind("binary sheets", "xls")),
)
_OTHER_COMPOUND: Final = _refused("is of a Windows program and cannot be read; save it as PDF or text")
_HTML_START: Final = re.compile(
    r"\s*+(?:<\?xml[^>]*>\s*+)?(?:<!--.*?-->\s*+)*+(?:<!doctype\s+html|<html|<head|<body|<meta|<title)[\s>:]",
    re.IGNORECASE | re.DOTALL,
)
_FRAGMENT_START: Final = re.compile(
    r"\s*+(?:<!--.*?-->\s*+)*+<(?:div|table|p|span|h[1-6]|[uo]l|dl|section|article|form|center|font|blockquote)[\s>]",
    re.IGNORECASE | re.DOTALL,
)
_NO_FRAGMENT: Final = re.compile(r"^#{1,6} |```|\{\{|\{%|<\?|<%|\bclassName=|\s(?:v-|@|:|\*ng)\w+=", re.MULTILINE)
"""What Markdown has that begins with a tag, and templates, which are read as code."""

_HEADER: Final = re.compile(rb"([A-Za-z][A-Za-z0-9-]{1,60}):[ \t\r\n]")
_HEADERS: Final = frozenset(
    {b"from", b"to", b"subject", b"date", b"received", b"return-path", b"delivered-to", b"message-id", b"mime-version"}
)
_MIME: Final = frozenset({b"mime-version", b"content-type"})  # pages that browsers saved with all that is in them
_LEAST_HEADERS: Final = 3  # of those, before a text counts as a mail
_PDF_WITHIN: Final = 1_024  # readers find "%PDF-" within so many bytes (PDF 1.7, implementation note 13)
_BMP_HEADERS: Final = frozenset({12, 40, 52, 56, 64, 108, 124})
_SNIFFED: Final = 16_384
_TYPES_READ: Final = 1_000_000


def kind_of(data: bytes) -> FileKind:
    """Return the kind of a file from its bytes; what nothing is known of counts as text, to be decoded or refused
    there.
    """
    if not data.strip(b"\0 \t\r\n"):
        return EMPTY
    for start, kind in _STARTS:
        if data.startswith(start):
            return _OTHER_VIDEO if start == b"OggS" and _THEORA in data[:_SNIFFED] else kind
    for look in (_in_riff, _in_boxes, _in_bitmap, _in_compound, _in_tape, _in_zip):
        if found := look(data):
            return found
    if b"%PDF-" in data[:_PDF_WITHIN]:
        return FileKind("pdf", "PDF")
    if _is_mpeg_sound(data):
        return FileKind("sound", "AAC" if data[1] & 0x06 == 0 else "MP3")
    return _in_text(data)


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
    if data[8:12] in _SOUND_BRANDS or (_SOUND_TRACK in data and _VIDEO_TRACK not in data):  # as phones record speech
        return FileKind("sound", "M4A")
    return FileKind("video", "MOV" if data[8:12] == b"qt  " else "MP4")


def _in_bitmap(data: bytes) -> FileKind | None:
    """Return a BMP begins with two letters only, so the length of its second header has to fit as well."""
    if data.startswith(b"BM") and int.from_bytes(data[14:18], "little") in _BMP_HEADERS:
        return FileKind("image", "BMP")
    if data.startswith(b"MZ") and b"\0" in data[:64]:
        return _PROGRAM
    return None


def _in_tape(data: bytes) -> FileKind | None:
    """Return a tar archive, whose mark stands behind the name of its first file (POSIX.1-1988, 10.1.1)."""
    return FileKind("tape", "tar") if data[257:262] == b"ustar" else None


def _in_zip(data: bytes) -> FileKind | None:
    if not data.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK00PK")):
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = {name.replace("\\", "/").lstrip("/").lower(): name for name in archive.namelist()}
            if types := names.get("[content_types].xml"):
                return _in_office(archive.open(types).read(_TYPES_READ))
            if mark := names.get("mimetype"):
                return _in_open_document(archive.open(mark).read(_SNIFFED).decode("ascii", errors="replace"))
            return next(
                (kind for ending, kind in _BY_MEMBER.items() if any(name.endswith(ending) for name in names)), _ZIP
            )
    except Exception:  # noqa: BLE001 - zipfile raises many kinds of errors for broken files
        return _refused("is broken (its archive cannot be opened)")


def _in_office(types: bytes) -> FileKind:
    """Return what a package is by the content types of its parts, whatever their names are."""
    lowered = types.lower()
    return next((kind for content, kind in _OFFICE.items() if content in lowered), _ZIP)


def _in_open_document(media_type: str) -> FileKind:
    if "epub" in media_type:
        return _BOOK
    kind = media_type.strip().rpartition("opendocument.")[2].removesuffix("-template").removesuffix("-master")
    return _OPEN_DOCUMENT.get(kind, _OTHER_OPEN_DOCUMENT if "opendocument" in media_type else _ZIP)


def _in_compound(data: bytes) -> FileKind | None:
    if not data.startswith(_COMPOUND):
        return None
    return next((kind for stream, kind in _STREAMS if stream.encode("utf-16-le") in data), _OTHER_COMPOUND)


def _in_text(data: bytes) -> FileKind:
    """Return what a text is: a page by its beginning, a mail by its headers, a notebook by what it has to have."""
    encoding, mark = unicode_encoding(data)
    beginning = data[mark : mark + _SNIFFED].decode(encoding or "latin-1", errors="replace")
    if _HTML_START.match(beginning) or _is_fragment(beginning, data):
        return HTML
    start = beginning.lstrip()
    if start.startswith("{\\rtf") and encoding in {"", "utf-8"}:
        return _RICH_TEXT

    def says(word: str) -> bool:
        return f'"{word}"'.encode(encoding or "ascii") in data

    if start.startswith("{") and says("nbformat") and (says("cells") or says("worksheets")):
        return FileKind("notebook", "notebook")
    return MAIL if _is_mail(data[mark : mark + _SNIFFED].lstrip()) else TEXT


def _is_fragment(beginning: str, data: bytes) -> bool:
    """Return whether a text is a piece of a page: tags from its beginning to its end, and nothing of other formats."""
    return (
        data[-_SNIFFED:].rstrip(b"\0 \t\r\n").endswith(b">")
        and _FRAGMENT_START.match(beginning) is not None
        and _NO_FRAGMENT.search(beginning) is None
    )


def _is_mail(beginning: bytes) -> bool:
    """Return whether a text begins with headers, several of them those that mails have."""
    known = set()
    for line in beginning.replace(b"\r\n", b"\n").lstrip(b"\n").split(b"\n"):
        if not line:
            break
        if line[:1] in {b" ", b"\t"}:
            continue
        header = _HEADER.match(line + b"\n")
        if header is None and not line.startswith(b"From "):
            return False
        if header is not None:
            known.add(header[1].lower())
    return len(known & _HEADERS) >= _LEAST_HEADERS or known >= _MIME


def _is_mpeg_sound(data: bytes) -> bool:
    """MP3 and AAC without a header of their own begin with eleven set bits (ISO/IEC 11172-3, 2.4.1.3)."""
    return len(data) > 3 and data[0] == 0xFF and data[1] & 0xE0 == 0xE0 and data[:2] not in {b"\xff\xfe", b"\xff\xff"}
