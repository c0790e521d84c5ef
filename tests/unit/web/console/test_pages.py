"""Every page of the console: who sees it, what it shows, and that nothing in it is markup of people."""

from __future__ import annotations

import re
from html import unescape

import pytest
from babel.messages.pofile import read_po

from adapters.web.frame import WebRole
from bot.errors import ConfigError, StorageUnavailable
from bot.language import CATALOGUES
from tests.fakes import incoming
from tests.unit.web.console.console_stage import ConsoleStage, fill
from tests.unit.web.frame.browsers import post

PAGES = {
    "/console": WebRole.VIEWER,
    "/console/spending": WebRole.VIEWER,
    "/console/spending/budget": WebRole.ADMINISTRATOR,
    "/console/spending/provider": WebRole.VIEWER,
    "/console/access": WebRole.ADMINISTRATOR,
    "/console/audit": WebRole.ADMINISTRATOR,
    "/console/settings": WebRole.VIEWER,
    "/console/settings?place=fake/w/c/t": WebRole.VIEWER,
    "/console/turns": WebRole.VIEWER,
    "/console/turns/1": WebRole.VIEWER,
    "/console/turns/3": WebRole.VIEWER,
    "/console/queue": WebRole.VIEWER,
    "/console/data": WebRole.VIEWER,
}
FILES = ["/console/spending.csv", "/console/spending.csv?by=person", "/console/audit.csv", "/console/audit.jsonl"]


async def test_every_page_shows_what_there_is_and_no_markup_of_people(stage: ConsoleStage) -> None:
    await fill(stage)
    async with stage.person(WebRole.ADMINISTRATOR) as client:
        for path in (*PAGES, *FILES):
            answer = await client.get(path)
            assert answer.status_code == 200, path
            assert "<b>Lovelace" not in answer.text or "html" not in answer.headers["content-type"]
            assert "alert(1)" not in answer.text, f"{path} shows what people wrote"


async def test_every_page_is_in_the_language_of_its_reader(stage: ConsoleStage) -> None:
    with (CATALOGUES / "de.po").open("rb") as file:
        ours = [str(item.id) for item in read_po(file, locale="de") if item.id != item.string and not item.pluralizable]
    differs = {text for text in ours if " " in text or text[:1].isupper()}  # others are typed: names, values
    await fill(stage)
    async with stage.person(WebRole.ADMINISTRATOR) as client:
        client.headers["Accept-Language"] = "de-DE"
        for path in PAGES:
            answer = await client.get(path)
            assert (answer.status_code, '<html lang="de"' in answer.text) == (200, True), path
            said = {unescape(text).strip() for text in re.findall(r">([^<>]+)<", answer.text)}
            said |= {unescape(text) for text in re.findall(r'(?:aria-label|placeholder|title)="([^"]+)"', answer.text)}
            assert said & differs == set(), path


@pytest.mark.parametrize("role", [WebRole.MEMBER, WebRole.VIEWER, WebRole.OPERATOR])
async def test_a_page_is_for_those_whose_role_suffices(stage: ConsoleStage, role: WebRole) -> None:
    await fill(stage)
    async with stage.person(role) as client:
        for path, needed in PAGES.items():
            assert (await client.get(path)).status_code == (200 if role >= needed else 403), path


async def test_empty_pages_say_so(stage: ConsoleStage) -> None:
    async with stage.person(WebRole.ADMINISTRATOR) as client:
        for path in ("/console", "/console/spending", "/console/turns", "/console/queue", "/console/settings"):
            assert (await client.get(path)).status_code == 200, path
        assert "There is no such question yet." in (await client.get("/console/turns")).text
        assert "Nothing was spent in these days." in (await client.get("/console/spending")).text
        assert (await client.get("/console/turns/1")).status_code == 404


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/console/spending?since=tomorrow", 422, "Give two days"),
        ("/console/spending?since=2026-11-02&until=2026-11-01", 422, "Give two days"),
        ("/console/spending?since=0001-01-01&until=9999-12-31", 422, "Give two days"),
        ("/console/turns?state=%3Cb%3E", 422, "There is no such state."),
        ("/console/turns?before=99999999999999999999999", 200, "There is no such question"),
        ("/console/turns?person=%3Cscript%3E", 200, "There is no such question"),
        ("/console/turns/99999999999999999999999", 404, "There is no such question any more."),
        ("/console/turns/..%2f1", 404, "nothing at this address"),
        ("/console/settings?place=slack", 422, "Choose a place"),
        ("/console/settings?place=a//b", 422, "Write a place"),
        ("/console/audit?days=-1", 422, "Give a number of days"),
        ("/console/audit?days=99999999999999999", 422, "Give a number of days"),
        ("/console/spending/budget?place=slack", 422, "Write a place"),
        ("/console/spending/budget?period=year", 422, "for a day or a month"),
    ],
)
async def test_what_is_wrong_with_an_address_is_told(stage: ConsoleStage, path: str, status: int, told: str) -> None:
    async with stage.person(WebRole.ADMINISTRATOR) as client:
        answer = await client.get(path)
        assert (answer.status_code, told in answer.text) == (status, True), answer.text[-2000:]


async def test_without_the_database_every_page_says_so_and_comes_back(
    stage: ConsoleStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise StorageUnavailable("away")

    async with stage.person(WebRole.ADMINISTRATOR) as client:
        with monkeypatch.context() as patch:
            for name in ("get_settings", "turns", "queue_figures", "spending_by_day", "sizes", "audit_trail"):
                patch.setattr(type(stage.store), name, away)
            for path in ("/console", "/console/spending", "/console/turns", "/console/queue", "/console/data"):
                answer = await client.get(path)
                assert (answer.status_code, "The database is away" in answer.text) == (503, True), path
        assert (await client.get("/console")).status_code == 200


@pytest.mark.parametrize("hours", [-1, 1])
async def test_what_is_open_and_who_is_there_is_told_though_the_clock_was_set(
    stage: ConsoleStage, hours: float
) -> None:
    await stage.store.enqueue(incoming("Why?"))
    stage.clock.advance(hours * 3_600)
    async with stage.person(WebRole.VIEWER) as client:
        for path in ("/console", "/console/queue", "/console/turns"):
            answer = await client.get(path)
            assert (answer.status_code, answer.text.count("-1 hour")) == (200, 0), path
        assert ("1 hour" in answer.text) == (hours > 0)


async def test_the_examination_shows_each_row(stage: ConsoleStage) -> None:
    async with stage.person(WebRole.OPERATOR) as client:
        page = await client.get("/console")
        answer = await post(client, page, "/console/examination")
        assert answer.status_code == 200
        assert "the token was refused" in answer.text
        assert answer.text.index("set SLACK_BOT_TOKEN") < answer.text.index("That is all.")
        assert "content-encoding" not in answer.headers or answer.headers["content-encoding"] == "identity"


async def test_a_provider_that_does_not_tell_is_told(stage: ConsoleStage) -> None:
    stage.operations.error = ConfigError("SEED_API_KEY", "is not set")
    async with stage.person(WebRole.VIEWER) as client:
        answer = await client.get("/console/spending/provider")
        assert (answer.status_code, "SEED_API_KEY: is not set" in answer.text) == (502, True)
