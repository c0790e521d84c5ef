"""What a newcomer reads first leads to an administrator, in every process; what lies on the disk is theirs alone."""

from __future__ import annotations

import asyncio
import re
import stat
from pathlib import Path

import httpx

from tests.processes import line_with, seedling

MODEL = {"SEED_BASE_URL": "http://127.0.0.1:9/v1"}


async def first_lines(process: asyncio.subprocess.Process) -> tuple[str, str]:
    """The address and the path of the link, from the first lines behind the one about spending."""
    assert process.stdout is not None
    ready = await line_with(process, "ready", seconds=60)
    async with asyncio.timeout(60):
        said = [ready, *[(await process.stdout.readline()).decode() for _ in range(2)]]
    ready, told, link = said
    url = re.fullmatch(r"Seedling is ready: (http://127\.0\.0\.1:\d+)\n", ready)
    assert url is not None, said
    assert "administrator" in told
    assert "15 minutes" in told
    assert link.strip().startswith(f"{url[1]}/sign-in/link/")
    return url[1], link.strip().removeprefix(url[1])


def modes_below(folder: Path) -> dict[str, int]:
    found = folder.rglob("*")
    return {item.relative_to(folder).as_posix(): stat.S_IMODE(item.stat().st_mode) for item in found}


async def is_admin(client: httpx.AsyncClient, url: str) -> bool:
    page = await client.get(f"{url}/c/local/general", headers={"Accept": "text/html"})
    assert page.status_code == 200
    return ">Admin</span>" in page.text


async def test_the_first_lines_lead_to_an_administrator_once_and_files_are_private(tmp_path: Path) -> None:
    async with seedling("run", folder=tmp_path, **MODEL) as process, httpx.AsyncClient() as client:
        url, link = await first_lines(process)
        assert not await is_admin(client, url)
        assert (await client.get(url + link)).status_code == 303
        assert (await client.get(url + link)).status_code == 403
        assert await is_admin(client, url)
        made = modes_below(tmp_path)
    assert {"seedling.db", "seedling.db-wal", "seedling.db.lock", "var", "var/secret_key"} <= set(made)
    assert {name for name, mode in made.items() if mode & 0o077} == set()

    async with seedling("run", folder=tmp_path, **MODEL) as process, httpx.AsyncClient(cookies=client.cookies) as same:
        url, link = await first_lines(process)
        assert await is_admin(same, url), "a restart changes nothing for who is known"


async def test_any_web_process_takes_the_link_of_another_and_knows_the_administrator(
    tmp_path: Path, postgresql: str
) -> None:
    settings = {**MODEL, "DATABASE_URL": postgresql, "SECRET_KEY": "the same for both"}
    async with (
        seedling("web", folder=tmp_path, **settings) as first,
        seedling("web", folder=tmp_path, **settings) as second,
        httpx.AsyncClient() as client,
    ):
        (one, link), (other, _) = await first_lines(first), await first_lines(second)
        assert (await client.get(other + link)).status_code == 303
        assert (await client.get(one + link)).status_code == 403
        assert await is_admin(client, one)
        assert await is_admin(client, other)
