"""Videos are measured by their headers and passed on as they are."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.media.media_tokens import video_tokens
from adapters.media.read_file import read_file
from adapters.media.rules import ReadingRules
from adapters.media.unreadable import Unreadable
from adapters.media.videos import avi_header, mp4_header
from bot.types import FileTerms, Media, ReadFile, UnreadableFile
from tests.emulators.seed import media as emulator
from tests.unit.media.samples import avi, box, mp4


def outcome(data: bytes, **terms: Any) -> ReadFile | UnreadableFile:
    return read_file("clip", data, FileTerms(**terms), ReadingRules())


@pytest.mark.parametrize(
    ("data", "media_type", "size"),
    [
        pytest.param(mp4(), "video/mp4", (1_280, 720), id="mp4"),
        pytest.param(mp4(version=1), "video/mp4", (1_280, 720), id="mp4-with-wide-numbers"),
        pytest.param(mp4(brand=b"qt  "), "video/mov", (1_280, 720), id="mov"),
        pytest.param(avi(), "video/avi", (640, 480), id="avi"),
    ],
)
def test_a_video_is_passed_on_with_what_it_costs(data: bytes, media_type: str, size: tuple[int, int]) -> None:
    tokens = video_tokens(5, *size, 1)
    media = Media(kind="video", media_type=media_type, name="clip", data=data, tokens=tokens)
    assert outcome(data) == ReadFile(name="clip", media=(media,))


def test_more_frames_cost_more() -> None:
    fast, slow = (outcome(mp4(60), video_fps=fps) for fps in (5, 0.2))
    assert isinstance(fast, ReadFile)
    assert isinstance(slow, ReadFile)
    assert (fast.media[0].tokens, slow.media[0].tokens) == (
        video_tokens(60, 1_280, 720, 5),
        video_tokens(60, 1_280, 720, 0.2),
    )


def test_a_video_in_pieces_names_its_length_elsewhere() -> None:
    whole = mp4(0)
    start, _, rest = whole.partition(b"moov")
    length = struct.pack(">II", 0, 7_000)
    pieces = box(b"mvex", box(b"mehd", length))
    size = struct.unpack(">I", start[-4:])[0] + len(pieces)
    moov_end = size - len(pieces) - 8
    data = start[:-4] + struct.pack(">I", size) + b"moov" + rest[:moov_end] + pieces + rest[moov_end:]
    assert mp4_header(data).seconds == 7


@pytest.mark.parametrize(
    ("data", "terms", "reason"),
    [
        pytest.param(mp4(), {"media_bytes": 100}, "at most 0 MB can be sent", id="too-large"),
        pytest.param(
            mp4(600), {"media_tokens": 50_000}, "600 s, which is about 88,800 tokens, and at most 50,000", id="too-long"
        ),
        pytest.param(mp4(0), {}, "names no length", id="no-length"),
        pytest.param(mp4(width=0), {}, "names no size", id="no-size"),
        pytest.param(mp4()[:60], {}, "is a", id="cut"),
        pytest.param(avi()[:60], {}, "cut off", id="cut-avi"),
        pytest.param(b"RIFF\0\0\0\0AVI LIST", {}, "no header", id="empty-avi"),
    ],
)
def test_a_video_that_cannot_be_sent_says_why(data: bytes, terms: dict[str, int], reason: str) -> None:
    found = outcome(data, **terms)
    assert isinstance(found, UnreadableFile)
    assert reason in found.reason


def test_a_long_video_says_that_it_is_looked_at_in_leaps() -> None:
    found = outcome(mp4(3_000))
    assert isinstance(found, ReadFile)
    assert found.note == "looked at in 1,280 pictures over its 3,000 s"


@given(st.binary(max_size=200), st.sampled_from([b"", b"\0\0\0\x0cftypisom", b"RIFF\0\0\0\0AVI "]))
def test_no_header_confuses_the_readers(data: bytes, start: bytes) -> None:
    for read in (mp4_header, avi_header):
        try:
            assert read(start + data).seconds > 0
        except Unreadable as error:
            assert str(error)


@given(st.integers(0, 300), st.integers(0, 1))
def test_our_reading_agrees_with_the_servers(length: int, version: int) -> None:
    data = mp4(version=version)[:length]
    try:
        found = mp4_header(data)
    except Unreadable:
        assert emulator.mp4_header(data) is None
    else:
        seen = emulator.mp4_header(data)
        assert seen is not None
        assert (seen.seconds, seen.width, seen.height) == (found.seconds, found.width, found.height)
