"""A file that ends, blocks or floods its reader harms nothing but itself."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from adapters.media import ReaderBounds, ReadingRules, SeparateReader
from bot.types import FileTerms, ReadFile, UnreadableFile
from tests.unit.media import samples

TERMS = FileTerms()
RunInstead = Callable[..., SeparateReader]


@pytest.fixture
def run_instead(tmp_path: Path) -> RunInstead:
    """Makes a reader whose process runs other code in place of the worker's."""
    package = tmp_path / "adapters" / "media"
    package.mkdir(parents=True)
    for folder in (package, package.parent):
        (folder / "__init__.py").touch()

    def reader(code: str, bounds: ReaderBounds | None = None) -> SeparateReader:
        (package / "worker.py").write_text(code)
        return SeparateReader(bounds=bounds, code=tmp_path)

    return reader


async def test_a_file_that_takes_too_long_is_given_up(run_instead: RunInstead) -> None:
    reader = run_instead("import time\ntime.sleep(60)\n", ReaderBounds(seconds=0.2))
    found = await reader.read("a", b"x", TERMS)
    assert found == UnreadableFile(name="a", reason="takes longer than 0.2 s to read")


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", id="crash"),
        pytest.param("raise SystemExit(3)", id="exit"),
        pytest.param("print('nonsense')", id="nonsense"),
        pytest.param("import sys; sys.stdin.buffer.read()", id="silence"),
    ],
)
async def test_a_file_that_ends_its_reader_is_broken(run_instead: RunInstead, code: str) -> None:
    found = await run_instead(code).read("a", b"x" * 1_000_000, TERMS)
    assert isinstance(found, UnreadableFile)
    assert "is broken" in found.reason


async def test_a_reader_that_gets_no_process_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    found = await SeparateReader().read("a", b"x", TERMS)
    assert found == UnreadableFile(name="a", reason="could not be read just now")


async def test_a_file_gets_no_more_memory_than_it_may_have() -> None:
    picture = samples.saved(samples.drawing(6_000, 6_000), "PNG")
    found = await SeparateReader(bounds=ReaderBounds(memory_bytes=100_000_000)).read("a", picture, TERMS)
    assert found == UnreadableFile(name="a", reason="needs more memory to be read than a file may have")
    assert isinstance(await SeparateReader().read("a", picture, TERMS), ReadFile)


async def test_the_process_knows_no_secret(
    run_instead: RunInstead, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    reader = run_instead(f"import os; open({str(tmp_path / 'seen')!r}, 'w').write(repr(dict(os.environ)))")
    await reader.read("a", b"x", TERMS)
    seen = (tmp_path / "seen").read_text()
    assert "PYTHONPATH" in seen
    assert "secret" not in seen


async def test_nothing_is_left_of_a_reading_that_is_cancelled(run_instead: RunInstead, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    reader = run_instead(f"import os, time\nopen({str(note)!r}, 'w').write(f'{{os.getpid()}}.')\ntime.sleep(60)\n")
    task = asyncio.create_task(reader.read("a", b"x", TERMS))
    async with asyncio.timeout(20):
        while not (note.exists() and note.read_text().endswith(".")):
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ProcessLookupError):
        os.kill(int(note.read_text()[:-1]), 0)


async def test_only_so_many_are_read_at_once(run_instead: RunInstead, tmp_path: Path) -> None:
    """Each process says when it begins and ends; never more than two are between the two."""
    log = tmp_path / "log"
    busy = run_instead(
        f"import os, time\nlog = os.open({str(log)!r}, os.O_APPEND | os.O_CREAT | os.O_WRONLY)\n"
        "os.write(log, b'+')\ntime.sleep(0.1)\nos.write(log, b'-')\n",
        ReaderBounds(at_once=2),
    )
    await asyncio.gather(*(busy.read("a", b"x", TERMS) for _ in range(5)))
    running = most = 0
    for mark in log.read_text():
        running += 1 if mark == "+" else -1
        most = max(most, running)
    assert (running, log.read_text().count("+")) == (0, 5)
    assert 1 <= most <= 2


async def test_a_file_larger_than_any_limit_is_not_even_looked_at(run_instead: RunInstead) -> None:
    reader = run_instead("raise SystemExit", ReaderBounds(file_bytes=1_000_000))
    found = await reader.read("a", bytes(1_500_000), TERMS)
    assert found == UnreadableFile(name="a", reason="is 1.5 MB large, and at most 1 MB are read")


async def test_rules_reach_the_process() -> None:
    found = await SeparateReader(ReadingRules(docs="file_part")).read("a", samples.pdf("hi"), TERMS)
    assert isinstance(found, ReadFile)
    assert [media.kind for media in found.media] == ["document"]


async def test_many_kinds_are_read_side_by_side() -> None:
    files: Sequence[bytes] = [samples.saved(samples.drawing(), form) for form in ("JPEG", "PNG", "GIF", "TIFF")]
    busy = SeparateReader()
    found = await asyncio.gather(*(busy.read(str(number), data, TERMS) for number, data in enumerate(files)))
    assert [(item.name, type(item)) for item in found] == [(str(number), ReadFile) for number in range(4)]


async def test_pages_are_drawn_within_the_bounds_too() -> None:
    found = await SeparateReader(ReadingRules(docs="pages")).read("a", samples.pdf("hi", "ho"), TERMS)
    assert isinstance(found, ReadFile)
    assert [media.kind for media in found.media] == ["image", "image"]
