"""Files in files are read by the same rules, and share what may come of one."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import tarfile
from collections.abc import Callable
from email.message import EmailMessage

import pytest

from adapters.media.media_limits import UnpackLimits
from adapters.media.rules import ReadingRules
from tests.unit.media import samples
from tests.unit.media.reading import packed, read, reason

PICTURE = samples.saved(samples.drawing(), "PNG")


def test_the_files_of_an_archive_stand_under_their_names() -> None:
    found = read(packed({"a.txt": "Grüße", "b/c.docx": samples.word_document(), "d.png": PICTURE, "__MACOSX/x": "y"}))
    assert "--- a.txt ---\nGrüße" in found.text
    assert "--- b/c.docx ---\n# Minutes" in found.text
    assert "MACOSX" not in found.text
    assert [media.name for media in found.media] == ["a, d.png"]
    assert found.note == ""


def test_what_is_not_read_of_an_archive_is_told() -> None:
    found = read(packed({"a.txt": "words", "b.exe": b"\x7fELF", **{f"{number}.txt": "x" for number in range(30)}}))
    assert found.note == "only the first 20 of its 32 files; 1 of the files in it not read"
    assert "(b.exe was not read: it is a program)" in found.text
    assert "on their own" in found.advice


def test_an_archive_may_unpack_to_so_much_in_all() -> None:
    rules = ReadingRules(limits=UnpackLimits(archive_bytes=1_000))
    found = read(packed({"a.txt": "x" * 900, "b.txt": "y" * 900}), rules)
    assert "x" * 900 in found.text
    assert "b.txt was not read: it unpacks to more than" in found.text


def test_archives_in_archives_are_read_so_deep() -> None:
    deep = b"innermost"
    for _ in range(4):
        deep = packed({"in.zip": deep})
    assert "is an archive inside of an archive" in read(deep).text
    assert "innermost" in read(packed({"in.zip": packed({"a.txt": "innermost"})})).text


def tape(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        folder = tarfile.TarInfo("b")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return made.getvalue()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "two-in-a-row": lambda data: gzip.compress(data[:5]) + gzip.compress(data[5:]),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
}


@pytest.mark.parametrize("packer", PACKERS)
def test_what_is_compressed_alone_is_read_by_what_it_is(packer: str) -> None:
    pack = PACKERS[packer]
    assert read(pack(b"ERROR: the pump is dry\n")).text.strip() == "ERROR: the pump is dry"
    assert "# Minutes" in read(pack(samples.word_document())).text
    assert "archive inside of an archive" in reason(pack(pack(pack(b"deep"))))
    rules = ReadingRules(limits=UnpackLimits(archive_bytes=1_000))
    assert "unpacks to more than" in reason(pack(b"x" * 2_000_000), rules)
    assert "cannot be unpacked" in reason(pack(b"words" * 9_000)[:6] + b"\xff" * 40)


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress], ids=["tar", "tar.gz", "tar.xz"])
def test_a_tar_archive_is_read_like_any_other(pack: Callable[[bytes], bytes]) -> None:
    found = read(pack(tape({"a.txt": "Grüße".encode(), "b/c.docx": samples.word_document(), ".DS_Store": b"x"})))
    assert "--- a.txt ---\nGrüße" in found.text
    assert "--- b/c.docx ---\n# Minutes" in found.text
    assert "DS_Store" not in found.text
    many = read(pack(tape({f"{number}.txt": b"x" for number in range(30)})))
    assert many.note == "only the first 20 of its 30 files"
    assert reason(pack(tape({}))) == "is an archive without files"


@pytest.mark.parametrize(
    ("codec", "names", "guess"),
    [
        ("cp866", ["тест", "имя файла"], "read as Cyrillic text (cp866), as its bytes suggest"),
        ("cp932", ["表示", "日本語の資料"], "read as Japanese text (cp932), as its bytes suggest"),
        ("utf-8", ["Köln", "ä"], ""),
        ("cp437", ["Müller", "René"], ""),
        ("cp850", ["São Paulo", "Größe"], ""),
    ],
)
def test_names_in_an_archive_are_in_the_code_page_of_who_packed_it(codec: str, names: list[str], guess: str) -> None:
    old = [name.encode(codec) for name in names]
    data = packed({f"{'x' * len(name)}.txt": "words" for name in old} | {"plain.txt": "more"})
    for name in sorted(old, key=len, reverse=True):
        data = data.replace(b"x" * len(name) + b".txt", name + b".txt")
    found = read(data)
    assert [f"--- {name}.txt ---" in found.text for name in names] == [True, True]
    assert found.note == (f"names of files in it {guess}" if guess else "")


def test_an_archive_without_files_says_so() -> None:
    assert reason(packed({"a/": ""})) == "is an archive without files"


# ---------------------------------------------------------------- mails


def mail() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Ada <ada@example.org>", "bob@example.org", "Grüße aus Köln"
    message["Date"] = "Fri, 27 Nov 2026 15:04:00 +0100"
    message.set_content("The table is attached.\n")
    return message


def test_a_mail_says_who_wrote_what_to_whom_and_what_is_attached() -> None:
    message = mail()
    message.add_alternative("<p>The table is <b>attached</b>.</p>", subtype="html")
    message.add_attachment(samples.spreadsheet(), maintype="application", subtype="x", filename="Kosten.xlsx")
    found = read(bytes(message))
    assert found.text.splitlines()[:6] == [
        "From: Ada <ada@example.org>", "To: bob@example.org", "Date: Fri, 27 Nov 2026 15:04:00 +0100",
        "Subject: Grüße aus Köln", "", "The table is attached.",
    ]  # fmt: skip
    assert "--- Kosten.xlsx ---\n## Sheet Costs" in found.text
    assert found.text.count("attached") == 1


@pytest.mark.parametrize("charset", ["koi8-r", "shift_jis", "gb2312", "iso-8859-1"])
def test_the_charset_that_a_part_declares_is_believed(charset: str) -> None:
    words = {"koi8-r": "Привет", "shift_jis": "こんにちは", "gb2312": "你好", "iso-8859-1": "Grüße"}[charset]
    written = (
        f"From: a@example.org\nTo: b@example.org\nSubject: x\nContent-Type: text/plain; charset={charset}\n"
        "Content-Transfer-Encoding: 8bit\n\n"
    ).encode() + words.encode(charset)
    assert words in read(written).text


def test_where_a_mail_declares_no_charset_people_are_told_of_the_guess() -> None:
    written = b"From: a@example.org\nTo: b@example.org\nSubject: x\n\n" + "Привет, как дела?".encode("koi8-r")
    found = read(written)
    assert "Привет, как дела?" in found.text
    assert found.note == "read as Cyrillic text (koi8-r), as its bytes suggest"


def test_a_page_alone_is_what_a_mail_says() -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.org", "b@example.org", "x"
    message.set_content('<p>See <a href="https://e.org">there</a>', subtype="html")
    assert "See there (https://e.org)" in read(bytes(message)).text


# ---------------------------------------------------------------- notebooks


def test_a_notebook_is_its_cells_and_what_they_printed() -> None:
    encoded = base64.b64encode(PICTURE).decode()
    cells = [
        {"cell_type": "markdown", "source": ["# Title\n", "words"]},
        {
            "cell_type": "code",
            "source": "plot(x)",
            "outputs": [
                {"output_type": "stream", "text": ["7\n"]},
                {"output_type": "display_data", "data": {"image/png": encoded, "text/plain": "<Figure>"}},
                {"output_type": "error", "ename": "ValueError", "evalue": "too large"},
            ],
        },
    ]
    found = read(json.dumps({"nbformat": 4, "cells": cells}).encode())
    assert found.text.split("\n") == [
        "# Title", "words", "", "```", "plot(x)", "```", "Output:", "7", "[picture 1: output]",
        "Error: ValueError: too large", "",
    ]  # fmt: skip
    assert len(found.media) == 1


def test_what_only_looks_like_a_notebook_is_text() -> None:
    assert read(b'{"nbformat": 4, "cells": [7]}').text == '{"nbformat": 4, "cells": [7]}'


def test_base64_is_no_text() -> None:
    encoded = base64.b64encode(PICTURE * 3).decode()
    found = read(f"before ![x](data:image/png;base64,{encoded}) after {'word ' * 100}".encode())
    assert "before ![x]([image/png in base64, " in found.text
    assert len(found.text) < 700
    data = base64.b64encode(bytes(number * number % 251 for number in range(6_000))).decode()
    lines = [data[place : place + 76] for place in range(0, len(data), 76)]
    wrapped = read("\r\n".join(["hello", *lines, "bye"]).encode()).text
    assert wrapped.startswith("hello\r\n[data in base64, 8,")
    assert wrapped.endswith("left out]\r\nbye")
    key = "\n".join(lines[:30])
    assert key in read(f"-----BEGIN KEY-----\n{key}\n-----END KEY-----".encode()).text
    sequence = "\n".join(["ACGT" * 15] * 50)
    assert read(sequence.encode()).text == sequence
    assert read(b"ACGT" * 200).text == "ACGT" * 200
