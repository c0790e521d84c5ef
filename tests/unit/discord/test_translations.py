"""Every name and description that Discord shows is there in German, and keeps to Discord's limits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import discord
import pytest

from adapters.discord.api.client import DiscordClient, DiscordOptions
from adapters.discord.api.directory import DiscordDirectory
from adapters.discord.api.limits import DESCRIPTION
from adapters.discord.api.rate_limits import DiscordLimits
from adapters.discord.context import DiscordContext
from adapters.discord.events.slash_commands import CommandForms, payload
from adapters.discord.events.translations import CHOICES, NAMES, Translations
from bot.commands.command import all_commands
from bot.parameters import PARAMETERS
from storage.in_memory.store import MemoryStore
from tests.fakes import ManualClock

COMMANDS = all_commands()  # imports each of them, which the event loop does not wait for

SAME = {
    *PARAMETERS,
    "parameter",
    "budget",
    "low",
    "medium",
    "high",
    "xhigh",
    "economy",
    "normal",
    "long",
    "full",
    "reply",
}
MOST_CHARACTERS = 8_000  # of one command, in its longest language (application-commands)


@pytest.fixture
async def commands(clock: ManualClock) -> list[Any]:
    limits = DiscordLimits()
    rest = DiscordClient(DiscordOptions(token="t"), limits)
    store = MemoryStore(clock=clock)
    context = DiscordContext(rest=rest, limits=limits, store=store, clock=clock, directory=DiscordDirectory(rest))
    client = discord.Client(intents=discord.Intents.none())
    forms = CommandForms(client, None, context)  # type: ignore[arg-type]  # nothing is carried out
    await forms.tree.set_translator(Translations())
    return await payload(forms.tree)


def parts_of(commands: list[Any]) -> Iterator[Any]:
    for command in commands:
        yield command
        for option in command.get("options", ()):
            yield option
            yield from option.get("choices", ())


async def test_names_and_descriptions_are_complete_in_german(commands: list[Any]) -> None:
    missing = []
    for part in parts_of(commands):
        if part["name"] not in SAME and "de" not in part.get("name_localizations", {}):
            missing.append(part["name"])
        if part.get("description") and "de" not in part.get("description_localizations", {}):
            missing.append(part["description"])
    assert not missing


async def test_names_of_what_is_typed_are_in_small_letters(commands: list[Any]) -> None:
    """Discord refuses all commands for one capital."""
    typed = [command for command in commands if command.get("type", 1) == 1]
    parts = [*typed, *(option for command in typed for option in command.get("options", ()))]
    names = [name for part in parts for name in part.get("name_localizations", {}).values()]
    assert names == [name.lower() for name in names]


async def test_every_command_of_the_table_is_offered(commands: list[Any]) -> None:
    names = {command["name"] for command in commands}
    assert names >= {*COMMANDS, "settings", "Ask about this", "Summarise from here"}


async def test_commands_work_everywhere_and_for_people_who_install_them(commands: list[Any]) -> None:
    assert all(
        command["contexts"] == [0, 1, 2] and sorted(command["integration_types"]) == [0, 1] for command in commands
    )


async def test_commands_keep_to_the_limits(commands: list[Any]) -> None:
    def longest(each: Any, name: str) -> int:
        return max(map(len, [each.get(name) or "", *each.get(f"{name}_localizations", {}).values()]))

    for command in commands:
        parts = list(parts_of([command]))
        values = sum(len(part["value"]) for part in parts if isinstance(part.get("value"), str))
        assert sum(longest(part, "name") + longest(part, "description") for part in parts) + values <= MOST_CHARACTERS
        assert all(longest(part, "description") <= DESCRIPTION for part in parts)


async def test_names_that_people_type_are_in_small_letters_in_every_language(commands: list[Any]) -> None:
    typed = [command for command in commands if command.get("type", 1) == 1]
    options = [option for command in typed for option in command.get("options", [])]
    names = [name for part in (*typed, *options) for name in (part["name"], *part["name_localizations"].values())]
    assert [name for name in names if not re.fullmatch(r"[\w'-]{1,32}", name) or name != name.lower()] == []


async def test_options_have_the_ranges_and_choices_of_the_table(commands: list[Any]) -> None:
    ask = next(command for command in commands if command["name"] == "ask")
    options = {option["name"]: option for option in ask["options"]}
    for name, parameter in PARAMETERS.items():
        if parameter.wire and parameter.kind in {"integer", "number"}:
            assert (options[name]["min_value"], options[name]["max_value"]) == (parameter.low, parameter.high)
        if parameter.wire and parameter.kind == "choice":
            assert tuple(choice["value"] for choice in options[name]["choices"]) == parameter.choices


async def test_no_translation_is_of_something_that_is_gone(commands: list[Any]) -> None:
    names = {part["name"] for part in parts_of(commands)}
    assert {*NAMES, *CHOICES} <= names
