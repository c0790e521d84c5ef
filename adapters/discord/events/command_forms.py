"""Derive Discord's slash commands from the commands' arguments, and the texts that they stand for. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import discord
from discord import app_commands

from adapters.discord.api.limits import AUTOCOMPLETED
from adapters.discord.events.command_options import (
    FOR_ONE_ANSWER,
    option_type,
    overrides_of,
    parameter_names,
    short,
    suggestions,
)
from bot.commands.arguments import Arg
from bot.commands.command import Command, all_commands
from bot.parameters import PARAMETERS

Values = Mapping[str, Any]
Suggest = Callable[[str, Values], Sequence[str]]

WORD_CHARACTERS: Final = 100
"""Of a name or topic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandOption:
    """One option of a command."""

    annotation: Any
    help: str
    required: bool = False
    suggest: Suggest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandForm:
    """One command with its options, by name."""

    command: Command
    options: Mapping[str, CommandOption]

    @property
    def help(self) -> str:
        """Return what it does, as long as Discord lets a description be."""
        return short(self.command.help)

    def text(self, values: Values) -> str:
        """Return what the options say, as if somebody had typed it."""
        return " ".join((f"/{self.command.name}", *self._words(values)))

    def _words(self, values: Values) -> Iterator[str]:
        for arg in self.command.args:
            value = values.get(arg.name)
            if value is None or arg.kind in {"flag", "file", "overrides"}:
                continue
            yield f"{arg.name}={value}" if arg.named else str(value)

    def overrides(self, values: Values) -> Mapping[str, str]:
        """Return the parameters for this answer alone, as text by name. Raises `InvalidValue`."""
        if not any(arg.kind == "overrides" for arg in self.command.args):
            return {}
        return overrides_of(values)


def command_forms() -> Mapping[str, CommandForm]:
    """Return the form of every command."""
    return {name: CommandForm(command=command, options=_options(command)) for name, command in all_commands().items()}


def _options(command: Command) -> Mapping[str, CommandOption]:
    """Return the options of a command; Discord wants those that must be given first."""
    options: dict[str, CommandOption] = {}
    for arg in sorted(command.args, key=lambda arg: (not arg.required, arg.kind == "overrides")):
        options |= (
            {name: _parameter(name) for name in FOR_ONE_ANSWER} if arg.kind == "overrides" else {arg.name: _option(arg)}
        )
    return options


def _option(arg: Arg) -> CommandOption:
    return CommandOption(
        annotation=_annotation(arg), help=short(arg.help), required=arg.required, suggest=_suggest(arg)
    )


def _annotation(arg: Arg) -> Any:
    """Return the annotation that discord.py makes Discord's own type, range and choices of."""
    match arg.kind:
        case "choice":
            return Literal[arg.choices]
        case "parameter" if len(PARAMETERS) <= AUTOCOMPLETED:
            return Literal[tuple(PARAMETERS)]
        case "number":
            return app_commands.Range[int, arg.low, arg.high]
        case "flag":
            return bool
        case "file":
            return discord.Attachment
        case _:
            return app_commands.Range[str, 1, arg.high or WORD_CHARACTERS]


def _suggest(arg: Arg) -> Suggest | None:
    """Return what is offered while somebody types; None where Discord needs nothing or knows it already."""
    if arg.kind == "value":
        return lambda typed, given: suggestions(str(given.get("parameter") or ""), typed)
    if arg.kind == "topic":
        return lambda typed, _: parameter_names(typed, (*arg.choices, *arg.further()))
    if arg.kind == "parameter" and len(PARAMETERS) > AUTOCOMPLETED:
        return lambda typed, _: parameter_names(typed)
    if arg.suggestions:
        return lambda typed, _: [suggestion for suggestion in arg.suggestions if typed.strip().lower() in suggestion]
    return None


def _parameter(name: str) -> CommandOption:
    parameter = PARAMETERS[name]
    completes = parameter.kind in {"list", "text"}
    suggest: Suggest | None = (lambda typed, _: suggestions(name, typed)) if completes else None
    return CommandOption(annotation=option_type(parameter), help=short(parameter.help), suggest=suggest)
