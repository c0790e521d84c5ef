"""Text of any encoding becomes text; what is none is refused; what is long is cut."""

# ruff: noqa: RUF001 - signs of other scripts are meant
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.media.read_file import read_file
from adapters.media.rules import ReadingRules
from adapters.media.texts import cut, decode
from adapters.media.unreadable import Unreadable
from bot.context.tokens import estimate
from bot.types import FileTerms, ReadFile, UnreadableFile

SENTENCE = "Grüße an Zoë: 3 € für 日本 🌱\r\n\tend\n"


def read(data: bytes, **terms: Any) -> ReadFile:
    found = read_file("a", data, FileTerms(**terms), ReadingRules())
    assert isinstance(found, ReadFile), found
    return found


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_every_unicode_encoding_is_read(encoding: str) -> None:
    assert decode(SENTENCE.encode(encoding)) == (SENTENCE, [])


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_wide_text_is_known_without_a_mark(encoding: str) -> None:
    assert decode("Mostly Latin text, plus €.".encode(encoding)) == ("Mostly Latin text, plus €.", [])


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_older_text_is_guessed_and_says_so(encoding: str) -> None:
    found = read("Grüße, Zoë".encode(encoding))
    assert (found.text, found.note) == ("Grüße, Zoë", "read as Western European text (cp1252), as its bytes suggest")
    assert "UTF-8" in found.advice


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"a": [1, 2]}\n', id="json"),
        pytest.param("a,b\n1,2\n", id="csv"),
        pytest.param("# Title\n\n- item\n", id="markdown"),
        pytest.param("def f():\n    return 1\n", id="code"),
        pytest.param("<svg xmlns='x'><text>hi</text></svg>", id="svg"),
    ],
)
def test_text_files_stand_as_they_are(text: str) -> None:
    assert read(text.encode()) == ReadFile(name="a", text=text)


def test_stray_controls_are_left_out() -> None:
    assert read(b"\x1b[31mred\x1b[0m and bell\x07\n").text == "\x1b[31mred\x1b[0m and bell\n"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(bytes(range(256)) * 4, id="every-byte"),
        pytest.param(b"text\0with\x02zeros", id="zeros"),
        pytest.param(b"\x01\x02\x03\x04" * 50, id="controls"),
        pytest.param(b"\xff\xfe" + b"\x00\xd8" * 50, id="halves-of-pairs"),
    ],
)
def test_what_is_no_text_is_refused(data: bytes) -> None:
    found = read_file("a", data, FileTerms(), ReadingRules())
    assert isinstance(found, UnreadableFile)
    assert "cannot be read" in found.reason


@pytest.mark.parametrize("zeros", [1, 4_096])
def test_a_text_that_zeros_came_into_is_read_and_says_so(zeros: int) -> None:
    found = read("10:02 Grüße\n".encode() + bytes(zeros) + b"10:03 restarted\n")
    assert found.text.split() == ["10:02", "Grüße", "10:03", "restarted"]
    assert found.note == f"{zeros:,} zero bytes in it left out, where it may be damaged"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "text",
    [
        "姓名,城市\n王一,北京\n", "我们明天开会讨论预算。" * 40 + "\n", "Fine 😀 then 🌱\n", "名前：山田一郎、東京\n",
        "Привет Ā, как дела?\n",
    ],
)  # fmt: skip
def test_wide_text_of_any_script_is_known_without_a_mark(encoding: str, text: str) -> None:
    assert decode(text.encode(encoding)) == (text, [])


def test_zeros_make_no_text_chinese() -> None:
    assert decode(b"ab cd ef gh ij kl mn op qr st\0\n")[0].startswith("ab cd")


def test_a_long_text_is_cut_at_a_line_and_says_how_much_is_missing() -> None:
    text = "".join(f"line {number}\n" for number in range(5_000))
    found = read(text.encode(), text_tokens=1_000)
    assert text.startswith(found.text)
    assert found.text.endswith("\n")
    assert 900 < estimate(found.text) <= 1_000
    missing = len(text) - len(found.text)
    assert found.note == f"cut after {len(found.text):,} characters, {missing:,} of {len(text):,} characters left out"


@given(st.text(), st.integers(0, 50))
def test_a_cut_text_is_a_beginning_that_fits(text: str, tokens: int) -> None:
    kept = cut(text, tokens)
    assert text.startswith(kept)
    assert estimate(kept) <= tokens
    if estimate(text) <= tokens:
        assert kept == text


