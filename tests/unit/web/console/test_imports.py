"""An export of Slack is brought in at the console, with progress; what is none is refused with a reason."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from io import BytesIO
from pathlib import Path
from tempfile import gettempdir
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import httpx
import pytest

from adapters.web.console import imports
from adapters.web.console.import_progress import ABANDONED, ImportProgress, Progress
from adapters.web.console.imports import clean_name
from adapters.web.console.operations import ImportStep
from adapters.web.frame import WebRole
from bot.errors import BotError, InvalidInput
from tests.unit.web.console.console_stage import ConsoleStage
from tests.unit.web.frame.browsers import ORIGIN, token_in

MARKUP = "<img src=x onerror=alert(1)>"
PATH = "/console/data/import"
FORM = "multipart/form-data; boundary=b"


def export(files: dict[str, Any]) -> bytes:
    """A ZIP file with these lists in it."""
    written = BytesIO()
    with ZipFile(written, "w", ZIP_DEFLATED) as archive:
        for name, value in files.items():
            archive.writestr(name, value if isinstance(value, bytes) else json.dumps(value))
    return written.getvalue()


def good(messages: int) -> bytes:
    said = [
        {"type": "message", "user": "U1", "text": f"{MARKUP} {number}", "ts": f"17000000{number:02}.000100"}
        for number in range(messages)
    ]
    return export(
        {
            "channels.json": [{"id": "C1", "name": MARKUP}],
            "users.json": [{"id": "U1", "name": MARKUP, "team_id": "T1"}],
            "C1/2026-01-01.json": said,
        }
    )


async def bring_in(
    client: httpx.AsyncClient, data: bytes, *, name: str = "Acme.zip", token: str = ""
) -> httpx.Response:
    fields = {"csrf": token or token_in((await client.get("/console/data")).text)}
    headers = {"Origin": ORIGIN, "Accept": "text/html"}
    files = {"file": (name, data)}
    return await client.post(PATH, data=fields, files=files, headers=headers, follow_redirects=True)


async def nothing_left() -> bool:
    return not await asyncio.to_thread(lambda: list(Path(gettempdir()).glob("seedling-import-*")))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "PACE_SECONDS", 0.01)


class SlowImport:
    """An import that goes on when it is told to."""

    def __init__(self, stage: ConsoleStage, monkeypatch: pytest.MonkeyPatch) -> None:
        self.steps: asyncio.Queue[ImportStep | BotError] = asyncio.Queue()
        monkeypatch.setattr(stage.operations, "import_history", self.run)

    async def run(self, path: Path) -> AsyncGenerator[ImportStep]:
        yield ImportStep(done=0, total=4)
        while True:
            step = await self.steps.get()
            if isinstance(step, BotError):
                raise step
            yield step
            if step.report:
                return


async def begin(client: httpx.AsyncClient) -> None:
    """Give a file, and leave."""
    fields = {"csrf": token_in((await client.get("/console/data")).text)}
    answer = await client.post(PATH, data=fields, files={"file": ("Acme.zip", b"PK")}, headers={"Origin": ORIGIN})
    assert (answer.status_code, answer.headers["location"]) == (303, PATH)


async def test_an_import_goes_on_when_its_page_is_left_and_is_found_again(
    stage: ConsoleStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, read, look = SlowImport(stage, monkeypatch), list[int](), ImportProgress.read

    async def noted(self: ImportProgress) -> Progress | None:
        progress = await look(self)
        read.append(progress.done if progress else 0)
        return progress

    monkeypatch.setattr(ImportProgress, "read", noted)
    async with stage.person(WebRole.ADMINISTRATOR) as client, stage.person(WebRole.ADMINISTRATOR) as other:
        assert (await client.get(PATH)).headers["location"] == "/console/data"
        await begin(client)
        assert "Acme.zip is being brought in" in (await other.get("/console/data")).text
        refused = await bring_in(other, good(1))
        assert (refused.status_code, "Another import is under way" in refused.text) == (409, True)
        page = asyncio.create_task(other.get(PATH))
        slow.steps.put_nowait(ImportStep(done=2, total=4))
        while read.count(2) < 2:  # what the page has read it has shown once it reads again
            await asyncio.sleep(0.005)
        slow.steps.put_nowait(ImportStep(done=4, total=4, report=f"Imported {MARKUP}."))
        shown = (await page).text
        assert "2 of 4 messages" in shown
        assert "Imported &lt;img" in shown
        assert MARKUP not in shown
        assert "Imported &lt;img" in (await client.get(PATH)).text
        assert "being brought in" not in (await client.get("/console/data")).text
    assert await nothing_left()


async def test_an_import_that_fails_or_whose_process_ends_says_so_and_lets_the_next_begin(
    stage: ConsoleStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = SlowImport(stage, monkeypatch)
    async with stage.person(WebRole.ADMINISTRATOR) as client:
        await begin(client)
        slow.steps.put_nowait(InvalidInput(f"not {MARKUP}"))
        assert "not &lt;img" in (await client.get(PATH)).text
        progress = ImportProgress(stage.store, stage.clock)
        assert await progress.begin("lost.zip", total=9)
        assert not await progress.begin("second.zip", total=9)
        stage.clock.advance(ABANDONED.total_seconds())
        assert "The process that brought it in has ended" in (await client.get(PATH)).text
        assert await progress.begin("second.zip", total=9)


async def test_an_export_is_brought_in_and_its_progress_told(stage: ConsoleStage) -> None:
    async with stage.person(WebRole.ADMINISTRATOR) as client:
        answer = await bring_in(client, good(3), name=f"{MARKUP}.zip")
        assert answer.status_code == 200, answer.text
        assert "Imported 3 messages (3 new)" in answer.text
        assert MARKUP not in answer.text
        assert "(0 new)" in (await bring_in(client, good(3), name=f"{MARKUP}.zip")).text
    assert [item.name for item in await stage.store.get_workspaces()] == [MARKUP]
    records = await stage.store.audit_trail(since=stage.clock().replace(year=2000), limit=9)
    assert [record.action for record in records].count("import") == 2
    assert await nothing_left()


@pytest.mark.parametrize(
    ("data", "told"),
    [
        pytest.param(b"PK\x03\x04 no zip", "it is not a ZIP file", id="no-zip"),
        pytest.param(b"", "Choose the ZIP file", id="empty"),
        pytest.param(export({"a.json": []}), "it has no channels.json", id="another-zip"),
        pytest.param(export({"channels.json": [], "x": bytes(32 * 2**20)}), "no real export does", id="a-bomb"),
        pytest.param(export({"channels.json": b"[" * 100_000}), "is not valid JSON", id="deep"),
        pytest.param(export({"channels.json": {"id": "C1"}}), "holds no list", id="no-list"),
    ],
)
async def test_what_is_no_export_is_refused_at_the_field_and_leaves_nothing(
    stage: ConsoleStage, data: bytes, told: str
) -> None:
    async with stage.person(WebRole.ADMINISTRATOR) as client:
        answer = await bring_in(client, data)
    assert (answer.status_code, told in answer.text, 'id="file-error"' in answer.text) == (422, True, True), answer.text
    assert not await stage.store.get_workspaces()
    assert await nothing_left()


async def test_more_than_may_be_uploaded_is_refused(stage: ConsoleStage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def in_pieces() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.zip"\r\n\r\n'
        for _ in range(100):
            yield b"x" * 100

    monkeypatch.setattr(imports, "IMPORT_BYTES", 1_000)
    headers = {"Content-Type": FORM, "Origin": ORIGIN, "Accept": "text/html"}
    async with stage.person(WebRole.ADMINISTRATOR) as client:
        announced = await bring_in(client, bytes(2_000))
        streamed = await client.post("/console/data/import", content=in_pieces(), headers=headers)
    for answer in (announced, streamed):
        assert (answer.status_code, "This file is larger than 1.0 KB." in answer.text) == (422, True)
    assert await nothing_left()


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"--b\r\n"),
        (FORM, b"nonsense"),
        (FORM, b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n' + b"x" * 2_000_000),
        ("application/json", b"{}"),
    ],
)
async def test_what_no_form_of_ours_sends_is_refused(stage: ConsoleStage, content_type: str, body: bytes) -> None:
    headers = {"Content-Type": content_type, "Origin": ORIGIN}
    async with stage.person(WebRole.ADMINISTRATOR) as client:
        assert (await client.post("/console/data/import", content=body, headers=headers)).status_code in (400, 403)
    assert await nothing_left()


async def test_an_import_needs_the_role_and_the_token_of_the_page(stage: ConsoleStage) -> None:
    async with stage.person(WebRole.OPERATOR) as operator, stage.person(WebRole.ADMINISTRATOR) as ada:
        assert (await bring_in(operator, good(1), token="x")).status_code == 403
        assert (await bring_in(ada, good(1), token="of another sign-in")).status_code == 403
    assert not await stage.store.get_workspaces()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\exports\\Acme.zip", "Acme.zip"),
        ("..", "export.zip"),
        ("", "export.zip"),
        ("a\x00b\n.zip", "ab.zip"),
        ("ü" * 300 + ".zip", "ü" * 56 + ".zip"),
    ],
)
def test_a_name_lies_in_no_other_folder(name: str, kept: str) -> None:
    assert clean_name(name) == kept
