"""What a file is, is found from its bytes."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.media.kinds import EMPTY, HTML, TEXT, kind_of
from tests.unit.media import samples

PICTURE = samples.drawing()


@pytest.mark.parametrize(
    ("form", "name"),
    [
        *(
            (form, form)
            for form in ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "ICO", "ICNS", "SGI", "JPEG2000", "AVIF")
        ),
        ("MPO", "JPEG"),
    ],
)
def test_pictures_are_known_by_their_first_bytes(form: str, name: str) -> None:
    kind = kind_of(samples.saved(PICTURE, form))
    assert (kind.room, kind.name) == ("image", name)


@pytest.mark.parametrize(
    ("data", "room", "name"),
    [
        pytest.param(samples.heic(PICTURE), "image", "HEIC", id="heic"),
        pytest.param(samples.mp4(), "video", "MP4", id="mp4"),
        pytest.param(samples.mp4(brand=b"qt  "), "video", "MOV", id="mov"),
        pytest.param(samples.mp4()[20:], "video", "MOV", id="mov-without-a-brand"),
        pytest.param(samples.avi(), "video", "AVI", id="avi"),
        pytest.param(samples.pdf("hi"), "pdf", "PDF", id="pdf"),
        pytest.param(b"junk before\n" + samples.pdf("hi"), "pdf", "PDF", id="pdf-after-junk"),
        pytest.param(samples.word_document(), "office", "docx", id="docx"),
        pytest.param(samples.spreadsheet(), "office", "xlsx", id="xlsx"),
        pytest.param(samples.slides(), "office", "pptx", id="pptx"),
    ],
)
def test_other_files_are_known_by_their_bytes(data: bytes, room: str, name: str) -> None:
    kind = kind_of(data)
    assert (kind.room, kind.name) == (room, name)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"<!DOCTYPE html><p>hi", id="doctype"),
        pytest.param(b"\xef\xbb\xbf  \n<!-- a -->\n<HTML lang=de>", id="comment-first"),
    ],
)
def test_web_pages_are_known_by_their_beginning(data: bytes) -> None:
    assert kind_of(data) == HTML


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"plain", id="words"),
        pytest.param(b"BM is how this text begins, and it is no bitmap", id="like-a-bitmap"),
        pytest.param(b"MZ is how this text begins, and it is no program" + b"." * 40, id="like-a-program"),
        pytest.param(b"a,b\n1,2\n", id="table"),
        pytest.param(b"<htmlish>", id="not-quite-a-page"),
        pytest.param("Ünïcode".encode("utf-16"), id="wide"),
    ],
)
def test_everything_else_is_tried_as_text(data: bytes) -> None:
    assert kind_of(data) == TEXT


@pytest.mark.parametrize("data", [b"", b"\0" * 100, b" \r\n\t"], ids=["nothing", "zeros", "space"])
def test_an_empty_file_says_so(data: bytes) -> None:
    assert kind_of(data) == EMPTY


def open_document(kind: str, media_type: str = "application/vnd.oasis.opendocument.{}") -> bytes:
    """The beginning of an OpenDocument file."""
    return packed({"mimetype": media_type.format(kind)})


def packed(parts: dict[str, str]) -> bytes:
    """A ZIP archive of these parts."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return file.getvalue()


