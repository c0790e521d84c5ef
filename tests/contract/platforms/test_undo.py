"""A confirmation of a change has a button that takes it back, wherever it is shown: once, by who may still set it.

The button below the confirmation of a command on Slack and Discord is tried beside those commands.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape

import pytest

from bot.parameters import Scope
from tests.contract.platforms.discord_chat import DiscordChat, discord
from tests.contract.platforms.playground_chat import PlaygroundChat, playground
from tests.contract.platforms.slack_chat import SlackChat, slack
from tests.emulators.discord import rules
from tests.emulators.discord.world import Message

NOTHING = "You have changed no setting here"
GONE = "is no longer set for this channel"
BUTTON = re.compile(r'<button class="quiet undo" form="act" formaction="([^"]+)">Undo</button>')


@pytest.fixture
async def page() -> AsyncIterator[PlaygroundChat]:
    async with playground() as chat:
        yield chat


async def pressed(page: PlaygroundChat, shown: str, by: str = "ada") -> str:
    """Press the button in what a page shows; what the person is told."""
    found = BUTTON.search(shown)
    assert found is not None, shown
    await page._people[by].post(unescape(found[1]))
    return page._people[by].told[-1]


async def test_in_the_playground_a_command_is_taken_back_once(page: PlaygroundChat) -> None:
    (note,) = (await page._people["ada"].send("/set channel max_tokens 40"))["notes"]
    assert NOTHING in await pressed(page, note["html"], by="bob")
    assert GONE in await pressed(page, note["html"])
    assert NOTHING in await pressed(page, note["html"])
    assert await page.store.get_everywhere("max_tokens") == {}
    await page._people["ada"].post("/c/local/general/undo?command=/set+max_tokens+7")
    assert await page.store.get_everywhere("max_tokens") == {}


async def test_in_the_playground_a_form_is_taken_back_by_who_may_set_it(page: PlaygroundChat) -> None:
    await page.store.put_role("local/local", "persona", "everyone")
    ada = page._people["ada"]
    saved = {"scope": "channel", "max_tokens": "40", "persona": "Pirate"}
    shown = (await ada.post("/c/local/general/settings", scripted=False, **saved)).text
    await page.store.put_role("local/local", "persona", None)
    assert "can set persona" in await pressed(page, shown)
    assert len(await page.store.get_everywhere("persona")) == 1
    await page.store.put_role("local/local", "persona", "everyone")
    assert "**" not in await pressed(page, shown)
    assert await page.store.get_everywhere("persona") == await page.store.get_everywhere("max_tokens") == {}


@pytest.fixture
async def workspace() -> AsyncIterator[SlackChat]:
    async with slack() as chat:
        yield chat


async def test_a_form_of_slack_is_taken_back_once(workspace: SlackChat) -> None:
    chat = workspace
    await chat.fill_in("max_tokens", "40", by="bob")
    await chat.until_told("Set for this channel")
    (confirmation,) = chat.slack.whispers
    for number, text in enumerate((GONE, NOTHING), start=2):
        await chat.slack.press(chat.people["bob"], confirmation, "seedling_undo")
        await chat.until_told(text)
        assert len(chat.told()) == number
    assert await chat.store.get_everywhere("max_tokens") == {}
    assert chat.slack.violations == []


@pytest.fixture
async def server() -> AsyncIterator[DiscordChat]:
    async with discord() as chat:
        yield chat


def texts(panel: Message) -> str:
    return "\n".join(part.get("content", "") for part in rules.walk(panel.components))


def named(panel: Message, part: str) -> str:
    ids = [item.get("custom_id", "") for item in rules.walk(panel.components)]
    return next((id for id in ids if part in id), "")


async def test_what_a_panel_of_discord_changed_is_taken_back_in_it(server: DiscordChat) -> None:
    chat, bob = server, server.people["bob"]
    panel = (await chat.discord.slash(bob, chat.general, "settings").shown()).original
    assert panel is not None
    chat.discord.select(bob, panel, named(panel, ":parameter:"), ["memory"])
    await chat.until(lambda: named(panel, ":value:"))
    assert named(panel, ":undo:") == ""
    chat.discord.select(bob, panel, named(panel, ":value:"), ["no"])
    await chat.until(lambda: named(panel, ":undo:"))
    stored = Scope(kind="channel", key=f"discord/{chat.workspace}/{chat.channel}")
    assert await chat.store.get_everywhere("memory") == {stored: "no"}
    chat.discord.press(bob, panel, named(panel, ":undo:"))
    await chat.until(lambda: "is no longer set" in texts(panel))
    assert "memory: `yes`" in texts(panel)
    assert named(panel, ":undo:") == ""
    assert await chat.store.get_everywhere("memory") == {}
    assert chat.discord.report().clean
