"""Rich text is read in the charset of each font."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.media import samples
from tests.unit.media.reading import lines_of, read

HEADER = rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0\fswiss Arial;}{\f1\fcharset204 Arial Cyr;}{\f2\fcharset128 Mincho;}}"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param(rb"\f0 Gr\'fc\'dfe", "Grüße", id="code-page"),
        pytest.param(rb"\f1 \'cf\'f0\'e8\'e2\'e5\'f2 \f0 caf\'e9", "Привет café", id="font"),
        pytest.param(rb"\f2 \'83A\'83C", "アイ", id="second-byte-is-a-letter"),
        pytest.param(rb"\uc1\u8364?\u-10179?\u-8704? end", "€\U0001f600 end", id="unicode"),
        pytest.param(rb"a{\*\generator X}{\info{\author Eve}}b{\v hidden}c{\deleted gone}", "abc", id="not-seen"),
        pytest.param(
            rb'{\field{\*\fldinst HYPERLINK "https://e.org"}{\fldrslt there}}', "there (https://e.org)", id="link"
        ),
        pytest.param(rb"x{\footnote {\super 1} why}", "x [note: ¹ why]", id="note"),
        pytest.param(rb"10{\super -6} m\super 2\nosupersub  H{\sub 2}O", "10⁻⁶ m² H₂O", id="super"),
        pytest.param(rb"{\listtext 1.\tab}first\par{\listtext 2.\tab}second", "1.\tfirst|2.\tsecond", id="list"),
        pytest.param(rb"\trowd a\cell b\cell\row c\cell d\cell\row", "a | b|c | d", id="table"),
        pytest.param(rb"a{\pict\pngblip\bin4 }}}}}b", "ab", id="binary"),
    ],
)
def test_words_are_read_as_they_are_shown(body: bytes, said: str) -> None:
    assert "|".join(lines_of(HEADER + body + b"}")) == said


def test_what_stands_before_it_is_not_said() -> None:
    assert lines_of(b"\xef\xbb\xbf\n" + HEADER + b"hello}") == ["hello"]


def test_a_picture_is_shown() -> None:
    picture = samples.saved(samples.drawing(), "PNG").hex().encode()
    found = read(HEADER + rb"See {\*\shppict{\pict\pngblip " + picture + b"}}{\\nonshppict{\\pict 00}}}")
    assert (found.text.split(), len(found.media)) == (["See", "[picture", "1]"], 1)


@given(
    st.lists(st.sampled_from([b"{", b"}", b"\\", b"\\par ", b"\\u1?", b"\\'e9", b"\\*", b"\\bin9 ", b"x", b"\\f1 "]))
)
def test_any_rich_text_has_an_outcome(pieces: list[bytes]) -> None:
    read(HEADER + b"word " + b"".join(pieces))
