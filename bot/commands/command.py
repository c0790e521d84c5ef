"""Describe a command (its names, its arguments, the roles that it needs, its handler), and list all commands."""

from __future__ import annotations

import pkgutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

from bot.access.control import AccessControl
from bot.access.roles import HOLDERS, Permissions, Role
from bot.commands.arguments import Arg, ArgumentReader
from bot.errors import InvalidInput
from bot.language import gettext
from bot.ports import ChartPainter, Clock, Rates, Store, TimeWords
from bot.summary.request import IsoTimes
from bot.turns.effects import Effect
from bot.types import Incoming

Group = Literal["ask", "settings", "tell", "administer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Services that handlers use. `check_may_summarise` raises `InvalidInput` for those who may not read a channel.

    `times` understands times in words, and `charts` paints pictures, None where nothing does.
    """

    store: Store
    access: AccessControl
    rates: Rates
    clock: Clock
    check_may_summarise: Callable[[Incoming], Awaitable[None]]
    times: TimeWords = field(default_factory=IsoTimes)
    charts: ChartPainter | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One use of a command: `arguments` are the words behind its name, `values` what they mean, by argument.

    `permissions` are those of its author where it stands.
    """

    command: Command
    incoming: Incoming
    arguments: str
    values: Mapping[str, str]
    services: Services
    permissions: Permissions

    def require(self, scope: str, otherwise: str) -> None:
        """Raise `InvalidInput` with `otherwise`, and who may, unless the author has the role that a scope needs."""
        command = self.command
        if not self.permissions.allow(command.name, command.roles, scope):
            needed = self.permissions.needs(command.name, command.roles, scope)
            raise InvalidInput(
                gettext("Only {item} can {otherwise}").format(item=gettext(HOLDERS[needed]), otherwise=otherwise)
            )


Result = Effect[Any] | Incoming
"""What a command comes to: an effect that is carried out and told, or a question for the model."""

Handler = Callable[[Call], Awaitable[Result]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command. `private` says that its answer is for the author alone, `asks_model` that it makes a turn.

    `roles` are those that it needs, by scope; where none is named, every member may use it. `example` is a whole
    command as people type it. `elsewhere` is what people are told where the bot is no member; "" for what works there.
    """

    name: str
    help: str
    handler: Handler
    group: Group
    args: tuple[Arg, ...] = ()
    aliases: tuple[str, ...] = ()
    example: str = ""
    private: bool = True
    asks_model: bool = False
    roles: Mapping[str, Role] = field(default_factory=dict)
    elsewhere: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Its name and the other spellings of it."""
        return (self.name, *self.aliases)

    @property
    def usage(self) -> str:
        """Return how it is typed, without its mark."""
        return " ".join((self.name, *filter(None, (arg.usage for arg in self.args))))

    @property
    def needs_mark(self) -> bool:
        """Return whether it takes any text, so that words alone cannot tell it from a question."""
        return any(arg.kind == "text" for arg in self.args)

    def read(self, arguments: str) -> Mapping[str, str]:
        """Return the arguments by name. Raises `UsageError` and `InvalidInput`."""
        example = gettext(", for example `{example}`").format(example=self.example) if self.example else ""
        return ArgumentReader(
            self.args, gettext("Usage: `/{usage}`{example}.").format(usage=self.usage, example=example)
        ).read(arguments)

    def is_meant(self, arguments: str) -> bool:
        """Return whether these words behind its name are a command although its mark is missing."""
        try:
            values = self.read(arguments)
        except InvalidInput:
            return False
        return not self.needs_mark and all(
            arg.is_clear(values.get(arg.name, "")) for arg in self.args if arg.kind == "words"
        )


# ------------------------------------------------------------ all commands


_GROUPS: Final = get_args(Group)


@cache
def all_commands() -> Mapping[str, Command]:
    """Return every command by name, in the order in which people are told of them."""
    package = import_module(__name__.rpartition(".")[0])
    modules = [import_module(f"{package.__name__}.{found.name}") for found in pkgutil.iter_modules(package.__path__)]
    commands: list[Command] = [module.COMMAND for module in modules if hasattr(module, "COMMAND")]
    commands.sort(key=lambda command: (_GROUPS.index(command.group), command.name))
    return MappingProxyType({command.name: command for command in commands})


@cache
def commands_by_spelling() -> Mapping[str, Command]:
    """Return every command by its name and by each other spelling of it, in small letters."""
    return MappingProxyType({name: command for command in all_commands().values() for name in command.names})