@given(st.text(st.characters(exclude_categories=["C"]), min_size=1))
def test_what_is_written_in_utf8_is_read_back(text: str) -> None:
    assert decode(b"\xef\xbb\xbf" + text.encode()) == (text, [])


@given(st.binary())
def test_any_bytes_are_text_or_refused(data: bytes) -> None:
    try:
        text, _ = decode(data)
    except Unreadable:
        return
    text.encode()


# ---------------------------------------------------------------- web pages

PAGE = """<!DOCTYPE html><html><head><title>Rope &amp; nails</title><style>p {color: red}</style>
<script>alert("<p>no</p>")</script></head><body><h2>Prices</h2><p>Seven   dollars
for <b>rope</b>.<ul><li>long<li>short</ul><table><tr><td>a<td>b</tr></table><img src=x alt="A knot">
<pre>  kept
    so</pre></body></html>"""


def test_a_page_is_read_as_what_it_says() -> None:
    found = read(PAGE.encode())
    assert [line for line in found.text.splitlines() if line] == [
        "Rope & nails",
        "## Prices",
        "Seven dollars for rope.",
        "- long",
        "- short",
        "a | b",
        "A knot",
        "kept",
        "so",
    ]
    assert found.note == ""


@pytest.mark.parametrize(
    ("page", "said"),
    [
        pytest.param("<p>a<object data=x>b<p>c", "ab c", id="unclosed-object"),
        pytest.param("<p>a<template><p>b", "a b", id="unclosed-template"),
        pytest.param("<p>a<template><p>b</template><p>c", "a c", id="template"),
        pytest.param("<p>a<script>if (a < b) {}</script>b<style>p{}</style>c", "abc", id="scripts"),
        pytest.param("<p>a<script src=x /><p>b", "a b", id="script-of-xhtml"),
        pytest.param(
            "<p><a href='https://e.org/x'>there</a>, <a href='#top'>up</a>", "there (https://e.org/x), up", id="link"
        ),
        pytest.param("<a href=https://e.org>https://e.org</a>", "https://e.org", id="link-that-says-so"),
        pytest.param(
            "<p>10<sup>6</sup> x<sup>2k</sup> 1<sup>st</sup> a<sup>[1]</sup> log<sub>10</sub> e<sup>x",
            "10⁶ x^(2k) 1st a[1] log₁₀ ex",
            id="powers",
        ),
        pytest.param("<p><input type=checkbox checked>yes <input value=Ada>", "[x] yes Ada", id="form"),
    ],
)
def test_a_page_in_any_dress_is_what_people_see(page: str, said: str) -> None:
    assert " ".join(read(f"<!doctype html>{page}".encode()).text.split()) == said


@pytest.mark.parametrize(
    ("page", "lines"),
    [
        (
            "<table><tr><td rowspan=2>r<td>1<td rowspan=3>z<tr><td>2<tr><td>s<td>3</table>",
            ["r | 1 | z", "| 2", "s | 3"],
        ),
        ("<table><tr><td colspan=2>w<td>c<tr><td>a<td>b<td>d</table>", ["w |  | c", "a | b | d"]),
        ("<table><tr><th><th>A<th>B<tr><th>x<td>1<td>2</table>", ["| A | B", "x | 1 | 2"]),
        ("<table><tr><td>o<table><tr><td>in<td>ner</table><td>p</table>", ["o", "in | ner", "p"]),
        (
            "<ol start=5><li>five<li value=9>nine<ul><li>dot</ul><li>ten",
            ["5. five", "9. nine", "- dot", "10. ten"],
        ),
        ("<ol type=a><li>x<li>y</ol>", ["a. x", "b. y"]),
        ("<select><option>One<option selected>Two</select>", ["One", "[x] Two"]),
        (
            '<base href="https://e.org/d/"><a href="p.html">there</a> <a href="#x">up</a>',
            ["there (https://e.org/d/p.html) up"],
        ),
    ],
)
def test_cells_keep_their_columns_and_items_their_numbers(page: str, lines: list[str]) -> None:
    said = read(f"<!doctype html>{page}".encode()).text.split("\n")
    assert [line.strip() for line in said if line.strip()] == lines


def test_a_page_that_says_nothing_is_named() -> None:
    found = read_file("a", b"<!doctype html><script>var a = 1</script>", FileTerms(), ReadingRules())
    assert found == UnreadableFile(name="a", reason="has no text in it")


@given(st.text(st.sampled_from("<>/&;!-\"'= abpretdscri")))
def test_no_page_confuses_the_reader(body: str) -> None:
    read_file("a", b"<!doctype html>" + body.encode(), FileTerms(), ReadingRules())
