from pathlib import Path

from benchmarks.context_history import IN_VIEW, build_request, count_reads, make_conversation, opened, run

SHORT, LONG = 1_000, 20_000


async def test_a_request_reads_what_is_in_view_however_long_the_past_is(tmp_path: Path) -> None:
    urls = [f"sqlite:///{tmp_path}/{size}.db" for size in (SHORT, LONG)]
    for url, size in zip(urls, (SHORT, LONG), strict=True):
        await make_conversation(url, size)
    short, long = [await count_reads(url) for url in urls]
    assert (long.rows, long.steps) == (short.rows, short.steps)
    assert IN_VIEW < short.rows < IN_VIEW + 10
    async with opened(urls[1]) as store:
        composition = await build_request(store)
    assert len(composition.request.entries) == IN_VIEW + 1


async def test_a_past_in_view_is_read(tmp_path: Path) -> None:
    """The counts can tell a longer window from a shorter one."""
    url = f"sqlite:///{tmp_path}/short.db"
    await make_conversation(url, IN_VIEW // 2)
    assert (await count_reads(url)).rows < IN_VIEW


async def test_the_table_names_both() -> None:
    text = await run((300, 600), runs=2)
    assert "| 300 |" in text
    assert "| 600 |" in text
