"""What the doctor says of Discord, each within its time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.discord.api.client import DiscordOptions
from adapters.discord.doctor import examine
from bot.checks import Check, within
from tests.emulators.discord import TOKEN
from tests.integration.discord.scene import Scene


async def checks(scene: Scene, *, token: str = TOKEN, seconds: float = 10) -> list[Check]:
    options = DiscordOptions(token=token, api_url=scene.discord.api_url, gateway_url=scene.discord.gateway_url)
    return [item async for item in examine(options, seconds=seconds)]


async def test_all_is_well(scene: Scene) -> None:
    scene.discord.options = replace(scene.discord.options, public=False, user_install=False)
    found = await checks(scene)
    assert [(item.name, item.ok, item.fix) for item in found] == [
        (name, True, "") for name in ("Discord token", "message content", "who adds it", "gateway")
    ]
    assert not scene.discord.identifies  # the gateway is not joined


async def test_a_refused_token_ends_it(scene: Scene) -> None:
    [found] = await checks(scene, token="wrong")
    assert (found.name, found.ok) == ("Discord token", False)
    assert "DISCORD_TOKEN" in found.fix


async def test_without_the_intent_the_fix_is_told(scene: Scene) -> None:
    scene.discord.options = replace(scene.discord.options, message_content=False)
    found = {item.name: item for item in await checks(scene)}
    assert found["message content"].ok is None
    assert "Message Content Intent" in found["message content"].fix


@pytest.mark.parametrize(("public", "fix"), [(True, "Public Bot"), (False, "User Install")])
async def test_who_may_add_the_bot_and_so_spend_is_told(scene: Scene, public: bool, fix: str) -> None:
    scene.discord.options = replace(scene.discord.options, public=public)
    found = {item.name: item for item in await checks(scene)}
    assert found["who adds it"].ok is None
    assert fix in found["who adds it"].fix


async def test_a_discord_that_says_nothing_ends_with_the_time_of_a_check(scene: Scene) -> None:
    scene.discord.fault("delay", template="/users/@me", seconds=2)
    [found] = await checks(scene, seconds=0.1)
    assert found.detail == "stopped after 0.1 s without an answer"


async def test_an_answer_that_cannot_be_read_is_a_row_as_well() -> None:
    async def check() -> Check:
        raise KeyError("what Discord said")

    found = await within(1, check(), name="gateway", fix="try again")
    assert found == Check(name="gateway", ok=False, detail="the answer could not be read (KeyError)", fix="try again")