def compound(stream: str) -> bytes:
    """A compound file with a stream of that name in its directory."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99) + stream.encode("utf-16-le")


MAIN = "application/vnd.openxmlformats-officedocument.{}.main+xml"


@pytest.mark.parametrize(
    ("data", "room", "name"),
    [
        pytest.param(b"ID3\x04mp3", "sound", "MP3", id="mp3"),
        pytest.param(b"\xff\xfb\x90\x64mp3", "sound", "MP3", id="bare-mp3"),
        pytest.param(b"RIFF\0\0\0\0WAVEfmt ", "sound", "WAV", id="wav"),
        pytest.param(b"\0\0\0\x18ftypM4A \0\0\0\0M4A ", "sound", "M4A", id="m4a"),
        pytest.param(b"OggS" + bytes(40), "sound", "OGG", id="ogg"),
        pytest.param(b"\0\0\0\x18ftypmp42\0\0\0\0mp42" + b"minfsmhd", "sound", "M4A", id="speech-in-mp4"),
        pytest.param(packed({"a.txt": "hi"}), "archive", "ZIP", id="zip"),
        pytest.param(open_document("text"), "office", "odt", id="odt"),
        pytest.param(open_document("spreadsheet-template"), "office", "ods", id="ots"),
        pytest.param(
            packed({"[Content_Types].xml": MAIN.format("wordprocessingml.template")}), "office", "docx", id="dotx"
        ),
        pytest.param(
            packed({"[Content_Types].xml": "application/vnd.ms-excel.sheet.binary.macroEnabled.main"}),
            "binary sheets", "xlsb", id="xlsb",
        ),
        pytest.param(compound("Workbook"), "binary sheets", "xls", id="xls"),
        pytest.param(b"{\\rtf1 hi}", "rich text", "RTF", id="rtf"),
        pytest.param(b"From: a@b\nTo: c@d\nSubject: hi\n\nwords", "mail", "mail", id="mail"),
        pytest.param(b"From: all of us\n\nTo: you\nDate: today", "text", "text", id="like-a-mail"),
        pytest.param(b"\xef\xbb\xbf{\\rtf1 hi}", "rich text", "RTF", id="rtf-mark"),
        pytest.param(b"\n {\\rtf1 hi}", "rich text", "RTF", id="rtf-blanks"),
        pytest.param(b'\xef\xbb\xbf{"nbformat": 4, "cells": []}', "notebook", "notebook", id="notebook-mark"),
        pytest.param('{"nbformat": 4, "cells": []}'.encode("utf-16"), "notebook", "notebook", id="notebook-wide"),
        pytest.param(b"\xef\xbb\xbf\nFrom: a\nTo: b\nSubject: c\n\nx", "mail", "mail", id="mail-mark"),
        pytest.param(b"<div><p>x</p><script>y</script></div>\n", "html", "HTML", id="fragment"),
        pytest.param(b"<!-- x --><table><tr><td>x</table>", "html", "HTML", id="fragment-table"),
        pytest.param(b"<meta charset=utf-8>x", "html", "HTML", id="meta"),
        pytest.param(b"<div align=center>\n\n# Title\n\n</div>", "text", "text", id="markdown-with-tags"),
        pytest.param(b"<p>in short</p> and more words", "text", "text", id="tags-in-words"),
        pytest.param(b"<div>{{ name }}</div>", "text", "text", id="template"),
        pytest.param(b'{"nbformat": 4, "cells": []}', "notebook", "notebook", id="notebook"),
        pytest.param(b'<?xml version="1.0"?>\n<!-- x --><html xmlns="x">', "html", "HTML", id="xhtml"),
        pytest.param("<html><p>wide".encode("utf-16"), "html", "HTML", id="wide-page"),
        pytest.param(b"<svg xmlns='x'/>", "text", "text", id="svg"),
    ],
)  # fmt: skip
def test_the_rest_is_known_by_what_is_in_it(data: bytes, room: str, name: str) -> None:
    kind = kind_of(data)
    assert (kind.room, kind.name) == (room, name)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"\x1a\x45\xdf\xa3webm", "MP4, MOV and AVI", id="webm"),
        pytest.param(b"OggS" + bytes(24) + b"\x80theora", "MP4, MOV and AVI", id="ogg-with-pictures"),
        pytest.param(b"PK\x03\x04 cut", "broken", id="broken-zip"),
        pytest.param(open_document("graphics"), "OpenDocument", id="odg"),
        pytest.param(open_document("text", "application/epub+zip"), "e-book", id="epub"),
        pytest.param(b"7z\xbc\xaf\x27\x1c", "archive", id="7z"),
        pytest.param(packed({"Index/Document.iwa": ""}), "Pages", id="pages"),
        pytest.param(packed({"META-INF/MANIFEST.MF": "x"}), "program", id="jar"),
        pytest.param(compound("WordDocument"), "Word document of before 2007", id="doc"),
        pytest.param(compound("PowerPoint Document"), "presentation of before 2007", id="ppt"),
        pytest.param(compound("__substg1.0_0037001F"), "Outlook", id="msg"),
        pytest.param(compound("EncryptedPackage"), "password", id="locked-office"),
        pytest.param(compound("Anything"), "Windows program", id="another-compound-file"),
        pytest.param(b"\x7fELF\x02", "program", id="program"),
    ],
)
def test_what_cannot_be_read_is_named(data: bytes, reason: str) -> None:
    kind = kind_of(data)
    assert kind.room == "refused"
    assert reason in kind.name


@given(st.binary())
def test_any_bytes_have_a_kind(data: bytes) -> None:
    assert kind_of(data).name
