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


def open_document() -> bytes:
    """The beginning of an odt."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"\x1a\x45\xdf\xa3webm", "MP4, MOV and AVI", id="webm"),
        pytest.param(b"ID3\x04mp3", "sound", id="mp3"),
        pytest.param(b"\xff\xfb\x90\x64mp3", "sound", id="bare-mp3"),
        pytest.param(b"RIFF\0\0\0\0WAVEfmt ", "sound", id="wav"),
        pytest.param(b"\0\0\0\x18ftypM4A \0\0\0\0M4A ", "sound", id="m4a"),
        pytest.param(b"PK\x05\x06" + bytes(18), "archive", id="zip"),
        pytest.param(b"PK\x03\x04 cut", "broken", id="broken-zip"),
        pytest.param(open_document(), "OpenDocument", id="odt"),
        pytest.param(b"\x1f\x8b\x08", "archive", id="gzip"),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "docx", id="old-office"),
        pytest.param(
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "password", id="locked-office"
        ),
        pytest.param(b"{\\rtf1 hi}", "RTF", id="rtf"),
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
