"""Every name and description that Discord shows is there in German, and keeps to Discord's limits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import discord
import pytest

from adapters.discord.events.slash_commands import CommandForms, payload
from adapters.discord.api.directory import DiscordDirectory
from adapters.discord.api.limits import DESCRIPTION
from adapters.discord.api.rate_limits import DiscordLimits
from adapters.discord.api.client import DiscordOptions, DiscordClient
from adapters.discord.context import DiscordContext
from adapters.discord.events.translations import GERMAN_NAMES, GERMAN_TEXTS, Translations
from bot.commands.registry import all_commands
from bot.parameters import PARAMETERS
from storage.in_memory.store import MemoryStore
from tests.fakes import ManualClock

SAME = {*PARAMETERS, "low", "medium", "high", "xhigh", "economy", "normal", "long", "full", "reply"}
MOST_CHARACTERS = 8_000  # of one command, in its longest language (application-commands)


@pytest.fixture
async def commands(clock: ManualClock) -> list[Any]:
    limits = DiscordLimits()
    rest = DiscordClient(DiscordOptions(token="t"), limits)
    store = MemoryStore(clock=clock)
    around = DiscordContext(rest=rest, limits=limits, store=store, clock=clock, directory=DiscordDirectory(rest))
    client = discord.Client(intents=discord.Intents.none())
    forms = CommandForms(client, None, around)  # type: ignore[arg-type]  # nothing is carried out
    await forms.tree.set_translator(Translations())
    return await payload(forms.tree)


def parts_of(commands: list[Any]) -> Iterator[Any]:
    for each in commands:
        yield each
        for option in each.get("options", ()):
            yield option
            yield from option.get("choices", ())


async def test_names_and_descriptions_are_complete_in_german(commands: list[Any]) -> None:
    missing = []
    for each in parts_of(commands):
        if each["name"] not in SAME and "de" not in each.get("name_localizations", {}):
            missing.append(each["name"])
        if each.get("description") and "de" not in each.get("description_localizations", {}):
            missing.append(each["description"])
    assert not missing


async def test_every_command_of_the_table_is_offered(commands: list[Any]) -> None:
    names = {each["name"] for each in commands}
    assert names >= {*all_commands(), "settings", "Ask about this", "Summarise from here"}


async def test_commands_work_everywhere_and_for_people_who_install_them(commands: list[Any]) -> None:
    assert all(each["contexts"] == [0, 1, 2] and sorted(each["integration_types"]) == [0, 1] for each in commands)


async def test_commands_keep_to_the_limits(commands: list[Any]) -> None:
    def longest(each: Any, name: str) -> int:
        return max(map(len, [each.get(name) or "", *each.get(f"{name}_localizations", {}).values()]))

    for command in commands:
        parts = list(parts_of([command]))
        values = sum(len(each["value"]) for each in parts if isinstance(each.get("value"), str))
        assert sum(longest(each, "name") + longest(each, "description") for each in parts) + values <= MOST_CHARACTERS
        assert all(longest(each, "description") <= DESCRIPTION for each in parts)


async def test_options_have_the_ranges_and_choices_of_the_table(commands: list[Any]) -> None:
    ask = next(each for each in commands if each["name"] == "ask")
    options = {each["name"]: each for each in ask["options"]}
    for name, parameter in PARAMETERS.items():
        if parameter.wire and parameter.kind in {"integer", "number"}:
            assert (options[name]["min_value"], options[name]["max_value"]) == (parameter.low, parameter.high)
        if parameter.wire and parameter.kind == "choice":
            assert tuple(each["value"] for each in options[name]["choices"]) == parameter.choices


async def test_no_translation_is_of_something_that_is_gone(commands: list[Any]) -> None:
    names = {each["name"] for each in parts_of(commands)}
    texts = names | {each.get("description") for each in parts_of(commands)}
    assert set(GERMAN_NAMES) <= names
    assert set(GERMAN_TEXTS) <= texts
