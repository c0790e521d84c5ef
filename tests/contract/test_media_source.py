"""What every place that gives out files promises."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from bot.errors import FileTooLarge, PlatformError
from bot.ports import FileSource
from bot.types import Attachment
from tests.unit.media.readers import Shelf

MakeSource = Callable[[Mapping[str, bytes]], FileSource]
FILE = Attachment(id="F1", name="a.bin", size=5)


@pytest.fixture(params=[Shelf], ids=["shelf"])
def make_source(request: pytest.FixtureRequest) -> MakeSource:
    made: MakeSource = request.param
    return made


async def test_a_file_comes_whole(make_source: MakeSource) -> None:
    source = make_source({"F1": b"12345"})
    assert await source.fetch(FILE, limit=5) == b"12345"
    assert await source.fetch(FILE, limit=5) == b"12345"


async def test_a_file_larger_than_the_limit_is_refused_whatever_size_it_states(make_source: MakeSource) -> None:
    source = make_source({"F1": b"123456"})
    with pytest.raises(FileTooLarge) as caught:
        await source.fetch(FILE, limit=5)
    assert caught.value.limit == 5


async def test_a_file_that_is_gone_is_the_platforms_error(make_source: MakeSource) -> None:
    with pytest.raises(PlatformError):
        await make_source({}).fetch(FILE, limit=5)
