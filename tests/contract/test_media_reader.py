"""What every reader of files promises: over a reader in this process and over one in processes of its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from adapters.media import ReaderBounds, SeparateReader
from bot.context.tokens import estimate
from bot.ports import MediaReader
from bot.types import FileTerms, ReadFile, UnreadableFile
from tests.unit.media import samples
from tests.unit.media.readers import PlainReader

MakeReader = Callable[[int], MediaReader]


def separate(file_bytes: int) -> MediaReader:
    return SeparateReader(bounds=ReaderBounds(file_bytes=file_bytes))


def plain(file_bytes: int) -> MediaReader:
    return PlainReader(file_bytes=file_bytes)


@pytest.fixture(params=[separate, plain], ids=["separate", "plain"])
def make_reader(request: pytest.FixtureRequest) -> MakeReader:
    made: MakeReader = request.param
    return made


@pytest.fixture
def reader(make_reader: MakeReader) -> MediaReader:
    return make_reader(1_000_000)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(samples.saved(samples.drawing(), "JPEG"), id="picture"),
        pytest.param(samples.mp4(), id="video"),
        pytest.param(samples.pdf("The rope costs seven dollars."), id="pdf"),
        pytest.param(samples.word_document(), id="document"),
        pytest.param("Grüße 🌱".encode(), id="text"),
    ],
)
async def test_the_same_bytes_give_the_same_file(reader: MediaReader, data: bytes) -> None:
    once, again = [await reader.read("a", data, FileTerms()) for _ in range(2)]
    assert isinstance(once, ReadFile)
    assert once == again
    assert once.text or once.media


async def test_the_name_says_nothing_about_what_a_file_is(reader: MediaReader) -> None:
    found = await reader.read("virus.exe", b"plain words", FileTerms())
    assert found == ReadFile(name="virus.exe", text="plain words")


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n cut", bytes(range(256))], ids=["empty", "cut", "unknown"])
async def test_a_file_that_cannot_be_read_is_an_outcome_with_a_reason(reader: MediaReader, data: bytes) -> None:
    found = await reader.read("a", data, FileTerms())
    assert isinstance(found, UnreadableFile)
    assert found.name == "a"
    assert found.reason


async def test_terms_are_kept(reader: MediaReader) -> None:
    found = await reader.read("a", b"word " * 10_000, FileTerms(text_tokens=100))
    assert isinstance(found, ReadFile)
    assert 80 < estimate(found.text) <= 100
    assert found.note


async def test_the_largest_file_worth_fetching_is_known(make_reader: MakeReader) -> None:
    assert make_reader(12_345).file_bytes == 12_345
