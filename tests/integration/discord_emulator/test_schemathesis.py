"""Schemathesis on the emulator: nothing that fits Discord's specification, or nearly fits it, breaks the emulator.

It lives in an environment of its own, since it brings a pytest plugin that the other tests do not want:
`sh scripts/make_venv.sh .venv-schemathesis`, then
`.venv-schemathesis/bin/python -m pip install -r tests/integration/discord_emulator/schemathesis-requirements.txt`.
"""

from __future__ import annotations

import asyncio
import copy
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.emulators.discord import TOKEN, DiscordEmulator, Options, running_discord, specification
from tests.emulators.discord.app import HANDLERS
from tests.emulators.discord.interaction import Interaction

ROOT = Path(__file__).parents[3]
SCHEMATHESIS = ROOT / ".venv-schemathesis" / "bin" / "schemathesis"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
METHODS = ("get", "post", "put", "patch", "delete")
JSON = "application/json"
SECONDS = os.environ.get("SCHEMATHESIS_SECONDS", "300")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SCHEMATHESIS.exists(), reason="schemathesis is not installed in .venv-schemathesis"),
    pytest.mark.timeout(1800),
]


def a_lived_in_discord(here: DiscordEmulator) -> Mapping[str, list[str]]:
    """A server with something of everything, and the ids of it by path parameter, with one that is not there."""
    anna = here.person("anna", installed=True)
    home = here.guild("home", anna, channels=("general", "other"))
    general, other = here.channel(home, "general"), here.channel(home, "other")
    for place in (general, other):
        here.allow(place, "manage_channels", "manage_messages", "manage_threads", "create_private_threads")
    forum = here.forum(home, "questions", tags=("billing",))
    said = here.say(anna, general, "hello", attachments=[("a.txt", b"text")])
    thread = here.thread(anna, here.say(anna, other, "talk"), "talk")
    asked = _an_interaction(here)
    channels = [general, other, forum, thread, here.dm(anna)]
    return {
        "channel_id": [*(str(channel.id) for channel in channels), "1"],
        "message_id": [str(said.id), str(thread.id), "1"],
        "guild_id": [str(home.id), "1"],
        "user_id": [str(anna.id), str(here.bot.id), "1"],
        "recipient_id": [str(anna.id)],
        "application_id": [str(here.bot.id), "1"],
        "command_id": ["1"],
        "emoji_name": ["👀", "nonsense"],
        "interaction_id": [str(asked.id), "1"],
        "interaction_token": [asked.token, "wrong"],
        "webhook_id": [str(here.bot.id), "1"],
        "webhook_token": [asked.token, "wrong"],
    }


def _an_interaction(here: DiscordEmulator) -> Interaction:
    here.commands[None] = [
        {
            "id": "5",
            "application_id": str(here.bot.id),
            "version": "6",
            "default_member_permissions": None,
            "type": 1,
            "name": "ask",
            "description": "ask",
            "contexts": [0, 1, 2],
            "integration_types": [0, 1],
        }
    ]
    home = next(iter(here.guilds.values()))
    anna = next(member.user for member in home.members.values() if member.user.installed)
    return here.slash(anna, here.channel(home, "general"), "ask")


def narrowed(ids: Mapping[str, list[str]]) -> dict[str, Any]:
    """The specification of what the emulator models, with path parameters that mean something there."""
    document = copy.deepcopy(dict(specification.document()))
    paths: dict[str, Any] = {}
    for template, item in document["paths"].items():
        modelled = {name: item[name] for name in METHODS if (name.upper(), template) in HANDLERS}
        if not modelled:
            continue
        for parameter in item.get("parameters", ()):
            if parameter["in"] == "path" and parameter["name"] in ids:
                parameter["schema"] = {"type": "string", "enum": ids[parameter["name"]]}
        for operation in modelled.values():
            body = operation.get("requestBody")
            if body:
                body["content"] = {JSON: body["content"][JSON]}
        paths[template] = {"parameters": item.get("parameters", []), **modelled}
    return {**document, "paths": paths}


async def test_schemathesis_finds_nothing(shared_data: Path, tmp_path: Path) -> None:
    async with running_discord(Options(limits=False)) as here:
        described = tmp_path / "discord.json"
        described.write_text(json.dumps(narrowed(a_lived_in_discord(here))))
        process = await asyncio.create_subprocess_exec(
            *(str(SCHEMATHESIS), "run", str(described), "--url", here.api_url, "--header"),
            *(f"Authorization: Bot {TOKEN}", "--checks", CHECKS, "--phases", "examples,coverage,fuzzing"),
            *("--max-examples", "10", "--max-time", SECONDS, "--continue-on-failure", "--no-color", "--no-shrink"),
            *("--suppress-health-check", "all", "--warnings", "off", "--generation-deterministic"),
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        report = here.report()
    assert process.returncode == 0, output.decode()[-20_000:]
    assert report.requests > 100
    assert not report.answer_problems, "\n".join(report.answer_problems[:20])
