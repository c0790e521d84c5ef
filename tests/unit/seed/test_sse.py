"""Events are the same however the bytes are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.seed.sse import Event, EventParser, EventTooLarge


def parse(*pieces: bytes) -> list[Event]:
    parser = EventParser()
    events = [event for piece in pieces for event in parser.feed(piece)]
    return events + parser.end()


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        pytest.param(b"data: a\n\n", [("", "a")], id="line-feeds"),
        pytest.param(b"data: a\r\n\r\n", [("", "a")], id="crlf"),
        pytest.param(b"data: a\r\rdata: b\r\r", [("", "a"), ("", "b")], id="bare-carriage-returns"),
        pytest.param(b"data:a\n\n", [("", "a")], id="no-space-after-the-colon"),
        pytest.param(b"data:  a\n\n", [("", " a")], id="only-one-space-is-dropped"),
        pytest.param(b": keep-alive\n\n:\n\ndata: a\n\n", [("", "a")], id="comments"),
        pytest.param(b"data: a\ndata: b\n\n", [("", "a\nb")], id="data-on-several-lines"),
        pytest.param(b"data\ndata: b\n\n", [("", "\nb")], id="a-field-without-a-colon"),
        pytest.param(b"event: x\ndata: a\n\ndata: b\n\n", [("x", "a"), ("", "b")], id="named"),
        pytest.param(b"event: x\n\ndata: b\n\n", [("", "b")], id="a-name-without-data-is-forgotten"),
        pytest.param(b"\xef\xbb\xbfdata: a\n\n", [("", "a")], id="byte-order-mark"),
        pytest.param(b"id: 7\nretry: 10\nother: x\ndata: a\n\n", [("", "a")], id="fields-that-do-not-matter"),
        pytest.param(b"data: a\n\ndata: b", [("", "a"), ("", "b")], id="no-blank-line-at-the-end"),
        pytest.param(b"data: \xff\n\n", [("", "\ufffd")], id="bytes-that-are-no-text"),
        pytest.param(b"\n\n\n", [], id="nothing"),
    ],
)
def test_a_stream_gives_its_events(stream: bytes, events: list[Event]) -> None:
    assert parse(stream) == events


LINES = st.sampled_from(
    [b"data: h\xc3\xa9", b"data:{}", b"data: \xf0\x9f\x8c\xb1", b"event: x", b": c", b"", b"", b"id: 1"]
)
ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])


@given(st.lists(st.tuples(LINES, ENDS), max_size=20), st.data())
def test_any_way_of_cutting_a_stream_gives_the_same_events(
    lines: list[tuple[bytes, bytes]], data: st.DataObject
) -> None:
    stream = b"".join(line + end for line, end in lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert parse(*pieces) == parse(stream)


@given(st.binary(max_size=200))
def test_no_bytes_make_it_fail(stream: bytes) -> None:
    assert parse(stream) == parse(*(bytes([byte]) for byte in stream))


def test_an_event_without_an_end_is_given_up() -> None:
    parser = EventParser(max_event_bytes=100)
    parser.feed(b"data: " + b"x" * 60 + b"\n\ndata: " + b"x" * 60 + b"\n")
    with pytest.raises(EventTooLarge):
        parser.feed(b"data: " + b"x" * 60)
