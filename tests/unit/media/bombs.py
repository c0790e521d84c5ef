"""Small files made to cost as much as they can."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping

from tests.unit.media import samples
from tests.unit.media.reading import packed


def in_part(data: bytes, part: str, content: bytes) -> bytes:
    """A package with one part replaced."""
    with zipfile.ZipFile(io.BytesIO(data)) as old:
        return packed({name: old.read(name) for name in old.namelist() if name != part} | {part: content})


W = b'<w:document xmlns:w="w"><w:body>%s</w:body></w:document>'


def pdf_of(*objects: bytes) -> bytes:
    """A PDF of these objects, the first one its catalogue; readers find them without a table."""
    written = b"".join(b"%d 0 obj\n%s\nendobj\n" % (number, body) for number, body in enumerate(objects, 1))
    return b"%PDF-1.7\n" + written + b"trailer << /Root 1 0 R >>\n%%EOF"


def stream(content: bytes, more: bytes = b"") -> bytes:
    packed_content = zlib.compress(content, 9)
    about = b"<< /Length %d /Filter /FlateDecode %s >>" % (len(packed_content), more)
    return about + b"\nstream\n" + packed_content + b"\nendstream"


def pdf_page(content: bytes, *more: bytes, resources: bytes = b"", box: bytes = b"0 0 612 792") -> bytes:
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [%s] /Contents 4 0 R /Resources << %s >> >>" % (box, resources)
    tree = b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>"
    return pdf_of(b"<< /Type /Catalog /Pages 2 0 R >>", tree, page, stream(content), *more)


def forms_in_forms() -> bytes:
    """Each form draws the next one ten times: ten to the eighth drawings."""
    about = b"/Type /XObject /Subtype /Form /BBox [0 0 612 792] /Resources << /XObject << /F %d 0 R >> >>"
    forms = [stream(b"/F Do " * 10, about % number) for number in range(6, 14)]
    return pdf_page(b"/F Do " * 10, *forms, stream(b"0 0 9 9 re f"), resources=b"/XObject << /F 5 0 R >>")


def overlapping_zip() -> bytes:
    """A thousand members that all are the same 30 MB of zeros."""
    data = packed({"a": bytes(30_000_000)})
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entry = archive.infolist()[0]
    end = data.rfind(b"PK\x05\x06")
    start = data.rfind(b"PK\x01\x02")
    directory = data[start:end] * 1_000
    closing = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1_000, 1_000, len(directory), start, 0)
    assert entry.header_offset == 0
    return data[:start] + directory + closing


def nested_zip() -> bytes:
    data = packed({f"{number}.txt": bytes(9_000_000).replace(b"\0", b" ") for number in range(10)})
    for _ in range(3):
        data = packed({f"{number}.zip": data for number in range(10)})
    return data


def nested_mail() -> bytes:
    head = b"From: a@e.org\nTo: b@e.org\nSubject: x\n"
    data = head + b"\nwords"
    for number in range(400):
        part = b"--b%d\nContent-Type: message/rfc822\n\n%s\n--b%d--" % (number, data, number)
        data = head + b'Content-Type: multipart/mixed; boundary="b%d"\n\n%s' % (number, part)
    return data


LAUGHS = (
    b'<!DOCTYPE d [<!ENTITY a "' + b"ha" * 500 + b'">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 20) for n in range(8)) + b"]>"
)  # fmt: skip
SHEET = b'<worksheet xmlns="s"><sheetData>%s</sheetData></worksheet>'

BOMBS: Mapping[str, Callable[[], bytes]] = {
    "docx-large": lambda: in_part(samples.word_document(), "word/document.xml", W % (b" " * 400_000_000)),
    "docx-paragraphs": lambda: in_part(samples.word_document(), "word/document.xml", W % (b"<w:p/>" * 10_000_000)),
    "docx-deep": lambda: in_part(samples.word_document(), "word/document.xml", W % (b"<w:p>" * 900_000)),
    "docx-one-paragraph": lambda: in_part(
        samples.word_document(),
        "word/document.xml",
        W % (b"<w:p>" + b"<w:r><w:t>a</w:t></w:r>" * 3_000_000 + b"</w:p>"),
    ),
    "docx-laughs": lambda: in_part(samples.word_document(), "word/document.xml", LAUGHS + b"<d>&i;</d>"),
    "docx-styles": lambda: in_part(
        samples.word_document(), "word/styles.xml", b"<s>" + b"<style/>" * 10_000_000 + b"</s>"
    ),
    "pptx-shapes": lambda: in_part(
        samples.slides(), "ppt/slides/slide1.xml", b"<s>" + b"<sp><txBody><p/></txBody></sp>" * 2_000_000 + b"</s>"
    ),
    "xlsx-rows": lambda: in_part(
        samples.spreadsheet(), "xl/worksheets/sheet1.xml", SHEET % (b"<row><c/><c/></row>" * 5_000_000)
    ),
    "xlsx-one-row": lambda: in_part(
        samples.spreadsheet(),
        "xl/worksheets/sheet1.xml",
        SHEET % (b"<row>" + b"<c><v>1</v></c>" * 5_000_000 + b"</row>"),
    ),
    "xlsx-formats": lambda: in_part(
        samples.spreadsheet(),
        "xl/styles.xml",
        b"<s><numFmts>" + b'<numFmt numFmtId="9" formatCode="' + b"#" * 50_000_000 + b'"/></numFmts></s>',
    ),
    "pdf-content": lambda: pdf_page(b"0 0 m 612 792 l S " * 10_000_000),
    "pdf-text": lambda: pdf_page(b"BT /F 1 Tf " + b"(aaaa) Tj " * 10_000_000 + b"ET"),
    "pdf-forms": forms_in_forms,
    "pdf-large-page": lambda: pdf_page(b"0 0 9 9 re f", box=b"0 0 1e9 1e9"),
    "pdf-curves": lambda: pdf_page(b"0 0 m " + b"1 2 300 400 5 6 c " * 5_000_000 + b"f*"),
    "pdf-picture": lambda: pdf_page(
        b"612 0 0 792 0 0 cm /I Do",
        stream(
            bytes(400_000_000),
            b"/Type /XObject /Subtype /Image /Width 20000 /Height 20000 /BitsPerComponent 8 /ColorSpace /DeviceGray",
        ),
        resources=b"/XObject << /I 5 0 R >>",
    ),
    "zip-large": lambda: packed({"a.txt": b" " * 500_000_000}),
    "zip-many": overlapping_zip,
    "zip-nested": nested_zip,
    "svg-laughs": lambda: LAUGHS + b"<svg><text>&i;</text></svg>",
    "svg-deep": lambda: b"<svg>" + b"<g>" * 60_000,
    "html-deep": lambda: b"<!doctype html>" + b"<div><table><tr><td><a href=x>" * 8_000,
    "html-comments": lambda: b"<!doctype html>" + b"<!-" * 80_000,
    "rtf-deep": lambda: b"{\\rtf1" + b"{" * 240_000,
    "notebook-deep": lambda: b'{"nbformat": 4, "cells": ' + b"[" * 200_000,
    "mail-nested": nested_mail,
    "text-brackets": lambda: b"[" * 240_000,
    "text-base64": lambda: (b"A" * 399 + b" ") * 600,
    "text-mixed": lambda: bytes(range(128, 256)) * 1_900,
}
"""Ways to make each, by its name."""
