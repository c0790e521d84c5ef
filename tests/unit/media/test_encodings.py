"""Texts of before Unicode are read in the encoding that they have, and people are told what was guessed."""

# ruff: noqa: RUF001 - letters of other alphabets are what this is about
from __future__ import annotations

import pytest

from adapters.media.encodings import codec_of, declared_encoding, guessed_encoding
from tests.unit.media.reading import read

TEXTS = {
    "Russian": ("Имя;Город\nПётр;Казань\n", ["cp1251", "koi8-r", "cp866", "iso8859-5"]),
    "Ukrainian": ("Ім'я;Місто\nОлена;Київ\n", ["cp1251", "koi8-u"]),
    "Japanese": ("名前,都市\n山田太郎,東京\nありがとう,カード\n", ["cp932", "euc_jp", "iso2022_jp"]),
    "Korean": ("이름,도시\n김철수,서울\n", ["cp949"]),
    "Chinese": ("姓名,城市\n王小明,北京\n", ["gb18030"]),
    "Taiwanese": ("姓名,城市\n王小明,臺北\n", ["big5"]),
    "German": ("Name,Stadt\nMüller,Köln\nGroße Straße\n", ["cp1252", "cp850"]),
    "French": ("Nom,Ville\nRené,Besançon\n", ["cp1252", "iso8859-15", "mac_roman"]),
    "Polish": ("Imię,Miasto\nŁukasz,Łódź\n", ["cp1250", "iso8859-2", "cp852"]),
    "Turkish": ("İsim,Şehir\nAyşe,İstanbul\n", ["cp1254"]),
    "Greek": ("Όνομα,Πόλη\nΓιώργος,Αθήνα\n", ["cp1253", "iso8859-7"]),
    "Hebrew": ("שם,עיר\nדוד,ירושלים\n", ["cp1255", "iso8859-8"]),
    "Arabic": ("الاسم,المدينة\nأحمد,القاهرة\n", ["cp1256", "iso8859-6"]),
    "English": ("Don\u2019t say \u201cnever\u201d \u2013 we do\n", ["cp1252"]),
    "Thai": ("ชื่อ,เมือง\nสมชาย,กรุงเทพ\n", ["cp874"]),
}


@pytest.mark.parametrize(
    ("text", "encoding"),
    [pytest.param(text, name, id=f"{language}-{name}") for language, (text, names) in TEXTS.items() for name in names],
)
def test_even_a_short_table_of_names_is_read(text: str, encoding: str) -> None:
    found = read(text.encode(encoding))
    assert found.text == text
    assert encoding == "iso2022_jp" or ("as its bytes suggest" in found.note and "UTF-8" in found.advice)


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b'<?xml version="1.0" encoding="koi8-r"?><a/>', "koi8-r"),
        (b'<html><head><meta charset="Shift_JIS">', "cp932"),
        (b'<meta http-equiv="Content-Type" content="text/html; charset=GB2312">', "gb18030"),
        (b'@charset "iso-8859-2";', "iso8859-2"),
        (b"#!/usr/bin/python\n# -*- coding: latin-1 -*-\n", "cp1252"),
        (b'<!-- <meta charset="koi8-r"> --><meta charset="big5">', "big5hkscs"),
        (b'<!-- <meta charset="koi8-r">', ""),
        (b'<meta charset="no-such-thing">', ""),
        (b'<meta charset="rot13">', ""),
        (b"charset=koi8-r", ""),
    ],
)
def test_what_a_text_declares_is_found(data: bytes, encoding: str) -> None:
    assert declared_encoding(data) == encoding


@pytest.mark.parametrize(
    ("label", "encoding"),
    [
        ("iso-8859-8-i", "iso8859-8"), ("x-mac-roman", "mac-roman"), ("koi", "koi8-r"), ("iso88591", "cp1252"),
        ("ANSI", "cp1252"), ("windows-874", "cp874"), ("dos-866", "cp866"), ("windows-31j", "cp932"),
        ("x-gbk", "gb18030"), ("x-x-big5", "big5hkscs"), ("x-mac-cyrillic", "mac-cyrillic"),
        ("ks_c_5601-1987", "cp949"), ("csISO88598I", "iso8859-8"), ("x-cp1251", "cp1251"),
        ("x-", ""), ("iso8859-99", ""),
    ],
)  # fmt: skip
def test_labels_of_the_web_are_known(label: str, encoding: str) -> None:
    assert codec_of(label) == encoding


def test_a_declaration_that_is_wrong_is_not_believed() -> None:
    assert read('<html><meta charset="ascii"><p>Привет'.encode()).text == "Привет"
    assert read(b'<html><meta charset="utf-8"><p>' + "Привет, друзья мои".encode("cp1251")).text == "Привет, друзья мои"


def test_a_page_in_utf8_with_a_few_broken_bytes_stays_one() -> None:
    found = read("Grüße aus Köln, früher Öde\n".encode() * 20 + b"\xc3")
    assert found.text.startswith("Grüße aus Köln")
    assert found.note == "1 of its characters could not be read"


def test_the_guess_is_one_that_decodes() -> None:
    for data in (b"\x81\x8d\x8f", b"\xff" * 50, bytes(range(128, 256))):
        data.decode(guessed_encoding(data), errors="replace")
