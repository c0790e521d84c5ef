"""List all commands: every module of this package that has a `COMMAND` adds one."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Final, get_args

from bot.commands.command import Command, Group

_GROUPS: Final = get_args(Group)


@cache
def all_commands() -> Mapping[str, Command]:
    """Return every command by name, in the order in which people are told of them."""
    package = import_module(__name__.rpartition(".")[0])
    modules = [import_module(f"{package.__name__}.{found.name}") for found in pkgutil.iter_modules(package.__path__)]
    commands: list[Command] = [module.COMMAND for module in modules if hasattr(module, "COMMAND")]
    commands.sort(key=lambda command: (_GROUPS.index(command.group), command.name))
    return MappingProxyType({command.name: command for command in commands})


def find_command(word: str) -> Command | None:
    """Return the command that a word names, None for any other word."""
    lowered = word.lower()
    return next((command for command in all_commands().values() if lowered in command.names), None)
