"""Whatever a file holds, reading it ends in an outcome, and always in the same one."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from adapters.media.outcome import from_bytes, to_bytes
from adapters.media.read_file import read_file
from adapters.media.rules import ReadingRules
from bot.context.attachments import notices_of
from bot.language import speaking
from bot.types import FileOutcome, FileTerms, Media, ReadFile, UnreadableFile
from bot.types.said import Said
from tests.unit.media import samples
from tests.unit.media.reading import packed
from tests.unit.media.test_open_documents import open_document

TERMS = FileTerms(text_tokens=500)
PICTURE = samples.drawing(60, 40)
WHOLE = {
    **{form: samples.saved(PICTURE, form) for form in ("JPEG", "PNG", "GIF", "WEBP", "BMP")},
    **{form: samples.saved(PICTURE, form) for form in ("TIFF", "ICO", "SGI", "AVIF", "JPEG2000")},
    "HEIC": samples.heic(PICTURE),
    "MP4": samples.mp4(),
    "AVI": samples.avi(),
    "PDF": samples.pdf("The rope costs seven dollars.", "And the nails two."),
    "scan": samples.scan(samples.drawing(300, 300)),
    "docx": samples.word_document(),
    "xlsx": samples.spreadsheet(),
    "pptx": samples.slides(),
    "html": b"<!doctype html><p>hi",
    "odt": open_document("text", "<text:p>hi</text:p>"),
    "ods": open_document("spreadsheet", "<table:table><table:table-row><table:table-cell><text:p>1</text:p>"
                         "</table:table-cell></table:table-row></table:table>"),
    "rtf": b"{\\rtf1\\ansi hi \\'fc}",
    "mail": b"From: a@e.org\nTo: b@e.org\nSubject: hi\n\nwords",
    "notebook": b'{"nbformat": 4, "cells": [{"cell_type": "markdown", "source": "hi"}]}',
    "zip": packed({"a.txt": "words", "b.png": samples.saved(PICTURE, "PNG")}),
    "text": b"plain words",
}  # fmt: skip
whole_files = st.sampled_from(sorted(WHOLE)).map(WHOLE.__getitem__)
starts = st.sampled_from([b"", *(data[:48] for data in WHOLE.values())])
anything = st.builds(lambda start, rest: start + rest, starts, st.binary(max_size=500))


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A whole file with some bytes overwritten, and perhaps its end missing."""
    data = bytearray(draw(whole_files))
    for _ in range(draw(st.integers(0, 8))):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data[: draw(st.integers(1, len(data)))])


def outcome_of(data: bytes, rules: ReadingRules | None = None) -> FileOutcome:
    found = read_file("a", data, TERMS, rules or ReadingRules())
    if isinstance(found, UnreadableFile):
        assert found.reason
    else:
        assert found.text.strip() or found.media
        assert all(media.data and media.tokens > 0 for media in found.media)
    return found


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_whole_files_are_read(name: str) -> None:
    assert isinstance(outcome_of(WHOLE[name]), ReadFile)


@given(anything)
def test_any_bytes_have_an_outcome_and_always_the_same(data: bytes) -> None:
    assert outcome_of(data) == outcome_of(data)


@given(damaged())
def test_any_damaged_file_has_an_outcome(data: bytes) -> None:
    outcome_of(data)


@pytest.mark.parametrize("error", [RuntimeError("x"), MemoryError(), RecursionError(), AssertionError()])
def test_whatever_a_parser_raises_is_an_outcome(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        raise error

    monkeypatch.setattr(Image, "open", fail)
    assert isinstance(outcome_of(WHOLE["PNG"]), UnreadableFile)


@pytest.mark.parametrize(
    ("name", "kind"), [("PNG", "pictures"), ("MP4", "videos"), ("scan", "pictures")], ids=["picture", "video", "scan"]
)
def test_a_model_that_sees_nothing_is_given_nothing_to_see(name: str, kind: str) -> None:
    found = outcome_of(WHOLE[name], ReadingRules(takes=frozenset()))
    assert found == UnreadableFile(name="a", reason=f"would have to be looked at, and the model in use takes no {kind}")


# ---------------------------------------------------------------- between two processes

media = st.builds(
    Media,
    kind=st.sampled_from(["image", "video", "document"]),
    media_type=st.text(),
    name=st.text(),
    data=st.binary(),
    tokens=st.integers(0, 10**6),
)
numbers = st.integers(-(10**14), 10**14) | st.floats(-1e9, 1e9)
words = st.recursive(
    st.text(),
    lambda inner: st.builds(
        lambda message, values: Said(message, **values),
        st.text(),
        st.dictionaries(st.sampled_from(["count", "name", "why"]), inner | numbers, max_size=3),
    ),
    max_leaves=5,
)
outcomes = st.one_of(
    st.builds(UnreadableFile, name=st.text(), reason=words),
    st.builds(ReadFile, name=st.text(), media=st.lists(media).map(tuple), text=st.text(), note=words, advice=words),
)


@given(outcomes)
def test_an_outcome_comes_back_as_it_went(outcome: FileOutcome) -> None:
    came = from_bytes(to_bytes(outcome))
    assert came == outcome
    with speaking("de"):
        assert notices_of({"a": came}) == notices_of({"a": outcome})


@pytest.mark.parametrize("number", ["1e400", "NaN", "1" + "0" * 400])
def test_numbers_that_no_file_has_are_refused(number: str) -> None:
    header = f'{{"name": "a", "reason": ["is {{count}}", {{"count": {number}}}]}}'.encode()
    with pytest.raises(ValueError):
        from_bytes(struct.pack(">I", len(header)) + header)


def test_what_a_hostile_reader_names_is_not_looked_up_in_objects() -> None:
    said = Said("is {name.__class__} {name!r:>999999999} {name} {other}", name="x")
    assert said == "is {name.__class__} {name!r:>999999999} x {other}"


@given(outcomes, st.data())
def test_an_outcome_that_is_cut_off_is_noticed(outcome: FileOutcome, data: st.DataObject) -> None:
    whole = to_bytes(outcome)
    with pytest.raises(ValueError):
        from_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])


@given(st.binary())
def test_anything_else_is_no_outcome(data: bytes) -> None:
    with pytest.raises(ValueError):
        from_bytes(data)


@pytest.mark.parametrize(
    "header",
    [
        b"[]",
        b"1",
        b"null",
        b'"reason"',
        b'{"name": "a", "text": "", "note": "", "media": [{"kind": "program", "size": 0}]}',
    ],
)
def test_a_header_of_another_kind_is_no_outcome(header: bytes) -> None:
    with pytest.raises(ValueError):
        from_bytes(len(header).to_bytes(4, "big") + header)
