"""Whoever reads the web is spoken to in the language of their browser, or in the one that they chose there."""

from __future__ import annotations

import pytest

from adapters.web.frame.languages import LANGUAGE_COOKIE, preferred
from storage.in_memory.store import MemoryStore
from tests.fakes import ManualClock
from tests.unit.web.frame.browsers import PASSWORD, browser, open_web, post

GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.8"}


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7", "de"),
        ("en;q=0.4, de;q=0.7", "de"),
        ("fr-FR, fr;q=0.9, en;q=0.8", "en"),
        ("de;q=0, en", "en"),
        ("fr, *;q=0.5", ""),
        ("de;q=much", ""),
        (f"{'x,' * 10_000}de", ""),
        ("", ""),
    ],
)
def test_the_language_that_is_liked_best_of_those_that_there_are(accepted: str, language: str) -> None:
    assert preferred(accepted) == language


async def test_pages_refusals_and_failures_are_in_the_language_of_the_browser(clock: ManualClock) -> None:
    store = MemoryStore(clock=clock)
    _, web = await open_web(store, clock, password=PASSWORD)
    async with browser(web) as client:
        form = await client.get("/sign-in", headers=GERMAN)
        wrong = await post(client, form, password="no")
        assert '<html lang="de"' in form.text
        assert "Passwort" in form.text
        assert "That is not right" in wrong.text
        assert (await client.post("/write", headers=GERMAN)).text == "Melde dich zuerst an.\n"
    _, web = await open_web(store, clock)
    async with browser(web) as client:
        assert "Unter dieser Adresse" in (await client.get("/nowhere", headers=GERMAN)).text
        assert "schiefgegangen" in (await client.get("/broken", headers=GERMAN)).text
        assert "Rolle Beobachter" in (await client.get("/watch", headers=GERMAN)).text


async def test_a_choice_stands_above_the_browser_and_strange_ones_are_not_kept(clock: ManualClock) -> None:
    store = MemoryStore(clock=clock)
    _, web = await open_web(store, clock, password=PASSWORD)
    async with browser(web) as client:
        form = await client.get("/sign-in")
        await post(client, form, "/preferences", language="xx", theme="blue")
        assert LANGUAGE_COOKIE not in client.cookies
        answer = await post(client, form, "/preferences", language="de", next="//evil.example")
        assert answer.headers["location"] == "/"
        assert '<html lang="de"' in (await client.get("/sign-in", headers={"Accept-Language": "en"})).text
