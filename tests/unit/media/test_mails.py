"""Mails are read in whatever charset their headers and texts are, and in the form that says what was written."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest

from tests.unit.media.reading import read


def mail(subject: bytes | str, body: bytes = b"body", *, more: str = "") -> bytes:
    written = subject if isinstance(subject, bytes) else subject.encode()
    return b"From: a@b.c\nTo: d@e.f\nMIME-Version: 1.0\n" + more.encode() + b"Subject: " + written + b"\n\n" + body


def parts(kind: str, *inside: str) -> bytes:
    joined = "".join(f"--B\nContent-Type: {part}\n" for part in inside)
    return mail("s", f"{joined}--B--\n".encode(), more=f"Content-Type: multipart/{kind}; boundary=B\n")


@pytest.mark.parametrize(
    ("label", "codec", "text"),
    [
        ("gb2312", "gbk", "朱镕基"), ("ks_c_5601-1987", "cp949", "똠방각하"), ("windows-874", "cp874", "สวัสดีครับ"),
        ("x-mac-cyrillic", "mac-cyrillic", "Привет мир"),
        ("x-gbk", "gbk", "你好世界"), ("windows-31j", "cp932", "①日本"),
        ("dos-866", "cp866", "Привет"), ("utf-8", "utf-8", "Grüße 🌱"), ("iso-2022-jp", "iso2022_jp", "日本"),
    ],
)  # fmt: skip
def test_headers_are_decoded_as_texts_are(label: str, codec: str, text: str) -> None:
    encoded = base64.b64encode(text.encode(codec)).decode()
    hexed = "".join(f"={byte:02X}" for byte in text.encode(codec))
    found = read(mail(f"=?{label}?B?{encoded}?= and\n =?{label}?q?{hexed}?="))
    assert f"Subject: {text} and {text}" in found.text
    for parameter in (f'filename="=?{label}?B?{encoded}?="', f"filename*={label}''{quote(text.encode(codec))}"):
        attached = parts("mixed", "text/plain\n\nhi", f"text/plain\nContent-Disposition: attachment; {parameter}\n\nx")
        assert f"--- {text} ---" in read(attached).text


def test_a_mark_before_a_mail_hides_no_header() -> None:
    assert read(b"\xef\xbb\xbf\n" + mail("offer")).text.splitlines()[0] == "From: a@b.c"


def test_characters_split_between_encoded_words_are_whole() -> None:
    data = "日本語".encode()
    halves = " ".join(f"=?utf-8?b?{base64.b64encode(half).decode()}?=" for half in (data[:4], data[4:]))
    assert "Subject: 日本語" in read(mail(halves)).text


def test_raw_bytes_in_headers_are_in_the_charset_of_the_text_or_guessed() -> None:
    words = "Привет, как дела?".encode("koi8-r")
    told = read(mail(words, words, more="Content-Type: text/plain; charset=koi8-r\n"))
    assert (told.text.count("Привет, как дела?"), told.note) == (2, "")
    guessed = read(mail(words))
    assert "Subject: Привет, как дела?" in guessed.text
    assert guessed.note == "read as Cyrillic text (koi8-r), as its bytes suggest"


def test_a_page_beside_a_stub_of_plain_text_is_read() -> None:
    page = "text/html\n\n<p>The rent rises to 950 euros in May."
    found = read(parts("alternative", "text/plain\n\nThis message needs an HTML viewer.", page))
    assert "The rent rises to 950 euros in May." in found.text
    same = read(parts("alternative", "text/plain\n\nThe rent rises\nto 950 euros in May.", page))
    assert same.text.count("rent") == 1


def test_reports_of_delivery_are_read_and_empty_texts_are_no_files() -> None:
    status = "message/delivery-status\n\nReporting-MTA: dns;x\n\nDiagnostic-Code: smtp; 550 mailbox full\n"
    found = read(parts("report", "text/plain\n\nbounced", status))
    assert "550 mailbox full" in found.text
    assert found.note == ""
    assert read(parts("alternative", "text/plain\n\n", "text/html\n\n<p>words")).note == ""


def test_a_page_that_a_browser_saved_as_one_file_is_read() -> None:
    head = b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=B\r\n\r\n--B\r\n"
    part = b"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    assert read(head + part + b"<html><body><h1>Gr=C3=BCn</h1></body></html>\r\n--B--\r\n").text.strip() == "# Grün"
