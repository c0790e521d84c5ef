"""What Discord would refuse is refused, told as Discord tells it, and counted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulators.discord import TOKEN
from tests.integration.discord_emulator.bots import discord_, joined, rest_of

BUTTON = {"type": 2, "style": 1, "label": "x", "custom_id": "a"}
V2 = 1 << 15
UNKNOWN = {"message_id": "5"}


def text(length: int) -> dict[str, Any]:
    """A text display."""
    return {"type": 10, "content": "x" * length}


def row(*buttons: dict[str, Any]) -> dict[str, Any]:
    """A message with a row of buttons."""
    return {"content": "x", "components": [{"type": 1, "components": list(buttons)}]}


def many(count: int) -> dict[str, Any]:
    """A message with that many components of the second kind, in containers."""
    full, rest = divmod(count, 20)
    sizes = [20] * full + [rest] * bool(rest)
    return {"flags": V2, "components": [{"type": 17, "components": [text(1)] * (size - 1)} for size in sizes]}


@pytest.mark.parametrize(
    ("body", "place"),
    [
        pytest.param({"content": "x" * 2001}, "content", id="2001-characters"),
        pytest.param({"content": 5}, "content", id="not-a-text"),
        pytest.param({"content": "x", "nonce": "x" * 26}, "nonce", id="long-nonce"),
        pytest.param({"embeds": [{"description": "x" * 4097}]}, "embeds", id="long-description"),
        pytest.param({"embeds": [{"description": "x" * 3001}] * 2}, "embeds", id="embeds-together"),
        pytest.param({"embeds": [{"title": "x"}] * 11}, "embeds", id="eleven-embeds"),
        pytest.param(row(*[BUTTON] * 6), "components", id="six-buttons"),
        pytest.param(row(BUTTON, BUTTON), "components", id="same-id"),
        pytest.param({"content": "x", "components": [text(1)]}, "components", id="no-flag-for-v2"),
        pytest.param({"content": "x", "flags": V2, "components": [text(1)]}, "content", id="content-with-v2"),
        pytest.param({"flags": V2, "components": [text(2000), text(2001)]}, "components", id="4001-characters"),
        pytest.param(many(41), "components", id="41-components"),
        pytest.param({"content": "x", "message_reference": UNKNOWN}, "message_reference", id="no-such-message"),
    ],
)
async def test_a_message_that_is_not_right_is_refused(body: dict[str, Any], place: str) -> None:
    async with discord_() as here, rest_of(here) as ask:
        general = here.channel(here.guild("home"), "general")
        status, answer, _ = await ask("POST", f"/channels/{general.id}/messages", body)
        assert (status, answer["code"], list(answer["errors"])) == (400, 50035, [place])
        report = here.report()
        assert (report.requests, report.refused, len(report.problems)) == (1, 1, 1)
        assert not report.clean
        assert here.transcript(general).messages == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param({}, 50006, id="empty"),
        pytest.param({"content": " "}, 50006, id="blank"),
        pytest.param(None, 50109, id="none"),
    ],
)
async def test_a_message_without_anything_is_refused(body: Any, code: int) -> None:
    async with discord_() as here, rest_of(here) as ask:
        general = here.channel(here.guild("home"), "general")
        status, answer, _ = await ask("POST", f"/channels/{general.id}/messages", body)
        assert (status, answer["code"]) == (400, code)


async def test_what_discord_py_sends_is_allowed_although_the_specification_does_not_say_so() -> None:
    async with discord_() as here, rest_of(here) as ask:
        general = here.channel(here.guild("home"), "general")
        _, made, _ = await ask("POST", f"/channels/{general.id}/messages", {"content": "x"})
        reply = {"content": "y", "message_reference": {"message_id": int(made["id"])}}
        assert (await ask("POST", f"/channels/{general.id}/messages", reply))[0] == 200
        edit = {"content": "z", "tts": False}
        assert (await ask("PATCH", f"/channels/{general.id}/messages/{made['id']}", edit))[0] == 200
        assert here.report().clean


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        pytest.param("GET", "/users/@me", 401, 0, id="token"),
        pytest.param("GET", "/channels/abc", 400, 50035, id="id"),
        pytest.param("GET", "/channels/{general}/messages?limit=101", 400, 50035, id="query"),
        pytest.param("GET", "/nowhere", 404, 0, id="path"),
        pytest.param("GET", "/guilds/{home}/bans", 404, 0, id="not-modelled"),
        pytest.param("GET", "/guilds/1", 404, 10004, id="guild"),
    ],
)
async def test_requests_that_lead_nowhere(method: str, path: str, status: int, code: int) -> None:
    async with discord_() as here, rest_of(here) as ask:
        home = here.guild("home")
        where = path.format(home=home.id, general=here.channel(home, "general").id)
        token = "wrong" if status == 401 else TOKEN
        answer = await ask(method, where, token=token)
        assert (answer[0], answer[1]["code"]) == (status, code)
        assert bool(here.report().not_modelled) == (path in {"/nowhere", "/guilds/{home}/bans"})


COMMAND = {"name": "ask", "description": "ask", "type": 1}
OPTION = {"name": "q", "description": "q", "type": 3}
CHOICES = [{"name": "x" * 99 + str(number), "value": str(number)} for number in range(9)]


@pytest.mark.parametrize(
    "commands",
    [
        pytest.param([COMMAND, COMMAND], id="same-name"),
        pytest.param([COMMAND | {"name": "Ask"}], id="upper-case"),
        pytest.param([COMMAND | {"description": ""}], id="no-description"),
        pytest.param([COMMAND | {"options": [OPTION, OPTION]}], id="same-option"),
        pytest.param([COMMAND | {"options": [OPTION, OPTION | {"name": "r", "required": True}]}], id="required-last"),
        pytest.param([COMMAND | {"options": [OPTION | {"description": "x" * 101}]}], id="long-description"),
        pytest.param([COMMAND | {"name": f"c{n}"} for n in range(101)], id="too-many"),
        pytest.param([{"name": f"m{n}", "type": 3} for n in range(16)], id="too-many-menus"),
        pytest.param(
            [
                COMMAND
                | {
                    "options": [
                        OPTION
                        | {"name": f"o{n}", "choices": [{"name": "x" * 99 + str(c), "value": str(c)} for c in range(9)]}
                        for n in range(9)
                    ]
                }
            ],
            id="more-than-8000-characters",
        ),
    ],
)
async def test_commands_that_are_not_right_are_refused(commands: list[dict[str, Any]]) -> None:
    async with discord_() as here, rest_of(here) as ask:
        status, _, _ = await ask("PUT", f"/applications/{here.bot.id}/commands", commands)
        assert status == 400
        assert here.commands[None] == []


async def test_a_session_of_discord_py_leaves_a_clean_report_and_no_secrets() -> None:
    async with discord_() as here:
        anna = here.person("anna")
        general = here.channel(here.guild("home", anna), "general")
        async with joined(here) as bot:
            here.say(anna, general, "hello")
            await bot.until(lambda: bot.messages)
            await bot.messages[0].reply("hello")
            await bot.tree.sync()
        report = here.report()
        assert report.clean, str(report)
        assert report.requests == report.answers == len(here.requests) == 5
        assert report.frames_in >= 1
        assert report.frames_out >= 4
        assert TOKEN not in repr(here.requests)
        assert str(report).startswith("requests checked 5, refused 0")


async def test_forty_components_and_four_thousand_characters_are_let_through() -> None:
    async with discord_() as here, rest_of(here) as ask:
        general = here.channel(here.guild("home"), "general")
        whole = {"flags": V2, "components": [text(2000), text(2000)]}
        for body in (many(40), whole, row(BUTTON), {"content": "x" * 2000}):
            assert (await ask("POST", f"/channels/{general.id}/messages", body))[0] == 200
        assert here.report().clean, str(here.report())
